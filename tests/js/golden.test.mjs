import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { levelsTable } from "../../javascript/painter/draw/filters.mjs";
import { allSteps, releaseStep, rungOf } from "../../javascript/painter/strength/ladder.mjs";
import { reading } from "../../javascript/painter/strength/response.mjs";

// written by `python -m tests.golden.make`, checked by tests/unit/test_golden.py
const file = new URL("../golden/vectors.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8"));
const near = (a, b, where) => assert.ok(Math.abs(a - b) <= 1e-6, `${a} ${b}, ${where}`);

test("start steps are Python's", () => {
    for (const { rule, steps, last, start } of golden.start_steps) {
        const found = golden.strengths.map((s) => releaseStep(s, steps, rule, last));
        assert.deepEqual(found, start, `${rule}, ${steps} steps, last ${last}`);
    }
});

test("what a grey means for a run is what Python makes of it", () => {
    for (const { settings, steps, denoising, strength, start } of golden.runs) {
        const where = JSON.stringify({ settings, steps, denoising });
        golden.greys.forEach((grey, i) => {
            const rung = rungOf(grey, { ...settings, steps, denoising });
            near(rung.strength, strength[i], where);
            assert.equal(rung.step, start[i], `${grey}, ${where}`);
        });
    }
});

test("a run of all its steps begins where the host begins", () => {
    for (const { settings, steps, denoising, schedule, start } of golden.all_steps) {
        const run = { ...settings, ...allSteps(steps, denoising), denoising };
        const where = JSON.stringify({ settings, steps, denoising });
        assert.equal(run.steps, schedule, where);
        const found = golden.greys.map((grey) => rungOf(grey, run).step);
        assert.deepEqual(found, start, where);
    }
});

test("a response reads map values as Python's does", () => {
    for (const { response, full, strength } of golden.responses) {
        const read = reading(response);
        golden.values.forEach((value, i) => near(read(value, full), strength[i], response));
    }
});

test("levels give Python's greys", () => {
    for (const { black, white, gamma, grey } of golden.levels) {
        const table = levelsTable(black, white, gamma);
        golden.greys.forEach((value, i) => {
            // powers may differ in the last bit between libraries
            assert.ok(Math.abs(table[value] - grey[i]) <= (gamma === 1 ? 0 : 1), `${value}`);
        });
    }
});
