import { TILE, TileSet } from "./tiles.mjs";
import { Writer, applyTile, encodeTile, loadTile } from "./codec.mjs";
import { union } from "./rect.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {import("./map.mjs").GreyMap} GreyMap
 *
 * @typedef {object} Step one change: the tiles that it touched, and how they differed before
 * @property {string} label
 * @property {Uint32Array} tiles
 * @property {Uint8Array} bytes
 */

const OVERHEAD = 256; // bytes that a step costs beside its data, about

/**
 * Undo and redo by changed tiles. A step holds differences, which work both ways: undoing and
 * redoing costs no more than adding or subtracting them, and a step never changes its size.
 */
export class History {
    /** @param {number} [limit] bytes; the newest step is kept even if it alone is larger */
    constructor(limit = 64 * 1024 * 1024) {
        this.limit = limit;
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
        const grid = new TileSet(map);
        this.writer.length = 0; // a change that failed may have left something
        const changed = [];
        let dirty = null;
        for (const index of tiles) {
            const rect = grid.rect(index);
            loadTile(map, rect, this.before);
            change(rect);
            if (!encodeTile(this.before, map, rect, this.writer)) continue;
            changed.push(index);
            dirty = union(dirty, rect);
        }
        if (!dirty) return null;
        for (const step of this.undone) this.bytes -= sizeOf(step);
        this.undone = [];
        const step = { label, tiles: Uint32Array.from(changed), bytes: this.writer.take() };
        this.bytes += sizeOf(step);
        this.done.push(step);
        this.#trim();
        return dirty;
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
    }

    #move(from, to, map, sign) {
        const step = from.pop();
        if (!step) return null;
        const grid = new TileSet(map);
        let dirty = null;
        let at = 0;
        for (const index of step.tiles) {
            const rect = grid.rect(index);
            at = applyTile(step.bytes, at, map, rect, sign);
            dirty = union(dirty, rect);
        }
        to.push(step);
        return dirty;
    }

    #trim() {
        while (this.bytes > this.limit && this.done.length > 1) {
            this.bytes -= sizeOf(this.done.shift());
        }
    }
}

const sizeOf = ({ tiles, bytes }) => tiles.byteLength + bytes.byteLength + OVERHEAD;
