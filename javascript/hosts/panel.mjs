/**
 * The panel around a painter in a WebUI: help that is shown where it is asked for, and what the
 * host leaves undone.
 *
 * @typedef {object} About what Python wrote into the page
 * @property {Record<string, string>} helps by the ids of the controls
 * @property {Record<string, [string, string]>} sources by their words: value, and what a sentence
 *     calls them
 */
import { one } from "./fields.mjs";

/**
 * @param {HTMLElement} root of the painter
 * @returns {About}
 */
export function aboutOf(root) {
    const panel = root.closest(".input-accordion") ?? document;
    const told = one(".diffdiff-about", panel)?.dataset.about;
    return told ? JSON.parse(told) : { helps: {}, sources: {} };
}

const SETTLE = 50; // milliseconds: the host's own listeners come first

/**
 * A click on the small box in the panel's head enables it; the host leaves it folded then. It is
 * opened once for each such click: who folds it again is left alone.
 *
 * @param {string} id of the InputAccordion
 */
export function openWithTick(id) {
    const ticked = () => one(`#${CSS.escape(id)}-visible-checkbox`)?.checked;
    const open = () => {
        const head = one(`#${CSS.escape(id)} > .label-wrap`);
        if (ticked() && head && !head.classList.contains("open")) head.click();
    };
    document.addEventListener("input", (event) => {
        const { id: box } = /** @type {HTMLElement} */ (event.target);
        if (box === `${id}-visible-checkbox` && ticked()) setTimeout(open, SETTLE);
    });
    open(); // ticked before this script was there
}

/**
 * Gives every control of a panel a small "?" that shows its help, and its name a tooltip. What is
 * there already is left alone: a page is built in parts, and some of it anew.
 *
 * @param {Record<string, string>} helps by id
 */
export function helpWith(helps) {
    for (const [id, help] of Object.entries(helps)) {
        const control = document.getElementById(id);
        if (!control || !help || control.querySelector(".diffdiff-ask")) continue;
        const name = nameOf(control);
        if (!name) continue;
        name.title = help;
        name.append("\u00a0", asker(control, name.textContent.trim(), help));
    }
}

/** Where the name of a control stands: a span in all versions of Gradio. */
function nameOf(control) {
    const box = control.querySelector("input[type=checkbox]");
    return (
        control.querySelector("[data-testid=block-info]") ??
        box?.parentElement.querySelector("span")
    );
}

function asker(control, name, help) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "diffdiff-ask";
    button.textContent = "?";
    button.title = help;
    button.setAttribute("aria-label", `What is ${name}?`);
    button.setAttribute("aria-expanded", "false");
    let shown = null;
    button.addEventListener("click", (event) => {
        event.preventDefault(); // it stands in the label of the control
        event.stopPropagation();
        if (shown) {
            shown.remove();
            shown = null;
        } else {
            shown = document.createElement("p");
            shown.className = "diffdiff-hint";
            shown.setAttribute("role", "status");
            shown.textContent = help;
            control.append(shown);
        }
        button.setAttribute("aria-expanded", String(Boolean(shown)));
    });
    return button;
}
