import { h } from "./dom.mjs";
import { button, choices, holdButton, popover, slider } from "./fields.mjs";
import { SHORTCUTS } from "../shortcuts.mjs";

/**
 * The upper row: history, what is done to the whole map, files, how the map is shown, help.
 *
 * @typedef {object} Actions
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => void} fill
 * @property {() => void} clear
 * @property {() => void} invert
 * @property {(black: number, white: number, gamma: number) => void} levels two percentages and an
 *     exponent
 * @property {(radius: number) => void} grow pixels; below 0 shrinks
 * @property {(radius: number) => void} soften pixels
 * @property {() => void} open chooses a file
 * @property {(() => void) | null} takeMask
 * @property {(bits: 8 | 16) => void} save
 * @property {{ label: string, act: () => void }[]} sendTo
 * @property {(on: boolean) => void} peek
 */

const MOST_GROW = 64;
const MOST_SOFTEN = 256;

/**
 * @param {import("./settings.mjs").Settings} settings
 * @param {import("./dom.mjs").Cleanup} cleanup
 * @param {Actions} actions
 */
export function menuBar(settings, cleanup, actions) {
    const undo = button({ label: "Undo", keys: "Ctrl+Z", symbol: "undo", act: actions.undo });
    const redo = button({ label: "Redo", keys: "Ctrl+Shift+Z", symbol: "redo", act: actions.redo });
    const fill = button({ label: "Fill all with the strength", symbol: "fill", act: actions.fill });
    const clear = button({ label: "Clear: keep everything", symbol: "clear", act: actions.clear });
    const invert = button({ label: "Invert", keys: "I", symbol: "invert", act: actions.invert });
    const adjustLabel = "Adjust the map: levels, grow, shrink, soften";
    const adjust = popover(
        cleanup,
        { label: adjustLabel, symbol: "adjust", text: "Adjust" },
        adjustments(actions),
    );
    const files = popover(
        cleanup,
        { label: "Open, save and send maps", symbol: "files", text: "Map" },
        fileItems(actions, () => files.toggle(false)),
    );
    const help = popover(
        cleanup,
        { label: "Help: keys and gestures", keys: "?", symbol: "help" },
        helpText(),
    );
    help.panel.classList.add("diffdiff-help");
    const view = choices({
        label: "How the map is shown",
        act: (value) => settings.set({ view: value }),
        choices: [
            { value: "heat", label: "Colours over the picture", symbol: "heat", keys: "V" },
            { value: "grey", label: "The map itself, in greys", symbol: "grey", keys: "V" },
            { value: "off", label: "The picture alone", symbol: "off", keys: "V" },
        ],
    });
    const opacity = h("input", {
        type: "range", class: "diffdiff-range diffdiff-opacity", min: 10, max: 100, step: 1,
        title: "Opacity of the colours", "aria-label": "Opacity of the colours",
    }); // prettier-ignore
    opacity.addEventListener("input", () => settings.set({ opacity: opacity.valueAsNumber }));
    const element = h(
        "div",
        { class: "diffdiff-menu", role: "toolbar", "aria-label": "Map" },
        group(undo, redo),
        group(fill, clear, invert, adjust.element),
        group(files.element),
        h("span", { class: "diffdiff-space" }),
        group(view.element, opacity, peekButton(actions.peek)),
        group(help.element),
    );
    const show = (history) => {
        const { values } = settings;
        view.show(values.view);
        opacity.value = String(values.opacity);
        opacity.style.setProperty("--diffdiff-part", `${((values.opacity - 10) / 90) * 100}%`);
        opacity.disabled = values.view !== "heat";
        describe(undo, "Undo", "Ctrl+Z", history?.undoLabel);
        describe(redo, "Redo", "Ctrl+Shift+Z", history?.redoLabel);
        fill.title = `Fill all with ${Math.round(values.strength)} %`;
    };
    return { element, show, toggleHelp: () => help.toggle() };
}

const group = (...children) => h("div", { class: "diffdiff-group-row" }, ...children);

/** aria-disabled instead of disabled: the focus must not get lost with the last undo. */
function describe(element, name, keys, step) {
    element.setAttribute("aria-disabled", String(!step));
    element.setAttribute("aria-label", step ? `${name}: ${step}` : name);
    element.title = step ? `${name}: ${step} (${keys})` : `Nothing to ${name.toLowerCase()}`;
}

function peekButton(peek) {
    const label = "Hold to see the picture alone";
    return holdButton({ label, keys: "H", symbol: "eye" }, peek);
}

function adjustments({ levels, grow, soften }) {
    const values = { black: 0, white: 100, gamma: 1, grow: 4, soften: 8 };
    const row = (name, label, title, least, most, step, unit) => {
        const field = slider({
            label, title, least, most, step, unit,
            act: (value) => {
                values[name] = value;
                field.show(value);
            },
        }); // prettier-ignore
        field.show(values[name]);
        return field.element;
    };
    const apply = (text, act) => button({ label: text, text, kind: "diffdiff-apply", act });
    return [
        h("h4", {}, "Levels"),
        row("black", "Black", "Values up to here are kept", 0, 99, 1, "%"),
        row("white", "White", "Values from here on change fully", 1, 100, 1, "%"),
        row("gamma", "Gamma", "Above 1 raises the middle, below 1 lowers it", 0.1, 5, 0.1, ""),
        h("div", { class: "diffdiff-row" },
            apply("Apply levels", () => levels(values.black, values.white, values.gamma)),
        ),
        h("h4", {}, "Edges"),
        row("grow", "Radius", "How far edges move", 1, MOST_GROW, 1, "px"),
        h("div", { class: "diffdiff-row" },
            apply("Grow", () => grow(values.grow)),
            apply("Shrink", () => grow(-values.grow)),
        ),
        row("soften", "Soften by", "Radius of a Gaussian blur", 1, MOST_SOFTEN, 1, "px"),
        h("div", { class: "diffdiff-row" }, apply("Soften", () => soften(values.soften))),
    ]; // prettier-ignore
}

function fileItems({ open, takeMask, save, sendTo }, close) {
    const item = (text, act) =>
        button({
            label: text, text, kind: "diffdiff-item",
            act: () => {
                close();
                act();
            },
        }); // prettier-ignore
    return [
        item("Open a map…", open),
        ...(takeMask ? [item("Take from the inpaint mask", takeMask)] : []),
        item("Save as PNG, 16 bit", () => save(16)),
        item("Save as PNG, 8 bit", () => save(8)),
        ...sendTo.map(({ label, act }) => item(label, act)),
        note("A map can also be dropped or pasted here. White changes, black keeps."),
    ];
}

const note = (text) => h("p", { class: "diffdiff-note" }, text);

/** Gestures that have no key. */
const GESTURES = [
    ["Wheel, pinch", "Zoom about the pointer"],
    ["Middle button, two fingers", "Move the picture"],
    ["Right button", "Paint with the second strength"],
    ["Shift", "Straight line from the last stroke; square, circle; angles of 15°"],
    ["Alt", "Eyedropper; with the wheel: brush size"],
    ["Arrows, Enter", "With the focus on the canvas: move the cursor; begin and end a stroke"],
];

/** Made of the same table that the keys are matched with. */
function helpText() {
    const digits = SHORTCUTS.filter(({ command }) => command === "digit");
    const others = SHORTCUTS.filter(({ command }) => command !== "digit");
    const rows = others.map(({ label, help }) => [label, help]);
    const at = rows.findIndex(([label]) => label === "X");
    const tens = [`${digits[1].label} … 9`, "Strength 10 to 90 %; two digits: that percentage"];
    rows.splice(at, 0, tens, [digits[0].label, digits[0].help]);
    const line = ([key, help]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, help)];
    const list = (entries) => h("dl", {}, ...entries.flatMap(line));
    return [
        h("h4", { tabindex: -1 }, "Keys"),
        list(rows),
        h("h4", {}, "Gestures"),
        list(GESTURES),
        note("Keys act while the pointer is over the painter or the focus is in it."),
    ];
}
