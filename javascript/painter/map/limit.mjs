import { FULL } from "./map.mjs";

/**
 * What paint may change: inside a selection, beside what is kept, only colors like the first.
 *
 * @typedef {object} Limit
 * @property {Uint16Array | null} selection how far each pixel may change, 0..65535; null: all may
 * @property {boolean} keepZero what is exactly 0 stays 0
 * @property {((i: number) => boolean) | null} [near] whether pixel i may change at all
 */

/** @param {Limit | null | undefined} limit */
export const limits = (limit) =>
    Boolean(limit && (limit.selection || limit.keepZero || limit.near));

/**
 * Takes paint back where it may not be, in place. Selected fully, it stays as it is; not selected,
 * what was there stays; exactly, both.
 *
 * @param {Limit} limit
 * @param {Uint16Array} base what was there
 * @param {number} at index of the first pixel in `base`
 * @param {number} n pixels
 * @param {Uint16Array} out what paint made of them
 * @param {number} to index of the first in `out`
 */
export function hold({ selection, keepZero, near = null }, base, at, n, out, to) {
    for (const end = at + n; at < end; at++, to++) {
        const before = base[at];
        if ((keepZero && before === 0) || (near && !near(at))) {
            out[to] = before;
            continue;
        }
        if (!selection) continue;
        const part = selection[at];
        if (part !== FULL) out[to] = before + Math.round(((out[to] - before) * part) / FULL);
    }
}

/**
 * The selection after another area was drawn.
 *
 * @param {Uint16Array | null} selection changed in place where there is one
 * @param {Uint16Array} area how far each pixel lies in it, 0..65535
 * @param {"replace" | "add" | "subtract"} how
 * @returns {Uint16Array | null} null where nothing is selected: then nothing is limited
 */
export function selected(selection, area, how) {
    const out = selection ?? new Uint16Array(area.length);
    let any = 0;
    for (let i = 0; i < out.length; i++) {
        const [now, more] = [out[i], area[i]];
        if (how === "replace") out[i] = more;
        else if (how === "add") out[i] = more > now ? more : now;
        else out[i] = now < FULL - more ? now : FULL - more;
        any |= out[i];
    }
    return any ? out : null;
}

/** What was selected is not, and the other way round. @param {Uint16Array | null} selection */
export function inverted(selection) {
    if (!selection) return null;
    const out = selection.map((v) => FULL - v);
    return out.some((v) => v > 0) ? out : null;
}
