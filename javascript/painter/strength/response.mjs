/**
 * How far each strength moves a picture, and what a map value means by it; as `settings/response.py`.
 */

const straight = (value, full) => value * full;

/**
 * @param {string} text "strength change; ..."
 * @returns {number[][] | null} strengths and changes from 0, 0 on; null where it is none
 */
function curve(text) {
    const rows = text.split(";").filter((row) => row.trim());
    const points = rows.map((row) =>
        row
            .trim()
            .split(/[\s:,]+/)
            .map(Number),
    );
    const [strengths, changes] = [[0], [0]];
    for (const point of points) {
        const [strength, change] = point;
        const rises = strength > strengths.at(-1) && change > changes.at(-1);
        if (point.length !== 2 || !rises || strength > 1 || !Number.isFinite(change)) return null;
        strengths.push(strength);
        changes.push(change);
    }
    if (!points.length) return null;
    if (strengths.at(-1) < 1) {
        const slope = (changes.at(-1) - changes.at(-2)) / (strengths.at(-1) - strengths.at(-2));
        changes.push(changes.at(-1) + slope * (1 - strengths.at(-1)));
        strengths.push(1);
    }
    return [strengths, changes];
}

/** Piecewise linear, flat beyond both ends, as NumPy's `interp` computes it. */
function between(x, from, to) {
    if (x >= from.at(-1)) return to.at(-1);
    const i = from.findIndex((_, k) => x < from[k + 1]);
    return ((to[i + 1] - to[i]) / (from[i + 1] - from[i])) * (x - from[i]) + to[i];
}

/** The last one asked for: a legend reads thousands of greys by one response. */
let last = { text: "", read: straight };

/**
 * @param {string | null} [text] as the field `response` has it; what is none is refused by the run
 * @returns {(value: number, full: number) => number} map value and strength of white -> strength
 */
export function reading(text) {
    if (!text) return straight;
    if (text !== last.text) last = { text, read: readingBy(curve(text)) };
    return last.read;
}

function readingBy(known) {
    if (!known) return straight;
    const [strengths, changes] = known;
    return (value, full) => between(value * between(full, strengths, changes), changes, strengths);
}
