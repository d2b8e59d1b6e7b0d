/**
 * What pens, fingers and mice say about pressure, made fit for a brush. Pure: a state and a reading
 * in, a new state and a pressure out.
 *
 * False readings that are filtered:
 * - a mouse says 0.5 (or 0) all the time, a finger 0, 0.5 or 1: full pressure;
 * - a pen without pressure says 0.5 all the time: full pressure, until it has said anything else;
 * - some fingers and pens say another value for ever, such as 0.04, 0.2 or 0.33: a reading counts
 *   only when it varies within a stroke. A pen is believed until it has said one value a few times;
 * - a pen says 0 in the middle of a stroke when a reading was lost: the last one stands;
 * - the first reading at touch-down is often a spike: pressure rises from a light start.
 *
 * @typedef {object} Reading as a pointer event has it
 * @property {string} pointerType "mouse", "pen" or "touch"
 * @property {number} pressure 0..1
 * @property {number} time milliseconds
 *
 * @typedef {object} State
 * @property {string[]} feels pointer types that have shown that they measure pressure
 * @property {string[]} steady pointer types that have shown that they do not
 * @property {number | null} heard the first value of this stroke that could be measured
 * @property {number} same how often it was said without any other
 * @property {number | null} last pressure given last in this stroke
 * @property {number} time
 * @property {number} begun when the stroke began
 */

const SMOOTHING_MS = 12; // time in which two thirds of a change are followed
const ATTACK_MS = 24; // time over which a stroke may reach full pressure
const FIRST = 0.25; // the most that the first reading counts
const LONGEST_STEP_MS = 50; // after a pause the next reading counts at once
const STEADY = 0.5; // what a device says that measures nothing
const SAME = 4; // readings of one value after which it is taken for no pressure

/** @returns {State} at the beginning of a session */
export const initial = () => ({
    feels: [], steady: [], heard: null, same: 0, last: null, time: 0, begun: 0,
}); // prettier-ignore

/**
 * At the beginning of a stroke: what is known of the devices stays.
 *
 * @param {State} state
 * @returns {State}
 */
export const beginStroke = (state) => ({ ...state, last: null, heard: null, same: 0 });

/**
 * @param {State} state
 * @param {Reading} reading
 * @returns {{ state: State, pressure: number }} pressure in 0..1
 */
export function filter(state, { pointerType, pressure, time }) {
    const told = learned(state, pointerType, pressure);
    const first = state.last === null;
    const begun = first ? time : state.begun;
    const usable = Number.isFinite(pressure) && pressure > 0;
    let given = state.last ?? FIRST; // stands for a reading that was lost
    if (believed(told, pointerType)) {
        let raw = usable ? Math.min(1, pressure) : given;
        raw = Math.min(raw, FIRST + ((1 - FIRST) * Math.max(0, time - begun)) / ATTACK_MS);
        const passed = Math.min(LONGEST_STEP_MS, Math.max(0, time - state.time));
        const part = first ? 1 : 1 - Math.exp(-passed / SMOOTHING_MS);
        given += (raw - given) * part;
    } else if (usable || pointerType !== "pen") {
        given = 1;
    }
    return { state: { ...told, last: given, time, begun }, pressure: given };
}

/** What a reading says of its device. @returns {State} */
function learned(state, pointerType, pressure) {
    if (state.feels.includes(pointerType) || !measures(pointerType, pressure)) return state;
    const heard = state.heard ?? pressure;
    const steady = state.steady.filter((type) => type !== pointerType);
    if (pressure !== heard)
        return { ...state, heard, steady, feels: [...state.feels, pointerType] };
    const same = state.same + 1;
    const shown = same === SAME ? [...steady, pointerType] : state.steady;
    return { ...state, heard, same, steady: shown };
}

/** Whether readings of a device are its pressure. */
function believed({ feels, steady, heard }, pointerType) {
    if (feels.includes(pointerType)) return true;
    return pointerType === "pen" && heard !== null && !steady.includes("pen");
}

/** Whether such a reading can only come from a device that measures. */
function measures(pointerType, pressure) {
    if (pointerType === "mouse") return false;
    return pressure > 0 && pressure < 1 && pressure !== STEADY;
}

/**
 * Response of the brush: above 1 a light hand stays light, below 1 it becomes heavy.
 *
 * @param {number} pressure 0..1
 * @param {number} curve exponent
 * @param {number} [least] what the lightest touch gives
 */
export const respond = (pressure, curve, least = 0) => least + (1 - least) * pressure ** curve;

/**
 * The points of an event with those that the browser held back, in order and each once. Browsers
 * differ: the list may be empty, may leave out the event itself, and may step back in time.
 *
 * @template {{ x: number, y: number, pressure: number, time: number }} P
 * @param {P} event
 * @param {P[]} coalesced as from getCoalescedEvents
 * @param {P | null} previous last point already used
 * @returns {P[]}
 */
export function mergeCoalesced(event, coalesced, previous) {
    const points = [];
    let last = previous;
    for (const point of [...coalesced, event]) {
        if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) continue;
        if (last) {
            const still = point.x === last.x && point.y === last.y;
            if (point.time < last.time || (still && point.pressure === last.pressure)) continue;
        }
        points.push(point);
        last = point;
    }
    return points;
}
