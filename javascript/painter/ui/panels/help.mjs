import { h } from "../controls/dom.mjs";
import { SHORTCUTS } from "../input/shortcuts.mjs";

/** Gestures that have no key. */
const GESTURES = [
    ["Wheel, pinch", "Zoom about the pointer"],
    ["Middle button, two fingers", "Move the picture"],
    ["Two fingers that turn", "Rotate the view, from 10° on; it snaps upright. U: upright again"],
    ["Right button", "Paint with the second strength"],
    ["Shift", "Straight line from the last stroke; square, circle; angles of 15°"],
    ["Alt", "Eyedropper; with the wheel: brush size"],
    ["Alt + right button", "Drag sideways for the size of the brush, up and down for its hardness"],
    ["Transform of a region", "Drag its area, a corner to scale, the knob to turn; Enter ends it"],
    [
        "Handles of a gradient",
        "Drag them; click the line for a stop, drag it off or Delete to drop it",
    ],
    ["Stabilizer", "A rope between pointer and brush: the brush follows only where it is taut"],
    ["Symmetry", "Brushes and shapes paint on both sides of the picture's middle, as one step"],
    ["Recent strengths", "Swatches beside the strength: click one to take it"],
    ["Arrows, Enter", "With the focus on the canvas: move the cursor; begin and end a stroke"],
];

/**
 * Made of the same table that the keys are matched with.
 *
 * @param {string[]} [lacks] tools that this page does not have
 */
export function helpText(lacks = []) {
    const missing = lacks.map((tool) => `tool:${tool}`);
    const digits = SHORTCUTS.filter(({ command }) => command === "digit");
    const others = SHORTCUTS.filter(
        ({ command }) => command !== "digit" && !missing.includes(command),
    );
    const rows = others.map(({ label, help }) => [label, help]);
    const at = rows.findIndex(([label]) => label === "X");
    const tens = [`${digits[1].label} … 9`, "Strength 10 to 90 %; two digits: that percentage"];
    rows.splice(at, 0, tens, [digits[0].label, digits[0].help]);
    const line = ([key, help]) => {
        const row = h(
            "div",
            { class: "diffdiff-help-row" },
            h("dt", {}, h("kbd", {}, key)),
            h("dd", {}, help),
        );
        row.dataset.words = `${key} ${help}`.toLowerCase();
        return row;
    };
    const all = [];
    const list = (entries) => {
        const made = entries.map(line);
        all.push(...made);
        return h("dl", {}, ...made);
    };
    const find = h("input", {
        type: "search", class: "diffdiff-text diffdiff-find", placeholder: "Search the help",
        "aria-label": "Search the help",
    }); // prettier-ignore
    const none = h("p", { class: "diffdiff-note", hidden: true, role: "status" }, "Nothing found");
    find.addEventListener("input", () => {
        const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
        for (const row of all)
            row.hidden = !words.every((word) => row.dataset.words.includes(word));
        none.hidden = all.some((row) => !row.hidden);
    });
    return [
        find,
        none,
        h("h4", { tabindex: -1 }, "Keys"),
        list(rows),
        h("h4", {}, "Gestures"),
        list(GESTURES),
        h("p", { class: "diffdiff-note" },
            "Keys act while the pointer is over the painter or the focus is in it."),
    ]; // prettier-ignore
}
