import assert from "node:assert/strict";
import test from "node:test";
import * as views from "../../javascript/painter/display/view.mjs";
import { compose, heat, overlayTable, stopsOf } from "../../javascript/painter/display/heat.mjs";
import {
    isFine,
    legend,
    releaseStep,
    rungOf,
    rungs,
} from "../../javascript/painter/strength/ladder.mjs";
import { FULL } from "../../javascript/painter/map/map.mjs";
import { placesOf } from "../../javascript/painter/ui/view/lines.mjs";
import { typedNumber, zoomText } from "../../javascript/painter/ui/panels/viewbar.mjs";
import { between, grid, random } from "./support/helpers.mjs";

const near = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ${b}`);
const image = { width: 1024, height: 512 };
const panel = { width: 600, height: 400 };

test("fitting shows all of the picture in the middle", () => {
    const view = views.fit(image, panel);
    near(view.scale, 584 / 1024);
    near(view.x, 8);
    near(view.y, (400 - 512 * view.scale) / 2);
    assert.equal(views.fit({ width: 4, height: 4 }, panel).scale, 4);
    assert.ok(views.fit(image, { width: 0, height: 0 }).scale > 0, "a hidden panel is survived");
});

test("screen and picture: there and back", () => {
    const view = { scale: 2.5, x: -30, y: 12 };
    assert.deepEqual(views.toScreen(view, { x: 10, y: 4 }), { x: -5, y: 22 });
    assert.deepEqual(views.toImage(view, { x: -5, y: 22 }), { x: 10, y: 4 });
    assert.deepEqual(views.deviceTransform(view, 2), [5, 0, 0, 5, -60, 24]);
});

test("zooming keeps the place under the cursor, and drifts at no limit", () => {
    let view = views.fit(image, panel);
    const at = { x: 300, y: 210 };
    const place = views.toImage(view, at);
    for (let i = 0; i < 60; i++) {
        view = views.zoomAt(view, 1.2, at, image, panel);
        near(views.toImage(view, at).x, place.x, 1e-6);
    }
    assert.equal(view.scale, views.MAX_SCALE);
    for (let i = 0; i < 200; i++) view = views.zoomAt(view, 0.8, at, image, panel);
    near(view.scale, views.fit(image, panel).scale / 4);
    assert.ok(views.wheelFactor({ deltaY: -100 }) > 1 && views.wheelFactor({ deltaY: 100 }) < 1);
    near(views.wheelFactor({ deltaY: 3, deltaMode: 1 }), views.wheelFactor({ deltaY: 48 }));
    assert.ok(views.wheelFactor({ deltaY: -1e9 }) < 3);
    assert.ok(views.wheelFactor({ deltaY: -5, ctrlKey: true }) > views.wheelFactor({ deltaY: -5 }));
});

test("whatever is done, a part of the picture stays in sight", () => {
    const next = random(18);
    let view = views.fit(image, panel);
    for (let i = 0; i < 3000; i++) {
        const at = { x: 600 * next(), y: 400 * next() };
        view =
            i % 2
                ? views.pan(view, 4000 * (next() - 0.5), 4000 * (next() - 0.5), image, panel)
                : views.zoomAt(view, Math.exp(3 * (next() - 0.5)), at, image, panel);
        assert.ok(views.visible(view, image, panel));
        const corner = views.toScreen(view, { x: image.width, y: image.height });
        assert.ok(corner.x >= 47 && corner.y >= 47 && view.x <= 553 && view.y <= 353);
    }
});

test("what can be seen, in whole pixels", () => {
    const view = { scale: 10, x: -25, y: 0 };
    assert.deepEqual(views.visible(view, image, { width: 100, height: 50 }), {
        x: 2,
        y: 0,
        w: 11,
        h: 5,
    });
    assert.equal(views.visible({ scale: 1, x: 700, y: 0 }, image, panel), null);
});

test("two fingers carry the places under them", () => {
    const view = views.fit(image, panel);
    const before = [
        { x: 200, y: 200 },
        { x: 300, y: 200 },
    ];
    const after = [
        { x: 180, y: 220 },
        { x: 380, y: 220 },
    ];
    const moved = views.pinch(view, before, after, image, panel);
    near(moved.scale, 2 * view.scale);
    for (const i of [0, 1]) {
        const place = views.toImage(view, before[i]);
        near(views.toScreen(moved, place).x, after[i].x, 1e-6);
        near(views.toScreen(moved, place).y, after[i].y, 1e-6);
    }
    const same = views.pinch(view, [before[0], before[0]], [before[0], before[0]], image, panel);
    assert.ok(Number.isFinite(same.scale) && same.scale > 0);
});

test("a panel of another size keeps its middle", () => {
    const view = views.zoomAt(views.fit(image, panel), 3, { x: 300, y: 200 }, image, panel);
    const larger = { width: 900, height: 500 };
    const place = views.toImage(view, { x: 300, y: 200 });
    const moved = views.resized(view, panel, larger, image);
    near(views.toImage(moved, { x: 450, y: 250 }).x, place.x);
});

/** A view as artists make them: zoomed, moved, turned by any angle or by a quarter, in a mirror. */
function someView(next) {
    const turns = [0, 15, 90, 180, -90, -135, 360 * next() - 180];
    const stance = { turn: turns[between(next, 0, turns.length - 1)], flip: next() < 0.5 };
    let view = views.fit(image, panel, undefined, stance);
    const at = { x: 600 * next(), y: 400 * next() };
    view = views.zoomAt(view, Math.exp(5 * next() - 1.5), at, image, panel);
    view = views.pan(view, 300 * (next() - 0.5), 300 * (next() - 0.5), image, panel);
    const after = { turn: view.turn + 30 * between(next, -6, 6), flip: next() < 0.5 };
    return views.held(view, after, at, image, panel);
}

test("screen, pixel of the map and back: at every rotation, flip, zoom and pixel ratio", () => {
    const next = random(31);
    const backing = ([a, b, c, d, e, f], { x, y }) => [a * x + c * y + e, b * x + d * y + f];
    for (let i = 0; i < 2000; i++) {
        const view = someView(next);
        const screen = { x: 600 * next(), y: 400 * next() };
        const place = views.toImage(view, screen);
        const back = views.toScreen(view, place);
        near(back.x, screen.x);
        near(back.y, screen.y);
        // the pixel that is painted on lies under the pointer, as the canvas draws it
        const cell = { x: Math.floor(place.x), y: Math.floor(place.y) };
        const ratio = [1, 1.25, 1.5, 2, 3][i % 5];
        const drawn = [0.5, 0.5].map((half, k) => (k ? cell.y : cell.x) + half);
        const [px, py] = backing(views.deviceTransform(view, ratio), { x: drawn[0], y: drawn[1] });
        const off = Math.hypot(px / ratio - screen.x, py / ratio - screen.y);
        assert.ok(off <= view.scale * Math.SQRT1_2 + 1e-6, `${off} at ${view.scale}`);
        const again = views.toImage(view, { x: px / ratio, y: py / ratio });
        assert.deepEqual([Math.floor(again.x), Math.floor(again.y)], [cell.x, cell.y]);
        // steps, boxes and what can be seen agree with it
        const step = views.stepOnImage(view, { x: 5, y: -3 });
        const moved = views.toScreen(view, { x: place.x + step.x, y: place.y + step.y });
        near(moved.x, screen.x + 5);
        near(moved.y, screen.y - 3);
        const box = views.boxAround(views.corners(view, { ...cell, w: 1, h: 1 }));
        assert.ok(box[0] <= screen.x + 1e-6 && screen.x <= box[2] + 1e-6);
        const seen = views.visible(view, image, panel);
        const on = cell.x >= 0 && cell.y >= 0 && cell.x < image.width && cell.y < image.height;
        if (!on) continue;
        assert.ok(cell.x >= seen.x && cell.x < seen.x + seen.w);
        assert.ok(cell.y >= seen.y && cell.y < seen.y + seen.h);
    }
});

test("turned and mirrored: what is in the middle stays, all of it fits, and there is a way back", () => {
    const next = random(32);
    const at = { x: 300, y: 200 };
    for (let i = 0; i < 300; i++) {
        const turn = 360 * next() - 180;
        const fitted = views.fit(image, panel, undefined, { turn, flip: i % 2 === 0 });
        const all = views.boxAround(views.corners(fitted, { x: 0, y: 0, w: 1024, h: 512 }));
        assert.ok(all[0] >= 8 - 1e-6 && all[1] >= 8 - 1e-6, "with the padding of 8 pixels");
        assert.ok(all[2] <= 592 + 1e-6 && all[3] <= 392 + 1e-6);
        const view = views.zoomAt(fitted, 4, at, image, panel);
        const place = views.toImage(view, at);
        const turned = views.held(view, { turn: view.turn + 75 }, at, image, panel);
        near(views.toImage(turned, at).x, place.x);
        near(views.toImage(turned, at).y, place.y);
        // in a mirror, left of the middle is right of it
        const mirrored = views.held(view, views.mirrorOf(view), at, image, panel);
        const left = views.toImage(view, { x: 200, y: 260 });
        const seen = views.toScreen(mirrored, left);
        near(seen.x, 400);
        near(seen.y, 260);
        const again = views.held(mirrored, views.mirrorOf(mirrored), at, image, panel);
        near(again.turn, view.turn);
        assert.equal(again.flip, view.flip);
        near(again.x, view.x, 1e-5);
    }
    assert.deepEqual(
        [-180, 180, 190, 540, 0, -15].map(views.normal),
        [180, 180, -170, 180, 0, -15],
    );
});

test("upright views are what they were, to the bit", () => {
    const view = { scale: 0.7, x: 13.1, y: -4.3 };
    const turned = { ...view, turn: 0, flip: false };
    for (const point of [
        { x: 3.3, y: 9.9 },
        { x: 1e4, y: 0.1 },
    ]) {
        const plain = { x: 0.7 * point.x + 13.1, y: 0.7 * point.y + -4.3 };
        assert.deepEqual(views.toScreen(view, point), plain);
        assert.deepEqual(views.toScreen(turned, point), plain);
        const back = { x: (point.x - 13.1) / 0.7, y: (point.y + 4.3) / 0.7 };
        assert.deepEqual(views.toImage(turned, point), back);
    }
});

test("lines know the pixel under each pixel of the screen", () => {
    const next = random(33);
    for (let i = 0; i < 60; i++) {
        const view = someView(next);
        const ratio = [1, 1.5, 2][i % 3];
        const placed = placesOf({ view, ratio, size: image }, 600 * ratio, 400 * ratio);
        for (let k = 0; k < 50; k++) {
            const [x, y] = [between(next, 0, 600 * ratio - 1), between(next, 0, 400 * ratio - 1)];
            const place = views.toImage(view, { x: (x + 0.5) / ratio, y: (y + 0.5) / ratio });
            const off = [place.x, place.y].map((v) => Math.abs(v - Math.round(v)));
            if (Math.min(...off) < 1e-6) continue; // on a border
            const [u, v] = [Math.floor(place.x), Math.floor(place.y)];
            const on = u >= 0 && v >= 0 && u < image.width && v < image.height;
            assert.equal(placed(x, y), on ? v * image.width + u : -1);
        }
    }
});

test("zooms and angles that are typed", () => {
    const found = ["133", " 133 %", "12,5%", "-30°", "+7.5", "−15", ".5"].map(typedNumber);
    assert.deepEqual(found, [133, 133, 12.5, -30, 7.5, -15, 0.5]);
    for (const bad of ["", "%", "1e3", "12.5.1", "ten", "1 2x", "--3", "."])
        assert.equal(typedNumber(bad), null, bad);
    assert.deepEqual([1.334, 0.05, 32, 0.1].map(zoomText), ["133", "5.0", "3200", "10"]);
});

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
