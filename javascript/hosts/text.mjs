/**
 * The txt2img tab of a WebUI: the map is for the second pass of hires fix, and is painted on what
 * the tab has generated, or on an empty canvas of the final size.
 *
 * @typedef {import("./bridge.mjs").Host} Host
 *
 * @typedef {object} Shown a picture of the gallery
 * @property {string} src
 * @property {number} width
 * @property {number} height
 * @property {string | null} seed by the parameters that the page shows; null where it shows none
 */
import { allSteps } from "../painter/strength/ladder.mjs";
import { every, number, one, words } from "./fields.mjs";
import { clicksBy } from "./clicks.mjs";
import { tabOf } from "./tab.mjs";
import { useOf } from "./use.mjs";
import { optionsOf, panelOf } from "./webui.mjs";

const GALLERY = "#txt2img_gallery";
const HIRES = "txt2img_hr-visible-checkbox";
const HIRES_HEAD = "#txt2img_hr > .label-wrap"; // unfolds it, and ticks it
const ALIKE = 0.01; // relative difference of two shapes that are the same
const EMPTY = "#9a9a9a";
const KEPT = 3; // pictures

/**
 * The picture to paint on, and the one to compare it with. A picture of the first pass stays under
 * the map when its own hires fix arrives; any other picture takes its place.
 *
 * @param {Shown | null} before the picture that is painted on
 * @param {Shown | null} now the gallery's
 * @param {[number, number]} first width and height of the first pass
 * @returns {{ under: Shown | null, result: Shown | null }}
 */
export function placesOf(before, now, first) {
    if (!now) return { under: before, result: null };
    const small = now.width === first[0] && now.height === first[1];
    if (!before || small || before.src === now.src) return { under: now, result: null };
    const shape = ({ width, height }) => width / height;
    const alike = Math.abs(shape(now) / shape(before) - 1) < ALIKE;
    const same = now.seed === null || before.seed === null || now.seed === before.seed;
    const grown = before.width < now.width;
    return alike && same && grown ? { under: before, result: now } : { under: now, result: null };
}

/**
 * Size of the result.
 *
 * @param {[number, number]} first
 * @param {number} scale
 * @param {[number, number]} resize 0 for a side that is not told
 * @returns {[number, number]}
 */
export function finalSize(first, scale, [width, height]) {
    if (!width && !height) return [Math.floor(first[0] * scale), Math.floor(first[1] * scale)];
    return [
        width || Math.floor((height * first[0]) / first[1]),
        height || Math.floor((width * first[1]) / first[0]),
    ];
}

/**
 * @param {string} panel what the ids of the panel's components begin with
 * @param {import("./panel.mjs").About} about
 * @returns {Host}
 */
export function text(panel, about) {
    const { sourceOf, runOf, cures } = panelOf(panel, about);
    const { withoutDrafts, ...common } = tabOf("txt2img", panel);
    /** @type {Shown | null} */
    let under = null;
    const loaded = new Map(); // pictures by their address: the gallery changes its own

    const field = (name) => number(`#txt2img_${name}`);
    const first = () => /** @type {[number, number]} */ ([field("width"), field("height")]);
    const hires = () => /** @type {HTMLInputElement | null} */ (document.getElementById(HIRES));

    const head = () => /** @type {HTMLElement | null} */ (one(HIRES_HEAD));
    const turnOn = () =>
        (head()?.classList.contains("open") ? hires() : (head() ?? hires()))?.click();

    /** The picture that is chosen in the gallery, or its first one; grids are passed over. */
    const gallery = withoutDrafts(() => {
        const { grids, seeds } = readInfo(words("generation_info_txt2img"));
        const found = every(`${GALLERY} img`).filter(
            (image) => image.complete && image.naturalWidth && !image.closest(".livePreview"),
        );
        const sources = found.map(({ src }) => src);
        const small = [...new Set(sources)]; // beside the row of all there is the chosen one, large
        const rows = sources.slice(sources.length - small.length);
        const index = Math.max(rows.indexOf(sources[0]), grids);
        const image = found.find(({ src }) => src === rows[index]);
        if (!image) return null;
        const shownSeed = seedOf(document.getElementById("html_info_txt2img")?.innerText ?? "");
        return {
            src: image.src,
            width: image.naturalWidth,
            height: image.naturalHeight,
            seed: seeds[index - grids] ?? shownSeed,
        };
    });

    function pictureAt({ src }) {
        if (!loaded.has(src)) {
            const kept = [...loaded].slice(-KEPT);
            loaded.clear();
            for (const [address, image] of kept) loaded.set(address, image);
            loaded.set(src, copyOf(src));
        }
        const image = loaded.get(src);
        return { key: src, image: () => image };
    }

    return {
        ...common,
        waits: "Generate an image, then paint where hires fix may change it.",
        mask: null,
        fan: null,
        clicks: clicksBy("diffdiff_click_txt2img", first),

        picture() {
            under = placesOf(under, gallery(), first()).under;
            if (under) return pictureAt(under);
            const resize = [field("hr_resize_x") ?? 0, field("hr_resize_y") ?? 0];
            const size = finalSize(first(), field("hr_scale") ?? 1, /** @type {any} */ (resize));
            if (!size.every((side) => side > 0)) return null;
            return { key: `empty ${size}`, image: () => empty(size) };
        },

        result() {
            const { result } = placesOf(under, gallery(), first());
            return result && pictureAt(result);
        },

        run() {
            const steps = field("hires_steps") || field("steps");
            const denoising = field("denoising_strength");
            return { ...runOf(), ...allSteps(steps, denoising), denoising };
        },

        use() {
            const told = { ...sourceOf(), masked: false, builtin: false };
            const { unused, says } = useOf({ ...told, hires: hires()?.checked ?? true });
            const own = { ...cures, hires: { label: "Turn it on", act: turnOn } };
            return { unused, notes: says.map(({ text, cure }) => ({ text, action: own[cure] })) };
        },

        options: optionsOf,
        keeps: "webui txt2img",
    };
}

/**
 * What the page knows of the last run's pictures.
 *
 * @param {string} text JSON
 * @returns {{ grids: number, seeds: string[] }} pictures of all together, and each picture's seed
 */
export function readInfo(text) {
    try {
        const { index_of_first_image: grids = 0, all_seeds: seeds = [] } = JSON.parse(text);
        return { grids, seeds: seeds.map(String) };
    } catch {
        return { grids: 0, seeds: [] };
    }
}

/** @param {string} parameters */
export const seedOf = (parameters) => parameters.match(/\bSeed: (\d+)/)?.[1] ?? null;

function copyOf(src) {
    const image = new Image();
    image.src = src;
    return image;
}

function empty([width, height]) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.fillStyle = EMPTY;
    context.fillRect(0, 0, width, height);
    return canvas;
}
