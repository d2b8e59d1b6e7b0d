import { deviceTransform } from "../view.mjs";
import { drawExtents } from "./extending.mjs";
import { drawPictures } from "./pictures.mjs";

/**
 * The picture and the map, drawn on the stage's canvases.
 *
 * @typedef {import("./stage.mjs").Stage} Stage
 * @typedef {import("../rect.mjs").Rect} Rect
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
    const live = stage.peeking ? null : stage.live;
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
    const { scale, x, y } = view;
    context.strokeRect(x - 0.5, y - 0.5, scale * width + 1, scale * height + 1);
    if (compare === "wipe" && !stage.peeking && !live && result) {
        const at = x + wipe * scale * width;
        context.fillStyle = "rgb(0 0 0 / 60%)";
        context.fillRect(at - 1.5, y, 3, scale * height);
        context.fillStyle = "#fff";
        context.fillRect(at - 0.5, y, 1, scale * height);
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
    const [ox, oy] = [stage.view.x * stage.ratio, stage.view.y * stage.ratio];
    let [left, top, right, bottom] = [0, 0, canvas.width, canvas.height];
    if (rect) {
        left = Math.max(0, Math.floor(ox + s * rect.x) - 2); // smoothing reaches beyond it
        top = Math.max(0, Math.floor(oy + s * rect.y) - 2);
        right = Math.min(right, Math.ceil(ox + s * (rect.x + rect.w)) + 2);
        bottom = Math.min(bottom, Math.ceil(oy + s * (rect.y + rect.h)) + 2);
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
