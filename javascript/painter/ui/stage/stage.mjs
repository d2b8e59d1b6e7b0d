import { h } from "../controls/dom.mjs";
import { MapLayer } from "../view/layer.mjs";
import { drawMarks } from "./marks.mjs";
import { Copying, copyOf } from "../view/pictures.mjs";
import { Lines } from "../view/lines.mjs";
import { drawMap, drawPicture } from "./render.mjs";
import { Viewport } from "../view/viewport.mjs";

/**
 * What the artist sees: canvases on top of one another (the picture, the map, lines over it, and the
 * cursor with previews), one view for all, and one frame at a time in which each draws what is needed.
 *
 * @typedef {import("../../map/rect.mjs").Rect} Rect
 * @typedef {import("../../display/view.mjs").Point} Point
 * @typedef {import("../view/pictures.mjs").Source} Source
 */

const BUDGET_MS = 7; // of a frame, for composing the map

export class Stage extends Viewport {
    /**
     * @param {import("../tools/settings.mjs").Settings} settings
     * @param {import("../controls/dom.mjs").Cleanup} cleanup
     * @param {() => void} onView the view or what is under the pointer changed
     */
    constructor(settings, cleanup, onView) {
        super(onView);
        this.settings = settings;
        this.layers = ["picture", "map", "lines", "marks"].map((name) =>
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
        this.badge = h("p", { class: "diffdiff-draft", role: "status", hidden: true });
        this.element.append(this.badge);
        this.contexts = this.layers.map((canvas) => canvas.getContext("2d"));
        this.map = new MapLayer();
        this.lines = new Lines(this.layers[2], this);
        /** The picture as far as it is copied. @type {Copying | null} */
        this.copying = null;
        /** The last run's result, of the picture's proportions. @type {HTMLCanvasElement | null} */
        this.result = null;
        /** The page's own picture and result, for when the browser drops what was drawn. */
        this.sources = { picture: null, result: null };
        /** @type {import("../view/pictures.mjs").Compare} */
        this.compare = "off";
        this.wipe = 0.5;
        /** The picture with what was moved in it. @type {HTMLCanvasElement | null} */
        this.coarse = null;
        this.inked = false; // whether the canvas of the marks has anything on it
        /**
         * Draws over the marks; whether there was anything to draw.
         *
         * @type {(context: CanvasRenderingContext2D) => boolean}
         */
        this.overlay = () => false;
        /** @type {import("../../document/document.mjs").PaintDocument | import("../../document/stack.mjs").Stack} */
        this.document = null;
        this.peeking = false;
        /** In the place of the picture. @type {HTMLCanvasElement | null} */
        this.shown = null;
        /** @type {HTMLCanvasElement | null} */
        this.under = null;
        /** @type {HTMLCanvasElement | null} */
        this.live = null;
        /** What a draft run has made, in the place of the picture. @type {HTMLCanvasElement | null} */
        this.draft = null;
        this.picking = false; // Alt is held over the canvas
        this.byKeys = false; // the cursor is the keyboard's
        /** Pointer (or keyboard cursor) in pixels of the picture. @type {Point | null} */
        this.cursor = null;
        /** @type {import("../tools/tools.mjs").Mark | null} */
        this.mark = null;
        /** The gradient whose handles are shown. @type {import("../tools/ramp.mjs").Shown | null} */
        this.ramp = null;
        /** A region that is transformed. @type {import("../move/transforming.mjs").Framed | null} */
        this.framed = null;
        this.covered = false; // a sketch stands for the map
        /** Where the brush is, if not under the pointer. @type {Point | null} */
        this.tip = null;
        this.stale = { view: true, marks: true };
        this.frame = 0;
        this.drawn = () => {};
        this.#follow(cleanup);
    }

    /**
     * Shows a document, whose size is the picture's.
     *
     * @param {import("../../document/document.mjs").PaintDocument | import("../../document/stack.mjs").Stack} document
     */
    show(document) {
        this.document = document;
        this.map.show(document);
        this.fitted = true;
        this.#layout();
    }

    /** A copy of the page's picture. @returns {HTMLCanvasElement | null} */
    get picture() {
        this.copying?.work(Infinity);
        return this.copying?.canvas ?? null;
    }

    get hasPicture() {
        return this.copying !== null;
    }

    /**
     * Keeps a copy of the picture, made in the next frames: the page may change or drop its own.
     *
     * @param {Source | null} source
     */
    setPicture(source) {
        this.sources.picture = source;
        this.copying = source && new Copying(source);
        this.coarse = null;
        this.compare = "off"; // the result is that of another one
        this.updateMode();
        this.invalidate("view");
    }

    /** @param {HTMLCanvasElement | null} under what lies between the picture and the map */
    setUnder(under) {
        this.under = under;
        this.invalidate("view");
    }

    /** @param {Source | null} live what a run has come to, alone on the canvas */
    setLive(live) {
        this.live = live && copyOf(live);
        this.updateMode();
        this.invalidate("view");
    }

    /** What is seen alone, in the place of picture and map. */
    get alone() {
        return this.live ?? this.draft;
    }

    /** @param {Source | null} draft @param {string} [words] about it */
    setDraft(draft, words = "") {
        this.draft = draft && copyOf(draft);
        this.badge.hidden = !draft;
        const keys = h("span", { class: "diffdiff-draft-keys" }, " or press Esc");
        this.badge.replaceChildren(...(draft ? [`Draft: ${words}. Paint`, keys, " to go on"] : []));
        this.updateMode();
        this.invalidate("view");
    }

    /** @param {Source | null} source what the last run made of the picture */
    setResult(source) {
        this.sources.result = source;
        this.result = source && copyOf(source);
        if (!source) this.compare = "off";
        this.updateMode();
        this.invalidate("view");
    }

    /**
     * How the last result is seen.
     *
     * @param {import("../view/pictures.mjs").Compare} compare
     * @param {number} [wipe] 0..1, from the left
     */
    setCompare(compare, wipe = this.wipe) {
        this.compare = this.result ? compare : "off";
        this.wipe = Math.min(1, Math.max(0, wipe));
        this.updateMode();
        this.invalidate("view");
    }

    /** The browser has dropped what was drawn, and lets draw again. */
    restore() {
        const { picture, result } = this.sources;
        if (picture) this.copying = new Copying(picture);
        if (result) this.result = copyOf(result);
        this.map.markAll();
        this.invalidate("view");
    }

    /** @param {string | null} text shown when there is no picture */
    setHint(text) {
        this.hint.textContent = text ?? "";
        this.element.classList.toggle("diffdiff-is-empty", Boolean(text));
        this.element.setAttribute("aria-disabled", String(Boolean(text)));
        this.invalidate("view");
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

    /** @param {boolean} covered the map makes room for a sketch of what becomes of it */
    setCovered(covered) {
        if (this.covered === covered) return;
        this.covered = covered;
        this.updateMode();
    }

    /** Follows the settings about how the map is shown. */
    updateMode(changed = {}) {
        const { view, opacity } = this.settings.values;
        if (changed.view && view !== "off") this.map.setMode(view);
        const style = this.layers[1].style;
        style.opacity = view === "heat" ? String(opacity / 100) : "1";
        const alone =
            this.covered || this.peeking || this.alone || this.compare !== "off" || view === "off";
        style.visibility = alone ? "hidden" : "visible";
        this.lines.later(false);
        this.invalidate("marks");
    }

    #follow(cleanup) {
        const observer = new ResizeObserver(() => this.#layout());
        observer.observe(this.element);
        cleanup.add(() => observer.disconnect());
        cleanup.add(() => cancelAnimationFrame(this.frame));
        for (const canvas of [...this.layers, this.map.canvas]) {
            cleanup.listen(canvas, "contextrestored", () => this.restore());
        }
        // moved to a screen with other pixels, or zoomed by the browser
        cleanup.listen(window, "resize", () => this.#layout());
    }

    #layout() {
        const { clientWidth: width, clientHeight: height, offsetWidth } = this.element;
        if (!width || !height || !this.document) return; // in a closed tab
        this.border = offsetWidth - width;
        this.ratio = Math.min(4, window.devicePixelRatio || 1);
        for (const canvas of this.layers) {
            const [w, hh] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
            if (canvas.width !== w) canvas.width = w;
            if (canvas.height !== hh) canvas.height = hh;
        }
        this.setPanel({ width, height });
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
        if (this.copying?.work(BUDGET_MS) === false) return this.invalidate("view");
        if (stale.view) drawPicture(this);
        const rect = this.map.work(BUDGET_MS);
        if (stale.view) drawMap(this, null);
        else if (rect) drawMap(this, rect);
        if (stale.view || rect) this.lines.later(stale.view);
        if (stale.marks) {
            const context = this.contexts[3];
            if (this.inked) {
                context.setTransform(1, 0, 0, 1, 0, 0);
                context.clearRect(0, 0, context.canvas.width, context.canvas.height);
            }
            context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
            const empty = this.element.classList.contains("diffdiff-is-empty");
            const drawn = empty ? [] : [drawMarks(context, this), this.overlay(context)];
            this.inked = drawn.some(Boolean);
        }
        this.stale = { view: false, marks: false };
        if (this.map.busy) this.invalidate("map");
        this.drawn();
    }
}
