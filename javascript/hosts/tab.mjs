/**
 * What img2img and txt2img of a WebUI have in common: their buttons, progress and prompts.
 */
import { box, number, one, setNumber, shown, words, write } from "./fields.mjs";
import { drafting } from "./drafting.mjs";
import { hostPreview } from "./live.mjs";

/**
 * @param {"img2img" | "txt2img"} name of the tab, as the ids of its parts begin
 * @param {string} panel what the ids of the panel's components begin with
 */
export function tabOf(name, panel) {
    const tab = partsOf(name, panel);
    return { ...tab, ...drafting(name, panel, () => tab.work().busy) };
}

const partsOf = (name, panel) => ({
    runs: `#${name}_generate`,
    results: `#${name}_results`,

    generates: {
        start: () => one(`#${name}_generate`)?.click(),
        stop: () => one(`#${name}_interrupt`)?.click(),
    },

    work() {
        const busy = ["interrupt", "interrupting"].some((button) =>
            shown(document.getElementById(`${name}_${button}`)),
        );
        const bar = one(`#${name}_results .progressDiv .progress`);
        return { busy, progress: bar?.textContent.match(/\d+%/)?.[0] };
    },

    live: hostPreview(name),

    /** A picture of ours: its settings and its map go to the panel, by the host. */
    carried(texts) {
        if (!texts.diffdiff_map) return false;
        const { parameters = "", diffdiff_map: map, diffdiff_regions: regions } = texts;
        write(box(`${panel}dropped`), JSON.stringify({ parameters, map, regions }));
        return true;
    },

    state: () => ({
        prompt: words(`${name}_prompt`),
        negative: words(`${name}_neg_prompt`),
        seed: number(`#${name}_seed`),
        denoising: number(`#${name}_denoising_strength`),
    }),
    setState({ prompt, negative, seed, denoising }) {
        const put = (id, text) => typeof text === "string" && box(id) && write(box(id), text);
        put(`${name}_prompt`, prompt);
        put(`${name}_neg_prompt`, negative);
        if (Number.isFinite(seed)) setNumber(`#${name}_seed`, seed);
        if (Number.isFinite(denoising)) setNumber(`#${name}_denoising_strength`, denoising);
    },
});
