import assert from "node:assert/strict";
import test from "node:test";
import {
    isFine,
    legend,
    releaseStep,
    rungOf,
    rungs,
} from "../../javascript/painter/strength/ladder.mjs";
import { FULL } from "../../javascript/painter/map/map.mjs";
import { between, random } from "./support/helpers.mjs";

test("a strength is read to six decimals", () => {
    assert.equal(releaseStep(0.7, 20), 5);
    assert.equal(releaseStep(Math.fround(0.7), 20), 5, "a float32 0.7 means 0.7");
    assert.equal(releaseStep(1e-9, 20), null);
});

test("invert, levels and diffusers' rule", () => {
    const run = { steps: 20, denoising: 0.8 };
    for (const grey of [0, 1, 9000, 32768, 65535]) {
        const inverted = rungOf(grey, { ...run, invert: true });
        assert.ok(Math.abs(inverted.strength - rungOf(FULL - grey, run).strength) < 1e-6);
    }
    const levelled = { ...run, black: 0.25, white: 0.75, gamma: 2, scale: "absolute" };
    assert.equal(rungOf(Math.round(0.2 * FULL), levelled).step, null);
    assert.equal(rungOf(Math.round(0.8 * FULL), levelled).strength, 1);
    assert.ok(Math.abs(rungOf(Math.round(0.5 * FULL), levelled).strength - Math.SQRT1_2) < 1e-4);
    assert.equal(rungOf(1000, { ...run, black: 1, white: 0 }).strength, rungOf(1000, run).strength);
    const whole = rungs({ ...run, denoising: 1, rule: "diffusers" });
    assert.equal(whole.length, 21);
    const mirrored = rungs({ ...run, invert: true });
    assert.deepEqual(
        mirrored.map(({ grey }) => FULL - grey),
        rungs(run).map(({ grey }) => grey),
    );
});

test("ticks: the first grey of every level, as sampling/start_steps.py changes there", () => {
    const ticks = (steps, denoising, scale) =>
        rungs({ steps, denoising, scale }).map(({ grey }) => grey);
    assert.deepEqual(
        ticks(20, 0.75),
        [
            0, 1, 4369, 8738, 13107, 17476, 21845, 26214, 30583, 34952, 39321, 43690, 48059, 52428,
            56797, 61166, 65535,
        ],
    );
    assert.deepEqual(
        ticks(30, 0.6),
        [
            0, 1, 3641, 7282, 10923, 14564, 18205, 21845, 25486, 29127, 32768, 36409, 40050, 43690,
            47331, 50972, 54613, 58254, 61895, 65535,
        ],
    );
    assert.deepEqual(ticks(7, 0.33), [0, 1, 28371, 56741]);
    assert.deepEqual(ticks(4, 1), [0, 1, 16384, 32768, 49152]);
    assert.deepEqual(ticks(4, 0.1, "absolute"), ticks(4, 1));
    assert.equal(ticks(150, 1).length, 151);
    assert.deepEqual(ticks(20, 0), [0], "without strength nothing changes");
});

test("legends: strength, step, count and noise; more grey is never later", () => {
    const noise = { steps: 4, noise: [0.93, 0.8, 0.6, 0.3], exact: [0, 0.4, 0.7, 0.85, 0.93] };
    const run = { steps: 4, denoising: 0.5, noise };
    assert.deepEqual(legend(run, [0, 65535]), [
        { grey: 0, strength: 0, step: null, count: 0, noise: null },
        { grey: 65535, strength: 0.5, step: 1, count: 3, noise: 0.8 },
    ]);
    assert.equal(legend(run).length, 5);
    const next = random(19);
    for (let i = 0; i < 200; i++) {
        const some = { steps: between(next, 1, 150), denoising: next() };
        const all = rungs(some);
        assert.ok(
            all.every(
                (rung, k) => !k || (rung.grey > all[k - 1].grey && rung.count > all[k - 1].count),
            ),
        );
    }
});

test("fine legends: a grey begins at its own noise, white where plain img2img does", () => {
    const noise = { steps: 4, noise: [0.93, 0.8, 0.6, 0.3], exact: [0, 0.4, 0.7, 0.85, 0.93] };
    const run = { steps: 4, denoising: 0.5, levels: "auto", noise };
    assert.equal(isFine(run), true);
    assert.equal(isFine({ ...run, steps: 10 }), false);
    assert.equal(isFine({ ...run, levels: "steps" }), false);
    assert.equal(isFine({ steps: 4, denoising: 1 }), false, "a page without the setting");
    const at = (part, more = {}) => rungOf(Math.round(part * FULL), { ...run, ...more }).noise;
    assert.equal(at(1), 0.8, "white: of its step");
    assert.equal(at(0), null);
    assert.ok(Math.abs(at(0.25, { scale: "absolute" }) - 0.4) < 1e-4);
    assert.ok(Math.abs(at(0.25) - 0.2) < 1e-4, "an eighth of full strength");
    assert.equal(at(0.5, { noise: { ...noise, steps: 20 } }), null, "of another run: unknown");
    const parts = Array.from({ length: 101 }, (_, i) => at(i / 100) ?? 0);
    assert.ok(
        parts.every((part, i) => !i || part >= parts[i - 1]),
        "never less",
    );
});
