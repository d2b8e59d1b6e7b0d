import { TileSet } from "./tiles.mjs";
import { FULL } from "./map.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 *
 * @typedef {"max" | "min" | "replace"} Mode
 * max: paint never weakens; min: paint never strengthens; replace: paint is what stands.
 *
 * @typedef {object} Paint what is combined with the map, as far as the cover says
 * @property {Mode} mode
 * @property {number} value 0..65535
 * @property {Uint16Array | null} [plane] a value for every pixel instead of one
 * @property {((i: number) => boolean) | null} [near] whether it may change pixel i at all
 */

/**
 * The buffer of one stroke or shape: how much of its paint every pixel gets (0..65535). It is kept
 * apart from the map until it is committed, so overlaps inside a stroke do not build up and
 * cancelling costs nothing.
 */
export class Cover {
    /**
     * @param {import("./rect.mjs").Size} size
     * @param {(rect: Rect) => void} [claim] called before a brush or a shape is drawn into a
     *     rectangle: there, nothing of another change may be left
     */
    constructor({ width, height }, claim = () => {}) {
        this.width = width;
        this.height = height;
        this.claim = claim;
        this.data = new Uint16Array(width * height);
        this.tiles = new TileSet(this);
    }

    /** Empties it, looking only at what was touched. */
    clear() {
        for (const index of this.take()) this.wipe(this.tiles.rect(index));
    }

    /**
     * Hands its content over: it counts as empty, and whoever takes it wipes the tiles.
     *
     * @returns {number[]} indices of the tiles that are touched
     */
    take() {
        const touched = this.tiles.list();
        this.tiles.clear();
        return touched;
    }

    /** @param {Rect} rect */
    wipe({ x, y, w, h }) {
        for (let row = y; row < y + h; row++) {
            const start = row * this.width + x;
            this.data.fill(0, start, start + w);
        }
    }
}

/** s / 65535 to the nearest, for 0..65535 squared as 32 bits, without a division. */
const rounded = (s) => {
    const t = (s + 32767) | 0;
    return (((t + 1) | 0) + (t >>> 16)) >>> 16;
};

/**
 * Map and paint together, for one rectangle. `out` may be `base` itself.
 *
 * With c the cover in 0..1: replace gives base + (v - base) c; max the larger of base and v c; min
 * the smaller of base and 1 - (1 - v) c. Cover 0 leaves the base and cover 1 gives v, exactly.
 *
 * @param {Uint16Array} base the map, `width` values a row
 * @param {Uint16Array} cover of the same size
 * @param {number} width
 * @param {Paint} paint
 * @param {Rect} rect
 * @param {Uint16Array} out
 * @param {number} start index in `out` of the rectangle's first pixel
 * @param {number} stride values a row in `out`
 */
export function combine(base, cover, width, paint, rect, out, start, stride) {
    const { mode, value, plane = null } = paint;
    const { x, y, w, h } = rect;
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        const to = start + row * stride;
        if (mode === "replace") replaceLine(base, cover, plane, value, from, w, out, to);
        else if (mode === "max") maxLine(base, cover, plane, value, from, w, out, to);
        else minLine(base, cover, plane, value, from, w, out, to);
    }
}

// One row each: first pixel i, n pixels, written to o.

function replaceLine(base, cover, plane, value, i, n, out, o) {
    for (const end = i + n; i < end; i++, o++) {
        const c = cover[i];
        const v = plane ? plane[i] : value;
        out[o] = rounded(Math.imul(base[i], FULL - c) + Math.imul(v, c));
    }
}

function maxLine(base, cover, plane, value, i, n, out, o) {
    for (const end = i + n; i < end; i++, o++) {
        const b = base[i];
        const t = rounded(Math.imul(plane ? plane[i] : value, cover[i]));
        out[o] = Math.max(t, b);
    }
}

function minLine(base, cover, plane, value, i, n, out, o) {
    for (const end = i + n; i < end; i++, o++) {
        const b = base[i];
        const t = FULL - rounded(Math.imul(FULL - (plane ? plane[i] : value), cover[i]));
        out[o] = Math.min(t, b);
    }
}
