/** Every `.diffdiff-painter` of the page becomes a painter. */
import { connect, holdBack } from "./bridge.mjs";
import { connectFan } from "./fan.mjs";
import { standalone } from "./standalone.mjs";
import { webui } from "./webui.mjs";

const SEARCH = 500; // milliseconds: a page is built after its scripts, and anew on a reload

export function start() {
    /** @type {Map<HTMLElement, ReturnType<typeof connect>>} */
    const bridges = new Map();
    const held = new Set();

    function search() {
        for (const root of bridges.keys()) if (!root.isConnected) bridges.delete(root);
        for (const root of document.querySelectorAll(".diffdiff-painter")) {
            if (bridges.has(root)) continue;
            const { store, panel } = root.dataset;
            const host = panel === undefined ? standalone() : webui(panel);
            const bridge = connect(root, store, host);
            bridges.set(root, bridge);
            if (panel !== undefined) connectFan(root, bridge.painter);
            if (!held.has(host.runs)) {
                held.add(host.runs);
                holdBack(host.runs, () => [...bridges.values()]);
            }
        }
    }

    setInterval(search, SEARCH);
    search();
}
