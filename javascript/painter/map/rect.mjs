/**
 * Rectangles of whole pixels. `null` stands for the empty one, so that "nothing changed" needs no
 * object and cannot be drawn by mistake.
 *
 * @typedef {{ x: number, y: number, w: number, h: number }} Rect
 * @typedef {{ width: number, height: number }} Size
 */

/**
 * @param {Size} size
 * @returns {Rect}
 */
export const whole = ({ width, height }) => ({ x: 0, y: 0, w: width, h: height });

/**
 * @param {Rect | null} a
 * @param {Rect | null} b
 * @returns {Rect | null}
 */
export function union(a, b) {
    if (!a || !b) return a ?? b;
    const x = Math.min(a.x, b.x);
    const y = Math.min(a.y, b.y);
    return {
        x,
        y,
        w: Math.max(a.x + a.w, b.x + b.w) - x,
        h: Math.max(a.y + a.h, b.y + b.h) - y,
    };
}

/**
 * The smallest rectangle of whole pixels around real bounds, cut to the canvas.
 *
 * @param {number} left
 * @param {number} top
 * @param {number} right
 * @param {number} bottom
 * @param {Size} size
 * @returns {Rect | null}
 */
export function around(left, top, right, bottom, size) {
    const x = Math.max(0, Math.floor(left));
    const y = Math.max(0, Math.floor(top));
    const w = Math.min(size.width, Math.ceil(right)) - x;
    const h = Math.min(size.height, Math.ceil(bottom)) - y;
    return w > 0 && h > 0 ? { x, y, w, h } : null; // false for NaN too
}

/**
 * @param {Rect | null} rect
 * @param {Size} size
 * @returns {Rect | null}
 */
export const clip = (rect, size) =>
    rect && around(rect.x, rect.y, rect.x + rect.w, rect.y + rect.h, size);

/**
 * The values of a rectangle, row by row.
 *
 * @param {Uint16Array} plane
 * @param {number} width of the plane
 * @param {Rect} rect
 * @param {Uint16Array} out
 */
export function rowsOf(plane, width, { x, y, w, h }, out) {
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        out.set(plane.subarray(from, from + w), row * w);
    }
    return out;
}

/**
 * The rows in which values differ from a map's.
 *
 * @param {Size & { data: Uint16Array }} map
 * @param {Uint16Array} values
 * @returns {Rect | null} null: none
 */
export function rowsThatDiffer({ data, width }, values) {
    const length = data.length & ~1; // two values at a time
    const [a, b] = [data, values].map((one) =>
        one.byteOffset % 4 ? null : new Uint32Array(one.buffer, one.byteOffset, length >> 1),
    );
    let [first, last] = [0, data.length - 1];
    if (a && b) {
        const end = length >> 1;
        let i = 0;
        while (i < end && a[i] === b[i]) i++;
        first = 2 * i;
        let j = end - 1;
        if (length === data.length || data[length] === values[length]) {
            while (j > i && a[j] === b[j]) j--;
            last = Math.min(last, 2 * j + 1);
        }
    }
    while (first < data.length && data[first] === values[first]) first++;
    if (first === data.length) return null;
    while (data[last] === values[last]) last--;
    const y = Math.floor(first / width);
    return { x: 0, y, w: width, h: Math.floor(last / width) + 1 - y };
}
