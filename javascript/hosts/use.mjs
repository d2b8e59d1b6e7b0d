/**
 * What a WebUI's next run will do with the painting, in words, where it is not what one sees.
 *
 * @typedef {import("../painter/ui/panels/notes.mjs").Note} Note
 * @typedef {"enable" | "paint" | "alone" | "hires"} Cure
 *
 * @typedef {object} Settings of the panel and its tab
 * @property {boolean} enabled
 * @property {string} mode
 * @property {string} layout of a fan
 * @property {string} source its value
 * @property {string} phrase what a sentence calls the source
 * @property {string} layers as JSON
 * @property {boolean} masked the tab in sight has a mask of its own
 * @property {boolean} builtin the host's own soft inpainting is on
 * @property {boolean} [hires] in txt2img: hires fix is on
 */

/**
 * @param {Settings} settings
 * @returns {{ unused: boolean, says: { text: string, cure?: Cure }[] }}
 *     unused: the painting takes no part in the run
 */
export function useOf(settings) {
    const { enabled, mode, layout, source, phrase, layers, masked, builtin, hires } = settings;
    const says = [];
    let unused = false;
    if (!enabled) {
        return {
            unused: true,
            says: [
                { text: "Differential Diffusion is off; this map is not used.", cure: "enable" },
            ],
        };
    }
    if (hires === false) {
        says.push({
            text: "Hires. fix is off; the map is for its second pass, and the run would be refused.",
            cure: "hires",
        });
    }
    if (mode === "fan" && layout !== "map") {
        unused = true;
        says.push({ text: "A fan's stripes have strengths of their own; this map is not used." });
    } else if (source === "foreground") {
        says.push({
            text: "The map comes from the foreground. Strokes mark it: bright on it, dark beside it.",
        });
    } else if (source === "layers" && paintedIn(layers)) {
        says.push({ text: "The map comes from layers; the painting is one of them." });
    } else if (source !== "upload") {
        unused = true;
        const text = `The map comes from ${phrase}; the painting is not used.`;
        says.push({ text, cure: "paint" });
    }
    if (mode === "soft inpaint" && !unused && source === "upload") {
        says.push({
            text: masked
                ? "The tab's inpaint mask is used, softened. What is painted here is used too " +
                  "(Combine says how); clear it to use the mask alone."
                : "This tab has no inpaint mask; what is painted here is used, softened.",
        });
    }
    if (builtin && (masked || mode === "soft inpaint")) {
        says.push({
            text:
                "The WebUI's own Soft inpainting is on, too. Only one of the two should be: runs " +
                "with Differential Diffusion leave the WebUI's out.",
            cure: "alone",
        });
    }
    return { unused, says };
}

/** Whether the tab's own mask is what a run softens. @param {Settings} settings */
export const usesMask = ({ enabled, mode, masked }) => enabled && masked && mode === "soft inpaint";

/** Whether one of the layers is the painting. */
function paintedIn(text) {
    try {
        const told = JSON.parse(text);
        return (told.layers ?? []).some(({ source }) => source === "painted");
    } catch {
        return false; // empty, or about to be refused
    }
}
