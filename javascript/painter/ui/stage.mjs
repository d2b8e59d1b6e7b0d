import { h } from "./dom.mjs";
import { MapLayer, divisorOf } from "./layer.mjs";
import { drawMarks } from "./marks.mjs";
import { deviceTransform, fit, pan, resized, toImage, toScreen, zoomAt } from "../view.mjs";

/**
 * What the artist sees: three canvases on top of one another (the picture, the map, and the cursor
 * with previews), one view for all, and one frame at a time in which each draws what is needed.
 *
 * @typedef {import("../rect.mjs").Rect} Rect
 * @typedef {import("../view.mjs").Point} Point
 * @typedef {HTMLImageElement | HTMLCanvasElement | ImageBitmap} Source
 */

const BUDGET_MS = 7; // of a frame, for composing the map
const SHARP = 2; // device pixels a pixel from which on pixels are shown as squares

/** @param {Source} source */
export const sizeOf = (source) => ({
    width: /** @type {any} */ (source).naturalWidth ?? source.width,
    height: /** @type {any} */ (source).naturalHeight ?? source.height,
});

/** A copy of a picture as it is now, at the resolution that is shown. @param {Source} source */
function copyOf(source) {
    const { width, height } = sizeOf(source);
    const divisor = divisorOf({ width, height });
    const copy = document.createElement("canvas");
    copy.width = Math.ceil(width / divisor);
    copy.height = Math.ceil(height / divisor);
    const context = copy.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, copy.width, copy.height);
    return copy;
}

export class Stage {
    /**
     * @param {import("./settings.mjs").Settings} settings
     * @param {import("./dom.mjs").Cleanup} cleanup
     * @param {() => void} onView the view or what is under the pointer changed
     */
    constructor(settings, cleanup, onView) {
        this.settings = settings;
        this.onView = onView;
        this.layers = ["picture", "map", "marks"].map((name) =>
            h("canvas", { class: `diffdiff-layer diffdiff-layer-${name}`, "aria-hidden": "true" }),
        );
        this.hint = h("div", { class: "diffdiff-empty" });
        this.element = h(
            "div",
            {
                class: "diffdiff-stage",
                tabindex: 0,
                role: "application",
                "aria-label": "Change map: paint where the picture may change",
                "aria-roledescription": "painting canvas",
            },
            ...this.layers,
            this.hint,
        );
        this.contexts = this.layers.map((canvas) => canvas.getContext("2d"));
        this.map = new MapLayer();
        /** @type {HTMLCanvasElement | null} */
        this.picture = null;
        /** The last run's result, of the picture's proportions. @type {HTMLCanvasElement | null} */
        this.result = null;
        this.document = null;
        this.view = { scale: 1, x: 0, y: 0 };
        this.panel = { width: 0, height: 0 };
        this.ratio = 1;
        this.fitted = true; // until the artist zooms or pans, the picture follows the panel
        this.peeking = false;
        /** In the place of the picture. @type {HTMLCanvasElement | null} */
        this.shown = null;
        this.picking = false; // Alt is held over the canvas
        this.byKeys = false; // the cursor is the keyboard's
        this.border = 0;
        /** Pointer (or keyboard cursor) in pixels of the picture. @type {Point | null} */
        this.cursor = null;
        /** @type {import("./tools.mjs").Mark | null} */
        this.mark = null;
        this.stale = { view: true, marks: true };
        this.frame = 0;
        this.drawn = () => {};
        this.#follow(cleanup);
    }

    get size() {
        return { width: this.document.width, height: this.document.height };
    }

    /**
     * Shows a document, whose size is the picture's.
     *
     * @param {import("../document.mjs").PaintDocument} document
     */
    show(document) {
        this.document = document;
        this.map.show(document);
        this.fitted = true;
        this.#layout();
    }

    /**
     * Keeps a copy of the picture as it is now: the page may change or drop its own.
     *
     * @param {Source | null} source
     */
    setPicture(source) {
        this.picture = source && copyOf(source);
        this.invalidate("view");
    }

    /** @param {Source | null} source what the last run made of the picture */
    setResult(source) {
        this.result = source && copyOf(source);
    }

    /** @param {string | null} text shown when there is no picture */
    setHint(text) {
        this.hint.textContent = text ?? "";
        this.element.classList.toggle("diffdiff-is-empty", Boolean(text));
        this.element.setAttribute("aria-disabled", String(Boolean(text)));
        this.invalidate("view");
    }

    // ---- view --------------------------------------------------------------------------------

    /**
     * A pointer event's place on the screen, and on the picture.
     *
     * @param {{ clientX: number, clientY: number }} event
     */
    locate({ clientX, clientY }) {
        const box = this.element.getBoundingClientRect();
        // the host may scale the page: CSS pixels of the panel are not always those of the window
        const scale = box.width ? this.panel.width / (box.width - this.border) : 1;
        const { clientLeft, clientTop } = this.element;
        const screen = {
            x: (clientX - box.left) * scale - clientLeft,
            y: (clientY - box.top) * scale - clientTop,
        };
        return { screen, image: toImage(this.view, screen) };
    }

    /** @param {Point} point of the picture */
    onScreen(point) {
        return toScreen(this.view, point);
    }

    setView(view, fitted = false) {
        this.view = view;
        this.fitted = fitted;
        this.invalidate("view");
        this.onView();
    }

    fit() {
        if (this.panel.width) this.setView(fit(this.size, this.panel), true);
    }

    /** @param {number} factor @param {Point} [at] on the screen; the middle when left out */
    zoom(factor, at = { x: this.panel.width / 2, y: this.panel.height / 2 }) {
        this.setView(zoomAt(this.view, factor, at, this.size, this.panel));
    }

    pan(dx, dy) {
        this.setView(pan(this.view, dx, dy, this.size, this.panel));
    }

    /**
     * Shows the picture alone for as long as it is held.
     *
     * @param {boolean} on
     * @param {boolean} [result] the last run's result in its place
     */
    peek(on, result = false) {
        this.peeking = on;
        this.shown = on && result ? this.result : null;
        this.updateMode();
        this.invalidate("view");
    }

    /** Follows the settings about how the map is shown. */
    updateMode(changed = {}) {
        const { view, opacity } = this.settings.values;
        if (changed.view && view !== "off") this.map.setMode(view);
        const style = this.layers[1].style;
        style.opacity = view === "heat" ? String(opacity / 100) : "1";
        style.visibility = this.peeking || view === "off" ? "hidden" : "visible";
        this.invalidate("marks");
    }

    #follow(cleanup) {
        const observer = new ResizeObserver(() => this.#layout());
        observer.observe(this.element);
        cleanup.add(() => observer.disconnect());
        cleanup.add(() => cancelAnimationFrame(this.frame));
        // moved to a screen with other pixels, or zoomed by the browser
        cleanup.listen(window, "resize", () => this.#layout());
    }

    #layout() {
        const { clientWidth: width, clientHeight: height, offsetWidth } = this.element;
        if (!width || !height || !this.document) return; // in a closed tab
        this.border = offsetWidth - width;
        const before = this.panel;
        this.ratio = Math.min(4, window.devicePixelRatio || 1);
        this.panel = { width, height };
        for (const canvas of this.layers) {
            const [w, hh] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
            if (canvas.width !== w) canvas.width = w;
            if (canvas.height !== hh) canvas.height = hh;
        }
        if (this.fitted || !before.width) this.fit();
        else this.setView(resized(this.view, before, this.panel, this.size));
    }

    // ---- drawing -----------------------------------------------------------------------------

    /** @param {"view" | "map" | "marks"} what has to be drawn again in the next frame */
    invalidate(what) {
        if (what === "view") this.stale.view = true;
        this.stale.marks ||= what !== "map";
        if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
    }

    /** Draws one frame: what changed, and nothing else. */
    draw() {
        this.frame = 0;
        if (!this.panel.width) return;
        const { stale } = this;
        if (stale.view) this.#drawPicture();
        const rect = this.map.work(BUDGET_MS);
        if (stale.view) this.#drawMap(null);
        else if (rect) this.#drawMap(rect);
        if (stale.marks) {
            const context = this.contexts[2];
            context.setTransform(1, 0, 0, 1, 0, 0);
            context.clearRect(0, 0, context.canvas.width, context.canvas.height);
            context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
            if (!this.element.classList.contains("diffdiff-is-empty")) drawMarks(context, this);
        }
        this.stale = { view: false, marks: false };
        if (this.map.busy) this.invalidate("map");
        this.drawn();
    }

    #drawPicture() {
        const context = this.contexts[0];
        const { width, height } = this.size;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, context.canvas.width, context.canvas.height);
        context.setTransform(...deviceTransform(this.view, this.ratio));
        context.imageSmoothingEnabled = this.view.scale * this.ratio < SHARP;
        context.imageSmoothingQuality = "medium";
        const picture = this.shown ?? this.picture;
        if (picture) context.drawImage(picture, 0, 0, width, height);
        context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
        context.strokeStyle = "rgb(128 128 128 / 60%)";
        const { scale, x, y } = this.view;
        context.strokeRect(x - 0.5, y - 0.5, scale * width + 1, scale * height + 1);
    }

    /** @param {Rect | null} rect of the map that changed; null: all of it */
    #drawMap(rect) {
        const context = this.contexts[1];
        const { canvas } = context;
        const { divisor } = this.map;
        const s = this.view.scale * this.ratio;
        const [ox, oy] = [this.view.x * this.ratio, this.view.y * this.ratio];
        let [left, top, right, bottom] = [0, 0, canvas.width, canvas.height];
        if (rect) {
            left = Math.max(0, Math.floor(ox + s * rect.x) - 2); // smoothing reaches beyond it
            top = Math.max(0, Math.floor(oy + s * rect.y) - 2);
            right = Math.min(right, Math.ceil(ox + s * (rect.x + rect.w)) + 2);
            bottom = Math.min(bottom, Math.ceil(oy + s * (rect.y + rect.h)) + 2);
        }
        if (left >= right || top >= bottom) return;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.save();
        context.beginPath();
        context.rect(left, top, right - left, bottom - top);
        context.clip();
        context.clearRect(left, top, right - left, bottom - top);
        context.setTransform(...deviceTransform(this.view, this.ratio));
        context.imageSmoothingEnabled = s < SHARP;
        const source = this.map.canvas;
        context.drawImage(source, 0, 0, source.width * divisor, source.height * divisor);
        context.restore();
    }
}
