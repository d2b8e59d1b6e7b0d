import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/**
 * The run from beside the canvas, where the page's own button is out of sight, and the painter over
 * the whole screen.
 *
 * @typedef {object} Work
 * @property {boolean} busy whether a run is under way
 * @property {string} [progress] how far it is, such as "40%"
 * @property {string} [waits] why no run can be started now
 */

/**
 * @param {{ start: () => void, stop: () => void } | null | undefined} run
 * @param {string} [word] on it
 * @param {(() => void) | null} [draft] runs a draft
 * @returns {{ element: HTMLElement | null, show: (work: Work) => void, draft: () => boolean }}
 *     draft: whether one was begun
 */
export function runButton(run, word = "Generate", draft = null) {
    if (!run) return { element: null, show: () => {}, draft: () => false };
    let busy = false;
    const tryOut = () => {
        if (busy || !draft) return false;
        draft();
        return true;
    };
    const small = button({
        label: "Draft: few steps and small, on the canvas only",
        keys: "T", text: "Draft", kind: "diffdiff-try", act: tryOut,
    }); // prettier-ignore
    const element = button({
        label: word,
        text: word,
        kind: "diffdiff-generate",
        act: () => (busy ? run.stop() : run.start()),
    });
    const text = element.querySelector("span");
    const show = (work) => {
        busy = work.busy;
        const words = busy ? "Interrupt" : word;
        const shown = busy && work.progress ? `${words} (${work.progress})` : words;
        if (text.textContent === shown) return;
        text.textContent = shown;
        element.title = words;
        element.setAttribute("aria-label", words);
        element.classList.toggle("diffdiff-busy", busy);
        small.setAttribute("aria-disabled", String(busy));
    };
    const both = draft ? h("div", { class: "diffdiff-group-row" }, small, element) : element;
    return { element: both, show, draft: tryOut };
}

/**
 * @param {HTMLElement} root of the painter
 * @param {import("../controls/dom.mjs").Cleanup} cleanup
 * @returns {HTMLElement | null} null where the browser has no full screen
 */
export function screenButton(root, cleanup) {
    if (!root.requestFullscreen || !document.fullscreenEnabled) return null;
    const inFull = () => document.fullscreenElement === root;
    const element = button({
        label: "Full screen",
        symbol: "screen",
        act: () => (inFull() ? document.exitFullscreen() : root.requestFullscreen()),
    });
    element.setAttribute("aria-pressed", "false");
    cleanup.listen(document, "fullscreenchange", () => {
        element.setAttribute("aria-pressed", String(inFull()));
    });
    return h("div", { class: "diffdiff-group-row" }, element);
}
