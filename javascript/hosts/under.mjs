/**
 * The tab's own inpaint mask on the canvas, under the painting, where the next run uses it.
 *
 * @typedef {import("../painter/ui/painter.mjs").Painter} Painter
 * @typedef {import("../painter/ui/view/pictures.mjs").Source} Source
 */
import { heat } from "../painter/display/heat.mjs";
import { copyOf } from "../painter/ui/view/pictures.mjs";

const OPACITY = 0.55; // of full strength

/**
 * Looks at the mask again when somebody may have changed it: a page does not say when it is drawn
 * on, but it takes a pointer or a key outside the painter.
 *
 * @param {Painter} painter
 * @param {() => Promise<any>} mask of the tab, white on black; null: there is none
 */
export function underlay(painter, mask) {
    let stale = true;
    let seen = "";
    const touched = ({ target }) => {
        if (!(target instanceof Node && painter.root.contains(target))) stale = true;
    };
    for (const event of ["pointerup", "keyup"]) painter.cleanup.listen(document, event, touched);

    /** @param {boolean} on @param {string | null} key of the picture that it lies on */
    return async function follow(on, key) {
        const now = on ? String(key) : "";
        if (now === seen && !(on && stale)) return;
        [seen, stale] = [now, false];
        const source = on ? await mask() : null;
        painter.stage.setUnder(source && tinted(source));
    };
}

/** White on black as the color of full strength on nothing. @param {Source} source */
function tinted(source) {
    const canvas = copyOf(source);
    const context = canvas.getContext("2d");
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const [red, green, blue] = heat(1);
    const color = new Uint32Array(new Uint8ClampedArray([red, green, blue, 0]).buffer)[0];
    const alpha = new Uint32Array(new Uint8ClampedArray([0, 0, 0, 255 * OPACITY]).buffer)[0];
    for (let i = 0; i < pixels.length; i++) {
        pixels[i] = image.data[4 * i] > 127 ? color + alpha : 0; // hosts use a mask as 0 and 1
    }
    context.putImageData(image, 0, 0);
    return canvas;
}
