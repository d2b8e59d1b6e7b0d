import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import {
    applied,
    inPlace,
    inverse,
    matrixOf,
    mirrored,
    shiftOf,
} from "../../javascript/painter/move/matrix.mjs";
import { boxOf, isIdle, mapOfMoves } from "../../javascript/painter/move/movemap.mjs";
import { MoveStack } from "../../javascript/painter/move/movestack.mjs";
import { distances } from "../../javascript/painter/move/rings.mjs";

// written by `python -m tests.golden.moves`, checked by tests/unit/test_golden_moves.py
const golden = JSON.parse(readFileSync(new URL("../golden/moves.json", import.meta.url), "utf8"));
const SIZE = { width: golden.width, height: golden.height };

function areaOf([left, top, right, bottom], { width, height } = SIZE) {
    const area = new Uint16Array(width * height);
    for (let y = top; y < bottom; y++) area.fill(65535, y * width + left, y * width + right);
    return area;
}

function moveOf(region, more = {}, size = SIZE) {
    const area = areaOf(region, size);
    const rest = { copy: false, gone: false, keep: 0.15, ring: 4, margin: 4 };
    return { area, box: boxOf(area, size), placing: inPlace(), ...rest, ...more };
}

test("maps of moves are Python's", () => {
    for (const { moves, map } of golden.maps) {
        const own = moves.map(({ region, by, scale, rotate, mirror, delete: gone, ...more }) =>
            moveOf(region, { ...more, gone, placing: { by, scale, rotate, mirror } }),
        );
        const found = mapOfMoves(SIZE, own);
        const off = map.filter((value, i) => Math.abs(value - found[i] * 65535) > 8);
        const most = moves.some(({ rotate }) => rotate % 90) ? 0.03 * map.length : 0;
        assert.ok(off.length <= most, `${off.length} of ${map.length}: ${JSON.stringify(moves)}`);
    }
});

test("matrices are Python's, and can be undone", () => {
    for (const { by, scale, rotate, mirror, middle, matrix } of golden.matrices) {
        const found = matrixOf({ by, scale, rotate, mirror }, { x: middle[0], y: middle[1] });
        found.forEach((value, i) => assert.ok(Math.abs(value - matrix[i]) < 1e-9));
        const back = applied(inverse(found), applied(found, { x: 3, y: 8 }));
        assert.ok(Math.hypot(back.x - 3, back.y - 8) < 1e-9);
    }
});

test("distances are exact", () => {
    const size = { width: 9, height: 7 };
    const inside = new Uint8Array(63).fill(1);
    inside[0] = inside[40] = 0;
    const far = distances(inside, size);
    for (let i = 0; i < 63; i++) {
        const to = (j) => Math.hypot((i % 9) - (j % 9), Math.floor(i / 9) - Math.floor(j / 9));
        assert.ok(Math.abs(far[i] - Math.min(to(0), to(40))) < 1e-9);
    }
    assert.ok(distances(new Uint8Array(63).fill(1), size).every((value) => value > 1e5));
});

test("mirrors, shifts and idle moves", () => {
    assert.equal(mirrored(mirrored("", "horizontal"), "horizontal"), "");
    assert.equal(mirrored("horizontal", "vertical"), "both");
    assert.deepEqual(shiftOf([1, 0, 0, 1, 3, -2]), [3, -2]);
    assert.equal(shiftOf([1, 0, 0, 1, 0.5, 0]), null);
    assert.ok(isIdle(moveOf([2, 2, 8, 8])));
    assert.ok(!isIdle(moveOf([2, 2, 8, 8], { gone: true })));
    assert.equal(boxOf(new Uint16Array(63), { width: 9, height: 7 }), null);
});

test("a move is one step, lies over the painting, and survives another picture", () => {
    const stack = new MoveStack(SIZE, {});
    stack.fill(20000);
    const moved = moveOf([4, 4, 12, 12], { placing: { ...inPlace(), by: [16, 8] } });
    stack.setMoves("Move", [moved]);
    const at = (x, y) => stack.read({ x, y, w: 1, h: 1 })[0];
    assert.equal(at(6, 6), 65535);
    assert.equal(at(24, 16), 20000); // the painting is more than what is kept
    assert.equal(stack.map.data[6 * SIZE.width + 6], 65535);
    assert.equal(stack.at(6 * SIZE.width + 6), 65535);
    stack.undo();
    assert.equal(stack.moves.length, 0);
    assert.equal(at(6, 6), 20000);
    stack.redo();
    assert.equal(at(6, 6), 65535);
    stack.setImage({ width: 20, height: 20 });
    assert.equal(stack.moves.length, 0);
    stack.setImage(SIZE);
    assert.deepEqual(stack.moves, [moved]);
    const { data } = stack.map;
    stack.bake();
    assert.equal(stack.moves.length, 0);
    assert.deepEqual(stack.map.data, data);
    assert.ok(stack.map instanceof GreyMap);
});
