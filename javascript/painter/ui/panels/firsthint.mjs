import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/** Three steps for somebody who is here for the first time; gone for good with a click. */

const KEY = "diffdiff-seen";

const seen = () => {
    try {
        return localStorage.getItem(KEY) !== null;
    } catch {
        return true; // where nothing is kept it would come back every time
    }
};

/**
 * @param {import("../painter.mjs").Painter} painter
 * @param {string} run the word on the run's button
 */
export function firstHint(painter, run) {
    const steps = [
        ["Paint", "where the picture may change; the brighter, the more"],
        [run, "runs it; what is not painted stays, pixel for pixel"],
        ["Compare", "under the canvas: before and after"],
    ];
    const gone = () => {
        element.hidden = true;
        try {
            localStorage.setItem(KEY, "1");
        } catch {
            // it stays away until the page is loaded again
        }
    };
    const element = h(
        "div",
        { class: "diffdiff-first", role: "note", "aria-label": "How it works", hidden: seen() },
        h("ol", {}, ...steps.map(([name, text]) => h("li", {}, h("b", {}, name), ` ${text}`))),
        button({ label: "Got it", text: "Got it", kind: "diffdiff-apply", act: gone }),
    );
    return element;
}
