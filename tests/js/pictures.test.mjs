import assert from "node:assert/strict";
import test from "node:test";
import { resize } from "../../javascript/painter/map/resize.mjs";
import { dot, open } from "./support/documents.mjs";

test("pictures come and go", () => {
    const { document, events } = open(60, 40);
    document.beginStroke({ ...dot, size: 20 }, { x: 30, y: 20 });
    assert.equal(document.setImage({ width: 60, height: 40 }), "kept");
    assert.equal(document.history.undoLabel, "Brush", "the stroke in progress was not lost");
    const painted = document.map.copy();

    assert.equal(document.setImage({ width: 120, height: 80 }), "resized");
    assert.ok(document.map.equals(resize(painted, 120, 80)));
    assert.deepEqual(events.at(-1), { kind: "image", rect: { x: 0, y: 0, w: 120, h: 80 } });
    document.undo();
    assert.ok(document.map.equals(resize(painted, 120, 80)), "history has begun anew");
    assert.equal(document.setImage({ width: 30, height: 20 }), "resized");
    assert.ok(document.map.equals(resize(painted, 30, 20)), "from the first one, not from a copy");
    assert.equal(document.setImage({ width: 60, height: 40 }), "restored");
    assert.ok(document.map.equals(painted));
    document.undo();
    assert.ok(document.map.isFlat(0), "its history came back too");
    document.redo();

    document.setImage({ width: 30, height: 20 });
    document.fill(99);
    assert.equal(document.setImage({ width: 60, height: 40 }), "resized");
    assert.ok(document.map.isFlat(99), "what was painted since counts");
    assert.equal(document.history.undoLabel, "Other picture");
    document.undo();
    assert.ok(document.map.equals(painted), "and what was before is one step away");
    document.undo();
    assert.ok(document.map.isFlat(0), "with its history");
});

test("back and forth between two pictures loses neither map", () => {
    const { document } = open(60, 40);
    document.beginStroke({ ...dot, size: 20 }, { x: 30, y: 20 });
    document.commitStroke();
    const first = document.map.copy();
    document.setImage({ width: 120, height: 80 });
    document.beginStroke({ ...dot, size: 9 }, { x: 90, y: 20 });
    document.commitStroke();
    const second = document.map.copy();
    document.setImage({ width: 60, height: 40 });
    assert.ok(document.map.equals(resize(second, 60, 40)));
    assert.equal(document.setImage({ width: 120, height: 80 }), "restored");
    assert.ok(document.map.equals(second));
    document.undo();
    assert.ok(document.map.equals(resize(first, 120, 80)));
    document.setImage({ width: 60, height: 40 });
    for (let i = 0; i < 3 && !document.map.equals(first); i++) document.undo();
    assert.ok(document.map.equals(first));
});

test("a blank map stays blank at every size; 1x1 works", () => {
    const { document } = open(33, 77);
    for (const [width, height] of [
        [1, 1],
        [500, 3],
        [2, 900],
    ]) {
        document.setImage({ width, height });
        assert.ok(document.map.isFlat(0));
    }
    const one = open(1).document;
    one.beginStroke({ ...dot, hardness: 0, mode: "replace", value: 4321 }, { x: 0.5, y: 0.5 });
    one.commitStroke();
    assert.equal(one.pick({ x: 0, y: 0 }), 4321);
    assert.deepEqual([one.pick({ x: -0.1, y: 0 }), one.pick({ x: 1, y: 0 })], [null, null]);
    for (const change of [() => one.soften(5), () => one.grow(5), () => one.invert()]) change();
    assert.equal(one.pick({ x: 0, y: 0 }), 65535 - 4321);
});
