/** The page's picture for the panel's own buttons. */
import { box, pngOf, write } from "./fields.mjs";

/**
 * A button that needs the tab's picture: the click waits until the page has it, and the mask.
 *
 * @param {string} button selector
 * @param {import("./bridge.mjs").Host} host
 * @param {{ picture: string, mask: string }} boxes their ids
 * @param {(problem: any) => void} [report] of a picture that cannot be handed over
 */
export function lendPicture(button, host, boxes, report = console.error) {
    let ready = false;
    document.addEventListener(
        "click",
        async (event) => {
            const target =
                event.target instanceof Element &&
                /** @type {HTMLElement} */ (event.target.closest(button));
            if (!target) return;
            if (ready) {
                ready = false;
                return;
            }
            event.stopImmediatePropagation();
            event.preventDefault();
            try {
                const picture = host.picture();
                const mask = host.mask && (await host.mask());
                write(box(boxes.picture), picture ? pngOf(picture.image()) : "");
                write(box(boxes.mask), mask ? pngOf(mask) : "");
            } catch (problem) {
                report(problem);
                return;
            }
            ready = true;
            target.click();
        },
        true,
    );
}
