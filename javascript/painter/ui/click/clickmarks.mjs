/**
 * Marks of the tool Click: a plus on what is meant, a minus on what is not, and a box.
 *
 * @typedef {import("../../display/view.mjs").Point} Point
 */

export const REACH = 10; // CSS pixels around a mark that are part of it
const RADIUS = 7.5;
const ARM = 3.5;
const COLORS = { inside: "#1f9d55", outside: "#d64545", box: "#2563eb" };

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels of the panel
 * @param {import("../stage/stage.mjs").Stage} stage
 * @param {import("./clicking.mjs").Clicking} clicking
 * @returns {boolean} whether there was anything to draw
 */
export function drawClicks(context, stage, { clicks, drag }) {
    const at = (x, y) => stage.onScreen({ x, y });
    const frame = (left, top, right, bottom) =>
        drawBox(context, [at(left, top), at(right, top), at(right, bottom), at(left, bottom)]);
    if (drag) frame(drag.from.x, drag.from.y, drag.to.x, drag.to.y);
    else if (clicks.box) {
        frame(...clicks.box);
        mark(context, at(clicks.box[2], clicks.box[1]), COLORS.box, "cross");
    }
    for (const { x, y, inside } of clicks.points) {
        const color = inside ? COLORS.inside : COLORS.outside;
        mark(context, at(x, y), color, inside ? "plus" : "minus");
    }
    return Boolean(drag) || clicks.any;
}

/** @param {{ x: number, y: number }[]} corners on the screen */
function drawBox(context, corners) {
    context.save();
    context.beginPath();
    for (const { x, y } of corners) context.lineTo(x, y);
    context.closePath();
    context.lineWidth = 3;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.stroke();
    context.lineWidth = 1.25;
    context.strokeStyle = "#fff";
    context.setLineDash([5, 4]);
    context.stroke();
    context.restore();
}

function mark(context, { x, y }, color, sign) {
    context.save();
    context.beginPath();
    context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    context.lineWidth = 3.5;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.stroke();
    context.fillStyle = color;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = "#fff";
    context.stroke();
    context.beginPath();
    context.lineWidth = 2;
    context.lineCap = "round";
    if (sign === "cross") {
        const arm = ARM * 0.8;
        context.moveTo(x - arm, y - arm);
        context.lineTo(x + arm, y + arm);
        context.moveTo(x - arm, y + arm);
        context.lineTo(x + arm, y - arm);
    } else {
        context.moveTo(x - ARM, y);
        context.lineTo(x + ARM, y);
        if (sign === "plus") {
            context.moveTo(x, y - ARM);
            context.lineTo(x, y + ARM);
        }
    }
    context.stroke();
    context.restore();
}
