import assert from "node:assert/strict";
import test from "node:test";
import { Writer, applyTile, encodeTile, loadTile } from "../../javascript/painter/map/codec.mjs";
import { History } from "../../javascript/painter/map/history.mjs";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { TileSet } from "../../javascript/painter/map/tiles.mjs";
import { whole } from "../../javascript/painter/map/rect.mjs";
import { become, between, random, randomMap } from "./support/helpers.mjs";

const MIB = 1024 * 1024;

test("packed differences work both ways, for all kinds of tiles", () => {
    const next = random(10);
    const tile = new Uint16Array(64 * 64);
    for (let i = 0; i < 150; i++) {
        const [w, h] = [between(next, 1, 64), between(next, 1, 64)];
        const [before, after] = [randomMap(next, w, h), randomMap(next, w, h)];
        const rect = whole(before);
        const map = after.copy();
        loadTile(before, rect, tile);
        const writer = new Writer();
        const changed = encodeTile(tile, map, rect, writer);
        assert.equal(changed, !before.equals(after));
        if (!changed) continue;
        const bytes = writer.take();
        assert.equal(applyTile(bytes, 0, map, rect, 1), bytes.length);
        assert.ok(map.equals(before));
        assert.equal(applyTile(bytes, 0, map, rect, -1), bytes.length);
        assert.ok(map.equals(after));
    }
});

test("flat and even changes cost next to nothing", () => {
    const map = new GreyMap(64, 64);
    const size = (paint) => {
        const tile = new Uint16Array(64 * 64);
        loadTile(map, whole(map), tile);
        map.data.forEach((_, i) => (map.data[i] = paint(i % 64, Math.floor(i / 64), map.data[i])));
        const writer = new Writer();
        encodeTile(tile, map, whole(map), writer);
        return writer.length;
    };
    assert.equal(
        size((x, y, v) => v),
        0,
    );
    assert.ok(size(() => 40000) < 50);
    assert.ok(size((x, y) => 300 * x + 500 * y) < 400, "an even ramp");
    assert.ok(size((x, y, v) => (x === 5 && y === 5 ? 9 : v)) < 60, "a single pixel");
});

test("random changes, undone and redone in any order", () => {
    const next = random(11);
    for (let round = 0; round < 15; round++) {
        const [w, h] = [between(next, 1, 200), between(next, 1, 200)];
        const history = new History();
        const map = randomMap(next, w, h);
        const states = [map.copy()];
        let at = 0;
        for (let i = 0; i < 30; i++) {
            const choice = between(next, 0, 3);
            if (choice === 0 && at > 0) {
                assert.ok(history.undo(map));
                at--;
            } else if (choice === 1 && at < states.length - 1) {
                assert.ok(history.redo(map));
                at++;
            } else {
                const target = randomMap(next, w, h);
                if (!become(history, map, target)) continue;
                states.splice(++at, Infinity, target);
                assert.equal(history.redo(map), null, "a new change ends what could be redone");
            }
            assert.ok(map.equals(states[at]));
        }
        while (history.undo(map)) at--;
        assert.equal(at, 0);
        assert.ok(map.equals(states[0]));
        while (history.redo(map)) at++;
        assert.ok(map.equals(states.at(-1)));
    }
});

test("only what changed is kept, and told", () => {
    const history = new History();
    const map = new GreyMap(200, 200);
    assert.equal(become(history, map, map.copy()), null);
    assert.equal(history.undoLabel, null);
    const next = map.copy();
    next.data[130 * 200 + 70] = 5;
    assert.deepEqual(become(history, map, next, "Dot"), { x: 64, y: 128, w: 64, h: 64 });
    assert.equal(history.undoLabel, "Dot");
    assert.ok(history.bytes < 400);
    assert.deepEqual(history.undo(map), { x: 64, y: 128, w: 64, h: 64 });
    assert.deepEqual([history.undoLabel, history.redoLabel], [null, "Dot"]);
    assert.equal(history.undo(map), null);
    history.clear();
    assert.deepEqual([history.bytes, history.redo(map)], [0, null]);
});

test("beyond the limit the oldest steps go first; the newest always stays", () => {
    const next = random(12);
    const history = new History(100_000);
    const map = new GreyMap(100, 100);
    const states = [];
    for (let i = 0; i < 20; i++) {
        const noise = new GreyMap(
            100,
            100,
            map.data.map(() => between(next, 0, 65535)),
        );
        states.push(map.copy());
        become(history, map, noise, `step ${i}`);
        assert.ok(history.bytes <= 100_000);
    }
    assert.equal(history.undoLabel, "step 19");
    let steps = 0;
    while (history.undo(map)) steps++;
    assert.ok(steps >= 3 && steps < 6);
    assert.ok(map.equals(states[20 - steps]));
    const tiny = new History(10);
    become(tiny, map, states[0]);
    assert.ok(tiny.undo(map));
});

/** Undoes everything, redoes everything, undoes it again: to blank, exactly. */
function checkWholeHistory(document, steps) {
    const last = document.map.copy();
    for (let i = 0; i < steps; i++) document.undo();
    assert.equal(document.history.undoLabel, null);
    assert.ok(document.map.isFlat(0));
    for (let i = 0; i < steps; i++) document.redo();
    assert.ok(document.map.equals(last));
}

test("50 strokes across 2048x2048 fit in 64 MiB, by the first 10, soft and wide", (t) => {
    const COUNT = 10;
    const next = random(13);
    const document = new PaintDocument({ width: 2048, height: 2048 });
    for (let i = 0; i < COUNT; i++) {
        const side = between(next, 0, 1);
        const [a, b] = [2048 * next(), 2048 * next()];
        const points = side
            ? [
                  { x: 0, y: a },
                  { x: 2048, y: b },
              ]
            : [
                  { x: a, y: 0 },
                  { x: b, y: 2048 },
              ];
        const tool = {
            size: [32, 128, 512][i % 3],
            hardness: [0, 0.5, 1][between(next, 0, 2)],
            value: between(next, 0, 65535),
            mode: ["replace", "max", "min"][between(next, 0, 2)],
        };
        document.beginStroke(tool, points[0]);
        document.extendStroke([{ x: 1024 + 300 * next(), y: 1024 + 300 * next() }, points[1]]);
        if (!document.commitStroke()) i--; // max below or min above what is there is no change
    }
    const { bytes, done } = document.history;
    t.diagnostic(`${(bytes / MIB).toFixed(1)} MiB for ${done.length} strokes`);
    assert.equal(done.length, COUNT);
    assert.ok(bytes <= (64 * MIB * COUNT) / 50 / 2);
    checkWholeHistory(document, COUNT);
});

test("50 soft zigzags over the whole of 2048x2048 fit in 64 MiB, by the first 3 of them", (t) => {
    const COUNT = 3;
    const document = new PaintDocument({ width: 2048, height: 2048 });
    for (let i = 0; i < COUNT; i++) {
        const value = (9999 + i * 24001) % 65536;
        const size = [256, 512][i % 2];
        document.beginStroke({ size, hardness: 0.75, value, mode: "replace" }, { x: 0, y: 0 });
        for (let line = 0; line < 2200 / size; line++) {
            const y = size * line + 7 * i;
            const ends = [
                { x: 0, y },
                { x: 2048, y: y + 40 },
            ];
            document.extendStroke(line % 2 ? ends.reverse() : ends);
        }
        document.commitStroke();
    }
    const { bytes, done } = document.history;
    t.diagnostic(`${(bytes / MIB).toFixed(1)} MiB for ${done.length} strokes`);
    assert.equal(done.length, COUNT);
    assert.ok(bytes <= (64 * MIB * COUNT) / 50);
    for (let i = 0; i < COUNT; i++) document.undo();
    assert.ok(document.map.isFlat(0));
});

test("fills and inversions cost next to nothing", () => {
    const document = new PaintDocument({ width: 2048, height: 2048 });
    for (let i = 0; i < 5; i++) {
        document.fill(1 + 3001 * i);
        document.invert();
    }
    assert.ok(document.history.bytes < MIB / 2);
    checkWholeHistory(document, 10);
});

test("tiles of a border column are found again", () => {
    const map = new GreyMap(65, 1);
    assert.deepEqual(new TileSet(map).rect(1), { x: 64, y: 0, w: 1, h: 1 });
    const history = new History();
    const next = new GreyMap(65, 1);
    next.data[64] = 9;
    become(history, map, next);
    history.undo(map);
    assert.ok(map.isFlat(0));
});
