import { PainterError } from "../map/errors.mjs";
import { GreyMap, checkSize, mapValue } from "../map/map.mjs";
import { orientationOf, turned } from "./metadata.mjs";
import { crc32, through, unfilter } from "./png.mjs";

/**
 * PNG files of every kind, as Python reads them: the stored numbers, without gamma and profiles;
 * luma times alpha; grays keep 16 bits, colors count with their upper 8; the one color that a file
 * calls transparent is transparent; EXIF says what is up.
 */

const REMEDY = "Save it as a PNG of 8 or 16 bits";
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }; // by color type
const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const PASSES = [
    [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
]; // prettier-ignore
const EXIF_TEXT = "Raw profile type exif"; // ImageMagick's, in hexadecimal

/**
 * @param {Uint8Array} file
 * @returns {Promise<GreyMap>}
 */
export async function readPng(file) {
    const parts = chunksOf(file);
    const { width, height, bits, color, interlaced } = parts;
    checkSize(width, height); // before anything is unpacked
    if (!DEPTHS[color]?.includes(bits)) {
        throw new PainterError("This PNG is of a kind that does not exist", REMEDY);
    }
    if (color === 2 && bits === 16 && parts.clear) {
        const problem = "16-bit color with a transparent color is not read, only with alpha";
        throw new PainterError(problem, REMEDY);
    }
    if (color === 3 && !parts.palette) throw new PainterError("This PNG has no palette", REMEDY);
    const channels = CHANNELS[color];
    if (typeof DecompressionStream === "undefined") {
        throw new PainterError("This browser is too old to read PNG maps", "Update the browser");
    }
    const passes = (interlaced ? PASSES : [[0, 0, 1, 1]])
        .map(([x, y, dx, dy]) => ({
            x,
            y,
            dx,
            dy,
            w: Math.ceil((width - x) / dx),
            h: Math.ceil((height - y) / dy),
        })) // prettier-ignore
        .filter(({ w, h }) => w > 0 && h > 0);
    const stride = (w) => 1 + Math.ceil((w * channels * bits) / 8);
    const length = passes.reduce((sum, { w, h }) => sum + h * stride(w), 0);
    const rows = await through(new DecompressionStream("deflate"), parts.data, length).catch(() => {
        throw new PainterError("This PNG is damaged", REMEDY);
    });
    if (rows.length < length) throw new PainterError("This PNG is cut off", REMEDY);
    const map = new GreyMap(width, height);
    const value = reader(parts);
    let from = 0;
    for (const { x, y, dx, dy, w, h } of passes) {
        const end = from + h * stride(w);
        const own = rows.subarray(from, end);
        unfilter(own, h, stride(w), Math.max((channels * bits) / 8, 1));
        for (let j = 0; j < h; j++) {
            const line = own.subarray(j * stride(w) + 1, (j + 1) * stride(w));
            const to = (y + j * dy) * width + x;
            for (let i = 0; i < w; i++) map.data[to + i * dx] = value(line, i);
        }
        from = end;
    }
    return turned(map, await upOf(parts));
}

/** What reads pixel `i` of a row: 0..65535. */
function reader({ bits, color, palette, clear }) {
    const sample = samples(bits);
    const eight = bits === 16 ? (row, i) => row[2 * i] : sample; // of colors, what Python reads
    const short = (at) => (clear[at] << 8) | clear[at + 1];
    if (color === 0) {
        const key = clear && clear.length > 1 ? short(0) : -1;
        const scale = 65535 / (2 ** bits - 1);
        return (row, i) => {
            const stored = sample(row, i);
            return stored === key ? 0 : stored * scale;
        };
    }
    if (color === 3) {
        const size = palette.length / 3;
        const values = Uint16Array.from({ length: 256 }, (_, i) => {
            const at = 3 * Math.min(i, size - 1);
            const alpha = clear && i < clear.length ? clear[i] : 255;
            return i < size ? mapValue(palette[at], palette[at + 1], palette[at + 2], alpha) : 0;
        });
        return (row, i) => values[sample(row, i)];
    }
    if (color === 4) {
        return (row, i) => {
            const gray = eight(row, 2 * i);
            return mapValue(gray, gray, gray, eight(row, 2 * i + 1));
        };
    }
    const n = CHANNELS[color];
    const key = clear && clear.length > 5 ? [short(0), short(2), short(4)] : null;
    return (row, i) => {
        const r = eight(row, n * i);
        const g = eight(row, n * i + 1);
        const b = eight(row, n * i + 2);
        if (key && r === key[0] && g === key[1] && b === key[2]) return 0;
        return mapValue(r, g, b, n === 4 ? eight(row, n * i + 3) : 255);
    };
}

/** What reads the sample `i` of a row, as it is stored. */
function samples(bits) {
    if (bits === 16) return (row, i) => (row[2 * i] << 8) | row[2 * i + 1];
    if (bits === 8) return (row, i) => row[i];
    const mask = 2 ** bits - 1;
    const each = 8 / bits;
    return (row, i) => (row[Math.floor(i / each)] >> (8 - bits * ((i % each) + 1))) & mask;
}

/** The chunks that matter, up to the end mark. */
function chunksOf(file) {
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const found = { data: [], palette: null, clear: null, exif: null, profile: null };
    for (let at = 8; at + 12 <= file.length;) {
        const length = view.getUint32(at);
        const end = at + 8 + length;
        if (end + 4 > file.length) break;
        const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
        const body = file.subarray(at + 8, end);
        const matters = ["IHDR", "PLTE", "IDAT", "tRNS"].includes(type);
        if (matters && crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
            throw new PainterError("This PNG is damaged (a checksum is wrong)", REMEDY);
        }
        if (type === "IHDR" && length === 13) {
            const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
            const [bits, color, , , interlaced] = body.subarray(8);
            Object.assign(found, { width, height, bits, color, interlaced });
        } else if (type === "IDAT") found.data.push(body);
        else if (type === "PLTE") found.palette = body;
        else if (type === "tRNS") found.clear = body;
        else if (type === "eXIf") found.exif = body;
        else if (type === "zTXt" || type === "tEXt") found.profile ??= profileOf(type, body);
        else if (type === "IEND" && found.data.length && "width" in found) {
            return /** @type {any} */ (found);
        }
        at = end + 4;
    }
    throw new PainterError("This PNG is cut off", REMEDY);
}

const latin = (bytes) => new TextDecoder("latin1").decode(bytes);

/** A text chunk with EXIF in hexadecimal: `{ packed, body }`, or null. */
function profileOf(type, body) {
    const end = EXIF_TEXT.length;
    if (latin(body.subarray(0, end)) !== EXIF_TEXT || body[end] !== 0) return null;
    const packed = type === "zTXt";
    return { packed, body: body.subarray(end + (packed ? 2 : 1)) };
}

/** The orientation by EXIF, 1..8. */
async function upOf({ exif, profile }) {
    if (exif) return orientationOf(latin(exif.subarray(0, 4)) === "Exif" ? exif.subarray(6) : exif);
    if (!profile) return 1;
    try {
        const { packed, body } = profile;
        const unpack = () => through(new DecompressionStream("deflate"), [body], 2 ** 20);
        const lines = latin(packed ? await unpack() : body).split("\n");
        const hex = lines.slice(3).join("").replace(/\s/g, "");
        const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
        return orientationOf(latin(bytes.subarray(0, 4)) === "Exif" ? bytes.subarray(6) : bytes);
    } catch {
        return 1; // metadata that cannot be read says nothing about the pixels
    }
}
