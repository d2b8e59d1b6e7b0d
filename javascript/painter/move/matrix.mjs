/**
 * Where a move puts what it takes. The same as in `diffdiff/edit/coarse.py`; golden vectors hold
 * the two together.
 *
 * @typedef {[number, number, number, number, number, number]} Matrix as CSS, SVG and canvases have
 *     it: x' = a x + c y + e, y' = b x + d y + f
 * @typedef {{ x: number, y: number }} Point pixels of the picture; (0.5, 0.5): the first one's middle
 *
 * @typedef {object} Placing how an object is placed, about its middle
 * @property {[number, number]} by pixels to the right, and down
 * @property {[number, number]} scale of width and height, above 0
 * @property {number} rotate degrees, clockwise
 * @property {"" | "horizontal" | "vertical" | "both"} mirror
 */

/** @returns {Placing} an object that stays where it is */
export const inPlace = () => ({ by: [0, 0], scale: [1, 1], rotate: 0, mirror: "" });

/**
 * Mirrored, scaled, turned about the middle, then shifted.
 *
 * @param {Placing} placing
 * @param {Point} middle
 * @returns {Matrix}
 */
export function matrixOf({ by, scale, rotate, mirror }, { x, y }) {
    const turn = (rotate * Math.PI) / 180;
    let [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    if (rotate % 90 === 0) [cos, sin] = [Math.round(cos), Math.round(sin)]; // exactly
    const across = scale[0] * (mirror === "horizontal" || mirror === "both" ? -1 : 1);
    const down = scale[1] * (mirror === "vertical" || mirror === "both" ? -1 : 1);
    const [a, b, c, d] = [cos * across, sin * across, -sin * down, cos * down];
    return [a, b, c, d, x + by[0] - a * x - c * y, y + by[1] - b * x - d * y];
}

/** @param {Matrix} matrix @param {Point} point @returns {Point} */
export const applied = ([a, b, c, d, e, f], { x, y }) => ({
    x: a * x + c * y + e,
    y: b * x + d * y + f,
});

/** @param {Matrix} matrix @returns {Matrix} */
export function inverse([a, b, c, d, e, f]) {
    const det = a * d - b * c;
    return [
        d / det, -b / det, -c / det, a / det,
        (c * f - d * e) / det, (b * e - a * f) / det,
    ]; // prettier-ignore
}

/** What one matrix does after another. @param {Matrix} after @param {Matrix} first @returns {Matrix} */
export function product([a, b, c, d, e, f], [u, v, w, z, x, y]) {
    return [
        a * u + c * v, b * u + d * v, a * w + c * z, b * w + d * z,
        a * x + c * y + e, b * x + d * y + f,
    ]; // prettier-ignore
}

/** Whole pixels to the right and down, where a matrix does nothing else; else null. */
export function shiftOf([a, b, c, d, e, f]) {
    const linear = Math.max(Math.abs(a - 1), Math.abs(b), Math.abs(c), Math.abs(d - 1));
    const off = Math.max(Math.abs(e - Math.round(e)), Math.abs(f - Math.round(f)));
    return Math.max(linear, off) <= 1e-9 ? [Math.round(e), Math.round(f)] : null;
}

/** Another mirror on top of one: twice the same is none. */
export function mirrored(mirror, axis) {
    const across = (mirror === "horizontal" || mirror === "both") !== (axis === "horizontal");
    const down = (mirror === "vertical" || mirror === "both") !== (axis === "vertical");
    return across ? (down ? "both" : "horizontal") : down ? "vertical" : "";
}
