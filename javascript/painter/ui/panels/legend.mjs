import { h } from "../controls/dom.mjs";
import { isFine, legend, rungOf, rungs } from "../../strength/ladder.mjs";
import { stopsOf } from "../../display/heat.mjs";
import { FULL } from "../../map/map.mjs";
import { percentOf } from "../tools/modes.mjs";

/**
 * The legend: what a grey of the map means for the next run.
 *
 * @typedef {import("../../strength/ladder.mjs").Run & { sampler?: string }} Run
 */

const MOST_TICKS = 64; // more could not be told apart on the screen

/**
 * What one grey means, in words.
 *
 * @param {number} grey
 * @param {Run | null} run
 */
export function meaning(grey, run) {
    if (!run) return grey ? "" : "kept";
    const rung = rungOf(grey, run);
    if (keeps(rung, run)) return "kept";
    const noise = rung.noise === null ? "" : ` (${percent(rung.noise)} noise)`;
    const begins = isFine(run)
        ? `begins at ${rung.noise === null ? "its own noise" : `${percent(rung.noise)} noise`}`
        : `from step ${rung.step + 1} of ${run.steps}${noise}`;
    return `strength ${rung.strength.toFixed(2)}, ${begins}`;
}

const percent = (part) => `${Math.round(100 * part)} %`;

/** Whether a grey is kept: in a fine run, only black is. */
const keeps = ({ strength, step }, run) => (isFine(run) ? strength <= 0 : step === null);

/**
 * How many levels a run can tell apart, in words.
 *
 * @param {Run | null} run
 */
export function summary(run) {
    if (!run) return "Black keeps the picture, white changes it fully";
    const scale = run.scale === "absolute" ? "absolute strengths" : `denoising ${run.denoising}`;
    const sampler = run.sampler ? `${run.sampler}, ` : "";
    if (isFine(run)) {
        const extra = run.extra === 1 ? "1 extra level" : `${run.extra ?? 2} extra levels`;
        return `${sampler}${run.steps} steps, ${scale}: grays begin at their own noise, ${extra} at most`;
    }
    return `${sampler}${run.steps} steps, ${scale}: ${rungs(run).length} levels can be told apart`;
}

export class Legend {
    /**
     * @param {import("../tools/settings.mjs").Settings} settings
     */
    constructor(settings) {
        this.settings = settings;
        /** @type {Run | null} */
        this.run = null;
        this.bar = h("div", { class: "diffdiff-legend-bar", title: "Click to take this strength" });
        this.scale = h("div", { class: "diffdiff-legend-scale" });
        this.ticks = h("div", { class: "diffdiff-ticks" });
        this.pin = h("div", { class: "diffdiff-pin" });
        this.bar.append(this.scale, this.ticks, this.pin);
        this.labels = h("ol", { class: "diffdiff-legend-labels" });
        this.words = h("p", { class: "diffdiff-legend-words" });
        this.element = h(
            "section",
            { class: "diffdiff-legend", "aria-label": "Legend" },
            this.bar,
            this.labels,
            this.words,
        );
        this.bar.addEventListener("pointerdown", (event) => this.#take(event));
        this.bar.addEventListener("pointermove", (event) => event.buttons & 1 && this.#take(event));
        this.setRun(null);
    }

    /** @param {Run | null} run unusable numbers count as unknown */
    setRun(run) {
        const usable =
            run &&
            Number.isInteger(run.steps) &&
            run.steps > 0 &&
            run.steps <= 1000 &&
            run.denoising >= 0 &&
            run.denoising <= 1;
        this.run = usable ? { ...run } : null;
        this.show();
    }

    show() {
        const { run } = this;
        const { view, strength } = this.settings.values;
        const colours = stopsOf(24, view === "grey" ? "grey" : "heat").join(", ");
        this.scale.style.backgroundImage = `linear-gradient(to right, ${colours})`;
        this.pin.style.left = `${strength}%`;
        const greys = [0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * FULL));
        const unknown = { strength: null, step: null, noise: null };
        const rows = run ? legend(run, greys) : greys.map((grey) => ({ grey, ...unknown }));
        this.labels.replaceChildren(
            ...rows.map((rung) => {
                const { grey, strength, step, noise } = rung;
                const kept = run ? keeps(rung, run) : grey === 0;
                const begins = noise === null ? `step ${step + 1}` : `${percent(noise)} noise`;
                const details = [];
                if (kept) details.push("kept");
                else if (run) details.push(strength.toFixed(2));
                if (!kept && run && (noise !== null || step !== null)) details.push(begins);
                return h(
                    "li",
                    { title: meaning(grey, run) },
                    h("b", {}, `${percentOf(grey)} %`),
                    h("div", {}, ...details.map((text) => h("span", {}, text))),
                );
            }),
        );
        this.words.textContent = summary(run);
        const found = run && !isFine(run) ? rungs(run).slice(1) : [];
        this.ticks.replaceChildren(
            ...(found.length > MOST_TICKS ? [] : found).map(({ grey }) =>
                h("i", { style: `left: ${((100 * grey) / FULL).toFixed(2)}%` }),
            ),
        );
    }

    #take(event) {
        const { left, width } = this.bar.getBoundingClientRect();
        if (!width) return;
        const percent = Math.round((100 * (event.clientX - left)) / width);
        this.settings.set({ strength: Math.min(100, Math.max(0, percent)) });
        event.preventDefault();
    }
}
