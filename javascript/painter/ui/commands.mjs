import { steppedSize, strengthByDigits } from "./input/shortcuts.mjs";
import { FIELDS, VIEWS } from "./tools/settings.mjs";
import { addRegion } from "./panels/regionpanel.mjs";

const ZOOM = 1.25;
const HARDNESS_STEP = 10;
const TURN = 15; // degrees

/**
 * What the shortcuts of the table do. A command answers true when it did something; what did
 * nothing leaves its key to the page (Escape, for one, stops a run there).
 *
 * @param {import("./painter.mjs").Painter} painter
 * @returns {Record<string, (value?: any) => boolean>}
 */
export function commandsOf(painter) {
    const { settings, stage, gesture } = painter;
    let typed = null; // the digit before this one
    const set = (values) => {
        settings.set(values);
        return true;
    };
    const tool = (name) => () => set({ tool: name });
    return {
        "tool:brush": tool("brush"),
        "tool:erase": tool("erase"),
        "tool:smooth": tool("smooth"),
        "tool:rectangle": tool("rectangle"),
        "tool:ellipse": tool("ellipse"),
        "tool:lasso": tool("lasso"),
        "tool:flood": tool("flood"),
        "tool:pick": tool("pick"),
        "tool:move": tool("move"),
        "tool:click": () => !painter.clicking.lacks.includes("click") && set({ tool: "click" }),
        "tool:gradient": () =>
            set({ tool: settings.values.tool === "linear" ? "radial" : "linear" }),
        size: (direction) => {
            const { least, most } = FIELDS.size;
            return set({ size: steppedSize(settings.values.size, direction, { least, most }) });
        },
        hardness: (direction) =>
            set({ hardness: settings.values.hardness + direction * HARDNESS_STEP }),
        digit: (digit) => {
            const { percent, pending } = strengthByDigits(typed, digit, performance.now());
            typed = pending;
            return set({ strength: percent });
        },
        swap: () => {
            const { strength, second } = settings.values;
            return set({ strength: second, second: strength });
        },
        undo: () => {
            if (gesture.active) gesture.cancel();
            else if (painter.moving.cancel() || painter.clicking.undo()) return true;
            else {
                painter.holds.settle();
                painter.change((document) => document.undo());
            }
            return true;
        },
        redo: () => {
            if (!gesture.active) painter.change((document) => document.redo());
            return true;
        },
        invert: () => {
            painter.effects.apply("Invert", "invert");
            return true;
        },
        cancel: () => {
            if (!gesture.active && painter.holds.cancel()) return true;
            if (!gesture.active && stage.draft) {
                stage.setDraft(null);
                return true;
            }
            if (!gesture.active) return painter.moving.cancel() || painter.clicking.cancel();
            gesture.cancel();
            return true;
        },
        pan: () => {
            painter.pointer.hold(true);
            return true;
        },
        "pan:end": () => {
            painter.pointer.hold(false);
            return true;
        },
        view: () => set({ view: VIEWS[(VIEWS.indexOf(settings.values.view) + 1) % VIEWS.length] }),
        peek: () => {
            stage.peek(true);
            return true;
        },
        "peek:end": () => {
            stage.peek(false);
            return true;
        },
        zoom: (direction) => {
            stage.zoom(ZOOM ** direction);
            return true;
        },
        fit: () => {
            stage.fit();
            return true;
        },
        actual: () => {
            stage.zoom(1 / (stage.view.scale * stage.ratio));
            return true;
        },
        draft: () => Boolean(painter.options.draft) && painter.layout.draft(),
        rotate: (direction) => {
            const now = (stage.view.turn ?? 0) / TURN;
            stage.turn(TURN * (direction > 0 ? Math.floor(now) + 1 : Math.ceil(now) - 1));
            return true;
        },
        flipView: () => {
            stage.flip();
            return true;
        },
        upright: () => {
            stage.upright();
            return true;
        },
        contours: () => set({ contours: !settings.values.contours }),
        target: () => set({ target: settings.values.target === "map" ? "selection" : "map" }),
        deselect: () => painter.selecting.none(),
        region: () => {
            addRegion(painter);
            return true;
        },
        transform: () => {
            if (!painter.document.regions.length) return false;
            painter.holds.transforming.toggle(painter.document.active);
            return true;
        },
        help: () => {
            painter.layout.toggleHelp();
            return true;
        },
    };
}
