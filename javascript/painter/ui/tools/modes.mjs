import { fromStrength } from "../../map/map.mjs";

/**
 * The value that a tool paints, and how it meets the map. Arithmetic between what the artist sees
 * (percent, pixels on a slider, straight lines) and what the core takes; no DOM.
 *
 * @typedef {{ x: number, y: number }} Point
 */

/**
 * @param {{ strength: number, second: number, mode: import("../../map/cover.mjs").Mode }} values
 * @param {boolean} [second]
 */
export const appliedMode = (values, second = false) => ({
    value: fromStrength((second ? values.second : values.strength) / 100),
    mode: values.mode,
});

const STEPS = 1000; // of a size slider

/**
 * A size slider goes by ratios: as far from 4 to 8 pixels as from 256 to 512.
 *
 * @param {number} size
 * @param {number} most
 */
export const sizeToSlider = (size, most) => Math.round((STEPS * Math.log(size)) / Math.log(most));

/**
 * @param {number} position 0..1000
 * @param {number} most
 */
export const sliderToSize = (position, most) =>
    Math.min(most, Math.max(1, Math.round(most ** (position / STEPS))));

/**
 * The corner of a square with its opposite corner at `from` (Shift held).
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {Point}
 */
export function squared(from, to) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    return { x: from.x + side * (dx < 0 ? -1 : 1), y: from.y + side * (dy < 0 ? -1 : 1) };
}

/**
 * The end of a line that goes by whole multiples of 15 degrees (Shift held).
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {Point}
 */
export function turned(from, to) {
    const step = Math.PI / 12;
    const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
}

/**
 * Height of the canvas for a picture when the artist has not chosen one: all of it in sight at the
 * panel's width, within limits.
 *
 * @param {import("../../map/rect.mjs").Size} picture
 * @param {number} width CSS pixels of the panel
 * @param {number} screen CSS pixels of the window's height
 */
export function suitableHeight(picture, width, screen) {
    const most = Math.max(320, Math.min(640, 0.62 * screen));
    return Math.round(Math.min(most, Math.max(320, (width * picture.height) / picture.width)));
}

/** Map value as percent, for people. */
export const percentOf = (value) => Math.round(value / 655.35);
