import assert from "node:assert/strict";
import test from "node:test";
import { compose, heat, overlayTable, stopsOf } from "../../javascript/painter/display/heat.mjs";
import { grid } from "./support/helpers.mjs";

const near = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ${b}`);

test("the heat scale rises evenly in lightness, also for those who see no red", () => {
    const linear = (v) =>
        v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
    const lightness = (rgb) => {
        const [r, g, b] = rgb.map(linear); // OKLab's L, by the inverse matrices of its paper
        const l = 0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b;
        const m = 0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b;
        const s = 0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b;
        return (
            0.2104542553 * Math.cbrt(l) + 0.793617785 * Math.cbrt(m) - 0.0040720468 * Math.cbrt(s)
        );
    };
    const levels = Array.from({ length: 33 }, (_, i) => lightness(heat(i / 32)));
    const step = (levels[32] - levels[0]) / 32;
    assert.ok(step > 0.018);
    for (let i = 1; i < 33; i++) near(levels[i] - levels[i - 1], step, 0.006);
    for (let i = 0; i <= 100; i++) assert.ok(heat(i / 100).every((v) => v >= 0 && v <= 255));
});

test("no strength is more opaque than a higher one", () => {
    const table = new Uint8ClampedArray(overlayTable("heat", 1).buffer);
    for (let i = 1; i < 1024; i++) assert.ok(table[4 * i + 3] >= table[4 * i - 1]);
    assert.equal(table[4 * 1023 + 3], 255);
});

test("overlays: kept is clear, the slightest strength is not", () => {
    const rgba = new Uint8ClampedArray(16);
    compose(grid([0, 1, 32768, 65535]), overlayTable("heat", 0.5), rgba);
    const pixel = (i) => [...rgba.subarray(4 * i, 4 * i + 4)];
    assert.deepEqual(pixel(0), [0, 0, 0, 0]);
    assert.deepEqual(pixel(1).slice(0, 3), [...heat(0)]);
    assert.ok(pixel(1)[3] > 0 && pixel(1)[3] < 32, "the least grey looks least");
    assert.deepEqual(pixel(3), [...heat(1), 128]);
    compose(grid([0, 1, 32768, 65535]), overlayTable("grey", 1), rgba);
    assert.deepEqual(
        [pixel(0), pixel(3)],
        [
            [0, 0, 0, 255],
            [255, 255, 255, 255],
        ],
    );
    assert.equal(pixel(2)[0], pixel(2)[2]);
    compose(grid([0, 1, 32768, 65535]), overlayTable("off", 1), rgba);
    for (let i = 0; i < 4; i++) assert.equal(pixel(i)[3], 0);
    const part = new Uint8ClampedArray(24).subarray(8, 16);
    compose(grid([0, 65535]), overlayTable("grey", 1), part);
    assert.deepEqual([...part], [0, 0, 0, 255, 255, 255, 255, 255]);
    assert.deepEqual(stopsOf(2, "grey"), ["rgb(0 0 0)", "rgb(255 255 255)"]);
    const stops = stopsOf(5, "heat");
    assert.match(stops[0], /\/ 0\)$/, "strength 0 looks kept");
    assert.equal(stops.length, 5);
});
