import { GreyMap } from "../map/map.mjs";
import { joined } from "./png.mjs";

/**
 * What files say beside their pixels. Map values are the stored numbers: colour profiles are taken
 * out before a browser can apply them, and the EXIF orientation is obeyed here, as in Python
 * (`diffdiff/images/read.py`), since browsers obey it in some formats only.
 */

const JPEG = "JPEG";
const WEBP = "WebP";
const UNREAD = {
    avif: "AVIF", avis: "AVIF", heic: "HEIC", heix: "HEIC", hevc: "HEIC", mif1: "HEIF", msf1: "HEIF",
}; // prettier-ignore
const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * What a file is, by its first bytes.
 *
 * @param {Uint8Array} bytes
 * @returns {{ name: string, read: boolean } | null} read: whether maps are read from such files
 */
export function formatOf(bytes) {
    const start = text(bytes, 0, 4);
    if (start === "\x89PNG") return { name: "PNG", read: true };
    if (start.startsWith("\xff\xd8\xff")) return { name: JPEG, read: true };
    if (start.startsWith("GIF8")) return { name: "GIF", read: true };
    if (start.startsWith("BM")) return { name: "BMP", read: true };
    if (start === "RIFF" && text(bytes, 8, 4) === "WEBP") return { name: WEBP, read: true };
    if (start.startsWith("II") || start.startsWith("MM")) return { name: "TIFF", read: false };
    if (text(bytes, 4, 4) === "ftyp") {
        return { name: UNREAD[text(bytes, 8, 4)] ?? "a video", read: false };
    }
    const words = text(bytes, 0, 256).trimStart().toLowerCase();
    return words.startsWith("<svg") || words.startsWith("<?xml")
        ? { name: "SVG", read: false }
        : null;
}

/**
 * A JPEG or WebP file without its profile and EXIF; other files as they are.
 *
 * @param {Uint8Array} bytes
 * @returns {{ bytes: Uint8Array, orientation: number }} orientation: by EXIF, 1..8
 */
export function stripped(bytes) {
    const name = formatOf(bytes)?.name;
    if (name === JPEG) return strippedJpeg(bytes);
    if (name === WEBP) return strippedWebp(bytes);
    return { bytes, orientation: 1 };
}

function strippedJpeg(bytes) {
    const kept = [bytes.subarray(0, 2)];
    let orientation = 1;
    let at = 2;
    while (at + 4 <= bytes.length && bytes[at] === 0xff) {
        const mark = bytes[at + 1];
        if (mark === 0xff) {
            at++; // filling
            continue;
        }
        if (mark === 0xda) break;
        const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
        const isExif = mark === 0xe1 && text(bytes, at + 4, 6) === "Exif\0\0";
        if (isExif) orientation = orientationOf(bytes.subarray(at + 10, end));
        if (mark !== 0xe1 && mark !== 0xe2) kept.push(bytes.subarray(at, end));
        at = end;
    }
    return { bytes: joined([...kept, bytes.subarray(at)]), orientation };
}

function strippedWebp(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const kept = [];
    let orientation = 1;
    for (let at = 12; at + 8 <= bytes.length;) {
        const length = view.getUint32(at + 4, true);
        const end = at + 8 + length + (length & 1);
        const name = text(bytes, at, 4);
        const body = bytes.subarray(at + 8, at + 8 + length);
        if (name === "EXIF") {
            orientation = orientationOf(text(body, 0, 6) === "Exif\0\0" ? body.subarray(6) : body);
        } else if (name !== "ICCP" && name !== "XMP ") {
            const chunk = bytes.slice(at, end);
            if (name === "VP8X") chunk[8] &= ~0x2c; // it says which of the three there are
            kept.push(chunk);
        }
        at = end;
    }
    const out = joined([bytes.slice(0, 12), ...kept]);
    new DataView(out.buffer).setUint32(4, out.length - 8, true);
    return { bytes: out, orientation };
}

/**
 * @param {Uint8Array} exif a TIFF header and its first directory
 * @returns {number} 1..8; 1 where nothing is said, or nothing that means something
 */
export function orientationOf(exif) {
    if (exif.length < 14) return 1;
    const view = new DataView(exif.buffer, exif.byteOffset, exif.length);
    const little = exif[0] === 0x49;
    const at = view.getUint32(4, little);
    if (at + 2 > exif.length) return 1;
    const count = view.getUint16(at, little);
    for (let i = 0; i < count && at + 14 + 12 * i <= exif.length; i++) {
        const entry = at + 2 + 12 * i;
        if (view.getUint16(entry, little) !== 0x0112) continue;
        const value = view.getUint16(entry + 8, little);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

/**
 * A map made upright.
 *
 * @param {GreyMap} map
 * @param {number} orientation by EXIF
 */
export function turned(map, orientation) {
    if (orientation < 2 || orientation > 8) return map;
    const { width, height, data } = map;
    const swaps = orientation > 4;
    const [w, h] = swaps ? [height, width] : [width, height];
    const out = new Uint16Array(data.length);
    const right = [2, 3, 7, 8].includes(orientation); // counted from the right
    const down = [3, 4, 6, 7].includes(orientation); // counted from below
    for (let y = 0, o = 0; y < h; y++) {
        for (let x = 0; x < w; x++, o++) {
            const [across, along] = swaps ? [y, x] : [x, y];
            const column = right ? width - 1 - across : across;
            const row = down ? height - 1 - along : along;
            out[o] = data[row * width + column];
        }
    }
    return new GreyMap(w, h, out);
}
