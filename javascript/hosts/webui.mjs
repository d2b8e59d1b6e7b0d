/**
 * The img2img tab of A1111 (Gradio 3.41) and of Forge (Gradio 4.40, its own canvas).
 *
 * Both put a tab's picture into one `img`, at its own size, and what is drawn on it into a canvas
 * of the same size.
 *
 * @typedef {import("./bridge.mjs").Host} Host
 */
import { allSteps } from "../painter/strength/ladder.mjs";
import {
    box,
    choice,
    every,
    number,
    one,
    pngOf,
    shown,
    ticked,
    upload,
    words,
    write,
} from "./fields.mjs";
import { clicksBy } from "./clicks.mjs";
import { tabOf } from "./tab.mjs";
import { useOf, usesMask } from "./use.mjs";

// of the tabs img2img, Sketch, Inpaint, Inpaint sketch and Inpaint upload
const TABS = [
    "img2img_image",
    "img2img_sketch",
    "img2maskimg",
    "inpaint_sketch",
    "img_inpaint_base",
];
const COLOURED = ["img2img_sketch", "inpaint_sketch"]; // their strokes are part of the picture
const DRAWN = "canvas.forge-drawing-canvas, canvas[key=drawing]";
const MASKED = "canvas.forge-drawing-canvas, canvas[key=mask]";
const MASK = "#img_inpaint_mask";
const MASKS = ["img2maskimg", "inpaint_sketch", "img_inpaint_base"]; // tabs with a mask
const BUILTIN = "soft_inpainting_enabled-visible-checkbox"; // the host's own soft inpainting
const GALLERY = "#img2img_gallery img";

const tick = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id));

/**
 * What the page's script reads off a panel, in either tab.
 *
 * @param {string} panel what the ids of its components begin with
 * @param {import("./panel.mjs").About} about
 */
export function panelOf(panel, about) {
    let source = ["upload", ""]; // value, and what a sentence calls it
    return {
        cures: {
            enable: {
                label: "Turn it on",
                act: () => tick(`${panel}enabled-visible-checkbox`)?.click(),
            },
            paint: {
                label: "Use the painting",
                act: () => document.getElementById(`${panel}paint`)?.click(),
            },
            alone: { label: "Turn it off", act: () => tick(BUILTIN)?.click() },
        },

        /** What the next run's map comes from. */
        sourceOf() {
            // while a list is searched, its box has what was typed
            const list = one(`#${panel}source input`);
            source = about.sources[list?.value] ?? source;
            return {
                enabled: tick(`${panel}enabled-visible-checkbox`)?.checked ?? true,
                mode: choice(`#${panel}mode`) ?? "edit",
                layout: choice(`#${panel}fan_layout`) ?? "vertical",
                source: source[0],
                phrase: source[1],
                layers: words(`${panel}layers`),
            };
        },

        /** How it reads a grey. */
        runOf: () => ({
            scale: choice(`#${panel}scale`) ?? "relative",
            invert: ticked(`#${panel}invert`),
            black: number(`#${panel}black`) ?? 0,
            white: number(`#${panel}white`) ?? 1,
            gamma: number(`#${panel}gamma`) ?? 1,
            response: words(`${panel}response`),
            levels: choice(`#${panel}levels`) ?? "steps",
            extra: number(`#${panel}extra_calls`) ?? undefined,
            noise: noise(words(`${panel}noise`)),
        }),
    };
}

/** Steps of an img2img run; *Settings > img2img* may ask for all of them at any strength. */
function stepsOf(steps, denoising) {
    const opts = /** @type {any} */ (window).opts ?? {};
    return { ...(opts.img2img_fix_steps ? allSteps(steps, denoising) : { steps }), denoising };
}

/** The user's settings for the painter. */
export function optionsOf() {
    const opts = /** @type {any} */ (window).opts ?? {};
    const megabytes = Number(opts.diffdiff_undo_mb);
    return {
        historyBytes: megabytes > 0 ? megabytes * 2 ** 20 : undefined,
        scale: opts.diffdiff_heat_colours,
    };
}

/**
 * @param {string} panel what the ids of the panel's components begin with
 * @param {import("./panel.mjs").About} about
 * @returns {Host}
 */
export function webui(panel, about) {
    const { sourceOf, runOf, cures } = panelOf(panel, about);
    const { withoutDrafts, ...common } = tabOf("img2img", panel);
    let last = TABS[0];

    /** The tab in sight; the last one where none is, as in Batch. */
    function tab() {
        last = TABS.find((id) => shown(document.getElementById(id))) ?? last;
        return last;
    }

    const pictureOf = (id) => {
        /** @type {any} */
        const own = document.getElementById(id);
        const image = own?.querySelector("img.forge-image") ?? own?.querySelector("img");
        return image?.complete && image.naturalWidth ? image : null;
    };

    let lent = "";

    /** For source *sketch*: the picture that was painted on, as it was. */
    function sketched() {
        const area = box(`${panel}untouched`);
        const id = tab();
        const image = COLOURED.includes(id) && sourceOf().source === "sketch" && pictureOf(id);
        const key = image ? `${id} ${image.src.length} ${image.src.slice(-64)}` : "";
        if (!area || key === lent) return;
        lent = key;
        write(area, image ? pngOf(image) : "");
    }

    return {
        ...common,
        waits: "Put a picture into img2img, then paint where it may change.",

        picture() {
            const id = tab();
            const image = pictureOf(id);
            if (!image) return null;
            const drawn = COLOURED.includes(id) ? drawing(id, DRAWN) : null;
            return {
                key: `${id} ${image.src}`,
                image: () => (drawn ? flat(image, drawn) : image),
            };
        },

        run: () => ({
            ...runOf(),
            ...stepsOf(number("#img2img_steps"), number("#img2img_denoising_strength")),
        }),

        use() {
            const settings = {
                ...sourceOf(),
                masked: MASKS.includes(tab()),
                builtin: tick(BUILTIN)?.checked ?? false,
            };
            const { unused, says } = useOf(settings);
            const notes = says.map(({ text, cure }) => ({ text, action: cures[cure] }));
            return { unused, notes, mask: usesMask(settings) };
        },

        /** The first picture of the gallery that is of the run's size, or of the tab's picture's. */
        result: withoutDrafts(() => {
            const own = pictureOf(tab());
            const run = [number("#img2img_width"), number("#img2img_height")];
            const sizes = [run, own ? [own.naturalWidth, own.naturalHeight] : run].map(String);
            const fits = (image) =>
                image.complete &&
                !image.closest(".livePreview") &&
                sizes.includes(String([image.naturalWidth, image.naturalHeight]));
            const image = every(GALLERY).find(fits);
            return image ? { key: image.src, image: () => image } : null;
        }),

        /** White where the tab's own mask is. */
        async mask() {
            const id = tab();
            if (id === "img_inpaint_base") return one(`${MASK} img`);
            const strokes = drawing(id, COLOURED.includes(id) ? DRAWN : MASKED);
            return strokes && silhouette(strokes, pictureOf(id));
        },

        clicks: clicksBy("diffdiff_click_img2img", () => [
            number("#img2img_width"),
            number("#img2img_height"),
        ]),
        moves: `${panel}move`,
        outpaint: `${panel}outpaint`,
        tend: sketched,
        options: optionsOf,

        keeps: "webui",
        usePicture: (file) => upload(`#${tab()}`, file, file.name),
        onPictureFile: (file) => upload(`#${tab()}`, file, file.name),

        // 8 bits: the host reads deeper greys as white
        sendTo: [{ label: "Send to Inpaint upload", bits: 8, send: (map) => upload(MASK, map) }],
    };
}

/** What the page's script knows of the schedule; null: nothing. */
function noise(text) {
    try {
        const known = JSON.parse(text || "null");
        return known?.steps ? known : null;
    } catch {
        return null;
    }
}

/** @returns {HTMLCanvasElement | null} */
const drawing = (id, which) => document.getElementById(id)?.querySelector(which) ?? null;

function flat(image, drawn) {
    const canvas = blank(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    context.drawImage(drawn, 0, 0, canvas.width, canvas.height);
    return canvas;
}

/**
 * Strokes of any colour as white on black. On nothing, as most tabs keep them, their opacity tells;
 * A1111's coloured strokes lie on a copy of the picture.
 */
function silhouette(strokes, picture) {
    const { width, height } = strokes;
    const drawn = pixels(strokes, width, height);
    const opaque = drawn.data.every((value, i) => i % 4 !== 3 || value === 255);
    const under = opaque && picture ? pixels(picture, width, height).data : null;
    const { data } = drawn;
    for (let i = 0; i < data.length; i += 4) {
        const touched = under
            ? data[i] !== under[i] || data[i + 1] !== under[i + 1] || data[i + 2] !== under[i + 2]
            : data[i + 3] > 0;
        data.fill(touched ? 255 : 0, i, i + 3);
        data[i + 3] = 255;
    }
    const canvas = blank(width, height);
    canvas.getContext("2d").putImageData(drawn, 0, 0);
    return canvas;
}

function pixels(source, width, height) {
    const context = blank(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
}

const blank = (width, height) => Object.assign(document.createElement("canvas"), { width, height });
