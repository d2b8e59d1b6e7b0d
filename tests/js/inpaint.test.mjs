import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fill, inpaint } from "../../javascript/painter/move/inpaint.mjs";

// written by `python -m tests.golden.moves`, checked by tests/unit/test_golden_moves.py
const golden = JSON.parse(readFileSync(new URL("../golden/moves.json", import.meta.url), "utf8"));

/** Sky and ground, as tests/golden/moves.py paints them. */
function scene(width, height) {
    const rgba = new Uint8ClampedArray(4 * width * height);
    for (let y = 0, i = 0; y < height; y++) {
        const sky = y < Math.floor(height / 2);
        for (let x = 0; x < width; x++, i += 4) {
            rgba[i] = sky ? 90 + Math.floor((60 * y) / height) : 60;
            rgba[i + 1] = 120 + Math.floor((80 * x) / width);
            rgba[i + 2] = ((7 * x + 3 * y) % 24) + (sky ? 180 : 40);
            rgba[i + 3] = 255;
        }
    }
    return rgba;
}

function holeOf([left, top, right, bottom], width, height) {
    const hole = new Uint8Array(width * height);
    for (let y = top; y < bottom; y++) hole.fill(1, y * width + left, y * width + right);
    return hole;
}

test("a hole is filled much as the run fills it", () => {
    for (const { size, box, every, filled } of golden.fills) {
        const [width, height] = size;
        const [left, top, right, bottom] = box;
        const rgba = scene(width, height);
        const before = rgba.slice();
        const hole = holeOf(box, width, height);
        // the part that is looked at, as diffdiff/edit/fill.py cuts it out
        const longest = Math.max(right - left, bottom - top);
        const more = Math.floor(0.35 * longest) + 5;
        const [x, y] = [Math.max(0, left - more), Math.max(0, top - more)];
        const [w, h] = [Math.min(width, right + more) - x, Math.min(height, bottom + more) - y];
        const part = new Uint8ClampedArray(4 * w * h);
        const mask = new Uint8Array(w * h);
        for (let row = 0; row < h; row++) {
            const from = (y + row) * width + x;
            part.set(rgba.subarray(4 * from, 4 * (from + w)), 4 * row * w);
            mask.set(hole.subarray(from, from + w), row * w);
        }
        for (let i = 0; i < mask.length; i++) if (mask[i]) part.fill(0, 4 * i, 4 * i + 3);
        fill(part, mask, { width: w, height: h }, longest);
        const off = [];
        let k = 0;
        for (let v = top; v < bottom; v += every) {
            for (let u = left; u < right; u += every) {
                const i = (v - y) * w + u - x;
                for (let c = 0; c < 3; c++) off.push(Math.abs(part[4 * i + c] - filled[k++]));
            }
        }
        assert.equal(k, filled.length);
        const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
        for (let i = 0; i < mask.length; i++) {
            if (mask[i]) continue;
            const j = (y + Math.floor(i / w)) * width + x + (i % w);
            assert.deepEqual(
                [...part.slice(4 * i, 4 * i + 4)],
                [...before.slice(4 * j, 4 * j + 4)],
            );
        }
        assert.ok(mean < 4, `${size}: ${mean} levels`);
    }
});

test("a flat color goes on", () => {
    const size = { width: 12, height: 9 };
    const plane = new Float32Array(108).fill(77);
    const hole = holeOf([3, 0, 9, 7], 12, 9);
    for (let i = 0; i < 108; i++) if (hole[i]) plane[i] = 200;
    inpaint([plane], hole, size);
    assert.ok(plane.every((value) => Math.abs(value - 77) < 1e-3));
});

test("where nothing is known nothing is filled", () => {
    const rgba = new Uint8ClampedArray(16).fill(9);
    fill(rgba, new Uint8Array(4).fill(1), { width: 2, height: 2 }, 2);
    assert.ok(rgba.every((value) => value === 9));
});
