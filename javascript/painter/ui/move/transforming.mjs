import { PainterError } from "../../map/errors.mjs";
import { fromStrength } from "../../map/map.mjs";
import { inPlace, mirrored } from "../../move/matrix.mjs";
import { matrixOfMove } from "../../move/movemap.mjs";
import { deviceTransform } from "../../display/view.mjs";
import { boundsOf, onPixels, warped } from "../../move/warp.mjs";
import { inBackground } from "../../worker/background.mjs";
import { h } from "../controls/dom.mjs";
import { Shifting, Turning } from "./movedrags.mjs";
import { drawFrame, frameOnScreen, gripAt } from "./moveframe.mjs";
import { paintOf } from "../tools/rampmarks.mjs";
import { clipToPicture } from "../view/trace.mjs";

/**
 * The area of a region in a frame: it is dragged, scaled by a corner, turned by the knob, flipped.
 * Each change is made from the area as it was, in place of the one before, so that all of it is one
 * step. The frame is the one of the tool Move.
 *
 * @typedef {import("../../document/stack.mjs").Region} Region
 *
 * @typedef {object} Framed
 * @property {any} move box and placing, as frames take them
 * @property {Uint16Array} area as it was
 * @property {boolean} [ahead] it is elsewhere than the map has it
 * @property {HTMLCanvasElement} sprite the area in the color of its strength
 *
 * @typedef {object} Late a change that a worker is at
 * @property {Region} region
 * @property {Framed} floating
 * @property {import("../../move/matrix.mjs").Matrix} matrix
 * @property {number} revision of the region's area
 */

const HINT = "Drag it, its corners or its knob; Enter is the end, Esc takes it back.";
const EMPTY = "Nothing is painted in this region";
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PALE = 0.7;
const AT_ONCE = 512 * 512; // pixels; a larger map's worker does it, and the sprite stands for it
const MOST_SPRITE = 1024; // pixels of a side: it is seen for as long as a drag

export class Transforming {
    /** @param {import("../painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
        /** @type {Region | null} */
        this.region = null;
        /** @type {Framed | null} */
        this.floating = null;
        this.drawn = false; // whether there is a step
        this.revision = -1; // of the document with it
        /** @type {Late | null} */
        this.late = null;
    }

    /** @param {Region | null} region the one in hand is done with its button */
    toggle(region) {
        const { painter } = this;
        const same = region && this.region === region;
        painter.gesture.end();
        painter.holds.close();
        painter.moving.commit();
        if (same) return;
        if (!region) {
            const problem = "No region is painted on";
            return painter.report(new PainterError(problem, "Choose one in the list of regions"));
        }
        const area = region.area.map.data.slice();
        const box = boundsOf(area, region.area);
        if (!box) return painter.report(new PainterError(EMPTY, "Paint its area first"));
        this.region = region;
        this.floating = {
            move: { box, placing: inPlace(), area },
            area,
            sprite: this.#sprite(region, area, box),
        };
        Object.assign(this, { drawn: false, revision: painter.document.revision });
        painter.say(HINT, false, true);
        this.#seen();
    }

    /** A pointer goes down: on the frame, or elsewhere, which is the end of it. */
    take(point, start) {
        if (!this.floating || start.pick) return null;
        const grip = gripAt(this.floating.move, point, this.painter.stage.view.scale);
        if (grip === "inside") return new Shifting(/** @type {any} */ (this), point);
        if (grip) return new Turning(/** @type {any} */ (this), grip, point);
        this.close();
        return null;
    }

    /** @param {Partial<import("../../move/matrix.mjs").Placing>} changes seen at once */
    place(changes) {
        if (!this.floating) return;
        const { move } = this.floating;
        move.placing = { ...move.placing, ...changes };
        this.floating.ahead = true;
        this.#seen();
    }

    /** @param {"horizontal" | "vertical"} axis */
    mirror(axis) {
        if (!this.floating) return;
        const { mirror } = this.floating.move.placing;
        this.place({ mirror: /** @type {any} */ (mirrored(mirror, axis)) });
        this.settle();
    }

    /** The map follows at the end of a drag. */
    settle() {
        const { painter, floating, region } = this;
        if (!floating || painter.document.revision !== this.revision) return this.drop();
        const matrix = onPixels(matrixOfMove(floating.move));
        const { width, height, revision } = region.area;
        const late = { region, floating, matrix, revision };
        this.late = late;
        if (width * height <= AT_ONCE) return this.hurry();
        const plane = { width, height, data: floating.area };
        inBackground("warp", () => plane, { box: floating.move.box, matrix }).then(
            ({ output, rect }) => this.late === late && this.#put(output, rect),
            () => this.late === late && this.hurry(),
        );
    }

    /** What a worker is still at is done here, and now: the map is about to be used. */
    hurry() {
        if (!this.late) return;
        const { region, floating, matrix } = this.late;
        this.#put(warped(floating.area, region.area, floating.move.box, matrix));
    }

    /**
     * The map takes over what was made for `late`.
     *
     * @param {Uint16Array} values
     * @param {import("../../map/rect.mjs").Rect | null} [rect] in which they differ from the area as
     *     it was, where that is known
     */
    #put(values, rect = undefined) {
        const { document } = this.painter;
        const { region, floating, matrix, revision } = this.late;
        this.late = null;
        if (!document.regions.includes(region) || region.area.revision !== revision) return;
        const held = this.floating === floating && document.revision === this.revision;
        this.floating = null; // its own changes are none that end it
        if (held && this.drawn) document.undo();
        const known = held || !this.drawn ? rect : undefined;
        const drawn = Boolean(region.area.replaceAll("Transform region", values, true, known));
        if (!held) return this.#seen(); // something else was done meanwhile: a step of its own
        this.drawn = drawn;
        this.floating = floating;
        const now = onPixels(matrixOfMove(floating.move));
        floating.ahead = now.some((v, i) => v !== matrix[i]); // it was dragged on
        this.revision = document.revision;
        this.#seen();
    }

    close() {
        if (!this.floating) return false;
        this.hurry();
        this.drop();
        return true;
    }

    cancel() {
        if (!this.floating) return false;
        this.late = null;
        this.drop();
        if (this.drawn) this.painter.document.undo();
        return true;
    }

    drop() {
        this.floating = this.region = null;
        this.#seen();
        this.painter.show();
    }

    /** The map changed: by somebody else, it is no longer the last step. */
    check() {
        if (this.floating && this.painter.document.revision !== this.revision) this.drop();
    }

    /** @param {Partial<import("../tools/settings.mjs").Values>} changed */
    follow(changed) {
        if ("tool" in changed) this.close();
    }

    /** @param {KeyboardEvent} event whether it meant something */
    key(event) {
        if (!this.floating || event.ctrlKey || event.metaKey || event.altKey) return false;
        const pressed = document.activeElement?.matches("button, summary, a");
        if (event.key === "Enter") return !pressed && this.close();
        const by = NUDGES[event.key];
        if (!by || document.activeElement !== this.painter.stage.element) return false;
        const far = event.shiftKey ? 10 : 1;
        const [x, y] = this.floating.move.placing.by;
        this.place({ by: [x + far * by[0], y + far * by[1]] });
        this.settle();
        return true;
    }

    #sprite({ strength }, area, box) {
        const n = Math.ceil(Math.max(box.w, box.h) / MOST_SPRITE); // pixels for one of it
        const [wide, high] = [Math.ceil(box.w / n), Math.ceil(box.h / n)];
        const sprite = h("canvas", { width: wide, height: high });
        const context = sprite.getContext("2d");
        const image = new ImageData(wide, high);
        const { width } = this.painter.document;
        for (let y = 0, i = 3; y < high; y++) {
            const from = (box.y + y * n) * width + box.x;
            for (let x = 0; x < wide; x++, i += 4) image.data[i] = area[from + x * n] / 257;
        }
        context.putImageData(image, 0, 0);
        context.globalCompositeOperation = "source-in";
        const [color] = paintOf(this.painter.stage, [Math.max(2570, fromStrength(strength))]);
        context.fillStyle = color;
        context.fillRect(0, 0, wide, high);
        return sprite;
    }

    #seen() {
        this.painter.stage.framed = this.floating;
        this.painter.stage.invalidate("marks");
    }
}

/** The frame, and in it the area as it will be. @param {import("../stage/stage.mjs").Stage} stage */
export function drawFramed(context, stage) {
    const { move, sprite, ahead } = stage.framed;
    const { x, y, w, h: high } = move.box;
    context.save();
    clipToPicture(context, stage);
    context.transform(...deviceTransform(stage.view));
    context.transform(...matrixOfMove(move));
    context.globalAlpha = PALE;
    if (ahead) context.drawImage(sprite, x, y, w, high);
    context.restore();
    drawFrame(context, frameOnScreen(move, stage));
}
