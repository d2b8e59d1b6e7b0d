import { around } from "../map/rect.mjs";
import { FULL } from "../map/map.mjs";

/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/cover.mjs").Cover} Cover
 * @typedef {{ x: number, y: number }} Point pixels of the picture; whole numbers lie between pixels
 */

const BAND = 64; // rows drawn at a time: memory stays small on large canvases
const FLATNESS = 0.01; // pixels between an ellipse and its polygon

/**
 * @param {Point} a one corner
 * @param {Point} b the opposite one
 * @returns {Point[]}
 */
export const rectangle = (a, b) => [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];

/**
 * The ellipse in a box, as a polygon that no pixel can tell from it.
 *
 * @param {Point} a one corner of the box
 * @param {Point} b the opposite one
 * @returns {Point[]}
 */
export function ellipse(a, b) {
    const [rx, ry] = [Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2];
    const [cx, cy] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    const corners = Math.ceil(Math.PI / Math.sqrt((2 * FLATNESS) / Math.max(rx, ry, 1)));
    const count = 4 * Math.ceil(Math.min(corners, 20000) / 4); // the same in all four quarters
    return Array.from({ length: count }, (_, i) => {
        const angle = (2 * Math.PI * (i + 0.5)) / count;
        return { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle) };
    });
}

/**
 * Fills a polygon, closed by itself, with exact area coverage at its edges. Where it crosses
 * itself everything that it winds around is inside.
 *
 * @param {Cover} cover
 * @param {Point[]} points
 * @returns {Rect | null} what may have changed
 */
export function polygon(cover, points) {
    const corners = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    if (corners.length < 3) return null;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { x, y } of corners) {
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    const rect = around(left, top, right, bottom, cover);
    if (!rect) return null;
    cover.claim(rect);
    // relative to the rectangle, and only the edges that go up or down: others enclose no area
    const edges = corners
        .map(({ x, y }, i) => {
            const next = corners[(i + 1) % corners.length];
            const [ax, ay, bx, by] = [x - rect.x, y - rect.y, next.x - rect.x, next.y - rect.y];
            return ay < by ? [ax, ay, bx, by, 1] : [bx, by, ax, ay, -1];
        })
        .filter(([, ay, , by]) => ay < by);
    const area = new Float64Array(BAND * (rect.w + 2));
    for (let y = 0; y < rect.h; y += BAND) {
        band(cover, edges, area, rect, y, Math.min(BAND, rect.h - y));
    }
    cover.tiles.mark(rect);
    return rect;
}

/**
 * Rows `first`.. of the rectangle. `area` holds, for every pixel, how much more of it is covered
 * than of the pixel left of it; running sums along a row give the coverage.
 */
function band(cover, edges, area, rect, first, rows) {
    const stride = rect.w + 2;
    area.fill(0, 0, rows * stride);
    for (const [ax, ay, bx, by, sign] of edges) {
        const top = Math.max(ay, first);
        const bottom = Math.min(by, first + rows);
        const slope = (bx - ax) / (by - ay);
        for (let y = Math.floor(top); y < bottom; y++) {
            const [from, to] = [Math.max(top, y), Math.min(bottom, y + 1)];
            if (from >= to) continue;
            const [xa, xb] = [ax + (from - ay) * slope, ax + (to - ay) * slope];
            const start = (y - first) * stride;
            run(area, start, rect.w, Math.min(xa, xb), Math.max(xa, xb), sign * (to - from));
        }
    }
    for (let row = 0; row < rows; row++) {
        let sum = 0;
        let o = (rect.y + first + row) * cover.width + rect.x;
        for (let i = row * stride; i < row * stride + rect.w; i++, o++) {
            sum += area[i];
            const c = (Math.min(1, Math.abs(sum)) * FULL + 0.5) | 0;
            if (c > cover.data[o]) cover.data[o] = c;
        }
    }
}

/** One edge inside one row: from `left` to `right`, going `height` (signed) down on the way. */
function run(area, start, width, left, right, height) {
    if (left >= width) return;
    const perPixel = right > left ? height / (right - left) : 0;
    if (left < 0) {
        // outside on the left it covers whole pixels
        const out = right <= 0 ? height : -left * perPixel;
        area[start] += out;
        height -= out;
        if (right <= 0) return;
        left = 0;
    }
    for (let x = Math.floor(left); x < width && (x < right || x === Math.floor(left)); x++) {
        const [from, to] = [Math.max(left, x), Math.min(right, x + 1)];
        const part = perPixel ? (to - from) * perPixel : height;
        const beside = part * ((from + to) / 2 - x); // the area left of the edge in its own pixel
        area[start + x] += part - beside;
        area[start + x + 1] += beside;
    }
}
