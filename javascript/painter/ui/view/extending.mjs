import { h } from "../controls/dom.mjs";
import { popover, slider } from "../controls/fields.mjs";
import { deviceTransform, fit, stepOnScreen } from "../../display/view.mjs";
import { traceRect } from "./trace.mjs";

/**
 * Pixels that the next run adds to the picture's sides: asked for here, and shown around it.
 *
 * @typedef {{ left: number, right: number, top: number, bottom: number }} Extents
 * @typedef {{ get: () => string, set: (text: string) => void }} Store the page's own box of them
 */

export const SIDES = /** @type {const} */ (["left", "right", "top", "bottom"]);
const MOST = 1024; // of a slider; the page's box takes more
const STEP = 8; // pixels: sides of a run are multiples of it
const PALE = 0.6; // opacity of what is only a beginning

/** @returns {Extents} */
export const noExtents = () => ({ left: 0, right: 0, top: 0, bottom: 0 });

/** Such as "left 128, top 64"; empty where nothing is added. @param {Extents} extents */
export const textOfExtents = (extents) =>
    SIDES.filter((side) => extents[side] > 0)
        .map((side) => `${side} ${extents[side]}`)
        .join(", ");

/** The size of a picture in words, and what it is extended to. */
export function textOfSize({ width, height }, extents) {
    const size = `${width} × ${height} px`;
    if (textOfExtents(extents) === "") return size;
    const wide = width + extents.left + extents.right;
    const high = height + extents.top + extents.bottom;
    return `${size}, extended to ${wide} × ${high} px`;
}

/** @param {string} text as people type it; what is not understood counts as 0 */
export function extentsOf(text) {
    const found = noExtents();
    for (const [, side, pixels] of text
        .toLowerCase()
        .matchAll(/(left|right|top|bottom)\W+(\d+)/g)) {
        found[side] = Number(pixels);
    }
    return found;
}

function setExtents(stage, extents) {
    stage.extents = extents;
    stage.fit();
}

/** The fitted view of a picture and what is added to it, held as it is. */
export function fitExtended({ width, height }, { left, right, top, bottom }, panel, stance = {}) {
    const whole = { width: width + left + right, height: height + top + bottom };
    const view = fit(whole, panel, undefined, stance);
    const { x, y } = stepOnScreen(view, { x: left, y: top });
    return { ...view, x: view.x + x, y: view.y + y };
}

/** What is added, mirrored and pale, with a frame. @param {import("../stage/stage.mjs").Stage} stage */
export function drawExtents(context, stage, picture) {
    const { left, right, top, bottom } = stage.extents;
    if (!picture || !(left || right || top || bottom)) return;
    const { width, height } = stage.size;
    context.save();
    context.setTransform(...deviceTransform(stage.view, stage.ratio));
    context.beginPath();
    context.rect(-left, -top, width + left + right, height + top + bottom);
    context.clip();
    context.globalAlpha = PALE;
    for (const across of [-1, 0, 1]) {
        for (const down of [-1, 0, 1]) {
            if (!across && !down) continue;
            context.save();
            context.translate(
                across < 0 ? 0 : 2 * across * width,
                down < 0 ? 0 : 2 * down * height,
            );
            context.scale(across ? -1 : 1, down ? -1 : 1);
            context.drawImage(picture, 0, 0, width, height);
            context.restore();
        }
    }
    context.restore();
    context.setTransform(stage.ratio, 0, 0, stage.ratio, 0, 0);
    context.setLineDash([6, 4]);
    context.strokeStyle = "rgb(128 128 128 / 90%)";
    context.beginPath();
    const all = { x: -left, y: -top, w: width + left + right, h: height + top + bottom };
    traceRect(context, stage.view, all);
    context.stroke();
    context.setLineDash([]);
}

/**
 * @param {import("../painter.mjs").Painter} painter
 * @param {Store} store
 */
export function extendMenu(painter, store) {
    const { stage, cleanup } = painter;
    const fields = {};
    const show = () => {
        for (const side of SIDES) fields[side].show(stage.extents[side]);
        one.element.classList.toggle("diffdiff-on", textOfExtents(stage.extents) !== "");
    };
    const rows = SIDES.map((side) => {
        fields[side] = slider({
            label: side[0].toUpperCase() + side.slice(1), unit: "px", least: 0, most: MOST, step: STEP,
            title: `Pixels that the next run adds at the ${side}`,
            act: (value) => {
                setExtents(stage, { ...stage.extents, [side]: Math.round(value) });
                store.set(textOfExtents(stage.extents));
                show();
            },
        }); // prettier-ignore
        return fields[side].element;
    });
    const one = popover(
        cleanup,
        { label: "Extend the picture at its sides", symbol: "extend", text: "Extend" },
        [
            ...rows,
            h("p", { class: "diffdiff-note" },
                "The next run paints what is new, best at denoising strength 1. What it begins with is Outpaint fill, in Advanced."),
        ],
    ); // prettier-ignore
    const follow = () => {
        const text = store.get();
        if (text === textOfExtents(stage.extents)) return;
        setExtents(stage, extentsOf(text));
        show();
    };
    show();
    return { element: one.element, follow };
}
