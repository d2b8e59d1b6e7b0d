/** Every `.diffdiff-painter` of the page becomes a painter, every `.diffdiff-layers` an editor. */
import { connect, holdBack } from "./bridge.mjs";
import { connectFan, webuiPlaces } from "./fan.mjs";
import { connectLayers } from "./layers.mjs";
import { lendPicture } from "./lend.mjs";
import { aboutOf, helpWith, openWithTick } from "./panel.mjs";
import { standalone } from "./standalone.mjs";
import { text } from "./text.mjs";
import { webui } from "./webui.mjs";

const TEXT = /(^|_)txt2img_/; // in the ids of a panel
const SEARCH = 500; // milliseconds: a page is built after its scripts, and anew on a reload

/**
 * @param {string | undefined} panel what the ids of a WebUI's panel begin with
 * @param {import("./panel.mjs").About} about
 */
function hostOf(panel, about) {
    if (panel === undefined) return standalone();
    return TEXT.test(panel) ? text(panel, about) : webui(panel, about);
}

export function start() {
    /** @type {Map<HTMLElement, ReturnType<typeof connect>>} */
    const bridges = new Map();
    const held = new Set();
    /** @type {Record<string, string>[]} of the panels */
    const helps = [];

    function search() {
        for (const root of bridges.keys()) if (!root.isConnected) bridges.delete(root);
        /** @type {NodeListOf<HTMLElement>} */
        const roots = document.querySelectorAll(".diffdiff-painter[data-store]");
        for (const root of roots) {
            if (bridges.has(root)) continue;
            const { store, panel } = root.dataset;
            const about = aboutOf(root);
            const host = hostOf(panel, about);
            helps.push(about.helps);
            const bridge = connect(root, store, host);
            bridges.set(root, bridge);
            const places = host.fan === undefined ? webuiPlaces(panel) : host.fan;
            if (places) connectFan(root, bridge.painter, places);
            if (!held.has(host.runs)) {
                held.add(host.runs);
                const all = () => [...bridges.values()];
                holdBack(host.runs, all);
                if (panel !== undefined) {
                    openWithTick(`${panel}enabled`);
                    const looks = `#${panel}look, #${panel}send`;
                    holdBack(looks, all);
                    const boxes = { picture: `${panel}picture`, mask: `${panel}mask` };
                    lendPicture(looks, host, boxes, (problem) => bridge.painter.report(problem));
                }
            }
        }
        /** @type {NodeListOf<HTMLElement>} */
        const editors = document.querySelectorAll(".diffdiff-layers");
        editors.forEach(connectLayers);
        helps.forEach(helpWith);
        // Gradio 6 gives buttons and boxes inside of HTML its own look, unless it is told not to
        const places = ".gradio-style:has(.diffdiff-painter, .diffdiff-layers)";
        for (const place of document.querySelectorAll(places)) {
            place.classList.remove("gradio-style");
        }
    }

    setInterval(search, SEARCH);
    search();
}
