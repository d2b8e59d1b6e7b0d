import assert from "node:assert/strict";
import test from "node:test";
import { beginStroke, filter, initial } from "../../javascript/painter/draw/pressure.mjs";

/** Pressures that come out of one stroke, for readings 8 ms apart. */
function stroke(pointerType, pressures, before = initial()) {
    let state = beginStroke(before);
    const given = pressures.map((pressure, i) => {
        const step = filter(state, { pointerType, pressure, time: 1000 + 8 * i });
        state = step.state;
        return step.pressure;
    });
    return { given, state };
}

const CONSTANTS = [0.04, 0.2, 1 / 3, 0.5, 0.9, 1];

test("a finger that says one value for ever presses fully", () => {
    for (const value of CONSTANTS) {
        const { given, state } = stroke("touch", Array(50).fill(value));
        assert.deepEqual(given, Array(50).fill(1), `${value}`);
        assert.deepEqual(stroke("touch", [value], state).given, [1], "a dab");
    }
});

test("nor do values count that change between strokes only", () => {
    let state = initial();
    for (const value of [...CONSTANTS, ...CONSTANTS]) {
        const step = stroke("touch", Array(6).fill(value), state);
        assert.deepEqual(step.given, Array(6).fill(1), `${value}`);
        state = step.state;
    }
});

test("a pen that says one value for ever presses fully, from the second stroke on at once", () => {
    for (const value of CONSTANTS.filter((v) => v < 1)) {
        const one = stroke("pen", Array(40).fill(value));
        assert.ok(one.given.at(-1) > 0.99, `${value}`);
        const two = stroke("pen", Array(40).fill(value), one.state);
        assert.deepEqual(two.given, Array(40).fill(1), `${value}`);
    }
});

test("what varies within a stroke is pressure, then and later", () => {
    for (const type of ["pen", "touch"]) {
        const one = stroke(type, [0.2, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]);
        assert.ok(Math.abs(one.given.at(-1) - 0.3) < 0.05, type);
        const two = stroke(type, Array(60).fill(0.6), one.state);
        assert.ok(Math.abs(two.given.at(-1) - 0.6) < 1e-6, type);
    }
    const stubborn = stroke("pen", Array(40).fill(0.2)); // held still at first
    const later = stroke("pen", [0.2, 0.3, 0.4, ...Array(40).fill(0.4)], stubborn.state);
    assert.ok(Math.abs(later.given.at(-1) - 0.4) < 1e-6);
});
