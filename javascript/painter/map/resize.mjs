import { GreyMap } from "./map.mjs";

/**
 * A map at another size, each axis on its own: area averages where it shrinks, linear between pixel
 * centres where it grows (the rule of `maps.resize`). A part of one value keeps it.
 *
 * @param {GreyMap} map
 * @param {number} width
 * @param {number} height
 * @param {boolean} [flat] whether all of it has one value, where that is known
 * @returns {GreyMap}
 */
export function resize(map, width, height, flat = map.isFlat()) {
    const out = new GreyMap(width, height); // also refuses impossible sizes
    if (flat) {
        if (map.data[0]) out.data.fill(map.data[0]); // blank memory is not touched
        return out;
    }
    const columns = taps(map.width, width);
    const rows = taps(map.height, height);
    const sums = new Float64Array(width);
    const known = [0, 1].map(() => ({ row: -1, values: new Float64Array(width) }));
    /** A row of the map at the new width; the last two are kept, since neighbors share them. */
    const narrow = (row) => {
        const one = known[row & 1];
        if (one.row !== row) {
            across(map.data, row * map.width, columns, one.values);
            one.row = row;
        }
        return one.values;
    };
    for (let y = 0; y < height; y++) {
        sums.fill(0);
        for (let i = rows.starts[y]; i < rows.starts[y + 1]; i++) {
            const values = narrow(rows.places[i]);
            const weight = rows.weights[i];
            for (let x = 0; x < width; x++) sums[x] += values[x] * weight;
        }
        const o = y * width;
        for (let x = 0; x < width; x++) out.data[o + x] = sums[x] + 0.5;
    }
    return out;
}

function across(data, first, { starts, places, weights }, out) {
    for (let x = 0; x < out.length; x++) {
        let sum = 0;
        for (let i = starts[x]; i < starts[x + 1]; i++) sum += data[first + places[i]] * weights[i];
        out[x] = sum;
    }
}

/**
 * For every target pixel of an axis: which source pixels make it up, and how much of each. Those of
 * pixel i stand from starts[i] up to starts[i + 1].
 */
function taps(source, target) {
    const step = source / target;
    const most = target >= source ? 2 * target : source + 2 * target;
    const starts = new Uint32Array(target + 1);
    const places = new Uint32Array(most);
    const weights = new Float64Array(most);
    let n = 0;
    const add = (place, weight) => {
        places[n] = place;
        weights[n++] = weight;
    };
    for (let i = 0; i < target; i++) {
        if (target >= source) {
            const at = Math.min(source - 1, Math.max(0, (i + 0.5) * step - 0.5));
            const low = Math.floor(at);
            if (at > low) {
                add(low, 1 - at + low);
                add(low + 1, at - low);
            } else add(low, 1);
        } else {
            const [from, to] = [i * step, (i + 1) * step];
            for (let s = Math.floor(from); s < Math.min(source, to - 1e-9); s++) {
                const weight = (Math.min(to, s + 1) - Math.max(from, s)) / step;
                if (weight > 0) add(s, weight);
            }
        }
        starts[i + 1] = n;
    }
    return { starts, places, weights };
}
