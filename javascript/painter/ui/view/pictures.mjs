import { divisorOf } from "./layer.mjs";

/**
 * Pictures as the stage keeps and draws them.
 *
 * @typedef {HTMLImageElement | HTMLCanvasElement | ImageBitmap} Source
 * @typedef {"off" | "wipe" | "difference"} Compare how the last result is seen beside the picture
 */

const BRIGHTER = 1; // doublings of a difference, or small ones would look black

/** @param {Source} source */
export const sizeOf = (source) => ({
    width: /** @type {any} */ (source).naturalWidth ?? source.width,
    height: /** @type {any} */ (source).naturalHeight ?? source.height,
});

/** A copy of a picture as it is now, at the resolution that is shown. @param {Source} source */
export function copyOf(source) {
    const copying = new Copying(source);
    copying.work(Infinity);
    return copying.canvas;
}

const BAND = 128; // rows of a copy drawn at once

/** A copy that is made in parts, between which the page goes on. */
export class Copying {
    /** @param {Source} source */
    constructor(source) {
        this.source = source;
        this.size = sizeOf(source);
        const { width, height } = this.size;
        this.divisor = divisorOf(this.size);
        this.canvas = document.createElement("canvas");
        this.canvas.width = Math.ceil(width / this.divisor);
        this.canvas.height = Math.ceil(height / this.divisor);
        this.context = this.canvas.getContext("2d");
        this.context.imageSmoothingQuality = "high";
        // of an odd size, a part would not lie where it does in the whole
        const parts = width % this.divisor === 0 && height % this.divisor === 0;
        this.band = parts ? BAND : this.canvas.height;
        this.row = 0;
        this.begun = false;
        const one = document.createElement("canvas");
        one.width = one.height = 1;
        one.getContext("2d").drawImage(source, 0, 0, 1, 1, 0, 0, 1, 1); // or it is refused here
    }

    /**
     * Goes on for about so long.
     *
     * @param {number} budget milliseconds
     * @returns {boolean} whether it is done
     */
    work(budget) {
        const end = performance.now() + budget;
        const { canvas, context, source, size, divisor } = this;
        if (!this.begun) {
            this.begun = true;
            context.fillRect(0, 0, 1, 1); // gets the memory, which takes its time, too
            context.clearRect(0, 0, 1, 1);
            if (performance.now() > end) return false;
        }
        while (this.row < canvas.height) {
            const y = this.row;
            const h = Math.min(this.band, canvas.height - y);
            const [from, rows] =
                h === canvas.height ? [0, size.height] : [y * divisor, h * divisor];
            this.row += h; // first: what cannot be drawn is not tried in every frame
            context.drawImage(source, 0, from, size.width, rows, 0, y, canvas.width, h);
            if (performance.now() > end) break;
        }
        return this.row === canvas.height;
    }
}

/**
 * The picture, the result in its place, or both: side by side along a line, or how they differ.
 *
 * @param {CanvasRenderingContext2D} context in pixels of the picture
 * @param {import("../../map/rect.mjs").Size} size
 * @param {HTMLCanvasElement | null} picture
 * @param {HTMLCanvasElement | null} result
 * @param {Compare} compare
 * @param {number} wipe 0..1: left of it the picture, right of it the result
 */
export function drawPictures(context, { width, height }, picture, result, compare, wipe) {
    const draw = (one) => one && context.drawImage(one, 0, 0, width, height);
    draw(picture);
    if (!picture || !result || compare === "off") return;
    if (compare === "wipe") {
        context.save();
        context.beginPath();
        context.rect(wipe * width, 0, width, height);
        context.clip();
        draw(result);
        context.restore();
        return;
    }
    const both = document.createElement("canvas");
    [both.width, both.height] = [picture.width, picture.height];
    const inner = both.getContext("2d");
    inner.drawImage(picture, 0, 0);
    inner.globalCompositeOperation = "difference";
    inner.drawImage(result, 0, 0, both.width, both.height);
    inner.globalCompositeOperation = "saturation"; // how much, not which color
    inner.fillStyle = "#888";
    inner.fillRect(0, 0, both.width, both.height);
    inner.globalCompositeOperation = "lighter";
    for (let i = 0; i < BRIGHTER; i++) inner.drawImage(both, 0, 0);
    draw(both);
}
