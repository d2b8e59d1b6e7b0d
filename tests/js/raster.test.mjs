import assert from "node:assert/strict";
import test from "node:test";
import { Cover, combine } from "../../javascript/painter/map/cover.mjs";
import { Trail, profile, spacing, stamp } from "../../javascript/painter/draw/brush.mjs";
import { around, clip, union, whole } from "../../javascript/painter/map/rect.mjs";
import { TileSet, tilesOf } from "../../javascript/painter/map/tiles.mjs";
import { between, grid, random } from "./support/helpers.mjs";
import { changedOutside, total } from "./support/covers.mjs";

const cover = (width, height = width) => new Cover({ width, height });

test("rectangles", () => {
    const a = { x: 1, y: 2, w: 3, h: 4 };
    assert.deepEqual(union(a, { x: 0, y: 5, w: 1, h: 9 }), { x: 0, y: 2, w: 4, h: 12 });
    assert.equal(union(null, a), a);
    assert.equal(union(a, null), a);
    assert.deepEqual(around(0.2, -3, 2.1, 1.5, { width: 9, height: 9 }), {
        x: 0,
        y: 0,
        w: 3,
        h: 2,
    });
    assert.equal(around(5, 0, 5, 3, { width: 9, height: 9 }), null);
    assert.equal(around(NaN, 0, 5, 3, { width: 9, height: 9 }), null);
    assert.equal(clip({ x: 9, y: 0, w: 1, h: 1 }, { width: 9, height: 9 }), null);
});

test("tiles: what a rectangle touches, smaller at the border", () => {
    const size = { width: 130, height: 65 };
    assert.deepEqual(tilesOf(whole(size), size), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(tilesOf({ x: 63, y: 0, w: 2, h: 64 }, size), [0, 1]);
    assert.deepEqual(new TileSet(size).rect(5), { x: 128, y: 64, w: 2, h: 1 });
    assert.deepEqual(tilesOf(null, size), []);
});

test("combining: cover 0 keeps, full cover gives the value, in between by rounding", () => {
    const base = grid([0, 0, 0, 40000, 40000, 40000, 65535]);
    const c = grid([0, 32768, 65535, 0, 32768, 65535, 65535]);
    const put = (mode, value) => {
        const out = new Uint16Array(7);
        combine(base, c, 7, { mode, value }, { x: 0, y: 0, w: 7, h: 1 }, out, 0, 7);
        return [...out];
    };
    assert.deepEqual(put("replace", 20000), [0, 10000, 20000, 40000, 30000, 20000, 20000]);
    assert.deepEqual(put("max", 20000), [0, 10000, 20000, 40000, 40000, 40000, 65535]);
    assert.deepEqual(put("max", 50000), [0, 25000, 50000, 40000, 40000, 50000, 65535]);
    assert.deepEqual(put("min", 20000), [0, 0, 0, 40000, 40000, 20000, 20000]);
    assert.deepEqual(put("min", 0), [0, 0, 0, 40000, 32767, 0, 0]);
});

test("combining equals exact arithmetic for random values", () => {
    const next = random(2);
    const one = { x: 0, y: 0, w: 1, h: 1 };
    for (let i = 0; i < 20000; i++) {
        const [b, c, v] = [1, 2, 3].map(() => between(next, 0, 65535));
        const out = new Uint16Array(1);
        const put = (mode) => {
            combine(grid([b]), grid([c]), 1, { mode, value: v }, one, out, 0, 1);
            return out[0];
        };
        const exact = (n) => Number((2n * n + 65535n) / (2n * 65535n));
        const [B, C, V] = [b, c, v].map(BigInt);
        assert.equal(put("replace"), exact(B * (65535n - C) + V * C));
        assert.equal(put("max"), Math.max(b, exact(V * C)));
        assert.equal(put("min"), Math.min(b, 65535 - exact((65535n - V) * C)));
    }
});

test("a one-pixel brush in the middle of a pixel fills exactly it", () => {
    const buffer = cover(3);
    const rect = stamp(buffer, profile(0.5, 1), 1.5, 1.5, 1, 1);
    assert.deepEqual([...buffer.data], [0, 0, 0, 0, 65535, 0, 0, 0, 0]);
    assert.ok(!changedOutside(buffer, rect));
    assert.deepEqual(buffer.tiles.list(), [0]);
});

test("a stamp is symmetric, falls off outwards, and hard ones have the area of the disc", () => {
    const next = random(3);
    for (let i = 0; i < 40; i++) {
        const [radius, hardness] = [1 + 30 * next(), i % 4 ? next() : 1];
        const buffer = cover(65);
        const rect = stamp(buffer, profile(radius, hardness), 32.5, 32.5, 1, 1);
        const at = (x, y) => buffer.data[y * 65 + x];
        assert.ok(!changedOutside(buffer, rect));
        for (let x = 0; x < 65; x++) {
            const y = between(next, 0, 64);
            assert.equal(at(x, y), at(64 - x, y));
            assert.equal(at(x, y), at(y, x));
            if (x > 32) assert.ok(at(x, 32) <= at(x - 1, 32));
        }
        if (hardness === 1 && radius > 3) {
            const area = Math.PI * radius * radius;
            assert.ok(Math.abs(total(buffer) - area) < 0.02 * area, `${total(buffer)} ${area}`);
        }
    }
});

test("no cover so small that a pixel would be as good as kept", () => {
    const buffer = cover(200);
    stamp(buffer, profile(90, 0), 100, 100, 1, 1);
    assert.ok(buffer.data.every((v) => v === 0 || v >= 128));
});

test("overlapping stamps of one stroke do not build up", () => {
    const once = cover(40);
    const often = cover(40);
    stamp(once, profile(9, 0.2), 20, 20, 0.6, 1);
    for (let i = 0; i < 5; i++) stamp(often, profile(9, 0.2), 20, 20, 0.6, 1);
    assert.deepEqual(often.data, once.data);
    assert.equal(Math.max(...once.data), Math.round(0.6 * 65535));
});

test("flow builds up, never beyond the full stroke, and reaches it", () => {
    const full = cover(40);
    stamp(full, profile(9, 0.2), 20, 20, 1, 1);
    const slow = cover(40);
    let before = 0;
    for (let i = 0; i < 200; i++) {
        stamp(slow, profile(9, 0.2), 20, 20, 1, 0.1);
        if (i < 20) assert.ok(total(slow) > before);
        before = total(slow);
        assert.ok(slow.data.every((v, k) => v <= full.data[k]));
    }
    assert.deepEqual(slow.data, full.data);
});

test("a hard line is even: full along its middle, its border straight", () => {
    for (const size of [1, 3, 12, 100]) {
        const buffer = cover(300);
        const trail = new Trail(buffer, { size, hardness: 1 });
        trail.extend([
            { x: 60.5, y: 150.5 },
            { x: 240.5, y: 150.5 },
        ]);
        trail.finish();
        const column = (x) => Array.from({ length: 300 }, (_, y) => buffer.data[y * 300 + x]);
        const first = column(150);
        assert.equal(first[150], 65535);
        for (let x = 100; x < 200; x++) {
            column(x).forEach((v, y) => {
                const wave = Math.abs(v - first[y]) / 65535;
                assert.ok(wave < (size === 1 ? 0.35 : 0.08), `size ${size}: ${wave} at ${x}, ${y}`);
            });
        }
    }
});

test("a soft line does not show its stamps", () => {
    for (const [size, hardness] of [
        [10, 0],
        [40, 0],
        [40, 0.5],
        [200, 0],
        [200, 0.8],
    ]) {
        const buffer = cover(400);
        new Trail(buffer, { size, hardness }).extend([
            { x: 20, y: 200.3 },
            { x: 380, y: 200.3 },
        ]);
        for (let y = 90; y < 310; y++) {
            const row = buffer.data.subarray(y * 400 + 160, y * 400 + 240);
            const ripple = (Math.max(...row) - Math.min(...row)) / 65535;
            assert.ok(
                ripple < (size === 10 ? 0.02 : 0.012),
                `size ${size}, ${hardness}: ${ripple}`,
            );
        }
    }
});

test("spacing does not depend on how a path is cut into points", () => {
    const brush = { size: 20, hardness: 0.5, pressureSize: true };
    const one = cover(200);
    const many = cover(200);
    const whole = new Trail(one, brush);
    whole.extend([
        { x: 10, y: 10, pressure: 0.2 },
        { x: 190, y: 100, pressure: 1 },
    ]);
    const pieces = new Trail(many, brush);
    for (let i = 0; i <= 64; i++) {
        const t = i / 64;
        pieces.extend([{ x: 10 + 180 * t, y: 10 + 90 * t, pressure: 0.2 + 0.8 * t }]);
    }
    whole.finish();
    pieces.finish();
    const worst = one.data.reduce((m, v, i) => Math.max(m, Math.abs(v - many.data[i])), 0);
    assert.ok(worst <= 65535 * 0.002, String(worst));
});

test("pressure scales size or strength", () => {
    const draw = (options, pressure) => {
        const buffer = cover(100);
        new Trail(buffer, { size: 40, hardness: 1, ...options }).extend([
            { x: 50, y: 50, pressure },
        ]);
        return buffer;
    };
    assert.ok(
        total(draw({ pressureSize: true }, 0.5)) < 0.4 * total(draw({ pressureSize: true }, 1)),
    );
    assert.equal(Math.max(...draw({ pressureStrength: true }, 0.5).data), 32768);
    assert.equal(Math.max(...draw({}, 0.1).data), 65535);
    assert.equal(Math.max(...draw({ pressureStrength: true }, 0).data), 0);
});

test("strokes off the canvas change nothing; wild points are survived", () => {
    const buffer = cover(50);
    const trail = new Trail(buffer, { size: 10, hardness: 0 });
    assert.equal(
        trail.extend([
            { x: -100, y: 20 },
            { x: -100, y: 900 },
            { x: -40, y: 1e9 },
        ]),
        null,
    );
    assert.equal(
        trail.extend([
            { x: NaN, y: 3 },
            { x: 3, y: Infinity },
        ]),
        null,
    );
    assert.equal(trail.finish(), null);
    assert.equal(total(buffer), 0);
    const start = performance.now();
    assert.ok(
        trail.extend([
            { x: -1e9, y: 25 },
            { x: 1e9, y: 25 },
        ]),
    );
    assert.ok(performance.now() - start < 1000, "only stamps near the canvas are made");
    assert.ok(buffer.data[25 * 50 + 25] > 63000);
    const one = cover(1);
    new Trail(one, { size: 30, hardness: 1 }).extend([{ x: 0.5, y: 0.5 }]);
    assert.equal(one.data[0], 65535);
});

test("wider brushes take wider steps", () => {
    assert.ok(spacing(0.5, 1) <= 0.5);
    for (const h of [0, 0.5, 1]) assert.ok(spacing(256, h) > spacing(16, h));
});

test("clearing a cover leaves nothing", () => {
    const next = random(6);
    const buffer = cover(200, 150);
    for (let i = 0; i < 20; i++)
        stamp(buffer, profile(20 * next() + 1, 0.5), 200 * next(), 150 * next(), 1, 1);
    buffer.clear();
    assert.equal(total(buffer), 0);
    assert.equal(buffer.tiles.bounds, null);
});
