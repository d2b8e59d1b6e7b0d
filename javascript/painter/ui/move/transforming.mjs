import { PainterError } from "../../map/errors.mjs";
import { fromStrength } from "../../map/map.mjs";
import { inPlace, mirrored } from "../../move/matrix.mjs";
import { matrixOfMove } from "../../move/movemap.mjs";
import { deviceTransform } from "../../display/view.mjs";
import { boundsOf, onPixels, warped } from "../../move/warp.mjs";
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
 */

const HINT = "Drag it, its corners or its knob; Enter is the end, Esc takes it back.";
const EMPTY = "Nothing is painted in this region";
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PALE = 0.7;

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
        const { document } = painter;
        if (!floating || document.revision !== this.revision) return this.drop();
        const matrix = onPixels(matrixOfMove(floating.move));
        const values = warped(floating.area, region.area, floating.move.box, matrix);
        this.floating = null; // its own changes are none that end it
        if (this.drawn) document.undo();
        this.drawn = Boolean(region.area.replaceAll("Transform region", values, true));
        this.floating = floating;
        floating.ahead = false;
        this.revision = document.revision;
        this.#seen();
    }

    close() {
        if (!this.floating) return false;
        this.drop();
        return true;
    }

    cancel() {
        if (!this.close()) return false;
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
        const sprite = h("canvas", { width: box.w, height: box.h });
        const context = sprite.getContext("2d");
        const image = new ImageData(box.w, box.h);
        const { width } = this.painter.document;
        for (let y = 0, i = 3; y < box.h; y++) {
            const from = (box.y + y) * width + box.x;
            for (let x = 0; x < box.w; x++, i += 4) image.data[i] = area[from + x] / 257;
        }
        context.putImageData(image, 0, 0);
        context.globalCompositeOperation = "source-in";
        const [color] = paintOf(this.painter.stage, [Math.max(2570, fromStrength(strength))]);
        context.fillStyle = color;
        context.fillRect(0, 0, box.w, box.h);
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
