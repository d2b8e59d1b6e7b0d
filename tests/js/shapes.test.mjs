import assert from "node:assert/strict";
import test from "node:test";
import { Cover } from "../../javascript/painter/map/cover.mjs";
import { ellipse, polygon, rectangle } from "../../javascript/painter/draw/shapes.mjs";
import { drawGradient, hasLength } from "../../javascript/painter/draw/gradient.mjs";
import { floodFill } from "../../javascript/painter/draw/flood.mjs";
import { between, random } from "./support/helpers.mjs";
import { changedOutside, total } from "./support/covers.mjs";

const cover = (width, height = width) => new Cover({ width, height });

test("rectangles and polygons have exact coverage", () => {
    const buffer = cover(4);
    polygon(buffer, rectangle({ x: 0.5, y: 1 }, { x: 3, y: 2.25 }));
    const h = 32768;
    const q = [8192, 16384];
    assert.deepEqual(
        [...buffer.data],
        [0, 0, 0, 0, h, 65535, 65535, 0, q[0], q[1], q[1], 0, 0, 0, 0, 0],
    );
    const half = cover(2);
    polygon(half, [
        { x: 0, y: 0 },
        { x: 2, y: 0 },
        { x: 0, y: 2 },
    ]);
    assert.deepEqual([...half.data], [65535, h, h, 0]);
});

test("the area of random polygons is the area covered, however they turn", () => {
    const next = random(4);
    for (let i = 0; i < 60; i++) {
        const [cx, cy] = [60 + 20 * next(), 60 + 20 * next()];
        const count = between(next, 3, 30);
        const points = Array.from({ length: count }, (_, k) => {
            const [angle, r] = [(2 * Math.PI * k) / count, 5 + 40 * next()];
            return { x: cx + r * Math.cos(angle), y: cy + r * Math.sin(angle) };
        });
        const area = points.reduce((sum, { x, y }, k) => {
            const other = points[(k + 1) % count];
            return sum + (x * other.y - other.x * y) / 2;
        }, 0);
        const buffer = cover(140);
        const rect = polygon(buffer, i % 2 ? points : points.reverse());
        if (count > 3)
            assert.ok(Math.abs(total(buffer) - Math.abs(area)) < 0.5 + 0.001 * Math.abs(area));
        assert.ok(!changedOutside(buffer, rect));
    }
});

test("a polygon partly off the canvas is what one sees of it", () => {
    const points = [
        { x: -30, y: -20 },
        { x: 80, y: 10 },
        { x: 40, y: 90 },
        { x: -50, y: 70 },
    ];
    const large = cover(200);
    polygon(
        large,
        points.map(({ x, y }) => ({ x: x + 64, y: y + 64 })),
    );
    const small = cover(50);
    polygon(small, points);
    for (let y = 0; y < 50; y++) {
        for (let x = 0; x < 50; x++) {
            const difference = small.data[y * 50 + x] - large.data[(y + 64) * 200 + x + 64];
            assert.ok(Math.abs(difference) <= 1, `${x}, ${y}: ${difference}`);
        }
    }
    assert.equal(
        polygon(
            cover(9),
            points.map(({ x, y }) => ({ x: x + 500, y })),
        ),
        null,
    );
    assert.equal(polygon(cover(9), points.slice(0, 2)), null);
});

test("a lasso that crosses itself fills both loops", () => {
    const buffer = cover(20);
    polygon(buffer, [
        { x: 0, y: 0 },
        { x: 20, y: 20 },
        { x: 20, y: 0 },
        { x: 0, y: 20 },
    ]);
    const at = (x, y) => buffer.data[y * 20 + x];
    assert.deepEqual([at(2, 10), at(17, 10), at(10, 2), at(10, 17)], [65535, 65535, 0, 0]);
});

test("ellipses: area, symmetry, corners in any order", () => {
    for (const [rx, ry] of [
        [3, 3],
        [20, 7],
        [60, 50],
    ]) {
        const buffer = cover(128);
        polygon(buffer, ellipse({ x: 64 + rx, y: 64 - ry }, { x: 64 - rx, y: 64 + ry }));
        const area = Math.PI * rx * ry;
        assert.ok(Math.abs(total(buffer) - area) < 0.005 * area);
        for (let i = 0; i < 128; i++) {
            const mirrored = buffer.data[64 * 128 + 127 - i];
            assert.ok(Math.abs(buffer.data[64 * 128 + i] - mirrored) <= 1);
        }
    }
});

test("linear gradients: exact at pixel centres, flat beyond both ends", () => {
    const plane = new Uint16Array(10);
    const line = {
        kind: "linear",
        from: { x: 2, y: 0 },
        to: { x: 6, y: 0 },
        start: 1000,
        end: 5000,
    };
    drawGradient(line, { x: 0, y: 0, w: 10, h: 1 }, plane, 10);
    assert.deepEqual([...plane], [1000, 1000, 1500, 2500, 3500, 4500, 5000, 5000, 5000, 5000]);
    assert.ok(!hasLength({ ...line, to: line.from }) && hasLength(line));
    drawGradient({ ...line, start: 5000, end: 1000 }, { x: 2, y: 0, w: 2, h: 1 }, plane, 10);
    assert.deepEqual([...plane.subarray(0, 5)], [1000, 1000, 4500, 3500, 3500]);
});

test("radial gradients: round, start in the middle", () => {
    const plane = new Uint16Array(81);
    const at = {
        kind: "radial",
        from: { x: 4.5, y: 4.5 },
        to: { x: 8.5, y: 4.5 },
        start: 60000,
        end: 0,
    };
    drawGradient(at, { x: 0, y: 0, w: 9, h: 9 }, plane, 9);
    assert.equal(plane[40], 60000);
    assert.deepEqual([...plane.subarray(36, 41)], [0, 15000, 30000, 45000, 60000]);
    assert.equal(plane[0], 0);
    assert.equal(plane[40 + 9 * 3], 15000);
});

const picture = (width, height, colour) => ({
    width,
    height,
    data: Uint8ClampedArray.from(
        Array.from({ length: width * height }, (_, i) =>
            colour(i % width, Math.floor(i / width)),
        ).flat(),
    ),
});

test("flood fill: the connected area within the tolerance", () => {
    const rows = ["..##.", ".#.#.", ".##..", "....."];
    const scene = picture(5, 4, (x, y) =>
        rows[y][x] === "#" ? [200, 0, 0, 255] : [190, 0, 0, 255],
    );
    const filled = (x, y, tolerance) => {
        const buffer = cover(5, 4);
        const rect = floodFill(buffer, scene, x, y, tolerance);
        return [
            [...buffer.data]
                .map((v) => (v ? "x" : "."))
                .join("")
                .match(/.{5}/g),
            rect,
        ];
    };
    assert.deepEqual(filled(0, 0, 9), [
        ["xx..x", "x...x", "x..xx", "xxxxx"],
        { x: 0, y: 0, w: 5, h: 4 },
    ]);
    assert.deepEqual(filled(2, 1, 9), [
        [".....", "..x..", ".....", "....."],
        { x: 2, y: 1, w: 1, h: 1 },
    ]);
    assert.deepEqual(filled(2.9, 0.2, 0)[0], ["..xx.", "...x.", ".....", "....."]);
    assert.equal(filled(2, 2, 10)[0].join(""), "x".repeat(20));
    assert.deepEqual(filled(-1, 0, 9)[1], null);
    assert.deepEqual(filled(5, 0, 9)[1], null);
    assert.throws(() => floodFill(cover(4), scene, 0, 0, 9), /5x4 and the map 4x4/);
});

test("flood fill equals a plain search on random pictures", () => {
    const next = random(5);
    for (let i = 0; i < 60; i++) {
        const [w, h] = [between(next, 1, 40), between(next, 1, 40)];
        const scene = picture(w, h, () => [
            between(next, 0, 2) * 40,
            9,
            between(next, 0, 1) * 30,
            255,
        ]);
        const [x, y, tolerance] = [between(next, 0, w - 1), between(next, 0, h - 1), 41];
        const buffer = cover(w, h);
        const rect = floodFill(buffer, scene, x, y, tolerance);
        const seed = scene.data.subarray(4 * (y * w + x), 4 * (y * w + x) + 4);
        const near = (p) => seed.every((v, c) => Math.abs(v - scene.data[4 * p + c]) <= tolerance);
        const seen = new Set([y * w + x]);
        for (const p of seen) {
            const column = p % w;
            const beside = [
                p - w,
                p + w,
                ...(column ? [p - 1] : []),
                ...(column < w - 1 ? [p + 1] : []),
            ];
            for (const q of beside) if (q >= 0 && q < w * h && near(q)) seen.add(q);
        }
        assert.deepEqual(
            [...buffer.data.keys()].filter((p) => buffer.data[p]),
            [...seen].sort((a, b) => a - b),
        );
        assert.ok(!changedOutside(buffer, rect));
        assert.deepEqual(buffer.tiles.bounds, rect);
    }
});
