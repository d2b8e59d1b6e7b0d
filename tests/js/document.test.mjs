import assert from "node:assert/strict";
import test from "node:test";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { whole } from "../../javascript/painter/map/rect.mjs";
import { dot, open } from "./support/documents.mjs";
import { between, random, randomMap } from "./support/helpers.mjs";

test("a stroke is seen at once, stands in the map only when committed, and is one step", () => {
    const { document, events } = open(100);
    document.beginStroke(dot, { x: 20, y: 20 });
    document.extendStroke([
        { x: 60, y: 20 },
        { x: 60, y: 60 },
    ]);
    assert.ok(document.map.isFlat(0));
    assert.equal(document.pick({ x: 40.5, y: 20.5 }), 65535);
    const seen = document.read(whole(document.map));
    assert.ok(events.every(({ kind }) => kind === "stroke"));
    assert.ok(document.commitStroke());
    assert.deepEqual(events.at(-1).kind, "commit");
    // the last stamp comes with the commit
    seen.forEach((v, i) => assert.ok(document.map.data[i] >= v));
    assert.deepEqual(document.read(whole(document.map)), document.map.data);
    document.undo();
    assert.ok(document.map.isFlat(0));
    assert.equal(document.history.undoLabel, null);
    document.redo();
    assert.equal(document.pick({ x: 60.5, y: 40.5 }), 65535);
});

test("what the events say is all that changed", () => {
    const next = random(20);
    const { document, events } = open(150, 90);
    let before = document.read(whole(document.map));
    for (let i = 0; i < 150; i++) {
        const p = () => ({ x: 200 * next() - 25, y: 130 * next() - 20, pressure: next() });
        const tool = {
            size: 1 + 40 * next(),
            hardness: next(),
            flow: next(),
            value: between(next, 0, 65535),
        };
        tool.mode = ["max", "min", "replace"][i % 3];
        if (i % 5 === 0) tool.sigma = 3;
        const action = between(next, 0, 9);
        if (action < 3) document.beginStroke(tool, p());
        else if (action < 6) document.extendStroke([p(), p()]);
        else if (action === 6) document.commitStroke();
        else if (action === 7) document.cancelStroke();
        else if (action === 8) document.undo();
        else document.redo();
        const after = document.read(whole(document.map));
        const rects = events.splice(0).map(({ rect }) => rect);
        after.forEach((v, k) => {
            if (v === before[k]) return;
            const [x, y] = [k % 150, Math.floor(k / 150)];
            const told = rects.some((r) => x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h);
            assert.ok(told, `step ${i}, action ${action}: ${x}, ${y}`);
        });
        before = after;
    }
});

test("a lost pointer: cancelling takes the stroke back and nothing else", () => {
    const { document } = open(100);
    document.beginStroke(dot, { x: 20, y: 20 });
    document.commitStroke();
    const kept = document.map.copy();
    document.beginStroke(dot, { x: 50, y: 50 });
    document.extendStroke([{ x: 90, y: 90 }]);
    document.cancelStroke();
    assert.ok(document.map.equals(kept));
    assert.deepEqual(document.read(whole(document.map)), kept.data);
    document.extendStroke([{ x: 10, y: 90 }]);
    assert.equal(document.commitStroke(), null);
    assert.ok(document.map.equals(kept));
    document.undo();
    assert.ok(document.map.isFlat(0));
});

test("undo in the middle of a stroke takes that stroke; redo waits", () => {
    const { document } = open(50);
    document.fill(7);
    document.undo();
    document.beginStroke(dot, { x: 20, y: 20 });
    document.redo();
    assert.ok(document.map.isFlat(0));
    document.undo();
    assert.equal(document.stroke, null);
    document.redo();
    assert.ok(document.map.isFlat(7));
});

test("a second stroke, or any command, commits the one in progress first", () => {
    const { document } = open(60);
    document.beginStroke(dot, { x: 10, y: 10 });
    document.beginStroke(dot, { x: 40, y: 40 });
    document.invert();
    assert.deepEqual(
        document.history.done.map(({ label }) => label),
        ["Brush", "Brush", "Invert"],
    );
    assert.equal(document.pick({ x: 10, y: 10 }), 0);
    assert.equal(document.pick({ x: 30, y: 5 }), 65535);
});

test("modes: max never weakens, min never strengthens, erasing to zero", () => {
    const next = random(21);
    for (const mode of ["max", "min", "replace"]) {
        const { document } = open(80);
        document.load(randomMap(next, 80, 80));
        const before = document.map.copy();
        const value = mode === "min" ? 0 : 30000;
        document.beginStroke({ size: 50, hardness: 0.3, value, mode }, { x: 40.5, y: 40.5 });
        document.commitStroke();
        document.map.data.forEach((v, i) => {
            if (mode === "max") assert.ok(v >= before.data[i]);
            if (mode === "min") assert.ok(v <= before.data[i]);
        });
        const middle = before.data[40 * 80 + 40];
        const expected = { max: Math.max(middle, 30000), min: 0, replace: 30000 }[mode];
        assert.equal(document.pick({ x: 40, y: 40 }), expected);
    }
});

test("the smoothing brush makes an edge softer under it and leaves the rest", () => {
    const { document } = open(200, 100);
    document.drawShape({ kind: "rectangle", a: { x: 0, y: 0 }, b: { x: 100, y: 100 } }, 65535);
    document.beginStroke({ size: 40, hardness: 0.5, sigma: 6 }, { x: 100, y: 40 });
    const seen = document.read(whole(document.map));
    document.commitStroke();
    assert.deepEqual(document.map.data, seen);
    const row = (y) => Array.from({ length: 200 }, (_, x) => document.pick({ x, y }));
    assert.ok(new Set(row(40)).size > 10);
    for (let x = 1; x < 200; x++) assert.ok(row(40)[x] <= row(40)[x - 1]);
    assert.equal(new Set(row(90)).size, 2);
    assert.equal(document.history.undoLabel, "Smooth");
});

test("every command can be undone, exactly", () => {
    const next = random(22);
    const { document } = open(130, 70);
    const picture = {
        width: 130,
        height: 70,
        data: new Uint8ClampedArray(4 * 130 * 70).map((_, i) => ((i >> 2) % 130 > 60 ? 200 : 20)),
    };
    document.load(randomMap(next, 130, 70));
    const [a, b] = [
        { x: 12.5, y: 9 },
        { x: 80, y: 50.25 },
    ];
    const commands = [
        () => document.fill(1234),
        () => document.drawShape({ kind: "ellipse", a, b }, 50000),
        () =>
            document.drawShape({ kind: "polygon", points: [a, b, { x: 3, y: 60 }] }, 64000, "max"),
        () => document.drawGradient({ kind: "linear", from: a, to: b, start: 0, end: 65535 }),
        () =>
            document.drawGradient({ kind: "radial", from: a, to: b, start: 65535, end: 0 }, "min"),
        () => document.floodFill(picture, { x: 5, y: 5 }, 10, 60000),
        () => document.invert(),
        () => document.levels(0.1, 0.8, 1.5),
        () => document.soften(4),
        () => document.grow(3),
        () => document.grow(-2.5),
        () => document.load(randomMap(next, 40, 40)),
    ];
    const states = [document.map.copy()];
    for (const run of commands) {
        assert.ok(run(), run.toString());
        states.push(document.map.copy());
    }
    for (let i = states.length - 1; i > 0; i--) {
        assert.ok(document.map.equals(states[i]));
        document.undo();
    }
    assert.ok(document.map.equals(states[0]));
    for (let i = 1; i < states.length; i++) document.redo();
    assert.ok(document.map.equals(states.at(-1)));
});

test("what changes nothing is no step", () => {
    const { document, events } = open(64);
    document.fill(0);
    document.soften(3);
    document.soften(0);
    document.grow(4);
    document.drawShape({ kind: "rectangle", a: { x: 9, y: 9 }, b: { x: 9, y: 9 } }, 5);
    document.drawGradient({
        kind: "linear",
        from: { x: 1, y: 1 },
        to: { x: 1, y: 1 },
        start: 0,
        end: 9,
    });
    document.beginStroke(dot, { x: -50, y: -50 });
    document.commitStroke();
    document.undo();
    document.redo();
    assert.deepEqual([events.length, document.history.done.length], [0, 0]);
});

test("bad values are refused with a reason, and change nothing", () => {
    const { document } = open(64);
    document.beginStroke(dot, { x: 9, y: 9 });
    assert.throws(() => document.levels(0.9, 0.1, 1), /not below/);
    assert.throws(() => document.soften(-1), /-1.*4096/);
    assert.throws(() => document.soften(NaN), /NaN/);
    assert.throws(() => document.grow(1000), /256/);
    assert.throws(() => document.setImage({ width: 20000, height: 5 }), /16384/);
    assert.ok(document.stroke, "the stroke in progress is still there");
    assert.throws(() => open(20000), /20000x20000/);
});

test("revisions tell whether a saved copy is old", () => {
    const { document } = open(40);
    const seen = new Set([document.revision]);
    const changes = [
        () => document.fill(5),
        () => document.undo(),
        () => document.redo(),
        () => document.setImage({ width: 20, height: 20 }),
    ];
    for (const change of changes) {
        change();
        assert.ok(!seen.has(document.revision));
        seen.add(document.revision);
    }
    document.beginStroke(dot, { x: 5, y: 5 });
    document.cancelStroke();
    assert.ok(seen.has(document.revision), "a stroke given up is no change");
});

test("the same hand makes the same map", () => {
    const paint = () => {
        const next = random(23);
        const { document } = open(200);
        for (let i = 0; i < 20; i++) {
            document.beginStroke(
                {
                    size: 60 * next() + 1,
                    hardness: next(),
                    flow: next(),
                    value: 65535 * next(),
                    pressureSize: true,
                },
                { x: 200 * next(), y: 200 * next(), pressure: next() },
            );
            document.extendStroke([{ x: 200 * next(), y: 200 * next(), pressure: next() }]);
            document.commitStroke();
        }
        return document.map;
    };
    assert.ok(paint().equals(paint()));
    assert.ok(paint() instanceof GreyMap);
});
