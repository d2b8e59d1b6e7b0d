import { applied, product } from "../../move/matrix.mjs";
import { matrixOfMove } from "../../move/movemap.mjs";
import { deviceTransform } from "../../display/view.mjs";
import { h } from "../controls/dom.mjs";
import { drawFrame, frameOnScreen } from "./moveframe.mjs";

/**
 * What floats, on two canvases of its own over the map. They are drawn when it looks different on
 * the screen; while it is only shifted they are put elsewhere, and nothing is drawn.
 *
 * @typedef {import("./moving.mjs").Floating} Floating
 * @typedef {import("../../move/matrix.mjs").Matrix} Matrix
 * @typedef {import("../../display/view.mjs").Point} Point
 */

const MOST_PIXELS = 2 ** 22; // of the screen; of what is larger only the part that is seen is drawn
const ROOM = 12; // CSS pixels around the frame: its lines and grips

export class FloatView {
    /** @param {import("../stage/stage.mjs").Stage} stage */
    constructor(stage) {
        this.stage = stage;
        this.object = new Sheet("object");
        this.frame = new Sheet("frame");
        stage.layers.at(-1).before(this.object.canvas, this.frame.canvas);
        this.show(null);
    }

    /** @param {Floating | null} floating */
    show(floating) {
        const object = floating && !floating.move.gone;
        this.frame.canvas.hidden = !floating;
        this.object.canvas.hidden = !object;
        if (floating) this.#showFrame(floating.move);
        else this.frame.key = null;
        if (object) this.#showObject(floating);
        else this.object.key = null;
    }

    /** @param {Floating} floating */
    #showObject({ move, sprite }) {
        const { ratio, view } = this.stage;
        const { x, y, w, h: tall } = move.box;
        const moved = matrixOfMove(move);
        const seen = /** @type {Matrix} */ (deviceTransform(view, ratio));
        const matrix = product(seen, moved);
        const corners = rectangle(x, y, w, tall);
        const box = around(
            corners.map((corner) => applied(matrix, corner)),
            2,
        );
        if (sprite !== this.sprite) this.object.key = null;
        this.sprite = sprite;
        const [a, b, c, d, e, f] = matrix;
        const at = this.object.show(this.stage, [a, b, c, d, x, y, w, tall], box, [e, f], (on) => {
            on.transform(...matrix);
            on.imageSmoothingQuality = "high";
            on.drawImage(sprite, x, y, w, tall);
        });
        // nothing of it is seen outside of the picture
        const { width, height } = this.stage.size;
        const inside = corners.every((corner) => {
            const { x: u, y: v } = applied(moved, corner);
            return u >= 0 && v >= 0 && u <= width && v <= height;
        });
        const cut = rectangle(0, 0, width, height).map((corner) => {
            const { x: u, y: v } = applied(seen, corner);
            return `${(u - at.left) / ratio}px ${(v - at.top) / ratio}px`;
        });
        this.object.canvas.style.clipPath = inside ? "" : `polygon(${cut.join()})`;
    }

    /** @param {import("../../move/movemap.mjs").Move} move */
    #showFrame(move) {
        const { ratio } = this.stage;
        const frame = frameOnScreen(move, this.stage);
        const points = [...frame.corners, frame.knob].map(({ x, y }) => ({
            x: x * ratio,
            y: y * ratio,
        }));
        const [first, ...others] = points;
        const looks = others.flatMap(({ x, y }) => [x - first.x, y - first.y]);
        const box = around(points, ROOM * ratio);
        this.frame.show(this.stage, looks, box, [first.x, first.y], (on) => {
            on.scale(ratio, ratio);
            drawFrame(on, frame);
        });
    }
}

/** A canvas that is drawn once and then put here and there. */
class Sheet {
    /** @param {string} name */
    constructor(name) {
        const look = `diffdiff-float diffdiff-float-${name}`;
        /** @type {HTMLCanvasElement} */
        this.canvas = h("canvas", { class: look, "aria-hidden": "true" });
        /** @type {string | null} */
        this.key = null;
        this.drawn = { left: 0, top: 0, x: 0, y: 0 };
    }

    /**
     * @param {import("../stage/stage.mjs").Stage} stage
     * @param {number[]} looks what it looks like, wherever it is
     * @param {number[]} box left, top, right, bottom, in device pixels
     * @param {[number, number]} place of a point that goes with it
     * @param {(context: CanvasRenderingContext2D) => void} draw in device pixels of the panel
     * @returns {{ left: number, top: number }} where the canvas lies, in device pixels
     */
    show({ panel, ratio }, looks, box, [x, y], draw) {
        let [left, top, right, bottom] = box;
        const whole = (right - left) * (bottom - top) <= MOST_PIXELS;
        const key = whole ? [...looks, ratio].map((number) => number.toFixed(4)).join() : null;
        if (!whole) {
            [left, top] = [0, 0];
            [right, bottom] = [Math.ceil(panel.width * ratio), Math.ceil(panel.height * ratio)];
        }
        const { canvas } = this;
        if (key === null || key !== this.key) {
            this.key = key;
            this.drawn = { left, top, x, y };
            canvas.width = right - left; // which also empties it
            canvas.height = bottom - top;
            canvas.style.width = `${canvas.width / ratio}px`;
            canvas.style.height = `${canvas.height / ratio}px`;
            const context = canvas.getContext("2d");
            context.setTransform(1, 0, 0, 1, -left, -top);
            draw(context);
        }
        const { drawn } = this;
        const at = {
            left: drawn.left + Math.round(x - drawn.x),
            top: drawn.top + Math.round(y - drawn.y),
        };
        canvas.style.transform = `translate(${at.left / ratio}px, ${at.top / ratio}px)`;
        return at;
    }
}

const rectangle = (x, y, w, tall) => [
    { x, y },
    { x: x + w, y },
    { x: x + w, y: y + tall },
    { x, y: y + tall },
];

/** The box around points, in whole pixels and with some room. */
function around(points, room) {
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    return [
        Math.floor(Math.min(...xs) - room), Math.floor(Math.min(...ys) - room),
        Math.ceil(Math.max(...xs) + room), Math.ceil(Math.max(...ys) + room),
    ]; // prettier-ignore
}
