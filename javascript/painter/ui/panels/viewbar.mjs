import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";
import { normal } from "../../display/view.mjs";

/**
 * How the picture is seen, under the canvas: how large, how far turned, and whether in a mirror.
 */

/** A zoom as people read it, in percent. @param {number} scale CSS pixels a pixel */
export const zoomText = (scale) =>
    scale < 0.1 ? (100 * scale).toFixed(1) : String(Math.round(100 * scale));

/**
 * A number that somebody typed, such as "133 %", "12,5" or "-30°".
 *
 * @param {string} text
 * @returns {number | null} null where it is none
 */
export function typedNumber(text) {
    const plain = text
        .replace(/[\s%°]/g, "")
        .replace(",", ".")
        .replace("−", "-");
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

/**
 * A small field with a number, which Enter takes over and Escape gives up.
 *
 * @param {{ label: string, title: string, unit: string, take: (value: number) => void }} options
 */
function numberField({ label, title, unit, take }) {
    const input = h("input", {
        type: "text", inputmode: "decimal", class: "diffdiff-number", "aria-label": label, title,
        maxlength: 8, autocomplete: "off",
    }); // prettier-ignore
    const element = h("span", { class: "diffdiff-value" }, input, h("i", {}, unit));
    let shown = "";
    const show = (text) => {
        const typing = document.activeElement === input && input.value !== shown;
        shown = text;
        if (!typing && input.value !== text) input.value = text;
    };
    const accept = () => {
        const value = input.value === shown ? null : typedNumber(input.value);
        input.value = shown;
        if (value !== null) take(value);
    };
    input.addEventListener("change", accept);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            if (input.value === shown) return; // it is the page's
            input.value = shown;
            input.select();
        } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            accept();
            input.select();
        } else return;
        event.preventDefault();
        event.stopPropagation();
    });
    return { element, show };
}

/** @param {import("../painter.mjs").Painter} painter */
export function viewBar(painter) {
    const { stage, commands } = painter;
    const zoom = numberField({
        label: "Zoom",
        title: "Zoom in percent; 100: one pixel of the picture is one CSS pixel. Type a number",
        unit: "%",
        take: (percent) => percent > 0 && stage.zoom(percent / 100 / stage.view.scale),
    });
    const turn = numberField({
        label: "Rotation of the view",
        title: "How far the view is rotated, in degrees. Type a number",
        unit: "°",
        take: (degrees) => stage.turn(degrees),
    });
    const one = (label, keys, symbol, act) => button({ label, keys, symbol, act });
    const flip = one("Flip the view", "K", "mirror", () => commands.flipView());
    const upright = one("The view upright again", "U", "upright", () => commands.upright());
    const element = h(
        "div",
        { class: "diffdiff-views", role: "group", "aria-label": "View" },
        h(
            "div",
            { class: "diffdiff-group-row", role: "group", "aria-label": "Zoom" },
            one("Zoom out", "-", "minus", () => commands.zoom(-1)),
            zoom.element,
            one("Zoom in", "+", "plus", () => commands.zoom(1)),
            one("Fit the whole picture", "Home", "fit", () => stage.fit()),
        ),
        h(
            "div",
            {
                class: "diffdiff-group-row",
                role: "group",
                "aria-label": "Rotate and flip the view",
            },
            one("Rotate the view to the left by 15°", ",", "turnleft", () => commands.rotate(-1)),
            turn.element,
            one("Rotate the view to the right by 15°", ".", "turnright", () => commands.rotate(1)),
            flip,
            upright,
        ),
    );
    const show = () => {
        const { scale, turn: turned = 0, flip: flipped = false } = stage.view;
        zoom.show(painter.hasPicture ? zoomText(scale) : "");
        turn.show(String(Math.round(10 * normal(turned)) / 10));
        flip.setAttribute("aria-pressed", String(flipped));
        upright.hidden = !turned && !flipped;
    };
    return { element, show };
}
