import { boxAround, corners, deviceTransform } from "../../display/view.mjs";
import { drawExtents } from "../view/extending.mjs";
import { drawPictures } from "../view/pictures.mjs";
import { traceRect } from "../view/trace.mjs";

/**
 * The picture and the map, drawn on the stage's canvases.
 *
 * @typedef {import("./stage.mjs").Stage} Stage
 * @typedef {import("../../map/rect.mjs").Rect} Rect
 */

const SHARP = 2; // device pixels a pixel from which on pixels are shown as squares

/** @param {Stage} stage */
export function drawPicture(stage) {
    const { view, ratio } = stage;
    const context = stage.contexts[0];
    const { width, height } = stage.size;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(...deviceTransform(view, ratio));
    context.imageSmoothingEnabled = view.scale * ratio < SHARP;
    context.imageSmoothingQuality = "medium";
    const { shown, result, compare, wipe } = stage;
    const picture = (compare === "off" && stage.coarse) || stage.picture; // a result: with the old one
    const live = stage.peeking ? null : stage.alone;
    if (live) {
        context.imageSmoothingEnabled = true; // it may be as small as the latent
        context.drawImage(live, 0, 0, width, height);
    } else if (shown || stage.peeking)
        drawPictures(context, stage.size, shown ?? picture, null, "off", 0);
    else drawPictures(context, stage.size, picture, result, compare, wipe);
    const plain =
        stage.peeking || live || compare !== "off" || stage.settings.values.view === "off";
    if (stage.under && !plain) context.drawImage(stage.under, 0, 0, width, height);
    drawExtents(context, stage, shown ?? picture);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = "rgb(128 128 128 / 60%)";
    const half = 0.5 / view.scale;
    const frame = { x: -half, y: -half, w: width + 2 * half, h: height + 2 * half };
    context.beginPath();
    traceRect(context, view, frame);
    context.stroke();
    if (compare !== "wipe" || stage.peeking || live || !result) return;
    for (const [color, wide] of /** @type {const} */ ([
        ["rgb(0 0 0 / 60%)", 3],
        ["#fff", 1],
    ])) {
        const w = wide / view.scale;
        context.beginPath();
        traceRect(context, view, { x: wipe * width - w / 2, y: 0, w, h: height });
        context.fillStyle = color;
        context.fill();
    }
}

/**
 * @param {Stage} stage
 * @param {Rect | null} rect of the map that changed; null: all of it
 */
export function drawMap(stage, rect) {
    const context = stage.contexts[1];
    const { canvas } = context;
    const { divisor } = stage.map;
    const s = stage.view.scale * stage.ratio;
    let [left, top, right, bottom] = [0, 0, canvas.width, canvas.height];
    if (rect) {
        const box = boxAround(corners(stage.view, rect)).map((v) => v * stage.ratio);
        left = Math.max(0, Math.floor(box[0]) - 2); // smoothing reaches beyond it
        top = Math.max(0, Math.floor(box[1]) - 2);
        right = Math.min(right, Math.ceil(box[2]) + 2);
        bottom = Math.min(bottom, Math.ceil(box[3]) + 2);
    }
    if (left >= right || top >= bottom) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.clearRect(left, top, right - left, bottom - top);
    context.setTransform(...deviceTransform(stage.view, stage.ratio));
    context.imageSmoothingEnabled = s < SHARP;
    const source = stage.map.canvas;
    context.drawImage(source, 0, 0, source.width * divisor, source.height * divisor);
    context.restore();
}
