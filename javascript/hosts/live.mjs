/**
 * The run on the canvas while it works, in the place of the picture. As soon as somebody paints,
 * picture and map are back until the next run.
 *
 * @typedef {import("../painter/ui/painter.mjs").Painter} Painter
 */
import { one } from "./fields.mjs";

const ALIKE = 0.08; // of the proportions: a grid of several pictures is none of this one

/**
 * A WebUI's own live preview, as often and as fine as its settings say.
 *
 * @param {string} tab
 */
export const hostPreview = (tab) => () => {
    const image = one(`#${tab}_results .livePreview img:last-of-type`);
    return image?.complete && image.naturalWidth ? { key: image.src, image: () => image } : null;
};

/** @param {Painter} painter */
export function livePreview(painter) {
    let seen = null; // key of what is shown
    let began = -1; // the painter's revision when the run was first seen

    /** @param {{ key: string, image: () => HTMLImageElement } | null} now */
    return async function follow(now) {
        if (!now) began = -1;
        else if (began < 0) began = painter.revision;
        const painted = painter.revision !== began || Boolean(painter.document.stroke);
        const key = now && !painted ? now.key : null;
        if (key === seen) return;
        seen = key;
        const image = key === null ? null : now.image();
        await image?.decode().catch(() => {});
        const { width, height } = painter.document;
        const shape = image ? image.naturalWidth / image.naturalHeight : NaN;
        const fits = Math.abs((shape * height) / width - 1) < ALIKE;
        if (seen === key) painter.stage.setLive(fits ? image : null);
    };
}
