import { PainterError } from "../errors.mjs";
import { GreyMap, checkSize } from "../map.mjs";
import { formatOf, stripped, turned } from "../metadata.mjs";
import { readPng } from "../pngfile.mjs";
import { sizeOf } from "./stage.mjs";

/**
 * Maps in and out. PNG files are read by the painter itself, exactly and with all their bits; only
 * other pictures go through the browser, which some browsers answer with altered pixels.
 */

const REMEDY = "Use a PNG, JPEG, WebP, BMP or GIF picture";
const PHONE = "Export the photo as JPEG";
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

const isPng = (bytes) => bytes.length > 28 && bytes[0] === 137 && bytes[1] === 80;

/** Size of a PNG. */
function header(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return { width: view.getUint32(16), height: view.getUint32(20) };
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
 * @param {import("../rect.mjs").Size} [size] to which it is drawn
 * @returns {ImageData}
 */
export function pixelsOf(source, { width, height } = sizeOf(source)) {
    checkSize(width, height);
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
