import { h, uniqueId } from "./dom.mjs";
import { icon } from "./icons.mjs";

/** The few kinds of controls that the painter is made of. */

/**
 * A button with an icon, or a text, or both.
 *
 * @param {object} options
 * @param {string} options.label its name, and its tooltip
 * @param {Parameters<typeof icon>[0]} [options.symbol]
 * @param {string} [options.text]
 * @param {string} [options.keys] shortcut, for the tooltip
 * @param {string} [options.kind] further class
 * @param {() => void} options.act
 * @returns {HTMLButtonElement}
 */
export function button({ label, symbol, text, keys, kind = "", act }) {
    const element = h(
        "button",
        {
            type: "button",
            class: `diffdiff-button ${symbol ? "" : "diffdiff-plain"} ${kind}`.trim(),
            title: keys ? `${label} (${keys})` : label,
            "aria-label": label,
            "aria-keyshortcuts": keys?.includes(" ") ? null : keys?.replaceAll("Ctrl", "Control"),
        },
        symbol ? icon(symbol) : null,
        text ? h("span", {}, text) : null,
    );
    element.addEventListener("click", act);
    return element;
}

/**
 * A button that acts as long as it is held, by pointer or by key.
 *
 * @param {Omit<Parameters<typeof button>[0], "act">} look
 * @param {(on: boolean) => void} hold
 */
export function holdButton(look, hold) {
    const element = button({ ...look, act: () => {} });
    element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        hold(true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
        element.addEventListener(end, () => hold(false));
    }
    const own = (event, on) => {
        if (event.key === "Enter" || event.key === " ") hold(on);
    };
    element.addEventListener("keydown", (event) => own(event, true));
    element.addEventListener("keyup", (event) => own(event, false));
    return element;
}

/**
 * One of several: buttons that act as one control, which arrow keys go through.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {{ value: string, label: string, symbol?: any, text?: string, keys?: string }[]
 *     } options.choices
 * @param {(value: any) => void} options.act
 * @param {string} [options.kind]
 */
export function choices({ label, choices: list, act, kind = "" }) {
    const element = h("div", {
        class: `diffdiff-choices ${kind}`.trim(),
        role: "radiogroup",
        "aria-label": label,
    });
    const buttons = list.map(({ value, ...rest }) => {
        const one = button({ ...rest, act: () => act(value) });
        one.setAttribute("role", "radio");
        one.dataset.value = value;
        return one;
    });
    element.append(...buttons);
    element.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        const at = buttons.indexOf(/** @type {any} */ (event.target));
        const next = buttons[(at + step + buttons.length) % buttons.length];
        next.focus();
        next.click();
        event.preventDefault();
        event.stopPropagation();
    });
    const show = (value) => {
        for (const one of buttons) {
            const on = one.dataset.value === value;
            one.setAttribute("aria-checked", String(on));
            one.tabIndex = on ? 0 : -1;
        }
    };
    return { element, show, buttons };
}

/**
 * A number by slider or by typing.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.title one line of help
 * @param {number} options.least
 * @param {number} options.most
 * @param {number} [options.step]
 * @param {string} [options.unit]
 * @param {number} [options.digits] after the point, as it is shown
 * @param {(value: number) => void} options.act
 * @param {{ to: (value: number) => number, from: (position: number) => number, most: number }
 *     } [options.scale] positions of the slider, when they are not the values themselves
 * @param {string} [options.kind]
 */
export function slider({
    label,
    title,
    least,
    most,
    step = 1,
    unit = "",
    digits = 1,
    act,
    scale,
    kind = "",
}) {
    // prettier-ignore
    const id = uniqueId("field");
    const rounded = (number) => Math.round(10 ** digits * number) / 10 ** digits;
    const number = h("input", {
        type: "number", id, class: "diffdiff-number", min: least, max: most, step: "any",
        inputmode: "decimal", title,
    }); // prettier-ignore
    const range = h("input", {
        type: "range", class: "diffdiff-range", title,
        min: scale ? 0 : least, max: scale ? scale.most : most, step: scale ? 1 : step,
        "aria-label": label,
    }); // prettier-ignore
    const element = h(
        "div",
        { class: `diffdiff-field ${kind}`.trim() },
        h(
            "div",
            { class: "diffdiff-field-head" },
            h("label", { for: id, title }, label),
            h("span", { class: "diffdiff-value" }, number, unit ? h("i", {}, unit) : null),
        ),
        range,
    );
    let value = least;
    const show = (next) => {
        value = next;
        if (document.activeElement !== number) number.value = String(rounded(next));
        range.value = String(scale ? scale.to(next) : next);
        range.setAttribute("aria-valuetext", `${rounded(next)} ${unit}`.trim());
        const [from, to] = [Number(range.min), Number(range.max)];
        const part = (100 * (Number(range.value) - from)) / (to - from);
        range.style.setProperty("--diffdiff-part", `${part}%`);
    };
    const typed = () => {
        if (number.value !== "" && Number.isFinite(number.valueAsNumber)) {
            act(Math.min(most, Math.max(least, number.valueAsNumber)));
        }
    };
    number.addEventListener("input", typed);
    number.addEventListener("blur", () => (number.value = String(rounded(value))));
    number.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) range.focus();
    });
    range.addEventListener("input", () => {
        act(scale ? scale.from(range.valueAsNumber) : range.valueAsNumber);
    });
    return { element, show };
}

/**
 * A button that opens a small panel. Escape, a click elsewhere and leaving it by keyboard close it.
 *
 * @param {import("./dom.mjs").Cleanup} cleanup
 * @param {Omit<Parameters<typeof button>[0], "act">} look
 * @param {(Node | string)[]} content
 * @param {() => void} [closed]
 */
export function popover(cleanup, look, content, closed = () => {}) {
    const id = uniqueId("panel");
    const opener = button({ ...look, act: () => toggle() });
    opener.setAttribute("aria-haspopup", "dialog");
    opener.setAttribute("aria-controls", id);
    opener.setAttribute("aria-expanded", "false");
    const panel = h(
        "div",
        { class: "diffdiff-panel", id, role: "dialog", "aria-label": look.label, hidden: true },
        ...content,
    );
    const element = h("div", { class: "diffdiff-popover" }, opener, panel);
    const toggle = (open = panel.hidden) => {
        if (!open && !panel.hidden) closed();
        panel.hidden = !open;
        opener.setAttribute("aria-expanded", String(open));
        if (open) place(opener, panel);
        const first = panel.querySelector("button, [type=range], [type=search], [tabindex]");
        if (open) first?.focus({ preventScroll: true });
    };
    cleanup.listen(document, "pointerdown", (event) => {
        if (!panel.hidden && !event.composedPath().includes(element)) toggle(false);
    }, { capture: true }); // prettier-ignore
    element.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || panel.hidden) return;
        toggle(false);
        opener.focus();
        event.stopPropagation();
        event.preventDefault();
    });
    element.addEventListener("focusout", (event) => {
        if (event.relatedTarget && !element.contains(event.relatedTarget)) toggle(false);
    });
    return { element, panel, toggle };
}

/** Puts an open panel where the painter has room for it. */
function place(opener, panel) {
    const room = opener.closest(".diffdiff-painter").getBoundingClientRect();
    const at = opener.getBoundingClientRect();
    panel.style.maxHeight = `${Math.max(160, room.bottom - at.bottom - 14)}px`;
    panel.style.maxWidth = `${Math.max(160, room.width - 8)}px`;
    panel.style.left = "0px";
    const { width } = panel.getBoundingClientRect();
    const left = Math.min(0, room.right - 4 - width - at.left);
    panel.style.left = `${Math.max(left, room.left + 4 - at.left)}px`;
}
