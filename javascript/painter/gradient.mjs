/**
 * @typedef {import("./rect.mjs").Rect} Rect
 *
 * @typedef {object} Gradient
 * @property {"linear" | "radial"} kind radial: from the middle to a point of the rim
 * @property {{ x: number, y: number }} from
 * @property {{ x: number, y: number }} to
 * @property {number} start value at `from` and before, 0..65535
 * @property {number} end value at `to` and beyond
 */

/**
 * Whether a gradient has a direction; a mere click has none and should change nothing.
 *
 * @param {Gradient} gradient
 */
export const hasLength = ({ from, to }) => Math.hypot(to.x - from.x, to.y - from.y) > 1e-6;

/**
 * Writes the values of a gradient at pixel centres.
 *
 * @param {Gradient} gradient with a length
 * @param {Rect} rect
 * @param {Uint16Array} plane
 * @param {number} width values a row in `plane`
 */
export function drawGradient(gradient, rect, plane, width) {
    const { kind, from, to, start, end } = gradient;
    const [across, down] = [to.x - from.x, to.y - from.y];
    const square = across * across + down * down;
    const [ux, uy, perLength] = [across / square, down / square, 1 / Math.sqrt(square)];
    const range = end - start;
    for (let y = rect.y; y < rect.y + rect.h; y++) {
        const dy = y + 0.5 - from.y;
        const first = y * width;
        for (let x = rect.x; x < rect.x + rect.w; x++) {
            const dx = x + 0.5 - from.x;
            const t =
                kind === "linear" ? dx * ux + dy * uy : Math.sqrt(dx * dx + dy * dy) * perLength;
            plane[first + x] = t <= 0 ? start : t >= 1 ? end : start + range * t + 0.5;
        }
    }
}
