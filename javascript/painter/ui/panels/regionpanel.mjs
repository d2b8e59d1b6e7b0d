import { h } from "../controls/dom.mjs";
import { button, choices, slider } from "../controls/fields.mjs";

/**
 * The regions under the canvas: which is painted on, what each is called, and how strong it is.
 *
 * @typedef {import("../../document/stack.mjs").Region} Region
 */

const MODES = [
    { value: "replace", label: "Set: the region's strength stands", text: "Set" },
    { value: "max", label: "Raise: it never lowers what lies below", text: "Raise" },
];

/** @param {import("../painter.mjs").Painter} painter */
export function regionPanel(painter) {
    const element = h("div", {
        class: "diffdiff-regions", role: "group", "aria-label": "Regions", hidden: true,
    }); // prettier-ignore
    /** @type {Map<Region | null, { element: HTMLElement, show: () => void }>} */
    const rows = new Map();
    const stack = () => painter.document;
    const changed = () => painter.show();

    const chooser = (region) => {
        const one = button({
            label: region ? `Paint on ${region.name}` : "Paint on the background",
            symbol: "brush",
            act: () => {
                painter.gesture.end();
                stack().choose(region);
                changed();
            },
        });
        one.setAttribute("aria-pressed", "false");
        return one;
    };

    function rowOf(region) {
        const paint = chooser(region);
        if (!region) {
            const own = h("div", { class: "diffdiff-region" }, paint, h("span", {}, "Background"));
            const show = () => paint.setAttribute("aria-pressed", String(!stack().active));
            return { element: own, show };
        }
        const name = h("input", {
            type: "text", class: "diffdiff-text", maxlength: 60, "aria-label": "Name of the region",
        }); // prettier-ignore
        name.addEventListener("change", () => stack().set(region, { name: name.value }));
        const strength = slider({
            label: "Strength", title: "Strength of everything in this region", unit: "%",
            least: 0, most: 100, kind: "diffdiff-region-strength",
            act: (value) => stack().set(region, { strength: value / 100 }),
        }); // prettier-ignore
        strength.element.addEventListener("change", () => stack().settle());
        const mode = choices({
            label: "Blend mode of the region", choices: MODES,
            act: (value) => stack().set(region, { mode: value }),
        }); // prettier-ignore
        mode.element.classList.add("diffdiff-group");
        const { transforming } = painter.holds;
        const transform = button({
            label: "Transform: move, scale and rotate its area", keys: "J", symbol: "transform",
            act: () => {
                transforming.toggle(region);
                changed();
            },
        }); // prettier-ignore
        const flips = [
            button({ label: "Flip its area, left and right", symbol: "mirror", act: () => transforming.mirror("horizontal") }),
            button({ label: "Flip its area, top and bottom", symbol: "flip", act: () => transforming.mirror("vertical") }),
        ]; // prettier-ignore
        const over = button({
            label: "Move the region up",
            symbol: "raise",
            act: () => stack().move(region, 1),
        });
        const under = button({
            label: "Move the region down",
            symbol: "lower",
            act: () => stack().move(region, -1),
        });
        const remove = button({
            label: "Remove the region",
            symbol: "clear",
            act: () => stack().remove(region),
        });
        const own = h(
            "div",
            { class: "diffdiff-region" },
            paint, name, strength.element, mode.element,
            h("div", { class: "diffdiff-group-row" }, transform, ...flips, over, under, remove),
        ); // prettier-ignore
        const show = () => {
            const { regions, active } = stack();
            paint.setAttribute("aria-pressed", String(active === region));
            own.classList.toggle("diffdiff-active", active === region);
            if (document.activeElement !== name) name.value = region.name;
            strength.show(100 * region.strength);
            const framed = transforming.region === region;
            transform.setAttribute("aria-pressed", String(framed));
            for (const flip of flips) flip.hidden = !framed;
            mode.show(region.mode);
            over.setAttribute("aria-disabled", String(regions.at(-1) === region));
            under.setAttribute("aria-disabled", String(regions[0] === region));
        };
        return { element: own, show };
    }

    const add = button({
        label: "New region", text: "New region", symbol: "plus", kind: "diffdiff-apply",
        act: () => addRegion(painter),
    }); // prettier-ignore
    const foot = h("div", { class: "diffdiff-region" }, add);

    function show() {
        const { regions } = stack();
        element.hidden = !regions.length || !painter.hasPicture;
        for (const known of rows.keys()) {
            if (known && !regions.includes(known)) rows.delete(known);
        }
        const order = [...[...regions].reverse(), null]; // as they lie, the topmost first
        for (const region of order) if (!rows.has(region)) rows.set(region, rowOf(region));
        const wanted = [...order.map((region) => rows.get(region).element), foot];
        if (wanted.some((one, i) => element.children[i] !== one))
            element.replaceChildren(...wanted);
        for (const row of rows.values()) row.show();
    }

    return { element, show };
}

/** A new region, to be painted on. @param {import("../painter.mjs").Painter} painter */
export function addRegion(painter) {
    if (!painter.hasPicture) return;
    painter.gesture.end();
    try {
        const { strength } = painter.settings.values;
        painter.document.add(undefined, strength / 100);
        painter.say(
            "Paint the region's area; its strength can be changed afterwards.",
            false,
            true,
        );
    } catch (problem) {
        painter.report(problem);
    }
    painter.show();
}
