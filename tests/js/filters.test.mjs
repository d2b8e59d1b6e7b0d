import assert from "node:assert/strict";
import test from "node:test";
import { boxOf, reachOf, soften, softenRect } from "../../javascript/painter/draw/blur.mjs";
import { grow, invertTable, levelsTable, shrink } from "../../javascript/painter/draw/filters.mjs";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { between, grid, random, randomMap } from "./support/helpers.mjs";

test("inverting twice is nothing", () => {
    const table = invertTable();
    assert.deepEqual([table[0], table[65535], table[100]], [65535, 0, 65435]);
    table.forEach((v, i) => assert.equal(table[v], i));
});

test("levels: the values of maps/geometry.py, in float32", () => {
    // made with diffdiff.maps.geometry.levels on v / 65535, times 65535, rounded
    const at = [0, 1, 6553, 13107, 20000, 32768, 40000, 52428, 58982, 65534, 65535];
    const expected = [
        [[0, 1, 1], at],
        [
            [0.1, 0.9, 1],
            [0, 0, 0, 8192, 16808, 32768, 41808, 57343, 65535, 65535, 65535],
        ],
        [
            [0, 1, 2.2],
            [0, 424, 23010, 31533, 38210, 47824, 52362, 59214, 62471, 65535, 65535],
        ],
        [
            [0.2, 0.7, 0.5],
            [0, 0, 0, 0, 2900, 23594, 44143, 65535, 65535, 65535, 65535],
        ],
        [
            [0.5, 0.500001, 1],
            [0, 0, 0, 0, 0, 65535, 65535, 65535, 65535, 65535, 65535],
        ],
    ];
    for (const [[black, white, gamma], values] of expected) {
        const table = levelsTable(black, white, gamma);
        at.forEach((v, i) => {
            assert.ok(
                Math.abs(table[v] - values[i]) <= 1,
                `${black} ${white} ${gamma}: ${v} ${table[v]}`,
            );
        });
        for (let v = 1; v <= 65535; v++) assert.ok(table[v] >= table[v - 1]);
    }
    assert.deepEqual(
        levelsTable(0, 1, 1),
        Uint16Array.from({ length: 65536 }, (_, v) => v),
    );
});

test("levels that make no sense are refused", () => {
    assert.throws(() => levelsTable(0.5, 0.5, 1), /black: 0.5 is not below white \(0.5\)/);
    assert.throws(() => levelsTable(0.5, 0.5 + 1e-12, 1), /not below/);
    assert.throws(() => levelsTable(0, 1, 0), /gamma: 0/);
    assert.throws(() => levelsTable(NaN, 1, 1), /black: NaN.*finite/);
    assert.throws(() => levelsTable(0, Infinity, 1), /white: Infinity/);
});

test("boxes have the variance of the Gaussian", () => {
    for (const sigma of [0.1, 0.5, 1, 2.3, 10, 64, 700.5]) {
        const { radius, part, scale } = boxOf(sigma);
        let variance = 2 * part * (radius + 1) ** 2;
        for (let i = 1; i <= radius; i++) variance += 2 * i * i;
        assert.ok(Math.abs(3 * variance * scale - sigma * sigma) < 1e-9 * sigma * sigma + 1e-12);
        assert.ok(part >= 0 && part < 1);
    }
});

test("softening an edge is the Gaussian's integral to 1 of 100", () => {
    const erf = (x) => {
        let sum = 0; // midpoint rule, fine enough
        for (let i = 0; i < 2000; i++) sum += Math.exp(-((((i + 0.5) / 2000) * x) ** 2));
        return (2 / Math.sqrt(Math.PI)) * (x / 2000) * sum;
    };
    for (const sigma of [1, 3, 8, 20]) {
        const size = { width: 201, height: 5 };
        const edge = new Uint16Array(1005).map((_, i) => (i % 201 >= 101 ? 65535 : 0));
        const straight = soften(edge, size, sigma);
        for (let i = 0; i < 201; i++) {
            const ideal = (1 + erf((i - 100.5) / (Math.SQRT2 * sigma))) / 2;
            const error = Math.abs(straight[402 + i] / 65535 - ideal);
            assert.ok(error < (sigma === 1 ? 0.03 : 0.012), `${sigma} ${i}: ${error}`);
        }
        const upright = edge.map((_, i) => (Math.floor(i / 5) >= 101 ? 65535 : 0));
        const turned = soften(upright, { width: 5, height: 201 }, sigma);
        for (let i = 0; i < 201; i++) {
            assert.ok(
                Math.abs(turned[i * 5 + 2] - straight[402 + i]) <= 1,
                "both directions are alike",
            );
        }
    }
});

test("softening: flat stays flat, order is kept, ends are clean, 1x1 survives", () => {
    const next = random(7);
    for (let i = 0; i < 30; i++) {
        const size = { width: between(next, 1, 60), height: between(next, 1, 60) };
        const sigma = 12 * next() + 0.1;
        const value = between(next, 0, 65535);
        const flat = new GreyMap(size.width, size.height).fill(value).data;
        assert.deepEqual(soften(flat, size, sigma), flat);
        const map = randomMap(next, size.width, size.height).data;
        const out = soften(map, size, sigma);
        assert.ok(
            out.every((v, k) => v === map[k] || v === 0 || v === 65535 || (v >= 128 && v <= 65407)),
        );
        const larger = soften(
            map.map((v) => Math.min(65535, v + 500)),
            size,
            sigma,
        );
        assert.ok(out.every((v, k) => larger[k] >= v || larger[k] === 0 || v === map[k]));
        assert.deepEqual(soften(map, size, sigma), out, "the same again");
    }
});

test("softening takes the border as continued, however wide the radius", () => {
    const next = random(24);
    for (const sigma of [0.7, 3, 9]) {
        const [w, h, pad] = [9, 7, reachOf(sigma)];
        const map = randomMap(next, w, h).data;
        const size = { width: w + 2 * pad, height: h + 2 * pad };
        const inside = (v, most) => Math.min(most - 1, Math.max(0, v - pad));
        const larger = new Uint16Array(size.width * size.height).map(
            (_, i) => map[inside(Math.floor(i / size.width), h) * w + inside(i % size.width, w)],
        );
        const out = soften(map, { width: w, height: h }, sigma);
        const all = soften(larger, size, sigma);
        out.forEach((v, i) => {
            assert.equal(v, all[(Math.floor(i / w) + pad) * size.width + (i % w) + pad]);
        });
    }
});

test("softening a rectangle equals softening the whole, to the bit", () => {
    const next = random(8);
    for (let i = 0; i < 40; i++) {
        const size = { width: between(next, 1, 90), height: between(next, 1, 90) };
        const map = randomMap(next, size.width, size.height).data;
        const sigma = 0.2 + 6 * next();
        const all = soften(map, size, sigma);
        const [x, y] = [between(next, 0, size.width - 1), between(next, 0, size.height - 1)];
        const rect = {
            x,
            y,
            w: between(next, 1, size.width - x),
            h: between(next, 1, size.height - y),
        };
        const out = new Uint16Array(map.length).fill(77);
        softenRect(map, size, sigma, rect, out);
        out.forEach((v, k) => {
            const [column, row] = [k % size.width, Math.floor(k / size.width)];
            const inside = column >= x && column < x + rect.w && row >= y && row < y + rect.h;
            assert.equal(v, inside ? all[k] : 77);
        });
    }
    assert.ok(reachOf(10) >= 20 && reachOf(10) < 40);
});

test("growing: a dot becomes a disc, shrinking takes it back", () => {
    const size = { width: 7, height: 7 };
    const dot = new Uint16Array(49);
    dot[24] = 500;
    const disc = (r) =>
        dot.map((_, i) => (Math.hypot((i % 7) - 3, Math.floor(i / 7) - 3) <= r ? 500 : 0));
    for (const r of [0, 0.5, 1, 1.5, 2, 2.9, 3]) {
        const grown = grow(dot, size, r);
        assert.deepEqual(grown, disc(r), `radius ${r}`);
        if (r < 3) assert.deepEqual(shrink(grown, size, r), dot);
    }
    assert.deepEqual(grow(grid([9]), { width: 1, height: 1 }, 5), grid([9]));
});

test("growing and shrinking equal a plain search on random greys", () => {
    const next = random(9);
    for (let i = 0; i < 30; i++) {
        const size = { width: between(next, 1, 25), height: between(next, 1, 25) };
        const map = randomMap(next, size.width, size.height).data;
        const radius = 5 * next();
        const search = (pick) =>
            map.map((_, k) => {
                const [x, y] = [k % size.width, Math.floor(k / size.width)];
                let best = map[k];
                map.forEach((v, j) => {
                    const distance = Math.hypot(
                        (j % size.width) - x,
                        Math.floor(j / size.width) - y,
                    );
                    if (distance <= radius) best = pick(best, v);
                });
                return best;
            });
        assert.deepEqual(grow(map, size, radius), search(Math.max));
        assert.deepEqual(shrink(map, size, radius), search(Math.min));
    }
});
