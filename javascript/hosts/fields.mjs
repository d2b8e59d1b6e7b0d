/**
 * Fields of a Gradio page, read and written as a person would: version 3, 4 and 6 agree on no more
 * than the elements that the browser knows.
 */
import { sizeOf } from "../painter/ui/view/pictures.mjs";

/**
 * The first element of a page of somebody else's, whatever it is there.
 *
 * @type {(selector: string, root?: ParentNode) => any}
 */
export const one = (selector, root = document) => root.querySelector(selector);

/** All of them. @type {(selector: string) => any[]} */
export const every = (selector) => [...document.querySelectorAll(selector)];

/**
 * @param {string} selector of a component
 * @returns {number | null} what stands in its number box or slider
 */
export function number(selector) {
    const input = one(`${selector} input[type=number]`) ?? one(`${selector} input[type=range]`);
    const value = Number.parseFloat(input?.value ?? "");
    return Number.isFinite(value) ? value : null;
}

/**
 * @param {string} selector of a component
 * @param {number} value for its number box and its slider
 */
export function setNumber(selector, value) {
    const inputs = document.querySelectorAll(`${selector} :is([type=number], [type=range])`);
    for (const input of inputs) write(/** @type {HTMLInputElement} */ (input), String(value));
}

/**
 * @param {string} selector of a radio group
 * @returns {string | null} the chosen value
 */
export const choice = (selector) => one(`${selector} input[type=radio]:checked`)?.value ?? null;

/**
 * @param {string} selector of a checkbox
 * @returns {boolean}
 */
export const ticked = (selector) => Boolean(one(`${selector} input[type=checkbox]`)?.checked);

/**
 * A text box that the page sends along, as the place of a value.
 *
 * @param {string} id
 * @returns {HTMLTextAreaElement | HTMLInputElement | null}
 */
export const box = (id) => document.querySelector(`#${CSS.escape(id)} :is(textarea, input)`);

/**
 * @param {string} id of a component
 * @returns {string} what stands in its text box
 */
export const words = (id) => box(id)?.value ?? "";

/**
 * @param {HTMLTextAreaElement | HTMLInputElement} element
 * @param {string} value
 */
export function write(element, value) {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {Element | null | undefined} element */
export const shown = (element) => Boolean(element && element.getClientRects().length);

/** @param {Uint8Array} bytes of a PNG file */
export async function dataUrl(bytes) {
    const reader = new FileReader();
    return new Promise((resolve, reject) => {
        reader.onload = () => resolve(reader.result);
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(new Blob([/** @type {BlobPart} */ (bytes)], { type: "image/png" }));
    });
}

/**
 * A picture as it is now, as a data URL.
 *
 * @param {HTMLImageElement | HTMLCanvasElement} image
 */
export function pngOf(image) {
    const canvas = document.createElement("canvas");
    const { width, height } = sizeOf(image);
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/png");
}

/**
 * Puts a file into an upload, in the place of what is there.
 *
 * @param {string} selector of the component
 * @param {Blob} blob
 * @param {string} [name] of the file
 */
export async function upload(selector, blob, name = "change-map.png") {
    const find = () => one(`${selector} input[type=file]`);
    const empties = ["Clear", "Remove"].map((word) => `${selector} button[aria-label^=${word}]`);
    const own = `${selector} button[title=Clear]`; // Gradio 6 has no label on it
    if (!find()) one([...empties, own].join())?.click();
    for (let tries = 0; !find() && tries < 20; tries++) {
        await new Promise((on) => setTimeout(on, 100));
    }
    const input = find();
    if (!input) throw new Error("The page has no place for the picture");
    const data = new DataTransfer();
    data.items.add(new File([blob], name, { type: blob.type || "image/png" }));
    input.files = data.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** An image that is there, but not yet decoded, draws nothing. */
export async function decoded(image) {
    await image.decode?.().catch(() => {}); // one that cannot be is told by the painter
    return image;
}
