/**
 * Steadies a hand: the pointer pulls the brush by a rope. Only what tightens it moves the brush, so
 * that what trembles within its length is not seen.
 *
 * @typedef {import("./brush.mjs").Point} Point
 */

const PIECES = 8; // of the rope: the pointer's way is followed in steps of such a length
const MOST_STEPS = 256; // between two readings

export class Rope {
    /**
     * @param {number} length pixels of the picture, above 0
     * @param {Point} start where the brush is put down
     */
    constructor(length, start) {
        this.length = length;
        this.hand = start;
        /** Where the brush is. @type {Point} */
        this.tip = start;
    }

    /**
     * @param {Point[]} points of the pointer
     * @returns {Point[]} of the brush; none while the rope is slack
     */
    pull(points) {
        const path = [];
        for (const point of points) {
            if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) continue;
            const { hand } = this;
            const way = Math.hypot(point.x - hand.x, point.y - hand.y);
            const steps = Math.ceil((way * PIECES) / this.length);
            const count = Math.min(MOST_STEPS, Math.max(1, steps));
            for (let i = 1; i <= count; i++) {
                const t = i / count;
                const x = hand.x + (point.x - hand.x) * t;
                const y = hand.y + (point.y - hand.y) * t;
                if (this.#taut(x, y)) path.push({ ...point, x: this.tip.x, y: this.tip.y });
            }
            this.hand = point;
        }
        return path;
    }

    /** The hand goes to a place; whether the brush had to follow. */
    #taut(x, y) {
        const [dx, dy] = [x - this.tip.x, y - this.tip.y];
        const far = Math.hypot(dx, dy);
        if (far <= this.length) return false;
        const part = (far - this.length) / far;
        this.tip = { x: this.tip.x + dx * part, y: this.tip.y + dy * part };
        return true;
    }
}
