/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 *
 * @typedef {object} Stop
 * @property {number} at 0..1 of the way from the beginning to the end
 * @property {number} value 0..65535
 *
 * @typedef {object} Gradient
 * @property {"linear" | "radial"} kind radial: from the middle to a point of the rim
 * @property {{ x: number, y: number }} from
 * @property {{ x: number, y: number }} to
 * @property {number} start value at `from` and before, 0..65535
 * @property {number} end value at `to` and beyond
 * @property {readonly Stop[]} [stops] between the two, in their order
 */

/**
 * Whether a gradient has a direction; a mere click has none and should change nothing.
 *
 * @param {Gradient} gradient
 */
export const hasLength = ({ from, to }) => Math.hypot(to.x - from.x, to.y - from.y) > 1e-6;

/**
 * All stops, both ends included.
 *
 * @param {Pick<Gradient, "start" | "end" | "stops">} gradient
 * @returns {Stop[]}
 */
export const stopsOf = ({ start, end, stops = [] }) => [
    { at: 0, value: start },
    ...stops,
    { at: 1, value: end },
];

/**
 * The value somewhere on the way; where two stops lie on one another, that of the later one.
 *
 * @param {Stop[]} all as `stopsOf` gives them
 * @param {number} t
 */
export function valueAt(all, t) {
    if (t <= 0) return all[0].value;
    if (t >= 1) return all.at(-1).value;
    let i = all.length - 2;
    while (all[i].at > t) i--;
    const [a, b] = [all[i], all[i + 1]];
    return a.value + ((b.value - a.value) * (t - a.at)) / (b.at - a.at);
}

/**
 * A gradient whose values become others.
 *
 * @param {Gradient} gradient
 * @param {(value: number) => number} change
 * @returns {Gradient}
 */
export const withValues = (gradient, change) => ({
    ...gradient,
    start: change(gradient.start),
    end: change(gradient.end),
    stops: gradient.stops?.map(({ at, value }) => ({ at, value: change(value) })),
});

/**
 * Writes the values of a gradient at pixel centres.
 *
 * @param {Gradient} gradient with a length
 * @param {Rect} rect
 * @param {Uint16Array} plane
 * @param {number} width values a row in `plane`
 */
export function drawGradient(gradient, rect, plane, width) {
    const { kind, from, to, start, end, stops } = gradient;
    const [across, down] = [to.x - from.x, to.y - from.y];
    const square = across * across + down * down;
    const [ux, uy, perLength] = [across / square, down / square, 1 / Math.sqrt(square)];
    const range = end - start;
    const several = stops?.length ? stopsOf(gradient) : null;
    const ats = Float64Array.from(several ?? [], ({ at }) => at);
    const values = Float64Array.from(several ?? [], ({ value }) => value);
    const last = ats.length - 2;
    let i = 0; // where the pixel before was: its neighbor is mostly between the same stops
    for (let y = rect.y; y < rect.y + rect.h; y++) {
        const dy = y + 0.5 - from.y;
        const first = y * width;
        for (let x = rect.x; x < rect.x + rect.w; x++) {
            const dx = x + 0.5 - from.x;
            const t =
                kind === "linear" ? dx * ux + dy * uy : Math.sqrt(dx * dx + dy * dy) * perLength;
            if (t <= 0 || t >= 1) {
                plane[first + x] = t <= 0 ? start : end;
                continue;
            }
            if (!several) {
                plane[first + x] = start + range * t + 0.5;
                continue;
            }
            while (i < last && ats[i + 1] <= t) i++;
            while (ats[i] > t) i--;
            const part = ((values[i + 1] - values[i]) * (t - ats[i])) / (ats[i + 1] - ats[i]);
            plane[first + x] = values[i] + part + 0.5;
        }
    }
}
