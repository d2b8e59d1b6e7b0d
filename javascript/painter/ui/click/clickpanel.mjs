import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

const HINT =
    "Click an object. Alt-click or right-click removes an area; drag to draw a box around the object.";
const ONLY_OUT = "All points remove. Click what should change.";
const LOOKING = "The model is looking at the picture… Esc cancels.";

/**
 * Under the canvas while the tool Click is in hand: what was clicked, and what becomes of it.
 *
 * @param {import("../painter.mjs").Painter} painter
 */
export function clickPanel(painter) {
    const { clicking } = painter;
    const act = (label, text, does) =>
        button({ label, text, kind: "diffdiff-apply", act: () => does() });
    const paint = act("Make it one stroke (Enter)", "Paint it", () => clicking.commit());
    const move = act("Drag it elsewhere with Move", "Move it", () => {
        const area = clicking.area.slice();
        clicking.cancel(); // it is not painted
        painter.settings.set({ tool: "move" });
        painter.moving.float(area);
    });
    const again = act("Ask the model again", "Try again", () => clicking.again());
    const back = act("Undo the last point (Ctrl+Z)", "Undo point", () => clicking.undo());
    const cancel = act("Drop the points (Escape)", "Cancel", () => clicking.cancel());
    const told = h("span", { class: "diffdiff-move-hint", role: "status", "aria-live": "polite" });
    const element = h(
        "div",
        { class: "diffdiff-moves", role: "group", "aria-label": "Click", hidden: true },
        h("div", { class: "diffdiff-move-row" }, told, paint, move, again, back, cancel),
    );

    function textOf({ clicks, slow, open, selects }) {
        if (slow) return LOOKING;
        if (!open) return HINT;
        if (!clicks.meant) return ONLY_OUT;
        const count = clicks.points.length;
        const points = count ? [`${count} ${count === 1 ? "point" : "points"}`] : [];
        const what = [...points, ...(clicks.box ? ["a box"] : [])].join(" and ");
        return `${what}. Enter ${selects ? "selects" : "paints"}, Esc cancels.`.replace(/^a/, "A");
    }

    function show() {
        element.hidden = !painter.hasPicture || !(clicking.on || clicking.open);
        if (element.hidden) return;
        const text = textOf(clicking);
        if (told.textContent !== text) told.textContent = text;
        paint.hidden = move.hidden = !clicking.area;
        paint.querySelector("span").textContent = clicking.selects ? "Select it" : "Paint it";
        again.hidden = !clicking.failed;
        back.hidden = cancel.hidden = !clicking.open;
        element.setAttribute("aria-busy", String(clicking.slow));
    }

    return { element, show };
}
