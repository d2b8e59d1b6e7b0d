/**
 * The page of `diffdiff serve` (Gradio 6).
 *
 * @typedef {import("./bridge.mjs").Host} Host
 */
import {
    box,
    choice,
    every,
    number,
    one,
    setNumber,
    ticked,
    upload,
    words,
    write,
} from "./fields.mjs";
import { clicksBy } from "./clicks.mjs";

const RESULT = "#slider img";
const KEPT = ["prompt", "negative_prompt"]; // texts that a restored work brings back

const NAMELESS = ":is(#look, #change) button:not([aria-label])"; // Gradio's own, around a picture
const FOLD = "button.label-wrap";
const MOUNT_MS = 150;

/**
 * Gradio 6 makes what is in a fold when it is opened first: until then the legend could not read
 * its fields. So each is opened once, and shut again.
 */
function mountFolds() {
    const shut = every(FOLD).filter((one) => !one.classList.contains("open"));
    for (const one of shut) one.click();
    setTimeout(() => shut.forEach((one) => one.isConnected && one.click()), MOUNT_MS);
}

/** @returns {Host} */
export function standalone() {
    mountFolds();
    const stop = () => /** @type {HTMLButtonElement | null} */ (one("#stop"));
    let count = 0;

    /** To the page's own handler (diffdiff/page/incoming.py). */
    const bring = (told) => write(box("brought"), JSON.stringify({ ...told, count: ++count }));

    return {
        runs: "#go, #find, #draft_go",
        results: "#slider, #gallery",
        waits: "Drop a picture here, or choose one above; then paint where it may change.",
        keeps: "page",

        picture() {
            const image = one("#image img");
            return image?.complete && image.naturalWidth
                ? { key: image.src, image: () => image }
                : null;
        },

        run: () => ({
            steps: number("#steps") ?? 20,
            denoising: number("#strength"),
            scale: choice("#scale") ?? "relative",
            invert: ticked("#invert"),
            black: number("#black") ?? 0,
            white: number("#white") ?? 1,
            gamma: number("#gamma") ?? 1,
            response: words("response"),
            levels: choice("#levels") ?? "steps",
            extra: number("#extra_calls") ?? undefined,
            // of the loaded model's family
            rule: one("[data-rule]")?.dataset.rule ?? "diffusers",
        }),

        use() {
            const mode = choice("#mode");
            const striped = mode === "fan" && (choice("#fan_layout") ?? "vertical") !== "map";
            const text = "A fan's stripes have strengths of their own; this map is not used.";
            return { unused: striped, notes: striped ? [{ text }] : [] };
        },

        mask: null,

        generates: {
            start: () => one("#go")?.click(),
            stop: () => stop()?.click(),
        },

        draft: () => one("#draft_go")?.click(),

        drafted() {
            const text = words("draft");
            if (!text) return null;
            const image = () => Object.assign(new Image(), { src: JSON.parse(text).image });
            return { key: text, words: JSON.parse(text).words, image };
        },

        work() {
            for (const one of document.querySelectorAll(NAMELESS))
                one.setAttribute("aria-label", "Larger");
            // Gradio names what is empty, but not what it is
            for (const one of every(".empty[aria-label]:not([role])"))
                one.setAttribute("role", "img");
            const button = stop();
            const busy = Boolean(button && !button.disabled);
            const told = one("#progress")?.textContent ?? "";
            const [, done, all] = told.match(/(\d+)\s*\/\s*(\d+)/) ?? [];
            const progress = Number(all) ? `${Math.round((100 * done) / all)}%` : undefined;
            return { busy, progress };
        },

        live() {
            const url = words("live");
            const image = () => Object.assign(new Image(), { src: url });
            return url ? { key: url, image } : null;
        },

        /** The picture after the last run, of the run's or the picture's proportions. */
        result() {
            const images = every(RESULT);
            const image = images.at(-1);
            if (image) image.loading = "eager"; // far below the fold the browser puts it off
            if (images.length < 2 || !image.complete || !image.naturalWidth) return null;
            const own = one("#image img");
            if (!own?.naturalWidth) return null;
            const shape = (one) => one.naturalWidth / one.naturalHeight;
            const alike = Math.abs(shape(image) / shape(own) - 1) < 0.08; // no fan, no sheet
            return alike ? { key: image.src, image: () => image } : null;
        },

        /** A picture of ours: its settings and its map go to the page. */
        carried(texts) {
            const { diffdiff: settings, diffdiff_map: map, diffdiff_regions: regions } = texts;
            if (!settings && !map) return false;
            bring({ settings, map: regions ? null : map }); // the painter takes the regions itself
            return true;
        },

        usePicture(file) {
            // no new beginning: the page leaves map and prompt alone where there has been a run
            if (!words("infotext")) write(box("infotext"), "-");
            return upload("#image", file, file.name);
        },
        onPictureFile: (file) => upload("#image", file, file.name),

        /** What a restored work brings back beside picture and map. */
        state: () => ({
            ...Object.fromEntries(KEPT.map((name) => [name, words(name)])),
            seed: number("#seed") ?? Number(words("seed")),
            strength: number("#strength"),
            steps: number("#steps"),
        }),
        setState(state) {
            for (const name of KEPT) {
                const area = box(name);
                if (area && typeof state[name] === "string") write(area, state[name]);
            }
            for (const name of ["seed", "strength", "steps"]) {
                if (Number.isFinite(state[name])) setNumber(`#${name}`, state[name]);
            }
        },

        clicks: clicksBy("diffdiff_click", () => [number("#width"), number("#height")]),
        regions: "regions",
        moves: "move",
        outpaint: "outpaint",

        /** Where the parameters of a fan or a sheet stand, and what a click on one sets. */
        fan: {
            texts: () => words("infotext"),
            pictures: "#slider img, #gallery img",
            strength: "#strength",
            seed: "#seed",
            mode: "#mode",
            response: "response",
        },
    };
}
