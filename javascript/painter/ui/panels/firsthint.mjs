import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/**
 * Three steps for somebody who is here for the first time: each is marked as it is done, and with
 * the last one, or a click, they are gone for good.
 */

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
 * @returns {{ element: HTMLElement, show: () => void }}
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
    const lines = steps.map(([name, text], i) =>
        h("li", { "data-step": `${i + 1}.` }, h("b", {}, name), ` ${text}`),
    );
    const element = h(
        "div",
        { class: "diffdiff-first", role: "note", "aria-label": "How it works", hidden: seen() },
        h("ol", {}, ...lines),
        button({ label: "Got it", text: "Got it", kind: "diffdiff-apply", act: gone }),
    );
    const show = () => {
        if (element.hidden) return;
        const { stage, document } = painter;
        if (stage.compare !== "off") return gone();
        const done = stage.result ? 2 : Number(Boolean(document.history.undoLabel));
        lines.forEach((line, i) => {
            line.classList.toggle("diffdiff-done", i < done);
            line.classList.toggle("diffdiff-next", i === done);
        });
    };
    return { element, show };
}
