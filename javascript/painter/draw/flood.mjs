import { union } from "../map/rect.mjs";
import { FULL } from "../map/map.mjs";
import { PainterError } from "../map/errors.mjs";

/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/cover.mjs").Cover} Cover
 * @typedef {{ width: number, height: number, data: Uint8Array | Uint8ClampedArray }} Picture RGBA
 */

/**
 * Covers the connected pixels (up, down, left, right) whose colour is near that of the pixel
 * clicked: no channel, alpha included, differs by more than the tolerance.
 *
 * @param {Cover} cover empty, of the picture's size
 * @param {Picture} picture
 * @param {number} x of a pixel; off the canvas nothing is filled
 * @param {number} y
 * @param {number} tolerance 0..255
 * @param {boolean} [contiguous] false: such colors anywhere in the picture
 * @returns {Rect | null} bounds of what was covered
 */
export function floodFill(cover, picture, x, y, tolerance, contiguous = true) {
    const { width, height } = cover;
    if (picture.width !== width || picture.height !== height) {
        const sizes = `${picture.width}x${picture.height} and the map ${width}x${height}`;
        throw new PainterError(`The picture is ${sizes} pixels`, "Open the picture again");
    }
    [x, y] = [Math.floor(x), Math.floor(y)];
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return null;
    const near = matcher(picture.data, y * width + x, tolerance);
    const filled = cover.data;
    if (!contiguous) {
        for (let i = 0; i < filled.length; i++) if (near(i)) filled[i] = FULL;
        const all = { x: 0, y: 0, w: width, h: height };
        cover.tiles.mark(all);
        return all;
    }
    const spans = [y, x, x]; // stacked triples: a row, and the columns of it to look at
    let dirty = null;
    while (spans.length) {
        const right = spans.pop();
        let at = spans.pop();
        const row = spans.pop();
        const start = row * width;
        while (at <= right) {
            if (filled[start + at] || !near(start + at)) {
                at++;
                continue;
            }
            let left = at;
            while (left > 0 && !filled[start + left - 1] && near(start + left - 1)) left--;
            let end = at + 1;
            while (end < width && !filled[start + end] && near(start + end)) end++;
            filled.fill(FULL, start + left, start + end);
            const span = { x: left, y: row, w: end - left, h: 1 };
            cover.tiles.mark(span);
            dirty = union(dirty, span);
            if (row > 0) spans.push(row - 1, left, end - 1);
            if (row < height - 1) spans.push(row + 1, left, end - 1);
            at = end + 1; // the pixel at `end` is known not to match
        }
    }
    return dirty;
}

/**
 * A test of pixel i against the seed's colour; flat areas repeat the last answer.
 *
 * @param {Uint8Array | Uint8ClampedArray} rgba
 * @param {number} seed index of a pixel
 * @param {number} tolerance 0..255
 * @returns {(i: number) => boolean}
 */
export function matcher(rgba, seed, tolerance) {
    const pixels = rgba.byteOffset % 4 ? new Uint32Array(rgba.slice().buffer) : view32(rgba);
    const [r, g, b, a] = rgba.subarray(4 * seed, 4 * seed + 4);
    let last = pixels[seed];
    let answer = true;
    return (i) => {
        const colour = pixels[i];
        if (colour === last) return answer;
        last = colour;
        const p = 4 * i;
        answer =
            Math.abs(rgba[p] - r) <= tolerance &&
            Math.abs(rgba[p + 1] - g) <= tolerance &&
            Math.abs(rgba[p + 2] - b) <= tolerance &&
            Math.abs(rgba[p + 3] - a) <= tolerance;
        return answer;
    };
}

const view32 = (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
