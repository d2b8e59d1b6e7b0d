import assert from "node:assert/strict";
import test from "node:test";
import { PainterError } from "../../javascript/painter/map/errors.mjs";
import * as model from "../../javascript/layers/model.mjs";
import { between, random } from "./support/helpers.mjs";
import { SCHEMA } from "./support/layers_schema.mjs";

const parse = (told) => model.parse(typeof told === "string" ? told : JSON.stringify(told), SCHEMA);
const told = (state) => JSON.parse(model.serialise(state, SCHEMA));
const field = (source, name) => model.fieldsOf(SCHEMA, source).find((one) => one.name === name);
const sourcesOf = (state) => state.layers.map(({ source }) => source);
const stack = (...sources) =>
    sources.reduce((state, source) => model.add(state, source), model.none());

/** Any preset that the schema allows; what is as by default is never in it. */
function randomPreset(next) {
    const one = (list) => list[between(next, 0, list.length - 1)];
    const value = ({ type, choices, low, high, default: initial }) => {
        if (type === "bool") return !initial;
        if (type === "picture") return "data:image/png;base64,iVBORw0KGgo=";
        if (type === "str") return choices ? one(choices) : `a “text”, ${between(next, 0, 99)}`;
        const number = low + next() * (high - low);
        return type === "int" ? Math.round(number) : number;
    };
    const layer = () => {
        const source = one(Object.keys(SCHEMA.sources));
        const made = { source };
        for (const each of model.fieldsOf(SCHEMA, source)) {
            if (next() < 0.6) continue;
            const set = value(each);
            if (set !== each.default) made[each.name] = set;
        }
        if (next() < 0.2) made.of_tomorrow = { deep: [1, null, "x"] };
        return made;
    };
    const layers = Array.from({ length: between(next, 1, 6) }, layer);
    return {
        name: one(["", "sky only", "Größe"]),
        layers,
        ...(next() < 0.2 ? { version: 2 } : {}),
    };
}

test("what was read is written back, what is not known included", () => {
    const next = random(3);
    for (let i = 0; i < 300; i++) {
        const preset = randomPreset(next);
        assert.deepEqual(told(parse(preset)), preset);
    }
});

test("what is as by default is left out, and no layers are no text", () => {
    const defaults = { blend: "replace", opacity: 1, edge_sigma: 1, soften_radius: null };
    const preset = { name: "n", layers: [{ source: "edges", ...defaults }] };
    assert.deepEqual(told(parse(preset)), { name: "n", layers: [{ source: "edges" }] });
    for (const text of ["", " \n", '{"name": "left", "layers": []}']) {
        assert.equal(model.serialise(parse(text), SCHEMA), "");
    }
});

test("a text that is not understood is refused, and the layer named", () => {
    const layer = (second) => ({ layers: [{ source: "luminance" }, second] });
    const cases = [
        ["{", /not valid JSON/],
        ["[]", /no list of layers/],
        ["null", /no list of layers/],
        ["7", /no list of layers/],
        [{ layers: {} }, /no list of layers/],
        [{ name: 3, layers: [] }, /name of the layers/],
        [{ layers: Array(33).fill({ source: "painted" }) }, /33 layers/],
        [layer("edges"), /Layer 2: it is not an object/],
        [layer([]), /Layer 2: it is not an object/],
        [layer({}), /Layer 2: it names no source/],
        [layer({ source: "constructor" }), /Layer 2: source "constructor" is not known/],
        [layer({ source: "edges", blend: "dodge" }), /Layer 2: blend is none of replace, /],
        [layer({ source: "edges", opacity: 1.5 }), /Layer 2: opacity is above 1/],
        [layer({ source: "edges", opacity: null }), /Layer 2: opacity is not a number/],
        [layer({ source: "edges", opacity: "1" }), /Layer 2: opacity is not a number/],
        [
            '{"layers": [{"source": "edges", "edge_sigma": 1e999}]}',
            /Layer 1: edge_sigma is not a number/,
        ],
        [layer({ source: "edges", edge_sigma: -1 }), /Layer 2: edge_sigma is below 0/],
        [layer({ source: "edges", invert: 1 }), /Layer 2: invert is neither/],
        [layer({ source: "foreground", rounds: 2.5 }), /Layer 2: rounds is not a whole number/],
        [layer({ source: "foreground", box: 3 }), /Layer 2: box is not text/],
        [layer({ source: "foreground", inside: null }), /Layer 2: inside is not text/],
        [layer({ source: "upload", file: " " }), /Layer 2: file is empty/],
        [layer({ source: "diffedit", query: "" }), /Layer 2: query is empty/],
        [
            layer({ source: "diffedit", diffedit_outliers: "mean" }),
            /Layer 2: diffedit_outliers is none of/,
        ],
    ];
    for (const [text, problem] of cases) {
        assert.throws(
            () => parse(text),
            (error) => {
                assert.ok(error instanceof PainterError, String(error));
                assert.match(error.message, problem);
                assert.match(error.remedy, /start anew/);
                return true;
            },
        );
    }
});

test("a new layer lies on top, a copy right above its layer", () => {
    let state = stack("luminance", "edges");
    const [first] = state.layers;
    state = model.set(state, first.id, field("luminance", "gamma"), 2);
    state = model.duplicate(state, first.id);
    assert.deepEqual(sourcesOf(state), ["luminance", "luminance", "edges"]);
    state = model.set(state, first.id, field("luminance", "gamma"), 3);
    assert.deepEqual(
        state.layers.map(({ values }) => values.gamma),
        [3, 2, undefined],
    );
    assert.equal(new Set(state.layers.map(({ id }) => id)).size, 3);
    assert.equal(model.duplicate(state, -1), state);
});

test("there are 32 layers at most", () => {
    const full = stack(...Array(model.MOST).fill("painted"));
    assert.throws(() => model.add(full, "edges"), /32 layers already.*Remove one/);
    assert.throws(() => model.duplicate(full, full.layers[0].id), PainterError);
    assert.equal(full.layers.length, 32);
});

test("a layer moves to its place, and no further than the ends", () => {
    const state = stack("luminance", "edges", "painted");
    const [{ id }] = state.layers;
    const moved = (to) => sourcesOf(model.move(state, id, to));
    assert.deepEqual(moved(0), ["luminance", "edges", "painted"]);
    assert.deepEqual(moved(1), ["edges", "luminance", "painted"]);
    assert.deepEqual(moved(2), ["edges", "painted", "luminance"]);
    assert.deepEqual(moved(9), ["edges", "painted", "luminance"]);
    assert.deepEqual(moved(-1), ["luminance", "edges", "painted"]);
    assert.equal(model.move(state, -1, 0), state);
    assert.deepEqual(sourcesOf(model.remove(state, id)), ["edges", "painted"]);
});

test("nothing changes what it is given", () => {
    const freeze = (object) => {
        if (object && typeof object === "object")
            Object.values(Object.freeze(object)).forEach(freeze);
        return object;
    };
    const preset = { name: "n", layers: [{ source: "edges", tomorrow: 1 }, { source: "painted" }] };
    const state = freeze(parse(preset));
    const [{ id }] = state.layers;
    model.add(state, "edges");
    model.duplicate(state, id);
    model.remove(state, id);
    model.move(state, id, 1);
    model.set(state, id, field("edges", "gamma"), 2);
    model.setSource(state, id, "painted");
    model.forget(state, id, SCHEMA);
    model.inPlace(state, state);
    assert.deepEqual(told(state), preset);
});

test("a setting as by default, or emptied, is none", () => {
    let state = stack("diffedit");
    const [{ id }] = state.layers;
    const set = (name, value) => (state = model.set(state, id, field("diffedit", name), value));
    set("diffedit_cut", 0.5);
    set("query", "pears");
    set("invert", true);
    set("opacity", 0);
    assert.deepEqual(told(state).layers, [
        { source: "diffedit", diffedit_cut: 0.5, query: "pears", invert: true, opacity: 0 },
    ]);
    set("diffedit_cut", null);
    set("query", "");
    set("invert", false);
    set("opacity", 1);
    assert.deepEqual(told(state).layers, [{ source: "diffedit" }]);
});

test("a look at another source loses nothing, but no setting goes where it does not belong", () => {
    let state = parse({ layers: [{ source: "edges", edge_sigma: 3, gamma: 2, tomorrow: 1 }] });
    const [{ id }] = state.layers;
    state = model.setSource(state, id, "luminance");
    assert.deepEqual(told(state).layers, [{ source: "luminance", gamma: 2, tomorrow: 1 }]);
    state = model.setSource(state, id, "edges");
    assert.deepEqual(told(state).layers, [
        { source: "edges", edge_sigma: 3, gamma: 2, tomorrow: 1 },
    ]);
    assert.deepEqual(model.unknownOf(state.layers[0], SCHEMA), ["tomorrow"]);
    state = model.forget(state, id, SCHEMA);
    assert.deepEqual(told(state).layers, [{ source: "edges", edge_sigma: 3, gamma: 2 }]);
});

test("layers of another text are known by their places", () => {
    const before = stack("luminance", "edges");
    const three = ["painted", "edges", "edges"].map((source) => ({ source }));
    const after = model.inPlace(before, parse({ layers: three }));
    const ids = ({ layers }) => layers.map(({ id }) => id);
    assert.deepEqual(ids(after).slice(0, 2), ids(before));
    assert.equal(new Set(ids(after)).size, 3);
});

test("what is missing, and what is set in a fold, in words", () => {
    const state = parse({
        layers: [
            { source: "upload", opacity: 0.5, blend: "max", invert: true, gamma: 2 },
            { source: "upload", file: "data:image/png;base64,AA==", soften_radius: 8 },
        ],
    });
    const [first, second] = state.layers;
    assert.deepEqual(
        model.missingOf(first, SCHEMA).map(({ name }) => name),
        ["file"],
    );
    assert.deepEqual(model.missingOf(second, SCHEMA), []);
    assert.equal(model.summaryOf(first, SCHEMA), "Invert · Gamma 2");
    assert.equal(model.summaryOf(second, SCHEMA), "File · Soften radius 8");
});
