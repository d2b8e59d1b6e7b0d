import { GreyMap } from "./map.mjs";
import { Cover, combine } from "./cover.mjs";
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
        this.open(new GreyMap(width, height));
    }

    get width() {
        return this.map.width;
    }

    get height() {
        return this.map.height;
    }

    /**
     * Goes on with another map.
     *
     * @param {GreyMap} map
     * @param {History} [history]
     */
    open(map, history = new History(this.historyBytes, this.later)) {
        this.map = map;
        this.history = history;
        this.cover = new Cover(map);
        /** @type {Uint16Array | null} */
        this.plane = null;
        this.revision++;
    }

    /** A second plane of values, made when first needed; it belongs to one change at a time. */
    spare() {
        this.plane ??= new Uint16Array(this.map.data.length);
        return this.plane;
    }

    /**
     * What lies in the cover becomes part of the map, and the cover is empty again.
     *
     * @param {string} label
     * @param {Paint} paint
     * @param {boolean} [seen] whether the view has shown it already
     */
    commitCover(label, paint, seen = false) {
        const { cover, map } = this;
        const change = (tile) => {
            const start = tile.y * map.width + tile.x;
            combine(map.data, cover.data, map.width, paint, tile, map.data, start, map.width);
        };
        const rect = this.#commit(label, cover.tiles.list(), change, seen);
        cover.clear();
        return rect;
    }

    /**
     * @param {string} label
     * @param {Uint16Array} values of the whole map, which takes them over
     */
    replaceAll(label, values) {
        if (values === this.plane) this.plane = null;
        return this.#moved("commit", this.history.replace(label, this.map, values));
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

    undo() {
        this.#moved("undo", this.history.undo(this.map));
    }

    redo() {
        this.#moved("redo", this.history.redo(this.map));
    }

    /**
     * @param {Change["kind"]} kind
     * @param {Rect} rect
     * @param {boolean} [seen]
     */
    tell(kind, rect, seen = false) {
        this.onChange(seen ? { kind, rect, seen } : { kind, rect });
    }

    #commit(label, tiles, change, seen) {
        const rect = this.history.record(label, this.map, tiles, change);
        return this.#moved("commit", rect, seen);
    }

    #moved(kind, rect, seen) {
        if (!rect) return null;
        this.revision++;
        this.tell(kind, rect, seen);
        return rect;
    }
}
