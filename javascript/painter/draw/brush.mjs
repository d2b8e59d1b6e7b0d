import { around, union } from "../map/rect.mjs";
import { FULL, TAIL } from "../map/map.mjs";

/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/cover.mjs").Cover} Cover
 *
 * @typedef {object} Brush
 * @property {number} size diameter in pixels of the picture
 * @property {number} hardness 0: soft to the middle, 1: only anti-aliased
 * @property {number} [flow] how far one stamp goes to the full stroke; below 1 it builds up
 * @property {boolean} [pressureSize] pressure scales the size
 * @property {boolean} [pressureStrength] pressure scales the strength
 *
 * @typedef {{ x: number, y: number, pressure?: number }} Point pixels of the picture; (0.5, 0.5) is
 * the middle of the first one
 *
 * @typedef {{ table: Float32Array, inner: number, outer: number }} Profile
 */

export const MIN_SIZE = 1;
export const MAX_SIZE = 4096;

const ENTRIES = 4096; // of a profile: some across the edge of even the largest hard brush
const WAVE = 0.05; // pixels by which the border of a hard stroke may wave between two stamps
const RIPPLE = 0.004; // part by which cover may fall between two stamps, along a soft stroke
const MIN_SPACING = 0.25;
const SMALLEST = 0.05; // of the size, at pressure 0

/** Where the full cover of a brush ends, and where its cover ends. */
function edge(radius, hardness) {
    const width = Math.max(1, (1 - hardness) * radius); // never steeper than one pixel
    const middle = radius - ((1 - hardness) * radius) / 2;
    return [Math.max(0, middle - width / 2), middle + width / 2];
}

/**
 * How a brush falls off: cover by squared distance, so that stamping takes no square root; values
 * between two entries are interpolated, so that soft brushes are smooth to the last bit.
 *
 * @param {number} radius
 * @param {number} hardness
 * @returns {Profile}
 */
export function profile(radius, hardness) {
    const [inner, outer] = edge(radius, hardness);
    const table = new Float32Array(ENTRIES + 2); // two zeros at the end
    for (let i = 0; i < ENTRIES; i++) {
        const distance = outer * Math.sqrt(i / ENTRIES);
        const t = Math.max(0, (distance - inner) / (outer - inner));
        table[i] = FULL * (1 - t * t * (3 - 2 * t));
    }
    return { table, inner, outer };
}

/**
 * Distance between stamps at which a stroke shows no stamps.
 *
 * @param {number} radius
 * @param {number} hardness
 */
export function spacing(radius, hardness) {
    const [inner, outer] = edge(radius, hardness);
    const width = outer - inner;
    const wave = Math.max(WAVE, (RIPPLE * width) / 1.5); // the profile's slope is 1.5 / width
    const along = Math.sqrt(4 * (inner + outer) * wave); // sagitta between two discs
    const middle = 2 * (inner + Math.sqrt(RIPPLE / 3) * width); // cover falls as 1 - 3 t^2 there
    return Math.max(MIN_SPACING, Math.min(along, middle));
}

/**
 * Stamps one dab into the cover.
 *
 * @param {Cover} cover
 * @param {Profile} shape
 * @param {number} cx
 * @param {number} cy
 * @param {number} peak cover in the middle, 0..1
 * @param {number} flow 0..1
 * @returns {Rect | null} what may have changed
 */
export function stamp(cover, { table, inner, outer }, cx, cy, peak, flow) {
    const rect = around(cx - outer, cy - outer, cx + outer, cy + outer, cover);
    if (!rect || !(peak > 0)) return null;
    cover.claim(rect);
    const { data, width } = cover;
    const perSquare = ENTRIES / (outer * outer);
    const least = TAIL * peak;
    for (let y = rect.y; y < rect.y + rect.h; y++) {
        const dy = y + 0.5 - cy;
        const half = Math.sqrt(outer * outer - dy * dy);
        if (!(half > 0)) continue;
        const start = y * width;
        let x = Math.max(rect.x, Math.ceil(cx - half - 0.5));
        const end = Math.min(rect.x + rect.w, Math.floor(cx + half - 0.5) + 1);
        if (flow < 1) {
            for (; x < end; x++) {
                const dx = x + 0.5 - cx;
                const at = (dx * dx + dy * dy) * perSquare;
                const i = at | 0;
                const a = ((table[i] + (table[i + 1] - table[i]) * (at - i)) * peak + 0.5) | 0;
                const c = data[start + x];
                // rounded up, or slow flow would stop short of the profile
                if (a > c && a >= least) data[start + x] = Math.ceil(c + (a - c) * flow);
            }
            continue;
        }
        let [from, to] = [end, end]; // the hard core, which needs no look at its pixels
        if (peak === 1 && Math.abs(dy) < inner) {
            const core = Math.sqrt(inner * inner - dy * dy);
            from = Math.max(x, Math.ceil(cx - core - 0.5));
            to = Math.max(from, Math.min(end, Math.floor(cx + core - 0.5) + 1));
            data.fill(FULL, start + from, start + to);
        }
        for (; x < end; x++) {
            if (x === from) {
                x = to;
                if (x >= end) break;
            }
            const dx = x + 0.5 - cx;
            const at = (dx * dx + dy * dy) * perSquare;
            const i = at | 0;
            const a = ((table[i] + (table[i + 1] - table[i]) * (at - i)) * peak + 0.5) | 0;
            if (a > data[start + x] && a >= least) data[start + x] = a;
        }
    }
    cover.tiles.mark(rect);
    return rect;
}

/** One stroke of a brush: points in, evenly spaced stamps out. */
export class Trail {
    /**
     * @param {Cover} cover
     * @param {Brush} brush
     */
    constructor(cover, brush) {
        this.cover = cover;
        this.size = Math.min(MAX_SIZE, Math.max(MIN_SIZE, brush.size));
        this.hardness = Math.min(1, Math.max(0, brush.hardness));
        this.flow = Math.min(1, Math.max(0.01, brush.flow ?? 1));
        this.pressureSize = brush.pressureSize ?? false;
        this.pressureStrength = brush.pressureStrength ?? false;
        /** @type {Required<Point> | null} */
        this.last = null;
        this.gap = 0; // pixels of path to the next stamp
        /** @type {Map<number, Profile>} */
        this.profiles = new Map();
    }

    /**
     * Goes on to further points.
     *
     * @param {Point[]} points
     * @returns {Rect | null} what may have changed
     */
    extend(points) {
        let dirty = null;
        for (const { x, y, pressure = 1 } of points) {
            if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
            const point = { x, y, pressure: Math.min(1, Math.max(0, pressure || 0)) };
            if (this.last) {
                dirty = union(dirty, this.#segment(this.last, point));
            } else {
                dirty = this.#dab(x, y, point.pressure);
                this.gap = this.#step(point.pressure);
            }
            this.last = point;
        }
        return dirty;
    }

    /**
     * A stamp on the last point, which the spacing may not have reached.
     *
     * @returns {Rect | null}
     */
    finish() {
        const { last } = this;
        if (!last || this.gap >= this.#step(last.pressure)) return null; // stamped just there
        return this.#dab(last.x, last.y, last.pressure);
    }

    #radius(pressure) {
        const part = this.pressureSize ? SMALLEST + (1 - SMALLEST) * pressure : 1;
        return Math.max(MIN_SIZE / 2, (part * this.size) / 2);
    }

    #step(pressure) {
        return spacing(this.#radius(pressure), this.hardness);
    }

    #dab(x, y, pressure) {
        const radius = Math.round(8 * this.#radius(pressure)) / 8; // fewer profiles
        let shape = this.profiles.get(radius);
        if (!shape) {
            if (this.profiles.size >= 256) this.profiles.clear();
            shape = profile(radius, this.hardness);
            this.profiles.set(radius, shape);
        }
        const peak = this.pressureStrength ? pressure : 1;
        return stamp(this.cover, shape, x, y, peak, this.flow);
    }

    #segment(a, b) {
        const length = Math.hypot(b.x - a.x, b.y - a.y);
        const [enter, leave] = inside(a, b, this.size / 2 + 1, this.cover);
        let dirty = null;
        let at = this.gap;
        if (at < enter * length) at = enter * length; // no stamps far outside, however far
        while (at <= length && at <= leave * length) {
            const t = length ? at / length : 1;
            const pressure = a.pressure + (b.pressure - a.pressure) * t;
            const x = a.x + (b.x - a.x) * t;
            const y = a.y + (b.y - a.y) * t;
            dirty = union(dirty, this.#dab(x, y, pressure));
            at += this.#step(pressure);
        }
        this.gap = Math.max(0, at - length);
        return dirty;
    }
}

/** The part (from, to) in 0..1 of a segment that comes within `margin` of the canvas. */
function inside(a, b, margin, { width, height }) {
    let [from, to] = [0, 1];
    for (const [start, end, size] of [
        [a.x, b.x, width],
        [a.y, b.y, height],
    ]) {
        const run = end - start;
        if (run === 0) {
            if (start < -margin || start > size + margin) to = -1;
            continue;
        }
        const [t, u] = [(-margin - start) / run, (size + margin - start) / run];
        from = Math.max(from, Math.min(t, u));
        to = Math.min(to, Math.max(t, u));
    }
    return from <= to ? [from, to] : [1, -1];
}
