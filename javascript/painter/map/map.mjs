import { PainterError } from "./errors.mjs";

/** White: change fully. Black (0) is keep. */
export const FULL = 65535;

/**
 * Greys nearer to black or white than this (1/512) count as black or white wherever an edge is
 * softened: a pixel at strength 1/65535 would not be kept exactly. The same as in `maps/soften.py`.
 */
export const TAIL = 128;

// The same limits as the Python side, so that what can be painted can also be used.
export const MAX_SIDE = 16384;
export const MAX_PIXELS = 8192 * 8192;

// Rec. 601 in 16-bit fixed point, as in `images/read.py`; the weights sum to 65536 exactly.
const RED = 19595;
const GREEN = 38470;
const BLUE = 7471;
const LUMA_TO_MAP = FULL / (65536 * 255 * 255); // of weighted 8-bit luma times 8-bit alpha

/** The map value of a colour of four bytes, not premultiplied: luma times alpha. */
export const mapValue = (r, g, b, a) =>
    Math.floor((RED * r + GREEN * g + BLUE * b) * a * LUMA_TO_MAP + 0.5);

/**
 * Refuses sizes that no map can have.
 *
 * @param {number} width
 * @param {number} height
 */
export function checkSize(width, height) {
    const size = `${width}x${height} pixels`;
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
        throw new PainterError(`A map of ${size} is not possible`, "Use a picture of whole pixels");
    }
    if (width > MAX_SIDE || height > MAX_SIDE) {
        const remedy = `Use a picture with sides of at most ${MAX_SIDE} pixels`;
        throw new PainterError(`The picture is ${size}`, remedy);
    }
    if (width * height > MAX_PIXELS) {
        const remedy = "Use a picture of at most 8192x8192 pixels";
        throw new PainterError(`The picture is ${size}, more than 67 million`, remedy);
    }
}

/**
 * Strength in 0..1 as a map value: the least that is not below it. Runs count whole steps and round
 * down, so that 75 % of 20 steps would begin a step late at a value of 0.74999.
 *
 * @param {number} strength
 */
export const fromStrength = (strength) =>
    Math.ceil(Math.max(0, Math.min(1, strength) * FULL - 1e-6));

/** The change map: 16-bit greys at image resolution, row by row. 0 keeps, 65535 changes fully. */
export class GreyMap {
    /**
     * @param {number} width
     * @param {number} height
     * @param {Uint16Array} [data] taken over, not copied; blank when left out
     */
    constructor(width, height, data) {
        checkSize(width, height);
        if (data && data.length !== width * height) {
            const problem = `${data.length} values do not make ${width}x${height} pixels`;
            throw new PainterError(problem, "Pass one value for every pixel");
        }
        this.width = width;
        this.height = height;
        this.data = data ?? new Uint16Array(width * height);
    }

    /** @param {number} value 0..65535 */
    fill(value) {
        this.data.fill(value);
        return this;
    }

    copy() {
        return new GreyMap(this.width, this.height, this.data.slice());
    }

    /** @param {GreyMap} other */
    equals(other) {
        if (this.width !== other.width || this.height !== other.height) return false;
        const [a, b] = [this.data, other.data];
        for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
        return true;
    }

    /** Whether everything has this value; a blank map is `isFlat(0)`. */
    isFlat(value = this.data[0]) {
        const { data } = this;
        const end = data.byteOffset % 4 ? 0 : data.length >> 1; // two values at a time
        const pairs = new Uint32Array(data.buffer, end ? data.byteOffset : 0, end);
        const pair = value * 65537;
        for (let i = 0; i < end; i++) if (pairs[i] !== pair) return false;
        for (let i = 2 * end; i < data.length; i++) if (data[i] !== value) return false;
        return true;
    }

    /**
     * 8-bit greys: v becomes 257 v, so that 255 is white and the way back is exact.
     *
     * @param {number} width
     * @param {number} height
     * @param {ArrayLike<number>} greys
     */
    static from8(width, height, greys) {
        checkSize(width, height);
        return new GreyMap(
            width,
            height,
            Uint16Array.from(greys, (v) => v * 257),
        );
    }

    /**
     * A picture: luma times alpha, so transparent is keep.
     *
     * @param {number} width
     * @param {number} height
     * @param {Uint8Array | Uint8ClampedArray} rgba not premultiplied, as ImageData has it
     */
    static fromRgba(width, height, rgba) {
        checkSize(width, height);
        const data = new Uint16Array(width * height);
        if (rgba.length !== 4 * data.length) {
            const problem = `${rgba.length} bytes do not make ${width}x${height} RGBA pixels`;
            throw new PainterError(problem, "Pass four bytes for every pixel");
        }
        for (let i = 0, p = 0; i < data.length; i++, p += 4) {
            data[i] = mapValue(rgba[p], rgba[p + 1], rgba[p + 2], rgba[p + 3]);
        }
        return new GreyMap(width, height, data);
    }

    /** The nearest 8-bit greys. */
    to8() {
        const { data } = this;
        const out = new Uint8Array(data.length);
        for (let i = 0; i < data.length; i++) out[i] = (data[i] + 128) / 257;
        return out;
    }
}
