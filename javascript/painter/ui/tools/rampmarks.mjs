import { stopsOf as stopsOfGradient, valueAt } from "../../draw/gradient.mjs";
import { stopsOf } from "../../display/heat.mjs";
import { placeOn } from "./ramp.mjs";
import { clipToPicture, outlined } from "../view/trace.mjs";

/**
 * Gradients over the map: as they are dragged, and the handles of one that was drawn.
 *
 * @typedef {import("../stage/stage.mjs").Stage} Stage
 */

const SHADES = 32; // steps between two stops

/** Colours of map values in the present view. @param {Stage} stage @param {number[]} values */
export function paintOf(stage, values) {
    const mode = stage.settings.values.view === "heat" ? "heat" : "grey";
    const colours = stopsOf(256, mode);
    return values.map((value) => colours[Math.round(value / 257)]);
}

/** @param {import("./tools.mjs").Mark} mark of a gradient */
export function drawGradient(context, stage, mark) {
    const gradient = /** @type {import("../../draw/gradient.mjs").Gradient} */ (
        /** @type {any} */ (mark)
    );
    const { kind, from, to } = gradient;
    const [a, b] = [stage.onScreen(from), stage.onScreen(to)];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length < 1) return;
    const fill =
        kind === "linear"
            ? context.createLinearGradient(a.x, a.y, b.x, b.y)
            : context.createRadialGradient(a.x, a.y, 0, a.x, a.y, length);
    const all = stopsOfGradient(gradient);
    const places = [...all.map(({ at }) => at)];
    for (let i = 0; i <= SHADES; i++) places.push(i / SHADES);
    places.sort((p, q) => p - q);
    const colours = paintOf(stage, places.map((t) => valueAt(all, t))); // prettier-ignore
    places.forEach((t, i) => fill.addColorStop(t, colours[i]));
    context.save();
    clipToPicture(context, stage);
    context.globalAlpha = 0.75;
    context.fillStyle = fill;
    context.fillRect(0, 0, stage.panel.width, stage.panel.height);
    context.restore();
    if (!stage.ramp) drawLine(context, a, b, kind);
    for (const { x, y } of stage.ramp ? [] : [a, b]) {
        outlined(context, 1.5, () => context.arc(x, y, 4, 0, 2 * Math.PI));
    }
}

function drawLine(context, a, b, kind) {
    if (kind === "radial") {
        const length = Math.hypot(b.x - a.x, b.y - a.y);
        outlined(context, 1, () => context.arc(a.x, a.y, length, 0, 2 * Math.PI));
    }
    outlined(context, 1.25, () => {
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
    });
}

/** The handles, each in the color of its strength; the chosen one is larger. @param {Stage} stage */
export function drawHandles(context, stage) {
    const { ramp } = stage;
    drawLine(context, stage.onScreen(ramp.from), stage.onScreen(ramp.to), ramp.kind);
    const colours = paintOf(stage, ramp.stops.map(({ value }) => value)); // prettier-ignore
    ramp.stops.forEach(({ at }, i) => {
        const { x, y } = stage.onScreen(placeOn(ramp, at));
        const radius = i === ramp.chosen ? 7.5 : 5;
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        context.fillStyle = colours[i];
        context.fill();
        outlined(context, i === ramp.chosen ? 2.25 : 1.5, () =>
            context.arc(x, y, radius, 0, 2 * Math.PI),
        );
    });
}
