/**
 * One layer of the list: what it is read from, how it joins what lies below, and a fold with the
 * rest. A row lives as long as its layer: what changes is shown in it, so the focus stays.
 *
 * @typedef {import("./model.mjs").Layer} Layer
 * @typedef {import("./model.mjs").Field} Field
 *
 * @typedef {object} RowActions
 * @property {(field: Field, value: any) => void} set
 * @property {(source: string) => void} setSource
 * @property {(to: (place: number, count: number) => number) => void} move gets, and answers with, a
 *     place; 0 is the lowest
 * @property {() => void} duplicate
 * @property {() => void} remove
 * @property {() => void} forget
 * @property {(problem: string) => void} complain
 */
import { h, uniqueId } from "../painter/ui/controls/dom.mjs";
import { button, slider } from "../painter/ui/controls/fields.mjs";
import { icon } from "../painter/ui/controls/icons.mjs";
import { capital, control, select } from "./controls.mjs";
import { draggable } from "./drag.mjs";
import { fieldsOf, missingOf, summaryOf, unknownOf, valueOf } from "./model.mjs";

const BLENDS = {
    replace: "This map instead of what lies below",
    max: "The larger of the two",
    min: "The smaller of the two",
    multiply: "The product: less than either",
    add: "The sum, white at most",
    subtract: "What lies below less this map, black at least",
};
const ON_BLACK = ["min", "multiply", "subtract"]; // what leaves black as it is

const SETTINGS = "Settings of the layer";

/**
 * @param {import("./model.mjs").Schema} schema
 * @param {Layer} first
 * @param {RowActions} actions
 */
export function layerRow(schema, first, actions) {
    const foldId = uniqueId("layer");
    const [blendField, opacityField] = fieldsOf(schema, first.source);
    const number = h("span", { class: "diffdiff-layer-number" });
    const opener = button({ label: SETTINGS, act: () => open(fold.hidden) });
    opener.classList.add("diffdiff-layer-opener");
    opener.setAttribute("aria-controls", foldId);
    opener.append(icon("down"), number);

    const sources = Object.entries(schema.sources).map(([value, { title }]) => [value, title]);
    const source = compact("Source", sources, actions.setSource);
    const blends = schema.blends.map((value) => [value, capital(value)]);
    const blend = compact("Blend", blends, (value) => actions.set(blendField, value));
    const opacity = slider({
        label: "Opacity", title: "Opacity of the layer", least: 0, most: 100, unit: "%",
        kind: "diffdiff-layer-opacity",
        act: (value) => actions.set(opacityField, Math.round(100 * value) / 10000),
    }); // prettier-ignore

    const raise = button({ label: "Move up", symbol: "raise", act: () => step(raise, 1) });
    const lower = button({ label: "Move down", symbol: "lower", act: () => step(lower, -1) });
    const copy = button({ label: "Duplicate", symbol: "copy", act: actions.duplicate });
    const remove = button({ label: "Remove", symbol: "clear", act: actions.remove });
    const step = (one, by) => {
        if (one.getAttribute("aria-disabled") !== "true") actions.move((place) => place + by);
    };
    const grip = h("span", { class: "diffdiff-layer-grip", title: "Drag to move" }, icon("grip"));

    const note = h("p", { class: "diffdiff-layer-note" });
    const fold = h("div", { class: "diffdiff-layer-fold", id: foldId, hidden: true });
    const element = h(
        "div",
        { class: "diffdiff-layer-row", role: "listitem" },
        h("div", { class: "diffdiff-layer-head" },
            h("div", { class: "diffdiff-group-row" }, grip, opener),
            source.element, blend.element, opacity.element,
            h("div", { class: "diffdiff-group-row diffdiff-layer-does" },
                raise, lower, copy, remove)),
        note,
        fold,
    ); // prettier-ignore

    let layer = first;
    /** @type {Map<Field, import("./controls.mjs").Control>} */
    let inFold = new Map();
    let foldOf = ""; // the source that the fold is made for

    function open(on) {
        fold.hidden = !on;
        opener.setAttribute("aria-expanded", String(on));
        showFold();
        showNote();
    }

    function showFold() {
        if (fold.hidden) return;
        if (foldOf !== layer.source) {
            foldOf = layer.source;
            inFold = fillFold(fold, schema, foldOf, actions);
        }
        for (const [field, { show }] of inFold) show(valueOf(layer, field));
    }

    let at = 0;
    function showNote() {
        const missing = missingOf(layer, schema).map(({ title }) => title);
        const mix = valueOf(layer, blendField);
        const unknown = unknownOf(layer, schema);
        const problems = [
            missing.length ? `Still needed: ${missing.join(", ")}.` : "",
            !at && ON_BLACK.includes(mix) ? `Nothing lies below, so "${mix}" gives black.` : "",
            unknown.length ? `Not known here, but kept: ${unknown.join(", ")}.` : "",
        ];
        const words = problems.filter(Boolean).join(" ");
        const quiet = fold.hidden ? summaryOf(layer, schema) : "";
        const told = words || quiet;
        if (note.dataset.told === told) return; // the button in it may have the focus
        note.dataset.told = told;
        note.replaceChildren(h("span", {}, told));
        note.title = told;
        note.hidden = !told;
        note.classList.toggle("diffdiff-problem", words !== "");
        if (unknown.length) {
            const text = "Leave it out";
            note.append(button({ label: text, text, act: actions.forget }));
        }
    }

    /**
     * @param {Layer} next
     * @param {number} place 0 is the lowest
     * @param {number} count of all layers
     */
    function show(next, place, count) {
        [layer, at] = [next, place];
        const { title } = schema.sources[layer.source];
        number.textContent = String(place + 1);
        opener.setAttribute("aria-label", `${SETTINGS} ${place + 1}`);
        element.setAttribute("aria-label", `Layer ${place + 1}: ${title}`);
        source.show(layer.source);
        source.input.title = schema.sources[layer.source].help ?? "";
        const mix = valueOf(layer, blendField);
        blend.show(mix);
        blend.input.title = BLENDS[mix] ?? "";
        opacity.show(100 * valueOf(layer, opacityField));
        raise.setAttribute("aria-disabled", String(place === count - 1));
        lower.setAttribute("aria-disabled", String(place === 0));
        showFold();
        showNote();
    }

    draggable(grip, element, (fromTop) => actions.move((_, count) => count - 1 - fromTop));
    open(false);
    return { element, show, open, raise, lower, remove };
}

/** A select without a label of its own to be seen: the list would repeat it in every row. */
function compact(title, list, act) {
    const { element, show } = select({ title, choices: list }, act);
    const input = element.querySelector("select");
    element.querySelector("label").classList.add("diffdiff-unseen");
    element.classList.add(`diffdiff-layer-${title.toLowerCase()}`);
    return { element, input, show };
}

/** @returns {Map<Field, import("./controls.mjs").Control>} */
function fillFold(fold, schema, source, { set, complain }) {
    const { title, help, settings } = schema.sources[source];
    const made = new Map();
    const part = (heading, fields) => {
        const controls = fields.map((field) =>
            control(field, (value) => set(field, value), complain),
        );
        fields.forEach((field, i) => made.set(field, controls[i]));
        return h("div", { class: "diffdiff-layer-part", role: "group", "aria-label": heading },
            h("h4", {}, heading),
            h("div", { class: "diffdiff-layer-fields" }, ...controls.map((one) => one.element)),
        ); // prettier-ignore
    };
    fold.replaceChildren(
        help ? h("p", { class: "diffdiff-note" }, help) : "",
        ...(settings.length ? [part(title, settings)] : []),
        part("Levels and edges of its map", schema.shaping),
    );
    return made;
}
