import { h } from "../controls/dom.mjs";
import { choices, holdButton } from "../controls/fields.mjs";

/**
 * The last result on the canvas, at the painter's own zoom: beside the picture along a line, or how
 * the two differ. Where the page has runs it is there before the first, so that nothing moves then.
 *
 * @param {import("../painter.mjs").Painter} painter
 */
export function compareBar(painter) {
    const { stage } = painter;
    const wipe = h("input", {
        type: "range", class: "diffdiff-range diffdiff-wipe", min: 0, max: 100, step: 0.5, value: 50,
        "aria-label": "Where the picture ends and the result begins",
        title: "Left of the line: before. Right of it: the result",
    }); // prettier-ignore
    wipe.addEventListener("input", () => stage.setCompare("wipe", wipe.valueAsNumber / 100));
    const kind = choices({
        label: "Compare with the last result",
        act: (value) => {
            stage.setCompare(value); // without a result it stays off
            painter.show();
        },
        choices: [
            { value: "off", label: "The map, to paint", text: "Map" },
            { value: "wipe", label: "Before and after, along a line", text: "Wipe" },
            { value: "difference", label: "Where the result differs from the picture", text: "Difference" },
        ],
    }); // prettier-ignore
    kind.element.classList.add("diffdiff-group");
    const seen = {
        label: "Hold to see the last result",
        symbol: /** @type {const} */ ("result"),
        kind: "diffdiff-result",
    };
    const peek = holdButton(seen, (on) => stage.peek(on, true));
    const take = h("span", { class: "diffdiff-take" });
    const element = h(
        "div",
        { class: "diffdiff-compare", hidden: true },
        kind.element,
        peek,
        wipe,
        take,
    );
    let disabled = false;
    const disable = (on) => {
        element.hidden = on && !painter.options.run;
        if (on === disabled) return;
        disabled = on;
        element.title = on ? "After a run: the result beside the picture" : "";
        mark();
    };
    const mark = () => {
        for (const one of element.querySelectorAll("button")) {
            one.setAttribute("aria-disabled", String(disabled));
        }
    };
    const show = () => {
        disable(!stage.result || !painter.hasPicture);
        kind.show(stage.compare);
        wipe.hidden = stage.compare !== "wipe";
        wipe.style.setProperty("--diffdiff-part", `${100 * stage.wipe}%`);
    };
    return {
        element,
        /** What can be done with the result, beside the comparison. @param {HTMLElement} own */
        add(own) {
            take.replaceChildren(own);
            mark();
        },
        show,
    };
}
