import { inverse, matrixOf, shiftOf } from "./matrix.mjs";
import { RIM, outer, within } from "./rings.mjs";

/**
 * The map of moves, one after another. The same as `compose` of `diffdiff/edit/compose.py`; golden
 * vectors hold the two together.
 *
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/rect.mjs").Size} Size
 *
 * @typedef {object} Move
 * @property {Uint16Array} area how far each pixel of the picture is selected, 0..65535
 * @property {Rect} box around what is selected by half or more
 * @property {import("./matrix.mjs").Placing} placing
 * @property {boolean} copy
 * @property {boolean} gone deleted
 * @property {number} keep 0..1
 * @property {number} ring pixels
 * @property {number} margin pixels
 */

const SEEN = 0x8000; // of 65535: from there on a pixel counts as selected
export const FRINGE = 2; // pixels around a hole that still have the object's color
const DISC = [
    [0, -2],
    [0, 2],
]; // and the three rows between, of five pixels each

/** @param {Uint16Array} area @param {Size} size @returns {Rect | null} around what is selected */
export function boxOf(area, { width, height }) {
    let [left, top, right, bottom] = [width, height, -1, -1];
    for (let y = 0, i = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i++) {
            if (area[i] < SEEN) continue;
            if (x < left) left = x;
            if (x > right) right = x;
            if (y < top) top = y;
            bottom = y;
        }
    }
    return right < 0 ? null : { x: left, y: top, w: right - left + 1, h: bottom - top + 1 };
}

/** @param {Rect} box */
export const middleOf = ({ x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 });

/** @param {Move} move */
export const matrixOfMove = (move) => matrixOf(move.placing, middleOf(move.box));

/** Whether a move does nothing yet. @param {Move} move */
export function isIdle(move) {
    const shift = shiftOf(matrixOfMove(move));
    return !move.gone && shift !== null && !shift[0] && !shift[1];
}

/**
 * @param {Size} size
 * @param {Move[]} moves
 * @returns {Float64Array} 0..1
 */
export function mapOfMoves(size, moves) {
    const m = new Float64Array(size.width * size.height);
    for (const move of moves) if (!isIdle(move)) add(m, size, move);
    return m;
}

/** As the painter keeps a map. @param {Size} size @param {Move[]} moves @returns {Uint16Array} */
export const planeOfMoves = (size, moves) =>
    Uint16Array.from(mapOfMoves(size, moves), (value) => Math.round(value * 65535));

function add(m, size, move) {
    const { ring, margin, keep } = move;
    const reach = Math.max(ring, margin);
    const before = move.gone ? null : m.slice();
    if (!move.copy) {
        const part = grown(move.box, reach + FRINGE, size);
        const hole = holeOf(move.area, size, part);
        const around = outer(hole, sizeOf(part), ring, margin);
        each(part, size, (at, i) => (m[at] = hole[i] ? 1 : Math.max(m[at], around[i])));
    }
    if (move.gone) return;
    const matrix = matrixOfMove(move);
    const goal = goalOf(move.box, matrix, size);
    if (!goal) return;
    const part = grown(goal, reach, size);
    const there = new Uint8Array(part.w * part.h);
    const carried = new Float64Array(there.length);
    const read = sampler(move.area, before, size, matrix);
    each(part, size, (at, i, x, y) => {
        const { share, worth } = read(x, y);
        there[i] = share >= SEEN ? 1 : 0;
        carried[i] = worth;
    });
    const around = outer(there, sizeOf(part), ring, margin, RIM);
    const own = within(there, sizeOf(part), keep, ring);
    each(part, size, (at, i) => {
        m[at] = there[i] ? Math.max(own[i], carried[i]) : Math.max(m[at], around[i]);
    });
}

const sizeOf = ({ w, h }) => ({ width: w, height: h });

/** What lies at a place after a move: how far it is selected, and the map it had. */
function sampler(area, map, { width, height }, matrix) {
    const shift = shiftOf(matrix);
    if (shift) {
        return (x, y) => {
            const [u, v] = [x - shift[0], y - shift[1]];
            if (u < 0 || v < 0 || u >= width || v >= height) return { share: 0, worth: 0 };
            const at = v * width + u;
            return { share: area[at], worth: area[at] >= SEEN ? map[at] : 0 };
        };
    }
    const [a, b, c, d, e, f] = inverse(matrix);
    return (x, y) => {
        const u = a * (x + 0.5) + c * (y + 0.5) + e - 0.5;
        const v = b * (x + 0.5) + d * (y + 0.5) + f - 0.5;
        const [left, top] = [Math.floor(u), Math.floor(v)];
        let [share, worth] = [0, 0];
        for (let k = 0; k < 4; k++) {
            const [col, row] = [left + (k & 1), top + (k >> 1)];
            if (col < 0 || row < 0 || col >= width || row >= height) continue;
            const part = (1 - Math.abs(u - col)) * (1 - Math.abs(v - row));
            const at = row * width + col;
            share += part * area[at];
            worth += (part * map[at] * area[at]) / 65535;
        }
        return { share, worth };
    };
}

/**
 * What is selected in a part, and the fringe around it.
 *
 * @param {Uint16Array} area
 * @param {{ width: number }} size
 * @param {Rect} part
 * @returns {Uint8Array} 1 in the hole
 */
export function holeOf(area, { width }, part) {
    const hole = new Uint8Array(part.w * part.h);
    each(part, { width }, (at, i, x, y) => {
        if (area[at] < SEEN) return;
        for (const [dx, dy] of DISC) mark(x + dx, y + dy);
        for (let dy = -1; dy <= 1; dy++) for (let dx = -2; dx <= 2; dx++) mark(x + dx, y + dy);
    });
    function mark(x, y) {
        if (x < part.x || y < part.y || x >= part.x + part.w || y >= part.y + part.h) return;
        hole[(y - part.y) * part.w + x - part.x] = 1;
    }
    if (hole.every(Boolean)) each(part, { width }, (at, i) => (hole[i] = area[at] >= SEEN ? 1 : 0));
    return hole;
}

/** @param {Rect} box @returns {Rect | null} the part of the picture that a moved box reaches */
export function goalOf({ x, y, w, h }, [a, b, c, d, e, f], { width, height }) {
    const [xs, ys] = [[], []];
    for (const u of [x - 1, x + w + 1]) {
        for (const v of [y - 1, y + h + 1]) {
            xs.push(a * u + c * v + e);
            ys.push(b * u + d * v + f);
        }
    }
    const [left, top] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))];
    const [right, bottom] = [Math.ceil(Math.max(...xs)), Math.ceil(Math.max(...ys))];
    return clipped(left, top, right, bottom, width, height);
}

/** @param {Rect} box @param {number} by pixels, and two more @param {Size} size */
export function grown({ x, y, w, h }, by, { width, height }) {
    const more = Math.ceil(by) + 2;
    return clipped(x - more, y - more, x + w + more, y + h + more, width, height);
}

function clipped(left, top, right, bottom, width, height) {
    const [x, y] = [Math.max(0, left), Math.max(0, top)];
    const [w, h] = [Math.min(width, right) - x, Math.min(height, bottom) - y];
    return w > 0 && h > 0 ? { x, y, w, h } : null;
}

function each(part, { width }, act) {
    for (let row = 0, i = 0; row < part.h; row++) {
        for (let column = 0; column < part.w; column++, i++) {
            const [x, y] = [part.x + column, part.y + row];
            act(y * width + x, i, x, y);
        }
    }
}
