import { fromStrength } from "./map.mjs";
import { union } from "./rect.mjs";

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
     * @param {{ strength: number, mode: import("./cover.mjs").Mode }} how strength: percent
     * @param {string} label
     */
    lay(area, { strength, mode }, label) {
        const document = this.stack.target;
        const [value, own] = this.stack.paintOf(fromStrength(strength / 100), mode);
        const before = this.open && this.document === document ? document.cover.tiles.bounds : null;
        if (before) document.cover.clear();
        else document.commitStroke();
        const { cover } = document;
        cover.data.set(area);
        markTouched(cover);
        this.stroke = { trail: STILL, label, paint: { mode: own, value, plane: null }, sigma: 0 };
        this.document = document;
        document.stroke = this.stroke;
        const rect = union(before, cover.tiles.bounds);
        if (rect) document.tell("stroke", rect);
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

/** Marks the tiles in which something lies. @param {import("./cover.mjs").Cover} cover */
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
