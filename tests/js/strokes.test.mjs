import assert from "node:assert/strict";
import test from "node:test";
import { Trail } from "../../javascript/painter/draw/brush.mjs";
import { Cover } from "../../javascript/painter/map/cover.mjs";
import { coverShape } from "../../javascript/painter/draw/areas.mjs";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { FULL } from "../../javascript/painter/map/map.mjs";
import { RegionStack } from "../../javascript/painter/document/regions.mjs";
import { Rope } from "../../javascript/painter/draw/rope.mjs";
import { SYMMETRIES, mirrorsOf, trailOf } from "../../javascript/painter/draw/symmetry.mjs";
import { Settings, restored } from "../../javascript/painter/ui/tools/settings.mjs";
import { Gesture } from "../../javascript/painter/ui/tools/tools.mjs";
import { random } from "./support/helpers.mjs";

const SIZE = { width: 90, height: 70 };
const soft = { size: 15, hardness: 0.3, flow: 1 };
const nowhere = { load: () => null, save: () => {} };

/** A hand's way: wide arcs that tremble. */
function trembling(next, count, tremble) {
    return Array.from({ length: count }, (_, i) => {
        const t = i / (count - 1);
        return {
            x: 10 + 70 * t + tremble * (next() - 0.5),
            y: 35 + 20 * Math.sin(4 * t) + tremble * (next() - 0.5),
            pressure: 0.5 + t / 2,
        };
    });
}

function gestures(values, size = SIZE) {
    const settings = new Settings(nowhere);
    settings.set(values);
    const document = new RegionStack(size);
    const selections = [];
    const gesture = new Gesture({
        document: () => document,
        picture: () => null,
        settings,
        select: (draw) => {
            const cover = new Cover(size);
            draw(cover);
            selections.push(cover.data);
        },
        move: () => null,
        onError: (problem) => {
            throw problem;
        },
        onMark: () => {},
    });
    const draw = (points, start = {}) => {
        gesture.begin(points[0], start);
        for (const point of points.slice(1)) gesture.move([point]);
        gesture.end();
    };
    return { settings, document, gesture, draw, selections };
}

const mirroredMap = ({ width, height, data }, across, down) =>
    Uint16Array.from(data, (_, i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        return data[(down ? height - 1 - y : y) * width + (across ? width - 1 - x : x)];
    });

function alike(map, across, down, tolerance = 2) {
    const other = mirroredMap(map, across, down);
    return map.data.every((v, i) => Math.abs(v - other[i]) <= tolerance);
}

test("a slack rope moves nothing; a taut one is as long as it is", () => {
    const next = random(1);
    const rope = new Rope(12, { x: 40, y: 40 });
    assert.deepEqual(rope.pull([{ x: 51.9, y: 40 }]), []);
    assert.deepEqual(rope.pull([{ x: 40, y: 30 }]), []);
    for (const point of trembling(next, 200, 8)) {
        const path = rope.pull([point]);
        const { tip } = rope;
        assert.ok(Math.hypot(point.x - tip.x, point.y - tip.y) <= 12 + 1e-9);
        if (path.length) {
            assert.deepEqual([path.at(-1).x, path.at(-1).y], [tip.x, tip.y]);
            assert.equal(path.at(-1).pressure, point.pressure);
        }
    }
    assert.deepEqual(rope.pull([{ x: NaN, y: 3 }]), []);
});

test("a rope takes the trembling out, and comes after the hand on a straight way", () => {
    const smooth = trembling(random(2), 300, 0);
    const shaken = trembling(random(2), 300, 5);
    const bends = (path) => {
        let sum = 0;
        for (let i = 2; i < path.length; i++) {
            const [a, b, c] = [path[i - 2], path[i - 1], path[i]];
            const turn = Math.atan2(c.y - b.y, c.x - b.x) - Math.atan2(b.y - a.y, b.x - a.x);
            sum += Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
        }
        return sum;
    };
    const led = new Rope(14, shaken[0]).pull(shaken);
    assert.ok(bends(led) < bends(shaken) / 5, `${bends(led)} of ${bends(shaken)}`);
    assert.ok(bends(new Rope(14, smooth[0]).pull(smooth)) < 1.5 * bends(smooth) + 2);
    const line = [0, 20, 40, 60].map((x) => ({ x, y: 5 }));
    const rope = new Rope(10, line[0]);
    rope.pull(line);
    assert.ok(Math.abs(rope.tip.x - 50) < 1e-9 && rope.tip.y === 5);
});

test("the same way in fewer readings is about the same stroke", () => {
    const way = trembling(random(3), 400, 0);
    const ends = [1, 4, 8].map((every) => {
        const rope = new Rope(15, way[0]);
        rope.pull(way.filter((_, i) => i % every === 0 || i === way.length - 1));
        return rope.tip;
    });
    for (const { x, y } of ends) assert.ok(Math.hypot(x - ends[0].x, y - ends[0].y) < 0.3);
});

test("without rope and symmetry strokes are what they were, to the bit", () => {
    const way = trembling(random(4), 60, 6);
    const plain = new PaintDocument(SIZE);
    plain.beginStroke({ ...soft, value: FULL, mode: "replace" }, way[0]);
    for (const point of way.slice(1)) plain.extendStroke([point]);
    plain.commitStroke();
    const { document, draw } = gestures({ size: 15, hardness: 30, strength: 100, pen: "none" });
    draw(way, { pixel: 1 });
    assert.deepEqual(document.map.data, plain.map.data);
    const cover = new Cover(SIZE);
    assert.ok(trailOf(cover, { ...soft, symmetry: "off" }) instanceof Trail);
});

test("the rope is as long on the screen at every zoom; the keyboard has none", () => {
    const tipOf = (start) => {
        const { gesture } = gestures({ steady: 10, size: 5 });
        gesture.begin({ x: 10, y: 10, pressure: 1 }, start);
        gesture.move([{ x: 50, y: 10, pressure: 1 }]);
        const { tip } = gesture;
        gesture.end();
        return tip?.x ?? null;
    };
    assert.ok(Math.abs(tipOf({ pixel: 1 }) - 40) < 1e-9);
    assert.ok(Math.abs(tipOf({ pixel: 0.5 }) - 45) < 1e-9);
    assert.equal(tipOf({}), null);
});

test("mirrors: one, two or four places, each its own opposite", () => {
    const point = { x: 12.25, y: 60.5, pressure: 0.4 };
    const count = { off: 1, horizontal: 2, vertical: 2, both: 4 };
    for (const symmetry of SYMMETRIES) {
        const mirrors = mirrorsOf(symmetry, SIZE);
        const places = mirrors.map((mirror) => mirror(point));
        assert.equal(new Set(places.map(({ x, y }) => `${x} ${y}`)).size, count[symmetry]);
        assert.deepEqual(places[0], point);
        for (const mirror of mirrors) assert.deepEqual(mirror(mirror(point)), point);
        assert.ok(places.every(({ pressure }) => pressure === 0.4));
    }
});

test("strokes with symmetry are alike on all sides, and one step", () => {
    for (const symmetry of /** @type {const} */ (["horizontal", "vertical", "both"])) {
        const [across, down] = [symmetry !== "vertical", symmetry !== "horizontal"];
        for (const tool of ["brush", "erase", "smooth"]) {
            const { document, draw } = gestures({
                tool, symmetry, size: 15, hardness: 30, strength: 80, second: 0,
            }); // prettier-ignore
            if (tool !== "brush") {
                document.drawShape(
                    { kind: "rectangle", a: { x: 20, y: 20 }, b: { x: 70, y: 50 } },
                    FULL,
                );
            }
            const before = document.map.data.slice();
            draw(trembling(random(5), 40, 6), { pixel: 1 });
            assert.notDeepEqual(document.map.data, before);
            assert.ok(alike(document.map, across, down), `${tool} ${symmetry}`);
            if (symmetry !== "both") assert.ok(!alike(document.map, !across, !down));
            document.undo();
            assert.deepEqual(document.map.data, before, "one step");
        }
    }
});

test("shapes and straight lines with symmetry; a region's area, a selection", () => {
    for (const tool of ["rectangle", "ellipse", "lasso"]) {
        const points = [
            { x: 12, y: 8 },
            { x: 30, y: 12 },
            { x: 36, y: 30 },
        ];
        const { document, draw, settings, selections } = gestures({
            tool,
            symmetry: "both",
            strength: 60,
        });
        draw(points, { slack: 1 });
        assert.ok(alike(document.map, true, true) && alike(document.map, true, false));
        assert.ok(document.map.data.some((v) => v > 0));
        document.undo();
        assert.ok(document.map.isFlat(0), "one step");
        document.add("left and right");
        draw(points, { slack: 1 });
        assert.ok(alike(document.regions[0].area.map, true, true));
        settings.set({ target: "selection" });
        draw(points, { slack: 1 });
        assert.ok(alike({ ...SIZE, data: selections[0] }, true, true));
    }
    const { document, draw } = gestures({ symmetry: "horizontal", size: 9 });
    draw([{ x: 5, y: 5, pressure: 1 }]);
    draw([{ x: 40, y: 60, pressure: 1 }], { shift: true });
    assert.ok(alike(document.map, true, false));
    assert.ok(document.map.data[32 * 90 + 22] > 0 && document.map.data[32 * 90 + 67] > 0);
    const [one, two] = [new Cover(SIZE), new Cover(SIZE)];
    const shape = {
        kind: /** @type {const} */ ("ellipse"),
        a: { x: 3, y: 4 },
        b: { x: 50, y: 33 },
    };
    coverShape(one, shape);
    coverShape(two, { ...shape, symmetry: "off" });
    assert.deepEqual(one.data, two.data);
});

test("the strengths painted last: six, the newest first, without the quick ones", () => {
    const { settings, draw } = gestures({ size: 5 });
    const dab = [{ x: 5, y: 5, pressure: 1 }];
    for (const strength of [10, 20, 25, 33.5, 100, 40, 60, 70, 20]) {
        settings.set({ strength });
        draw(dab);
    }
    assert.deepEqual(settings.values.recent, [20, 70, 60, 40, 33.5, 10]);
    settings.set({ second: 5 });
    draw(dab, { second: true });
    assert.deepEqual(settings.values.recent, [5, 20, 70, 60, 40, 33.5]);
    settings.set({ strength: 12, tool: "erase" });
    draw(dab);
    settings.set({ tool: "rectangle", target: "selection" });
    draw([...dab, { x: 30, y: 30 }]);
    assert.equal(settings.values.recent[0], 5, "neither erased nor selected with");
    settings.set({ tool: "linear", target: "map", strength: 15, second: 85 });
    draw([...dab, { x: 30, y: 30 }]);
    assert.deepEqual(settings.values.recent.slice(0, 2), [15, 85]);
    assert.deepEqual(restored({ recent: [3, 4] }).recent, [3, 4]);
    for (const bad of ["3", [101], [null], [NaN], Array(7).fill(1), { length: 2 }]) {
        assert.deepEqual(restored({ recent: bad }).recent, []);
    }
});
