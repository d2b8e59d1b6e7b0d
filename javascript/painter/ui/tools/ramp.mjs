import { stopsOf, valueAt } from "../../draw/gradient.mjs";
import { fromStrength } from "../../map/map.mjs";
import { turned } from "./modes.mjs";
import { Paced } from "../controls/paced.mjs";

/**
 * A gradient that has been drawn, with handles until it is done: its ends and stops are dragged, and
 * the strength of the chosen one is the tool's. Each change draws it anew in place of what it was,
 * so that it stays one step, and the page always has what is seen.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 * @typedef {import("../../draw/gradient.mjs").Stop} Stop
 *
 * @typedef {object} Shown
 * @property {"linear" | "radial"} kind
 * @property {Point} from
 * @property {Point} to
 * @property {Stop[]} stops both ends included
 * @property {number} chosen one of the stops
 */

const REACH = 11; // CSS pixels around a handle that are part of it
const BESIDE = 7; // CSS pixels beside the line that are part of it
const OFF = 32; // CSS pixels away from the line at which a stop is dropped
const MOST = 12; // stops
const HINT =
    "Drag the handles, click the line for another stop; Enter is the end, Esc takes it back.";
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Map value as percent, so that `fromStrength` gives it back. @param {number} value */
export const exactPercent = (value) => Math.floor(value / 0.65535 + 1e-6) / 1000;

/** Where a point lies beside a line: how far along (0..1), and how far away. */
export function along({ from, to }, { x, y }) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const t = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
    return { t, away: Math.hypot(x - from.x - t * dx, y - from.y - t * dy) };
}

/** @param {Pick<Shown, "from" | "to">} line @param {number} t @returns {Point} */
export const placeOn = ({ from, to }, t) => ({
    x: from.x + (to.x - from.x) * t,
    y: from.y + (to.y - from.y) * t,
});

/** As the document draws it. @param {Shown} shown @returns {import("../../draw/gradient.mjs").Gradient} */
export const gradientOf = ({ kind, from, to, stops }) => ({
    kind, from, to, start: stops[0].value, end: stops.at(-1).value, stops: stops.slice(1, -1),
}); // prettier-ignore

export class Ramp {
    /** @param {import("../painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
        /** @type {Shown | null} */
        this.shown = null;
        this.second = false; // drawn with the right button: from the second strength to the first
        this.drawn = false; // whether it changed anything, which is a step then
        this.revision = -1; // of the document with it
        this.paced = new Paced(() => this.#draw());
        this.quiet = false; // the tool's strength follows the chosen stop
    }

    get open() {
        return this.shown !== null;
    }

    /** Whether what is drawn is not yet what the handles say. */
    get waits() {
        return this.paced.waits;
    }

    /**
     * @param {import("../../draw/gradient.mjs").Gradient} gradient that was drawn
     * @param {boolean} drawn
     * @param {boolean} second
     */
    begin(gradient, drawn, second) {
        const { kind, from, to } = gradient;
        this.shown = { kind, from, to, stops: stopsOf(gradient), chosen: second ? -1 : 0 };
        if (second) this.shown.chosen = this.shown.stops.length - 1;
        Object.assign(this, { drawn, second, revision: this.painter.document.revision });
        this.painter.say(HINT, false, true);
        this.#seen();
    }

    /** A pointer goes down: on a handle, on the line, or elsewhere, which is the end of it. */
    take(point, start) {
        const { shown } = this;
        if (!shown || start.pick || start.erase) return null;
        const { scale } = this.painter.stage.view;
        const reach = ({ x, y }) => Math.hypot(x - point.x, y - point.y) * scale;
        const far = shown.stops.map(({ at }) => reach(placeOn(shown, at)));
        const nearest = far.indexOf(Math.min(...far));
        if (far[nearest] <= REACH) {
            this.choose(nearest);
            return new Handle(this);
        }
        const { t, away } = along(shown, point);
        if (away * scale <= BESIDE && t > 0 && t < 1 && shown.stops.length < MOST) {
            this.add(t);
            return new Handle(this);
        }
        this.close();
        return null;
    }

    /** Another stop, of the value that is there. @param {number} t */
    add(t) {
        const { stops } = this.shown;
        const at = stops.findIndex((stop) => stop.at > t);
        stops.splice(at, 0, { at: t, value: Math.round(valueAt(stops, t)) });
        this.choose(at);
    }

    /** @param {number} i the stop whose strength the tool has from now on */
    choose(i) {
        this.shown.chosen = i;
        this.#tell({ strength: exactPercent(this.shown.stops[i].value) });
        this.#seen();
    }

    /** Takes the chosen stop away, if it is no end. */
    remove() {
        const { stops, chosen } = this.shown;
        if (chosen === 0 || chosen === stops.length - 1) return false;
        stops.splice(chosen, 1);
        this.choose(chosen - 1);
        this.redraw();
        return true;
    }

    /** Draws it in place of what it was. */
    redraw() {
        this.paced.now();
    }

    #draw() {
        const { painter, shown } = this;
        const { document, settings } = painter;
        if (!shown || document.revision !== this.revision) return this.drop();
        this.shown = null; // its own changes are none that end it
        if (this.drawn) document.undo();
        this.drawn = Boolean(document.drawGradient(gradientOf(shown), settings.values.mode));
        this.shown = shown;
        this.revision = document.revision;
        this.#seen();
    }

    /** It stays as it is. */
    close() {
        if (!this.shown) return false;
        if (this.waits) this.redraw();
        if (!this.shown) return false;
        this.drop();
        return true;
    }

    /** Takes the whole gradient back. */
    cancel() {
        if (!this.shown) return false;
        this.close();
        if (this.drawn) this.painter.document.undo();
        return true;
    }

    /** The handles go; the tool has the strengths of the ends again. */
    drop() {
        this.paced.stop();
        const { stops } = this.shown ?? {};
        this.shown = null;
        const ends = stops ? [stops[0], stops.at(-1)].map(({ value }) => exactPercent(value)) : [];
        if (this.second) ends.reverse();
        if (stops) this.#tell({ strength: ends[0], second: ends[1] });
        this.painter.stage.setCovered(false);
        this.#seen();
    }

    /** The map changed: by somebody else, it is no longer the last step. */
    check() {
        if (this.shown && this.painter.document.revision !== this.revision) this.drop();
    }

    /** @param {Partial<import("./settings.mjs").Values>} changed */
    follow(changed) {
        const { shown, quiet } = this;
        if (!shown || quiet) return;
        const { values } = this.painter.settings;
        if ("tool" in changed) return void this.close();
        const value = (percent) => fromStrength(percent / 100);
        if ("strength" in changed && "second" in changed) {
            shown.stops = shown.stops.map((stop) => ({ ...stop, at: 1 - stop.at })).reverse();
            shown.chosen = shown.stops.length - 1 - shown.chosen;
            this.choose(shown.chosen);
        } else if ("strength" in changed) {
            shown.stops[shown.chosen].value = value(values.strength);
        } else if ("second" in changed) {
            (this.second ? shown.stops[0] : shown.stops.at(-1)).value = value(values.second);
        }
        if (["strength", "second", "mode"].some((name) => name in changed)) {
            this.paced.soon();
        }
        this.#seen();
    }

    /** @param {KeyboardEvent} event whether it meant something */
    key(event) {
        if (!this.shown || event.ctrlKey || event.metaKey || event.altKey) return false;
        const pressed = document.activeElement?.matches("button, summary, a");
        if (event.key === "Enter") return !pressed && this.close();
        if (event.key === "Delete" || event.key === "Backspace") return this.remove();
        const by = NUDGES[event.key];
        if (!by || document.activeElement !== this.painter.stage.element) return false;
        const { shown } = this;
        const far = event.shiftKey ? 10 : 1;
        const { x, y } = placeOn(shown, shown.stops[shown.chosen].at);
        this.moveTo({ x: x + far * by[0], y: y + far * by[1] });
        this.redraw();
        return true;
    }

    /**
     * The chosen stop goes to a place: an end takes the line with it, another stays on the line.
     *
     * @param {Point} point
     * @param {boolean} [steady] by whole multiples of 15 degrees
     */
    moveTo(point, steady = false) {
        const { shown } = this;
        const { stops, chosen } = shown;
        if (chosen === 0) shown.from = steady ? turned(shown.to, point) : point;
        else if (chosen === stops.length - 1) shown.to = steady ? turned(shown.from, point) : point;
        else {
            const { t } = along(shown, point);
            stops[chosen].at = Math.min(stops[chosen + 1].at, Math.max(stops[chosen - 1].at, t));
        }
        this.#seen();
    }

    #tell(values) {
        this.quiet = true;
        this.painter.settings.set(values);
        this.quiet = false;
    }

    #seen() {
        this.painter.stage.ramp = this.shown;
        this.painter.stage.invalidate("marks");
    }
}

/** A handle that is dragged: the gradient is drawn at the end of it, and sketched meanwhile. */
class Handle {
    /** @param {Ramp} ramp */
    constructor(ramp) {
        this.ramp = ramp;
        const { from, to, stops } = ramp.shown;
        this.before = { from, to, stops: stops.map((stop) => ({ ...stop })) };
        this.moved = false;
        this.off = false;
    }

    move(points, shift = false) {
        const { ramp } = this;
        if (!ramp.shown) return; // the map changed under it
        const { shown } = ramp;
        const point = points.at(-1);
        const inner = shown.chosen > 0 && shown.chosen < shown.stops.length - 1;
        const { scale } = ramp.painter.stage.view;
        this.off = inner && along(shown, point).away * scale > OFF;
        this.moved = true;
        ramp.moveTo(point, shift);
        ramp.painter.stage.setCovered(true);
        ramp.painter.gesture.host.onMark();
    }

    /** What is seen while it is dragged. */
    get mark() {
        const { shown } = this.ramp;
        if (!this.moved || !shown) return null;
        const stops = shown.stops.filter((_, i) => !(this.off && i === shown.chosen));
        return gradientOf({ ...shown, stops });
    }

    end() {
        this.ramp.painter.stage.setCovered(false);
        if (!this.ramp.shown || !this.moved) return;
        if (this.off) this.ramp.remove();
        else this.ramp.redraw();
    }

    cancel() {
        this.ramp.painter.stage.setCovered(false);
        if (!this.ramp.shown) return;
        Object.assign(this.ramp.shown, this.before);
        this.ramp.choose(Math.min(this.ramp.shown.chosen, this.before.stops.length - 1));
    }
}
