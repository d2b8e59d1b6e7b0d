import assert from "node:assert/strict";
import test from "node:test";
import { FULL } from "../../javascript/painter/map/map.mjs";
import { inPlace, matrixOf } from "../../javascript/painter/move/matrix.mjs";
import { middleOf } from "../../javascript/painter/move/movemap.mjs";
import { boundsOf, onPixels, warped } from "../../javascript/painter/move/warp.mjs";
import { perform } from "../../javascript/painter/worker/tasks.mjs";
import { random } from "./support/helpers.mjs";

const SIZE = { width: 60, height: 50 };

/** An area with soft values in a box. */
function areaOf(box, next = random(9)) {
    const area = new Uint16Array(SIZE.width * SIZE.height);
    for (let y = box.y; y < box.y + box.h; y++) {
        for (let x = box.x; x < box.x + box.w; x++)
            area[y * SIZE.width + x] = 1 + Math.floor(next() * FULL);
    }
    return area;
}

const placed = (box, changes) => onPixels(matrixOf({ ...inPlace(), ...changes }, middleOf(box)));
const sum = (area) => area.reduce((total, v) => total + v, 0);

test("bounds of all that is not 0", () => {
    const box = { x: 7, y: 3, w: 12, h: 20 };
    assert.deepEqual(boundsOf(areaOf(box), SIZE), box);
    assert.equal(boundsOf(new Uint16Array(3000), SIZE), null);
});

test("shifts, mirrors and quarter turns move whole pixels, exactly, and back", () => {
    for (const box of [
        { x: 18, y: 14, w: 21, h: 20 },
        { x: 20, y: 15, w: 10, h: 16 },
    ]) {
        const area = areaOf(box);
        const once = (changes) => warped(area, SIZE, box, placed(box, changes));
        assert.deepEqual(once({}), area);
        const shifted = once({ by: [-5, 9] });
        area.forEach((v, i) => v && assert.equal(shifted[i + 9 * 60 - 5], v));
        assert.equal(sum(shifted), sum(area));
        for (const changes of [
            { mirror: "horizontal" },
            { mirror: "both" },
            { rotate: 90 },
            { rotate: 180 },
        ]) {
            const turned = once(changes);
            assert.deepEqual([...turned].sort(), [...area].sort(), JSON.stringify(changes));
        }
        const there = once({ mirror: "vertical" });
        assert.deepEqual(warped(there, SIZE, box, placed(box, { mirror: "vertical" })), area);
    }
});

test("what leaves the picture is gone, and nothing comes in at the other side", () => {
    const box = { x: 0, y: 0, w: 10, h: 10 };
    const area = areaOf(box);
    assert.equal(sum(warped(area, SIZE, box, placed(box, { by: [-20, 0] }))), 0);
    const half = warped(area, SIZE, box, placed(box, { by: [-5, 0] }));
    for (let y = 0; y < 50; y++)
        for (let x = 0; x < 60; x++)
            assert.equal(half[y * 60 + x], x < 5 && y < 10 ? area[y * 60 + x + 5] : 0);
});

test("turned by any angle and scaled: flat stays flat, the area is right, nothing overflows", () => {
    const box = { x: 20, y: 15, w: 20, h: 20 };
    const area = areaOf(box).map((v) => (v ? FULL : 0));
    for (const rotate of [10, 45, -133.3]) {
        for (const scale of [0.2, 0.5, 1, 1.4]) {
            const out = warped(area, SIZE, box, placed(box, { rotate, scale: [scale, scale] }));
            assert.equal(out[25 * 60 + 30], FULL, "the middle");
            assert.ok(
                Math.abs(sum(out) / FULL / (400 * scale * scale) - 1) < 0.03,
                `${rotate} ${scale}`,
            );
        }
    }
    const fine = areaOf(box).map((v, i) => (v && (i + Math.floor(i / 60)) % 2 ? FULL : 0));
    const small = warped(fine, SIZE, box, placed(box, { scale: [0.25, 0.25] }));
    const inner = [24, 25].flatMap((y) => [29, 30].map((x) => small[y * 60 + x]));
    assert.ok(
        inner.every((v) => Math.abs(v / FULL - 0.5) < 0.1),
        "a fine pattern becomes its mean",
    );
});

test("the worker's task gives the same values", async () => {
    const box = { x: 18, y: 14, w: 21, h: 20 };
    const [area, matrix] = [areaOf(box), placed(box, { by: [3, -4], mirror: [-1, 1] })];
    const made = await perform("warp", { ...SIZE, data: area }, { box, matrix });
    assert.deepEqual(made, warped(area, SIZE, box, matrix));
    assert.ok(sum(made) > 0);
});
