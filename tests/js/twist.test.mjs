import assert from "node:assert/strict";
import test from "node:test";
import { Twist } from "../../javascript/painter/display/twist.mjs";
import * as views from "../../javascript/painter/display/view.mjs";

const image = { width: 1024, height: 768 };
const panel = { width: 600, height: 500 };
const near = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ${b}`);

/** Two fingers around a place, `apart` from each other, at an angle in degrees. */
function fingers(x, y, apart, degrees) {
    const angle = (degrees * Math.PI) / 180;
    const [dx, dy] = [(apart / 2) * Math.cos(angle), (apart / 2) * Math.sin(angle)];
    return [{ x: x - dx, y: y - dy }, { x: x + dx, y: y + dy }]; // prettier-ignore
}

/** Where a view is turned to after two fingers went through some angles. */
function turned(began, ...angles) {
    const twist = new Twist(began);
    let turn = began;
    angles.forEach((angle, i) => {
        if (i) turn = twist.follow(fingers(0, 0, 90, angles[i - 1]), fingers(0, 0, 90, angle));
    });
    return turn;
}

test("two fingers rotate the view beyond a slack of 10 degrees, and it snaps upright", () => {
    assert.equal(turned(0, 20, 26, 14, 29.5, 11), 0, "a pinch that wavers");
    assert.equal(turned(37, 20, 29), 37);
    near(turned(0, 20, 29, 36), 6);
    near(turned(0, 20, 29, 90), 60);
    near(turned(0, 170, 178, -170, -150), 30, 1e-9, "past half a turn");
    near(turned(0, 0, -40), -30);
    assert.equal(turned(0, 0, 13), 0, "3 degrees from upright");
    assert.equal(turned(30, 0, -38), 0);
    near(turned(170, 0, 40), -160, 1e-9, "as degrees of a view");
    near(turned(0, 0, 40, 5), -5, 1e-9, "once it rotates, it follows");
    const twist = new Twist(0);
    twist.follow(fingers(0, 0, 4, 0), fingers(0, 0, 4, 170));
    assert.equal(twist.turned, 0, "fingers on one another have no angle");
});

test("a rotated pinch keeps the place between the fingers, mirrored or not", () => {
    for (const flip of [false, true]) {
        const view = views.fit(image, panel, 4, { turn: 15, flip });
        const [before, after] = [fingers(320, 240, 100, 10), fingers(330, 250, 130, 40)];
        const moved = views.pinch(view, before, after, image, panel, 45);
        assert.equal(moved.turn, 45);
        assert.equal(moved.flip, flip);
        near(moved.scale, 1.3 * view.scale);
        const place = views.toImage(view, { x: 320, y: 240 });
        near(views.toScreen(moved, place).x, 330, 1e-6);
        near(views.toScreen(moved, place).y, 250, 1e-6);
    }
});
