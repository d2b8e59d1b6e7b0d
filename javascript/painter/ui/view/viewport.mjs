import { fitExtended, noExtents } from "./extending.mjs";
import { held, mirrorOf, pan, resized, toImage, toScreen, zoomAt } from "../../display/view.mjs";

/**
 * Where the picture lies in its panel, and how that changes: by zoom, by moving, by turning it and
 * by looking at it in a mirror. None of it touches the map.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 * @typedef {import("../../display/view.mjs").View} View
 */
export class Viewport {
    /** @param {() => void} onView the view or what is under the pointer changed */
    constructor(onView) {
        this.onView = onView;
        /** The panel. @type {HTMLElement} */
        this.element = null;
        /** Whose size is the picture's. @type {{ width: number, height: number }} */
        this.document = null;
        this.extents = noExtents(); // what the next run adds at the sides
        /** @type {View} */
        this.view = { scale: 1, x: 0, y: 0, turn: 0, flip: false };
        this.panel = { width: 0, height: 0 };
        this.ratio = 1; // device pixels a CSS pixel
        this.border = 0;
        this.fitted = true; // until the artist zooms or pans, the picture follows the panel
    }

    get size() {
        return { width: this.document.width, height: this.document.height };
    }

    get middle() {
        return { x: this.panel.width / 2, y: this.panel.height / 2 };
    }

    /** @param {"view" | "map" | "marks"} what has to be drawn again */
    invalidate(what) {
        throw new Error(`nobody draws the ${what}`);
    }

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

    /** @param {View} view @param {boolean} [fitted] */
    setView(view, fitted = false) {
        this.view = view;
        this.fitted = fitted;
        this.invalidate("view");
        this.onView();
    }

    fit() {
        if (!this.panel.width) return;
        this.setView(fitExtended(this.size, this.extents, this.panel, this.view), true);
    }

    /** @param {number} factor @param {Point} [at] on the screen; the middle when left out */
    zoom(factor, at = this.middle) {
        this.setView(zoomAt(this.view, factor, at, this.size, this.panel));
    }

    pan(dx, dy) {
        this.setView(pan(this.view, dx, dy, this.size, this.panel));
    }

    /** Turns the picture on the screen about the panel's middle. @param {number} turn degrees, to */
    turn(turn) {
        this.#hold({ turn });
    }

    /** Exchanges left and right of what is seen. */
    flip() {
        this.#hold(mirrorOf(this.view));
    }

    /** As the picture is. */
    upright() {
        this.#hold({ turn: 0, flip: false });
    }

    /** The panel has got a size, or another one. @param {{ width: number, height: number }} panel */
    setPanel(panel) {
        const before = this.panel;
        this.panel = panel;
        if (this.fitted || !before.width) this.fit();
        else this.setView(resized(this.view, before, panel, this.size));
    }

    #hold(stance) {
        if (!this.panel.width) return;
        const { fitted } = this;
        this.setView(held(this.view, stance, this.middle, this.size, this.panel));
        if (fitted) this.fit();
    }
}
