/**
 * Strengths inside and around a shape that was moved, by distance. The same as in
 * `diffdiff/edit/rings.py`; golden vectors hold the two together.
 *
 * @typedef {{ width: number, height: number }} Size
 */

const INNER = 2; // the ring reaches into the object by this part of its width
export const RIM = 0.5; // strength of the ring at the outline of an object; at a hole it is 1
const SHADE = 0.5; // strength of the margin next to the object
const FAR = 1e6; // pixels: no pixel outside

/**
 * The distance of each pixel inside a shape to the next one outside: exact, in time that grows with
 * the pixels alone (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012).
 *
 * @param {Uint8Array} inside 1 inside
 * @param {Size} size
 * @returns {Float64Array}
 */
export function distances(inside, { width, height }) {
    const far = new Float64Array(inside.length);
    for (let i = 0; i < far.length; i++) far[i] = inside[i] ? FAR * FAR : 0;
    const longest = Math.max(width, height);
    const room = {
        line: new Float64Array(longest),
        at: new Int32Array(longest),
        from: new Float64Array(longest + 1),
    };
    for (let x = 0; x < width; x++) lowered(far, x, width, height, room);
    for (let y = 0; y < height; y++) lowered(far, y * width, 1, width, room);
    for (let i = 0; i < far.length; i++) far[i] = Math.min(FAR, Math.sqrt(far[i]));
    return far;
}

/** One line of squared distances: the lowest of the parabolas that stand on its values. */
function lowered(far, start, stride, count, { line, at, from }) {
    for (let i = 0; i < count; i++) line[i] = far[start + i * stride];
    let last = 0;
    at[0] = 0;
    from[0] = -Infinity;
    from[1] = Infinity;
    for (let i = 1; i < count; i++) {
        let meet;
        do {
            const j = at[last];
            meet = (line[i] + i * i - line[j] - j * j) / (2 * (i - j));
        } while (meet <= from[last] && --last >= 0);
        at[++last] = i;
        from[last] = meet;
        from[last + 1] = Infinity;
    }
    for (let i = 0, k = 0; i < count; i++) {
        while (from[k + 1] < i) k++;
        const away = i - at[k];
        far[start + i * stride] = line[at[k]] + away * away;
    }
}

const unit = (value) => Math.min(1, Math.max(0, value));

/** Strength of an object, meant where it is. @param {Uint8Array} there @param {Size} size */
export function within(there, size, keep, ring) {
    const far = distances(there, size);
    const deep = ring / INNER;
    const most = Math.max(RIM, keep);
    for (let i = 0; i < far.length; i++) {
        const t = deep > 0 ? unit((far[i] - 1) / deep) : 1;
        far[i] = keep + (most - keep) * (1 - t);
    }
    return far;
}

/** Strength around a shape, meant outside of it. @param {Uint8Array} there @param {Size} size */
export function outer(there, size, ring, margin, most = 1) {
    const { width, height } = size;
    const far = distances(
        there.map((value) => 1 - value),
        size,
    );
    const found = new Float64Array(far.length);
    for (let y = 0, i = 0; y < height; y++) {
        const [above, below] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
        const rows = Math.max(1, below - above);
        for (let x = 0; x < width; x++, i++) {
            if (ring > 0) found[i] = most * unit(1 - far[i] / ring);
            if (margin <= 0 || far[i] >= margin) continue;
            const down = unit((far[below * width + x] - far[above * width + x]) / rows);
            found[i] = Math.max(found[i], SHADE * unit(1 - far[i] / margin) * down);
        }
    }
    return found;
}
