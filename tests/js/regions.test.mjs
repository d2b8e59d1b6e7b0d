import test from "node:test";
import assert from "node:assert/strict";
import { RegionStack, MOST } from "../../javascript/painter/document/regions.mjs";
import {
    regionsOf,
    takeRegions,
    textOfRegions,
} from "../../javascript/painter/file/regionfile.mjs";
import { FULL, fromStrength } from "../../javascript/painter/map/map.mjs";
import { whole } from "../../javascript/painter/map/rect.mjs";

const dot = { size: 20, hardness: 1, value: 30000, mode: "replace" };
const at = (x, y) => ({ x, y });

function painted() {
    const events = [];
    const stack = new RegionStack({ width: 90, height: 70 }, { onChange: (e) => events.push(e) });
    stack.beginStroke(dot, at(20, 20));
    stack.commitStroke();
    const face = stack.add("face", 0.1);
    stack.beginStroke(dot, at(20, 20));
    stack.commitStroke();
    const sky = stack.add("sky \u00e4\u7a7a", 0.8);
    stack.beginStroke({ ...dot, size: 30 }, at(60, 20));
    stack.commitStroke();
    return { stack, events, face, sky };
}

test("a region's strength can be changed after painting, in the map's order", () => {
    const { stack, face, sky } = painted();
    assert.equal(stack.pick(at(20, 20)), fromStrength(0.1));
    assert.equal(stack.pick(at(60, 20)), fromStrength(0.8));
    stack.set(face, { mode: "max" });
    assert.equal(stack.pick(at(20, 20)), 30000, "max never lowers the background");
    stack.set(face, { mode: "replace", strength: 0.25 });
    assert.equal(stack.pick(at(20, 20)), fromStrength(0.25));
    stack.choose(face);
    stack.beginStroke(dot, at(60, 20));
    stack.commitStroke();
    assert.equal(stack.pick(at(60, 20)), fromStrength(0.8), "sky lies above");
    stack.move(sky, -1);
    assert.equal(stack.pick(at(60, 20)), fromStrength(0.25));
    assert.deepEqual(stack.map.data, stack.read(whole(stack)));
    stack.map.data.forEach((value, i) => assert.equal(value, stack.at(i)));
});

test("painting on a region fills its area, whatever the strength of the brush; 0 takes out", () => {
    const { stack, face } = painted();
    assert.equal(face.area.pick(at(20, 20)), FULL);
    stack.choose(face);
    stack.beginStroke({ ...dot, size: 40, value: 0 }, at(20, 20));
    stack.commitStroke();
    assert.ok(face.area.map.isFlat(0));
    assert.equal(stack.pick(at(20, 20)), 30000);
});

test("everything is undone and redone in the order in which it was done", () => {
    const { stack, face } = painted();
    stack.set(face, { strength: 0.2 });
    stack.set(face, { strength: 0.3 }); // one movement of a slider
    stack.settle();
    stack.set(face, { strength: 0.4 });
    stack.remove(face);
    const states = [];
    while (stack.history.undoLabel) {
        states.push(stack.map.copy());
        stack.undo();
    }
    assert.equal(states.length, 1 + 1 + 1 + 1 + 1 + 2 + 1);
    assert.ok(stack.map.isFlat(0) && stack.regions.length === 0);
    for (const state of states.reverse()) {
        stack.redo();
        assert.ok(stack.map.equals(state));
    }
    assert.equal(stack.history.redoLabel, null);
    stack.undo();
    stack.choose(null);
    stack.fill(5);
    assert.equal(stack.history.redoLabel, null, "a new change forgets what was undone");
});

test("revisions and events tell of every change", () => {
    const { stack, events, face } = painted();
    const seen = new Set([stack.revision]);
    for (const change of [
        () => stack.set(face, { strength: 0.5 }),
        () => stack.undo(),
        () => stack.redo(),
        () => stack.remove(face),
        () => stack.setImage({ width: 45, height: 35 }),
    ]) {
        // prettier-ignore
        const before = events.length;
        change();
        assert.ok(!seen.has(stack.revision) && events.length > before);
        seen.add(stack.revision);
    }
    assert.deepEqual([stack.width, stack.regions[0].area.width], [45, 45]);
});

test("regions travel as text and come back, at another size too; other text is none", async () => {
    const { stack } = painted();
    const text = await textOfRegions(stack);
    assert.match(text, /^[ -~]*$/, "chunks of a PNG are Latin-1");
    const found = await regionsOf(text);
    const other = new RegionStack({ width: 90, height: 70 });
    takeRegions(other, found);
    assert.ok(other.map.equals(stack.map));
    assert.deepEqual(
        other.regions.map(({ name, strength }) => [name, strength]),
        [
            ["face", 0.1],
            ["sky \u00e4\u7a7a", 0.8],
        ],
    );
    const small = new RegionStack({ width: 45, height: 35 });
    takeRegions(small, found);
    assert.equal(small.pick(at(10, 10)), fromStrength(0.1));
    assert.equal(await textOfRegions(new RegionStack({ width: 9, height: 9 })), "");
    const broken = JSON.parse(text);
    for (const wrong of [
        "",
        "{",
        "[]",
        "7",
        text.slice(0, -9),
        JSON.stringify({ ...broken, width: 1e9 }),
        JSON.stringify({ ...broken, width: 8 }),
        JSON.stringify({ ...broken, regions: [{ strength: 2 }] }),
        JSON.stringify({ ...broken, background: "<img>" }),
    ]) {
        // prettier-ignore
        assert.equal(await regionsOf(wrong), null, wrong.slice(0, 40));
    }
});

test("names are one line, and there is an end to regions", () => {
    const stack = new RegionStack({ width: 8, height: 8 });
    const region = stack.add("  a\n b " + "x".repeat(200));
    assert.ok(region.name.startsWith("a b x") && region.name.length === 60);
    stack.set(region, { name: "   " });
    assert.ok(region.name.startsWith("a b"));
    while (stack.regions.length < MOST) stack.add();
    assert.throws(() => stack.add(), /Remove one/);
});

test("a region that is removed leaves no work behind, and comes back whole", () => {
    const stack = new RegionStack({ width: 640, height: 640 }, { later: () => {} });
    const region = stack.add("sky", 0.8);
    stack.beginStroke({ ...dot, size: 300 }, at(0, 100));
    stack.extendStroke([at(640, 150), at(0, 500)]);
    stack.commitStroke();
    assert.ok(region.area.history.landing, "its stroke is put off");
    stack.remove(region);
    assert.equal(region.area.history.landing, false);
    assert.equal(stack.landing, false);
    stack.undo();
    assert.equal(stack.pick(at(320, 125)), fromStrength(0.8));
});
