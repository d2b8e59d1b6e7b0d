import assert from "node:assert/strict";
import test from "node:test";
import { parse, serialise } from "../../javascript/layers/model.mjs";
import { nameOf } from "../../javascript/painter/document/regions.mjs";
import { regionsOf } from "../../javascript/painter/file/regionfile.mjs";
import { restored } from "../../javascript/painter/ui/tools/settings.mjs";
import { extentsOf } from "../../javascript/painter/ui/view/extending.mjs";
import { SCHEMA } from "./support/layers_schema.mjs";

const layers = (...list) => JSON.stringify({ name: "n", layers: list });
const clean = () => assert.deepEqual([{}.polluted, Object.keys(Object.prototype)], [undefined, []]);

test("layers that were written to break out of their place change nothing beside it", () => {
    const source = Object.keys(SCHEMA.sources)[0];
    for (const text of [
        `{"name": "n", "layers": [{"source": "${source}", "__proto__": {"polluted": 1}}]}`,
        `{"__proto__": {"polluted": 1}, "name": "n", "layers": []}`,
        `{"constructor": {"prototype": {"polluted": 1}}, "name": "n", "layers": []}`,
    ]) {
        const told = parse(text, SCHEMA);
        assert.ok(told.layers.every((layer) => layer.source === source));
        assert.doesNotThrow(() => JSON.parse(serialise(told, SCHEMA) || "{}"));
        clean();
    }
    for (const bad of [
        "__proto__",
        "constructor",
        "toString",
        "<img src=x onerror=alert(1)>",
        "",
    ]) {
        assert.throws(() => parse(layers({ source: bad }), SCHEMA), /Layer 1/);
    }
    const long = parse(JSON.stringify({ name: "x".repeat(2 ** 20), layers: [] }), SCHEMA);
    assert.equal(long.name.length, 2 ** 20);
    assert.throws(() => parse("[".repeat(1e5), SCHEMA), /not valid JSON/);
    clean();
});

test("regions from anywhere: their names are short text, and nothing else is taken from them", async () => {
    const region = (name) => ({ name, strength: 0.5, mode: "max", area: "" });
    const text = (regions, more = {}) =>
        JSON.stringify({ form: 1, width: 4, height: 3, background: "", regions, ...more });
    const hostile = [
        "<img src=x onerror=alert(1)>",
        "x".repeat(2 ** 20),
        "a\nb\u0000",
        { toString: 1 },
    ];
    const found = await regionsOf(text(hostile.slice(0, 3).map(region)));
    assert.deepEqual(found.regions[0].name, hostile[0], "text, which is shown as text");
    assert.ok(found.regions.every(({ name }) => name.length <= 60 && !name.includes("\n")));
    assert.equal(nameOf("\u202e\u2066abc\u0000\u0007"), "abc");
    for (const bad of [
        text([region(hostile[3])]),
        text([{ ...region("a"), strength: "1e9" }]),
        text([{ ...region("a"), area: "AAAA" }]),
        text([region("a")], { width: 1e9 }),
        text([region("a")], { width: "4" }),
        `{"form":1,"width":4,"height":3,"background":"","regions":[{"__proto__":{"polluted":1}}]}`,
        "[".repeat(1e5),
        "x".repeat(9 * 2 ** 20),
        "null",
    ]) {
        assert.equal(await regionsOf(bad), null, bad.slice(0, 60));
    }
    clean();
});

test("kept settings and typed sides", () => {
    const kept = JSON.parse(
        '{"__proto__": {"polluted": 1}, "constructor": 3, "tool": "__proto__", "size": 9}',
    );
    const values = restored(kept);
    assert.deepEqual([values.tool, values.size, values.polluted], ["brush", 9, undefined]);
    const { left, ...others } = extentsOf("left: 64; __proto__ 9 <b>right</b> x");
    assert.deepEqual([left, others], [64, { right: 0, top: 0, bottom: 0 }]);
    clean();
});
