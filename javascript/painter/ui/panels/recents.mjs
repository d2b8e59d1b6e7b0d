import { FULL } from "../../map/map.mjs";
import { stopsOf } from "../../display/heat.mjs";
import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/**
 * The strengths painted last, as small swatches beside the strength.
 *
 * @param {import("../tools/settings.mjs").Settings} settings
 */
export function recentStrengths(settings) {
    const element = h("div", {
        class: "diffdiff-quick diffdiff-recent", role: "group", "aria-label": "Recent strengths",
    }); // prettier-ignore
    let shown = "";
    const swatch = (percent, color) => {
        const text = String(Math.round(10 * percent) / 10);
        const one = button({
            label: `Strength ${text} %, used recently`,
            text,
            act: () => settings.set({ strength: percent }),
        });
        one.style.setProperty("--diffdiff-swatch", color);
        return one;
    };
    const show = () => {
        const { recent, strength, view } = settings.values;
        const colors = stopsOf(256, view === "grey" ? "grey" : "heat");
        const now = `${view} ${recent.join()}`;
        if (now !== shown) {
            shown = now;
            const at = (percent) => colors[Math.round((percent / 100) * (FULL / 257))];
            element.replaceChildren(...recent.map((percent) => swatch(percent, at(percent))));
        }
        recent.forEach((percent, i) => {
            element.children[i].setAttribute("aria-pressed", String(percent === strength));
        });
        element.hidden = !recent.length;
    };
    return { element, show };
}
