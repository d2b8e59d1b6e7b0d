import { GreyMap, checkSize } from "../map/map.mjs";
import { PainterError } from "../map/errors.mjs";

/** Grey PNG files with 8 or 16 bits, written and read without a canvas: values stay exact. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const REMEDY = "Use a gray PNG that this painter saved, or open the file as a picture";

const STORED = 65535; // bytes of a block that is not packed

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
});

/**
 * CRC-32 as PNG (and zip) has it.
 *
 * @param {Uint8Array} bytes
 */
export function crc32(bytes) {
    let crc = -1;
    for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
    return ~crc >>> 0;
}

/**
 * @param {{ width: number, height: number, data: Uint16Array }} map
 * @param {8 | 16} [bits] 8 rounds to the nearest grey
 * @returns {Promise<Uint8Array>} the file
 */
export async function encodePng(map, bits = 16) {
    const { width, height } = map;
    const packed = await deflated(filtered(map, bits));
    const header = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, bits, 0, 0, 0, 0]);
    new DataView(header.buffer).setUint32(0, width);
    new DataView(header.buffer).setUint32(4, height);
    const parts = [
        Uint8Array.from(SIGNATURE),
        chunk("IHDR", header),
        chunk("IDAT", packed),
        chunk("IEND", new Uint8Array(0)),
    ];
    return joined(parts);
}

/** zlib data; a browser without streams for it gets a larger file, of what is only stored. */
export async function deflated(bytes) {
    if (typeof CompressionStream !== "undefined") {
        return through(new CompressionStream("deflate"), [bytes]);
    }
    const parts = [Uint8Array.of(0x78, 1)];
    for (let at = 0; at === 0 || at < bytes.length; at += STORED) {
        const block = bytes.subarray(at, at + STORED);
        const head = new Uint8Array([at + STORED >= bytes.length ? 1 : 0, 0, 0, 0, 0]);
        const view = new DataView(head.buffer);
        view.setUint16(1, block.length, true);
        view.setUint16(3, ~block.length & 0xffff, true);
        parts.push(head, block);
    }
    let [a, b] = [1, 0]; // Adler-32
    for (let i = 0; i < bytes.length;) {
        const end = Math.min(i + 3800, bytes.length); // before sums could grow beyond 32 bits
        for (; i < end; i++) b += a += bytes[i];
        a %= 65521;
        b %= 65521;
    }
    parts.push(Uint8Array.of(b >> 8, b, a >> 8, a));
    return joined(parts);
}

/**
 * The rows as PNG filters them. One of two filters for a row, by a look at some of its pixels:
 * differences to the row above for flat parts and strokes, to the left where those change more.
 */
function filtered({ width, height, data }, bits) {
    const size = bits / 8;
    const out = new Uint8Array(height * (1 + width * size));
    const flat = new Uint16Array(width);
    const rows = [flat, new Uint16Array(width)];
    let o = 0;
    for (let y = 0; y < height; y++) {
        const above = rows[y & 1];
        const row = rows[1 - (y & 1)];
        row.set(data.subarray(y * width, (y + 1) * width));
        if (bits === 8) for (let x = 0; x < width; x++) row[x] = (row[x] + 128) / 257;
        const up = upIsSmaller(row, above);
        out[o++] = up ? 2 : 1;
        let left = 0;
        for (let x = 0; x < width; x++) {
            const value = row[x];
            const before = up ? above[x] : left;
            if (size === 2) out[o++] = (value >> 8) - (before >> 8);
            out[o++] = value - before; // only the low byte is stored
            left = value;
        }
    }
    return out;
}

function upIsSmaller(row, above) {
    let [up, left] = [0, 0];
    for (let x = 1; x < row.length; x += 3) {
        up += Math.abs(row[x] - above[x]);
        left += Math.abs(row[x] - row[x - 1]);
    }
    return up <= left;
}

/**
 * A file with a text in it (`tEXt`, so plain ASCII).
 *
 * @param {Uint8Array} file a PNG of this module
 * @param {string} key
 * @param {string} text
 */
export function withText(file, key, text) {
    const body = Uint8Array.from(`${key}\0${text}`, (c) => c.charCodeAt(0) & 255);
    const end = file.length - 12; // before IEND
    return joined([file.subarray(0, end), chunk("tEXt", body), file.subarray(end)]);
}

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 }; // by color type

/**
 * Reads a PNG of greys or colors, with alpha or without, 8 or 16 bits, not interlaced. Colors become
 * luma times alpha as elsewhere; with 8 bits of theirs, for Python reads no more of colors.
 *
 * @param {Uint8Array} file
 * @returns {Promise<GreyMap>} 8-bit greys become 257 times themselves
 */
export async function decodePng(file) {
    if (SIGNATURE.some((byte, i) => file[i] !== byte)) {
        throw new PainterError("This is not a PNG file", REMEDY);
    }
    const { header, data } = chunks(file);
    const view = new DataView(header.buffer, header.byteOffset, 13);
    const [width, height] = [view.getUint32(0), view.getUint32(4)];
    const [bits, colour, , , interlace] = header.subarray(8);
    checkSize(width, height); // before anything is unpacked
    const channels = CHANNELS[colour];
    if (!channels || (bits !== 8 && bits !== 16) || interlace) {
        throw new PainterError("This PNG is not plain, with 8 or 16 bits", REMEDY);
    }
    const size = (channels * bits) / 8;
    const stride = 1 + width * size;
    let rows;
    try {
        rows = await through(new DecompressionStream("deflate"), data, height * stride);
    } catch {
        throw new PainterError("This PNG is damaged", REMEDY);
    }
    if (rows.length !== height * stride) throw new PainterError("This PNG is cut off", REMEDY);
    unfilter(rows, height, stride, size);
    if (channels > 1) return colored(rows, width, height, stride, channels, bits / 8);
    const values = new Uint16Array(width * height);
    let o = 0;
    for (let y = 0; y < height; y++) {
        const end = (y + 1) * stride;
        let i = y * stride + 1;
        if (bits === 8) for (; i < end; i++) values[o++] = rows[i] * 257;
        else for (; i < end; i += 2) values[o++] = (rows[i] << 8) | rows[i + 1];
    }
    return new GreyMap(width, height, values);
}

/** Rows of several channels as a map. */
function colored(rows, width, height, stride, channels, depth) {
    const rgba = new Uint8Array(4 * width * height);
    let o = 0;
    for (let y = 0; y < height; y++) {
        for (let x = 0, i = y * stride + 1; x < width; x++, i += channels * depth, o += 4) {
            const grey = channels === 2;
            rgba[o] = rows[i];
            rgba[o + 1] = grey ? rows[i] : rows[i + depth];
            rgba[o + 2] = grey ? rows[i] : rows[i + 2 * depth];
            rgba[o + 3] = channels === 3 ? 255 : rows[i + (channels - 1) * depth];
        }
    }
    return GreyMap.fromRgba(width, height, rgba);
}

/** Header and image data of a file whose chunks are whole. */
function chunks(file) {
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const data = [];
    let header = null;
    for (let at = 8; at + 12 <= file.length;) {
        const length = view.getUint32(at);
        const end = at + 8 + length;
        if (end + 4 > file.length) break;
        const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
        if (crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
            throw new PainterError("This PNG is damaged (a checksum is wrong)", REMEDY);
        }
        const body = file.subarray(at + 8, end);
        if (type === "IHDR" && length === 13) header = body;
        else if (type === "IDAT") data.push(body);
        else if (type === "IEND" && header && data.length) return { header, data };
        at = end + 4;
    }
    throw new PainterError("This PNG is cut off", REMEDY);
}

/** Takes the filters of all rows back, in place. */
export function unfilter(rows, height, stride, size) {
    const blank = new Uint8Array(stride);
    for (let y = 0; y < height; y++) {
        const row = rows.subarray(y * stride, (y + 1) * stride);
        const above = y ? rows.subarray((y - 1) * stride, y * stride) : blank;
        const kind = row[0];
        if (kind > 4) throw new PainterError("This PNG has an unknown filter", REMEDY);
        // a loop for each of the two that this program writes: a map is waited for
        if (kind === 1) for (let i = 1 + size; i < stride; i++) row[i] += row[i - size];
        else if (kind === 2) for (let i = 1; i < stride; i++) row[i] += above[i];
        for (let i = 1; kind > 2 && i < stride; i++) {
            const a = i > size ? row[i - size] : 0;
            const b = above[i];
            if (kind === 3) row[i] += (a + b) >> 1;
            else row[i] += paeth(a, b, i > size ? above[i - size] : 0);
        }
    }
}

function paeth(a, b, c) {
    const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    if (pa <= pb && pa <= pc) return a;
    return pb <= pc ? b : c;
}

function chunk(type, body) {
    const out = new Uint8Array(body.length + 12);
    const view = new DataView(out.buffer);
    view.setUint32(0, body.length);
    for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
    out.set(body, 8);
    view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
    return out;
}

/** Bytes through a compression stream; `limit` stops a file that unpacks to more than it says. */
export async function through(stream, parts, limit = Infinity) {
    const writer = stream.writable.getWriter();
    const written = (async () => {
        for (const part of parts) await writer.write(part);
        await writer.close();
    })();
    written.catch(() => {}); // the reader throws the same error
    const reader = stream.readable.getReader();
    const out = [];
    let length = 0;
    for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        length += value.length;
        if (length > limit) {
            await reader.cancel();
            throw new PainterError("This PNG holds more than it says", REMEDY);
        }
        out.push(value);
    }
    return joined(out);
}

/** @param {Uint8Array[]} parts @returns {Uint8Array} all of them, one after another */
export function joined(parts) {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        out.set(part, at);
        at += part.length;
    }
    return out;
}
