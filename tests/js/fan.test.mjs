import assert from "node:assert/strict";
import { test } from "node:test";
import { readFan, strengthAt } from "../../javascript/hosts/fan.mjs";

const RUN = "a cat, DD stripes\nSteps: 20, Sampler: Euler, Seed: 1234, Size: 128x128";
const FAN =
    `${RUN}, DD enabled: True, DD mode: fan, DD calls: 20, ` +
    "DD stripes: 0 0 25 40 153; 0.5 40 25 88 153; 1 88 25 128 153, DD bar: 25, DD frame: 128x153";

test("a fan is read from its parameters", () => {
    assert.deepEqual(readFan(FAN), {
        places: [
            { strength: 0, box: [0, 25, 40, 153] },
            { strength: 0.5, box: [40, 25, 88, 153] },
            { strength: 1, box: [88, 25, 128, 153] },
        ],
        frame: [128, 153],
        bar: 25,
        mode: "fan",
        wedges: false,
        seed: "1234",
        changes: null,
    });
});

test("a sheet is read from its parameters", () => {
    const sheet = readFan(
        `${RUN}, DD mode: sheet, DD tiles: 0.25 8 8 72 72; 0.75 80 8 144 72, DD frame: 152x96`,
    );
    assert.deepEqual([sheet.bar, sheet.mode], [0, "sheet"]);
    assert.equal(sheet.changes, null);
    const measured = readFan(
        `${RUN}, DD tiles: 0.25 8 8 72 72, DD frame: 152x96, DD changes: 0.25 9.1; 0.5 20`,
    );
    assert.equal(measured.changes, "0.25 9.1; 0.5 20");
    assert.equal(strengthAt(sheet, 71, 10), 0.25);
    assert.equal(strengthAt(sheet, 80, 10), 0.75);
    assert.equal(strengthAt(sheet, 75, 10), null); // between the tiles
    assert.equal(strengthAt(sheet, 80, 80), null); // a caption
});

test("anything else is no fan", () => {
    for (const text of [
        "",
        RUN,
        `${RUN}, DD mode: sheet`,
        FAN.replace("DD frame: 128x153", ""),
        FAN.replace("40 25 88", "40 x 88"),
        FAN.replace("128x153", "0x153"),
        FAN.replace("128x153", "128"),
    ]) {
        assert.equal(readFan(text), null, text);
    }
});

test("a point is a stripe's or a swatch's", () => {
    const fan = readFan(FAN);
    assert.equal(strengthAt(fan, 39, 100), 0);
    assert.equal(strengthAt(fan, 40, 100), 0.5);
    assert.equal(strengthAt(fan, 88, 3), 1); // the swatch above
    assert.equal(strengthAt(fan, 500, 100), null);
    assert.equal(strengthAt(fan, 500, 3), null);
});

test("swatches above stripes that lie one below another share the width", () => {
    const text = FAN.replace(/DD stripes: [^,]*/, "DD stripes: 0.2 0 25 128 89; 0.8 0 89 128 153");
    const fan = readFan(text);
    assert.equal(strengthAt(fan, 63, 3), 0.2);
    assert.equal(strengthAt(fan, 64, 3), 0.8);
    assert.equal(strengthAt(fan, 5, 100), 0.8);
});

test("wedges run clockwise from the top", () => {
    const boxes = ["0.1 64 25 128 89", "0.2 64 89 128 153", "0.3 0 89 64 153", "0.4 0 25 64 89"];
    const text = FAN.replace(
        /DD stripes: [^,]*/,
        `DD fan layout: radial, DD stripes: ${boxes.join("; ")}`,
    );
    const fan = readFan(text);
    const points = [
        [100, 40],
        [100, 120],
        [20, 120],
        [20, 40],
    ];
    assert.deepEqual(
        points.map(([x, y]) => strengthAt(fan, x, y)),
        [0.1, 0.2, 0.3, 0.4],
    );
    assert.equal(strengthAt(fan, 200, 100), null);
});
