/**
 * The layers as data: what the JSON of a preset says, and what can be done to it. No function
 * changes what it is given.
 *
 * @typedef {object} Field a setting
 * @property {string} name
 * @property {string} title
 * @property {string} [help]
 * @property {"float" | "int" | "bool" | "str" | "picture"} type
 * @property {any} default null: the field may be left empty
 * @property {number | null} [low]
 * @property {number | null} [high]
 * @property {string[] | null} [choices]
 * @property {boolean} [needed] the layer makes no map without it
 *
 * @typedef {object} Schema
 * @property {string[]} blends
 * @property {Record<string, { title: string, help?: string, settings: Field[] }>} sources
 * @property {Field[]} shaping
 *
 * @typedef {object} Layer
 * @property {number} id of this page only; the JSON has none
 * @property {string} source
 * @property {Record<string, any>} values all that was ever set, that of other sources too, so that
 *     a look at another source loses nothing; and what this version does not know
 *
 * @typedef {object} Layers
 * @property {string} name
 * @property {Layer[]} layers the lowest first
 * @property {Record<string, any>} more beside name and layers: not known, but kept
 */
import { PainterError } from "../painter/map/errors.mjs";

export const MOST = 32; // layers
const ANEW = "Fix the text, load another preset, or start anew";

/** No layers. @returns {Layers} */
export const none = () => ({ name: "", layers: [], more: {} });

let ids = 0;

/**
 * Every setting of a layer, in the order of the editor.
 *
 * @param {Schema} schema
 * @param {string} source
 * @returns {Field[]}
 */
export const fieldsOf = (schema, source) => [
    { name: "blend", title: "Blend", type: "str", default: "replace", choices: schema.blends },
    { name: "opacity", title: "Opacity", type: "float", default: 1, low: 0, high: 1 },
    ...schema.sources[source].settings,
    ...schema.shaping,
];

/**
 * @param {Layer} layer
 * @param {Field} field
 * @returns {any} what is set, else the default
 */
export const valueOf = (layer, field) =>
    Object.hasOwn(layer.values, field.name) ? layer.values[field.name] : field.default;

/**
 * What the text of a preset says.
 *
 * @param {string} text JSON; blank: no layers
 * @param {Schema} schema
 * @returns {Layers}
 * @throws {PainterError} what is wrong, and in which layer; 1 is the lowest
 */
export function parse(text, schema) {
    if (!text.trim()) return none();
    let told;
    try {
        told = JSON.parse(text);
    } catch (error) {
        const { message } = /** @type {Error} */ (error);
        throw new PainterError(`The layers' text is not valid JSON (${message})`, ANEW);
    }
    if (!isObject(told) || !Array.isArray(told.layers)) {
        throw new PainterError("The layers' text has no list of layers", ANEW);
    }
    const { name = "", layers, ...more } = told;
    if (typeof name !== "string")
        throw new PainterError("The name of the layers is not text", ANEW);
    if (layers.length > MOST) {
        throw new PainterError(`There are ${layers.length} layers, more than ${MOST}`, ANEW);
    }
    return { name, layers: layers.map((one, i) => layerOf(one, i + 1, schema)), more };
}

function layerOf(told, number, schema) {
    const wrong = (problem) => new PainterError(`Layer ${number}: ${problem}`, ANEW);
    if (!isObject(told)) throw wrong("it is not an object");
    const { source, ...values } = told;
    if (typeof source !== "string") throw wrong("it names no source");
    if (!Object.hasOwn(schema.sources, source)) throw wrong(`source "${source}" is not known`);
    for (const field of fieldsOf(schema, source)) {
        const problem = Object.hasOwn(values, field.name) && wrongWith(field, values[field.name]);
        if (problem) throw wrong(`${field.name} ${problem}`);
    }
    return { id: ++ids, source, values };
}

const isObject = (told) => typeof told === "object" && told !== null && !Array.isArray(told);

/**
 * @param {Field} field
 * @param {any} value
 * @returns {string | null} what is wrong with a value, to be read after the field's name
 */
export function wrongWith({ type, default: fallback, low, high, choices, needed }, value) {
    if (value === null && fallback === null && type !== "picture") return null;
    if (type === "bool") return typeof value === "boolean" ? null : "is neither true nor false";
    if (type === "float" || type === "int") {
        if (!Number.isFinite(value)) return "is not a number";
        if (type === "int" && !Number.isInteger(value)) return "is not a whole number";
        if (value < (low ?? -Infinity)) return `is below ${low}`;
        return value > (high ?? Infinity) ? `is above ${high}` : null;
    }
    if (typeof value !== "string") return "is not text";
    if ((needed || type === "picture") && !value.trim()) return "is empty";
    return choices && !choices.includes(value) ? `is none of ${choices.join(", ")}` : null;
}

/**
 * The JSON of a preset, without what is as by default.
 *
 * @param {Layers} state
 * @param {Schema} schema
 * @returns {string} "" where there are no layers
 */
export function serialise({ name, layers, more }, schema) {
    if (!layers.length) return "";
    const all = Object.keys(schema.sources).flatMap((source) => fieldsOf(schema, source));
    const known = new Set(all.map((field) => field.name));
    const told = layers.map((layer) => {
        const own = new Map(fieldsOf(schema, layer.source).map((field) => [field.name, field]));
        const kept = Object.entries(layer.values).filter(([key, value]) =>
            own.has(key) ? value !== own.get(key).default : !known.has(key),
        );
        return Object.fromEntries([["source", layer.source], ...kept]);
    });
    return JSON.stringify({ name, layers: told, ...more });
}

/**
 * Settings of a layer that no source of this version has.
 *
 * @param {Layer} layer
 * @param {Schema} schema
 * @returns {string[]}
 */
export function unknownOf(layer, schema) {
    const all = Object.keys(schema.sources).flatMap((source) => fieldsOf(schema, source));
    return Object.keys(layer.values).filter((key) => !all.some(({ name }) => name === key));
}

/**
 * Settings that a layer needs and does not have.
 *
 * @param {Layer} layer
 * @param {Schema} schema
 * @returns {Field[]}
 */
export const missingOf = (layer, schema) =>
    fieldsOf(schema, layer.source).filter(
        (field) => field.needed && !String(valueOf(layer, field) ?? "").trim(),
    );

/**
 * In a few words, what is set in a layer's fold.
 *
 * @param {Layer} layer
 * @param {Schema} schema
 */
export function summaryOf(layer, schema) {
    const words = (field) => {
        const value = valueOf(layer, field);
        if (field.type === "picture" || value === true) return field.title;
        return value === false ? `no ${field.title}` : `${field.title} ${value}`;
    };
    return fieldsOf(schema, layer.source)
        .slice(2) // blend and opacity are seen anyway
        .filter((field) => valueOf(layer, field) !== field.default)
        .map(words)
        .join(" · ");
}

// ---- changes ---------------------------------------------------------------------------------

/**
 * @param {Layers} state
 * @param {string} source
 * @returns {Layers} with one more layer, on top
 * @throws {PainterError} there are as many as there may be
 */
export const add = (state, source) =>
    put(state, state.layers.length, { id: ++ids, source, values: {} });

/**
 * @param {Layers} state
 * @param {number} id
 * @returns {Layers} with the layer once more, right above it
 * @throws {PainterError} there are as many as there may be
 */
export function duplicate(state, id) {
    const at = state.layers.findIndex((layer) => layer.id === id);
    if (at < 0) return state;
    const { source, values } = state.layers[at];
    return put(state, at + 1, { id: ++ids, source, values: { ...values } });
}

function put(state, at, layer) {
    if (state.layers.length >= MOST) {
        throw new PainterError(`There are ${MOST} layers already`, "Remove one first");
    }
    return { ...state, layers: inserted(state, at, layer) };
}

const inserted = ({ layers }, at, layer) => [...layers.slice(0, at), layer, ...layers.slice(at)];

/**
 * @param {Layers} state
 * @param {number} id
 * @returns {Layers}
 */
export const remove = (state, id) => ({
    ...state,
    layers: state.layers.filter((layer) => layer.id !== id),
});

/**
 * @param {Layers} state
 * @param {number} id
 * @param {number} to its new place, 0 is the lowest; beyond the ends: the end
 * @returns {Layers}
 */
export function move(state, id, to) {
    const layer = state.layers.find((one) => one.id === id);
    if (!layer) return state;
    const others = remove(state, id);
    const at = Math.min(others.layers.length, Math.max(0, to));
    return { ...state, layers: inserted(others, at, layer) };
}

/**
 * @param {Layers} state
 * @param {number} id
 * @param {Field} field
 * @param {any} value null or, of a text, "": as by default
 * @returns {Layers}
 */
export function set(state, id, field, value) {
    const change = ({ [field.name]: _, ...others }) =>
        value === null || value === "" || value === field.default
            ? others
            : { ...others, [field.name]: value };
    return changed(state, id, ({ values }) => ({ values: change(values) }));
}

/**
 * @param {Layers} state
 * @param {number} id
 * @param {string} source
 * @returns {Layers}
 */
export const setSource = (state, id, source) => changed(state, id, () => ({ source }));

/**
 * @param {Layers} state
 * @param {number} id
 * @param {Schema} schema
 * @returns {Layers} without what this version does not know of the layer
 */
export const forget = (state, id, schema) =>
    changed(state, id, (layer) => {
        const names = unknownOf(layer, schema);
        const known = Object.entries(layer.values).filter(([key]) => !names.includes(key));
        return { values: Object.fromEntries(known) };
    });

const changed = (state, id, change) => ({
    ...state,
    layers: state.layers.map((one) => (one.id === id ? { ...one, ...change(one) } : one)),
});

/**
 * The layers that another text says, known by their places as those that stood there: a fold that
 * is open stays open.
 *
 * @param {Layers} before
 * @param {Layers} after
 * @returns {Layers}
 */
export const inPlace = (before, after) => ({
    ...after,
    layers: after.layers.map((layer, i) => ({ ...layer, id: before.layers[i]?.id ?? layer.id })),
});
