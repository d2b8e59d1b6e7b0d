import { FULL } from "../map/map.mjs";
import { reading } from "./response.mjs";

/**
 * The legend: what a grey of the map means for a run. The rules are those of
 * `sampling/start_steps.py`: the WebUI's, t_enc = int(min(s, 0.999) * steps) and first step =
 * steps - 1 - t_enc; and that of diffusers, the last int(s * steps) steps. Both languages are
 * compared by `tests/golden`.
 *
 * @typedef {object} Run
 * @property {number} steps steps of the full schedule
 * @property {number} denoising denoising strength of the tab, 0..1
 * @property {"relative" | "absolute"} [scale] absolute: a grey is the strength itself
 * @property {boolean} [invert] the map is read the other way round
 * @property {number} [black] levels, as `maps.levels` has them
 * @property {number} [white]
 * @property {number} [gamma]
 * @property {string} [response] how far each strength moves the picture
 * @property {"webui" | "diffusers" | "diffusers, up"} [rule]
 * @property {"auto" | "steps" | "fine"} [levels] where greys begin; left out: at steps
 * @property {number} [extra] levels between steps, at most
 * @property {number} [first] step at which white begins, where that is not by the rule
 * @property {Noise | null} [noise] what is known of its schedule
 *
 * @typedef {object} Noise parts of noise, 0..1
 * @property {number} steps of the schedule that this is of
 * @property {number[]} noise at the beginning of each step
 * @property {number} [last] the last step that calls the model; left out: the last of all
 * @property {number[]} exact where strengths from 0 to 1, evenly spread, begin without rounding
 *
 * @typedef {object} Rung what a grey leads to
 * @property {number} grey 0..65535
 * @property {number} strength 0..1
 * @property {number | null} step first step that changes the pixel, from 0; null: it is kept
 * @property {number} count steps that work on the pixel
 * @property {number | null} noise where it begins, 0..1, when known
 */

const FEW = 10; // steps, as in sampling/fine_levels.py

/**
 * Whether greys begin at their own noise, between steps too.
 *
 * @param {Run} run
 */
export const isFine = ({ levels = "steps", steps }) =>
    levels === "fine" || (levels === "auto" && steps < FEW);

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
 * @param {Run["rule"]} [rule]
 * @param {number} [last] last step that calls the model
 * @returns {number | null} null: never, the pixel is kept
 */
export function releaseStep(strength, steps, rule = "webui", last = steps - 1) {
    const s = exact(strength);
    if (s <= 0) return null;
    let step = steps - 1 - Math.floor(Math.min(s, 0.999) * steps);
    if (rule === "diffusers") step = steps - Math.floor(s * steps);
    if (rule === "diffusers, up") step = steps - Math.ceil(s * steps);
    return step > last ? null : step;
}

/**
 * A run in which the host makes all `steps` at any strength, as in the second pass of hires fix: its
 * schedule is longer, and white begins at the first of those steps (`setup_img2img_steps` of the
 * WebUIs).
 *
 * @param {number} steps
 * @param {number} denoising denoising strength, 0..1
 * @returns {{ steps: number, first: number }} steps of the schedule, and where white begins
 */
export function allSteps(steps, denoising) {
    const strength = Math.min(denoising, 0.999);
    const schedule = strength > 0 ? Math.floor(steps / strength) : steps;
    return { steps: schedule, first: schedule - steps };
}

/** The step at which a strength begins in a run: none begins before white. */
function stepOf(strength, run, last) {
    const step = releaseStep(strength, run.steps, run.rule, last);
    if (step === null || run.scale === "absolute") return step;
    return Math.max(step, run.first ?? 0);
}

/** What is known of a run's schedule, if it is of as many steps. */
const knownOf = (run) => (run.noise?.steps === run.steps ? run.noise : null);

/** The map's value after invert and levels, 0..1; float32 all the way, as in Python. */
function valueOf(grey, { invert = false, black = 0, white = 1, gamma = 1 }) {
    let value = Math.fround(grey / FULL);
    if (invert) value = Math.fround(1 - value);
    if (!(white > black && gamma > 0)) return value; // refused when the run begins
    const [low, high] = [Math.fround(black), Math.fround(white)];
    value = Math.fround(Math.fround(value - low) / Math.fround(high - low));
    return Math.fround(Math.min(1, Math.max(0, value)) ** Math.fround(1 / gamma));
}

/**
 * @param {number} grey 0..65535
 * @param {Run} run
 * @returns {number} 0..1
 */
export const strengthOf = (grey, run) =>
    reading(run.response)(valueOf(grey, run), run.scale === "absolute" ? 1 : run.denoising);

/**
 * @param {number} grey
 * @param {Run} run
 * @returns {Rung}
 */
export function rungOf(grey, run) {
    const strength = strengthOf(grey, run);
    const step = stepOf(strength, run, knownOf(run)?.last);
    const count = step === null ? 0 : run.steps - step;
    return { grey, strength, step, count, noise: noiseOf(strength, step, run) };
}

/** Where a strength begins: white at the step of plain img2img, a grey of a fine run by itself. */
function noiseOf(strength, step, run) {
    const known = knownOf(run);
    if (!known || (step === null && !isFine(run)) || strength <= 0) return null;
    const full = run.scale === "absolute" ? 1 : run.denoising;
    const own = step === null ? 0 : (known.noise[step] ?? null);
    if (!isFine(run) || (strength >= full - 1e-6 && step !== null)) return own;
    const place = strength * (known.exact.length - 1);
    const low = Math.min(Math.floor(place), known.exact.length - 2);
    const [a, b] = known.exact.slice(low, low + 2);
    const most = known.noise[stepOf(full, run) ?? 0] ?? 1;
    return Math.min(a + (b - a) * (place - low), most);
}

/**
 * Every level that this run can tell apart, from keep upwards: the smallest grey of each. These are
 * the tick marks of the legend, and their number says how fine a map is worth painting.
 *
 * @param {Run} run
 * @returns {Rung[]}
 */
export function rungs(run) {
    if (run.invert) {
        const plain = rungs({ ...run, invert: false });
        return plain.map((rung) => ({ ...rung, grey: FULL - rung.grey }));
    }
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
