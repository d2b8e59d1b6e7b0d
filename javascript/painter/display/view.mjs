/**
 * Where the picture lies on the screen. Pure: views in, views out.
 *
 * screen = scale * turned(flipped(image)) + (x, y), in CSS pixels of the panel; the device's pixel
 * ratio comes in only where a canvas is drawn. (x, y) is where the picture's first corner lies.
 *
 * @typedef {object} View
 * @property {number} scale CSS pixels a pixel of the picture
 * @property {number} x
 * @property {number} y
 * @property {number} [turn] degrees, clockwise
 * @property {boolean} [flip] left and right are exchanged, before it is turned
 *
 * @typedef {{ turn?: number, flip?: boolean }} Stance how a picture is held
 * @typedef {{ x: number, y: number }} Point
 * @typedef {import("../map/rect.mjs").Size} Size
 */
import { around } from "../map/rect.mjs";

export const MAX_SCALE = 32;
const VISIBLE = 48; // CSS pixels of the picture that always stay in sight
const PADDING = 8; // CSS pixels around the fitted picture

/** Degrees in -180 (left out) to 180. @param {number} degrees */
export const normal = (degrees) => 180 - ((((180 - degrees) % 360) + 360) % 360);

/**
 * What a view does to distances: x' = a x + c y, y' = b x + d y.
 *
 * @param {View} view
 * @returns {[number, number, number, number]}
 */
function linear({ scale, turn = 0, flip = false }) {
    const across = flip ? -scale : scale;
    if (turn === 0) return [across, 0, 0, scale];
    const angle = (turn * Math.PI) / 180;
    let [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    if (turn % 90 === 0) [cos, sin] = [Math.round(cos), Math.round(sin)]; // exactly
    return [cos * across, sin * across, -sin * scale, cos * scale];
}

/**
 * The box of the picture on the screen, from its first corner: left, top, right, bottom.
 *
 * @param {View} view
 * @param {Size} image
 */
function boxOf(view, { width, height }) {
    const [a, b, c, d] = linear(view);
    const [xs, ys] = [
        [a * width, c * height],
        [b * width, d * height],
    ];
    const low = (values) => values.reduce((sum, v) => sum + Math.min(0, v), 0);
    const high = (values) => values.reduce((sum, v) => sum + Math.max(0, v), 0);
    return { left: low(xs), top: low(ys), right: high(xs), bottom: high(ys) };
}

/**
 * The whole picture in the middle; small pictures are not enlarged beyond `largest`.
 *
 * @param {Size} image
 * @param {Size} panel
 * @param {number} [largest]
 * @param {Stance} [stance]
 * @returns {View}
 */
export function fit(image, panel, largest = 4, { turn = 0, flip = false } = {}) {
    const { left, top, right, bottom } = boxOf({ scale: 1, x: 0, y: 0, turn, flip }, image);
    const across = Math.max(1, panel.width - 2 * PADDING) / (right - left);
    const down = Math.max(1, panel.height - 2 * PADDING) / (bottom - top);
    const scale = Math.min(across, down, largest);
    return {
        scale,
        x: (panel.width - scale * (left + right)) / 2,
        y: (panel.height - scale * (top + bottom)) / 2,
        turn,
        flip,
    };
}

/**
 * Keeps a view usable: neither further away than a quarter of the fitted size, nor closer than
 * 32 screen pixels a pixel, nor the picture out of sight.
 *
 * @param {View} view
 * @param {Size} image
 * @param {Size} panel
 * @returns {View}
 */
export function clampView(view, image, panel) {
    const scale = clampScale(view.scale, image, panel);
    const { left, top, right, bottom } = boxOf({ ...view, scale }, image);
    return {
        ...view,
        scale,
        x: clampOffset(view.x + left, right - left, panel.width) - left,
        y: clampOffset(view.y + top, bottom - top, panel.height) - top,
    };
}

const clampScale = (scale, image, panel) => {
    const smallest = Math.min(fit(image, panel).scale / 4, 1);
    return Math.min(MAX_SCALE, Math.max(smallest, scale));
};

function clampOffset(offset, length, room) {
    const margin = Math.min(VISIBLE, length, room);
    return Math.min(room - margin, Math.max(margin - length, offset));
}

/**
 * Zooms about a point of the screen, which stays on the same place of the picture.
 *
 * @param {View} view
 * @param {number} factor above 1 comes closer
 * @param {Point} at
 * @param {Size} image
 * @param {Size} panel
 * @returns {View}
 */
export function zoomAt(view, factor, at, image, panel) {
    const scale = clampScale(view.scale * factor, image, panel);
    const ratio = scale / view.scale; // the clamped one, or the picture would drift at the limits
    const [x, y] = [at.x - (at.x - view.x) * ratio, at.y - (at.y - view.y) * ratio];
    return clampView({ ...view, scale, x, y }, image, panel);
}

/**
 * Holds the picture another way; what lies at a point of the screen stays there.
 *
 * @param {View} view
 * @param {Stance} stance
 * @param {Point} at on the screen
 * @param {Size} image
 * @param {Size} panel
 * @returns {View}
 */
export function held(view, stance, at, image, panel) {
    const turn = normal(stance.turn ?? view.turn ?? 0);
    const next = { ...view, turn, flip: stance.flip ?? view.flip ?? false };
    const before = toImage(view, at);
    const after = toScreen(next, before);
    return pan(next, at.x - after.x, at.y - after.y, image, panel);
}

/**
 * The mirror image of what is seen: what is turned is turned the other way.
 *
 * @param {View} view
 * @returns {Stance}
 */
export const mirrorOf = ({ turn = 0, flip = false }) => ({ turn: normal(-turn), flip: !flip });

/**
 * Factor of a wheel event; lines and pages become pixels, and a trackpad's pinch (with Ctrl, in
 * small steps) zooms faster.
 *
 * @param {{ deltaY: number, deltaMode?: number, ctrlKey?: boolean }} wheel
 */
export function wheelFactor({ deltaY, deltaMode = 0, ctrlKey = false }) {
    const pixels = deltaY * [1, 16, 400][deltaMode];
    const speed = ctrlKey && Math.abs(pixels) < 50 ? 0.01 : 0.0015;
    return Math.exp(-speed * Math.min(400, Math.max(-400, pixels)));
}

/**
 * @param {View} view
 * @param {number} dx CSS pixels
 * @param {number} dy
 * @param {Size} image
 * @param {Size} panel
 * @returns {View}
 */
export const pan = (view, dx, dy, image, panel) =>
    clampView({ ...view, x: view.x + dx, y: view.y + dy }, image, panel);

/**
 * Two fingers: the places of the picture under them follow.
 * @param {View} view
 * @param {[Point, Point]} before on the screen
 * @param {[Point, Point]} after
 * @param {Size} image
 * @param {Size} panel
 * @param {number} [turn] degrees, to which the view is turned about the middle between them
 * @returns {View}
 */
export function pinch(view, before, after, image, panel, turn = view.turn) {
    const [a, b] = [middle(before), middle(after)];
    const factor = distance(after) / Math.max(1, distance(before));
    const moved = { ...view, x: view.x + b.x - a.x, y: view.y + b.y - a.y };
    const next = zoomAt(moved, Math.max(0.01, factor), b, image, panel);
    return turn === view.turn ? next : held(next, { turn }, b, image, panel);
}

const middle = ([p, q]) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
const distance = ([p, q]) => Math.hypot(q.x - p.x, q.y - p.y);

/**
 * The panel got another size: the place in its middle stays there.
 *
 * @param {View} view
 * @param {Size} before
 * @param {Size} after
 * @param {Size} image
 * @returns {View}
 */
export const resized = (view, before, after, image) =>
    pan(view, (after.width - before.width) / 2, (after.height - before.height) / 2, image, after);

/**
 * @param {View} view
 * @param {Point} point CSS pixels of the panel
 * @returns {Point} pixels of the picture; (0.5, 0.5) is the middle of the first
 */
export const toImage = (view, { x, y }) => stepOnImage(view, { x: x - view.x, y: y - view.y });

/**
 * A step on the screen as one on the picture.
 *
 * @param {View} view
 * @param {Point} step CSS pixels to the right, and down
 * @returns {Point}
 */
export function stepOnImage(view, { x, y }) {
    const [a, b, c, d] = linear(view);
    if (b === 0 && c === 0) return { x: x / a, y: y / d };
    const det = a * d - b * c;
    return { x: (d * x - c * y) / det, y: (a * y - b * x) / det };
}

/**
 * A step on the picture as one on the screen.
 *
 * @param {View} view
 * @param {Point} step pixels of the picture to the right, and down
 * @returns {Point}
 */
export function stepOnScreen(view, { x, y }) {
    const [a, b, c, d] = linear(view);
    return b === 0 && c === 0 ? { x: a * x, y: d * y } : { x: a * x + c * y, y: b * x + d * y };
}

/**
 * @param {View} view
 * @param {Point} point pixels of the picture
 * @returns {Point}
 */
export function toScreen(view, point) {
    const { x, y } = stepOnScreen(view, point);
    return { x: x + view.x, y: y + view.y };
}

/**
 * A rectangle of the picture as the four corners that it has on the screen.
 *
 * @param {View} view
 * @param {import("../map/rect.mjs").Rect} rect
 * @returns {Point[]}
 */
export const corners = (view, { x, y, w, h }) =>
    [
        [x, y],
        [x + w, y],
        [x + w, y + h],
        [x, y + h],
    ].map(([u, v]) => toScreen(view, { x: u, y: v }));

/** The box around some points: left, top, right, bottom. @param {Point[]} points */
export function boxAround(points) {
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/**
 * The pixels of the picture that can be seen, and where it is turned some around them.
 *
 * @param {View} view
 * @param {Size} image
 * @param {Size} panel
 * @returns {import("../map/rect.mjs").Rect | null}
 */
export function visible(view, image, panel) {
    const ends = [0, panel.width].flatMap((x) => [0, panel.height].map((y) => ({ x, y })));
    const [left, top, right, bottom] = boxAround(ends.map((end) => toImage(view, end)));
    return around(left, top, right, bottom, image);
}

/**
 * Arguments for a canvas' `setTransform`, on a backing store of `ratio` device pixels a CSS pixel.
 *
 * @param {View} view
 * @param {number} [ratio]
 * @returns {[number, number, number, number, number, number]}
 */
export function deviceTransform(view, ratio = 1) {
    const [a, b, c, d] = linear(view);
    return [a * ratio, b * ratio, c * ratio, d * ratio, view.x * ratio, view.y * ratio];
}
