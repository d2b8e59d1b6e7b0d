import { TILE } from "./tiles.mjs";

/**
 * Changes of tiles, packed without loss, in one pass and without a dictionary. What is packed is
 * the difference before - after (mod 65536): adding it undoes, subtracting it redoes, and pixels
 * that did not change are zero.
 *
 * A row is cut into blocks of 16 pixels. A block that its neighbours foretell (left + up - upper
 * left: unchanged or flat areas, even ramps) costs next to nothing. For the others the residuals
 * are stored with as many bits each as the largest one needs; soft brushes leave small ones.
 *
 * A header byte says what follows: 0..15 a block with 1..16 bits a pixel; 16..255 a run of 1..240
 * foretold blocks.
 */

const BLOCK = 16;
const FORETOLD = 16;
/** No tile needs more: 16 bits a pixel and a byte a block. */
const WORST = 2 * TILE * TILE + (TILE * TILE) / BLOCK;

// Scratch of the two functions below, of no meaning outside of one call.
const residuals = new Uint16Array(BLOCK);
const above = new Int32Array(TILE); // of the row above: every difference less that to its left

/** Bytes one after another, in a buffer that grows and is used again. */
export class Writer {
    constructor() {
        this.bytes = new Uint8Array(WORST);
        this.length = 0;
    }

    /** Makes room for one more tile. */
    reserve() {
        if (this.length + WORST <= this.bytes.length) return;
        const larger = new Uint8Array(2 * this.bytes.length + WORST);
        larger.set(this.bytes.subarray(0, this.length));
        this.bytes = larger;
    }

    /** A copy of what was written; the writer starts anew. */
    take() {
        const bytes = this.bytes.slice(0, this.length);
        this.length = 0;
        return bytes;
    }
}

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {{ width: number, data: Uint16Array }} Plane
 */

/**
 * Keeps the values of a tile.
 *
 * @param {Plane} map
 * @param {Rect} rect of the tile
 * @param {Uint16Array} tile room for TILE * TILE values
 */
export function loadTile({ data, width }, { x, y, w, h }, tile) {
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        tile.set(data.subarray(from, from + w), row * TILE);
    }
}

/**
 * Writes how a tile differed before from what it is now.
 *
 * @param {Uint16Array} before as `loadTile` left it
 * @param {Plane} map
 * @param {Rect} rect of the tile
 * @param {Writer} writer
 * @returns {boolean} false (and nothing written) when nothing differs
 */
export function encodeTile(before, { data, width }, { x, y, w, h }, writer) {
    writer.reserve();
    const { bytes } = writer;
    let o = writer.length;
    let run = -1; // where the header of a run lies that may still grow
    let changed = false;
    let first = 0;
    const [steps, folds] = [above, residuals]; // as locals they are faster
    steps.fill(0);
    for (let row = 0; row < h; row++) {
        let left = 0;
        for (let column = 0; column < w; column += BLOCK) {
            const n = Math.min(BLOCK, w - column);
            const here = row * TILE + column;
            const there = (y + row) * width + x + column;
            let used = 0;
            for (let k = 0; k < n; k++) {
                const difference = before[here + k] - data[there + k];
                const step = difference - left;
                left = difference;
                const residual = ((step - steps[column + k]) << 16) >> 16; // wraps like 16 bits
                steps[column + k] = step;
                const folded = (residual << 1) ^ (residual >> 31); // small for both signs
                folds[k] = folded;
                used |= folded;
            }
            if (used === 0) {
                if (run >= 0 && bytes[run] < 255) bytes[run]++;
                else bytes[(run = o++)] = FORETOLD;
                continue;
            }
            changed = true;
            run = -1;
            const bits = 32 - Math.clz32(used);
            bytes[o++] = bits - 1;
            let waiting = 0;
            let count = 0;
            for (let k = 0; k < n; k++) {
                waiting |= folds[k] << count;
                count += bits;
                while (count >= 8) {
                    bytes[o++] = waiting;
                    waiting >>>= 8;
                    count -= 8;
                }
            }
            if (count) bytes[o++] = waiting;
        }
        first = extrapolate(steps, row, first);
    }
    if (changed) writer.length = o;
    return changed;
}

/**
 * Adds (or subtracts) an encoded difference.
 *
 * @param {Uint8Array} bytes
 * @param {number} at where the tile begins in `bytes`
 * @param {Plane} map
 * @param {Rect} rect of the tile
 * @param {1 | -1} sign
 * @returns {number} where the next tile begins
 */
export function applyTile(bytes, at, { data, width }, { x, y, w, h }, sign) {
    let foretold = 0;
    let first = 0;
    const steps = above; // as a local it is faster
    steps.fill(0);
    for (let row = 0; row < h; row++) {
        let left = 0;
        for (let column = 0; column < w; column += BLOCK) {
            const n = Math.min(BLOCK, w - column);
            const there = (y + row) * width + x + column;
            let header = FORETOLD;
            if (foretold > 0) foretold--;
            else header = bytes[at++];
            if (header >= FORETOLD) {
                foretold += header - FORETOLD;
                for (let k = 0; k < n; k++) {
                    left += steps[column + k];
                    data[there + k] += sign * left;
                }
                continue;
            }
            const bits = header + 1;
            const mask = (1 << bits) - 1;
            let waiting = 0;
            let count = 0;
            for (let k = 0; k < n; k++) {
                while (count < bits) {
                    waiting |= bytes[at++] << count;
                    count += 8;
                }
                const folded = waiting & mask;
                waiting >>>= bits;
                count -= bits;
                const residual = (folded >>> 1) ^ -(folded & 1);
                const step = ((steps[column + k] + residual) << 16) >> 16;
                steps[column + k] = step;
                left = (left + step) | 0;
                data[there + k] += sign * left;
            }
        }
        first = extrapolate(steps, row, first);
    }
    return at;
}

/**
 * The first pixel of a row has nothing to its left: it is foretold by the two above it.
 *
 * @param {Int32Array} steps of the row just done; the first one is the difference itself
 * @param {number} row
 * @param {number} before the first difference of the row before
 * @returns {number} that of this row
 */
function extrapolate(steps, row, before) {
    const first = steps[0];
    if (row > 0) steps[0] = ((2 * first - before) << 16) >> 16;
    return first;
}
