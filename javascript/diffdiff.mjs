/**
 * Entry of the page. A host loads this very file anew after an update, but the modules that it
 * imports keep their addresses: the browser is made to ask for each whether it changed, or old
 * and new ones would meet.
 */
const IMPORTED = /(?:from|import|URL)\s*\(?\s*"(\.[^"]+\.mjs)"/g;

/**
 * @param {string} address of a module
 * @param {Set<string>} [asked]
 */
async function refresh(address, asked = new Set()) {
    if (asked.has(address)) return;
    asked.add(address);
    const text = await (await fetch(address, { cache: "no-cache" })).text();
    const found = [...text.matchAll(IMPORTED)].map(([, path]) => new URL(path, address).href);
    await Promise.all(found.map((path) => refresh(path, asked)));
}

const PLACES = ".diffdiff-painter, .diffdiff-layers";
const LOOK = 100; // milliseconds

/**
 * Waits until the page has a place for the modules. They are many: asked for at once, they would
 * keep a host's own late scripts waiting, such as the one of Forge's canvases, which are then dead.
 */
function placed() {
    return new Promise((resolve) => {
        const look = () => {
            if (document.querySelector(PLACES)) resolve(null);
            else setTimeout(look, LOOK);
        };
        look();
    });
}

const first = new URL("./hosts/start.mjs", import.meta.url).href;
await placed();
await refresh(first).catch(() => {}); // no network: what the browser has must do
(await import("./hosts/start.mjs")).start();
