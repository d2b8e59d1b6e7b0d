import { fill } from "../../move/inpaint.mjs";
import { FRINGE, goalOf, grown, holeOf, isIdle, matrixOfMove } from "../../move/movemap.mjs";

/**
 * The coarse picture as the painter shows it: what Python makes for the run, drawn by the canvas.
 * Holes are filled much as the run fills them.
 *
 * @typedef {import("../../move/movemap.mjs").Move} Move
 * @typedef {import("../../map/rect.mjs").Size} Size
 */

const AROUND = 0.35; // of a hole's sides: what is looked at around it
const NEAR = 3; // pixels more, as in diffdiff/edit/fill.py

function blank(width, height) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width));
    canvas.height = Math.max(1, Math.round(height));
    return canvas;
}

/** A selection as a mask, opaque where it is. @param {Move} move @param {number} width of the map */
function maskOf({ area, box }, width) {
    const canvas = blank(box.w, box.h);
    const image = new ImageData(box.w, box.h);
    for (let y = 0, i = 3; y < box.h; y++) {
        const from = (box.y + y) * width + box.x;
        for (let x = 0; x < box.w; x++, i += 4) image.data[i] = area[from + x] / 257;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
}

/**
 * What a move takes with it: its pixels, transparent around the selection.
 *
 * @param {HTMLCanvasElement} picture
 * @param {Move} move
 * @param {number} width of the map
 */
export function spriteOf(picture, move, width) {
    const s = picture.width / width;
    const { x, y, w, h } = move.box;
    const sprite = blank(w * s, h * s);
    const context = sprite.getContext("2d");
    context.drawImage(picture, x * s, y * s, w * s, h * s, 0, 0, sprite.width, sprite.height);
    context.globalCompositeOperation = "destination-in";
    context.drawImage(maskOf(move, width), 0, 0, sprite.width, sprite.height);
    return sprite;
}

/** @param {HTMLCanvasElement} picture @param {Move} move @param {Size} size of the map */
function fillHole(picture, move, size) {
    const s = picture.width / size.width;
    const wide = Math.max(move.box.w, move.box.h) + 2 * FRINGE;
    const part = grown(move.box, Math.floor(AROUND * wide) + FRINGE + NEAR, size);
    const hole = holeOf(move.area, size, part);
    const [x, y] = [Math.floor(part.x * s), Math.floor(part.y * s)];
    const width = Math.min(picture.width - x, Math.max(1, Math.round(part.w * s)));
    const height = Math.min(picture.height - y, Math.max(1, Math.round(part.h * s)));
    const context = picture.getContext("2d");
    const image = context.getImageData(x, y, width, height);
    const mask = enlarged(hole, part, image);
    fill(image.data, mask, image, wide * s);
    for (let i = 0; i < mask.length; i++) if (!mask[i]) image.data[4 * i + 3] = 0;
    const made = blank(width, height); // around the hole the picture stays as it was drawn
    made.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(made, x, y);
}

/** A mask at the size of a canvas, which may be smaller than the map. */
function enlarged(mask, { w, h }, { width, height }) {
    if (w === width && h === height) return mask;
    const made = new Uint8Array(width * height);
    for (let y = 0, i = 0; y < height; y++) {
        const from = Math.floor(((y + 0.5) * h) / height) * w;
        for (let x = 0; x < width; x++, i++) {
            made[i] = mask[from + Math.floor(((x + 0.5) * w) / width)];
        }
    }
    return made;
}

/** Draws an object in its new place. @param {CanvasRenderingContext2D} context in map pixels */
export function drawObject(context, sprite, move) {
    const { x, y, w, h } = move.box;
    context.save();
    context.transform(...matrixOfMove(move));
    context.imageSmoothingQuality = "high";
    context.drawImage(sprite, x, y, w, h);
    context.restore();
}

/**
 * What was made of a picture last: the moves and the picture after them.
 *
 * @type {WeakMap<HTMLCanvasElement, { moves: readonly Move[], made: HTMLCanvasElement }>}
 */
const last = new WeakMap();

function copyOf(canvas) {
    const copy = blank(canvas.width, canvas.height);
    copy.getContext("2d").drawImage(canvas, 0, 0);
    return copy;
}

/** @param {HTMLCanvasElement} picture @param {readonly Move[]} moves @param {Size} size */
function carriedOut(picture, moves, size) {
    const known = last.get(picture);
    const goesOn = known && known.moves.every((move, i) => move === moves[i]);
    const made = copyOf(goesOn ? known.made : picture);
    const context = made.getContext("2d");
    const s = made.width / size.width;
    for (const move of moves.slice(goesOn ? known.moves.length : 0)) {
        const sprite = move.gone ? null : spriteOf(made, move, size.width);
        if (!move.copy) fillHole(made, move, size);
        if (!sprite || !goalOf(move.box, matrixOfMove(move), size)) continue;
        context.save();
        context.scale(s, s);
        drawObject(context, sprite, move);
        context.restore();
    }
    last.set(picture, { moves, made });
    return made;
}

/**
 * @param {HTMLCanvasElement} picture
 * @param {readonly Move[]} moves carried out in order
 * @param {{ width: number, height: number }} size of the map
 * @param {Move | null} [open] one that is still dragged: its hole only, after the others
 * @returns {HTMLCanvasElement | null} null where nothing is done
 */
export function coarseOf(picture, moves, size, open = null) {
    const done = moves.filter((move) => !isIdle(move));
    const holed = open && !open.copy;
    if (!done.length && !holed) return null;
    const made = done.length ? carriedOut(picture, done, size) : picture;
    if (!holed) return made;
    const under = copyOf(made);
    fillHole(under, open, size);
    return under;
}
