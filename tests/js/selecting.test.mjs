import assert from "node:assert/strict";
import test from "node:test";
import { coverShape } from "../../javascript/painter/draw/areas.mjs";
import { RegionStack } from "../../javascript/painter/document/regions.mjs";
import { Selecting } from "../../javascript/painter/ui/tools/selecting.mjs";
import { between, random } from "./support/helpers.mjs";

const SIZE = { width: 140, height: 90 };

function desk() {
    const document = new RegionStack(SIZE);
    const lines = { selection: null, later: () => {} };
    const painter = {
        document,
        stage: { lines },
        settings: { values: { lock: false } },
        show: () => {},
    };
    const selecting = new Selecting(/** @type {any} */ (painter));
    const shape = (x, y, w, h) => ({
        kind: /** @type {const} */ ("rectangle"), a: { x, y }, b: { x: x + w, y: y + h },
    }); // prettier-ignore
    const select = (box, subtract = false) =>
        selecting.draw((cover) => coverShape(cover, shape(...box)), subtract);
    const paint = (box, value) => document.drawShape(shape(...box), value);
    const state = () => ({
        map: document.map.data.slice(),
        area: selecting.area?.slice() ?? null,
        limit: document.limit?.selection?.slice() ?? null,
        line: lines.selection?.slice() ?? null,
    });
    return { document, selecting, select, paint, state };
}

test("a selection is a step: undone and done again, with what was painted around it", () => {
    const { document, selecting, select, paint, state } = desk();
    const states = [state()];
    const steps = [
        () => paint([10, 10, 30, 30], 1000),
        () => select([20, 20, 60, 40]),
        () => paint([0, 0, 140, 90], 2000),
        () => select([70, 50, 40, 20]),
        () => select([30, 30, 20, 10], true),
        () => selecting.feather(4),
        () => paint([0, 0, 140, 90], 3000),
        () => selecting.invert(),
        () => selecting.none(),
        () => selecting.again(),
        () => selecting.painted(),
    ];
    for (const step of steps) {
        step();
        states.push(state());
        assert.deepEqual(states.at(-1).area, states.at(-1).limit);
        assert.deepEqual(states.at(-1).area, states.at(-1).line);
    }
    assert.equal(states[9].area, null);
    assert.deepEqual(states[10].area, states[8].area);
    for (let i = states.length - 2; i >= 0; i--) {
        document.undo();
        assert.deepEqual(state(), states[i], `undo to ${i}`);
    }
    assert.equal(document.history.undoLabel, null);
    for (let i = 1; i < states.length; i++) {
        document.redo();
        assert.deepEqual(state(), states[i], `redo to ${i}`);
    }
});

test("any mixture of painting, selecting, undo and redo agrees with a list of states", () => {
    const next = random(77);
    const { document, selecting, select, paint, state } = desk();
    const past = [state()];
    let future = [];
    for (let n = 0; n < 150; n++) {
        const what = next();
        const before = state();
        const box = [
            between(next, 0, 100),
            between(next, 0, 60),
            between(next, 5, 40),
            between(next, 5, 30),
        ];
        if (what < 0.25) {
            document.undo();
            if (past.length > 1) future.push(past.pop());
        } else if (what < 0.4) {
            document.redo();
            if (future.length) past.push(future.pop());
        } else {
            if (what < 0.6) select(box, next() < 0.3);
            else if (what < 0.65) selecting.none();
            else if (what < 0.7) selecting.invert();
            else paint(box, between(next, 1, 65535));
            const now = state();
            const same =
                JSON.stringify([...now.map, ...(now.area ?? [])]) ===
                JSON.stringify([...before.map, ...(before.area ?? [])]);
            if (same && (now.area === null) === (before.area === null)) continue; // no step
            past.push(now);
            future = [];
        }
        assert.deepEqual(state(), past.at(-1), String(n));
    }
});

test("what changes nothing is no step, and another size begins anew", () => {
    const { document, selecting, select, paint } = desk();
    assert.equal(selecting.none(), false);
    selecting.invert();
    selecting.again();
    select([200, 200, 5, 5]);
    assert.equal(document.history.undoLabel, null);
    select([10, 10, 20, 20]);
    select([12, 12, 5, 5]);
    assert.equal(document.done.length, 1, "it was selected before");
    assert.equal(document.history.undoLabel, "Select");
    document.setImage({ width: 64, height: 64 });
    selecting.forget();
    assert.equal(selecting.area, null);
    paint([0, 0, 64, 64], 500);
    document.undo();
    document.undo();
    assert.equal(selecting.area, null);
    select([1, 1, 60, 60]);
    assert.equal(selecting.area.length, 64 * 64);
    document.setImage({ width: 32, height: 20 }); // a map was opened where there is no picture
    select([1, 1, 9, 9]);
    assert.equal(selecting.area.length, 32 * 20);
});
