import { beginStroke, filter, initial, mergeCoalesced, respond } from "../../draw/pressure.mjs";
import { Twist } from "../../display/twist.mjs";
import { pinch, wheelFactor } from "../../display/view.mjs";
import { FIELDS } from "../tools/settings.mjs";

/**
 * Mouse, pen and fingers on the stage. One pointer paints; two fingers move, zoom and rotate; the
 * middle button, or Space held, moves the picture. Whatever interrupts a stroke ends it where it is,
 * so that nothing painted is lost: only a second finger soon after the first takes a dab back.
 *
 * @typedef {import("../stage/stage.mjs").Stage} Stage
 * @typedef {import("../tools/tools.mjs").Gesture} Gesture
 */

const PINCH_MS = 250; // a second finger so soon means that the first one did not paint
const PALM_MS = 600; // fingers so soon after a pen are the hand that holds it
const WHEEL_MS = 250; // pause after which a turn of the wheel is a new one
const CLICK = 2; // CSS pixels below which a drag is a click
const ERASER = 32; // of PointerEvent.buttons
const SIZE_PER_PX = 0.01; // part by which a brush grows for a pixel of dragging

export class PointerInput {
    /**
     * @param {Stage} stage
     * @param {Gesture} gesture
     * @param {import("../controls/dom.mjs").Cleanup} cleanup
     * @param {{ onHover: () => void, size: (direction: number) => void, enabled: () => boolean,
     *     settings: import("../tools/settings.mjs").Settings }} hooks
     */
    constructor(stage, gesture, cleanup, hooks) {
        this.stage = stage;
        this.gesture = gesture;
        this.hooks = hooks;
        this.spaceHeld = false;
        this.inside = false;
        /** @type {"draw" | "pan" | "pinch" | "size" | null} */
        this.mode = null;
        this.id = -1; // of the pointer that draws or pans
        this.began = 0;
        /** Fingers on the stage, and where. @type {Map<number, { x: number, y: number }>} */
        this.fingers = new Map();
        this.twist = new Twist(0);
        this.pressure = initial();
        this.previous = null;
        this.penTime = -Infinity;
        this.passed = -Infinity; // when the page was last scrolled by a wheel
        const { element } = stage;
        const on = (type, handler, options) => cleanup.listen(element, type, handler, options);
        on("pointerdown", (event) => this.#down(event));
        on("pointermove", (event) => this.#move(event));
        on("pointerup", (event) => this.#up(event));
        on("pointercancel", (event) => this.#lost(event));
        on("lostpointercapture", (event) => this.#lost(event));
        on("pointerenter", () => (this.inside = true));
        on("pointerleave", () => this.#leave());
        on("contextmenu", (event) => event.preventDefault());
        on("wheel", (event) => this.#wheel(event), { passive: false });
        cleanup.listen(window, "wheel", (event) => this.#wheelElsewhere(event), {
            passive: true,
            capture: true,
        });
        cleanup.listen(window, "blur", () => this.interrupt());
    }

    /** The page lost the pointer: what was drawn stays. */
    interrupt() {
        if (this.mode === "draw") this.gesture.end();
        this.mode = null;
        this.fingers.clear();
        this.hold(false);
    }

    /** Space is held, or no more. @param {boolean} held */
    hold(held) {
        this.spaceHeld = held;
        this.#cursor();
    }

    #down(event) {
        const { stage } = this;
        const touch = event.pointerType === "touch";
        if (event.pointerType === "pen") this.penTime = event.timeStamp;
        if (touch && event.timeStamp - this.penTime < PALM_MS) return;
        event.preventDefault(); // no selection, no drag of an image, no second (mouse) event
        stage.element.focus({ preventScroll: true });
        const { screen } = stage.locate(event);
        if (touch) {
            this.fingers.set(event.pointerId, screen);
            if (this.fingers.size === 2) return this.#pinchBegins(event);
        }
        if (this.mode) return;
        this.#capture(event);
        this.id = event.pointerId;
        this.began = event.timeStamp;
        if (event.button === 1 || this.spaceHeld || !this.hooks.enabled()) {
            this.mode = this.hooks.enabled() ? "pan" : null;
            this.at = screen;
            this.#cursor();
            return;
        }
        if (event.button === 2 && event.altKey) {
            const { size, hardness } = this.hooks.settings.values;
            this.mode = "size";
            this.at = { ...screen, size, hardness };
            return;
        }
        this.mode = "draw";
        stage.byKeys = false;
        this.pressure = beginStroke(this.pressure);
        this.previous = null;
        const [point] = this.#points(event, []);
        this.gesture.begin(point, {
            second: event.button === 2,
            erase: event.button === 5 || (event.buttons & ERASER) !== 0,
            pick: event.altKey,
            shift: event.shiftKey,
            slack: CLICK / stage.view.scale,
            pixel: 1 / stage.view.scale,
        });
        this.#hover(event);
    }

    #pinchBegins(event) {
        if (this.mode === "draw") {
            if (event.timeStamp - this.began < PINCH_MS) this.gesture.cancel();
            else this.gesture.end();
        }
        this.#capture(event);
        this.mode = "pinch";
        this.twist = new Twist(this.stage.view.turn ?? 0);
        this.stage.cursor = null;
    }

    #move(event) {
        const { stage } = this;
        if (event.pointerType === "pen") this.penTime = event.timeStamp;
        const { screen } = stage.locate(event);
        if (this.mode === "pinch") {
            if (!this.fingers.has(event.pointerId)) return;
            const before = [...this.fingers.values()];
            this.fingers.set(event.pointerId, screen);
            const after = [...this.fingers.values()];
            if (before.length === 2) {
                const [a, b] = /** @type {any} */ ([before, after]);
                const turn = this.twist.follow(a, b);
                stage.setView(pinch(stage.view, a, b, stage.size, stage.panel, turn));
            }
            return;
        }
        if (this.mode && event.pointerId === this.id) {
            // the button came up where no event told
            if (event.pointerType !== "touch" && event.buttons === 0) return this.#finish();
            if (this.mode === "pan") {
                stage.pan(screen.x - this.at.x, screen.y - this.at.y);
                this.at = screen;
            } else if (this.mode === "size") {
                return this.#sized(screen);
            } else {
                const coalesced = event.getCoalescedEvents?.() ?? [];
                this.gesture.move(this.#points(event, coalesced), event.shiftKey);
            }
        } else if (this.mode) return;
        if (event.pointerType !== "touch" || this.mode) this.#hover(event);
    }

    #up(event) {
        this.fingers.delete(event.pointerId);
        if (this.mode === "pinch") {
            if (!this.fingers.size) this.mode = null;
        } else if (this.mode && event.pointerId === this.id) {
            if (this.mode === "draw") this.gesture.move(this.#points(event, []), event.shiftKey);
            this.#finish();
        }
        if (event.pointerType === "touch") this.#leave();
    }

    #lost(event) {
        this.fingers.delete(event.pointerId);
        if (this.mode === "pinch" && !this.fingers.size) this.mode = null;
        else if (this.mode && this.mode !== "pinch" && event.pointerId === this.id) this.#finish();
    }

    #finish() {
        const { mode } = this;
        this.mode = null;
        if (mode === "draw") this.gesture.end();
        this.#cursor();
    }

    /** Points of an event in pixels of the picture, with a pressure that can be trusted. */
    #points(event, coalesced) {
        const raw = (e) => ({
            ...this.stage.locate(e).image,
            pressure: e.pressure,
            time: e.timeStamp,
        });
        const points = mergeCoalesced(raw(event), coalesced.map(raw), this.previous);
        this.previous = points.at(-1) ?? this.previous;
        return points.map(({ x, y, pressure, time }) => {
            const reading = { pointerType: event.pointerType, pressure, time };
            const step = filter(this.pressure, reading);
            this.pressure = step.state;
            const { curve, least } = this.hooks.settings.values;
            const pen = event.pointerType === "pen";
            const felt = pen ? respond(step.pressure, curve / 100, least / 100) : step.pressure;
            return { x, y, pressure: felt };
        });
    }

    /** Alt and the right button: sideways for the size, up and down for the hardness. */
    #sized({ x, y }) {
        const at = /** @type {any} */ (this.at);
        this.stage.picking = false;
        const { least, most } = FIELDS.size;
        const size = at.size * Math.exp((x - at.x) * SIZE_PER_PX);
        this.hooks.settings.set({
            size: Math.round(Math.min(most, Math.max(least, size))),
            hardness: Math.round(Math.min(100, Math.max(0, at.hardness - (y - at.y) / 2))),
        });
        this.stage.invalidate("marks");
    }

    #hover(event) {
        this.inside = true;
        this.stage.byKeys = false;
        this.stage.cursor = this.stage.locate(event).image;
        this.stage.picking = event.altKey;
        this.stage.invalidate("marks");
        this.#cursor();
        this.hooks.onHover();
    }

    #leave() {
        this.inside = false;
        if (this.mode || this.stage.byKeys) return;
        this.stage.cursor = null;
        this.stage.invalidate("marks");
        this.hooks.onHover();
    }

    #capture(event) {
        try {
            this.stage.element.setPointerCapture(event.pointerId);
        } catch {
            // the pointer is gone already: its end comes as any other event
        }
    }

    #cursor() {
        const { element, picking, settings } = this.stage;
        /** @type {string} */
        let kind = settings.values.tool;
        if (!this.hooks.enabled()) kind = "none";
        else if (this.mode === "pan") kind = "grabbing";
        else if (this.spaceHeld) kind = "grab";
        else if (picking) kind = "pick";
        if (element.dataset.cursor !== kind) element.dataset.cursor = kind;
    }

    /**
     * The wheel zooms about the pointer; with Shift it moves sideways, with Alt it sizes the brush.
     * A page that is being scrolled goes on scrolling when the painter comes under the pointer.
     */
    #wheel(event) {
        const { stage } = this;
        const scrolling = event.timeStamp - this.passed < WHEEL_MS && !event.ctrlKey;
        if (!this.hooks.enabled() || scrolling) {
            this.passed = event.timeStamp;
            return;
        }
        event.preventDefault();
        event.stopPropagation();
        if (event.altKey) this.hooks.size(event.deltaY < 0 || event.deltaX < 0 ? 1 : -1);
        else if (event.shiftKey) stage.pan(-(event.deltaX || event.deltaY), 0);
        else stage.zoom(wheelFactor(event), stage.locate(event).screen);
        this.#hover(event);
    }

    #wheelElsewhere(event) {
        const here = event.composedPath().includes(this.stage.element);
        if (!here && !event.ctrlKey) this.passed = event.timeStamp;
    }
}
