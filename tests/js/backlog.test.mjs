import assert from "node:assert/strict";
import test from "node:test";
import { Backlog } from "../../javascript/painter/map/backlog.mjs";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { MoveStack } from "../../javascript/painter/move/movestack.mjs";
import { Selecting } from "../../javascript/painter/ui/tools/selecting.mjs";
import { whole } from "../../javascript/painter/map/rect.mjs";
import { between, random, randomMap } from "./support/helpers.mjs";

const SIZE = { width: 200, height: 150 };

/** A document that puts off, beside one that does all at once, and idle times of the test's own. */
function twins(Kind = PaintDocument, size = SIZE) {
    const tasks = [];
    const late = new Kind(size, { later: (task) => tasks.push(task) });
    const now = new Kind(size);
    return { late, now, tasks, both: (act) => [late, now].map(act) };
}

/** Does so many of the tiles that are put off. */
function someTiles({ history }, count) {
    for (let i = 0; i < count; i++) history.backlog.work(0);
}

const somewhere = (next, { width, height } = SIZE) => ({
    x: between(next, -20, width + 20),
    y: between(next, -20, height + 20),
});

function part(next, { width, height } = SIZE) {
    const [x, y] = [between(next, 0, width - 1), between(next, 0, height - 1)];
    return { x, y, w: between(next, 1, width - x), h: between(next, 1, height - y) };
}

const toolOf = (next) => ({
    size: [9, 60, 180][between(next, 0, 2)],
    hardness: next(),
    flow: [1, 0.4][between(next, 0, 1)],
    value: between(next, 0, 65535),
    mode: ["replace", "max", "min"][between(next, 0, 2)],
    sigma: between(next, 0, 5) ? 0 : 3,
    symmetry: ["off", "both"][between(next, 0, 1)],
});

test("each tile keeps the order of its work, and each is done once", () => {
    const next = random(40);
    for (let round = 0; round < 30; round++) {
        const backlog = new Backlog(SIZE);
        const { length } = backlog.grid.flags;
        const [seen, wanted, ended] = [new Map(), new Map(), []];
        for (let job = 0; job < 6; job++) {
            const tiles = Array.from({ length }, (_, i) => i).filter(() => next() < 0.6);
            if (!tiles.length) continue;
            for (const tile of tiles) wanted.set(tile, [...(wanted.get(tile) ?? []), job]);
            const act = (tile) => seen.set(tile, [...(seen.get(tile) ?? []), job]);
            const passive = next() < 0.3;
            backlog.add(tiles, act, { done: () => ended.push(job), passive });
            if (next() < 0.5) backlog.land(part(next));
            if (next() < 0.5) backlog.work(0);
        }
        backlog.land(whole(SIZE));
        assert.equal(backlog.active, false);
        backlog.work(Infinity);
        assert.ok(backlog.empty);
        assert.deepEqual([...seen].sort(), [...wanted].sort());
        assert.equal(new Set(ended).size, ended.length);
    }
});

test("nobody can tell that it is put off: strokes, shapes, undo, redo, reading, idle times", () => {
    const next = random(41);
    for (let round = 0; round < 5; round++) {
        const { late, now, tasks, both } = twins();
        both((document) => document.load(randomMap(random(round), SIZE.width, SIZE.height)));
        for (let i = 0; i < 50; i++) {
            const choice = between(next, 0, 10);
            if (choice < 3) {
                const tool = toolOf(next);
                const points = [somewhere(next), somewhere(next), somewhere(next)];
                both((document) => document.beginStroke(tool, points[0]));
                if (next() < 0.5) someTiles(late, 3);
                both((document) => document.extendStroke(points.slice(1)));
                const rect = part(next);
                assert.deepEqual(late.read(rect), now.read(rect), "in the middle of a stroke");
                if (next() < 0.2) both((document) => document.cancelStroke());
                const [a, b] = both((document) => document.commitStroke());
                assert.equal(a === null, b === null, "no change is no step");
            } else if (choice < 5) {
                both((document) => document.undo());
            } else if (choice === 5) {
                both((document) => document.redo());
            } else if (choice === 6 || choice === 9) {
                const [a, b] = [somewhere(next), somewhere(next)];
                const [value, kind] = [between(next, 0, 65535), between(next, 0, 6)];
                both((document) => {
                    if (kind > 3 || kind === 0)
                        document.drawShape({ kind: "ellipse", a, b }, value);
                    if (kind === 1)
                        document.drawGradient({ kind: "linear", a, b, from: 0, to: value });
                    if (kind === 2) document.invert();
                    if (kind === 3) document.fill(value);
                });
            } else if (choice === 7) {
                someTiles(late, between(next, 1, 9));
            } else if (choice === 8) {
                const i = between(next, 0, SIZE.width * SIZE.height - 1);
                assert.equal(late.at(i), now.at(i));
                const rect = part(next);
                assert.deepEqual(late.read(rect), now.read(rect));
            } else for (const task of tasks.splice(0)) task();
            for (const label of ["undoLabel", "redoLabel"]) {
                assert.equal(late.history[label], now.history[label]);
            }
            assert.equal(late.revision, now.revision);
            if (next() < 0.2) assert.equal(late.isBlank, now.map.isFlat(0));
            if (next() < 0.2) assert.ok(late.map.equals(now.map));
        }
        assert.ok(late.map.equals(now.map));
        while (tasks.length) for (const task of tasks.splice(0)) task();
        assert.ok(late.history.backlog.empty);
        assert.equal(late.history.bytes > 0, now.history.bytes > 0);
        while (now.history.undoLabel) both((document) => document.undo());
        assert.ok(late.map.isFlat(0) && now.map.isFlat(0));
        while (now.history.redoLabel) both((document) => document.redo());
        assert.ok(late.map.equals(now.map));
    }
});

test("a large stroke is put off, and so is its undo; other pictures come while it is", () => {
    const { late, now, both } = twins(PaintDocument, { width: 640, height: 640 });
    const stroke = (document) => {
        document.beginStroke({ size: 300, hardness: 0.3, value: 40000 }, { x: 0, y: 100 });
        document.extendStroke([{ x: 640, y: 150 }, { x: 0, y: 500 }]); // prettier-ignore
        document.commitStroke();
    };
    both(stroke);
    assert.ok(late.history.landing && !now.history.landing);
    assert.ok(late.raw.data.some((v, i) => v !== now.raw.data[i]), "not done yet"); // prettier-ignore
    both((document) => document.setImage({ width: 320, height: 640 }));
    assert.ok(late.map.equals(now.map));
    both(stroke);
    both((document) => document.undo());
    assert.ok(late.history.landing);
    assert.equal(late.history.undoLabel, null);
    both((document) => document.setImage({ width: 640, height: 640 }));
    assert.ok(late.map.equals(now.map));
    while (now.history.undoLabel) both((document) => document.undo());
    assert.ok(late.map.equals(now.map) && late.map.isFlat(0));
    while (now.history.redoLabel) both((document) => document.redo());
    assert.ok(late.map.equals(now.map) && !late.map.isFlat(0));
});

/** A stroke across a document. */
const across =
    (points, { size = 150, value = 30000 } = {}) =>
    (document) => {
        document.beginStroke({ size, hardness: 0.4, value, mode: "replace" }, points[0]);
        document.extendStroke(points);
        document.commitStroke();
    };

/** What is selected on a document that no page shows. */
function selectingOf(document) {
    const stage = { lines: { later: () => {}, selection: null } };
    const settings = { values: { lock: false } };
    return new Selecting(/** @type {any} */ ({ document, stage, settings, show: () => {} }));
}

test("what is put off keeps the limits of its time: selections that change, come and go", () => {
    const next = random(42);
    const { both, late, now } = twins(MoveStack);
    const selectings = both(selectingOf);
    for (let i = 0; i < 90; i++) {
        const choice = between(next, 0, 8);
        if (choice < 3)
            both(across([somewhere(next), somewhere(next)], { value: between(next, 0, 65535) }));
        else if (choice === 3) {
            const rect = part(next);
            for (const selecting of selectings) {
                selecting.draw((cover) => {
                    for (let y = rect.y; y < rect.y + rect.h; y++) {
                        const start = y * SIZE.width + rect.x;
                        cover.data.fill(50000, start, start + rect.w);
                    }
                    cover.tiles.mark(rect);
                });
            }
        } else if (choice === 4) {
            if (next() < 0.5) for (const selecting of selectings) selecting.none();
            else for (const selecting of selectings) selecting.invert();
        } else if (choice < 7) both((document) => document.undo());
        else both((document) => document.redo());
        if (next() < 0.7) selectings[0].history.settle(); // steps that are undone in place
        if (next() < 0.2) someTiles(late.background, 1);
        assert.equal(selectings[0].area === null, selectings[1].area === null);
        if (next() < 0.1) assert.ok(late.map.equals(now.map));
    }
    while (now.history.undoLabel) both((document) => document.undo());
    while (now.history.redoLabel) both((document) => document.redo());
    assert.ok(late.map.equals(now.map));
});

test("a stroke that is put off, undone, and its selection too, comes back as it was", () => {
    const { both, late, now } = twins(MoveStack);
    const selectings = both(selectingOf);
    for (const [from, to] of [
        [0, 9000],
        [4000, 20000],
    ]) {
        // prettier-ignore
        for (const selecting of selectings) {
            selecting.draw((cover) => {
                cover.data.fill(60000, from, to);
                cover.tiles.mark(whole(SIZE));
            });
            selecting.history.settle();
        }
    }
    both(across([{ x: 0, y: 40 }, { x: 200, y: 90 }])); // prettier-ignore
    both((document) => document.undo());
    assert.ok(late.landing);
    both((document) => document.undo());
    late.land();
    for (let i = 0; i < 2; i++) both((document) => document.redo());
    assert.ok(late.map.equals(now.map) && !late.map.isFlat(0));
});

test("a change of the whole map under a stroke, undone and redone before anything is done", () => {
    const { both, late, now } = twins();
    both((document) => document.load(randomMap(random(44), SIZE.width, SIZE.height)));
    late.history.settle();
    const whole = late.map.copy();
    both((document) => document.invert());
    both(across([{ x: 0, y: 40 }, { x: 200, y: 90 }])); // prettier-ignore
    for (let i = 0; i < 2; i++) both((document) => document.undo());
    assert.equal(late.history.backlog.jobs.length, 4);
    for (let i = 0; i < 2; i++) both((document) => document.redo());
    assert.ok(late.map.equals(now.map) && !late.map.equals(whole));
    for (let i = 0; i < 2; i++) both((document) => document.undo());
    assert.ok(late.map.equals(whole) && now.map.equals(whole));
});

test("regions: strokes that are put off, and regions that go and come back", () => {
    const next = random(43);
    const { both, late, now } = twins(MoveStack);
    for (let i = 0; i < 80; i++) {
        const choice = between(next, 0, 6);
        const [points, size] = [[somewhere(next), somewhere(next)], between(next, 5, 200)];
        if (choice < 3) both(across(points, { size }));
        else if (choice === 3 && now.regions.length < 4) both((document) => document.add());
        else if (choice === 4 && now.regions.length) {
            both((document) => document.remove(document.regions[0]));
        } else if (choice < 6) both((document) => document.undo());
        else both((document) => document.redo());
        const rect = part(next);
        assert.deepEqual(late.read(rect), now.read(rect));
        if (next() < 0.2) assert.ok(late.map.equals(now.map));
    }
    assert.ok(late.map.equals(now.map));
});

test("waiting for it does all of it, also when more comes meanwhile", async () => {
    const { late, now, both } = twins(MoveStack, { width: 700, height: 700 });
    const stroke = (y) => (document) => {
        document.beginStroke({ size: 200, hardness: 0.2, value: 9000 + y }, { x: 0, y });
        document.extendStroke([{ x: 700, y }]);
        document.commitStroke();
    };
    both(stroke(100));
    const waiting = late.landed();
    both(stroke(300));
    both((document) => document.undo());
    both(stroke(200));
    await waiting;
    assert.equal(late.landing, false);
    assert.deepEqual(late.background.raw.data, now.map.data);
});
