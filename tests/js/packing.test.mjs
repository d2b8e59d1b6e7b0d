import assert from "node:assert/strict";
import test from "node:test";
import { History } from "../../javascript/painter/map/history.mjs";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { become, between, random, randomMap } from "./support/helpers.mjs";

/** A `later` whose tasks run when the test says so. */
function idle() {
    const tasks = [];
    const later = (task) => tasks.push(task);
    const pass = () => {
        for (const task of tasks.splice(0)) task();
    };
    return { later, pass, tasks };
}

test("packing that waits: any order of changes, undo, redo and idle times", () => {
    const next = random(14);
    for (let round = 0; round < 15; round++) {
        const [w, h] = [between(next, 1, 200), between(next, 1, 200)];
        const { later, pass } = idle();
        const history = new History(undefined, later);
        const map = randomMap(next, w, h);
        const states = [map.copy()];
        let at = 0;
        for (let i = 0; i < 60; i++) {
            const choice = between(next, 0, 4);
            if (choice === 0 && at > 0) {
                assert.ok(history.undo(map));
                at--;
            } else if (choice === 1 && at < states.length - 1) {
                assert.ok(history.redo(map));
                at++;
            } else if (choice === 2) {
                pass();
            } else {
                const target = randomMap(next, w, h);
                if (!become(history, map, target)) continue;
                states.splice(++at, Infinity, target);
            }
            if (between(next, 0, 1)) continue; // work of several changes comes together
            history.land();
            assert.ok(map.equals(states[at]));
        }
        while (history.undo(map)) at--;
        assert.equal(at, 0);
        history.land();
        assert.ok(map.equals(states[0]));
        while (history.redo(map)) at++;
        history.land();
        assert.ok(map.equals(states.at(-1)));
    }
});

test("a step that waits is packed like any other, in the end", () => {
    const next = random(15);
    const { later, pass, tasks } = idle();
    const [waits, packs] = [new History(undefined, later), new History()];
    const start = new GreyMap(150, 150);
    const [a, b] = [start.copy(), start.copy()];
    for (let i = 0; i < 5; i++) {
        const target = randomMap(next, 150, 150);
        become(waits, a, target);
        become(packs, b, target);
        if (i % 2) while (tasks.length) pass();
    }
    waits.settle();
    assert.equal(waits.bytes, packs.bytes);
    waits.done.forEach((step, i) => assert.deepEqual(step.bytes, packs.done[i].bytes));
    assert.equal(become(waits, a, a.copy()), null, "no change is no step");
    assert.ok(waits.backlog.empty);
});

test("undo in the middle of packing, and packing what is undone", () => {
    const { later, pass, tasks } = idle();
    const history = new History(undefined, later);
    const next = random(16);
    const map = new GreyMap(1024, 1024);
    const target = new GreyMap(
        1024,
        1024,
        map.data.map(() => between(next, 0, 65535)),
    );
    become(history, map, target);
    pass(); // 4 ms: not all of it
    history.undo(map);
    history.land();
    assert.ok(map.isFlat(0));
    while (tasks.length) pass();
    assert.ok(history.backlog.empty);
    history.redo(map);
    history.land();
    assert.ok(map.equals(target));
    history.undo(map);
    history.land();
    assert.ok(map.isFlat(0));
});

test("the limit holds once packed", () => {
    const next = random(18);
    const { later, pass, tasks } = idle();
    const history = new History(100_000, later);
    const map = new GreyMap(100, 100);
    for (let i = 0; i < 20; i++) {
        become(
            history,
            map,
            new GreyMap(
                100,
                100,
                map.data.map(() => between(next, 0, 65535)),
            ),
        );
        while (tasks.length) pass();
        assert.ok(history.bytes <= 100_000);
    }
});
