import { checkSize } from "../map/map.mjs";
import { EMPTY } from "./options.mjs";
import { sizeOf } from "./view/pictures.mjs";

/**
 * Another picture of the page comes, or it goes: what `Painter.setPicture` does.
 *
 * @param {import("./painter.mjs").Painter} painter
 * @param {import("./view/pictures.mjs").Source | null} source
 * @returns {boolean} false when the picture cannot be used; the painter says why
 */
export function showPicture(painter, source) {
    const { stage } = painter;
    const left = painter.clicking.leave();
    painter.holds.close();
    stage.setDraft(null);
    if (!source) {
        painter.gesture.end();
        painter.hasPicture = false;
        painter.pixels = null;
        stage.setPicture(null);
        stage.setHint(painter.options.emptyText ?? EMPTY);
        return true;
    }
    try {
        const size = sizeOf(source);
        checkSize(size.width, size.height);
        const drag = painter.gesture.active;
        painter.moving.leave(size);
        const outcome = painter.document.setImage(size); // commits a stroke, tells the view
        if (outcome !== "kept" && drag) painter.gesture.forget();
        if (outcome !== "kept") painter.selecting.forget();
        painter.pixels = null;
        stage.setPicture(source);
        painter.hasPicture = true;
        painter.moving.renew();
        stage.setHint(null);
        painter.settings.scaleTo(size);
        const fitted = `The map was fitted to ${size.width} × ${size.height} pixels.`;
        painter.say(outcome === "resized" && !painter.isEmpty ? fitted : left, false, true);
    } catch (problem) {
        showPicture(painter, null); // the one before is not the page's any more
        stage.setHint(/** @type {Error} */ (problem).message);
        painter.report(problem);
        return false;
    }
    painter.show();
    return true;
}
