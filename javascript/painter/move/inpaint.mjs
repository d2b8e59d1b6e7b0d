import { distances } from "./rings.mjs";

/**
 * A hole filled from its surroundings, much as `diffdiff/edit/fill.py` does it for the run: small
 * differences are those of OpenCV's marching.
 *
 * @typedef {import("../map/rect.mjs").Size} Size
 */

const LARGE = 96; // pixels: a hole is filled at the size it has where its longer side is at most this
const RADIUS = 3; // pixels that a new one looks around itself
const KNOWN = 0.25; // of a smaller pixel: with less of it known it is filled, too
const FLAT = 0.01; // a slope below this counts as none
const SLIGHT = 1e-6; // what counts instead

/**
 * @param {Uint8ClampedArray} rgba of a part of a picture, filled in place
 * @param {Uint8Array} hole 1 in it
 * @param {Size} size of the part
 * @param {number} longest pixels of the hole's longer side
 */
export function fill(rgba, hole, { width, height }, longest) {
    if (hole.every(Boolean)) return;
    const scale = Math.max(1, longest / LARGE);
    const size = {
        width: Math.max(1, Math.round(width / scale)),
        height: Math.max(1, Math.round(height / scale)),
    };
    const planes = reduced(rgba, hole, { width, height }, size);
    const known = planes[3];
    let lacking = Uint8Array.from(known, (share) => (share < KNOWN ? 1 : 0));
    if (lacking.every(Boolean)) lacking = Uint8Array.from(known, (share) => (share > 0 ? 0 : 1));
    for (const plane of planes.slice(0, 3)) {
        for (let i = 0; i < plane.length; i++) plane[i] /= Math.max(known[i], 1e-3);
    }
    inpaint(planes.slice(0, 3), lacking, size);
    const columns = places(width, size.width);
    const rows = places(height, size.height);
    for (let y = 0, i = 0; y < height; y++) {
        const [top, below] = [rows.first[y] * size.width, rows.second[y] * size.width];
        const low = rows.share[y];
        for (let x = 0; x < width; x++, i++) {
            if (!hole[i]) continue;
            const [left, right] = [columns.first[x], columns.second[x]];
            const far = columns.share[x];
            for (let c = 0; c < 3; c++) {
                const plane = planes[c];
                const above = plane[top + left] * (1 - far) + plane[top + right] * far;
                const under = plane[below + left] * (1 - far) + plane[below + right] * far;
                rgba[4 * i + c] = Math.round(above * (1 - low) + under * low);
            }
            rgba[4 * i + 3] = 255;
        }
    }
}

/**
 * Each pixel of a hole, from its border inwards, becomes a mean of what is known around it: the more
 * of what is near, at the same depth, and across the border (Telea, An Image Inpainting Technique
 * Based on the Fast Marching Method, 2004, without its term of gradients, which OpenCV limits to a
 * level or so).
 *
 * @param {Float32Array[]} planes colors, filled in place
 * @param {Uint8Array} hole 1 in it
 * @param {Size} size
 */
export function inpaint(planes, hole, size) {
    const { width, height } = size;
    const inside = distances(hole, size);
    const outside = distances(
        hole.map((value) => 1 - value),
        size,
    );
    const depth = inside.map((value, i) => (hole[i] ? value : 1 - outside[i]));
    const order = [];
    for (let i = 0; i < hole.length; i++) if (hole[i]) order.push(i);
    order.sort((a, b) => depth[a] - depth[b] || a - b);
    const open = hole.slice();
    const sums = new Float64Array(planes.length);
    /** How the depth changes at a pixel, by what is known of its neighbors. */
    const slope = (i, step, place, count) => {
        const before = place > 0 && !open[i - step];
        const after = place < count - 1 && !open[i + step];
        if (before && after) return (depth[i + step] - depth[i - step]) / 2;
        if (after) return depth[i + step] - depth[i];
        return before ? depth[i] - depth[i - step] : 0;
    };
    for (const i of order) {
        const [x, y] = [i % width, Math.floor(i / width)];
        const [across, down] = [slope(i, 1, x, width), slope(i, width, y, height)];
        let all = 0;
        sums.fill(0);
        for (let v = Math.max(0, y - RADIUS); v <= Math.min(height - 1, y + RADIUS); v++) {
            for (let u = Math.max(0, x - RADIUS); u <= Math.min(width - 1, x + RADIUS); u++) {
                const j = v * width + u;
                const [dx, dy] = [x - u, y - v];
                const far = dx * dx + dy * dy;
                if (open[j] || far > RADIUS * RADIUS) continue;
                const along = Math.abs(dx * across + dy * down);
                const level = 1 / (1 + Math.abs(depth[j] - depth[i]));
                const weight = ((along <= FLAT ? SLIGHT : along) * level) / (far * Math.sqrt(far));
                all += weight;
                for (let c = 0; c < sums.length; c++) sums[c] += weight * planes[c][j];
            }
        }
        for (let c = 0; c < sums.length; c++) planes[c][i] = all ? sums[c] / all : 0;
        open[i] = 0;
    }
}

/** Red, green and blue where they are known, and how much of each pixel is known, by area. */
function reduced(rgba, hole, { width, height }, size) {
    const planes = [0, 1, 2, 3].map(() => new Float32Array(size.width * size.height));
    const columns = shares(width, size.width);
    const rows = shares(height, size.height);
    const line = new Float64Array(4 * size.width);
    for (let y = 0; y < height; y++) {
        line.fill(0);
        for (let x = 0; x < width; x++) {
            const i = y * width + x;
            if (hole[i]) continue;
            for (const [u, share] of columns[x]) {
                for (let c = 0; c < 3; c++) line[4 * u + c] += share * rgba[4 * i + c];
                line[4 * u + 3] += share;
            }
        }
        for (const [v, share] of rows[y]) {
            const from = v * size.width;
            for (let u = 0; u < size.width; u++) {
                for (let c = 0; c < 4; c++) planes[c][from + u] += share * line[4 * u + c];
            }
        }
    }
    return planes;
}

/** For each of `many` pixels of a line: which of `few` larger ones it is part of, and how much. */
function shares(many, few) {
    const size = many / few;
    return Array.from({ length: many }, (_, i) => {
        const found = [];
        for (let k = Math.floor(i / size); k < few && k * size < i + 1; k++) {
            const share = (Math.min(i + 1, (k + 1) * size) - Math.max(i, k * size)) / size;
            if (share > 1e-9) found.push([k, share]);
        }
        return found;
    });
}

/** For each pixel of an enlarged line: the two between which it lies, and the share of the second. */
function places(many, few) {
    const first = new Int32Array(many);
    const second = new Int32Array(many);
    const share = new Float64Array(many);
    for (let i = 0; i < many; i++) {
        const at = ((i + 0.5) * few) / many - 0.5;
        const before = Math.floor(at);
        share[i] = at - before;
        first[i] = Math.max(0, before);
        second[i] = Math.min(few - 1, before + 1);
    }
    return { first, second, share };
}
