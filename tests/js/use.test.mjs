import assert from "node:assert/strict";
import { test } from "node:test";
import { useOf } from "../../javascript/hosts/use.mjs";

const PLAIN = {
    enabled: true, mode: "edit", layout: "vertical", source: "upload", phrase: "the painting",
    layers: "", masked: false, builtin: false,
}; // prettier-ignore
const use = (settings) => useOf({ ...PLAIN, ...settings });
const cures = ({ says }) => says.map(({ cure }) => cure);

test("a painting that is used as it is needs no words", () => {
    assert.deepEqual(use({}), { unused: false, says: [] });
    assert.deepEqual(use({ mode: "sheet" }), { unused: false, says: [] });
    assert.deepEqual(use({ mode: "fan", layout: "map" }), { unused: false, says: [] });
    assert.deepEqual(use({ masked: true }), { unused: false, says: [] });
});

test("where the map comes from is said, with a way back to the painting", () => {
    const told = use({ source: "luminance", phrase: "luminance" });
    assert.equal(told.unused, true);
    assert.deepEqual(told.says, [
        { text: "The map comes from luminance; the painting is not used.", cure: "paint" },
    ]);
    assert.equal(use({ mode: "sheet", source: "mask", phrase: "the inpaint mask" }).unused, true);
});

test("off is said first, and alone", () => {
    const told = use({ enabled: false, source: "luminance", builtin: true });
    assert.deepEqual([told.unused, cures(told)], [true, ["enable"]]);
});

test("a fan in stripes has no use for a map, whatever its source", () => {
    for (const source of ["upload", "luminance"]) {
        const told = use({ mode: "fan", source });
        assert.deepEqual([told.unused, cures(told)], [true, [undefined]]);
    }
    assert.equal(use({ mode: "fan", layout: "map", source: "edges" }).unused, true);
});

test("layers use the painting where one of them is it", () => {
    const layers = (...sources) =>
        JSON.stringify({ layers: sources.map((source) => ({ source })) });
    assert.equal(use({ source: "layers", layers: layers("edges", "painted") }).unused, false);
    for (const text of [
        layers("edges"),
        "",
        "{",
        "[]",
        "null",
        '{"layers": 3}',
        '{"layers": [null]}',
    ]) {
        assert.equal(use({ source: "layers", layers: text }).unused, true, text);
    }
});

test("soft inpainting says which mask counts, and that the host's own is on", () => {
    assert.match(use({ mode: "soft inpaint", masked: true }).says[0].text, /clear it/);
    assert.match(use({ mode: "soft inpaint" }).says[0].text, /no inpaint mask/);
    assert.deepEqual(cures(use({ mode: "soft inpaint", builtin: true })), [undefined, "alone"]);
    assert.deepEqual(cures(use({ masked: true, builtin: true })), ["alone"]);
    assert.deepEqual(cures(use({ builtin: true })), []); // without a mask it does nothing
});
