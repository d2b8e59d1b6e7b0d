import { whole } from "../map/rect.mjs";
import { FULL, TAIL } from "../map/map.mjs";

/**
 * Gaussian blur as three running boxes with fractional ends, whose variance is exactly that of the
 * Gaussian (P. Gwosdek and others, "Theoretical foundations of Gaussian convolution by extended box
 * filtering", 2011). Whole numbers go in and out of every pass, so a region of one value keeps it.
 *
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {{ radius: number, part: number, scale: number }} Box
 */

const PASSES = 3;
const STRIP = 32; // columns of a vertical pass that stay in the cache

/**
 * @param {number} sigma
 * @returns {Box}
 */
export function boxOf(sigma) {
    const variance = (sigma * sigma) / PASSES;
    const radius = Math.floor((Math.sqrt(1 + 12 * variance) - 1) / 2);
    const length = 2 * radius + 1;
    const missing = variance - (radius * (radius + 1)) / 3;
    const part = Math.max(0, (length * missing) / (2 * ((radius + 1) ** 2 - variance)));
    return { radius, part, scale: 1 / (length + 2 * part) };
}

/** How far a pixel's value reaches. */
export const reachOf = (sigma) => PASSES * (boxOf(sigma).radius + 1);

/**
 * A map softened by a radius, as `maps/soften.py` does for "both", "gaussian": sigma = radius, borders
 * continued, and what comes nearer than 1/512 to black or white becomes exactly that.
 *
 * @param {Uint16Array} source
 * @param {import("../map/rect.mjs").Size} size
 * @param {number} sigma pixels
 * @returns {Uint16Array}
 */
export function soften(source, size, sigma) {
    const out = new Uint16Array(source.length);
    softenRect(source, size, sigma, whole(size), out);
    return out;
}

/**
 * The same for one rectangle only, written to its place in `out`; equal to the whole to the bit.
 *
 * @param {Uint16Array} source
 * @param {import("../map/rect.mjs").Size} size
 * @param {number} sigma
 * @param {Rect} rect
 * @param {Uint16Array} out of the map's size
 */
export function softenRect(source, size, sigma, rect, out) {
    const box = boxOf(sigma);
    const reach = reachOf(sigma);
    const { width, height } = size;
    const top = Math.max(0, rect.y - reach);
    const rows = Math.min(height, rect.y + rect.h + reach) - top;
    const part = new Uint16Array(rect.w * rows);
    const line = new Uint16Array(rect.w + 2 * reach);
    for (let row = 0; row < rows; row++) {
        const start = (top + row) * width;
        continued(source.subarray(start, start + width), rect.x - reach, line);
        for (let left = line.length; left > rect.w;) left = along(line, left, box);
        part.set(line.subarray(0, rect.w), row * rect.w);
    }
    const strip = new Uint16Array((rect.h + 2 * reach) * STRIP);
    for (let x = 0; x < rect.w; x += STRIP) {
        const n = Math.min(STRIP, rect.w - x);
        for (let y = 0; y < rect.h + 2 * reach; y++) {
            const row = Math.min(height - 1, Math.max(0, rect.y - reach + y)) - top;
            strip.set(part.subarray(row * rect.w + x, row * rect.w + x + n), y * STRIP);
        }
        for (let left = rect.h + 2 * reach; left > rect.h;) left = down(strip, left, n, box);
        for (let y = 0; y < rect.h; y++) {
            const o = (rect.y + y) * width + rect.x + x;
            for (let i = 0; i < n; i++) {
                const v = strip[y * STRIP + i];
                const clean = (v >= TAIL && v <= FULL - TAIL) || v === source[o + i];
                out[o + i] = clean ? v : v < TAIL ? 0 : FULL;
            }
        }
    }
}

/** Fills `line` with a row from column `first` on; beyond its ends the row is continued. */
function continued(row, first, line) {
    const from = Math.max(0, first);
    const to = Math.min(row.length, first + line.length);
    line.fill(row[0], 0, from - first);
    line.set(row.subarray(from, to), from - first);
    line.fill(row[row.length - 1], to - first);
}

/**
 * One pass along a line, in place. What has not all its neighbours drops out at both ends, so no
 * pass sees a border.
 *
 * @returns {number} values that are left, from index 0
 */
function along(line, length, { radius, part, scale }) {
    const end = length - 2 * (radius + 1);
    let sum = 0;
    for (let i = 0; i < 2 * radius + 1; i++) sum += line[i];
    for (let i = 0; i < end; i++) {
        const before = line[i];
        sum += line[i + 2 * radius + 1] - before; // the box around the value at i + radius + 1
        line[i] = (sum + part * (before + line[i + 2 * radius + 2])) * scale + 0.5;
    }
    return end;
}

/** The same down `n` columns at once. */
function down(strip, length, n, { radius, part, scale }) {
    const end = length - 2 * (radius + 1);
    const sums = new Float64Array(STRIP);
    for (let y = 0; y < 2 * radius + 1; y++) {
        for (let i = 0; i < n; i++) sums[i] += strip[y * STRIP + i];
    }
    for (let y = 0; y < end; y++) {
        const row = y * STRIP;
        const last = row + (2 * radius + 1) * STRIP;
        for (let i = 0; i < n; i++) {
            const before = strip[row + i];
            const sum = sums[i] + strip[last + i] - before;
            sums[i] = sum;
            strip[row + i] = (sum + part * (before + strip[last + STRIP + i])) * scale + 0.5;
        }
    }
    return end;
}
