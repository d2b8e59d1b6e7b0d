/**
 * The last strength fan or sheet under the painter: a click on a stripe or a tile, or on its
 * button, takes that strength.
 *
 * All it knows stands in the generation parameters that the page shows.
 *
 * @typedef {object} Fan
 * @property {{ strength: number, box: number[] }[]} places box: left, top, right, bottom
 * @property {number} bar height of the swatches above a fan, 0 for a sheet
 * @property {[number, number]} frame width and height of the picture, bar and captions included
 * @property {string} mode fan or sheet
 * @property {boolean} wedges
 * @property {string | null} seed
 * @property {string | null} changes of a sheet without a map: how far each strength moved it
 *
 * @typedef {object} Places of a page
 * @property {() => string} texts parameters of what is shown
 * @property {string} pictures selector of the pictures among which the fan's is
 * @property {string} strength selectors of the fields that a click sets
 * @property {string} seed
 * @property {string} mode
 * @property {string} response id of the box of even changes
 */
import { box, choice, one, setNumber, shown, write } from "./fields.mjs";

const SHOWN = ["#html_info_img2img", "#generation_info_img2img :is(textarea, input)"];
const GLANCE = 500; // milliseconds

/**
 * @param {string} panel what the ids of a WebUI's panel begin with
 * @returns {Places}
 */
export const webuiPlaces = (panel) => ({
    texts: pageText,
    pictures: "#img2img_gallery img",
    strength: "#img2img_denoising_strength",
    seed: "#img2img_seed",
    mode: `#${panel}mode`,
    response: `${panel}response`,
});

/**
 * @param {string} text generation parameters
 * @returns {Fan | null} null where they are no fan's and no sheet's
 */
export function readFan(text) {
    const value = (key) => text.match(new RegExp(`\\b${key}: "?([^,"\\n]+)`))?.[1].trim() ?? null;
    const rows = value("DD stripes") ?? value("DD tiles");
    const frame = (value("DD frame") ?? "").split("x").map(Number);
    if (!rows || frame.length !== 2) return null;
    const places = rows.split(";").map((row) => {
        const [strength, ...box] = row.trim().split(/\s+/).map(Number);
        return { strength, box };
    });
    const whole = places.every(
        ({ strength, box }) =>
            Number.isFinite(strength) && box.length === 4 && box.every(Number.isFinite),
    );
    if (!whole || !frame.every((side) => side > 0)) return null;
    return {
        places,
        frame: /** @type {[number, number]} */ (frame),
        bar: Number(value("DD bar") ?? 0),
        mode: value("DD stripes") ? "fan" : "sheet",
        wedges: value("DD fan layout") === "radial",
        seed: value("Seed"),
        changes: value("DD changes"),
    };
}

/**
 * @param {Fan} fan
 * @param {number} x in pixels of the picture
 * @param {number} y
 * @returns {number | null} strength under a point: of the stripe, the tile, or the swatch above
 */
export function strengthAt(fan, x, y) {
    const { places, bar, frame, wedges } = fan;
    if (y < bar) {
        const beside = places.every(({ box }, i) => box[0] === (i ? places[i - 1].box[2] : 0));
        const under =
            beside && places.at(-1).box[2] === frame[0]
                ? places.findIndex(({ box }) => x >= box[0] && x < box[2])
                : Math.floor((x / frame[0]) * places.length);
        return places[under]?.strength ?? null;
    }
    if (wedges) {
        const [left, top, right, bottom] = places.reduce(
            ([a, b, c, d], { box: [l, t, r, u] }) => [
                Math.min(a, l),
                Math.min(b, t),
                Math.max(c, r),
                Math.max(d, u),
            ],
            [Infinity, Infinity, 0, 0],
        );
        if (x < left || x >= right || y < top || y >= bottom) return null;
        const turn = Math.atan2(x - (left + right) / 2, (top + bottom) / 2 - y) / (2 * Math.PI);
        return places[Math.floor(((turn + 1) % 1) * places.length)].strength;
    }
    const hit = places.find(({ box: [l, t, r, u] }) => x >= l && x < r && y >= t && y < u);
    return hit?.strength ?? null;
}

/**
 * Puts the strip under a painter and keeps it up to date until the painter leaves the page.
 *
 * @param {HTMLElement} root of the painter
 * @param {{ settings: { set: (changes: object) => void } }} painter
 * @param {Places} places
 */
export function connectFan(root, painter, places) {
    const strip = document.createElement("div");
    strip.className = "diffdiff-fan";
    strip.hidden = true;
    root.after(strip);
    let text = "";
    let mode = ""; // of what it shows

    function read() {
        const now = places.texts();
        if (now === text || !now) return;
        const fan = readFan(now);
        // one picture of the sheet was chosen: the sheet itself is still worth a click
        if (!fan && /\bDD mode: sheet\b/.test(now)) return;
        const image = fan && pictureOf(fan, places);
        if (fan && !image) return; // it is on its way
        text = now;
        mode = fan?.mode ?? "";
        strip.replaceChildren(...(fan ? content(fan, image, painter, places) : []));
    }

    function glance() {
        read();
        strip.hidden = !mode || choice(places.mode) !== mode; // not beside another mode
    }

    const timer = setInterval(() => {
        if (!root.isConnected) {
            clearInterval(timer);
            strip.remove();
        } else if (!document.hidden && shown(root)) {
            glance();
        }
    }, GLANCE);
}

/** The parameters of the chosen picture, or of the first where none is chosen. */
function pageText() {
    for (const selector of SHOWN) {
        const element = one(selector);
        const text = (element?.value ?? element?.innerText ?? "").trim();
        if (!text) continue;
        if (!text.startsWith("{")) return text;
        try {
            return JSON.parse(text).infotexts?.[0] ?? "";
        } catch {
            return "";
        }
    }
    return "";
}

/** @returns {HTMLImageElement | null} */
function pictureOf({ frame: [width, height] }, { pictures }) {
    const fits = (image) => image.naturalWidth === width && image.naturalHeight === height;
    return [...document.querySelectorAll(pictures)].find(fits) ?? null;
}

function content(fan, image, painter, places) {
    const picture = element("img", {
        src: image.src,
        alt: "Strengths, as the last run shows them",
    });
    const brush = element("input", { type: "checkbox" });
    const label = element("label", { title: "Instead of the tab's denoising strength" });
    label.append(brush, "For the brush");
    const told = element("output", { role: "status" });
    const row = element("div", { className: "diffdiff-fan-row", role: "group" });
    row.setAttribute("aria-label", "Take a strength");

    function take(strength) {
        if (brush.checked) painter.settings.set({ strength: 100 * strength });
        else setNumber(places.strength, strength);
        told.textContent = `${brush.checked ? "Brush" : "Denoising"} strength ${strength}`;
        for (const button of row.children) {
            button.setAttribute("aria-pressed", String(Number(button.value) === strength));
        }
    }

    row.append(
        ...fan.places.map(({ strength }) => {
            const name = String(strength);
            const button = plain({ value: name, textContent: name });
            button.setAttribute("aria-label", `strength ${name}`);
            button.addEventListener("click", () => take(strength));
            return button;
        }),
    );
    picture.addEventListener("click", (event) => {
        const box = picture.getBoundingClientRect();
        const [width, height] = fan.frame;
        const x = ((event.clientX - box.left) / box.width) * width;
        const strength = strengthAt(fan, x, ((event.clientY - box.top) / box.height) * height);
        if (strength !== null) take(strength);
    });
    const foot = element("div", { className: "diffdiff-fan-row" });
    foot.append(label);
    if (fan.seed !== null) {
        const seed = plain({ textContent: `Use seed ${fan.seed}` });
        seed.addEventListener("click", () => {
            setNumber(places.seed, Number(fan.seed));
            told.textContent = `Seed ${fan.seed}`;
        });
        foot.append(seed);
    }
    if (fan.changes !== null) {
        const even = plain({
            textContent: "Even changes",
            title: "Let a gray of the map mean that part of the change, as this sheet measures it",
        });
        even.addEventListener("click", () => {
            write(box(places.response), fan.changes);
            told.textContent = "Response taken (in Advanced)";
        });
        foot.append(even);
    }
    foot.append(told);
    return [picture, row, foot];
}

const element = (name, properties) => Object.assign(document.createElement(name), properties);

const plain = (properties) =>
    element("button", { type: "button", className: "diffdiff-small", ...properties });
