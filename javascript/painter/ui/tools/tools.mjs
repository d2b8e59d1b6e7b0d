import { PainterError } from "../../map/errors.mjs";
import { Stroke } from "./strokes.mjs";
import { appliedMode, squared, turned } from "./modes.mjs";
import { coverShape, spreadFill } from "../../draw/areas.mjs";

/**
 * What the tools do with a pointer that goes down, moves and comes up again. No DOM: mouse, pen,
 * finger and keyboard all come in here.
 *
 * @typedef {import("../../draw/brush.mjs").Point} Point
 *
 * @typedef {object} Mark what the view draws of a drag before it is committed
 * @property {string} kind "rectangle", "ellipse", "lasso", "linear" or "radial"
 * @property {Point} [a]
 * @property {Point} [b]
 * @property {Point[]} [points]
 * @property {Point} [from]
 * @property {Point} [to]
 * @property {number} [value]
 * @property {number} [start]
 * @property {number} [end]
 * @property {import("../../draw/symmetry.mjs").Symmetry} [symmetry]
 *
 * @typedef {object} Start how a gesture begins
 * @property {boolean} [second] the other strength
 * @property {boolean} [erase] the end of a pen that erases
 * @property {boolean} [pick] read the strength instead of painting
 * @property {boolean} [shift] a straight line from the last stroke; squares; whole angles
 * @property {number} [slack] pixels of the picture below which a drag is a click
 * @property {number} [pixel] pixels of the picture for one of the screen; left out: no hand draws
 *
 * @typedef {object} Host what a gesture needs from the painter
 * @property {() => import("../../document/document.mjs").PaintDocument | import("../../document/stack.mjs").Stack} document
 * @property {() => import("../../draw/flood.mjs").Picture | null} picture
 * @property {import("./settings.mjs").Settings} settings
 * @property {(draw: (cover: any) => void, subtract?: boolean) => void} select
 * @property {(point: Point, start: Start) => any} move what the tool Move does with a pointer
 * @property {(point: Point, start: Start) => any} [click] the same for the tool Click
 * @property {(point: Point, start: Start) => any} [takes] what is in hand already does with it
 * @property {(gradient: import("../../draw/gradient.mjs").Gradient, drawn: boolean, second: boolean) => void
 *     } [opened] a gradient was drawn, and may be changed
 * @property {(problem: unknown) => void} onError
 * @property {() => void} onMark
 */

/** Whether areas are selected instead of painted. */
const selects = ({ settings }) => settings.values.target === "selection";

const round = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });

/** Everything that is dragged from one point to another and drawn at the end. */
class Drag {
    constructor(host, start, point) {
        this.host = host;
        this.start = start;
        this.from = point;
        this.to = point;
        this.points = [point];
        this.tool = host.settings.values.tool;
        /** Strengths that were painted, in percent. @type {number[]} */
        this.painted = [];
    }

    move(points, shift = false) {
        const to = points.at(-1);
        const gradient = this.tool === "linear" || this.tool === "radial";
        this.to = shift ? (gradient ? turned : squared)(this.from, to) : to;
        if (this.tool === "lasso") this.points.push(...points);
        this.host.onMark();
    }

    get moved() {
        const { from, to, points, start } = this;
        return points.length > 2 || Math.hypot(to.x - from.x, to.y - from.y) > (start.slack ?? 0);
    }

    /** @returns {Mark | null} */
    get mark() {
        const { from, to, tool, host, start } = this;
        if (!this.moved) return null;
        const { values } = host.settings;
        const { value } = appliedMode(values, start.second);
        const { symmetry } = values;
        if (tool === "lasso") return { kind: tool, points: this.points, value, symmetry };
        if (tool === "rectangle" || tool === "ellipse") {
            // along pixel borders
            return { kind: tool, a: round(from), b: round(to), value, symmetry };
        }
        const other = appliedMode(values, !start.second).value;
        return { kind: tool, from, to, start: value, end: other };
    }

    end() {
        const { mark } = this;
        if (!mark) return;
        const document = this.host.document();
        const { mode, strength, second } = this.host.settings.values;
        const own = this.start.second ? second : strength;
        if (mark.from || !selects(this.host)) this.painted = mark.from ? [second, strength] : [own];
        if (mark.from) {
            const gradient = /** @type {any} */ (mark);
            const drawn = Boolean(document.drawGradient(gradient, mode));
            this.host.opened?.(gradient, drawn, Boolean(this.start.second));
        } else {
            const shape = /** @type {any} */ (mark.points ? { ...mark, kind: "polygon" } : mark);
            const { host, start } = this;
            if (!selects(host)) document.drawShape(shape, mark.value, mode);
            else host.select((cover) => coverShape(cover, shape), start.second);
        }
    }

    cancel() {}
}

/** The eyedropper: reads for as long as it is held. */
class Pick {
    constructor(host, start, point) {
        this.host = host;
        this.move([point]);
    }

    move(points) {
        const value = this.host.document().pick(points.at(-1));
        if (value === null) return;
        // `fromStrength` rounds up, and so gives the value back
        this.host.settings.set({ strength: Math.floor(value / 0.65535 + 1e-6) / 1000 });
    }

    end() {}

    cancel() {}
}

/** The flood fill: done where the pointer goes down. */
class Flood {
    constructor(host, start, point) {
        const picture = host.picture();
        if (!picture) throw new PainterError("There is no picture to fill by", "Open one first");
        const { values } = host.settings;
        const { value, mode } = appliedMode(values, start.second);
        const { tolerance, contiguous, expand } = values;
        const spread = { contiguous, expand };
        this.painted = selects(host) ? [] : [start.second ? values.second : values.strength];
        if (!selects(host))
            host.document().floodFill(picture, point, tolerance, value, mode, spread);
        else
            host.select(
                (cover) => spreadFill(cover, picture, point, tolerance, spread),
                start.second,
            );
    }

    move() {}

    end() {}

    cancel() {}
}

export class Gesture {
    /** @param {Host} host */
    constructor(host) {
        this.host = host;
        /** @type {Stroke | Drag | Pick | Flood | null} */
        this.drag = null;
        /** Where the last stroke ended, for a straight line from there. @type {Point | null} */
        this.last = null;
    }

    get active() {
        return this.drag !== null;
    }

    /** @returns {Mark | null} */
    get mark() {
        return /** @type {any} */ (this.drag)?.mark ?? null;
    }

    /** Where the brush is, if not under the pointer. @returns {Point | null} */
    get tip() {
        return /** @type {any} */ (this.drag)?.tip ?? null;
    }

    /**
     * @param {Point} point
     * @param {Start} [start]
     */
    begin(point, start = {}) {
        this.end();
        const { tool } = this.host.settings.values;
        this.#try(() => {
            this.drag = this.host.takes?.(point, start) ?? null;
            if (this.drag) return;
            if (tool === "click" && !start.erase) this.drag = this.host.click(point, start);
            else if (start.pick || tool === "pick") this.drag = new Pick(this.host, start, point);
            else if (tool === "move") this.drag = this.host.move(point, start);
            else if (tool === "flood") this.drag = new Flood(this.host, start, point);
            else if (tool === "brush" || tool === "erase" || tool === "smooth" || start.erase) {
                const from = start.shift && this.last ? this.last : null;
                this.drag = new Stroke(this.host, start, point, from);
            } else this.drag = new Drag(this.host, start, point);
        });
    }

    /**
     * @param {Point[]} points
     * @param {boolean} [shift]
     */
    move(points, shift) {
        if (points.length) this.#try(() => this.drag?.move(points, shift));
        if (this.tip) this.host.onMark();
    }

    /** What was drawn so far stays; also the answer to every interruption. */
    end() {
        const { drag } = this;
        this.drag = null;
        if (!drag) return;
        this.#try(() => drag.end());
        for (const percent of /** @type {any} */ (drag).painted ?? [])
            this.host.settings.use(percent);
        if (drag instanceof Stroke) this.last = { ...drag.last, pressure: 1 };
        this.host.onMark();
    }

    /** Gives up what is being drawn. */
    cancel() {
        const { drag } = this;
        this.drag = null;
        if (!drag) return;
        drag.cancel();
        this.host.onMark();
    }

    /** The picture has another size: places on it mean nothing any more. */
    forget() {
        this.drag = null;
        this.last = null;
        this.host.onMark();
    }

    #try(action) {
        try {
            action();
        } catch (problem) {
            this.drag = null;
            this.host.onError(problem);
        }
    }
}
