import { match } from "./shortcuts.mjs";
import { stepOnImage, toImage } from "../../display/view.mjs";
import { focused, takesText } from "../controls/dom.mjs";

/**
 * The keyboard. Keys act only while the painter has the focus or the pointer is over it, never
 * while a text is typed; what acted goes no further, so that the page's own shortcuts keep out of
 * it. With the focus on the canvas the arrow keys move a cursor, and Enter paints with it.
 */

const STEP = 8; // CSS pixels of an arrow key
const LARGE_STEP = 40; // with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keys {
    /**
     * @param {HTMLElement} root
     * @param {import("../stage/stage.mjs").Stage} stage
     * @param {import("../tools/tools.mjs").Gesture} gesture
     * @param {import("./pointer.mjs").PointerInput} pointer
     * @param {import("../controls/dom.mjs").Cleanup} cleanup
     * @param {{ run: (shortcut: import("./shortcuts.mjs").Shortcut) => boolean,
     *     release: (command: string) => void, moved: () => void, enabled: () => boolean,
     *     floats: (event: KeyboardEvent) => boolean }} hooks floats: what floats has taken a key.
     *     `run` says whether there was something to do
     */
    constructor(root, stage, gesture, pointer, cleanup, hooks) {
        this.root = root;
        this.stage = stage;
        this.gesture = gesture;
        this.pointer = pointer;
        this.hooks = hooks;
        this.over = false;
        /** Commands that act as long as their key is held, by key. @type {Map<string, string>} */
        this.held = new Map();
        const capture = { capture: true }; // before the page's own listeners
        cleanup.listen(window, "keydown", (event) => this.#down(event), capture);
        cleanup.listen(window, "keyup", (event) => this.#up(event), capture);
        cleanup.listen(window, "blur", () => this.#releaseAll());
        cleanup.listen(root, "pointerenter", () => (this.over = true));
        cleanup.listen(root, "pointerleave", () => (this.over = false));
        cleanup.listen(stage.element, "blur", () => this.#stop());
        cleanup.listen(stage.element, "focus", () => {
            if (stage.element.matches(":focus-visible") && !pointer.inside) this.#appear();
        });
    }

    /** Whether keys, and what is pasted, are meant for this painter. */
    get active() {
        const element = focused();
        if (takesText(element)) return false;
        if (!this.root.getClientRects().length) return false; // in a closed tab
        return this.over || this.root.contains(element);
    }

    #down(event) {
        if (event.defaultPrevented || !this.active) return;
        if (this.hooks.floats(event) || this.#onCanvas(event)) return this.#taken(event);
        const shortcut = match({
            key: event.key,
            code: event.code,
            ctrlKey: event.ctrlKey,
            metaKey: event.metaKey,
            shiftKey: event.shiftKey,
            altKey: event.altKey,
            altGraph: event.getModifierState?.("AltGraph"),
            repeat: event.repeat,
            isComposing: event.isComposing,
        });
        if (!shortcut || (event.key === " " && this.#pressesButton())) return;
        if (shortcut.hold && this.held.has(event.code)) return this.#taken(event);
        if (!this.hooks.run(shortcut)) return;
        if (shortcut.hold) this.held.set(event.code, shortcut.command);
        this.#taken(event);
    }

    #up(event) {
        const command = this.held.get(event.code);
        if (!command) return;
        this.held.delete(event.code);
        this.hooks.release(command);
        this.#taken(event);
    }

    #releaseAll() {
        for (const command of this.held.values()) this.hooks.release(command);
        this.held.clear();
    }

    #taken(event) {
        event.preventDefault();
        event.stopImmediatePropagation();
    }

    /** Space on a button that was reached by keyboard presses it. */
    #pressesButton() {
        const element = focused();
        if (!element || element === this.stage.element || this.pointer.inside) return false;
        return element.matches(":is(button, input, a, summary, [role=button]):focus-visible");
    }

    // ---- painting by keyboard ----------------------------------------------------------------

    #onCanvas(event) {
        const { stage, gesture } = this;
        if (focused() !== stage.element || !this.hooks.enabled()) return false;
        if (event.ctrlKey || event.metaKey || event.altKey || this.pointer.mode) return false;
        const arrow = ARROWS[event.key];
        if (arrow) {
            this.#appear();
            const far = event.shiftKey ? LARGE_STEP : STEP;
            const step = stepOnImage(stage.view, { x: far * arrow[0], y: far * arrow[1] });
            const { width, height } = stage.size;
            const x = Math.min(width, Math.max(0, stage.cursor.x + step.x));
            const y = Math.min(height, Math.max(0, stage.cursor.y + step.y));
            stage.cursor = { x, y };
            if (gesture.active) gesture.move([{ x, y, pressure: 1 }]);
            this.#inSight();
        } else if (event.key === "Enter" && !event.repeat) {
            this.#appear();
            const { x, y } = stage.cursor;
            if (gesture.active) gesture.end();
            else gesture.begin({ x, y, pressure: 1 }, { shift: event.shiftKey, slack: 0.5 });
            if (["flood", "pick"].includes(stage.settings.values.tool)) gesture.end();
        } else return false;
        stage.invalidate("marks");
        this.hooks.moved();
        return true;
    }

    /** The cursor of the keyboard, in the middle of what is seen when there was none. */
    #appear() {
        const { stage } = this;
        stage.byKeys = true;
        if (!stage.cursor) {
            const at = toImage(stage.view, stage.middle);
            stage.cursor = {
                x: Math.round(Math.min(stage.size.width, Math.max(0, at.x))),
                y: Math.round(Math.min(stage.size.height, Math.max(0, at.y))),
            };
        }
        stage.invalidate("marks");
    }

    #inSight() {
        const { stage } = this;
        const { x, y } = stage.onScreen(stage.cursor);
        const { width, height } = stage.panel;
        const dx = x < 0 ? -x : Math.min(0, width - x);
        const dy = y < 0 ? -y : Math.min(0, height - y);
        if (dx || dy) stage.pan(dx, dy);
    }

    #stop() {
        const { stage, gesture, pointer } = this;
        if (!stage.byKeys) return;
        if (gesture.active && !pointer.mode) gesture.end();
        stage.byKeys = false;
        if (!pointer.inside) stage.cursor = null;
        stage.invalidate("marks");
    }
}
