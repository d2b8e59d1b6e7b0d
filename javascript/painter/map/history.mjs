import { Backlog } from "./backlog.mjs";
import { Step } from "./step.mjs";
import { TILE, tilesOf } from "./tiles.mjs";
import { Writer, applyTile, loadTile } from "./codec.mjs";
import { rowsThatDiffer, union, whole } from "./rect.mjs";

/**
 * @typedef {import("./rect.mjs").Rect} Rect
 * @typedef {import("./map.mjs").GreyMap} GreyMap
 */

const SLICE_MS = 4; // of work that was put off, at a time

/**
 * Undo and redo by changed tiles. A step holds differences, which work both ways: undoing and
 * redoing costs no more than adding or subtracting them, and a step never changes its size.
 */
export class History {
    /**
     * @param {number} [limit] bytes; the newest step is kept even if it alone is larger
     * @param {(task: () => void) => void} [later] calls a task when there is nothing else to do.
     *     With it changing, undoing, redoing and packing are put off tile by tile, and whoever looks
     *     at the map calls `land` first; without it everything is done at once.
     */
    constructor(limit = 64 * 1024 * 1024, later = null) {
        this.limit = limit;
        this.later = later;
        /** The map that work is put off for. @type {GreyMap | null} */
        this.map = null;
        this.backlog = new Backlog({ width: 0, height: 0 });
        this.called = false; // `later` has a task of ours
        /** @type {Step[]} */
        this.done = [];
        /** @type {Step[]} */
        this.undone = [];
        this.bytes = 0;
        /** One that no step is using, or null. @type {Writer | null} */
        this.writer = null;
        this.before = new Uint16Array(TILE * TILE);
    }

    /**
     * Changes a map, tile by tile, so that the change can be undone.
     *
     * @param {string} label shown to the user
     * @param {GreyMap} map
     * @param {number[]} tiles indices of all tiles that may change
     * @param {(rect: Rect) => void} change changes the map inside `rect` only; called once for each
     *     tile, some of them later: what it reads beside the map must stay as it is until then
     * @returns {Rect | null} what changed, or what may where some of it is put off; null when
     *     nothing did, which is no step
     */
    record(label, map, tiles, change) {
        if (!tiles.length) return null;
        this.#turnTo(map);
        const { backlog } = this;
        const step = this.#opened(label, tiles);
        const act = (index, rect) => {
            loadTile(map, rect, this.before);
            change(rect);
            if (differsFrom(this.before, map, rect)) step.keep(index, this.before, map, rect);
        };
        const job = backlog.add(tiles, act, { done: () => step.counts && this.#packed(step) });
        for (let i = 0; i < tiles.length && !step.rect; i++) backlog.tile(tiles[i]);
        if (!step.rect) {
            this.writer ??= step.writer;
            return null;
        }
        this.#push(step);
        if (job.left === 0) this.#packed(step);
        this.#goOn();
        return job.left ? boundsOf(tiles, backlog.grid) : step.rect;
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
    replace(label, map, values, rect) {
        this.#turnTo(map);
        this.settle(); // there is one plane beside the map's at most
        if (rect === undefined) rect = rowsThatDiffer(map, values);
        if (!rect) return null;
        const step = this.#opened(label, tilesOf(rect, map));
        step.plane = map.data;
        map.data = values;
        this.#packPlane(step);
        this.#push(step);
        this.#goOn();
        return rect;
    }

    /**
     * Makes the values of a rectangle those that they are to be.
     *
     * @param {Rect} [rect] all of the map when left out
     */
    land(rect) {
        if (!this.backlog.empty) this.backlog.land(rect ?? whole(this.map));
    }

    /** Whether values of the map are still to change. */
    get landing() {
        return this.backlog.active;
    }

    /**
     * Does what was put off, in slices between which the page goes on.
     *
     * @param {boolean} [values] only until all values are those that they are to be
     */
    async rest(values = false) {
        while (values ? this.landing : !this.backlog.empty) {
            this.backlog.work(SLICE_MS);
            await new Promise((on) => setTimeout(on));
        }
    }

    /** Does what was put off, now. */
    settle() {
        this.backlog.work(Infinity);
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
        this.settle();
        this.done = [];
        this.undone = [];
        this.bytes = 0;
    }

    /** @param {GreyMap} map that work is put off for from now on */
    #turnTo(map) {
        if (map === this.map) return;
        this.settle();
        this.map = map;
        this.backlog = new Backlog(map);
    }

    /** A step of which nothing is packed yet. */
    #opened(label, tiles) {
        const writer = this.writer ?? new Writer();
        this.writer = null;
        return new Step(label, tiles, this.backlog.grid, writer);
    }

    /** The step is the newest one. @param {Step} step */
    #push(step) {
        for (const one of this.undone) this.#forget(one);
        this.undone = [];
        this.done.push(step);
        step.counts = true;
    }

    /** @param {Step} step */
    #forget(step) {
        step.counts = false;
        if (step.bytes) this.bytes -= step.size;
    }

    #move(from, to, map, sign) {
        const step = from.pop();
        if (!step) return null;
        this.#turnTo(map);
        to.push(step);
        const { backlog } = this;
        const { tiles, index: places } = step;
        if (step.plane && backlog.jobs.length === 1) this.#exchange(step, map);
        else {
            backlog.add(tiles, (index, rect) => {
                if (places[index] < 0) return;
                const bytes = step.bytes ?? step.writer.bytes;
                const way = /** @type {1 | -1} */ (sign * step.sign);
                applyTile(bytes, places[index], map, rect, way);
            });
        }
        this.#goOn();
        return boundsOf(tiles, backlog.grid);
    }

    /** Both sides of a step that replaced all values are there: they change places. */
    #exchange(step, map) {
        [map.data, step.plane] = [step.plane, map.data];
        this.backlog.jobs = []; // what was packed so far is the wrong way round now
        step.restart();
        step.sign = step.sign > 0 ? -1 : 1;
        this.#packPlane(step);
    }

    /** @param {Step} step */
    #packPlane(step) {
        const { map } = this;
        const act = (index, rect) => {
            loadTile({ data: step.plane, width: map.width }, rect, this.before);
            step.keep(index, this.before, map, rect);
        };
        this.backlog.add(step.tiles, act, { done: () => this.#packed(step), passive: true });
    }

    /** All tiles of a step are packed; older ones may have to go for it. */
    #packed(step) {
        const writer = step.close();
        this.writer ??= writer;
        if (!step.counts) return;
        this.bytes += step.size;
        this.#trim();
    }

    #trim() {
        while (this.bytes > this.limit && this.done.length > 1 && this.done[0].bytes) {
            this.#forget(this.done.shift());
        }
    }

    /** What is put off goes on when there is time, or at once where nothing may be put off. */
    #goOn() {
        if (!this.later) return this.settle();
        if (this.called || this.backlog.empty) return;
        this.called = true;
        this.later(() => {
            this.called = false;
            this.backlog.work(SLICE_MS);
            this.#goOn();
        });
    }
}

/** @param {ArrayLike<number>} tiles @param {import("./tiles.mjs").TileSet} grid */
function boundsOf(tiles, grid) {
    let bounds = null;
    for (let i = 0; i < tiles.length; i++) bounds = union(bounds, grid.rect(tiles[i]));
    return bounds;
}

function differsFrom(tile, { data, width }, { x, y, w, h }) {
    for (let row = 0; row < h; row++) {
        const from = (y + row) * width + x;
        for (let i = 0; i < w; i++) if (tile[row * TILE + i] !== data[from + i]) return true;
    }
    return false;
}
