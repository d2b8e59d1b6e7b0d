import { encodeTile } from "./codec.mjs";
import { union } from "./rect.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {import("./tiles.mjs").TileSet} TileSet
 * @typedef {import("./codec.mjs").Writer} Writer
 */

const OVERHEAD = 256; // bytes that a step costs beside its data, about

/** One change of a map: the tiles that it touched, and how they differed before. */
export class Step {
    /**
     * @param {string} label
     * @param {ArrayLike<number>} all tiles that may change
     * @param {TileSet} grid of the map
     * @param {Writer} writer of its own until it is closed
     */
    constructor(label, all, grid, writer) {
        this.label = label;
        this.grid = grid;
        /** Those that may have changed; once closed, those that did, in the order of their bytes. */
        this.tiles = all;
        /** Those that did, as far as it is packed. @type {number[]} */
        this.changed = [];
        /** By index of a tile where it begins; -1: it has not changed (yet). @type {Int32Array | null} */
        this.places = new Int32Array(grid.flags.length).fill(-1);
        /** The same once closed, of each that changed. @type {Uint32Array | null} */
        this.starts = null;
        /** @type {Writer | null} */
        this.writer = writer;
        /** Packed; null until it is closed. @type {Uint8Array | null} */
        this.bytes = null;
        /** -1: packed when it was undone, so the differences are the other way round. @type {1 | -1} */
        this.sign = 1;
        /** What changed so far. @type {Rect | null} */
        this.rect = null;
        /** Of a step that replaced all values: those of the other side. @type {Uint16Array | null} */
        this.plane = null;
        /** Whether it can be undone or redone. */
        this.counts = false;
    }

    /** Bytes of memory, once closed. */
    get size() {
        return 2 * this.starts.byteLength + this.bytes.byteLength + OVERHEAD;
    }

    /** Packs how a tile differed before. @param {Uint16Array} before as `loadTile` left it */
    keep(index, before, map, rect) {
        const start = this.writer.length;
        if (!encodeTile(before, map, rect, this.writer)) return;
        this.places[index] = start;
        this.changed.push(index);
        this.rect = union(this.rect, rect);
    }

    /** Nothing is packed of it. */
    restart() {
        this.writer.length = 0;
        this.changed = [];
        this.places.fill(-1);
        this.rect = null;
    }

    /** All tiles are packed. @returns {Writer} which is free for others */
    close() {
        const { writer, places } = this;
        this.tiles = Uint32Array.from(this.changed);
        this.starts = Uint32Array.from(this.changed, (index) => places[index]);
        this.bytes = writer.take();
        this.writer = this.places = this.plane = null;
        this.changed = [];
        return writer;
    }

    /** By index of every tile where its bytes begin; while it is open, as far as it got by then. */
    get index() {
        if (this.places) return this.places;
        const places = new Int32Array(this.grid.flags.length).fill(-1);
        for (let i = 0; i < this.tiles.length; i++) places[this.tiles[i]] = this.starts[i];
        return places;
    }
}
