import { corners } from "../../display/view.mjs";
import { whole } from "../../map/rect.mjs";

/** Paths over the picture, to be seen on anything. */

/**
 * Adds the outline of a rectangle of the picture to a path, as it lies on the screen.
 *
 * @param {CanvasRenderingContext2D} context in CSS pixels of the panel
 * @param {import("../../display/view.mjs").View} view
 * @param {import("../../map/rect.mjs").Rect} rect
 */
export function traceRect(context, view, rect) {
    corners(view, rect).forEach(({ x, y }, i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
}

/** Lets nothing be drawn beside the picture. @param {import("./viewport.mjs").Viewport} stage */
export function clipToPicture(context, stage) {
    context.beginPath();
    traceRect(context, stage.view, whole(stage.size));
    context.clip();
}

/** One path twice: a dark line, and a light one inside of it. */
export function outlined(context, width, trace) {
    for (const [extra, colour] of [
        [1.75, "rgb(0 0 0 / 55%)"],
        [0, "rgb(255 255 255 / 95%)"],
    ]) {
        context.beginPath();
        trace();
        context.lineWidth = width + extra;
        context.strokeStyle = colour;
        context.stroke();
    }
}
