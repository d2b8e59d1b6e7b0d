import { h } from "../controls/dom.mjs";
import { button, choices, slider } from "../controls/fields.mjs";
import { recentStrengths } from "./recents.mjs";
import { FIELDS, QUICK } from "../tools/settings.mjs";
import { sizeToSlider, sliderToSize } from "../tools/modes.mjs";

/**
 * The tools, and the row of options that belongs to the one in hand.
 *
 * @typedef {import("../tools/settings.mjs").Settings} Settings
 */

/** Every tool: its name (and what it does), its key, and the options it has. */
const TOOLS = {
    brush: ["Brush", "B", "strength size hardness flow mode pen edges steady symmetry"],
    erase: ["Eraser", "E", "size hardness flow pen edges steady symmetry"],
    smooth: [
        "Smooth: blurs the map under the brush",
        "S",
        "blur size hardness flow pen edges steady symmetry",
    ],
    linear: ["Linear gradient", "G", "strength second mode"],
    radial: ["Radial gradient", "G again", "strength second mode"],
    rectangle: ["Rectangle", "R", "strength mode symmetry"],
    ellipse: ["Ellipse", "O", "strength mode symmetry"],
    lasso: ["Lasso: fills what you draw around", "L", "strength mode symmetry"],
    flood: [
        "Fill: an area of similar color in the picture",
        "F",
        "strength tolerance expand contiguous mode",
    ],
    pick: ["Eyedropper: takes a strength from the map", "P", "strength"],
    move: ["Move: moves, copies or deletes a part of the picture", "M", "take"],
    click: ["Click: takes the thing that you click on", "W", "strength clicks clickEdges mode"],
};

/** Options that stay folded away where the painter is narrow. */
const EXTRA = [
    "flow", "mode", "pen", "curve", "least", "edges", "expand", "contiguous", "steady", "symmetry",
]; // prettier-ignore

const SLIDERS = {
    strength: ["Strength", "%", "How much the picture may change; 100 %: the denoising strength"],
    second: ["To", "%", "Strength at the far end of a gradient; X swaps the two"],
    size: ["Size", "px", "Diameter of the brush in pixels of the picture"],
    hardness: ["Hardness", "%", "0: soft to the middle; 100: a sharp edge"],
    flow: ["Flow", "%", "How much one touch gives; below 100 a stroke builds up"],
    blur: ["Blur", "px", "How far the smoothing reaches"],
    tolerance: ["Tolerance", "", "How different a color may be, 0 to 255"],
    expand: ["Expand", "px", "How far the fill goes beyond its border"],
    steady: [
        "Stabilizer",
        "px",
        "Rope by which the pointer pulls the brush, on the screen; 0: none",
    ],
    curve: ["Pen curve", "%", "Above 100 a light hand stays light, below 100 it becomes heavy"],
    least: ["Least", "%", "What the lightest touch of the pen gives"],
};

/**
 * Options of which one is chosen: their name, what that means, and the choices.
 *
 * @type {Record<string, [string, string, Parameters<typeof choices>[0]["choices"]]>}
 */
const CHOICES = {
    mode: [
        "Paint",
        "Blend mode: how paint changes the map",
        [
            { value: "replace", label: "Set: the map takes the strength painted", text: "Set" },
            { value: "max", label: "Raise: paint never lowers the map", text: "Raise" },
            { value: "min", label: "Lower: paint never raises the map", text: "Lower" },
        ],
    ],
    take: [
        "Draw around it",
        "Selection shape",
        [
            { value: "lasso", label: "By hand", text: "Lasso" },
            { value: "rectangle", label: "A rectangle", text: "Rectangle" },
        ],
    ],
    clicks: [
        "A click",
        "What a click does; Alt or the right button does the opposite",
        [
            { value: "add", label: "Add what is clicked", text: "Add" },
            { value: "leave", label: "Remove what is clicked", text: "Remove" },
        ],
    ],
    symmetry: [
        "Symmetry",
        "Symmetry about the middle of the picture",
        [
            { value: "off", label: "No symmetry", text: "Off" },
            { value: "horizontal", label: "Mirror left and right", symbol: "mirror" },
            { value: "vertical", label: "Mirror top and bottom", symbol: "flip" },
            { value: "both", label: "Mirror all four quarters", symbol: "quarters" },
        ],
    ],
    pen: [
        "Pen pressure",
        "What pen pressure changes",
        [
            { value: "none", label: "Pressure changes nothing", text: "Off" },
            { value: "size", label: "Pressure changes the size", text: "Size" },
            { value: "strength", label: "Pressure changes the strength", text: "Strength" },
            { value: "both", label: "Pressure changes size and strength", text: "Both" },
        ],
    ],
};

/**
 * @param {Settings} settings
 * @param {(tool: any) => void} act
 * @param {string[]} lacks tools that this page does not have
 */
export function toolbox(settings, act, lacks) {
    const box = choices({
        label: "Tool",
        kind: "diffdiff-tools",
        act,
        choices: Object.entries(TOOLS)
            .filter(([value]) => !lacks.includes(value))
            .map(([value, [label, keys]]) => ({ value, label, keys, symbol: value })),
    });
    return { element: box.element, show: () => box.show(settings.values.tool) };
}

/**
 * @param {Settings} settings
 * @param {() => void} swap
 */
export function optionsRow(settings, swap) {
    const set = (name) => (value) => settings.set({ [name]: value });
    const parts = Object.fromEntries(
        Object.entries(SLIDERS).map(([name, [label, unit, title]]) => {
            const { least, most } = FIELDS[name];
            const scale = name === "size" ? sizeScale : undefined;
            return [name, slider({ label, unit, title, least, most, act: set(name), scale })];
        }),
    );
    for (const [name, [title, label, list]] of Object.entries(CHOICES)) {
        parts[name] = labelled(title, choices({ label, act: set(name), choices: list }));
    }
    parts.clickEdges = ticked(
        "To the edges",
        "The area follows the edges of the picture; off: it is as coarse as the model sees",
        set("clickEdges"),
    );
    parts.edges = ticked(
        "Keep to color",
        "The brush paints only colors like the one it begins on",
        set("edges"),
    );
    parts.contiguous = ticked("Connected", "Off: fill such colors anywhere", set("contiguous"));
    const quick = h("div", {
        class: "diffdiff-quick", role: "group", "aria-label": "Quick strengths",
    }); // prettier-ignore
    const quickButtons = QUICK.map((percent) =>
        button({
            label: `Strength ${percent} %`,
            text: String(percent),
            act: () => settings.set({ strength: percent }),
        }),
    );
    quick.append(...quickButtons);
    const recent = recentStrengths(settings);
    const swapLabel = "Swap the two strengths";
    const swapper = button({ label: swapLabel, keys: "X", symbol: "swap", act: swap });
    const title = h("strong", { class: "diffdiff-tool-name" });
    const more = button({
        label: "More options",
        symbol: "more",
        kind: "diffdiff-more",
        act: () => {
            const open = element.classList.toggle("diffdiff-open");
            more.setAttribute("aria-expanded", String(open));
        },
    });
    more.setAttribute("aria-expanded", "false");
    for (const name of EXTRA) parts[name].element.classList.add("diffdiff-extra");
    const element = h(
        "div",
        { class: "diffdiff-options", role: "group", "aria-label": "Options of the tool" },
        title, parts.take.element, parts.clicks.element, parts.clickEdges.element,
        parts.strength.element, quick, recent.element, parts.second.element, swapper, parts.blur.element,
        parts.size.element, parts.hardness.element, parts.tolerance.element, more,
        parts.flow.element, parts.expand.element, parts.contiguous.element, parts.mode.element,
        parts.pen.element, parts.curve.element, parts.least.element, parts.edges.element,
        parts.steady.element, parts.symmetry.element,
    ); // prettier-ignore
    const show = () => {
        const { values } = settings;
        const [label, , options] = TOOLS[values.tool];
        const pressed = options.includes("pen") && values.pen !== "none";
        const has = options.split(" ").concat(pressed ? ["curve", "least"] : []);
        title.textContent = label.split(":")[0];
        for (const [name, part] of Object.entries(parts)) {
            part.element.hidden = !has.includes(name);
            part.show(values[name]);
        }
        element.classList.toggle("diffdiff-few", !has.includes("size")); // room for all of them
        recent.show();
        quick.hidden = !has.includes("strength");
        recent.element.hidden ||= quick.hidden;
        swapper.hidden = !has.includes("second");
        more.hidden = !has.some((name) => EXTRA.includes(name));
        QUICK.forEach((percent, i) => {
            quickButtons[i].setAttribute("aria-pressed", String(values.strength === percent));
        });
    };
    return { element, show };
}

const sizeScale = {
    to: (size) => sizeToSlider(size, FIELDS.size.most),
    from: (position) => sliderToSize(position, FIELDS.size.most),
    most: 1000,
};

function ticked(text, title, act) {
    const box = h("input", { type: "checkbox", class: "diffdiff-tick" });
    box.addEventListener("change", () => act(box.checked));
    const element = h("label", { class: "diffdiff-ticked", title }, box, text);
    return { element, show: (value) => (box.checked = value) };
}

function labelled(text, group) {
    const element = h("div", { class: "diffdiff-field diffdiff-group" },
        h("span", { class: "diffdiff-field-head", "aria-hidden": "true" }, text), group.element,
    ); // prettier-ignore
    return { element, show: group.show };
}
