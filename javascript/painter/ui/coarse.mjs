import { goalOf, isIdle, matrixOfMove } from "../move/movemap.mjs";

/**
 * The coarse picture as the painter shows it: what Python makes for the run, drawn by the canvas.
 * Holes are filled from their surroundings, softly; the run's own fill is OpenCV's.
 *
 * @typedef {import("../move/movemap.mjs").Move} Move
 * @typedef {import("../rect.mjs").Rect} Rect
 */

const AROUND = 0.35; // of a hole's sides: what is looked at around it
const FRINGE = 2; // pixels around a hole that still have the object's color
const OPAQUE = 10; // times that what is half transparent is drawn under itself

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

/** @param {HTMLCanvasElement} picture @param {Move} move @param {number} width of the map */
function fillHole(picture, move, width) {
    const s = picture.width / width;
    const { x, y, w, h } = move.box;
    const more = AROUND * Math.max(w, h) + 8;
    const [left, top] = [
        Math.max(0, Math.floor((x - more) * s)),
        Math.max(0, Math.floor((y - more) * s)),
    ];
    const right = Math.min(picture.width, Math.ceil((x + w + more) * s));
    const bottom = Math.min(picture.height, Math.ceil((y + h + more) * s));
    const part = blank(right - left, bottom - top);
    const context = part.getContext("2d");
    context.drawImage(picture, -left, -top);
    context.globalCompositeOperation = "destination-out";
    const mask = maskOf(move, width);
    for (let dy = -FRINGE; dy <= FRINGE; dy++) {
        for (let dx = -FRINGE; dx <= FRINGE; dx++) {
            if (Math.abs(dy) === FRINGE && dx) continue; // about a disc
            context.drawImage(mask, (x + dx) * s - left, (y + dy) * s - top, w * s, h * s);
        }
    }
    context.globalCompositeOperation = "source-over";
    pulled(part);
    picture.getContext("2d").drawImage(part, left, top);
}

/** Fills what is transparent with the averages of ever wider surroundings. */
function pulled(canvas) {
    const levels = [canvas];
    for (let last = canvas; last.width > 1 || last.height > 1; last = levels.at(-1)) {
        const half = blank(Math.ceil(last.width / 2), Math.ceil(last.height / 2));
        half.getContext("2d").drawImage(last, 0, 0, half.width, half.height);
        levels.push(half);
    }
    for (let i = levels.length - 1; i >= 0; i--) {
        const context = levels[i].getContext("2d");
        const [w, h] = [levels[i].width, levels[i].height];
        context.globalCompositeOperation = "destination-over";
        if (levels[i + 1]) context.drawImage(levels[i + 1], 0, 0, w, h);
        else for (let k = 0; k < OPAQUE; k++) context.drawImage(levels[i], 0, 0);
        context.globalCompositeOperation = "source-over";
    }
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
    const made = blank(picture.width, picture.height);
    const context = made.getContext("2d");
    context.drawImage(picture, 0, 0);
    const s = made.width / size.width;
    for (const move of done) {
        const sprite = move.gone ? null : spriteOf(made, move, size.width);
        if (!move.copy) fillHole(made, move, size.width);
        if (!sprite || !goalOf(move.box, matrixOfMove(move), size)) continue;
        context.save();
        context.scale(s, s);
        drawObject(context, sprite, move);
        context.restore();
    }
    if (holed) fillHole(made, open, size.width);
    return made;
}
