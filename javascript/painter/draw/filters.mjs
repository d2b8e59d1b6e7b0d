import { FULL } from "../map/map.mjs";
import { PainterError } from "../map/errors.mjs";

/** Filters that look at one value at a time, as tables of what every grey becomes. */

/** @returns {Uint16Array} */
export const invertTable = () => Uint16Array.from({ length: FULL + 1 }, (_, v) => FULL - v);

/**
 * Levels, by the formula of `maps/geometry.py` in its float32: t = (m - black) / (white - black), cut to
 * 0..1, then t ** (1 / gamma).
 *
 * @param {number} black map value in 0..1 that becomes 0
 * @param {number} white map value that becomes 1
 * @param {number} gamma above 1 brightens
 * @returns {Uint16Array}
 */
export function levelsTable(black, white, gamma) {
    const f = Math.fround;
    for (const [name, value] of Object.entries({ black, white, gamma })) {
        if (!Number.isFinite(value) || Math.abs(value) > 1e6) {
            const problem = `${name}: ${value} is not a usable number`;
            throw new PainterError(problem, "Use a finite number");
        }
    }
    if (!(f(black) < f(white))) {
        const problem = `black: ${black} is not below white (${white})`;
        throw new PainterError(problem, "Use a black level smaller than the white level");
    }
    if (gamma < 1e-6) {
        const remedy = "Use a number above 0; 1 leaves the map as it is";
        throw new PainterError(`gamma: ${gamma} is not a usable exponent`, remedy);
    }
    const [low, range, power] = [f(black), f(f(white) - f(black)), f(1 / gamma)];
    return Uint16Array.from({ length: FULL + 1 }, (_, v) => {
        const t = Math.min(1, Math.max(0, f(f(f(v / FULL) - low) / range)));
        return Math.round(f(t ** power) * FULL);
    });
}

/**
 * Grows what is bright: every pixel becomes the brightest within a distance. Exact for greys, with
 * a round neighbourhood; time goes with the radius and with how much of the map is not black.
 *
 * @param {Uint16Array} source
 * @param {import("../map/rect.mjs").Size} size
 * @param {number} radius pixels, the distance from pixel middle to pixel middle
 * @returns {Uint16Array}
 */
export function grow(source, { width, height }, radius) {
    const out = new Uint16Array(source.length);
    const reach = Math.floor(radius);
    // half the length of the disc's chord at every distance from its middle
    const chords = Array.from({ length: reach + 1 }, (_, d) =>
        Math.floor(Math.sqrt(radius * radius - d * d)),
    );
    const line = new Uint16Array(width);
    for (let y = 0; y < height; y++) {
        const row = source.subarray(y * width, (y + 1) * width);
        let left = 0;
        while (left < width && row[left] === 0) left++;
        if (left === width) continue;
        let right = width;
        while (row[right - 1] === 0) right--;
        line.set(row);
        for (let d = reach, chord = 0; d >= 0; d--) {
            for (; chord < chords[d]; chord++) {
                left = Math.max(0, left - 1);
                right = Math.min(width, right + 1);
                widen(line, left, right);
            }
            if (y >= d) brighten(out, (y - d) * width, line, left, right);
            if (d && y + d < height) brighten(out, (y + d) * width, line, left, right);
        }
    }
    return out;
}

/** The other way round: every pixel becomes the darkest within a distance. */
export function shrink(source, size, radius) {
    const dark = source.map((v) => FULL - v);
    const out = grow(dark, size, radius);
    for (let i = 0; i < out.length; i++) out[i] = FULL - out[i];
    return out;
}

/** Every value becomes the largest of itself and its two neighbours. */
function widen(line, left, right) {
    let before = 0;
    let here = line[left];
    for (let x = left; x < right; x++) {
        const next = x + 1 < line.length ? line[x + 1] : 0;
        const side = before > next ? before : next;
        line[x] = side > here ? side : here;
        before = here;
        here = next;
    }
}

function brighten(out, start, line, left, right) {
    for (let x = left; x < right; x++) if (line[x] > out[start + x]) out[start + x] = line[x];
}
