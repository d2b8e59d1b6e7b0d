import { FULL } from "./map.mjs";

/**
 * The legend: what a grey of the map means for a run. The rule is the WebUI's own, as `climb` in
 * `ladder.py` has it: t_enc = int(min(s, 0.999) * steps), first step = steps - 1 - t_enc.
 *
 * @typedef {object} Run
 * @property {number} steps steps of the full schedule
 * @property {number} denoising denoising strength of the tab, 0..1
 * @property {"relative" | "absolute"} [scale] absolute: a grey is the strength itself
 * @property {number[]} [sigmas] noise level of every step, for display
 *
 * @typedef {object} Rung what a grey leads to
 * @property {number} grey 0..65535
 * @property {number} strength 0..1
 * @property {number | null} step first step that changes the pixel, from 0; null: it is kept
 * @property {number} count steps that work on the pixel
 * @property {number | null} sigma noise level at that step, when known
 */

/** To six decimals, halves to even, as NumPy rounds: a float32 0.7 means 0.7. */
function exact(strength) {
    const scaled = strength * 1e6;
    const low = Math.floor(scaled);
    const part = scaled - low;
    const up = part > 0.5 || (part === 0.5 && low % 2 !== 0);
    return (low + (up ? 1 : 0)) / 1e6;
}

/**
 * @param {number} strength 0..1
 * @param {number} steps
 * @returns {number | null} null: never, the pixel is kept
 */
export function releaseStep(strength, steps) {
    const s = exact(strength);
    return s > 0 ? steps - 1 - Math.floor(Math.min(s, 0.999) * steps) : null;
}

/**
 * @param {number} grey 0..65535
 * @param {Run} run
 * @returns {number} 0..1
 */
export const strengthOf = (grey, { denoising, scale = "relative" }) =>
    Math.fround(grey / FULL) * (scale === "absolute" ? 1 : denoising); // the map is float32 there

/**
 * @param {number} grey
 * @param {Run} run
 * @returns {Rung}
 */
export function rungOf(grey, run) {
    const strength = strengthOf(grey, run);
    const step = releaseStep(strength, run.steps);
    const count = step === null ? 0 : run.steps - step;
    const sigma = step === null ? null : (run.sigmas?.[step] ?? null);
    return { grey, strength, step, count, sigma };
}

/**
 * Every level that this run can tell apart, from keep upwards: the smallest grey of each. These are
 * the tick marks of the legend, and their number says how fine a map is worth painting.
 *
 * @param {Run} run
 * @returns {Rung[]}
 */
export function rungs(run) {
    const found = [rungOf(0, run)];
    while (rungOf(FULL, run).count > found.at(-1).count) {
        const { count, grey } = found.at(-1);
        let [low, high] = [grey, FULL]; // low is on this level or below, high above it
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (rungOf(middle, run).count > count) high = middle;
            else low = middle;
        }
        found.push(rungOf(high, run));
    }
    return found;
}

/**
 * Rows of a legend for some greys, evenly spread when none are given.
 *
 * @param {Run} run
 * @param {number[]} [greys]
 * @returns {Rung[]}
 */
export const legend = (run, greys = [0, 0.25, 0.5, 0.75, 1].map((g) => Math.round(g * FULL))) =>
    greys.map((grey) => rungOf(grey, run));
