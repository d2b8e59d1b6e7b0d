import { fromStrength } from "../map/map.mjs";

/**
 * A stroke that is given as a whole, and may be given anew until it is committed: what it looks
 * like, what limits it, how it is committed, canceled and undone is that of any other stroke.
 *
 * @typedef {import("./document.mjs").PaintDocument} PaintDocument
 */

/** The trail of a stroke whose cover is there already. */
const STILL = /** @type {any} */ ({ extend: () => null, finish: () => null });

export class Laid {
    /** @param {import("./stack.mjs").Stack} stack */
    constructor(stack) {
        this.stack = stack;
        /** @type {PaintDocument | null} */
        this.document = null;
        this.stroke = null;
    }

    /** Whether it is still in progress: others commit a stroke, too. */
    get open() {
        return this.document !== null && this.document.stroke === this.stroke;
    }

    /**
     * Shows an area in the place of the one before; another stroke in progress is committed.
     *
     * @param {Uint16Array} area how far each pixel lies in it, 0..65535, of the map's size
     * @param {{ strength: number, mode: import("../map/cover.mjs").Mode }} how strength: percent
     * @param {string} label
     */
    lay(area, { strength, mode }, label) {
        const document = this.stack.target;
        const [value, own] = this.stack.paintOf(fromStrength(strength / 100), mode);
        const again = this.open && this.document === document;
        if (!again) document.commitStroke();
        const { cover } = document;
        const { stroke } = this;
        const paint = { mode: own, value, plane: null };
        const same = again && stroke.paint.value === value && stroke.paint.mode === own;
        this.stroke = { trail: STILL, label, paint, sigma: 0 };
        this.document = document;
        document.stroke = this.stroke;
        for (const rect of taken(cover, area, same)) document.tell("stroke", rect);
    }

    /** @returns {boolean} whether there was something to commit */
    commit() {
        const open = this.open;
        if (open) this.document.commitStroke();
        this.document = null;
        return open;
    }

    cancel() {
        if (this.open) this.document.cancelStroke();
        this.document = null;
    }
}

/** Marks the tiles in which something lies. @param {import("../map/cover.mjs").Cover} cover */
export function markTouched({ data, width, tiles }) {
    for (let index = 0; index < tiles.flags.length; index++) {
        const rect = tiles.rect(index);
        const { x, y, w, h } = rect;
        let any = 0;
        for (let row = y; row < y + h && !any; row++) {
            for (let i = row * width + x, end = i + w; i < end; i++) any |= data[i];
        }
        if (any) tiles.mark(rect);
    }
}

/**
 * Makes an area the cover.
 *
 * @param {import("../map/cover.mjs").Cover} cover
 * @param {Uint16Array} area
 * @param {boolean} same what lies in it already looks as it will
 * @returns {import("../map/rect.mjs").Rect[]} tiles that look different now
 */
function taken(cover, area, same) {
    const { data, width, tiles } = cover;
    const before = tiles.flags.slice();
    const differ = [];
    for (let index = 0; index < before.length; index++) {
        const rect = tiles.rect(index);
        let differs = false;
        for (let row = rect.y; row < rect.y + rect.h && !differs; row++) {
            const start = row * width + rect.x;
            for (let i = start; i < start + rect.w; i++) {
                if (data[i] === area[i]) continue;
                differs = true;
                break;
            }
        }
        if (differs || (before[index] && !same)) differ.push(rect);
    }
    data.set(area);
    tiles.clear();
    markTouched(cover);
    return differ;
}
