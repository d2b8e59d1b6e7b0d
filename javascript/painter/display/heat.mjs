/**
 * Colours of the map. The heat scale goes evenly through OKLab (Björn Ottosson, "A perceptual
 * color space for image processing", 2020): lightness rises in equal steps from keep to change, so
 * that equal differences of strength look equal, in colour and in grey, and for colour-blind eyes.
 *
 * @typedef {"heat" | "grey" | "off"} Mode
 */

const SHADES = 1024; // of a scale; a screen shows 256
const SHIFT = 6; // 65536 values to 1024 shades
const LIGHTNESS = [0.3, 0.94];
/** Hues of the scales, in degrees, from keep to change; lightness is the same in all. */
export const SCALES = {
    inferno: [-65, 105], // violet by red and orange to yellow
    viridis: [305, 110], // violet by blue and green to yellow
    red: [25, 25],
    blue: [255, 255],
};
let hues = SCALES.inferno;

/** @param {string} name of one of `SCALES`, for all painters of the page; another is ignored */
export function useScale(name) {
    if (Object.hasOwn(SCALES, name)) hues = SCALES[name];
}

const CHROMA = 0.16; // nearly everywhere within what screens show; reduced where it is not

/**
 * OKLab to linear sRGB, by the matrices of the paper.
 *
 * @param {number} L
 * @param {number} a
 * @param {number} b
 */
function linearRgb(L, a, b) {
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
    return [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ];
}

const gamma = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

/**
 * Colour of a strength on the heat scale.
 *
 * @param {number} t 0..1
 * @returns {[number, number, number]} 0..255, sRGB
 */
export function heat(t) {
    const L = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * t;
    const hue = ((hues[0] + (hues[1] - hues[0]) * t) * Math.PI) / 180;
    let [low, high] = [0, CHROMA]; // the largest chroma that the screen can show, by halving
    for (let i = 0; i < 16; i++) {
        const c = (low + high) / 2;
        const rgb = linearRgb(L, c * Math.cos(hue), c * Math.sin(hue));
        [low, high] = rgb.every((v) => v >= 0 && v <= 1) ? [c, high] : [low, c];
    }
    const rgb = linearRgb(L, low * Math.cos(hue), low * Math.sin(hue));
    return /** @type {[number, number, number]} */ (rgb.map((v) => Math.round(255 * gamma(v))));
}

const FAINTEST = 0.2; // part of the opacity, of the slightest strength
const FADE = 0.2; // strength from which on the colours are as opaque as they get

/**
 * How opaque the colour of a strength is: the slightest looks slightest, over any picture.
 *
 * @param {number} t 0..1, above 0
 */
export const veil = (t) => FAINTEST + (1 - FAINTEST) * Math.min(1, t / FADE);

/** @param {number} t 0..1 */
const grey = (t) => /** @type {[number, number, number]} */ (Array(3).fill(Math.round(255 * t)));

/**
 * A table from map value to overlay pixel. With "heat", kept pixels show the picture itself, and
 * nothing else does: the slightest strength is tinted, if faintly, because it changes pixels.
 *
 * @param {Mode} mode
 * @param {number} opacity 0..1
 * @returns {Uint32Array} of 1025 RGBA pixels; the last is that of value 0
 */
export function overlayTable(mode, opacity) {
    const bytes = new Uint8ClampedArray(4 * (SHADES + 1));
    const colour = mode === "heat" ? heat : grey;
    const alpha = mode === "off" ? 0 : Math.round(255 * opacity);
    for (let i = 0; i < SHADES; i++) {
        const t = i / (SHADES - 1);
        bytes.set([...colour(t), mode === "heat" ? alpha * veil(t) : alpha], 4 * i);
    }
    bytes.set([0, 0, 0, mode === "grey" ? alpha : 0], 4 * SHADES);
    return new Uint32Array(bytes.buffer);
}

/**
 * Map values as overlay pixels.
 *
 * @param {Uint16Array} values
 * @param {Uint32Array} table
 * @param {Uint8ClampedArray} rgba of four times the length; as ImageData has it
 */
export function compose(values, table, rgba) {
    const out = new Uint32Array(rgba.buffer, rgba.byteOffset, values.length);
    for (let i = 0; i < out.length; i++) {
        const value = values[i];
        out[i] = table[value === 0 ? SHADES : value >> SHIFT];
    }
}

/**
 * CSS colours of a legend, from keep to change, as opaque as over the picture.
 *
 * @param {number} stops
 * @param {Mode} mode
 */
export const stopsOf = (stops, mode) =>
    Array.from({ length: stops }, (_, i) => {
        const t = i / Math.max(1, stops - 1);
        if (mode !== "heat") return `rgb(${grey(t).join(" ")})`;
        return `rgb(${heat(t).join(" ")} / ${i ? veil(t).toFixed(3) : 0})`;
    });
