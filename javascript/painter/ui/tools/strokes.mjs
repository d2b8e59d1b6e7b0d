import { matcher } from "../../draw/flood.mjs";
import { Rope } from "../../draw/rope.mjs";
import { brushOf } from "./settings.mjs";

/**
 * @typedef {import("../../draw/brush.mjs").Point} Point
 * @typedef {import("./tools.mjs").Host} Host
 * @typedef {import("./tools.mjs").Start} Start
 */

/** Where an edge-aware brush may paint: on colors like the one under its first point. */
function nearOf(host, { x, y }) {
    const { edges, tolerance } = host.settings.values;
    const picture = edges ? host.picture() : null;
    if (!picture) return null;
    const column = Math.min(picture.width - 1, Math.max(0, Math.floor(x)));
    const row = Math.min(picture.height - 1, Math.max(0, Math.floor(y)));
    return matcher(picture.data, row * picture.width + column, tolerance);
}

/** A stroke of brush, eraser or smoother. */
export class Stroke {
    /**
     * @param {Host} host
     * @param {Start} start
     * @param {Point} point
     * @param {Point | null} from where a straight line to the point begins
     */
    constructor(host, start, point, from) {
        const { values } = host.settings;
        this.tool = { ...brushOf(values, start), near: nearOf(host, point) };
        this.document = host.document();
        this.document.beginStroke(this.tool, from ?? point, this.tool.label);
        if (from) this.document.extendStroke([point]);
        this.last = point;
        const length = values.steady * (start.pixel ?? 0);
        this.rope = length > 0 ? new Rope(length, point) : null;
        const percent = start.second ? values.second : values.strength;
        /** Strengths that were painted, in percent. */
        this.painted = this.tool.label === "Brush" ? [percent] : [];
    }

    /** Where the brush is, if not under the pointer. @returns {Point | null} */
    get tip() {
        return this.rope?.tip ?? null;
    }

    move(points) {
        const path = this.rope ? this.rope.pull(points) : points;
        if (!path.length) return;
        this.last = path.at(-1);
        // another picture came in and committed what there was: go on with what follows
        if (!this.document.stroke) this.document.beginStroke(this.tool, path[0], this.tool.label);
        this.document.extendStroke(path);
    }

    end() {
        this.document.commitStroke();
    }

    cancel() {
        this.document.cancelStroke();
    }
}
