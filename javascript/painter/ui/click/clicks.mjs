import { PainterError } from "../../map/errors.mjs";

/**
 * What was clicked on a picture, and the questions about it. No DOM, and no host.
 *
 * @typedef {{ x: number, y: number }} Place pixels of the picture
 * @typedef {Place & { inside: boolean }} Click inside: on what is meant; else on what is not
 * @typedef {[number, number, number, number]} Box left, top, right, bottom
 * @typedef {{ points: readonly Click[], box: Box | null }} State
 */

export const MOST = 64; // points, as in diffdiff/settings/click.py

const written = (number) => String(Math.round(100 * number) / 100);

/** Points and a box; each change can be taken back. */
export class Clicks {
    constructor() {
        /** @type {State} */
        this.state = { points: [], box: null };
        /** @type {State[]} */
        this.before = [];
    }

    get points() {
        return this.state.points;
    }

    get box() {
        return this.state.box;
    }

    get any() {
        return this.points.length > 0 || this.box !== null;
    }

    /** Whether they say what is meant: what is not meant alone does not. */
    get meant() {
        return this.box !== null || this.points.some(({ inside }) => inside);
    }

    /** As diffdiff/settings/click.py reads them. */
    get text() {
        const entries = this.points.map(
            ({ x, y, inside }) => `${inside ? "" : "-"}${written(x)},${written(y)}`,
        );
        if (this.box) entries.push(`box ${this.box.map(written).join(",")}`);
        return entries.join("; ");
    }

    /** @param {Click} click */
    add(click) {
        if (this.points.length >= MOST) {
            throw new PainterError(`There are ${MOST} points`, "Click one of them to remove it");
        }
        this.#become({ ...this.state, points: [...this.points, click] });
    }

    /**
     * A box in the place of the one before.
     *
     * @param {Place} a a corner
     * @param {Place} b the opposite one
     * @param {import("../../map/rect.mjs").Size} size of the picture; what lies outside is cut off
     * @returns {boolean} false where nothing of the picture is in it
     */
    frame(a, b, { width, height }) {
        const inX = (x) => Math.min(width, Math.max(0, Math.round(x)));
        const inY = (y) => Math.min(height, Math.max(0, Math.round(y)));
        const [left, right] = [inX(Math.min(a.x, b.x)), inX(Math.max(a.x, b.x))];
        const [top, bottom] = [inY(Math.min(a.y, b.y)), inY(Math.max(a.y, b.y))];
        if (left >= right || top >= bottom) return false;
        this.#become({ ...this.state, box: [left, top, right, bottom] });
        return true;
    }

    /**
     * Removes the mark at a place: the nearest point, or the box by its upper right corner.
     *
     * @param {Place} place
     * @param {number} reach pixels of the picture
     * @returns {boolean} whether there was one
     */
    removeAt({ x, y }, reach) {
        const far = (point) => Math.hypot(point.x - x, point.y - y);
        const nearest = [...this.points].sort((a, b) => far(a) - far(b))[0];
        if (nearest && far(nearest) <= reach) {
            this.#become({ ...this.state, points: this.points.filter((one) => one !== nearest) });
            return true;
        }
        const corner = this.box && { x: this.box[2], y: this.box[1] };
        if (!corner || far(corner) > reach) return false;
        this.#become({ ...this.state, box: null });
        return true;
    }

    /** Takes the last change back. @returns {boolean} false where there was none */
    undo() {
        const last = this.before.pop();
        if (last) this.state = last;
        return Boolean(last);
    }

    clear() {
        this.state = { points: [], box: null };
        this.before = [];
    }

    #become(state) {
        this.before.push(this.state);
        this.state = state;
    }
}

/**
 * Questions of which only the newest counts: one is under way, one waits, and an answer to an older
 * one is dropped.
 *
 * @template Answer
 */
export class Newest {
    /**
     * @param {(answer: Answer) => void} take
     * @param {(problem: any) => void} fail
     */
    constructor(take, fail) {
        this.take = take;
        this.fail = fail;
        this.number = 0;
        /** @type {AbortController | null} */
        this.asked = null;
        /** @type {((signal: AbortSignal) => Promise<Answer>) | null} */
        this.next = null;
        /** @type {(() => void)[]} */
        this.waiting = [];
    }

    get busy() {
        return this.asked !== null;
    }

    /** @param {(signal: AbortSignal) => Promise<Answer>} question */
    ask(question) {
        this.number++;
        this.next = question;
        if (!this.asked) this.#go();
    }

    /** Gives up what is under way and what waits. */
    drop() {
        this.number++;
        this.next = null;
        this.asked?.abort();
        this.asked = null;
        this.#rest();
    }

    /** Resolves when nothing is asked any more. @returns {Promise<void>} */
    settled() {
        return this.busy ? new Promise((done) => this.waiting.push(done)) : Promise.resolve();
    }

    async #go() {
        while (this.next) {
            const [question, number] = [this.next, this.number];
            const control = new AbortController();
            this.next = null;
            this.asked = control;
            let [answer, problem] = [/** @type {any} */ (null), /** @type {any} */ (null)];
            try {
                answer = await question(control.signal);
            } catch (error) {
                problem = error ?? new Error("No answer");
            }
            if (this.asked !== control) return; // given up; another may be under way
            if (!this.next) this.asked = null;
            if (number !== this.number) continue;
            if (problem) this.fail(problem);
            else this.take(answer);
        }
        if (!this.asked) this.#rest();
    }

    #rest() {
        for (const done of this.waiting.splice(0)) done();
    }
}
