import assert from "node:assert/strict";
import { test } from "node:test";

import { finalSize, placesOf, readInfo, seedOf } from "../../javascript/hosts/text.mjs";
import { useOf } from "../../javascript/hosts/use.mjs";

const FIRST = [512, 768];
const small = { src: "a", width: 512, height: 768, seed: "7" };
const large = { src: "b", width: 1024, height: 1536, seed: "7" };

test("a picture of the first pass is painted on", () => {
    assert.deepEqual(placesOf(null, small, FIRST), { under: small, result: null });
    const other = { ...small, src: "c" };
    assert.deepEqual(placesOf(small, other, FIRST), { under: other, result: null });
});

test("its own hires fix is what it is compared with", () => {
    assert.deepEqual(placesOf(small, large, FIRST), { under: small, result: large });
    const untold = { ...large, seed: null };
    assert.deepEqual(placesOf(small, untold, FIRST), { under: small, result: untold });
});

test("another picture takes its place", () => {
    for (const other of [
        { ...large, seed: "8" },
        { ...large, width: 1536, height: 1024 },
        { ...large, width: 256, height: 384 },
    ]) {
        assert.deepEqual(placesOf(small, other, FIRST), { under: other, result: null });
    }
    assert.deepEqual(placesOf(null, large, FIRST), { under: large, result: null });
});

test("while a gallery is empty the picture stays", () => {
    assert.deepEqual(placesOf(small, null, FIRST), { under: small, result: null });
    assert.deepEqual(placesOf(null, null, FIRST), { under: null, result: null });
});

test("the size of the result", () => {
    assert.deepEqual(finalSize([512, 768], 2, [0, 0]), [1024, 1536]);
    assert.deepEqual(finalSize([512, 768], 1.3, [0, 0]), [665, 998]);
    assert.deepEqual(finalSize([512, 768], 2, [1024, 0]), [1024, 1536]);
    assert.deepEqual(finalSize([512, 768], 2, [0, 1024]), [682, 1024]);
    assert.deepEqual(finalSize([512, 768], 2, [1024, 1024]), [1024, 1024]);
});

test("the seed of parameters", () => {
    assert.equal(seedOf("a cat\nSteps: 20, Seed: 42, Size: 512x512"), "42");
    assert.equal(seedOf(""), null);
});

test("without hires fix a note says so", () => {
    const settings = {
        enabled: true, mode: "edit", layout: "vertical", source: "upload", phrase: "", layers: "",
        masked: false, builtin: false,
    }; // prettier-ignore
    assert.deepEqual(useOf({ ...settings, hires: true }).says, []);
    const [note] = useOf({ ...settings, hires: false }).says;
    assert.equal(note.cure, "hires");
    assert.match(note.text, /Hires\. fix is off/);
    assert.equal(useOf({ ...settings, enabled: false, hires: false }).says[0].cure, "enable");
});

test("what the page knows of a run", () => {
    const info = JSON.stringify({ index_of_first_image: 1, all_seeds: [5, 6] });
    assert.deepEqual(readInfo(info), { grids: 1, seeds: ["5", "6"] });
    assert.deepEqual(readInfo(""), { grids: 0, seeds: [] });
});
