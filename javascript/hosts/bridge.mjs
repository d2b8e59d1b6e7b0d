/**
 * A painter and the page around it: the picture and the run's numbers come in, the map goes out.
 *
 * A page tells nobody when its script changes a picture or a slider, and each version of Gradio
 * does it another way; a glance a few times a second is the one rule that holds in all of them.
 *
 * @typedef {object} Host
 * @property {string} runs selector of the button that starts a run
 * @property {string} waits what to say while there is no picture
 * @property {() => { key: string, image: () => HTMLImageElement | HTMLCanvasElement } | null} picture
 *     its key changes when it does
 * @property {() => any} run its numbers, for the legend: `Run` of painter/strength/ladder.mjs
 * @property {(() => Promise<any>) | null} mask of the tab, white on black
 * @property {import("../painter/ui/painter.mjs").PainterOptions["sendTo"]} [sendTo]
 * @property {import("../painter/ui/painter.mjs").PainterOptions["carried"]} [carried]
 * @property {{ start: () => void, stop: () => void }} [generates] the page's own button
 * @property {() => void} [draft] begins a draft run
 * @property {() => import("./drafting.mjs").Made | import("./drafting.mjs").Failed | null} [drafted]
 *     what the last one made, or why it made nothing
 * @property {() => import("../painter/ui/panels/runbar.mjs").Work} [work] what the page is doing
 * @property {() => { key: string, image: () => HTMLImageElement } | null} [result] of the last run
 * @property {() => { key: string, image: () => HTMLImageElement } | null} [live] of a run that works
 * @property {() => { unused: boolean, notes: import("../painter/ui/panels/notes.mjs").Note[],
 *     mask?: boolean }} [use] of the painting by the next run, and of the tab's mask
 * @property {string} [keeps] name under which the browser keeps results and maps; without it none
 * @property {(file: File) => unknown} [usePicture] puts a picture into the page
 * @property {(file: File) => unknown} [onPictureFile] the same for one that was dropped
 * @property {() => object} [state] prompt, seed and the like, to be kept with a result
 * @property {(state: any) => void} [setState] brings them back
 * @property {import("./clicks.mjs").Asker | null} [clicks] finds what somebody clicked on
 * @property {string} [regions] id of the box that carries the regions
 * @property {string} [outpaint] id of the box of what is added at the sides
 * @property {string} [moves] id of the box that carries what is moved
 * @property {string} [results] selector of what shows them, and takes the focus by itself
 * @property {() => void} [tend] what is to be done several times a second
 * @property {import("./fan.mjs").Places | null} [fan] left out: a WebUI's; null: none
 * @property {() => { historyBytes?: number, scale?: string }} [options] the user's, of the page
 */
import { useScale } from "../painter/display/heat.mjs";
import { Painter } from "../painter/ui/painter.mjs";
import { sizeOf } from "../painter/ui/view/pictures.mjs";
import { mapToSend } from "../painter/ui/files/transfer.mjs";
import { textOfMoves } from "../painter/move/movefile.mjs";
import { textOfRegions } from "../painter/file/regionfile.mjs";
import { box, dataUrl, decoded, shown, words, write } from "./fields.mjs";
import { livePreview } from "./live.mjs";
import { Shelf } from "./shelf.mjs";
import { stayAt } from "./stay.mjs";
import { underlay } from "./under.mjs";

const GLANCE = 300; // milliseconds
const REST = 250; // milliseconds without a change, after which the map is sent to the page

/**
 * @param {HTMLElement} root where the painter goes
 * @param {string} store id of the text box that carries the map
 * @param {Host} host
 */
export function connect(root, store, host) {
    let picture = null; // key of the painter's picture
    let result; // key of the last run's
    let drafted = ""; // key of the last draft
    let told = ""; // the run's numbers
    let sent = ""; // what the box and the painter agree on
    let saved = -1; // the painter's revision then
    let rest = 0;
    let turn = Promise.resolve(); // the last exchange

    const { historyBytes, scale } = host.options?.() ?? {};
    useScale(scale);
    const painter = new Painter(root, {
        historyBytes,
        carried: async (texts) => {
            const taken = Boolean(await host.carried?.(texts));
            const regions = (host.regions || !taken) && texts.diffdiff_regions; // else in the map
            return (regions && (await painter.loadRegions(regions))) || taken;
        },
        onPictureFile: host.onPictureFile,
        usePicture: host.usePicture,
        clicks: host.clicks,
        extend: host.outpaint && {
            get: () => words(host.outpaint),
            set: (text) => box(host.outpaint) && write(box(host.outpaint), text),
        },
        onChange: () => {
            shelf?.changed();
            clearTimeout(rest);
            rest = setTimeout(exchange, REST);
        },
        takeMask: host.mask,
        sendTo: host.sendTo,
        run: host.generates,
        draft: host.draft,
        emptyText: host.waits,
    });
    const mask = host.mask ? underlay(painter, () => host.mask()) : null;
    const live = host.live ? livePreview(painter) : null;
    const shelf = host.keeps ? new Shelf(painter, host) : null;
    if (host.results) stayAt(root, host.results, painter.cleanup);

    /**
     * Whoever wrote last is right: the page put another map into the box, or somebody painted. One
     * exchange at a time: a second would take a map that is being read for one wiped out.
     */
    function exchange() {
        turn = turn.catch(() => {}).then(agree);
        return turn;
    }

    async function agree() {
        const area = box(store);
        if (!area) return;
        if (area.value !== sent) {
            sent = area.value;
            await shelf?.keepMap();
            if (sent) await painter.load(await (await fetch(sent)).blob());
            else painter.document.fill(0);
            saved = painter.revision;
        }
        while (saved !== painter.revision) {
            const { revision } = painter;
            const file = painter.isEmpty ? "" : await mapToSend(painter, !host.regions);
            const url = file && (await dataUrl(file));
            if (painter.revision !== revision) continue; // painted on meanwhile
            const moves = host.moves && box(host.moves);
            if (moves) {
                const text = await textOfMoves(painter.document);
                if (painter.revision !== revision) continue;
                if (moves.value !== text) write(moves, text);
            }
            saved = revision;
            if (url === sent) continue;
            const regions = host.regions && box(host.regions);
            if (regions) write(regions, await textOfRegions(painter.document));
            sent = url;
            write(area, url);
        }
    }

    /** Another size takes the map along: the one before stays on the shelf. */
    async function taken(image) {
        const { width, height } = sizeOf(image);
        const other = width !== painter.document.width || height !== painter.document.height;
        if (other && painter.hasPicture) await shelf?.keepMap();
        painter.setPicture(image);
        painter.pictureKey = picture;
    }

    async function glance() {
        if (!document.hidden && shown(root)) {
            const now = host.picture();
            const key = now && now.key;
            if (key !== picture) {
                const image = now && (await decoded(now.image()));
                if ((host.picture()?.key ?? null) === key) {
                    // else it changed meanwhile: next glance
                    picture = key;
                    if (image) await taken(image);
                    else painter.setPicture(null);
                }
            }
            const run = host.run();
            const numbers = JSON.stringify(run);
            if (numbers !== told) {
                told = numbers;
                painter.setRun(run);
            }
            host.tend?.();
            painter.layout.followExtents();
            if (host.work) painter.setWork(host.work());
            await live?.(host.live());
            const tried = host.drafted?.() ?? null;
            if (tried && tried.key !== drafted) {
                drafted = tried.key;
                if ("problem" in tried) painter.say(`${tried.problem}.`.replace(/\.+$/, "."), true);
                else painter.setDraft(await decoded(tried.image()), tried.words);
            }
            const made = host.result?.() ?? null;
            if ((made?.key ?? null) !== result) {
                const first = result === undefined;
                result = made?.key ?? null;
                const image = made && (await decoded(made.image()));
                painter.setResult(image);
                if (image && !first) await shelf?.keepResult(image);
            }
            const use = host.use?.();
            if (use) {
                painter.setNotes(use.notes, use.unused);
                await mask?.(use.mask, picture);
            }
        }
        await exchange();
    }

    let busy = false;
    let failure = "";
    const timer = setInterval(async () => {
        if (!root.isConnected) {
            clearInterval(timer);
            painter.destroy();
        } else if (!busy) {
            busy = true;
            await glance()
                .catch((problem) => {
                    const message = problem?.message || String(problem);
                    if (message !== failure) painter.report(problem);
                    failure = message; // once, and not with every glance
                })
                .finally(() => {
                    busy = false;
                });
        }
    }, GLANCE);

    return {
        painter,
        /** Whether the page has the map as it is painted now. */
        get fresh() {
            const { document, moving, clicking, holds } = painter;
            const open = document.stroke || moving.floating || clicking.open || holds.waits;
            return saved === painter.revision && !open;
        },
        async flush() {
            await painter.finish();
            await exchange();
        },
        /** Says that a run did not start, and why. */
        failed(problem) {
            console.error(problem);
            const why = problem?.message || String(problem);
            const text = `The run did not start: the page could not get the map (${why}).`;
            painter.say(`${text} Save the map, reload the page and open it again.`, true);
        },
    };
}

/**
 * A run waits until the page has the maps as they are painted: the click is held back, and given
 * again.
 *
 * @param {string} button selector
 * @typedef {{ fresh: boolean, flush: () => Promise<void>, failed: (problem: any) => void }} Late
 * @param {() => Late[]} bridges
 */
export function holdBack(button, bridges) {
    document.addEventListener(
        "click",
        (event) => {
            const target =
                event.target instanceof Element &&
                /** @type {HTMLElement} */ (event.target.closest(button));
            const late = target ? bridges().filter((bridge) => !bridge.fresh) : [];
            if (!late.length) return;
            event.stopImmediatePropagation();
            event.preventDefault();
            const handed = late.map((bridge) =>
                bridge.flush().catch((problem) => {
                    bridge.failed(problem);
                    throw problem;
                }),
            );
            // without its map the run would be another one: it does not start, and that is said
            Promise.all(handed).then(
                () => target.click(),
                () => {},
            );
        },
        true,
    );
}
