import { floodFill } from "./flood.mjs";
import { grow } from "./filters.mjs";
import { whole } from "../map/rect.mjs";
import { ellipse, polygon, rectangle } from "./shapes.mjs";
import { mirrorsOf } from "./symmetry.mjs";

/**
 * Areas, put into a cover: to be painted, or to be selected.
 *
 * @typedef {import("../map/cover.mjs").Cover} Cover
 * @typedef {import("./shapes.mjs").Point} Corner
 * @typedef {({ kind: "rectangle" | "ellipse", a: Corner, b: Corner }
 *     | { kind: "polygon", points: Corner[] }) & { symmetry?: import("./symmetry.mjs").Symmetry
 *     }} Shape
 *
 * @typedef {object} Spread how far a fill by color goes
 * @property {boolean} [contiguous] false: to such colors anywhere
 * @property {number} [expand] pixels beyond the border of the area
 */

/** @param {Cover} cover @param {Shape} shape */
export function coverShape(cover, shape) {
    const points =
        shape.kind === "polygon"
            ? shape.points
            : (shape.kind === "ellipse" ? ellipse : rectangle)(shape.a, shape.b);
    for (const mirror of mirrorsOf(shape.symmetry, cover)) polygon(cover, points.map(mirror));
}

/**
 * @param {Cover} cover empty
 * @param {import("./flood.mjs").Picture} picture
 * @param {Corner} point
 * @param {number} tolerance
 * @param {Spread} [spread]
 */
export function spreadFill(cover, picture, { x, y }, tolerance, { contiguous, expand = 0 } = {}) {
    const filled = floodFill(cover, picture, x, y, tolerance, contiguous);
    if (!filled || !expand) return;
    cover.data.set(grow(cover.data, cover, expand));
    cover.tiles.mark(whole(cover));
}
