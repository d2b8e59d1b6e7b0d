import { TILE, TileSet } from "../../map/tiles.mjs";
import { compose, overlayTable } from "../../display/heat.mjs";
import { rowsOf, union, whole } from "../../map/rect.mjs";

/**
 * The map as a picture of its own, in the colours of the view. Only tiles that changed are composed
 * again, and never for longer than a frame allows: the rest follows in the next ones.
 *
 * @typedef {import("../../map/rect.mjs").Rect} Rect
 */

const RUN = 16; // tiles composed at once: few calls, and the clock is looked at often enough
const MOST_PIXELS = 4096 * 4096; // larger maps are shown at half their size

/** Whole pixels of the map for one of its picture. */
export const divisorOf = ({ width, height }) => (width * height > MOST_PIXELS ? 2 : 1);

export class MapLayer {
    constructor() {
        this.canvas = document.createElement("canvas");
        this.values = new Uint16Array(TILE * TILE * RUN);
        this.rgba = new Uint8ClampedArray(4 * TILE * TILE * RUN);
        this.setMode("heat");
        /** @type {import("../../document/document.mjs").PaintDocument | import("../../document/stack.mjs").Stack | null} */
        this.source = null;
        /** Shown instead of the map. @type {Uint16Array | null} */
        this.plane = null;
    }

    /**
     * Shows a document from now on, at its present size.
     *
     * @param {import("../../document/document.mjs").PaintDocument | import("../../document/stack.mjs").Stack} source
     */
    show(source) {
        this.source = source;
        this.plane = null;
        this.divisor = divisorOf(source);
        const { canvas, divisor } = this;
        canvas.width = Math.ceil(source.width / divisor); // which also empties it
        canvas.height = Math.ceil(source.height / divisor);
        this.context = canvas.getContext("2d", { willReadFrequently: true });
        this.tiles = new TileSet(source);
        /** Tiles of the canvas that are transparent: the map may be so there, too. */
        this.empty = new Uint8Array(this.tiles.flags.length).fill(1);
        this.markAll();
    }

    /** @param {"heat" | "grey"} mode */
    setMode(mode) {
        this.table = overlayTable(mode, 1);
        if (this.source) this.markAll();
    }

    /** @param {Uint16Array | null} values to be seen instead of the map; null: the map */
    preview(values) {
        if (this.plane === values) return;
        this.plane = values;
        if (this.source) this.markAll();
    }

    /** @param {Rect | null} rect pixels that look different now */
    mark(rect) {
        if (rect) this.tiles.mark(rect);
    }

    markAll() {
        this.tiles.mark(whole(this.source));
    }

    get busy() {
        return this.tiles?.bounds !== null;
    }

    /**
     * Composes what is marked, for about so long.
     *
     * @param {number} budget milliseconds
     * @returns {Rect | null} pixels of the map that were drawn anew
     */
    work(budget) {
        const { tiles } = this;
        if (!tiles.bounds) return null;
        const end = performance.now() + budget;
        const { columns, flags, bounds } = tiles;
        let drawn = null;
        const lastRow = Math.ceil((bounds.y + bounds.h) / TILE);
        for (let row = Math.floor(bounds.y / TILE); row < lastRow; row++) {
            for (let column = 0; column < columns; column++) {
                const first = row * columns + column;
                if (!flags[first]) continue;
                let count = 1;
                while (count < RUN && column + count < columns && flags[first + count]) count++;
                flags.fill(0, first, first + count);
                const rect = tiles.rect(first);
                const last = tiles.rect(first + count - 1);
                rect.w = last.x + last.w - rect.x;
                if (this.#compose(rect, first, count)) drawn = union(drawn, rect);
                column += count - 1;
                if (performance.now() > end) {
                    const y = row * TILE;
                    tiles.bounds = { ...bounds, y, h: bounds.y + bounds.h - y };
                    return drawn;
                }
            }
        }
        tiles.bounds = null;
        return drawn;
    }

    /** Whether there was anything to draw, on so many tiles from the first on. */
    #compose(rect, first, count) {
        let { w, h } = rect;
        let values = this.values.subarray(0, w * h);
        if (this.plane) rowsOf(this.plane, this.source.width, rect, values);
        else this.source.read(rect, values);
        const { empty } = this;
        const blank = this.table.at(-1) === 0 && isBlank(values);
        if (blank && !empty.subarray(first, first + count).includes(0)) return false;
        empty.fill(Number(blank), first, first + count);
        if (this.divisor > 1) {
            values = thinned(values, w, h, this.divisor);
            [w, h] = [Math.ceil(w / this.divisor), Math.ceil(h / this.divisor)];
        }
        const rgba = this.rgba.subarray(0, 4 * w * h);
        compose(values, this.table, rgba);
        const image = new ImageData(rgba, w, h);
        this.context.putImageData(image, rect.x / this.divisor, rect.y / this.divisor);
        return true;
    }
}

function isBlank(values) {
    for (let i = 0; i < values.length; i++) if (values[i]) return false;
    return true;
}

/** Every n-th value of every n-th row, at the front of the same array. */
function thinned(values, w, h, n) {
    let o = 0;
    for (let y = 0; y < h; y += n) for (let x = 0; x < w; x += n) values[o++] = values[y * w + x];
    return values.subarray(0, o);
}
