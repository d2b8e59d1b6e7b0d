import { GreyMap } from "../../map/map.mjs";
import { textsOf } from "../../file/text.mjs";
import { withText } from "../../file/png.mjs";
import { regionsOf, takeRegions, textOfRegions } from "../../file/regionfile.mjs";
import { download, fileOf, isGreyPng, mapFrom, readMap } from "./files.mjs";

const REGIONS = "diffdiff_regions"; // chunk of a PNG
const MOST_SENT = 2 ** 20; // characters of regions

/** Regions as `loadRegions` takes them. @param {import("../painter.mjs").Painter} painter @param {string} text */
export async function regionsInto(painter, text) {
    const found = await regionsOf(text);
    if (!found) return false;
    painter.gesture.end();
    takeRegions(painter.document, found);
    painter.show();
    return true;
}

/**
 * What `Painter.load` does.
 *
 * @param {import("../painter.mjs").Painter} painter
 * @param {Blob | GreyMap | ImageData | import("../painter.mjs").Source} source
 * @returns {Promise<boolean>}
 */
export async function loadInto(painter, source) {
    try {
        if (source instanceof Blob && (await isCarried(painter, source))) return true;
        if (source instanceof Blob && (await hasRegions(painter, source))) return true;
        const map =
            source instanceof GreyMap
                ? source
                : source instanceof Blob
                  ? await readMap(source)
                  : mapFrom(source);
        painter.gesture.end();
        const { document } = painter;
        const { width, height } = map;
        if (!painter.hasPicture && painter.isEmpty) document.setImage({ width, height });
        const fitted = width !== document.width || height !== document.height;
        document.load(map);
        const sizes = `${width} × ${height} to ${document.width} × ${document.height}`;
        painter.say(fitted ? `The map was fitted from ${sizes} pixels.` : "", false, true);
        return true;
    } catch (problem) {
        painter.report(problem);
        return false;
    }
}

/** Whether the page takes the file for one that carries its map. */
async function isCarried({ options }, file) {
    return Boolean(await options.carried?.(textsOf(new Uint8Array(await file.arrayBuffer()))));
}

/** Whether a map was saved with its regions, which are taken then. */
async function hasRegions(painter, file) {
    const { [REGIONS]: text } = textsOf(new Uint8Array(await file.arrayBuffer()));
    return Boolean(text) && painter.loadRegions(text);
}

/**
 * A picture that somebody put on the canvas: a map by its form is the map, our own pictures bring
 * their settings back, of any other is asked what it is.
 *
 * @param {import("../painter.mjs").Painter} painter
 * @param {File} file
 * @param {boolean} [picture] it is said to be the picture
 */
export async function received(painter, file, picture = false) {
    const { onPictureFile } = painter.options;
    if (picture && onPictureFile) return onPictureFile(file);
    try {
        if (!onPictureFile || (await isGreyPng(file))) return await painter.load(file);
        if (file.type && !file.type.startsWith("image/")) return await painter.load(file); // refused
        if (await isCarried(painter, file)) return true;
        if (!painter.hasPicture) return onPictureFile(file);
    } catch (problem) {
        return painter.report(problem);
    }
    painter.layout.asks.ask(`What is "${file.name || "the pasted picture"}"?`, [
        { label: "The picture to edit", act: () => onPictureFile(file) },
        { label: "A map: bright parts change", act: () => painter.load(file) },
        { label: "Cancel", act: () => {} },
    ]);
}

/** The host's inpaint mask becomes the map. @param {import("../painter.mjs").Painter} painter */
export async function maskInto(painter) {
    try {
        const mask = await painter.options.takeMask();
        if (mask) await painter.load(mask);
        else painter.say("There is no inpaint mask yet. Paint one in the inpaint tab.", true);
    } catch (problem) {
        painter.report(problem);
    }
}

/** The file of a map with the regions that it is made of, where they are not too long. */
async function withRegions(painter, bytes, most = Infinity) {
    const regions = await textOfRegions(painter.document);
    return regions && regions.length <= most ? withText(bytes, REGIONS, regions) : bytes;
}

/**
 * The map as a page gets it, a PNG of 16 bits.
 *
 * @param {import("../painter.mjs").Painter} painter
 * @param {boolean} regions whether those go with it
 */
export async function mapToSend(painter, regions) {
    const bytes = await painter.toPng(16);
    return regions ? withRegions(painter, bytes, MOST_SENT) : bytes;
}

/**
 * @param {import("../painter.mjs").Painter} painter
 * @param {8 | 16} bits
 */
export async function saveFrom(painter, bits) {
    await painter.finish();
    const file = await withRegions(painter, await painter.toPng(bits));
    download(new Blob([/** @type {BlobPart} */ (file)], { type: "image/png" }), "change-map.png");
}

/**
 * @param {import("../painter.mjs").Painter} painter
 * @param {8 | 16} [bits]
 */
export const blobOf = async (painter, bits = 16) =>
    new Blob([/** @type {BlobPart} */ (await painter.toPng(bits))], { type: "image/png" });

/**
 * Maps that are dropped on the painter, or pasted while it is in use.
 *
 * @param {import("../painter.mjs").Painter} painter
 */
export function dropAndPaste(painter) {
    const { root, cleanup } = painter;
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const mark = (on) => root.classList.toggle("diffdiff-dropping", on);
    const over = (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        event.dataTransfer.dropEffect = "copy";
        mark(true);
    };
    cleanup.listen(root, "dragenter", over);
    cleanup.listen(root, "dragover", over);
    cleanup.listen(root, "dragleave", (event) => {
        if (!root.contains(event.relatedTarget)) mark(false);
    });
    cleanup.listen(root, "drop", (event) => {
        mark(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation(); // the page would take it for its own picture
        const file = fileOf(event.dataTransfer);
        if (!file) return;
        received(painter, file, event.altKey);
    });
    cleanup.listen(
        window,
        "paste",
        (event) => {
            const file = painter.keys.active ? fileOf(event.clipboardData) : null;
            if (!file) return;
            event.preventDefault();
            event.stopImmediatePropagation();
            received(painter, file);
        },
        { capture: true },
    );
}
