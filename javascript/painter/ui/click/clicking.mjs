import { Clicks, Newest } from "./clicks.mjs";
import { PainterError } from "../../map/errors.mjs";
import { Laid, markTouched } from "../../document/laid.mjs";
import { Pointing } from "./clickdrag.mjs";
import { clickKey } from "./clickkeys.mjs";
import { drawClicks, REACH } from "./clickmarks.mjs";

/**
 * The tool Click: points and a box become an area, as a model sees the picture. The area is a
 * stroke in progress until it is painted or given up.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 *
 * @typedef {object} Question
 * @property {HTMLCanvasElement} picture the same object as long as the picture is the same
 * @property {string} points as diffdiff/settings/click.py reads them
 * @property {boolean} edges follow the picture's edges
 *
 * @typedef {object} Asker what a page knows to ask; without one the tool is not offered
 * @property {(question: Question, signal: AbortSignal) => Promise<import("../../map/map.mjs").GreyMap>} ask
 *     rejects with a PainterError where it can say what is wrong
 * @property {() => void} [cancel] nobody waits for the answer any more
 */

const CUE_MS = 150; // after which somebody wants to know that something is going on
const LABEL = "Click";

export class Clicking {
    /** @param {import("../painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
        this.clicks = new Clicks();
        this.laid = new Laid(painter.document);
        /** The last answer. @type {Uint16Array | null} */
        this.area = null;
        /** What is being dragged. @type {{ from: Point, to: Point } | null} */
        this.drag = null;
        /** The picture that was clicked on. @type {HTMLCanvasElement | null} */
        this.picture = null;
        this.failed = false; // the newest question was not answered
        this.slow = false; // somebody wants to know that it is being answered
        this.cue = undefined;
        this.closing = false; // painted as soon as the answer is there
        this.at = ""; // where the keyboard set its last point
        this.laying = false;
        this.told = ""; // about the newest question
        this.newest = new Newest(
            (map) => this.#answered(map),
            (problem) => this.#refused(problem),
        );
        this.#follow();
        if (this.on && !this.asker) painter.settings.set({ tool: "brush" });
    }

    /** Sees what the painter draws, and what changes in it. */
    #follow() {
        const { stage, settings, document, cleanup } = this.painter;
        const { overlay } = stage;
        stage.overlay = (context) => {
            const alone = stage.compare !== "off" || stage.peeking;
            return [overlay(context), !alone && drawClicks(context, stage, this)].some(Boolean);
        };
        cleanup.add(settings.onChange((changed) => this.#settingsChanged(changed)));
        const { onChange } = document;
        document.onChange = (change) => {
            onChange(change);
            this.#mapChanged();
        };
    }

    /** Tools that this page does not have. */
    get lacks() {
        return this.asker ? [] : ["click"];
    }

    /** @returns {Asker | null} */
    get asker() {
        return this.painter.options.clicks ?? null;
    }

    get on() {
        return this.painter.settings.values.tool === "click";
    }

    /** Whether something was clicked that is not painted yet. */
    get open() {
        return this.clicks.any;
    }
    // ---- gestures ----------------------------------------------------------------------------

    /** What the pointer does from here on. @param {Point} point @param {any} start */
    begin(point, start) {
        if (!this.asker) throw new PainterError("No model can be asked here", "Use another tool");
        return new Pointing(this, point, start);
    }

    /** @param {Point} point @param {boolean} inside */
    point({ x, y }, inside) {
        const { painter } = this;
        const { width, height } = painter.document;
        const reach = REACH / painter.stage.view.scale;
        this.#begun();
        if (!this.clicks.removeAt({ x, y }, reach)) {
            if (x < 0 || y < 0 || x > width || y > height) return;
            this.clicks.add({ x, y, inside });
        }
        this.#changed();
    }

    /** @param {Point} from @param {Point} to */
    frame(from, to) {
        this.#begun();
        if (this.clicks.frame(from, to, this.painter.document)) this.#changed();
    }

    /** Takes the last point back. */
    undo() {
        if (!this.open || !this.clicks.undo()) return false;
        this.#changed();
        return true;
    }

    /** Asks once more, after what was in the way is gone. */
    again() {
        if (this.open) this.#changed();
    }

    /**
     * What is seen becomes one step; an answer that is under way is waited for.
     *
     * @returns {boolean} whether there was something
     */
    commit() {
        if (!this.open) return false;
        if (this.newest.busy) {
            this.closing = true;
            this.painter.show();
        } else this.#paint();
        return true;
    }

    /**
     * The same, before a run: rejects where the newest click has no answer.
     *
     * @returns {Promise<void>}
     */
    async finish() {
        if (!this.commit()) return;
        await this.newest.settled();
        if (this.failed) throw new PainterError("What was clicked has no area", "Click again");
    }

    /** Gives the points up, and what they made. */
    cancel() {
        if (!this.open) return false;
        this.#unasked();
        this.#forget();
        return true;
    }

    /** A key while the tool is in hand; whether it meant something. @param {KeyboardEvent} event */
    key(event) {
        return this.on && clickKey(this, event);
    }

    // ---- what others do ------------------------------------------------------------------------

    #settingsChanged(changed) {
        if ("tool" in changed && !this.on) this.commit();
        if (!this.open) return;
        if ("strength" in changed || "mode" in changed) this.#lay();
        if ("clickEdges" in changed) this.#changed();
    }

    /** Perhaps what was shown has been painted, or given up, by something else. */
    #mapChanged() {
        if (!this.area || this.laying || this.laid.open || !this.open) return;
        this.#unasked();
        this.#forget();
    }

    /**
     * Another picture comes, or none: what is seen is painted, and places mean nothing any more.
     *
     * @returns {string} what is to be said about it
     */
    leave() {
        this.drag = null;
        if (!this.open) return "";
        const lost = !this.area || this.newest.busy;
        this.#unasked();
        this.#paint();
        return `Another picture came: what was clicked ${lost ? "last is not" : "is"} painted.`;
    }

    // ---- inside --------------------------------------------------------------------------------
    get selects() {
        return this.painter.settings.values.target === "selection";
    }

    /** The first point is set on a picture. */
    #begun() {
        const { stage } = this.painter;
        const picture = stage.coarse ?? stage.picture;
        if (this.open && this.picture !== picture) this.leave(); // such as a part that was moved
        if (!picture) throw new PainterError("There is no picture to click on", "Open one first");
        this.picture = picture;
        this.closing = false;
    }

    #changed() {
        const { painter, clicks } = this;
        painter.stage.invalidate("marks");
        this.failed = false;
        if (!clicks.meant) {
            this.#unasked();
            this.laid.cancel();
            this.area = null;
        } else {
            const { clickEdges: edges } = painter.settings.values;
            const question = { picture: this.picture, points: clicks.text, edges };
            this.newest.ask((signal) => this.asker.ask(question, signal));
            this.cue ??= setTimeout(() => this.#slowly(true), CUE_MS);
        }
        painter.show();
    }

    #slowly(on) {
        if (!on) {
            clearTimeout(this.cue);
            this.cue = undefined;
        }
        this.slow = on;
        this.painter.show();
    }

    #answered(map) {
        this.#slowly(false);
        const { width, height } = this.painter.document;
        if (map.width !== width || map.height !== height) {
            const size = `${map.width}x${map.height}`;
            return this.#refused(new PainterError(`The area has ${size} pixels`, "Click again"));
        }
        this.area = map.data;
        this.#lay();
        if (this.told && this.painter.layout.saying === this.told) this.painter.say("");
        this.told = "";
        if (this.closing) this.#paint();
    }

    #refused(problem) {
        this.#slowly(false);
        this.failed = true;
        this.closing = false;
        this.painter.report(problem);
        this.told = this.painter.layout.saying;
    }

    #lay() {
        if (!this.area) return;
        this.laying = true;
        this.laid.lay(this.area, this.painter.settings.values, LABEL);
        this.laying = false;
    }

    #paint() {
        const { area, painter } = this;
        const mine = this.laid.open;
        if (area && mine && this.selects) {
            this.laid.cancel();
            painter.selecting.draw((cover) => {
                cover.data.set(area);
                markTouched(cover);
            });
        }
        this.area = null; // before the map says that it has changed
        if (mine) this.laid.commit();
        this.#forget();
    }

    /** Nobody waits for the answer any more. */
    #unasked() {
        if (this.newest.busy) this.asker?.cancel?.();
        this.newest.drop();
        this.#slowly(false);
    }

    #forget() {
        this.area = null;
        this.laid.cancel();
        this.clicks.clear();
        this.closing = false;
        this.failed = false;
        this.at = "";
        this.picture = null;
        this.painter.stage.invalidate("marks");
        this.painter.show();
    }
}
