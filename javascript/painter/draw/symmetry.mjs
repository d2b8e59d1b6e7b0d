import { Trail } from "./brush.mjs";
import { union } from "../map/rect.mjs";

/**
 * What is painted once and appears on the other sides of the picture's middle as well.
 *
 * @typedef {"off" | "horizontal" | "vertical" | "both"} Symmetry horizontal: left and right are
 *     alike; vertical: top and bottom
 * @typedef {import("../map/rect.mjs").Size} Size
 */

export const SYMMETRIES = /** @type {const} */ (["off", "horizontal", "vertical", "both"]);

/**
 * Where a place of the picture appears: first of all, where it is.
 *
 * @param {Symmetry | undefined} symmetry
 * @param {Size} size
 * @returns {(<P extends { x: number, y: number }>(point: P) => P)[]}
 */
export function mirrorsOf(symmetry, { width, height }) {
    const across = (point) => ({ ...point, x: width - point.x });
    const down = (point) => ({ ...point, y: height - point.y });
    const same = (point) => point;
    if (symmetry === "horizontal") return [same, across];
    if (symmetry === "vertical") return [same, down];
    if (symmetry === "both") return [same, across, down, (point) => across(down(point))];
    return [same];
}

/** Several trails as one stroke, on one cover: where they meet nothing builds up. */
class Trails {
    constructor(cover, brush, mirrors) {
        this.mirrors = mirrors;
        this.trails = mirrors.map(() => new Trail(cover, brush));
    }

    extend(points) {
        let dirty = null;
        this.trails.forEach((trail, i) => {
            dirty = union(dirty, trail.extend(points.map(this.mirrors[i])));
        });
        return dirty;
    }

    finish() {
        return this.trails.reduce((dirty, trail) => union(dirty, trail.finish()), null);
    }
}

/**
 * The trail of a brush, or of all its mirror images.
 *
 * @param {import("../map/cover.mjs").Cover} cover
 * @param {import("./brush.mjs").Brush & { symmetry?: Symmetry }} brush
 * @returns {Trail | Trails}
 */
export function trailOf(cover, brush) {
    const mirrors = mirrorsOf(brush.symmetry, cover);
    return mirrors.length > 1 ? new Trails(cover, brush, mirrors) : new Trail(cover, brush);
}
