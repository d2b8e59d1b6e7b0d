/**
 * A control for each kind of setting: { element, show }. `show` never touches the number that
 * somebody is typing; a text that is set as it is keeps its cursor.
 *
 * @typedef {import("./model.mjs").Field} Field
 *
 * @typedef {object} Control
 * @property {HTMLElement} element
 * @property {(value: any) => void} show
 */
import { focused, h, uniqueId } from "../painter/ui/controls/dom.mjs";
import { slider } from "../painter/ui/controls/fields.mjs";
import { pictureField } from "./picture.mjs";

const MOST_STEPS = 2000; // of a slider: with more, a pixel of it is too coarse

/**
 * @param {Field} field
 * @param {(value: any) => void} act gets null where the field was emptied
 * @param {(problem: string) => void} complain
 * @returns {Control}
 */
export function control(field, act, complain) {
    if (field.type === "picture") return pictureField(field, act, complain);
    if (field.type === "bool") return tick(field, act);
    if (field.type === "str") {
        if (!field.choices) return text(field, act);
        return select({ ...field, choices: named(field.choices) }, act);
    }
    const { low, high } = field;
    const step = stepOf(field);
    const whole = (value) => act(field.type === "int" ? Math.round(value) : value);
    const asSlider = field.default !== null && (high - low) / step <= MOST_STEPS;
    if (!asSlider || !Number.isFinite(low) || !Number.isFinite(high))
        return number(field, step, act);
    return slider({
        label: field.title, title: field.help ?? "", least: low, most: high, step, digits: 3,
        act: whole,
    }); // prettier-ignore
}

/** About as fine as a slider can be moved. @param {Partial<Field>} field */
function stepOf({ type, low, high }) {
    if (type === "int") return 1;
    const range = (high ?? Infinity) - (low ?? 0);
    return range <= 2 ? 0.01 : range <= 64 ? 0.1 : 1;
}

const named = (values) => values.map((value) => [value, capital(value)]);

/** @param {string} word */
export const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * A label and what it is the label of.
 *
 * @param {{ title?: string, help?: string, needed?: boolean }} field
 * @param {HTMLElement & { title: string }} input
 */
function labelled({ title, help, needed }, input, kind = "") {
    input.id = uniqueId("field");
    if (help) input.title = help;
    const label = h("label", { for: input.id, title: help }, title, needed ? " (needed)" : null);
    return h("div", { class: `diffdiff-field ${kind}`.trim() },
        h("div", { class: "diffdiff-field-head" }, label), input); // prettier-ignore
}

/**
 * One of several.
 *
 * @param {{ title: string, help?: string, choices: [string, string][] }} field value and name of
 *     each
 * @param {(value: string) => void} act
 * @returns {Control}
 */
export function select({ choices, ...field }, act) {
    const input = h("select", { class: "diffdiff-select" });
    input.append(...choices.map(([value, name]) => h("option", { value }, name)));
    input.addEventListener("change", () => act(input.value));
    return { element: labelled(field, input), show: (value) => (input.value = value) };
}

/**
 * @param {{ title: string, help?: string, needed?: boolean }} field
 * @param {(value: string) => void} act
 * @returns {Control}
 */
export function text(field, act) {
    const input = h("input", { type: "text", class: "diffdiff-text", spellcheck: "false" });
    input.addEventListener("input", () => act(input.value));
    const show = (value) => (input.value = value ?? "");
    return { element: labelled(field, input, "diffdiff-wide"), show };
}

/** @param {Partial<Field>} field @param {(value: any) => void} act @returns {Control} */
function tick({ title, help }, act) {
    const input = h("input", { type: "checkbox", class: "diffdiff-tick" });
    input.addEventListener("change", () => act(input.checked));
    const look = { class: "diffdiff-field diffdiff-ticked", title: help };
    const element = h("label", look, input, title);
    return { element, show: (value) => (input.checked = value) };
}

/** A number that may have been left out, or one for which a slider would be too coarse. */
function number(field, step, act) {
    const { type, low, high } = field;
    const input = h("input", {
        type: "number", class: "diffdiff-text", min: low, max: high, step,
        inputmode: type === "int" ? "numeric" : "decimal",
        placeholder: field.default ?? "default",
    }); // prettier-ignore
    let value = field.default;
    const show = (next) => {
        value = next;
        if (focused() !== input) input.value = next ?? "";
    };
    input.addEventListener("input", () => {
        if (input.validity.badInput) return; // "-", on the way to "-3"
        if (input.value === "") return act(null);
        const within = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, input.valueAsNumber));
        act(type === "int" ? Math.round(within) : within);
    });
    input.addEventListener("blur", () => (input.value = value ?? ""));
    return { element: labelled(field, input), show };
}
