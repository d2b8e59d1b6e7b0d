import assert from "node:assert/strict";
import test from "node:test";
import {
    drawGradient,
    stopsOf,
    valueAt,
    withValues,
} from "../../javascript/painter/draw/gradient.mjs";
import { FULL, fromStrength } from "../../javascript/painter/map/map.mjs";
import { RegionStack } from "../../javascript/painter/document/regions.mjs";
import {
    Ramp,
    along,
    exactPercent,
    gradientOf,
    placeOn,
} from "../../javascript/painter/ui/tools/ramp.mjs";
import { Settings } from "../../javascript/painter/ui/tools/settings.mjs";
import { Gesture } from "../../javascript/painter/ui/tools/tools.mjs";
import { random } from "./support/helpers.mjs";

const SIZE = { width: 80, height: 40 };
const p = (x, y) => ({ x, y, pressure: 1 });
const near = (a, b, tolerance = 1.5) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ${b}`);

/** A painter without a page: a gesture, a ramp, and frames that are drawn when told. */
function desk(values = {}) {
    const frames = new Map();
    let last = 0;
    Object.assign(globalThis, {
        requestAnimationFrame: (task) => frames.set(++last, task) && last,
        cancelAnimationFrame: (id) => frames.delete(id),
        document: { activeElement: null },
    });
    const settings = new Settings({ load: () => null, save: () => {} });
    settings.set({ tool: "linear", strength: 100, second: 0, ...values });
    const stack = new RegionStack(SIZE, { onChange: () => ramp.check() });
    const stage = {
        view: { scale: 1 },
        setCovered: (on) => (stage.covered = on),
        invalidate: () => {},
    };
    const painter = { stage, settings, document: stack, say: () => {} };
    const ramp = new Ramp(/** @type {any} */ (painter));
    const gesture = new Gesture({
        document: () => stack,
        picture: () => null,
        settings,
        select: () => {},
        move: () => null,
        takes: (point, start) => ramp.take(point, start),
        opened: (...drawn) => ramp.begin(...drawn),
        onError: (problem) => {
            throw problem;
        },
        onMark: () => {},
    });
    painter.gesture = gesture;
    settings.onChange((changed) => ramp.follow(changed));
    const drag = (points, start = {}, shift = false) => {
        gesture.begin(points[0], start);
        for (const point of points.slice(1)) gesture.move([point], shift);
        gesture.end();
    };
    const frame = () => {
        const due = [...frames.values()];
        frames.clear();
        for (const task of due) task();
    };
    const key = (name, more = {}) => ramp.key(/** @type {any} */ ({ key: name, ...more }));
    const at = (x, y = 20) => stack.map.data[y * SIZE.width + x];
    return { settings, stack, stage, ramp, gesture, drag, frame, key, at };
}

/** What a fresh gradient of this kind makes of a blank map. */
function fresh(gradient) {
    const plane = new Uint16Array(SIZE.width * SIZE.height);
    drawGradient(gradient, { x: 0, y: 0, w: SIZE.width, h: SIZE.height }, plane, SIZE.width);
    return plane;
}

test("values between stops: through each stop, straight between them, flat beyond the ends", () => {
    const next = random(41);
    for (let n = 0; n < 100; n++) {
        const inner = [next(), next(), next()].sort((a, b) => a - b);
        const stops = inner.map((at) => ({ at, value: Math.floor(FULL * next()) }));
        const all = stopsOf({ start: 100, end: 60000, stops });
        for (const { at, value } of all) near(valueAt(all, at), value, 1e-6);
        assert.equal(valueAt(all, -1), 100);
        assert.equal(valueAt(all, 2), 60000);
        for (let i = 1; i < all.length; i++) {
            const middle = (all[i - 1].at + all[i].at) / 2;
            near(valueAt(all, middle), (all[i - 1].value + all[i].value) / 2, 1e-6);
        }
    }
    const edge = stopsOf({
        start: 0,
        end: FULL,
        stops: [
            { at: 0.5, value: 0 },
            { at: 0.5, value: FULL },
        ],
    });
    assert.deepEqual(
        [0.49, 0.5, 0.51].map((t) => valueAt(edge, t)),
        [0, FULL, FULL],
    );
});

test("two stops are what they were, to the bit; a stop on the line changes nothing to see", () => {
    for (const kind of /** @type {const} */ (["linear", "radial"])) {
        const plain = {
            kind,
            from: { x: 10.3, y: 5 },
            to: { x: 66, y: 31.7 },
            start: 60000,
            end: 50,
        };
        const value = Math.round(valueAt(stopsOf(plain), 0.4));
        const [two, three] = [fresh(plain), fresh({ ...plain, stops: [{ at: 0.4, value }] })];
        assert.deepEqual(fresh({ ...plain, stops: [] }), two);
        assert.ok(two.every((v, i) => Math.abs(v - three[i]) <= 1));
    }
    const doubled = withValues({ kind: "linear", from: p(0, 0), to: p(1, 1), start: 1, end: 2, stops: [{ at: 0.5, value: 4 }] }, (v) => 2 * v); // prettier-ignore
    assert.deepEqual([doubled.start, doubled.end, doubled.stops[0].value], [2, 4, 8]);
});

test("percent and value: there and back; places on and beside the line", () => {
    for (let value = 0; value <= FULL; value += 17) {
        assert.equal(fromStrength(exactPercent(value) / 100), value);
    }
    const line = { from: { x: 10, y: 10 }, to: { x: 50, y: 40 } };
    const { t, away } = along(line, { x: 10 + 0.5 * 40 - 3, y: 10 + 0.5 * 30 + 4 });
    near(t, 0.5, 1e-9);
    near(away, 5, 1e-9);
    assert.deepEqual(placeOn(line, 0.5), { x: 30, y: 25 });
});

test("handles: dragged, the gradient is drawn anew, and all of it is one step", () => {
    const { stack, ramp, drag, at, stage, gesture } = desk();
    stack.drawShape({ kind: "rectangle", a: p(0, 30), b: p(80, 40) }, 12345);
    drag([p(10, 20), p(40, 20), p(70, 20)]);
    assert.ok(ramp.open && at(5) === FULL && at(75) === 0);
    gesture.begin(p(70, 20));
    gesture.move([p(50, 20)]);
    assert.ok(stage.covered && gesture.mark.to.x === 50, "a sketch meanwhile");
    gesture.end();
    assert.ok(!stage.covered && at(55) === 0 && at(45) > 0);
    drag([p(10, 20), p(30, 20)]);
    assert.deepEqual(stack.map.data, fresh(gradientOf(ramp.shown)));
    assert.equal(at(29), FULL);
    ramp.close();
    stack.undo();
    assert.equal(at(5, 35), 12345);
    assert.equal(at(5), 0);
    assert.equal(stack.history.undoLabel, "Rectangle");
    stack.redo();
    assert.equal(at(29), FULL);
});

test("the strength of the chosen handle is the tool's; the ends come back to it at the end", () => {
    const { settings, ramp, drag, frame, at, key } = desk({ strength: 80, second: 20 });
    drag([p(10, 20), p(40, 20), p(70, 20)]);
    assert.equal(ramp.shown.chosen, 0);
    settings.set({ strength: 90 });
    assert.equal(at(5), fromStrength(0.8), "with the next frame");
    frame();
    assert.equal(at(5), fromStrength(0.9));
    drag([p(70, 20)]);
    assert.deepEqual([ramp.shown.chosen, settings.values.strength], [1, 20]);
    settings.set({ strength: 35 });
    frame();
    assert.equal(at(75), fromStrength(0.35));
    settings.set({ second: 40 });
    frame();
    assert.equal(at(75), fromStrength(0.4));
    settings.set({ strength: 40, second: 35 }); // both at once: swapped
    frame();
    assert.deepEqual([at(5), at(75)], [fromStrength(0.4), fromStrength(0.9)]);
    assert.ok(key("Enter") && !ramp.open);
    assert.deepEqual([settings.values.strength, settings.values.second], [40, 90]);
    drag([p(10, 5), p(40, 5), p(70, 5)], { second: true });
    assert.equal(ramp.shown.chosen, 1, "the right button: the strength is that of the end");
    ramp.close();
    assert.deepEqual([settings.values.strength, settings.values.second], [40, 90]);
});

test("stops: added by a click on the line, dragged along it, dropped beside it or by Delete", () => {
    const { settings, ramp, drag, frame, at, key, stack } = desk();
    drag([p(10, 20), p(40, 20), p(70, 20)]);
    const before = stack.map.data.slice();
    drag([p(40, 22)]);
    assert.equal(ramp.shown.stops.length, 3);
    near(settings.values.strength, 50, 0.01);
    assert.deepEqual(stack.map.data, before, "it lies where the gradient is anyway");
    settings.set({ strength: 100 });
    frame();
    assert.ok(at(39) >= FULL - 1 && at(55) > 30000);
    drag([p(40, 20), p(60, 25)]);
    near(ramp.shown.stops[1].at, 50 / 60, 1e-9);
    assert.ok(at(58) === FULL && at(65) < FULL);
    drag([p(60, 20), p(300, 20)]);
    assert.equal(ramp.shown.stops[1].at, 1, "no further than its neighbor");
    drag([p(50, 20)]);
    drag([p(50, 20), p(50, 60)]);
    assert.equal(ramp.shown.stops.length, 3, "dragged off");
    ramp.choose(1);
    assert.ok(key("Delete"));
    assert.deepEqual([ramp.shown.stops.length, key("Delete")], [2, false]);
    assert.deepEqual(stack.map.data, before);
    ramp.close();
    stack.undo();
    assert.ok(stack.map.isFlat(0) && stack.history.undoLabel === null, "one step");
});

test("another place, another tool, an undo and Escape end it", () => {
    const { settings, ramp, drag, at, stack } = desk();
    const line = [p(10, 20), p(40, 20), p(70, 20)];
    drag(line);
    settings.set({ tool: "radial" });
    assert.ok(!ramp.open);
    drag(line);
    assert.ok(ramp.open && at(10, 38) < FULL && at(10, 20) > 60000, "a circle about its beginning");
    settings.set({ tool: "brush" });
    assert.ok(!ramp.open);
    stack.undo();
    settings.set({ tool: "linear" });
    drag(line);
    drag([p(20, 2), p(60, 2)]);
    assert.deepEqual(ramp.shown.from.y, 2, "a new one");
    stack.undo();
    assert.ok(!ramp.open);
    const before = stack.map.data.slice();
    drag([p(20, 35), p(60, 35)]);
    settings.set({ strength: 30 });
    assert.ok(ramp.cancel() && !ramp.cancel());
    assert.deepEqual(stack.map.data, before);
    drag(line);
    stack.drawShape({ kind: "rectangle", a: p(0, 0), b: p(9, 9) }, 7);
    assert.ok(!ramp.open, "the map changed: it is not the last step any more");
});

test("one that changes nothing takes no other step back with it", () => {
    const { ramp, drag, at, stack, settings, frame } = desk({
        strength: 0,
        second: 0,
        mode: "max",
    });
    stack.drawShape({ kind: "rectangle", a: p(0, 0), b: p(80, 40) }, 30000);
    drag([p(10, 20), p(70, 20)]);
    assert.ok(ramp.open && stack.history.undoLabel === "Rectangle");
    drag([p(10, 20), p(30, 20)]);
    assert.equal(at(50), 30000);
    settings.set({ strength: 100 });
    frame();
    assert.ok(at(5) === FULL && at(75) === 30000);
    settings.set({ strength: 0 });
    frame();
    assert.ok(ramp.cancel());
    assert.ok(at(5) === 30000 && stack.history.undoLabel === "Rectangle");
});

test("on a region the strongest stop is all of its area; arrows move the chosen handle", () => {
    const { ramp, drag, key, stack, settings, frame, stage } = desk({ strength: 50 });
    stack.add("sky", 0.6);
    drag([p(10, 20), p(40, 20), p(70, 20)]);
    assert.equal(stack.regions[0].area.map.data[20 * 80 + 5], FULL);
    drag([p(40, 20)]);
    settings.set({ strength: 100 });
    frame();
    const area = stack.regions[0].area.map.data;
    assert.ok(area[20 * 80 + 39] > 64000 && area[20 * 80 + 5] === 32768);
    assert.equal(key("ArrowLeft"), false, "the focus is elsewhere");
    stage.element = globalThis.document.activeElement = /** @type {any} */ ({
        matches: () => false,
    });
    ramp.choose(0);
    assert.ok(key("ArrowLeft") && key("ArrowDown", { shiftKey: true }));
    assert.deepEqual([ramp.shown.from.x, ramp.shown.from.y], [9, 30]);
});
