import assert from "node:assert/strict";
import test from "node:test";
import { GreyMap, checkSize, fromStrength } from "../../javascript/painter/map/map.mjs";
import { PaintDocument } from "../../javascript/painter/document/document.mjs";
import { resize } from "../../javascript/painter/map/resize.mjs";
import { between, grid, random, randomMap } from "./support/helpers.mjs";

test("a new map is blank, a copy is its own", () => {
    const map = new GreyMap(3, 2);
    assert.deepEqual(map.data, grid([0, 0, 0], [0, 0, 0]));
    const copy = map.copy().fill(7);
    assert.ok(map.isFlat(0) && copy.isFlat(7) && !map.equals(copy));
    assert.ok(!map.equals(new GreyMap(2, 3)));
});

test("sizes that no map can have are refused with a reason", () => {
    assert.throws(() => new GreyMap(20000, 10), /20000x10 pixels.*at most 16384/);
    assert.throws(() => new GreyMap(10, 20000), /at most 16384/);
    assert.throws(() => checkSize(9000, 9000), /67 million.*8192x8192/);
    for (const side of [0, -1, 1.5, NaN]) assert.throws(() => checkSize(side, 5), /not possible/);
    assert.throws(() => new GreyMap(2, 2, new Uint16Array(3)), /3 values/);
    checkSize(1, 1);
    checkSize(16384, 4096);
});

test("8 bits there and back are exact; 16 bits become the nearest", () => {
    const greys = Uint8Array.from({ length: 256 }, (_, v) => v);
    const map = GreyMap.from8(16, 16, greys);
    assert.equal(map.data[255], 65535);
    assert.deepEqual(map.to8(), greys);
    const all = new GreyMap(
        256,
        256,
        Uint16Array.from({ length: 65536 }, (_, v) => v),
    ).to8();
    all.forEach((grey, v) => assert.equal(grey, Math.round(v / 257)));
});

test("a picture becomes luma times alpha", () => {
    const rgba = Uint8Array.from(
        [
            [255, 255, 255, 255],
            [0, 0, 0, 255],
            [255, 255, 255, 0],
            [90, 90, 90, 255],
            [255, 0, 0, 255],
            [0, 255, 0, 255],
            [0, 0, 255, 255],
            [255, 255, 255, 51],
        ].flat(),
    );
    const { data } = GreyMap.fromRgba(4, 2, rgba);
    const parts = [19595, 38470, 7471].map((w) => Math.round((65535 * w) / 65536));
    assert.deepEqual(data, grid([65535, 0, 0, 90 * 257], [...parts, 13107]));
    assert.throws(() => GreyMap.fromRgba(4, 2, rgba.subarray(4)), /28 bytes/);
});

test("strengths as values", () => {
    assert.deepEqual([-1, 0, 0.5, 1, 2].map(fromStrength), [0, 0, 32768, 65535, 65535]);
});

test("a strength in percent runs the steps that img2img runs at it", () => {
    for (let percent = 1; percent < 100; percent++) {
        const value = Math.fround(fromStrength(percent / 100) / 65535);
        for (let steps = 1; steps <= 150; steps++) {
            const want = Math.floor((percent * steps) / 100);
            assert.equal(Math.floor(value * steps), want, `${percent} % of ${steps}`);
        }
    }
});

test("resizing: exact blocks, linear growth, flat stays flat, range kept", () => {
    const map = new GreyMap(4, 2, grid([0, 100, 200, 300], [400, 500, 600, 701]));
    assert.deepEqual(resize(map, 2, 1).data, grid([250, 450]));
    assert.deepEqual(resize(map, 4, 2).data, map.data);
    const two = new GreyMap(2, 1, grid([0, 400]));
    assert.deepEqual(resize(two, 4, 1).data, grid([0, 100, 300, 400]));
    const next = random(1);
    for (let i = 0; i < 20; i++) {
        const [w, h] = [between(next, 1, 40), between(next, 1, 40)];
        const [u, v] = [between(next, 1, 40), between(next, 1, 40)];
        assert.ok(resize(new GreyMap(w, h).fill(65535), u, v).isFlat(65535));
        const source = randomMap(next, w, h);
        const out = resize(source, u, v).data;
        assert.ok(Math.max(...out) <= Math.max(...source.data));
        assert.ok(Math.min(...out) >= Math.min(...source.data));
    }
});

test("a flat map is flat at any length and place in memory, and one value elsewhere is seen", () => {
    for (const [length, at] of [
        [1, 0],
        [1, 1],
        [2, 1],
        [7, 0],
        [8, 1],
        [9, 3],
    ]) {
        // prettier-ignore
        for (const value of [0, 7, 65535]) {
            const data = new Uint16Array(length + at + 2).fill(99).subarray(at, at + length);
            const map = new GreyMap(length, 1, data).fill(value);
            assert.ok(map.isFlat() && map.isFlat(value) && !map.isFlat(value ^ 1));
            for (let i = 0; i < length; i++) {
                map.data[i] ^= 1;
                assert.equal(map.isFlat(value), false);
                map.data[i] ^= 1;
            }
        }
    }
});

test("a blank map is known to be blank at another size, and what is painted on is not", () => {
    const document = new PaintDocument({ width: 40, height: 30 });
    for (const [width, height] of [
        [80, 31],
        [40, 30],
        [64, 64],
        [80, 31],
    ]) {
        // prettier-ignore
        document.setImage({ width, height });
        assert.ok(document.blankAt === document.revision && document.map.isFlat(0));
        document.fill(9);
        assert.ok(!document.isBlank);
        document.undo();
        assert.ok(document.isBlank);
    }
    document.fill(9);
    document.setImage({ width: 20, height: 20 });
    assert.ok(!document.isBlank);
    document.setImage({ width: 80, height: 31 });
    assert.ok(!document.isBlank);
});
