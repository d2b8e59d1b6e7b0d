import { FULL } from "../../map/map.mjs";
import { stepOnImage, toImage } from "../../display/view.mjs";

/**
 * Lines over the map: where it crosses 25, 50 and 75 %, where it is exactly 0, and the border of
 * what is selected. They are found anew when the view and the map have come to rest, for the pixels
 * of the screen, so that they are as thin at every zoom.
 */

const REST = 90; // milliseconds
const DASH = 3; // bits of a screen position by which a border is dashed
const LEVELS = [0.25, 0.5, 0.75].map((part) => Math.round(part * FULL));
const INKS = {
    level: 0xb0ffffff, // RGBA, the lowest byte is red
    zero: [0xf0ffffff, 0xf0000000],
    border: [0xffffffff, 0xff00579e],
};

/** Which of the areas between the levels a value lies in; 0: kept exactly. @param {number} value */
export const bandOf = (value) =>
    value === 0 ? 0 : 1 + LEVELS.reduce((sum, level) => sum + (value >= level ? 1 : 0), 0);

/**
 * Marks the pixels of a screen at which an area ends.
 *
 * @param {number} width of the screen, device pixels
 * @param {number} height
 * @param {(x: number, y: number) => number} areaOf a screen pixel; below 0: off the picture
 * @param {(area: number, beside: number, x: number, y: number) => number} ink RGBA of the pixel
 *     between two areas
 * @param {Uint32Array} out
 */
export function outline(width, height, areaOf, ink, out) {
    const above = new Int16Array(width).fill(-1);
    for (let y = 0; y < height; y++) {
        let left = -1;
        for (let x = 0; x < width; x++) {
            const here = areaOf(x, y);
            const up = above[x];
            if (here >= 0) {
                if (left >= 0 && left !== here) out[y * width + x] = ink(here, left, x, y);
                else if (up >= 0 && up !== here) out[y * width + x] = ink(here, up, x, y);
            }
            above[x] = here;
            left = here;
        }
    }
}

/**
 * Which pixel of the map lies under a pixel of the screen.
 *
 * @param {import("./viewport.mjs").Viewport} stage
 * @param {number} width of the screen, device pixels
 * @param {number} height
 * @returns {(x: number, y: number) => number} its index; -1: off the picture
 */
export function placesOf({ view, ratio, size }, width, height) {
    const one = 1 / ratio;
    const first = toImage(view, { x: one / 2, y: one / 2 });
    const across = stepOnImage(view, { x: one, y: 0 });
    const down = stepOnImage(view, { x: 0, y: one });
    if (across.y === 0 && down.x === 0) {
        const place = (length, n, from, step) =>
            Int32Array.from({ length: n }, (_, i) => {
                const at = Math.floor(from + i * step);
                return at >= 0 && at < length ? at : -1;
            });
        const columns = place(size.width, width, first.x, across.x);
        const rows = place(size.height, height, first.y, down.y);
        return (x, y) => (columns[x] < 0 || rows[y] < 0 ? -1 : rows[y] * size.width + columns[x]);
    }
    return (x, y) => {
        const u = Math.floor(first.x + x * across.x + y * down.x);
        const v = Math.floor(first.y + x * across.y + y * down.y);
        return u < 0 || v < 0 || u >= size.width || v >= size.height ? -1 : v * size.width + u;
    };
}

const dashed = (pair, x, y) => pair[((x + y) >> DASH) & 1];

export class Lines {
    /**
     * @param {HTMLCanvasElement} canvas
     * @param {import("../stage/stage.mjs").Stage} stage
     */
    constructor(canvas, stage) {
        this.canvas = canvas;
        this.stage = stage;
        /** @type {Uint16Array | null} */
        this.selection = null;
        this.timer = 0;
        this.drawnAny = false;
    }

    get wanted() {
        const { settings, compare, peeking } = this.stage;
        return !peeking && compare === "off" && (settings.values.contours || this.selection);
    }

    /** Something changed: they are gone until it rests. @param {boolean} moved the view did */
    later(moved) {
        if (moved && this.drawnAny) this.clear();
        if (!this.wanted && !this.drawnAny) return;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.draw(), REST);
    }

    clear() {
        this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
        this.drawnAny = false;
    }

    draw() {
        this.clear();
        const { stage, canvas } = this;
        const { document } = stage;
        const { landing } = /** @type {import("../../document/regions.mjs").RegionStack} */ (
            document
        );
        if (!this.wanted || !document || !canvas.width || !stage.hasPicture) return;
        if (stage.settings.values.contours && landing) return this.later(false);
        const { width, height } = canvas;
        const image = new ImageData(width, height);
        const out = new Uint32Array(image.data.buffer);
        const placed = placesOf(stage, width, height);
        const over = (test) => (x, y) => {
            const at = placed(x, y);
            return at < 0 ? -1 : test(at);
        };
        if (stage.settings.values.contours) {
            const ink = (a, b, x, y) => (a && b ? INKS.level : dashed(INKS.zero, x, y));
            outline(
                width,
                height,
                over((i) => bandOf(document.at(i))),
                ink,
                out,
            );
        }
        const { selection } = this;
        if (selection) {
            const ink = (a, b, x, y) => dashed(INKS.border, x, y);
            outline(
                width,
                height,
                over((i) => (selection[i] > FULL / 2 ? 1 : 0)),
                ink,
                out,
            );
        }
        canvas.getContext("2d").putImageData(image, 0, 0);
        this.drawnAny = true;
    }
}
