/**
 * What a page tells a painter.
 *
 * @typedef {object} PainterOptions
 * @property {() => void} [onChange] the map was committed, undone, loaded, cleared or resized; not
 *     called in the middle of a stroke
 * @property {(() => Promise<ImageBitmap | ImageData | HTMLCanvasElement | null>) | null} [takeMask]
 *     the host's inpaint mask, white (times alpha) = change; null: there is none. Without it the
 *     menu has no such item.
 * @property {{ label: string, bits?: 8 | 16, send: (blob: Blob) => unknown }[]} [sendTo] further menu
 *     items; they get the map as a PNG, of 16 bits when not said
 * @property {((file: File) => void) | null} [onPictureFile] takes a file as the page's picture
 * @property {{ load: () => object | null, save: (o: object) => void }} [settings] where the tools'
 *     settings are kept; the browser's own storage when left out
 * @property {number} [historyBytes] memory for undo
 * @property {(texts: Record<string, string>) => boolean | Promise<boolean>} [carried] texts of a PNG that was opened;
 *     true where the page takes them in the place of the picture; it may be a promise
 * @property {((file: File) => unknown) | null} [usePicture] makes a picture the page's own: what was
 *     moved is handed over by it
 * @property {import("./click/clicking.mjs").Asker | null} [clicks] finds what somebody clicked on; without
 *     it there is no tool Click
 * @property {import("./view/extending.mjs").Store | null} [extend] where the page keeps what is added at
 *     the picture's sides
 * @property {{ start: () => void, stop: () => void } | null} [run] what the button beside the zoom
 *     does; without it there is none
 * @property {(() => void) | null} [draft] runs a draft, which comes back by `setDraft`; without it
 *     there is no such button
 * @property {string} [runLabel] its word
 * @property {string} [emptyText] what stands on the canvas while there is no picture
 */

export const EMPTY = "Put a picture into img2img";
export const FIRST_SIZE = { width: 512, height: 512 }; // until there is a picture
