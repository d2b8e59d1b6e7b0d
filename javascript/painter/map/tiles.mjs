import { union } from "./rect.mjs";

/** @typedef {import("./rect.mjs").Rect} Rect */

/** Side of a tile in pixels: history and previews work by tiles, so that work follows the brush. */
export const TILE = 64;

/** A set of tiles of a canvas, and the pixels that they are about. */
export class TileSet {
    /** @param {import("./rect.mjs").Size} size */
    constructor({ width, height }) {
        this.width = width;
        this.height = height;
        this.columns = Math.ceil(width / TILE);
        this.flags = new Uint8Array(this.columns * Math.ceil(height / TILE));
        /** Bounds of everything marked. @type {Rect | null} */
        this.bounds = null;
    }

    /** @param {Rect | null} rect inside the canvas */
    mark(rect) {
        if (!rect) return;
        this.bounds = union(this.bounds, rect);
        const left = Math.floor(rect.x / TILE);
        const right = Math.ceil((rect.x + rect.w) / TILE);
        const bottom = Math.ceil((rect.y + rect.h) / TILE);
        for (let row = Math.floor(rect.y / TILE); row < bottom; row++) {
            this.flags.fill(1, row * this.columns + left, row * this.columns + right);
        }
    }

    /**
     * Indices of the marked tiles, row by row.
     *
     * @returns {number[]}
     */
    list() {
        const found = [];
        for (let i = 0; i < this.flags.length; i++) if (this.flags[i]) found.push(i);
        return found;
    }

    clear() {
        this.flags.fill(0);
        this.bounds = null;
    }

    /**
     * The pixels of a tile; those at the right and bottom border are smaller.
     *
     * @param {number} index
     * @returns {Rect}
     */
    rect(index) {
        const x = (index % this.columns) * TILE;
        const y = Math.floor(index / this.columns) * TILE;
        return { x, y, w: Math.min(TILE, this.width - x), h: Math.min(TILE, this.height - y) };
    }
}

/**
 * Indices of the tiles that a rectangle touches.
 *
 * @param {Rect | null} rect
 * @param {import("./rect.mjs").Size} size
 */
export function tilesOf(rect, size) {
    const tiles = new TileSet(size);
    tiles.mark(rect);
    return tiles.list();
}
