/**
 * Where the picture lies on the screen. Pure: views in, views out.
 *
 * screen = scale * image + (x, y), in CSS pixels of the panel; the device's pixel ratio comes in
 * only where a canvas is drawn.
 *
 * @typedef {{ scale: number, x: number, y: number }} View
 * @typedef {{ x: number, y: number }} Point
 * @typedef {import("./rect.mjs").Size} Size
 */
import { around } from "./rect.mjs";

export const MAX_SCALE = 32;
const VISIBLE = 48; // CSS pixels of the picture that always stay in sight
const PADDING = 8; // CSS pixels around the fitted picture

/**
 * The whole picture in the middle; small pictures are not enlarged beyond `largest`.
 *
 * @param {Size} image
 * @param {Size} panel
 * @param {number} [largest]
 * @returns {View}
 */
export function fit(image, panel, largest = 4) {
    const across = Math.max(1, panel.width - 2 * PADDING) / image.width;
    const down = Math.max(1, panel.height - 2 * PADDING) / image.height;
    const scale = Math.min(across, down, largest);
    return {
        scale,
        x: (panel.width - scale * image.width) / 2,
        y: (panel.height - scale * image.height) / 2,
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
    return {
        scale,
        x: clampOffset(view.x, scale * image.width, panel.width),
        y: clampOffset(view.y, scale * image.height, panel.height),
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
    const moved = { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
    return clampView(moved, image, panel);
}

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
 *
 * @param {View} view
 * @param {[Point, Point]} before on the screen
 * @param {[Point, Point]} after
 * @param {Size} image
 * @param {Size} panel
 * @returns {View}
 */
export function pinch(view, before, after, image, panel) {
    const [a, b] = [middle(before), middle(after)];
    const factor = distance(after) / Math.max(1, distance(before));
    const moved = { ...view, x: view.x + b.x - a.x, y: view.y + b.y - a.y };
    return zoomAt(moved, Math.max(0.01, factor), b, image, panel);
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
export const toImage = (view, { x, y }) => ({
    x: (x - view.x) / view.scale,
    y: (y - view.y) / view.scale,
});

/**
 * @param {View} view
 * @param {Point} point pixels of the picture
 * @returns {Point}
 */
export const toScreen = (view, { x, y }) => ({
    x: view.scale * x + view.x,
    y: view.scale * y + view.y,
});

/**
 * The pixels of the picture that can be seen.
 *
 * @param {View} view
 * @param {Size} image
 * @param {Size} panel
 * @returns {import("./rect.mjs").Rect | null}
 */
export function visible(view, image, panel) {
    const from = toImage(view, { x: 0, y: 0 });
    const to = toImage(view, { x: panel.width, y: panel.height });
    return around(from.x, from.y, to.x, to.y, image);
}

/**
 * Arguments for a canvas' `setTransform`, on a backing store of `ratio` device pixels a CSS pixel.
 *
 * @param {View} view
 * @param {number} ratio
 */
export const deviceTransform = ({ scale, x, y }, ratio) =>
    /** @type {const} */ ([scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio]);
