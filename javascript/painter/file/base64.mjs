/** Bytes as base64 text, and back. */

/** @param {Uint8Array} bytes */
export function base64(bytes) {
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) {
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(text);
}

/** @param {string} base64 */
export function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // Uint8Array.from is slow
    return bytes;
}
