import { GreyMap } from "./map.mjs";
import { Cover, combine } from "./cover.mjs";
import { hold, limits } from "./limit.mjs";
import { History } from "./history.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {import("./cover.mjs").Paint} Paint
 *
 * @typedef {object} Change what a listener is told
 * @property {"stroke" | "commit" | "undo" | "redo" | "cancel" | "image"} kind
 * @property {Rect} rect pixels that may look different now
 * @property {true} [seen] they look as the preview of the stroke did, which is now committed
 *
 * @typedef {object} Options
 * @property {number} [historyBytes]
 * @property {(task: () => void) => void} [later] see History
 * @property {(change: Change) => void} [onChange]
 */

/** A map with its history, and the few ways in which it changes. */
export class Canvas {
    /**
     * @param {import("./rect.mjs").Size} size
     * @param {Options} [options]
     */
    constructor({ width, height }, { historyBytes, later, onChange = () => {} } = {}) {
        this.historyBytes = historyBytes;
        this.later = later;
        this.onChange = onChange;
        /** Counts the states of the map, so that a saved copy can be known to be old. */
        this.revision = 0;
        /** What may change; shared by all who paint. @type {import("./limit.mjs").Limit | null} */
        this.limit = null;
        this.open(new GreyMap(width, height));
    }

    /** The map as it is, without a stroke in progress: what was put off is done first. */
    get map() {
        this.history.land();
        return this.raw;
    }

    /** An empty cover, for whoever may write all over it. */
    get cover() {
        this.history.land();
        return this.sheet;
    }

    /** The value of pixel i, without a stroke in progress. @param {number} i */
    at(i) {
        const { raw, history } = this;
        if (history.landing) {
            history.land({ x: i % raw.width, y: Math.floor(i / raw.width), w: 1, h: 1 });
        }
        return raw.data[i];
    }

    get width() {
        return this.raw.width;
    }

    get height() {
        return this.raw.height;
    }

    /**
     * Goes on with another map.
     *
     * @param {GreyMap} map
     * @param {History} [history]
     */
    open(map, history = new History(this.historyBytes, this.later)) {
        /** The map as far as nothing is put off. */
        this.raw = map;
        this.history = history;
        /** The cover, in which what is put off may still lie. */
        this.sheet = new Cover(map, (rect) => history.land(rect));
        /** @type {Uint16Array | null} */
        this.plane = null;
        this.revision++;
        /** Revision at which the map was known to be blank. */
        this.blankAt = -1;
    }

    /** Whether no value is above 0, without a stroke in progress. */
    get isBlank() {
        return this.blankAt === this.revision || this.map.isFlat(0);
    }

    /** A second plane of values, made when first needed; it belongs to one change at a time. */
    spare() {
        this.plane ??= new Uint16Array(this.map.data.length); // which lands what may be using it
        return this.plane;
    }

    /**
     * What lies in the cover becomes part of the map, and the cover is empty again; most of both is
     * put off where the history puts things off.
     *
     * @param {string} label
     * @param {Paint} paint
     * @param {boolean} [seen] whether the view has shown it already
     */
    commitCover(label, paint, seen = false) {
        const { sheet, raw } = this;
        const limit = this.limitOf(paint);
        const change = (tile) => {
            const { data, width } = raw;
            const start = tile.y * width + tile.x;
            if (limit) {
                const made = this.held(paint, tile, new Uint16Array(tile.w * tile.h), limit);
                for (let row = 0; row < tile.h; row++) {
                    const line = made.subarray(row * tile.w, (row + 1) * tile.w);
                    data.set(line, start + row * width);
                }
            } else combine(data, sheet.data, width, paint, tile, data, start, width);
            sheet.wipe(tile);
        };
        const rect = this.history.record(label, raw, sheet.take(), change);
        return this.#moved("commit", rect, seen);
    }

    /**
     * @param {string} label
     * @param {Uint16Array} values of the whole map, which takes them over
     * @param {boolean} [free] whatever is selected
     * @param {Rect | null} [rect] the rows in which they differ, where that is known
     */
    replaceAll(label, values, free = false, rect = undefined) {
        if (values === this.plane) this.plane = null;
        const limit = free ? null : this.limitOf({});
        if (limit) hold(limit, this.map.data, 0, values.length, values, 0);
        const known = limit ? undefined : rect;
        return this.#moved("commit", this.history.replace(label, this.raw, values, known));
    }

    /**
     * @param {string} label
     * @param {Uint16Array} table what each of the 65536 values becomes
     */
    applyTable(label, table) {
        const { data } = this.map;
        const out = this.spare();
        for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
        return this.replaceAll(label, out);
    }

    /**
     * What may change under some paint, or null where everything may.
     *
     * @param {{ near?: import("./limit.mjs").Limit["near"] }} paint
     */
    limitOf({ near = null }) {
        const limit = { selection: null, keepZero: false, ...this.limit, near };
        return limits(limit) ? limit : null;
    }

    /**
     * Map and cover together for one rectangle, as far as the limit lets them and nothing is put off.
     *
     * @param {Paint} paint
     * @param {Rect} rect
     * @param {Uint16Array} out
     * @param {import("./limit.mjs").Limit | null} limit
     */
    held(paint, rect, out, limit) {
        const { data, width } = this.raw;
        combine(data, this.sheet.data, width, paint, rect, out, 0, rect.w);
        for (let row = 0; limit && row < rect.h; row++) {
            const at = (rect.y + row) * width + rect.x;
            hold(limit, data, at, rect.w, out, row * rect.w);
        }
        return out;
    }

    undo() {
        this.#moved("undo", this.history.undo(this.raw));
    }

    redo() {
        this.#moved("redo", this.history.redo(this.raw));
    }

    /**
     * @param {Change["kind"]} kind
     * @param {Rect} rect
     * @param {boolean} [seen]
     */
    tell(kind, rect, seen = false) {
        this.onChange(seen ? { kind, rect, seen } : { kind, rect });
    }

    #moved(kind, rect, seen) {
        if (!rect) return null;
        this.revision++;
        this.tell(kind, rect, seen);
        return rect;
    }
}
