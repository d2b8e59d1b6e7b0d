import assert from "node:assert/strict";
import test from "node:test";
import * as views from "../../javascript/painter/display/view.mjs";
import { placesOf } from "../../javascript/painter/ui/view/lines.mjs";
import { typedNumber, zoomText } from "../../javascript/painter/ui/panels/viewbar.mjs";
import { between, random } from "./support/helpers.mjs";

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
