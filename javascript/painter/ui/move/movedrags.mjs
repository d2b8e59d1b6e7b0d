import { FULL } from "../../map/map.mjs";
import { middleOf } from "../../move/movemap.mjs";
import { regionAt } from "../../move/places.mjs";
import { squared } from "../tools/modes.mjs";

/**
 * What a pointer does to a selection: it draws one, shifts it, or turns and scales it.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 * @typedef {import("./moving.mjs").Moving} Moving
 */

const TURN = 15; // degrees, with Shift
const LEAST = 0.02; // of a scale
const round = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });

/** Draws around what is to move; a click takes the region under it. */
export class Taking {
    /** @param {Moving} moving @param {Point} point @param {{ slack?: number }} start */
    constructor(moving, point, { slack = 0 }) {
        this.moving = moving;
        this.from = this.to = point;
        this.points = [point];
        this.slack = slack;
        this.kind = moving.painter.settings.values.take;
    }

    move(points, shift = false) {
        const to = points.at(-1);
        this.to = shift ? squared(this.from, to) : to;
        this.points.push(...points);
        this.moving.painter.gesture.host.onMark();
    }

    get moved() {
        const { from, to, points, slack } = this;
        return points.length > 2 || Math.hypot(to.x - from.x, to.y - from.y) > slack;
    }

    get mark() {
        if (!this.moved) return null;
        if (this.kind === "lasso") return { kind: "lasso", points: this.points, value: FULL };
        return { kind: "rectangle", a: round(this.from), b: round(this.to), value: FULL };
    }

    end() {
        const { mark, moving } = this;
        if (!mark) {
            const area = regionAt(moving.document, this.from);
            if (area) moving.float(area);
            return;
        }
        const polygon = { kind: "polygon", points: mark.points };
        moving.take(/** @type {any} */ (mark.points ? polygon : mark));
    }

    cancel() {}
}

/** Drags what floats. */
export class Shifting {
    /** @param {Moving} moving @param {Point} point */
    constructor(moving, point) {
        this.moving = moving;
        this.from = point;
        this.by = moving.floating.move.placing.by;
    }

    move(points, shift = false) {
        const { x, y } = points.at(-1);
        let [dx, dy] = [x - this.from.x, y - this.from.y];
        if (shift) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
        this.moving.place({ by: [Math.round(this.by[0] + dx), Math.round(this.by[1] + dy)] });
    }

    end() {
        this.moving.settle();
    }

    cancel() {
        this.moving.place({ by: this.by });
    }
}

/** Turns what floats by its knob, or scales it by a corner, about its middle. */
export class Turning {
    /** @param {Moving} moving @param {"turn" | "scale"} grip @param {Point} point */
    constructor(moving, grip, point) {
        this.moving = moving;
        this.grip = grip;
        this.placing = moving.floating.move.placing;
        const { x, y } = middleOf(moving.floating.move.box);
        this.middle = { x: x + this.placing.by[0], y: y + this.placing.by[1] };
        this.from = this.#polar(point);
    }

    #polar({ x, y }) {
        const [dx, dy] = [x - this.middle.x, y - this.middle.y];
        return {
            far: Math.max(0.5, Math.hypot(dx, dy)),
            turn: (Math.atan2(dy, dx) * 180) / Math.PI,
        };
    }

    move(points, shift = false) {
        const { far, turn } = this.#polar(points.at(-1));
        const { scale, rotate } = this.placing;
        if (this.grip === "scale") {
            const by = far / this.from.far;
            this.moving.place({
                scale: /** @type {any} */ (scale.map((s) => Math.max(LEAST, s * by))),
            });
            return;
        }
        let angle = rotate + turn - this.from.turn;
        angle = shift ? Math.round(angle / TURN) * TURN : Math.round(angle * 10) / 10;
        this.moving.place({ rotate: ((((angle + 180) % 360) + 360) % 360) - 180 });
    }

    end() {
        this.moving.settle();
    }

    cancel() {
        this.moving.place(this.placing);
    }
}
