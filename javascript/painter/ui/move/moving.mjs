import { Cover } from "../../map/cover.mjs";
import { coverShape } from "../../draw/areas.mjs";
import { PainterError } from "../../map/errors.mjs";
import { applied, inPlace, inverse, mirrored } from "../../move/matrix.mjs";
import { boxOf, isIdle, matrixOfMove } from "../../move/movemap.mjs";
import { staysInside } from "../../move/places.mjs";
import { coarseOf, spriteOf } from "./coarse.mjs";
import { Shifting, Taking, Turning } from "./movedrags.mjs";
import { FloatView } from "./movefloat.mjs";
import { gripAt } from "./moveframe.mjs";

/**
 * The tool Move: what is selected floats, is dragged, turned and scaled, and becomes one step when
 * it is put down. Moves that were put down stay in a list and can be taken up again until the run.
 *
 * @typedef {import("../../move/movemap.mjs").Move} Move
 * @typedef {import("../../display/view.mjs").Point} Point
 *
 * @typedef {object} Floating
 * @property {Move} move as it is now
 * @property {number} at its place in the list; past the end: a new one
 * @property {HTMLCanvasElement} sprite
 */

const HALF = 0x8000;
const [RINGS, MARGINS] = [16, 8]; // of the shorter side, as in diffdiff/edit/compose.py
const KEEP = 0;
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const GONE = "Delete";

export class Moving {
    /** @param {import("../painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
        /** @type {Floating | null} */
        this.floating = null;
        this.seen = null; // the moves whose coarse picture is shown
        this.view = new FloatView(painter.stage);
        painter.stage.overlay = () => this.#draw();
    }

    get document() {
        return this.painter.document;
    }

    get on() {
        return this.painter.settings.values.tool === "move";
    }

    /** Whether a pointer is moving what floats. */
    get dragging() {
        return Boolean(this.floating && this.painter.gesture?.active);
    }

    // ---- gestures ----------------------------------------------------------------------------

    /** What the pointer does from here on. @param {Point} point @param {any} start */
    begin(point, start) {
        const { stage } = this.painter;
        if (this.floating) {
            const grip = gripAt(this.floating.move, point, stage.view.scale);
            if (grip === "inside") return new Shifting(this, point);
            if (grip) return new Turning(this, grip, point);
            this.commit();
        }
        if (this.#takeUpAt(point)) return new Shifting(this, point);
        const area = this.#selectedAt(point);
        if (area && this.float(area)) return new Shifting(this, point);
        return new Taking(this, point, start);
    }

    /** Selects by a shape that was drawn. @param {import("../../draw/areas.mjs").Shape} shape */
    take(shape) {
        const cover = new Cover(this.document);
        coverShape(cover, shape);
        this.float(cover.data.slice());
    }

    /**
     * A selection begins to float.
     *
     * @param {Uint16Array} area 0..65535, of the picture
     * @param {Partial<Move>} [more]
     */
    float(area, more = {}) {
        const { painter } = this;
        this.commit();
        const box = boxOf(area, this.document);
        const whole = box && area.every((value) => value >= HALF);
        if (!box || (whole && !more.copy)) {
            const problem = box ? "The whole picture is selected" : "Nothing is selected";
            const remedy = box ? "Select a part of it" : "Draw around what is to move";
            painter.report(new PainterError(problem, remedy));
            return false;
        }
        const side = Math.min(this.document.width, this.document.height);
        const [ring, margin] = [side / RINGS, side / MARGINS];
        const own = { copy: false, gone: false, keep: KEEP, ring, margin };
        this.#lift({ area, box, placing: inPlace(), ...own, ...more }, this.document.moves.length);
        return true;
    }

    /** A move of the list floats again. @param {number} at */
    takeUp(at) {
        this.commit();
        this.#lift({ ...this.document.moves[at] }, at);
    }

    #lift(move, at) {
        const { stage } = this.painter;
        const before = this.document.moves.slice(0, at);
        const ground = coarseOf(stage.picture, before, this.document) ?? stage.picture;
        this.floating = { move, at, sprite: spriteOf(ground, move, this.document.width) };
        this.refresh();
    }

    // ---- what is done to it --------------------------------------------------------------------

    /** @param {Partial<Move>} changes */
    change(changes) {
        if (!this.floating) return;
        const { move } = this.floating;
        const holes = "copy" in changes || "gone" in changes;
        Object.assign(move, changes);
        if (holes) this.refresh();
        this.painter.stage.invalidate("marks");
        this.painter.show();
    }

    /** @param {Partial<import("../../move/matrix.mjs").Placing>} changes */
    place(changes) {
        if (this.floating) this.change({ placing: { ...this.floating.move.placing, ...changes } });
    }

    /** @param {"horizontal" | "vertical"} axis */
    mirror(axis) {
        if (!this.floating) return;
        this.place({
            mirror: /** @type {any} */ (mirrored(this.floating.move.placing.mirror, axis)),
        });
        this.settle();
    }

    /** Deletes what floats. */
    remove() {
        if (!this.floating) return false;
        this.change({ gone: true, copy: false });
        return this.commit(GONE);
    }

    /** The map follows at the end of a drag. */
    settle() {
        if (!this.floating) return;
        const { move, at } = this.floating;
        const moves = [...this.document.moves];
        moves[at] = { ...move };
        this.document.show(moves);
    }

    /** What floats is put down, as one step. @param {string} [label] */
    commit(label) {
        const { floating, painter } = this;
        if (!floating) return false;
        const { move, at } = floating;
        const { moves } = this.document;
        const lost = !move.gone && !staysInside(move, this.document);
        if (lost) move.placing = moves[at]?.placing ?? inPlace();
        this.floating = null;
        const next = [...moves];
        const idle = isIdle(move);
        if (idle) next.splice(at, 1);
        else next[at] = { ...move };
        try {
            if (idle && at >= moves.length) this.document.show(moves);
            else this.document.setMoves(label ?? (move.copy ? "Duplicate" : "Move"), next);
        } catch (problem) {
            this.document.show(moves);
            painter.report(problem);
        }
        this.refresh();
        if (lost) {
            painter.report(new PainterError("It would leave the picture", "Delete it instead"));
        }
        return true;
    }

    /** What floats goes back to where it was. */
    cancel() {
        if (!this.floating) return false;
        this.floating = null;
        this.document.show(this.document.moves);
        this.refresh();
        return true;
    }

    /** Takes a move out of the list. @param {number} at */
    drop(at) {
        this.cancel();
        const next = this.document.moves.filter((_, i) => i !== at);
        this.document.setMoves("Remove a move", next);
    }

    /** The picture as it is now becomes the page's own, and the map of the moves a painted one. */
    async handOver() {
        this.commit();
        const { stage, options } = this.painter;
        const { coarse } = stage;
        if (!coarse || !options.usePicture) return;
        if (coarse.width !== this.document.width) {
            const problem = "The picture is too large to be handed over by the browser";
            return this.painter.report(new PainterError(problem, "Run the edit as it is"));
        }
        const blob = await new Promise((done) => coarse.toBlob(done, "image/png"));
        this.document.bake();
        await options.usePicture(new File([blob], "moved.png", { type: "image/png" }));
    }

    /** A key while the tool is in hand; whether it meant something. @param {KeyboardEvent} event */
    key(event) {
        if (!this.floating || event.ctrlKey || event.metaKey || event.altKey) return false;
        const by = NUDGES[event.key];
        if (by && this.painter.stage.element === document.activeElement) {
            const far = event.shiftKey ? 10 : 1;
            const [x, y] = this.floating.move.placing.by;
            this.place({ by: [x + far * by[0], y + far * by[1]] });
            this.settle();
            return true;
        }
        const pressed = document.activeElement?.matches("button, summary, a");
        if (event.key === "Enter" && !pressed) return this.commit();
        if (event.key === "Delete" || event.key === "Backspace") return this.remove();
        return false;
    }

    // ---- what is seen --------------------------------------------------------------------------

    /** The picture changed, or the list did. */
    follow() {
        if (this.seen !== this.document.moves && !this.floating) this.refresh();
    }

    /** Another size comes: what floats waits with the others for its picture. */
    leave({ width, height }) {
        if (width !== this.document.width || height !== this.document.height) this.commit();
    }

    /** Another picture has come: what lies on it is drawn anew. */
    renew() {
        if (this.floating) {
            const { move, at } = this.floating;
            this.#lift(move, at);
        } else this.refresh();
    }

    refresh() {
        const { stage } = this.painter;
        const { floating, document: stack } = this;
        this.seen = stack.moves;
        const others = floating ? stack.moves.filter((_, i) => i !== floating.at) : stack.moves;
        const any = stage.hasPicture && (floating || others.length);
        stage.coarse = any ? coarseOf(stage.picture, others, stack, floating?.move ?? null) : null;
        this.painter.pixels = null;
        stage.invalidate("view");
        this.painter.show();
    }

    /** What floats lies on canvases of its own: nothing is drawn over the marks. */
    #draw() {
        const { stage } = this.painter;
        const covered = stage.compare !== "off" || stage.peeking;
        this.view.show(covered ? null : this.floating);
        return false;
    }

    // ---- what is there ---------------------------------------------------------------------------

    #takeUpAt(point) {
        const { moves, width } = this.document;
        for (let at = moves.length - 1; at >= 0; at--) {
            if (moves[at].gone) continue;
            const { x, y } = applied(inverse(matrixOfMove(moves[at])), point);
            if (x < 0 || y < 0 || x >= width || y >= this.document.height) continue;
            if (moves[at].area[Math.floor(y) * width + Math.floor(x)] < HALF) continue;
            this.takeUp(at);
            return true;
        }
        return false;
    }

    /** The selection under a point, if it is in one. */
    #selectedAt({ x, y }) {
        const { area } = this.painter.selecting;
        const i = Math.floor(y) * this.document.width + Math.floor(x);
        return area && area[i] >= HALF ? area.slice() : null;
    }
}
