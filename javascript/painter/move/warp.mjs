import { inverse } from "./matrix.mjs";
import { goalOf } from "./movemap.mjs";

/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/rect.mjs").Size} Size
 * @typedef {import("./matrix.mjs").Matrix} Matrix
 */

const FINEST = 8; // samples along each side of a pixel, where an area is made smaller

/**
 * Bounds of what is not 0.
 *
 * @param {Uint16Array} area
 * @param {Size} size
 * @returns {Rect | null} null: there is nothing
 */
export function boundsOf(area, { width, height }) {
    let [left, top, right, bottom] = [width, height, -1, -1];
    for (let y = 0; y < height; y++) {
        const start = y * width;
        let x = 0;
        while (x < width && !area[start + x]) x++;
        if (x === width) continue;
        if (x < left) left = x;
        for (x = width - 1; x > right && !area[start + x]; x--); // what is between is in it
        if (x > right) right = x;
        if (y < top) top = y;
        bottom = y;
    }
    return right < 0 ? null : { x: left, y: top, w: right - left + 1, h: bottom - top + 1 };
}

/**
 * A matrix that only turns by quarters and mirrors, brought to whole pixels; others as they are.
 *
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function onPixels(matrix) {
    const [a, b, c, d, e, f] = matrix;
    const whole = [a, b, c, d].every((v) => Number.isInteger(v));
    return whole ? [a, b, c, d, Math.round(e), Math.round(f)] : matrix;
}

/**
 * An area at another place: shifted, scaled, turned, mirrored. Whole pixels stay exact; what leaves
 * the picture is gone.
 *
 * @param {Uint16Array} area 0..65535
 * @param {Size} size
 * @param {Rect} box around what is not 0
 * @param {Matrix} matrix from a place to its new one
 * @returns {Uint16Array}
 */
export function warped(area, size, box, matrix) {
    const { width, height } = size;
    const out = new Uint16Array(width * height);
    const goal = goalOf(box, matrix, size);
    if (!goal) return out;
    const [a, b, c, d, e, f] = inverse(matrix);
    const steps = Math.max(Math.hypot(a, b), Math.hypot(c, d)); // source pixels a pixel
    const n = Math.min(FINEST, Math.max(1, Math.ceil(steps - 1e-9)));
    for (let y = goal.y; y < goal.y + goal.h; y++) {
        for (let x = goal.x; x < goal.x + goal.w; x++) {
            let sum = 0;
            for (let k = 0; k < n * n; k++) {
                const px = x + ((k % n) + 0.5) / n;
                const py = y + (Math.floor(k / n) + 0.5) / n;
                sum += sample(area, width, height, a * px + c * py + e, b * px + d * py + f);
            }
            out[y * width + x] = sum / (n * n) + 0.5;
        }
    }
    return out;
}

/** Between the four pixels around a place; 0 beside the picture. */
function sample(area, width, height, x, y) {
    const [u, v] = [x - 0.5, y - 0.5];
    const [left, top] = [Math.floor(u + 1e-9), Math.floor(v + 1e-9)];
    const [right, below] = [Math.max(0, u - left), Math.max(0, v - top)];
    const at = (column, row) =>
        column < 0 || row < 0 || column >= width || row >= height ? 0 : area[row * width + column];
    const upper = at(left, top) * (1 - right) + (right > 1e-9 ? at(left + 1, top) * right : 0);
    if (below <= 1e-9) return upper;
    const lower = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right;
    return upper * (1 - below) + lower * below;
}
