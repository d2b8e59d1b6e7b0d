import { GreyMap } from "../../../javascript/painter/map/map.mjs";
import { whole } from "../../../javascript/painter/map/rect.mjs";
import { tilesOf } from "../../../javascript/painter/map/tiles.mjs";

/** Random numbers in 0..1 that are the same at every run (mulberry32). */
export function random(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

export const between = (next, low, high) => low + Math.floor(next() * (high - low + 1));

/** A map with flat parts, ramps and noise: what painting leaves, and worse. */
export function randomMap(next, width, height) {
    const map = new GreyMap(width, height).fill(between(next, 0, 1) * 65535);
    for (let n = 0; n < 3; n++) {
        const [x0, y0] = [between(next, 0, width - 1), between(next, 0, height - 1)];
        const kind = between(next, 0, 2);
        for (let y = y0; y < height; y++) {
            for (let x = x0; x < width; x++) {
                map.data[y * width + x] =
                    kind === 0 ? 40000 : kind === 1 ? 13 * x + 7 * y : between(next, 0, 65535);
            }
        }
    }
    return map;
}

/** Rows of numbers as one Uint16Array. */
export const grid = (...rows) => Uint16Array.from(rows.flat());

/** Makes `map` equal `next` as one step. */
export function become(history, map, next, label = "step") {
    return history.record(label, map, tilesOf(whole(map), map), ({ x, y, w, h }) => {
        for (let row = y; row < y + h; row++) {
            const from = row * map.width + x;
            map.data.set(next.data.subarray(from, from + w), from);
        }
    });
}
