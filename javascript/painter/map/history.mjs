import { TILE, TileSet, tilesOf } from "./tiles.mjs";
import { Writer, applyTile, encodeTile, loadTile } from "./codec.mjs";
import { rowsThatDiffer, union } from "./rect.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {import("./map.mjs").GreyMap} GreyMap
 *
 * @typedef {object} Step one change: the tiles that it touched, and how they differed before
 * @property {string} label
 * @property {Uint32Array} tiles
 * @property {Uint8Array | null} bytes packed; null as long as that waits
 * @property {1 | -1} sign -1: packed when it was undone, so the differences are the other way round
 *
 * @typedef {object} Waiting the one step that is not packed yet
 * @property {Step} step
 * @property {GreyMap} map
 * @property {number} packed tiles of it that are packed already
 * @property {Uint16Array} [plane] of a step that replaced all values: those of the other side
 * @property {number[]} [changed] tiles of such a step, among the packed ones, that differ
 * @property {Rect} [rect] what it changed
 */

const OVERHEAD = 256; // bytes that a step costs beside its data, about
const MOST_WAITING = 16 * 1024 * 1024; // bytes of a step; larger ones are packed at once
const SLICE_MS = 4; // of packing at a time
const AREA = TILE * TILE;

/**
 * Undo and redo by changed tiles. A step holds differences, which work both ways: undoing and
 * redoing costs no more than adding or subtracting them, and a step never changes its size.
 */
export class History {
    /**
     * @param {number} [limit] bytes; the newest step is kept even if it alone is larger
     * @param {(task: () => void) => void} [later] calls a task when there is nothing else to do.
     *     With it the newest step is kept as it is (in memory beyond the limit) and packed then, so
     *     that a change takes no longer than changing; without it every step is packed at once.
     */
    constructor(limit = 64 * 1024 * 1024, later = null) {
        this.limit = limit;
        this.later = later;
        /** @type {Waiting | null} */
        this.waiting = null;
        /** The newest step of all, whose other side stands in `raw`: no need to unpack it. */
        this.fresh = null;
        this.raw = new Uint16Array(0);
        /** @type {Step[]} */
        this.done = [];
        /** @type {Step[]} */
        this.undone = [];
        this.bytes = 0;
        this.writer = new Writer();
        this.before = new Uint16Array(TILE * TILE);
    }

    /**
     * Changes a map, tile by tile, so that the change can be undone.
     *
     * @param {string} label shown to the user
     * @param {GreyMap} map
     * @param {number[]} tiles indices of all tiles that may change
     * @param {(rect: Rect) => void} change changes the map inside `rect` only
     * @returns {Rect | null} what changed; null when nothing did, which is no step
     */
    record(label, map, tiles, change) {
        this.settle();
        this.fresh = null;
        const grid = new TileSet(map);
        const wait = this.later !== null && 2 * AREA * tiles.length <= MOST_WAITING;
        if (wait && this.raw.length < AREA * tiles.length) {
            this.raw = new Uint16Array(AREA * tiles.length);
        }
        this.writer.length = 0; // a change that failed may have left something
        const changed = [];
        let dirty = null;
        for (const index of tiles) {
            const rect = grid.rect(index);
            const before = wait ? this.#slot(changed.length) : this.before;
            loadTile(map, rect, before);
            change(rect);
            const differs = wait
                ? differsFrom(before, map, rect)
                : encodeTile(before, map, rect, this.writer);
            if (!differs) continue;
            changed.push(index);
            dirty = union(dirty, rect);
        }
        if (!dirty) return null;
        this.#forgetUndone();
        /** @type {Step} */
        const step = { label, tiles: Uint32Array.from(changed), bytes: null, sign: 1 };
        this.done.push(step);
        if (wait) {
            this.fresh = step;
            this.waiting = { step, map, packed: 0 };
            this.#packLater();
        } else this.#packed(step);
        return dirty;
    }

    /**
     * Takes over values for the whole map, so that the change can be undone. What was there before
     * is kept as it is and packed when there is time: this takes no longer than to compare.
     *
     * @param {string} label
     * @param {GreyMap} map
     * @param {Uint16Array} values of the map's size; the map owns them from now on
     * @param {Rect | null} [rect] the rows in which they differ, where that is known
     * @returns {Rect | null}
     */
    replace(label, map, values, rect = rowsThatDiffer(map, values)) {
        this.settle();
        this.fresh = null;
        if (!rect) return null;
        this.#forgetUndone();
        const step = { label, tiles: Uint32Array.from(tilesOf(rect, map)), bytes: null, sign: 1 };
        this.done.push(/** @type {Step} */ (step));
        this.writer.length = 0;
        const plane = map.data;
        map.data = values;
        this.waiting = {
            step: /** @type {Step} */ (step),
            map,
            packed: 0,
            plane,
            changed: [],
            rect,
        };
        if (this.later) this.#packLater();
        else this.settle();
        return rect;
    }

    /** Packs what waits, in slices between which the page goes on. */
    async rest() {
        while (this.waiting) {
            this.#pack(SLICE_MS);
            await new Promise((on) => setTimeout(on));
        }
    }

    /** Packs what waits, now. */
    settle() {
        while (this.waiting) this.#pack(Infinity);
    }

    /**
     * @param {GreyMap} map
     * @returns {Rect | null} what changed; null when there was nothing to undo
     */
    undo(map) {
        return this.#move(this.done, this.undone, map, 1);
    }

    /**
     * @param {GreyMap} map
     * @returns {Rect | null}
     */
    redo(map) {
        return this.#move(this.undone, this.done, map, -1);
    }

    /** Label of what undo would take back, or null. */
    get undoLabel() {
        return this.done.at(-1)?.label ?? null;
    }

    /** Label of what redo would bring again, or null. */
    get redoLabel() {
        return this.undone.at(-1)?.label ?? null;
    }

    clear() {
        this.done = [];
        this.undone = [];
        this.bytes = 0;
        this.waiting = null;
        this.fresh = null;
    }

    #forgetUndone() {
        for (const step of this.undone) this.bytes -= sizeOf(step);
        this.undone = [];
    }

    #move(from, to, map, sign) {
        const step = from.pop();
        if (!step) return null;
        if (step !== this.waiting?.step) this.settle(); // it is packed against the map as it is now
        to.push(step);
        if (this.waiting?.plane) {
            const { waiting } = this;
            [map.data, waiting.plane] = [waiting.plane, map.data];
            waiting.packed = 0;
            waiting.changed = [];
            this.writer.length = 0;
            step.sign = step.sign > 0 ? -1 : 1;
            return waiting.rect;
        }
        const grid = new TileSet(map);
        let dirty = null;
        let at = 0;
        step.tiles.forEach((index, i) => {
            const rect = grid.rect(index);
            if (step === this.fresh) swapTile(this.#slot(i), map, rect);
            else
                at = applyTile(step.bytes, at, map, rect, /** @type {1 | -1} */ (sign * step.sign));
            dirty = union(dirty, rect);
        });
        if (step === this.waiting?.step) {
            this.waiting.packed = 0; // what was packed so far is the wrong way round now
            this.writer.length = 0;
            step.sign = step.sign > 0 ? -1 : 1;
        }
        return dirty;
    }

    #slot(i) {
        return this.raw.subarray(i * AREA, (i + 1) * AREA);
    }

    #packLater() {
        const { waiting } = this;
        this.later(() => {
            if (this.waiting !== waiting) return;
            this.#pack(SLICE_MS);
            if (this.waiting) this.#packLater();
        });
    }

    /** Packs tiles of the step that waits, for about so many milliseconds. */
    #pack(budget) {
        const { waiting } = this;
        const { step, map } = waiting;
        const grid = new TileSet(map);
        const end = performance.now() + budget;
        while (waiting.packed < step.tiles.length) {
            const index = step.tiles[waiting.packed];
            const rect = grid.rect(index);
            if (waiting.plane) {
                loadTile({ data: waiting.plane, width: map.width }, rect, this.before);
                if (encodeTile(this.before, map, rect, this.writer)) waiting.changed.push(index);
                waiting.packed++;
            } else encodeTile(this.#slot(waiting.packed++), map, rect, this.writer);
            if (performance.now() > end) return;
        }
        if (waiting.plane) step.tiles = Uint32Array.from(waiting.changed);
        this.waiting = null;
        this.#packed(step);
    }

    /** What the writer holds is the step; older ones may have to go for it. */
    #packed(step) {
        step.bytes = this.writer.take();
        this.bytes += sizeOf(step);
        this.#trim();
    }

    #trim() {
        while (this.bytes > this.limit && this.done.length > 1) {
            this.bytes -= sizeOf(this.done.shift());
        }
    }
}

const sizeOf = ({ tiles, bytes }) => tiles.byteLength + bytes.byteLength + OVERHEAD;

function differsFrom(tile, { data, width }, { x, y, w, h }) {
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        for (let i = 0; i < w; i++) if (tile[row * TILE + i] !== data[from + i]) return true;
    }
    return false;
}

/** What stands in the map and what was kept change places. */
function swapTile(tile, { data, width }, { x, y, w, h }) {
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        for (let i = 0; i < w; i++) {
            const kept = tile[row * TILE + i];
            tile[row * TILE + i] = data[from + i];
            data[from + i] = kept;
        }
    }
}
