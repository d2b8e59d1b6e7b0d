import assert from "node:assert/strict";
import test from "node:test";
import {
    FIELDS,
    Settings,
    brushOf,
    restored,
    browserStore,
} from "../../javascript/painter/ui/tools/settings.mjs";
import {
    percentOf,
    sizeToSlider,
    sliderToSize,
    squared,
    suitableHeight,
    turned,
} from "../../javascript/painter/ui/tools/modes.mjs";
import { Gesture } from "../../javascript/painter/ui/tools/tools.mjs";
import { meaning, summary } from "../../javascript/painter/ui/panels/legend.mjs";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { FULL, fromStrength } from "../../javascript/painter/map/map.mjs";

const nowhere = { load: () => null, save: () => {} };
const first = () =>
    Object.fromEntries(Object.entries(FIELDS).map(([name, { initial }]) => [name, initial]));

test("settings that come back are checked one by one", () => {
    assert.deepEqual(restored(null), first());
    for (const junk of [
        undefined,
        3,
        "x",
        [],
        { tool: "hammer", size: "9", strength: 101, height: 5, extra: 1 },
    ]) {
        assert.deepEqual(restored(junk), first());
    }
    const kept = { ...first(), tool: "lasso", strength: 33.5, height: 700 };
    assert.deepEqual(restored(JSON.parse(JSON.stringify(kept))), kept);
});

test("settings keep to their limits, and tell only what changed", () => {
    const settings = new Settings(nowhere);
    const told = [];
    const off = settings.onChange((changed) => told.push(changed));
    settings.set({ size: 5000, strength: -3, tool: "brush" });
    assert.deepEqual(told, [{ size: 1024, strength: 0 }]);
    settings.set({ size: NaN, tool: /** @type {any} */ ("hammer"), height: 100 });
    assert.deepEqual(told.slice(1), [{ height: 320 }]);
    settings.set({ height: 0 });
    assert.equal(settings.values.height, 0, "automatic");
    off();
    settings.set({ size: 3 });
    assert.equal(told.length, 3);
});

test("storage that throws does no harm", () => {
    const broken = () => {
        throw new Error("forbidden");
    };
    const settings = new Settings({ load: broken, save: broken });
    settings.set({ size: 9 });
    assert.equal(settings.values.size, 9);
    const saved = [];
    new Settings({ load: () => ({ size: 7 }), save: (values) => saved.push(values) }).set({
        flow: 50,
    });
    assert.deepEqual([saved.length, saved[0].size, saved[0].flow], [1, 7, 50]);
});

test("brushes made of settings", () => {
    const values = { ...first(), strength: 40, second: 10, pen: "both", hardness: 25 };
    assert.equal(brushOf(values).value, fromStrength(0.4));
    assert.equal(brushOf(values, { second: true }).value, fromStrength(0.1));
    assert.deepEqual(
        [brushOf(values).hardness, brushOf(values).pressureSize, brushOf(values).pressureStrength],
        [0.25, true, true],
    );
    for (const erase of [
        brushOf(values, { erase: true }),
        brushOf({ ...values, tool: "erase", mode: "max" }),
    ]) {
        assert.deepEqual([erase.value, erase.mode, erase.label], [0, "replace", "Erase"]);
    }
    const smooth = brushOf({ ...values, tool: "smooth", blur: 12 });
    assert.deepEqual([smooth.sigma, smooth.value], [12, undefined]);
});

test("the brush stays the same part of the picture, and a chosen size is taken as it is", () => {
    const settings = new Settings({ load: () => null, save: () => {} });
    const at = (width, height) => {
        settings.scaleTo({ width, height });
        return settings.values.size;
    };
    assert.deepEqual([at(512, 900), at(64, 64), at(4096, 4096), at(512, 512)], [43, 5, 341, 43]);
    assert.deepEqual([at(1, 1), at(16384, 16384), at(768, 768)], [1, 1024, 64]);
    settings.set({ size: 100 });
    assert.deepEqual([at(1536, 1536), at(768, 768)], [200, 100]);
    const again = new Settings({ load: () => ({ ...settings.values }), save: () => {} });
    again.scaleTo({ width: 1536, height: 2000 });
    assert.equal(again.values.size, 200, "another visit, too");
});

test("a size slider reaches every end, and goes up", () => {
    assert.deepEqual([sliderToSize(0, 1024), sliderToSize(1000, 1024)], [1, 1024]);
    assert.deepEqual(
        [sizeToSlider(1, 1024), sizeToSlider(1024, 1024), sizeToSlider(32, 1024)],
        [0, 1000, 500],
    );
    for (let at = 1; at <= 1000; at++)
        assert.ok(sliderToSize(at, 1024) >= sliderToSize(at - 1, 1024));
    for (const size of [1, 2, 5, 64, 500, 1024]) {
        assert.ok(Math.abs(sliderToSize(sizeToSlider(size, 1024), 1024) / size - 1) < 0.02);
    }
});

test("squares and whole angles", () => {
    const from = { x: 10, y: 10 };
    assert.deepEqual(squared(from, { x: 30, y: 15 }), { x: 30, y: 30 });
    assert.deepEqual(squared(from, { x: 4, y: 30 }), { x: -10, y: 30 });
    assert.deepEqual(squared(from, from), from);
    const flat = turned(from, { x: 50, y: 12 });
    assert.ok(Math.abs(flat.y - 10) < 1e-9 && Math.abs(flat.x - 10 - Math.hypot(40, 2)) < 1e-9);
    const steep = turned(from, { x: 11, y: 50 });
    assert.ok(Math.abs(steep.x - 10) < 1e-9 && steep.y > 50 - 1e-9);
});

test("heights stay within limits, also on small screens", () => {
    assert.equal(suitableHeight({ width: 512, height: 512 }, 400, 1000), 400);
    assert.equal(suitableHeight({ width: 512, height: 2048 }, 900, 1000), 620);
    assert.equal(suitableHeight({ width: 2048, height: 512 }, 400, 1000), 320);
    assert.equal(suitableHeight({ width: 512, height: 2048 }, 900, 300), 320);
});

test("percent and meaning", () => {
    assert.deepEqual([percentOf(0), percentOf(FULL), percentOf(32768)], [0, 100, 50]);
    const run = { steps: 20, denoising: 0.75 };
    assert.equal(meaning(0, run), "kept");
    assert.equal(meaning(FULL, run), "strength 0.75, from step 5 of 20");
    assert.equal(meaning(FULL, null), "");
    assert.equal(
        summary({ ...run, sampler: "Euler" }),
        "Euler, 20 steps, denoising 0.75: 17 levels can be told apart",
    );
    assert.match(summary({ ...run, scale: "absolute" }), /absolute strengths: 21 levels/);
});

function desk(values = {}, picture = null) {
    const document = new PaintDocument({ width: 60, height: 40 });
    const settings = new Settings(nowhere);
    settings.set({ size: 4, hardness: 100, ...values });
    const errors = [];
    const gesture = new Gesture({
        document: () => document,
        picture: () => picture,
        settings,
        onError: (problem) => errors.push(problem),
        onMark: () => {},
    });
    return { document, settings, gesture, errors };
}

const p = (x, y) => ({ x, y });

test("a gesture ends what was begun before it", () => {
    const { document, gesture } = desk();
    gesture.begin(p(5, 5));
    gesture.begin(p(30, 30));
    gesture.end();
    gesture.end();
    assert.deepEqual(
        document.history.done.map(({ label }) => label),
        ["Brush", "Brush"],
    );
    gesture.begin(p(50, 30));
    gesture.cancel();
    assert.equal(document.history.done.length, 2);
    assert.equal(document.map.data[30 * 60 + 50], 0);
});

test("a stroke goes on after its first part was committed by something else", () => {
    const { document, gesture } = desk();
    gesture.begin(p(5, 5));
    gesture.move([p(20, 5)]);
    document.commitStroke();
    gesture.move([p(25, 5), p(40, 5)]);
    gesture.end();
    assert.equal(document.history.done.length, 2);
    assert.equal(document.map.data[5 * 60 + 35], FULL);
});

test("Shift draws on from the last stroke; not after another picture", () => {
    const { document, gesture } = desk();
    gesture.begin(p(5, 5));
    gesture.end();
    gesture.begin(p(50, 5), { shift: true });
    gesture.end();
    assert.equal(document.map.data[5 * 60 + 30], FULL);
    gesture.forget();
    gesture.begin(p(50, 35), { shift: true });
    gesture.end();
    assert.equal(document.map.data[20 * 60 + 50], 0);
});

test("drags: less than the slack is a click, rectangles lie on pixel borders", () => {
    const { document, gesture } = desk({ tool: "rectangle", strength: 50 });
    gesture.begin(p(10.2, 10.4), { slack: 3 });
    gesture.move([p(11, 11)]);
    assert.equal(gesture.mark, null);
    gesture.end();
    assert.ok(document.map.isFlat(0));
    gesture.begin(p(10.2, 10.4), { slack: 3 });
    gesture.move([p(19.8, 20.3)]);
    assert.deepEqual([gesture.mark.a, gesture.mark.b], [p(10, 10), p(20, 20)]);
    gesture.end();
    assert.equal(document.map.data.filter((v) => v === fromStrength(0.5)).length, 100);
    assert.equal(document.map.data.filter((v) => v !== 0).length, 100);
});

test("the eyedropper's strength paints the value that was picked", () => {
    const { document, gesture, settings } = desk();
    for (const value of [0, 1, 257, 12345, 32768, 65278, FULL]) {
        document.fill(value);
        gesture.begin(p(5, 5), { pick: true });
        gesture.end();
        assert.equal(brushOf(settings.values).value, value);
    }
    const before = settings.values.strength;
    gesture.begin(p(-5, 5), { pick: true });
    assert.equal(settings.values.strength, before, "off the picture");
});

test("a fill without a picture is an error that says what to do, and ends there", () => {
    const { gesture, errors, document } = desk({ tool: "flood" });
    gesture.begin(p(5, 5));
    assert.equal(gesture.active, false);
    assert.match(errors[0].message, /no picture .*Open one first/);
    gesture.move([p(9, 9)]);
    assert.ok(document.map.isFlat(0));
});

test("each tab keeps its own settings, and a new one begins with the last", () => {
    const storage = () => {
        const kept = new Map();
        return {
            getItem: (key) => kept.get(key) ?? null,
            setItem: (key, text) => kept.set(key, text),
        };
    };
    const shared = storage();
    const tab = () => ({ own: storage(), store: browserStore("x") });
    const as = ({ own }, act) => {
        globalThis.sessionStorage = own;
        globalThis.localStorage = shared;
        return act();
    };
    const [one, two, three] = [tab(), tab(), tab()];
    as(one, () => one.store.save({ size: 99 }));
    as(two, () => two.store.save({ size: 5 }));
    assert.deepEqual(
        as(one, () => one.store.load()),
        { size: 99 },
    );
    assert.deepEqual(
        as(three, () => three.store.load()),
        { size: 5 },
    );
    delete globalThis.sessionStorage;
    delete globalThis.localStorage;
});
