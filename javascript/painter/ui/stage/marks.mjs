import { ellipse, rectangle } from "../../draw/shapes.mjs";
import { mirrorsOf } from "../../draw/symmetry.mjs";
import { drawGradient, drawHandles, paintOf } from "../tools/rampmarks.mjs";
import { clipToPicture, outlined } from "../view/trace.mjs";
import { drawFramed } from "../move/transforming.mjs";

/**
 * What is drawn over the map and is not part of it: the brush's ring, the cross of the keyboard,
 * and the outline of what is dragged. Lines are dark with a light core, to be seen on anything.
 *
 * @typedef {import("./stage.mjs").Stage} Stage
 * @typedef {import("../../display/view.mjs").Point} Point
 */

const BRUSHES = ["brush", "erase", "smooth"];
const SYMMETRIC = [...BRUSHES, "rectangle", "ellipse", "lasso"];
const LEAST_RING = 3; // CSS pixels; smaller brushes get a cross as well

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels of the panel
 * @param {Stage} stage
 * @returns {boolean} whether there was anything to draw
 */
export function drawMarks(context, stage) {
    const { mark, cursor, settings } = stage;
    const { tool, size, hardness, symmetry } = settings.values;
    const axes = symmetry !== "off" && SYMMETRIC.includes(tool);
    if (axes) drawAxes(context, stage, symmetry);
    if (mark) drawMark(context, stage, mark);
    if (stage.ramp) drawHandles(context, stage);
    if (stage.framed) drawFramed(context, stage);
    const any = axes || Boolean(mark || stage.ramp || stage.framed);
    if (!cursor) return any;
    const at = stage.onScreen(cursor);
    const brush = BRUSHES.includes(tool) && !stage.picking;
    if (brush) {
        const { tip } = stage;
        const hand = tip && Math.hypot(cursor.x - tip.x, cursor.y - tip.y) * stage.view.scale > 1;
        if (hand) drawRope(context, stage.onScreen(tip), at);
        const radius = (size / 2) * stage.view.scale;
        for (const mirror of mirrorsOf(symmetry, stage.size)) {
            drawRing(context, stage.onScreen(mirror(tip ?? cursor)), radius, hardness / 100);
        }
    } else if (stage.byKeys) {
        cross(context, at, 9);
    }
    if (stage.byKeys) cross(context, at, 5);
    return any || brush || stage.byKeys;
}

/** Where the mirrors of a symmetry stand. */
function drawAxes(context, stage, symmetry) {
    const { width, height } = stage.size;
    const line = (a, b) => {
        const [p, q] = [stage.onScreen(a), stage.onScreen(b)];
        context.moveTo(p.x, p.y);
        context.lineTo(q.x, q.y);
    };
    context.setLineDash([8, 6]);
    outlined(context, 0.75, () => {
        if (symmetry !== "vertical") line({ x: width / 2, y: 0 }, { x: width / 2, y: height });
        if (symmetry !== "horizontal") line({ x: 0, y: height / 2 }, { x: width, y: height / 2 });
    });
    context.setLineDash([]);
}

/** From the brush to the pointer that pulls it. */
function drawRope(context, tip, hand) {
    outlined(context, 1, () => {
        context.moveTo(tip.x, tip.y);
        context.lineTo(hand.x, hand.y);
    });
    outlined(context, 1, () => context.arc(hand.x, hand.y, 2.5, 0, 2 * Math.PI));
}

/** Size as a circle; hardness as a second one, where half of the cover is reached. */
function drawRing(context, { x, y }, radius, hardness) {
    outlined(context, 1.25, () => context.arc(x, y, Math.max(LEAST_RING, radius), 0, 2 * Math.PI));
    const inner = radius * hardness;
    if (hardness < 0.98 && inner > LEAST_RING && radius - inner > 2) {
        context.setLineDash([3, 4]);
        outlined(context, 0.75, () => context.arc(x, y, inner, 0, 2 * Math.PI));
        context.setLineDash([]);
    }
    if (radius < LEAST_RING) cross(context, { x, y }, 7);
}

function cross(context, { x, y }, arm) {
    outlined(context, 1.25, () => {
        context.moveTo(x - arm, y);
        context.lineTo(x + arm, y);
        context.moveTo(x, y - arm);
        context.lineTo(x, y + arm);
    });
}

/** @param {import("../tools/tools.mjs").Mark} mark */
function drawMark(context, stage, mark) {
    if (mark.kind === "linear" || mark.kind === "radial") {
        drawGradient(context, stage, mark);
        return;
    }
    const shapes = { rectangle, ellipse };
    const points = mark.points ?? shapes[mark.kind](mark.a, mark.b);
    const [colour] = paintOf(stage, [mark.value]);
    const outlines = mirrorsOf(mark.symmetry, stage.size).map((mirror) =>
        points.map((p) => stage.onScreen(mirror(p))),
    );
    const trace = () => {
        for (const one of outlines) {
            one.forEach(({ x, y }, i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
            context.closePath();
        }
    };
    context.save();
    clipToPicture(context, stage);
    context.beginPath();
    trace();
    context.globalAlpha = 0.5;
    context.fillStyle = colour;
    context.fill();
    context.restore();
    outlined(context, 1.25, trace);
}
