import { PainterError } from "../../map/errors.mjs";
import { GreyMap, checkSize } from "../../map/map.mjs";
import { formatOf, stripped, turned } from "../../file/metadata.mjs";
import { readPng } from "../../file/pngfile.mjs";
import { sizeOf } from "../view/pictures.mjs";

/**
 * Maps in and out. PNG files are read by the painter itself, exactly and with all their bits; only
 * other pictures go through the browser, without what would alter their stored numbers; some
 * browsers answer with altered pixels all the same.
 */

const REMEDY = "Use a PNG, JPEG, WebP, BMP or GIF picture";
const PHONE = "Export the photo as JPEG";
const ALTERED = "This browser hides from pages what pictures look like (fingerprint protection)";
const ALLOW =
    "Allow this page to read canvas data, or use a gray PNG as the map; brushes and gradients work";
const TOO_LARGE = 256 * 1024 * 1024; // bytes of a file

/**
 * A file as a map: luma times alpha, white = change.
 *
 * @param {Blob} file
 * @returns {Promise<GreyMap>}
 */
export async function readMap(file) {
    const name = /** @type {any} */ (file).name ? `"${/** @type {any} */ (file).name}"` : "This";
    if (file.type && !file.type.startsWith("image/")) {
        throw new PainterError(`${name} is not a picture`, REMEDY);
    }
    if (file.size > TOO_LARGE) {
        throw new PainterError(`${name} is larger than 256 MB`, "Use a smaller picture");
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const format = formatOf(bytes);
    if (format && !format.read) {
        const remedy = format.name.startsWith("HEI") ? PHONE : REMEDY;
        throw new PainterError(`${name} is ${format.name}, which no map is read from`, remedy);
    }
    if (isPng(bytes)) {
        const { width, height } = header(bytes);
        checkSize(width, height); // before anything is unpacked
        return readPng(bytes);
    }
    const { bytes: plain, orientation } = stripped(bytes);
    const blob = new Blob([/** @type {any} */ (plain)], { type: file.type });
    return turned(await throughBrowser(blob, name), orientation);
}

/** Whether a file is a map by its form: a PNG of greys, as painters save maps. @param {Blob} file */
export async function isGreyPng(file) {
    const bytes = new Uint8Array(await file.slice(0, 32).arrayBuffer());
    return isPng(bytes) && header(bytes).grey;
}

const isPng = (bytes) => bytes.length > 28 && bytes[0] === 137 && bytes[1] === 80;

/** Size of a PNG, and whether it holds greys. */
function header(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const colour = bytes[25];
    const grey = colour === 0 || colour === 4;
    return { width: view.getUint32(16), height: view.getUint32(20), grey };
}

/**
 * What a page can hold (an image, a canvas, its data) as a map.
 *
 * @param {HTMLImageElement | HTMLCanvasElement | ImageBitmap | ImageData} source
 * @returns {GreyMap}
 */
export function mapFrom(source) {
    if (source instanceof ImageData) {
        return GreyMap.fromRgba(source.width, source.height, source.data);
    }
    const { width, height, data } = pixelsOf(source);
    return GreyMap.fromRgba(width, height, data);
}

/**
 * The pixels of a picture, as the browser gives them.
 *
 * @param {HTMLImageElement | HTMLCanvasElement | ImageBitmap} source
 * @param {import("../../map/rect.mjs").Size} [size] to which it is drawn
 * @returns {ImageData}
 */
export function pixelsOf(source, { width, height } = sizeOf(source)) {
    checkSize(width, height);
    if (!readsTrue()) throw new PainterError(ALTERED, ALLOW);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0, width, height);
    try {
        return context.getImageData(0, 0, width, height);
    } catch {
        const remedy = "Save it to a file and open that";
        throw new PainterError("The browser does not let this page read the picture", remedy);
    }
}

const CANARY = 16; // pixels of a side

/** Whether the browser gives back the pixels that were drawn; some alter them on purpose. */
export function readsTrue() {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = CANARY;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const drawn = (x, y) => [(37 * x + 11 * y) % 256, (91 * y + 5 * x) % 256, (x * y * 7) % 256];
    for (let y = 0; y < CANARY; y++) {
        for (let x = 0; x < CANARY; x++) {
            context.fillStyle = `rgb(${drawn(x, y).join(" ")})`;
            context.fillRect(x, y, 1, 1);
        }
    }
    try {
        const { data } = context.getImageData(0, 0, CANARY, CANARY);
        for (let i = 0; i < CANARY * CANARY; i++) {
            const wanted = drawn(i % CANARY, Math.floor(i / CANARY));
            if (wanted.some((value, c) => data[4 * i + c] !== value)) return false;
        }
        return true;
    } catch {
        return false;
    }
}

async function throughBrowser(file, name) {
    const url = URL.createObjectURL(file);
    try {
        const image = new Image();
        image.src = url;
        await image.decode().catch(() => {
            // a picture too large to decode still has a size to complain about
            if (image.naturalWidth) checkSize(image.naturalWidth, image.naturalHeight);
            throw new PainterError(`${name} could not be read as a picture`, REMEDY);
        });
        return mapFrom(image);
    } finally {
        URL.revokeObjectURL(url);
    }
}

/**
 * Offers a file to be saved.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * The first picture among dropped or pasted things; the first file when there is no picture.
 *
 * @param {DataTransfer | null} data
 * @returns {File | null}
 */
export function fileOf(data) {
    const files = [...(data?.files ?? [])];
    return files.find(({ type }) => type.startsWith("image/")) ?? files[0] ?? null;
}
