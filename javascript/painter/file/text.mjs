/**
 * Text chunks of a PNG file, `tEXt` and uncompressed `iTXt`: PNG, third edition, 11.3.3.
 */

const MOST = 8 * 1024 * 1024; // bytes of a text

/**
 * @param {Uint8Array} file
 * @returns {Record<string, string>} by keyword; empty for what is no PNG
 */
export function textsOf(file) {
    const found = {};
    if (file.length < 8 || file[0] !== 137 || file[1] !== 80) return found;
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    for (let at = 8; at + 12 <= file.length;) {
        const length = view.getUint32(at);
        const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
        if (at + 12 + length > file.length || type === "IEND") break;
        if (length <= MOST && (type === "tEXt" || type === "iTXt")) {
            const [key, text] = textOf(type, file.subarray(at + 8, at + 8 + length));
            if (text !== null) found[key] = text;
        }
        at += 12 + length;
    }
    return found;
}

/** @returns {[string, string | null]} keyword and text; null where it is compressed */
function textOf(type, body) {
    const latin = new TextDecoder("latin1");
    const end = body.indexOf(0);
    if (end < 1) return ["", null];
    const key = latin.decode(body.subarray(0, end));
    if (type === "tEXt") return [key, latin.decode(body.subarray(end + 1))];
    if (body[end + 1] !== 0) return [key, null];
    const language = body.indexOf(0, end + 3);
    const translated = body.indexOf(0, language + 1);
    if (language < 0 || translated < 0) return [key, null];
    return [key, new TextDecoder().decode(body.subarray(translated + 1))];
}
