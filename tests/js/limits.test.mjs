import test from "node:test";
import assert from "node:assert/strict";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { FULL } from "../../javascript/painter/map/map.mjs";
import { hold, inverted, selected } from "../../javascript/painter/map/limit.mjs";
import { coverShape, spreadFill } from "../../javascript/painter/draw/areas.mjs";
import { Cover } from "../../javascript/painter/map/cover.mjs";
import { bandOf, outline } from "../../javascript/painter/ui/view/lines.mjs";
import { outdated, MOST } from "../../javascript/hosts/works.mjs";
import { perform } from "../../javascript/painter/worker/tasks.mjs";
import { inBackground } from "../../javascript/painter/worker/background.mjs";
import { random, randomMap } from "./support/helpers.mjs";
import { whole } from "../../javascript/painter/map/rect.mjs";

const size = { width: 60, height: 40 };
const square = { kind: "rectangle", a: { x: 10, y: 10 }, b: { x: 30, y: 30 } };
const inside = (i) => i % 60 >= 10 && i % 60 < 30 && i >= 600 && i < 1800;

function area(shape = square) {
    const cover = new Cover(size);
    coverShape(cover, shape);
    return cover.data;
}

test("nothing outside of a selection changes, by any tool; what is seen is what is committed", () => {
    const document = new PaintDocument(size);
    document.load(randomMap(random(5), 60, 40));
    const base = document.map.copy();
    document.limit = { selection: selected(null, area(), "replace"), keepZero: false };
    const from = { x: 5, y: 5 };
    const tools = [
        () => document.fill(40000),
        () => document.drawShape({ kind: "ellipse", a: from, b: { x: 50, y: 38 } }, 9000),
        () => document.drawGradient({ kind: "linear", from, to: { x: 50, y: 5 }, start: 0, end: FULL }),
        () => document.invert(), () => document.soften(4), () => document.grow(3),
        () => document.levels(0.2, 0.7, 1),
    ]; // prettier-ignore
    for (const tool of tools) {
        tool();
        document.map.data.forEach((v, i) => inside(i) || assert.equal(v, base.data[i]));
        assert.ok(!document.map.equals(base), tool.toString());
        document.undo();
        assert.ok(document.map.equals(base));
    }
    document.beginStroke(
        { size: 50, hardness: 0.2, value: FULL, mode: "replace" },
        { x: 20, y: 12 },
    );
    const seen = document.read(whole(size));
    document.commitStroke();
    assert.deepEqual(document.map.data, seen);
    document.map.data.forEach((v, i) => inside(i) || assert.equal(v, base.data[i]));
    document.load(base);
    assert.ok(document.map.equals(base), "a map from outside is taken whole");
});

test("a soft selection mixes; locked zeros and other colors stay", () => {
    const base = Uint16Array.from([0, 100, 200, 65535]);
    const out = Uint16Array.from([65535, 65535, 0, 0]);
    hold(
        { selection: Uint16Array.from([FULL, 32768, 0, 32767]), keepZero: false },
        base,
        0,
        4,
        out,
        0,
    );
    assert.deepEqual(
        [...out],
        [65535, 100 + Math.round((65435 * 32768) / FULL), 200, 65535 - 32767],
    );
    out.fill(9);
    hold({ selection: null, keepZero: true, near: (i) => i !== 2 }, base, 0, 4, out, 0);
    assert.deepEqual([...out], [0, 9, 200, 9]);
});

test("selections add up, are taken away and turned round; none at all limits nothing", () => {
    const one = selected(null, area(), "add");
    const both = selected(one.slice(), area({ ...square, b: { x: 40, y: 30 } }), "add");
    assert.equal(
        both.reduce((sum, v) => sum + (v === FULL), 0),
        600,
    );
    assert.deepEqual(selected(both.slice(), area(), "subtract").filter((v) => v).length, 200);
    assert.equal(selected(one.slice(), one, "subtract"), null);
    assert.equal(inverted(one).filter((v) => v).length, 60 * 40 - 400);
    assert.equal(inverted(Uint16Array.of(FULL, FULL)), null);
});

test("a fill that need not be connected, and one that goes beyond its border", () => {
    const data = new Uint8ClampedArray(4 * 60 * 40).map((_, i) => ((i >> 2) % 20 < 5 ? 200 : 20));
    const picture = { ...size, data };
    const filled = (spread) => {
        const cover = new Cover(size);
        spreadFill(cover, picture, { x: 2, y: 2 }, 10, spread);
        return cover.data.filter((v) => v).length;
    };
    assert.equal(filled({}), 5 * 40);
    assert.equal(filled({ contiguous: false }), 3 * 5 * 40);
    assert.equal(filled({ expand: 2 }), 7 * 40);
});

test("lines lie between areas, and never around the picture", () => {
    assert.deepEqual([0, 1, 16384, 32768, 49152, 65535].map(bandOf), [0, 1, 2, 3, 4, 4]);
    const out = new Uint32Array(6 * 3);
    const areas = (x) => (x === 0 || x === 5 ? -1 : x < 3 ? 1 : 2);
    outline(6, 3, areas, () => 7, out);
    assert.deepEqual([...out], Array(3).fill([0, 0, 0, 7, 0, 0]).flat());
});

test("the newest works of each kind stay, and none for ever", () => {
    const works = Array.from({ length: 30 }, (_, i) => ({
        id: `${i}`,
        kind: i % 2 ? "map" : "result",
        time: i,
    }));
    const left = works.filter(({ id }) => !outdated(works, 30).includes(id));
    assert.equal(left.filter(({ kind }) => kind === "map").length, MOST.map);
    assert.equal(left.filter(({ kind }) => kind === "result").length, MOST.result);
    assert.ok(left.every(({ time }) => time >= 6));
    assert.equal(outdated(works, 1e12).length, 30);
    assert.deepEqual(outdated([{ id: "a", kind: "strange", time: 5 }], 5), ["a"]);
});

test("tasks do what the document does; without a worker the page does them", async () => {
    const map = randomMap(random(8), 70, 50);
    const document = new PaintDocument(map);
    for (const [name, options, act] of [
        ["grow", { radius: 3 }, () => document.grow(3)],
        ["grow", { radius: -2 }, () => document.grow(-2)],
        ["soften", { radius: 5 }, () => document.soften(5)],
        ["levels", { black: 0.1, white: 0.8, gamma: 2 }, () => document.levels(0.1, 0.8, 2)],
        ["invert", {}, () => document.invert()],
    ]) {
        // prettier-ignore
        document.load(map);
        act();
        assert.deepEqual(await perform(name, map, options), document.map.data, name);
        assert.deepEqual(
            (await inBackground(name, () => map, options)).output,
            document.map.data,
            name,
        );
    }
    await assert.rejects(
        inBackground("levels", () => map, { black: 1, white: 0, gamma: 1 }),
        /not below/,
    );
});
