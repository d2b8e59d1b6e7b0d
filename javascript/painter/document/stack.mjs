import { PaintDocument } from "./document.mjs";
import { combine } from "../map/cover.mjs";
import { stopsOf, withValues } from "../draw/gradient.mjs";
import { FULL, GreyMap, fromStrength } from "../map/map.mjs";
import { clip, whole } from "../map/rect.mjs";

/**
 * A map made of a background, painted as ever, and of regions on it, seen and painted on as if it
 * were one document.
 *
 * @typedef {import("../map/rect.mjs").Rect} Rect
 *
 * @typedef {object} Region an area with one strength that can be changed after painting
 * @property {string} name
 * @property {number} strength 0..1
 * @property {"replace" | "max"} mode replace: the strength stands; max: it never lowers the map
 * @property {PaintDocument} area how far each pixel lies in it
 *
 * @typedef {object} Step of the whole
 * @property {string} label
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {string} [kind] of steps that become one while a slider moves
 */

const STRIPE = 64; // rows composed at once

export class Stack {
    /**
     * @param {import("../map/rect.mjs").Size} size
     * @param {import("../map/canvas.mjs").Options} [options]
     */
    constructor(size, options = {}) {
        this.options = options;
        this.onChange = options.onChange ?? (() => {});
        this.background = this.newDocument(size);
        /** @type {Region[]} */
        this.regions = [];
        /** What is painted on; null: the background. @type {Region | null} */
        this.active = null;
        /** @type {Step[]} */
        this.done = [];
        /** @type {Step[]} */
        this.undone = [];
        this.below = 0; // steps of the background, older than the first here, that are undone
        this.version = 0;
        this.cache = { key: -1, map: null };
        this.moving = false; // undo or redo is at work
    }

    // ---- as a document -------------------------------------------------------------------------

    get target() {
        return this.active?.area ?? this.background;
    }

    get width() {
        return this.background.width;
    }

    get height() {
        return this.background.height;
    }

    get stroke() {
        return this.target.stroke;
    }

    get revision() {
        return this.version;
    }

    get history() {
        if (!this.done.length && !this.undone.length) return this.background.history;
        return {
            undoLabel: this.done.at(-1)?.label ?? this.background.history.undoLabel,
            redoLabel: this.below
                ? this.background.history.redoLabel
                : (this.undone.at(-1)?.label ?? null),
        };
    }

    /** The whole map, without a stroke in progress. */
    get map() {
        if (!this.regions.length) return this.background.map;
        const key = this.revision;
        if (this.cache.key !== key) {
            const map = new GreyMap(this.width, this.height);
            for (let y = 0; y < this.height; y += STRIPE) {
                const rect = { x: 0, y, w: this.width, h: Math.min(STRIPE, this.height - y) };
                this.read(rect, map.data.subarray(y * this.width, (y + rect.h) * this.width));
            }
            this.cache = { key, map };
        }
        return this.cache.map;
    }

    /**
     * Values as they look now, the stroke in progress included.
     *
     * @param {Rect} rect
     * @param {Uint16Array} [out]
     */
    read(rect, out = new Uint16Array(rect.w * rect.h)) {
        this.background.read(rect, out);
        if (!this.regions.length) return out;
        const area = new Uint16Array(rect.w * rect.h);
        const all = { x: 0, y: 0, w: rect.w, h: rect.h };
        for (const { strength, mode, area: document } of this.regions) {
            document.read(rect, area);
            const paint = { mode, value: fromStrength(strength) };
            combine(out, area, rect.w, paint, all, out, 0, rect.w);
        }
        return out;
    }

    /** The value of pixel i. @param {number} i */
    at(i) {
        let value = this.background.at(i);
        for (const { strength, mode, area } of this.regions) {
            const part = area.at(i) / FULL;
            const own = fromStrength(strength);
            value = Math.round(
                mode === "max" ? Math.max(value, own * part) : value + (own - value) * part,
            );
        }
        return value;
    }

    /** @param {{ x: number, y: number }} point @returns {number | null} */
    pick({ x, y }) {
        const rect = clip({ x: Math.floor(x), y: Math.floor(y), w: 1, h: 1 }, this);
        return rect ? this.read(rect)[0] : null;
    }

    beginStroke(tool, point, label) {
        const own = this.active && tool.value !== undefined;
        const painted = own ? { ...tool, value: tool.value ? FULL : 0, mode: "replace" } : tool;
        return this.target.beginStroke(painted, point, label);
    }

    extendStroke(points) {
        return this.target.extendStroke(points);
    }

    commitStroke() {
        return this.target.commitStroke();
    }

    cancelStroke() {
        this.target.cancelStroke();
    }

    drawShape(shape, value, mode) {
        return this.target.drawShape(shape, ...this.paintOf(value, mode));
    }

    drawGradient(gradient, mode) {
        if (!this.active) return this.target.drawGradient(gradient, mode);
        const most = Math.max(...stopsOf(gradient).map(({ value }) => value)) || 1;
        const scaled = (value) => Math.round((value / most) * FULL);
        return this.target.drawGradient(withValues(gradient, scaled));
    }

    floodFill(picture, point, tolerance, value, mode, how) {
        return this.target.floodFill(picture, point, tolerance, ...this.paintOf(value, mode), how);
    }

    fill(value) {
        return this.target.fill(this.paintOf(value)[0]);
    }

    invert() {
        return this.target.invert();
    }

    levels(black, white, gamma) {
        return this.target.levels(black, white, gamma);
    }

    replaceAll(label, values, free, rect) {
        return this.target.replaceAll(label, values, free, rect);
    }

    spare() {
        return this.target.spare();
    }

    /** Another map takes the place of all: its regions go. @param {GreyMap} map */
    load(map) {
        if (this.regions.length) this.replaceRegions("Import", []);
        return this.background.load(map);
    }

    undo() {
        if (this.stroke) return this.cancelStroke();
        const step = this.done.pop();
        this.moving = true;
        if (step) {
            step.undo();
            this.undone.push(step);
        } else if (this.background.history.undoLabel) {
            this.background.undo();
            this.below++;
        }
        this.moving = false;
    }

    redo() {
        if (this.stroke) return;
        this.moving = true;
        if (this.below) {
            this.below--;
            this.background.redo();
        } else {
            const step = this.undone.pop();
            if (step) {
                step.redo();
                this.done.push(step);
            }
        }
        this.moving = false;
    }

    /** @param {import("../map/rect.mjs").Size} size */
    setImage(size) {
        this.commitStroke();
        for (const { area } of this.regions) area.setImage(size);
        const outcome = this.background.setImage(size);
        if (outcome !== "kept") {
            this.done = [];
            this.undone = [];
            this.below = 0;
        }
        return outcome;
    }

    // ---- inside --------------------------------------------------------------------------------

    /** @returns {[number, any]} value and mode */
    paintOf(value, mode) {
        return this.active ? [value ? FULL : 0, "replace"] : [value, mode];
    }

    replaceRegions(label, next) {
        this.commitStroke();
        const before = this.regions;
        const apply = (regions) => () => {
            for (const { area } of this.regions) area.history.land(); // none goes with work to do
            this.regions = regions;
            if (this.active && !regions.includes(this.active)) this.active = null;
            this.changed();
        };
        this.push({ label, undo: apply(before), redo: apply(next) });
        apply(next)();
    }

    push(step) {
        this.done.push(step);
        this.undone = [];
        this.below = 0;
    }

    changed() {
        this.version++;
        this.onChange({ kind: "commit", rect: whole(this) });
    }

    newDocument({ width, height }) {
        const document = new PaintDocument({ width, height }, {
            ...this.options,
            onChange: (change) => this.heard(document, change),
        }); // prettier-ignore
        document.limit = this.limit ?? null;
        return document;
    }

    heard(document, change) {
        if (change.kind === "commit" && !this.moving && (this.regions.length || this.done.length)) {
            const label = document.history.undoLabel;
            this.push({ label, undo: () => document.undo(), redo: () => document.redo() });
        } else if (change.kind === "commit" && !this.moving) {
            this.undone = [];
            this.below = 0;
        }
        if (change.kind !== "stroke" && change.kind !== "cancel") this.version++;
        this.onChange(change);
    }

    /** What may change, for every part. @param {import("../map/limit.mjs").Limit | null} limit */
    setLimit(limit) {
        this.limit = limit;
        this.background.limit = limit;
        for (const { area } of this.regions) area.limit = limit;
    }
}
