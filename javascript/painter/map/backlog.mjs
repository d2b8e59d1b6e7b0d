import { TILE, TileSet } from "./tiles.mjs";

/**
 * Work on the tiles of a map that is put off, so that a change of many tiles holds nobody up. Each
 * tile keeps the order in which its work came in. Whoever reads or changes a tile has its work done
 * first, and the rest is done in slices: nobody can tell that it was put off.
 *
 * @typedef {import("./rect.mjs").Rect} Rect
 *
 * @typedef {object} Job
 * @property {Uint8Array} flags 1: a tile that is still to be done
 * @property {number} left how many those are
 * @property {(index: number, rect: Rect) => void} act does one tile
 * @property {() => void} done called when all tiles are
 * @property {boolean} passive it changes no value of the map
 */

export class Backlog {
    /** @param {import("./rect.mjs").Size} size of the map */
    constructor(size) {
        this.grid = new TileSet(size);
        /** In the order in which they came. @type {Job[]} */
        this.jobs = [];
        this.at = 0; // the tile from which on slices go on
    }

    get empty() {
        return this.jobs.length === 0;
    }

    /** Whether values of the map are still to change. */
    get active() {
        return this.jobs.some(({ passive }) => !passive);
    }

    /**
     * @param {ArrayLike<number>} tiles indices, at least one
     * @param {Job["act"]} act
     * @param {{ done?: () => void, passive?: boolean }} [more]
     * @returns {Job}
     */
    add(tiles, act, { done = () => {}, passive = false } = {}) {
        const flags = new Uint8Array(this.grid.flags.length);
        for (let i = 0; i < tiles.length; i++) flags[tiles[i]] = 1;
        if (this.empty) this.at = tiles[0];
        const job = { flags, left: tiles.length, act, done, passive };
        this.jobs.push(job);
        return job;
    }

    /**
     * Makes the values of a rectangle those that they are to be.
     *
     * @param {Rect} rect inside the map
     */
    land({ x, y, w, h }) {
        if (!this.active) return;
        const { columns } = this.grid;
        const [right, bottom] = [Math.ceil((x + w) / TILE), Math.ceil((y + h) / TILE)];
        for (let row = Math.floor(y / TILE); row < bottom; row++) {
            for (let column = Math.floor(x / TILE); column < right; column++) {
                const index = row * columns + column;
                if (this.jobs.some(({ passive, flags }) => !passive && flags[index])) {
                    this.tile(index);
                }
            }
        }
    }

    /**
     * Does tiles for about so long, wherever they are.
     *
     * @param {number} budget milliseconds
     */
    work(budget) {
        const end = performance.now() + budget;
        const { length } = this.grid.flags;
        for (let n = 0; n < length && !this.empty; n++) {
            const index = this.at;
            this.at = (index + 1) % length;
            if (this.tile(index) && performance.now() > end) return;
        }
    }

    /**
     * Does all that there is for one tile.
     *
     * @param {number} index
     * @returns {boolean} whether there was anything
     */
    tile(index) {
        let [any, over] = [false, false];
        for (const job of this.jobs) {
            if (!job.flags[index]) continue;
            job.flags[index] = 0; // first: what fails is not tried again and again
            if (--job.left === 0) over = true;
            any = true;
            job.act(index, this.grid.rect(index));
        }
        if (over) {
            const ended = this.jobs.filter(({ left }) => left === 0);
            this.jobs = this.jobs.filter(({ left }) => left > 0);
            for (const job of ended) job.done();
        }
        return any;
    }
}
