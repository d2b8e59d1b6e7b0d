import { GreyMap } from "./map.mjs";

/**
 * A map at another size, each axis on its own: area averages where it shrinks, linear between pixel
 * centres where it grows (the rule of `maps.resize`). A part of one value keeps it.
 *
 * @param {GreyMap} map
 * @param {number} width
 * @param {number} height
 * @returns {GreyMap}
 */
export function resize(map, width, height) {
    const out = new GreyMap(width, height); // also refuses impossible sizes
    if (map.isFlat(map.data[0])) {
        out.data.fill(map.data[0]);
        return out;
    }
    const columns = taps(map.width, width);
    const rows = taps(map.height, height);
    const narrow = new Float64Array(width);
    const sums = new Float64Array(width);
    for (let y = 0; y < height; y++) {
        sums.fill(0);
        for (const [row, weight] of rows[y]) {
            across(map.data.subarray(row * map.width, (row + 1) * map.width), columns, narrow);
            for (let x = 0; x < width; x++) sums[x] += narrow[x] * weight;
        }
        for (let x = 0; x < width; x++) out.data[y * width + x] = sums[x] + 0.5;
    }
    return out;
}

function across(row, columns, out) {
    for (let x = 0; x < out.length; x++) {
        let sum = 0;
        for (const [column, weight] of columns[x]) sum += row[column] * weight;
        out[x] = sum;
    }
}

/** For every target pixel of an axis: which source pixels make it up, and how much of each. */
function taps(source, target) {
    const step = source / target;
    return Array.from({ length: target }, (_, i) => {
        if (target >= source) {
            const at = Math.min(source - 1, Math.max(0, (i + 0.5) * step - 0.5));
            const low = Math.floor(at);
            return at > low ? [[low, 1 - at + low], [low + 1, at - low]] : [[low, 1]];
        }
        const [from, to] = [i * step, (i + 1) * step];
        const parts = [];
        for (let s = Math.floor(from); s < Math.min(source, to - 1e-9); s++) {
            const weight = (Math.min(to, s + 1) - Math.max(from, s)) / step;
            if (weight > 0) parts.push([s, weight]);
        }
        return parts;
    });
}
