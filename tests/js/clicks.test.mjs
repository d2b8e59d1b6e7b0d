import assert from "node:assert/strict";
import test from "node:test";
import { Clicks, MOST, Newest } from "../../javascript/painter/ui/click/clicks.mjs";
import { Laid } from "../../javascript/painter/document/laid.mjs";
import { FULL, fromStrength } from "../../javascript/painter/map/map.mjs";
import { MoveStack } from "../../javascript/painter/move/movestack.mjs";
import { Gesture } from "../../javascript/painter/ui/tools/tools.mjs";

const SIZE = { width: 150, height: 90 };
const rest = () => new Promise((on) => setImmediate(on));

function areaOf(left, top, right, bottom, value = FULL, { width, height } = SIZE) {
    const area = new Uint16Array(width * height);
    for (let y = top; y < bottom; y++) area.fill(value, y * width + left, y * width + right);
    return area;
}

const at = (stack, x, y) => stack.read({ x, y, w: 1, h: 1 })[0];

test("points and a box as text, and back one by one", () => {
    const clicks = new Clicks();
    assert.ok(!clicks.any && !clicks.meant && clicks.text === "");
    clicks.add({ x: 12.3456, y: 7, inside: false });
    assert.ok(clicks.any && !clicks.meant);
    clicks.add({ x: 100, y: 80.5, inside: true });
    assert.equal(clicks.text, "-12.35,7; 100,80.5");
    assert.ok(clicks.meant);
    assert.ok(clicks.frame({ x: 60.4, y: 95 }, { x: 20, y: -10 }, SIZE));
    assert.deepEqual(clicks.box, [20, 0, 60, 90]);
    assert.equal(clicks.text, "-12.35,7; 100,80.5; box 20,0,60,90");
    assert.ok(!clicks.frame({ x: 10, y: 95 }, { x: 20, y: 99 }, SIZE), "beside the picture");
    assert.ok(clicks.undo());
    assert.equal(clicks.box, null);
    assert.ok(clicks.undo() && clicks.undo() && !clicks.undo());
    assert.ok(!clicks.any);
});

test("a click on a mark removes it, the nearest first", () => {
    const clicks = new Clicks();
    clicks.add({ x: 10, y: 10, inside: true });
    clicks.add({ x: 16, y: 10, inside: true });
    clicks.frame({ x: 20, y: 5 }, { x: 40, y: 25 }, SIZE);
    assert.ok(!clicks.removeAt({ x: 30, y: 15 }, 8), "inside of the box is no mark");
    assert.ok(clicks.removeAt({ x: 14, y: 10 }, 8));
    assert.deepEqual(clicks.points, [{ x: 10, y: 10, inside: true }]);
    assert.ok(clicks.removeAt({ x: 41, y: 4 }, 8));
    assert.equal(clicks.box, null);
    assert.ok(clicks.undo() && clicks.undo());
    assert.equal(clicks.points.length, 2);
    assert.deepEqual(clicks.box, [20, 5, 40, 25]);
});

test("there is a limit of points", () => {
    const clicks = new Clicks();
    for (let i = 0; i < MOST; i++) clicks.add({ x: i, y: 0, inside: true });
    assert.throws(() => clicks.add({ x: 1, y: 1, inside: true }), /There are 64 points/);
    assert.equal(clicks.points.length, MOST);
});

/** Questions that are answered by hand. */
function questions() {
    const asked = [];
    const question = (signal) =>
        new Promise((resolve, reject) => asked.push({ resolve, reject, signal }));
    const [taken, failed] = [[], []];
    const newest = new Newest(
        (answer) => taken.push(answer),
        (problem) => failed.push(problem),
    );
    return { newest, question, asked, taken, failed };
}

test("one question at a time, and only the newest one is answered", async () => {
    const { newest, question, asked, taken, failed } = questions();
    for (let i = 0; i < 4; i++) newest.ask(question);
    assert.equal(asked.length, 1);
    asked[0].resolve("old");
    await rest();
    assert.deepEqual(taken, []);
    assert.equal(asked.length, 2, "those between were never asked");
    newest.ask(question);
    asked[1].reject(new Error("of an old one"));
    await rest();
    assert.deepEqual(failed, []);
    asked[2].resolve("new");
    await newest.settled();
    assert.deepEqual(taken, ["new"]);
    assert.ok(!newest.busy);
});

test("an error of the newest question is told once, and the next may be answered", async () => {
    const { newest, question, asked, taken, failed } = questions();
    newest.ask(question);
    asked[0].reject(new Error("busy"));
    await newest.settled();
    assert.deepEqual(failed.map(String), ["Error: busy"]);
    newest.ask(question);
    asked[1].resolve(2);
    await newest.settled();
    assert.deepEqual([taken, failed.length], [[2], 1]);
});

test("what is given up is not answered, and does not hold up what is asked after it", async () => {
    const { newest, question, asked, taken, failed } = questions();
    newest.ask(question);
    newest.ask(question);
    newest.drop();
    assert.ok(asked[0].signal.aborted && !newest.busy);
    newest.ask(question);
    assert.equal(asked.length, 2, "it does not wait for the one that was given up");
    asked[0].resolve("late");
    await rest();
    assert.ok(newest.busy);
    asked[1].resolve("right");
    await newest.settled();
    assert.deepEqual([taken, failed], [["right"], []]);
});

test("an area is shown, shown anew, and committed as one step", () => {
    const told = [];
    const stack = new MoveStack(SIZE, { onChange: ({ kind }) => told.push(kind) });
    stack.fill(20000);
    const laid = new Laid(stack);
    const how = { strength: 80, mode: /** @type {const} */ ("replace") };
    laid.lay(areaOf(10, 10, 140, 30), how, "Click");
    assert.equal(at(stack, 130, 20), fromStrength(0.8));
    laid.lay(areaOf(10, 10, 20, 20), { ...how, strength: 60 }, "Click");
    assert.ok(laid.open);
    assert.equal(at(stack, 130, 20), 20000, "what was shown before is gone");
    assert.equal(at(stack, 15, 15), fromStrength(0.6));
    assert.equal(stack.map.data[15 * SIZE.width + 15], 20000, "the map itself waits");
    assert.ok(laid.commit() && !laid.open);
    assert.equal(stack.history.undoLabel, "Click");
    stack.undo();
    assert.equal(at(stack, 15, 15), 20000);
    stack.redo();
    assert.equal(at(stack, 15, 15), fromStrength(0.6));
    assert.equal(told.filter((kind) => kind === "commit").length, 2);
});

test("an area meets the map as the brush does", () => {
    for (const [mode, high, low] of /** @type {const} */ ([
        ["replace", 30000, 30000],
        ["max", 50000, 30000],
        ["min", 30000, 10000],
    ])) {
        const stack = new MoveStack(SIZE, {});
        stack.fill(10000);
        stack.drawShape({ kind: "rectangle", a: { x: 0, y: 0 }, b: { x: 75, y: 90 } }, 50000);
        const laid = new Laid(stack);
        const strength = (100 * 30000) / FULL;
        laid.lay(areaOf(60, 10, 90, 20), { strength, mode }, "Click");
        laid.commit();
        assert.deepEqual([at(stack, 65, 15), at(stack, 85, 15)], [high, low], mode);
        assert.equal(at(stack, 50, 15), 50000, "beside it nothing changes");
    }
});

test("half of an area is half of the strength", () => {
    const stack = new MoveStack(SIZE, {});
    new Laid(stack).lay(areaOf(0, 0, 9, 9, 0x8000), { strength: 50, mode: "replace" }, "Click");
    assert.equal(at(stack, 4, 4), Math.round((fromStrength(0.5) * 0x8000) / FULL));
});

test("selections and locks hold for it too", () => {
    const stack = new MoveStack(SIZE, {});
    stack.drawShape({ kind: "rectangle", a: { x: 0, y: 0 }, b: { x: 20, y: 90 } }, 9000);
    stack.setLimit({ selection: areaOf(10, 0, 60, 90), keepZero: true });
    const laid = new Laid(stack);
    laid.lay(areaOf(0, 0, 150, 90), { strength: 100, mode: "replace" }, "Click");
    for (const seen of ["shown", "committed"]) {
        assert.equal(at(stack, 5, 5), 9000, `not selected, ${seen}`);
        assert.equal(at(stack, 15, 5), FULL, `selected, ${seen}`);
        assert.equal(at(stack, 30, 5), 0, `locked, ${seen}`);
        laid.commit();
    }
});

test("given up, it leaves nothing; a stroke of others commits it", () => {
    const stack = new MoveStack(SIZE, {});
    const laid = new Laid(stack);
    laid.lay(areaOf(0, 0, 9, 9), { strength: 100, mode: "replace" }, "Click");
    laid.cancel();
    assert.equal(at(stack, 4, 4), 0);
    assert.equal(stack.history.undoLabel, null);
    laid.lay(areaOf(0, 0, 9, 9), { strength: 100, mode: "replace" }, "Click");
    stack.beginStroke({ size: 4, hardness: 1, flow: 1 }, { x: 50, y: 50, pressure: 1 }, "Brush");
    assert.ok(!laid.open, "it is painted");
    stack.commitStroke();
    assert.deepEqual([at(stack, 4, 4), at(stack, 50, 50)], [FULL, FULL]);
    stack.undo();
    stack.undo();
    assert.equal(at(stack, 4, 4), 0);
});

test("on a region it is part of the region", () => {
    const stack = new MoveStack(SIZE, {});
    const region = stack.add("House", 0.4);
    const laid = new Laid(stack);
    laid.lay(areaOf(0, 0, 9, 9), { strength: 90, mode: "max" }, "Click");
    assert.equal(at(stack, 4, 4), fromStrength(0.4), "of the region's strength");
    laid.commit();
    assert.equal(region.area.at(4 * SIZE.width + 4), FULL);
    stack.undo();
    assert.equal(at(stack, 4, 4), 0);
    assert.equal(stack.regions.length, 1);
});

test("another size of the picture takes along what is shown", () => {
    const stack = new MoveStack(SIZE, {});
    const laid = new Laid(stack);
    laid.lay(areaOf(0, 0, 75, 90), { strength: 100, mode: "replace" }, "Click");
    stack.setImage({ width: 300, height: 180 });
    assert.ok(!laid.open);
    assert.equal(at(stack, 20, 20), FULL);
});

test("Alt is the tool's own, where the tool has a place for clicks", () => {
    const begun = [];
    const drag = { move() {}, end() {}, cancel() {}, mark: null };
    const host = /** @type {any} */ ({
        document: () => null,
        settings: { values: { tool: "click" } },
        click: (point, start) => begun.push([point, start]) && drag,
        onError: (problem) => assert.fail(String(problem)),
        onMark: () => {},
    });
    const gesture = new Gesture(host);
    gesture.begin({ x: 1, y: 2 }, { pick: true });
    assert.ok(gesture.active);
    assert.deepEqual(begun, [[{ x: 1, y: 2 }, { pick: true }]]);
});
