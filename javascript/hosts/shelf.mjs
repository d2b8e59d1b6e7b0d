/**
 * The strip of last results and maps under a painter, and what was under way before a reload.
 *
 * @typedef {import("./bridge.mjs").Host} Host
 * @typedef {import("./works.mjs").Work} Work
 */
import { Works } from "./works.mjs";
import { h } from "../painter/ui/controls/dom.mjs";
import { button } from "../painter/ui/controls/fields.mjs";
import { textOfRegions } from "../painter/file/regionfile.mjs";

const SIDE = 88; // pixels of a thumbnail
const SAVE_MS = 2000; // after the last change
const TAKEN = "The result is the picture now; the map is as it was.";
const SAME = "The page shows the same picture as before.";

/** @param {HTMLImageElement | HTMLCanvasElement} source @returns {Promise<Blob | null>} */
async function blobOf(source) {
    try {
        if (source instanceof HTMLCanvasElement) {
            return await new Promise((resolve) => source.toBlob(resolve));
        }
        return await (await fetch(source.src)).blob();
    } catch {
        return null; // the page has dropped it
    }
}

function thumbOf(source, type = "image/jpeg") {
    const width = source.naturalWidth ?? source.width;
    const height = source.naturalHeight ?? source.height;
    const scale = SIDE / Math.max(width, height, 1);
    const canvas = h("canvas", {
        width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)),
    }); // prettier-ignore
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL(type, 0.8);
}

const clock = (time) =>
    new Date(time).toLocaleString([], { dateStyle: "short", timeStyle: "short" });

export class Shelf {
    /**
     * @param {import("../painter/ui/painter.mjs").Painter} painter
     * @param {Host} host
     */
    constructor(painter, host) {
        this.painter = painter;
        this.host = host;
        this.works = new Works(host.keeps);
        this.timer = 0;
        this.saved = -1; // revision of the map that is kept
        this.results = h("div", {
            class: "diffdiff-strip",
            role: "group",
            "aria-label": "Last results",
        });
        this.maps = h("div", { class: "diffdiff-strip", role: "group", "aria-label": "Last maps" });
        this.element = h("div", { class: "diffdiff-shelf", hidden: true }, this.results, this.maps);
        painter.layout.shelf.append(this.element);
        const use = button({
            label: "Use as picture: paint on the last result", text: "Use as picture", symbol: "picture",
            kind: "diffdiff-apply", act: () => this.#useResult(),
        }); // prettier-ignore
        if (host.usePicture) painter.layout.addToResult(use);
        this.begun = this.#begin().catch(() => {});
    }

    async #begin() {
        const [open] = (await this.works.list()).filter(({ kind }) => kind === "open");
        if (open) {
            await this.works.remove(open.id);
            if (open.map || open.regions) {
                await this.works.put({ ...open, kind: "map" });
                this.painter.layout.asks.ask(`Go on with what was painted ${clock(open.time)}?`, [
                    { label: "Restore", act: () => this.bringBack(open) },
                    { label: "No", act: () => {} },
                ]);
            }
        }
        await this.show();
    }

    /** The map, the regions and the picture as they are now. */
    async #now() {
        const { painter, host } = this;
        const picture = host.picture();
        return {
            picture: picture && (await blobOf(picture.image())),
            map: painter.isEmpty
                ? null
                : new Blob([/** @type {BlobPart} */ (await painter.toPng(16))], {
                      type: "image/png",
                  }),
            regions: await textOfRegions(painter.document),
            state: host.state?.() ?? {},
        };
    }

    /** A map is about to go. */
    async keepMap() {
        const { painter } = this;
        if (painter.isEmpty) return;
        const thumb = thumbOf(painter.stage.map.canvas, "image/png");
        await this.works.put({ ...(await this.#now()), kind: "map", thumb, result: null });
        await this.show();
    }

    /** A run is done. @param {HTMLImageElement} image */
    async keepResult(image) {
        const result = await blobOf(image);
        if (!result) return;
        await this.works.put({
            ...(await this.#now()),
            kind: "result",
            thumb: thumbOf(image),
            result,
        });
        await this.show();
    }

    /** Something was painted: kept soon, for a page that goes. */
    changed() {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.#save().catch(() => {}), SAVE_MS);
    }

    async #save() {
        await this.begun;
        const { painter } = this;
        const { revision } = painter;
        if (revision === this.saved || !painter.document.history.undoLabel) return;
        const thumb = thumbOf(painter.stage.map.canvas, "image/png");
        await this.works.put({ ...(await this.#now()), kind: "open", thumb, result: null });
        this.saved = revision;
    }

    /** @param {Work} work */
    async bringBack(work) {
        const { painter, host } = this;
        const now = host.picture()?.key;
        if (work.picture && host.usePicture && work.kind !== "map") {
            await host.usePicture(
                new File([work.picture], "picture.png", { type: work.picture.type }),
            );
            await this.#arrived(now);
        }
        host.setState?.(work.state ?? {});
        if (!work.regions || !(await painter.loadRegions(work.regions))) {
            if (work.map) await painter.load(work.map);
        }
        if (work.result) {
            const url = URL.createObjectURL(work.result);
            const image = new Image();
            image.src = url;
            await image.decode().catch(() => {});
            painter.setResult(image);
            URL.revokeObjectURL(url);
        }
    }

    /**
     * Waits until the painter has the picture that the page was given.
     *
     * @param {string | undefined} before key of the page's picture until then
     * @returns {Promise<boolean>}
     */
    async #arrived(before) {
        for (let tries = 0; tries < 40; tries++) {
            await new Promise((on) => setTimeout(on, 150));
            const key = this.host.picture()?.key;
            if (key && key !== before && this.painter.pictureKey === key) return true;
        }
        return false;
    }

    async #useResult() {
        const { sources } = this.painter.stage;
        const blob = sources.result && (await blobOf(sources.result));
        if (!blob) return;
        const { painter, host } = this;
        const before = host.picture()?.key;
        await host.usePicture(new File([blob], "result.png", { type: blob.type }));
        painter.say((await this.#arrived(before)) ? TAKEN : SAME, false, true);
    }

    async show() {
        const works = await this.works.list();
        const item = (work, says) => {
            const one = button({
                label: `${clock(work.time)}: ${says}`,
                act: () => this.bringBack(work),
            });
            one.classList.add("diffdiff-work");
            one.append(h("img", { src: work.thumb, alt: "" }));
            return one;
        };
        const of = (kind) => works.filter((work) => work.kind === kind);
        const fill = (element, name, kind, says) => {
            const found = of(kind);
            element.hidden = !found.length;
            element.replaceChildren(h("span", {}, name), ...found.map((work) => item(work, says)));
        };
        const all = "bring back its picture, map, prompt and seed";
        fill(this.results, "Results", "result", all);
        fill(this.maps, "Maps", "map", "bring this map back");
        this.element.hidden = !works.length;
    }
}
