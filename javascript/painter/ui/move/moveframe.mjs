import { applied, inverse } from "../../move/matrix.mjs";
import { matrixOfMove } from "../../move/movemap.mjs";

/**
 * The frame around what floats: corners scale, the knob above turns.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 * @typedef {import("../../move/movemap.mjs").Move} Move
 */

const GRIP = 5; // CSS pixels: half of a corner's square
const REACH = 11; // CSS pixels around a grip that are part of it
const KNOB = 24; // CSS pixels from the upper side to the knob

/** Corners of the frame and the middle of its upper side, on the picture. @param {Move} move */
function frameOf(move) {
    const { x, y, w, h } = move.box;
    const matrix = matrixOfMove(move);
    const at = (u, v) => applied(matrix, { x: u, y: v });
    const corners = [at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h)];
    return { corners, top: at(x + w / 2, y), middle: at(x + w / 2, y + h / 2) };
}

/** Where the knob is, at so many CSS pixels a pixel. */
function knobOf({ top, middle }, scale) {
    const [dx, dy] = [top.x - middle.x, top.y - middle.y];
    const far = Math.hypot(dx, dy) || 1;
    const more = KNOB / scale;
    return { x: top.x + (dx / far) * more, y: top.y + (dy / far) * more };
}

/**
 * @param {Move} move
 * @param {Point} point on the picture
 * @param {number} scale CSS pixels a pixel
 * @returns {"scale" | "turn" | "inside" | null}
 */
export function gripAt(move, point, scale) {
    const frame = frameOf(move);
    const near = ({ x, y }) => Math.hypot(x - point.x, y - point.y) * scale <= REACH;
    if (near(knobOf(frame, scale))) return "turn";
    const { x, y } = applied(inverse(matrixOfMove(move)), point);
    const { box } = move;
    const inside = x >= box.x && y >= box.y && x < box.x + box.w && y < box.y + box.h;
    if (frame.corners.some(near)) return "scale";
    return inside ? "inside" : null;
}

/**
 * The frame in CSS pixels of the panel.
 *
 * @param {Move} move
 * @param {import("../stage/stage.mjs").Stage} stage
 */
export function frameOnScreen(move, stage) {
    const frame = frameOf(move);
    return {
        corners: frame.corners.map((point) => stage.onScreen(point)),
        top: stage.onScreen(frame.top),
        knob: stage.onScreen(knobOf(frame, stage.view.scale)),
    };
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels of the panel
 * @param {ReturnType<typeof frameOnScreen>} frame
 */
export function drawFrame(context, { corners, top, knob }) {
    const lines = new Path2D();
    corners.forEach((p, i) => (i ? lines.lineTo(p.x, p.y) : lines.moveTo(p.x, p.y)));
    lines.closePath();
    lines.moveTo(top.x, top.y);
    lines.lineTo(knob.x, knob.y);
    stroked(context, lines);
    const grips = new Path2D();
    for (const p of corners) grips.rect(p.x - GRIP, p.y - GRIP, 2 * GRIP, 2 * GRIP);
    grips.moveTo(knob.x + GRIP + 1, knob.y);
    grips.arc(knob.x, knob.y, GRIP + 1, 0, 2 * Math.PI);
    context.fillStyle = "#fff";
    context.fill(grips);
    stroked(context, grips, "rgb(0 0 0 / 75%)", 1.25);
}

/** A dark line with a light core, to be seen on anything. */
function stroked(context, path, core = "rgb(255 255 255 / 95%)", width = 1.25) {
    context.lineWidth = width + 1.75;
    context.strokeStyle = "rgb(0 0 0 / 50%)";
    context.stroke(path);
    context.lineWidth = width;
    context.strokeStyle = core;
    context.stroke(path);
}
