import assert from "node:assert/strict";
import test from "node:test";
import {
    beginStroke,
    filter,
    initial,
    mergeCoalesced,
    respond,
} from "../../javascript/painter/draw/pressure.mjs";
import {
    SHORTCUTS,
    match,
    steppedSize,
    strengthByDigits,
} from "../../javascript/painter/ui/input/shortcuts.mjs";
import { random } from "./support/helpers.mjs";

/** Pressures that come out for readings 8 ms apart. */
function feed(pointerType, pressures, state = initial()) {
    state = beginStroke(state);
    const given = pressures.map((pressure, i) => {
        const step = filter(state, { pointerType, pressure, time: 1000 + 8 * i });
        state = step.state;
        return step.pressure;
    });
    return { given, state };
}

test("mice and fingers press fully, whatever they say", () => {
    assert.deepEqual(feed("mouse", [0.5, 0.5, 0, 0.3]).given, [1, 1, 1, 1]);
    assert.deepEqual(feed("touch", [0, 0.5, 1]).given, [1, 1, 1]);
    assert.deepEqual(feed("pen", [0.5, 0.5, 0.5]).given, [1, 1, 1]);
    assert.deepEqual(feed("mouse", [NaN, undefined]).given, [1, 1]);
});

test("a pen that has shown pressure is believed, also at 0.5; a mouse after it is not", () => {
    const { state } = feed("pen", [0.1, 0.2, 0.3]);
    const { given } = feed("pen", Array(40).fill(0.5), state);
    assert.ok(Math.abs(given.at(-1) - 0.5) < 1e-6);
    assert.deepEqual(feed("mouse", [0.5], state).given, [1]);
    assert.deepEqual(feed("touch", [0.5], state).given, [1]);
});

test("a spike at touch-down does not show", () => {
    const { given } = feed("pen", [0.98, 0.15, 0.2, 0.25, 0.3]);
    assert.ok(given[0] <= 0.25);
    assert.ok(Math.max(...given) < 0.35);
});

test("lost readings do not tear the stroke", () => {
    const { given } = feed("pen", [0.3, 0.4, 0.5, 0.6, 0, 0, NaN, 0.6]);
    for (const v of given.slice(4)) assert.ok(v >= given[3] - 1e-9);
    assert.ok(feed("pen", [0, 0.4]).given[0] <= 0.25, "nor does a pen begin at full pressure");
});

test("pressure stays in 0..1, follows what is pressed, and does not change what it is given", () => {
    const next = random(17);
    let state = Object.freeze(initial());
    for (let i = 0; i < 2000; i++) {
        if (i % 50 === 0) state = Object.freeze(beginStroke(state));
        const reading = { pointerType: "pen", pressure: 3 * next() - 1, time: i * 20 * next() };
        const step = filter(state, reading);
        assert.ok(step.pressure >= 0 && step.pressure <= 1);
        state = Object.freeze(step.state);
    }
    assert.ok(feed("pen", Array(60).fill(0.9)).given.at(-1) > 0.89);
});

test("response curves keep their ends", () => {
    for (const curve of [0.5, 1, 2]) {
        assert.equal(respond(0, curve, 0.1), 0.1);
        assert.equal(respond(1, curve, 0.1), 1);
    }
    assert.ok(respond(0.5, 2) < 0.5 && respond(0.5, 0.5) > 0.5);
});

test("coalesced points: in order, each once, the event itself last", () => {
    const p = (x, time, pressure = 0.5) => ({ x, y: 0, pressure, time });
    const times = (points) => points.map(({ time }) => time);
    assert.deepEqual(
        times(mergeCoalesced(p(3, 30), [p(1, 10), p(2, 20), p(3, 30)], null)),
        [10, 20, 30],
    );
    assert.deepEqual(times(mergeCoalesced(p(3, 30), [], p(1, 5))), [30]);
    assert.deepEqual(
        times(mergeCoalesced(p(3, 30), [p(1, 10), p(0, 2), p(2, 20)], p(9, 5))),
        [10, 20, 30],
    );
    assert.deepEqual(mergeCoalesced(p(3, 30), [], p(3, 20)), []);
    assert.deepEqual(times(mergeCoalesced(p(3, 30, 0.7), [p(NaN, 25)], p(3, 20))), [30]);
});

const press = (key, code, extra = {}) => match({ key, code, ...extra });
const command = (...args) => press(...args)?.command ?? null;

test("every shortcut of the table is found by its own key", () => {
    for (const shortcut of SHORTCUTS) {
        const extra = { ctrlKey: shortcut.ctrl, shiftKey: shortcut.shift };
        assert.equal(
            match({ key: shortcut.keys[0], code: "", ...extra }),
            shortcut,
            shortcut.label,
        );
        assert.ok(shortcut.help && shortcut.label);
    }
    assert.equal(press("7", "Digit7").value, 7);
    assert.equal(press("5", "Numpad5").value, 5);
    assert.equal(press("]", "BracketRight").value, 1);
    assert.equal(press("{", "BracketLeft", { shiftKey: true }).command, "hardness");
});

test("modifiers: undo and redo, and the browser's own keys are left alone", () => {
    assert.equal(command("z", "KeyZ", { ctrlKey: true }), "undo");
    assert.equal(command("Z", "KeyZ", { ctrlKey: true, shiftKey: true }), "redo");
    assert.equal(command("z", "KeyZ", { metaKey: true }), "undo");
    assert.equal(command("y", "KeyY", { ctrlKey: true }), "redo");
    assert.equal(command("z", "KeyZ"), null);
    assert.deepEqual(
        ["0", "1", "d"].map((key) => command(key, "", { ctrlKey: true })),
        ["fit", "actual", "deselect"],
    );
    for (const key of ["x", "i", "b", "f", "l", "2"])
        assert.equal(command(key, "", { ctrlKey: true }), null);
    assert.equal(command("I", "KeyI", { ctrlKey: true, shiftKey: true }), null);
    assert.equal(command("b", "KeyB", { altKey: true }), null);
    assert.equal(command("B", "KeyB"), "tool:brush", "Caps Lock");
    assert.equal(command("B", "KeyB", { shiftKey: true }), null);
});

test("other keyboard layouts", () => {
    assert.equal(
        command("[", "Digit8", { ctrlKey: true, altKey: true }),
        "size",
        "German AltGr on Windows",
    );
    assert.equal(command("}", "Digit0", { altKey: true, altGraph: true }), "hardness");
    assert.equal(command("[", "Digit5", { altKey: true }), "size", "German Mac");
    assert.equal(press("ü", "BracketLeft").value, -1);
    assert.equal(command("Ü", "BracketLeft", { shiftKey: true }), "hardness");
    assert.equal(command("z", "KeyY", { ctrlKey: true }), "undo", "QWERTZ");
    assert.equal(command("и", "KeyB"), "tool:brush", "Cyrillic");
    assert.equal(command("я", "KeyZ", { ctrlKey: true }), "undo");
    assert.equal(press("&", "Digit1").value, 1, "French digits");
    assert.equal(press("1", "Digit1", { shiftKey: true }).value, 1);
    assert.equal(command("!", "Digit1", { shiftKey: true }), null, "not on an English one");
    assert.equal(command("a", "KeyQ"), null);
});

test("keys while typing, composing or repeating", () => {
    assert.equal(match({ key: "b", code: "KeyB" }, true), null);
    assert.equal(match({ key: "b", code: "KeyB", isComposing: true }), null);
    assert.equal(command("i", "KeyI", { repeat: true }), null);
    assert.equal(command("]", "BracketRight", { repeat: true }), "size");
    assert.equal(command(" ", "Space", { repeat: true }), "pan");
    for (const key of ["Dead", "Shift", "Enter", "AltGraph", "ArrowLeft"])
        assert.equal(command(key, ""), null);
});

test("strength by digits: tens, or both digits in a row", () => {
    const first = strengthByDigits(null, 2, 0);
    assert.equal(first.percent, 20);
    assert.equal(strengthByDigits(first.pending, 5, 300).percent, 25);
    assert.equal(strengthByDigits(first.pending, 5, 900).percent, 50);
    const zero = strengthByDigits(null, 0, 0);
    assert.equal(zero.percent, 100);
    assert.equal(strengthByDigits(zero.pending, 0, 100).percent, 0);
    assert.equal(strengthByDigits(zero.pending, 5, 100).percent, 5);
});

test("brush sizes step by at least a pixel and stay in their limits", () => {
    const limits = { least: 1, most: 1000 };
    assert.equal(steppedSize(3, 1, limits), 4);
    assert.equal(steppedSize(100, 1, limits), 110);
    assert.equal(steppedSize(1, -1, limits), 1);
    assert.equal(steppedSize(990, 1, limits), 1000);
    let size = 1;
    for (let i = 0; i < 80; i++) size = steppedSize(size, 1, limits);
    assert.equal(size, 1000);
    for (let i = 0; i < 80; i++) size = steppedSize(size, -1, limits);
    assert.equal(size, 1);
});
