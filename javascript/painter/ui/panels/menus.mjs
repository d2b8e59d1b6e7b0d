import { h } from "../controls/dom.mjs";
import { button, choices, holdButton, popover, slider } from "../controls/fields.mjs";
import { helpText } from "./help.mjs";

/**
 * The upper row: history, what is done to the whole map, files, how the map is shown, help.
 *
 * @typedef {object} Actions
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => void} fill
 * @property {() => void} clear
 * @property {() => void} invert
 * @property {import("../tools/effects.mjs").Effects} effects
 * @property {import("../tools/selecting.mjs").Selecting} selecting
 * @property {() => void} region adds one
 * @property {HTMLElement | null} extend
 * @property {(() => void) | null} picture chooses another picture
 * @property {() => void} open chooses a file
 * @property {(() => void) | null} takeMask
 * @property {(bits: 8 | 16) => void} save
 * @property {{ label: string, act: () => void }[]} sendTo
 * @property {(on: boolean) => void} peek
 * @property {string[]} lacks tools that this page does not have
 */

const MOST_GROW = 64;
const MOST_SOFTEN = 256;

/**
 * @param {import("../tools/settings.mjs").Settings} settings
 * @param {import("../controls/dom.mjs").Cleanup} cleanup
 * @param {Actions} actions
 */
export function menuBar(settings, cleanup, actions) {
    const undo = button({ label: "Undo", keys: "Ctrl+Z", symbol: "undo", act: actions.undo });
    const redo = button({ label: "Redo", keys: "Ctrl+Shift+Z", symbol: "redo", act: actions.redo });
    const fill = button({
        label: "Fill the whole map with the strength",
        symbol: "fill",
        act: actions.fill,
    });
    const clear = button({ label: "Clear: keep everything", symbol: "clear", act: actions.clear });
    const invert = button({ label: "Invert", keys: "I", symbol: "invert", act: actions.invert });
    const adjustLabel = "Adjust the map: levels, grow, shrink, soften";
    const adjust = popover(
        cleanup,
        { label: adjustLabel, symbol: "adjust", text: "Adjust" },
        adjustments(actions),
        () => actions.effects.drop(),
    );
    const select = popover(
        cleanup,
        { label: "Select: where tools may change the map", symbol: "select", text: "Select" },
        selections(settings, actions),
    );
    const region = button({
        label: "New region: an area whose strength can be changed afterwards",
        symbol: "region", text: "Region", act: actions.region,
    }); // prettier-ignore
    const files = popover(
        cleanup,
        { label: "Map: open, save and send maps", symbol: "files", text: "Map" },
        fileItems(actions, () => files.toggle(false)),
    );
    const help = popover(
        cleanup,
        { label: "Help: keys and gestures", keys: "?", symbol: "help" },
        helpText(actions.lacks),
    );
    help.panel.classList.add("diffdiff-help");
    const contours = button({
        label: "Lines at 25, 50 and 75 %, and around what is kept",
        keys: "C",
        symbol: "contours",
        act: () => settings.set({ contours: !settings.values.contours }),
    });
    const view = choices({
        label: "How the map is shown",
        act: (value) => settings.set({ view: value }),
        choices: [
            { value: "heat", label: "Colors over the picture", symbol: "heat", keys: "V" },
            { value: "grey", label: "The map itself, in gray", symbol: "grey", keys: "V" },
            { value: "off", label: "The picture only", symbol: "off", keys: "V" },
        ],
    });
    const opacity = h("input", {
        type: "range", class: "diffdiff-range diffdiff-opacity", min: 10, max: 100, step: 1,
        title: "Opacity of the colors", "aria-label": "Opacity of the colors",
    }); // prettier-ignore
    opacity.addEventListener("input", () => settings.set({ opacity: opacity.valueAsNumber }));
    const element = h(
        "div",
        { class: "diffdiff-menu", role: "toolbar", "aria-label": "Map" },
        group(undo, redo),
        group(fill, clear, invert, adjust.element, select.element, region),
        group(...(actions.extend ? [actions.extend] : []), files.element),
        h("span", { class: "diffdiff-space" }),
        group(view.element, opacity, contours, peekButton(actions.peek)),
        group(help.element),
    );
    const show = (history) => {
        const { values } = settings;
        view.show(values.view);
        contours.setAttribute("aria-pressed", String(values.contours));
        select.element.classList.toggle("diffdiff-on", Boolean(actions.selecting.area));
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
    const label = "Hold to see the picture only";
    return holdButton({ label, keys: "H", symbol: "eye" }, peek);
}

function adjustments({ effects }) {
    const values = { black: 0, white: 100, gamma: 1, grow: 4, soften: 8 };
    const levels = () => ({
        black: values.black / 100, white: values.white / 100, gamma: values.gamma,
    }); // prettier-ignore
    const seen = {
        grow: () => ({ radius: values.grow }),
        soften: () => ({ radius: values.soften }),
    };
    const row = (name, label, title, least, most, step, unit) => {
        const field = slider({
            label, title, least, most, step, unit,
            act: (value) => {
                values[name] = value;
                field.show(value);
                if (seen[name]) effects.preview(name, seen[name]());
                else effects.preview("levels", levels());
            },
        }); // prettier-ignore
        field.show(values[name]);
        return field.element;
    };
    const apply = (text, act) => button({ label: text, text, kind: "diffdiff-apply", act });
    const moved = (label, radius) => () => effects.apply(label, "grow", { radius: radius() });
    return [
        h("h4", {}, "Levels"),
        row("black", "Black", "Values up to here are kept", 0, 99, 1, "%"),
        row("white", "White", "Values from here on change fully", 1, 100, 1, "%"),
        row("gamma", "Gamma", "Above 1 raises the middle, below 1 lowers it", 0.1, 5, 0.1, ""),
        h("div", { class: "diffdiff-row" },
            apply("Apply levels", () => effects.apply("Levels", "levels", levels())),
        ),
        h("h4", {}, "Edges"),
        row("grow", "Radius", "How far edges move", 1, MOST_GROW, 1, "px"),
        h("div", { class: "diffdiff-row" },
            apply("Grow", moved("Grow", () => values.grow)),
            apply("Shrink", moved("Shrink", () => -values.grow)),
        ),
        row("soften", "Soften by", "Radius of a Gaussian blur", 1, MOST_SOFTEN, 1, "px"),
        h("div", { class: "diffdiff-row" },
            apply("Soften", () => effects.apply("Soften", "soften", seen.soften())),
        ),
        note("What a slider does is seen on the canvas before it is applied."),
    ]; // prettier-ignore
}

function selections(settings, { selecting }) {
    const row = (...items) => h("div", { class: "diffdiff-row" }, ...items);
    const item = (text, label, act) => button({ label, text, kind: "diffdiff-apply", act });
    const tick = (name, text, title) => {
        const box = h("input", { type: "checkbox", class: "diffdiff-tick" });
        const show = () => (box.checked = settings.values[name] === true);
        box.addEventListener("change", () => settings.set({ [name]: box.checked }));
        settings.onChange(show);
        show();
        return h("label", { class: "diffdiff-ticked", title }, box, text);
    };
    const target = h("input", { type: "checkbox", class: "diffdiff-tick" });
    const shown = () => (target.checked = settings.values.target === "selection");
    target.addEventListener("change", () =>
        settings.set({ target: target.checked ? "selection" : "map" }),
    );
    settings.onChange(shown);
    shown();
    return [
        h("label", { class: "diffdiff-ticked", title: "The right button takes out" }, target,
            "Rectangle, ellipse, lasso, fill and click select"),
        row(
            item("Nothing", "Deselect: everything may change", () => selecting.none()),
            item("Again", "The selection before", () => selecting.again()),
        ),
        row(
            item("Invert", "Select what is not selected", () => selecting.invert()),
            item("Painted", "Select what is painted at all", () => selecting.painted()),
            item("Feather", "Let the border be gradual, over 8 pixels", () => selecting.feather(8)),
        ),
        tick("lock", "Lock what is kept (0 %)", "No tool changes what is exactly 0 %"),
        note("Where something is selected, every tool changes the map there only."),
    ]; // prettier-ignore
}

function fileItems({ open, picture, takeMask, save, sendTo }, close) {
    const item = (text, act) =>
        button({
            label: text, text, kind: "diffdiff-item",
            act: () => {
                close();
                act();
            },
        }); // prettier-ignore
    return [
        ...(picture ? [item("Open a picture…", picture)] : []),
        item("Open a map…", open),
        ...(takeMask ? [item("Take from the inpaint mask", takeMask)] : []),
        item("Save as PNG, 16 bit", () => save(16)),
        item("Save as PNG, 8 bit", () => save(8)),
        ...sendTo.map(({ label, act }) => item(label, act)),
        note("A map can also be dropped or pasted here. White changes, black keeps."),
    ];
}

const note = (text) => h("p", { class: "diffdiff-note" }, text);
