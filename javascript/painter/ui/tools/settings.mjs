import { SYMMETRIES } from "../../draw/symmetry.mjs";
import { appliedMode } from "./modes.mjs";

/**
 * What the artist has chosen: the tool and how it works. Kept by the page between visits; whatever
 * comes back from there is checked field by field, so old or broken settings cannot hurt.
 *
 * @typedef {import("../../map/cover.mjs").Mode} Mode
 * @typedef {"brush" | "erase" | "smooth" | "linear" | "radial" | "rectangle" | "ellipse" | "lasso"
 *     | "flood" | "pick" | "move" | "click"} ToolName
 *
 * @typedef {object} Values
 * @property {ToolName} tool
 * @property {number} strength percent that the tool paints; where a gradient starts
 * @property {number} second percent: the other end of a gradient, and the right mouse button
 * @property {number} size pixels of the picture
 * @property {number} side the picture's shorter side, which `size` is in proportion to
 * @property {number} hardness percent
 * @property {number} flow percent
 * @property {Mode} mode how paint meets what is there
 * @property {"none" | "size" | "strength" | "both"} pen what pen pressure does
 * @property {number} blur pixels, of the smoothing brush
 * @property {number} tolerance 0..255, of the flood fill
 * @property {"heat" | "grey" | "off"} view
 * @property {number} opacity percent, of the heat overlay
 * @property {"map" | "selection"} target what shapes and fills draw on
 * @property {boolean} lock what is kept (0 %) stays kept
 * @property {boolean} edges the brush keeps to colors like the first
 * @property {boolean} contiguous a fill stays connected
 * @property {number} expand pixels that a fill goes beyond its border
 * @property {boolean} contours lines at 25, 50 and 75 % and around what is kept
 * @property {number} curve percent: how hard a pen must press for its full effect; 100: evenly
 * @property {number} least percent that the lightest touch of a pen gives
 * @property {number} steady pixels of the screen: the rope by which the pointer pulls a brush
 * @property {import("../../draw/symmetry.mjs").Symmetry} symmetry about the picture's middle
 * @property {readonly number[]} recent strengths painted last, in percent, the last one first
 * @property {"lasso" | "rectangle"} take how the tool Move draws around something
 * @property {"add" | "leave"} clicks what a click of the tool Click does
 * @property {boolean} clickEdges what it finds follows the edges of the picture
 * @property {number} height CSS pixels of the canvas; 0: what suits the picture
 */

export const TOOLS = /** @type {const} */ ([
    "brush",
    "erase",
    "smooth",
    "linear",
    "radial",
    "rectangle",
    "ellipse",
    "lasso",
    "flood",
    "pick",
    "move",
    "click",
]);
export const VIEWS = /** @type {const} */ (["heat", "grey", "off"]);
export const QUICK = [0, 25, 50, 75, 100]; // percent; these need not be remembered
const RECENT = 6;
const PENS = ["none", "size", "strength", "both"];

const choice = (initial, options) => ({ initial, check: (v) => options.includes(v) });
const number = (initial, least, most, gap = null) => ({
    initial, least, most,
    check: (v) => typeof v === "number" && ((v >= least && v <= most) || v === gap),
}); // prettier-ignore

/** Whether something kept is a list of the strengths painted last. */
function areRecent(list) {
    const strength = (v) => typeof v === "number" && v >= 0 && v <= 100;
    return Array.isArray(list) && list.length <= RECENT && list.every(strength);
}

/** Every setting: its first value and its limits. */
export const FIELDS = {
    tool: choice("brush", TOOLS),
    strength: number(100, 0, 100),
    second: number(0, 0, 100),
    size: number(64, 1, 1024),
    side: number(12 * 64, 1, 1e6), // so that the first brush is a twelfth of any picture
    hardness: number(60, 0, 100),
    flow: number(100, 1, 100),
    mode: choice("replace", ["replace", "max", "min"]),
    pen: choice("size", PENS),
    blur: number(8, 1, 64),
    tolerance: number(24, 0, 255),
    view: choice("heat", VIEWS),
    opacity: number(65, 10, 100),
    target: choice("map", ["map", "selection"]),
    lock: choice(false, [false, true]),
    edges: choice(false, [false, true]),
    contiguous: choice(true, [false, true]),
    expand: number(0, 0, 64),
    contours: choice(false, [false, true]),
    curve: number(100, 25, 400),
    least: number(0, 0, 90),
    steady: number(0, 0, 200),
    symmetry: choice("off", SYMMETRIES),
    recent: { initial: /** @type {readonly number[]} */ ([]), check: areRecent },
    take: choice("lasso", ["lasso", "rectangle"]),
    clicks: choice("add", ["add", "leave"]),
    clickEdges: choice(true, [false, true]),
    height: number(0, 320, 1600, 0),
};

/**
 * Settings as they came back from wherever they were kept; what is unusable gets its first value.
 *
 * @param {unknown} kept
 * @returns {Values}
 */
export function restored(kept) {
    const found = kept && typeof kept === "object" ? /** @type {any} */ (kept) : {};
    return /** @type {any} */ (
        Object.fromEntries(
            Object.entries(FIELDS).map(([name, { initial, check }]) => [
                name,
                check(found[name]) ? found[name] : initial,
            ]),
        )
    );
}

/** Settings that tell others when they change. */
export class Settings {
    /**
     * @param {{ load: () => object | null, save: (o: object) => void }} store may throw: it is then
     *     as if nothing had been kept
     */
    constructor(store) {
        this.store = store;
        /** @type {Set<(changed: Partial<Values>) => void>} */
        this.listeners = new Set();
        /** A size that followed the picture, as long as it is not chosen anew. */
        this.unrounded = { size: 0, value: 0 };
        let kept = null;
        try {
            kept = store.load();
        } catch {
            // private windows forbid storage
        }
        this.values = restored(kept);
    }

    /**
     * Changes some values; numbers are brought into their limits, other unusable ones are refused.
     *
     * @param {Partial<Values>} wanted
     */
    set(wanted) {
        const changed = {};
        for (const [name, value] of Object.entries(wanted)) {
            const { least, most, check } = FIELDS[name];
            const usable =
                least !== undefined && !check(value)
                    ? Math.min(most, Math.max(least, Number.isFinite(value) ? +value : NaN))
                    : value;
            if (check(usable) && usable !== this.values[name]) changed[name] = usable;
        }
        if (!Object.keys(changed).length) return;
        Object.assign(this.values, changed);
        try {
            this.store.save({ ...this.values });
        } catch {
            // full or forbidden storage: the values still hold on this page
        }
        for (const listener of this.listeners) listener(changed);
    }

    /**
     * Remembers a strength that was painted; one of the buttons beside it is not.
     *
     * @param {number} percent
     */
    use(percent) {
        if (QUICK.includes(percent) || this.values.recent[0] === percent) return;
        const others = this.values.recent.filter((one) => one !== percent);
        this.set({ recent: [percent, ...others].slice(0, RECENT) });
    }

    /**
     * Another picture: the brush stays the same part of it.
     *
     * @param {import("../../map/rect.mjs").Size} size
     */
    scaleTo({ width, height }) {
        const { size, side } = this.values;
        const now = Math.min(width, height);
        if (now === side) return;
        const before = this.unrounded.size === size ? this.unrounded.value : size;
        const value = (before * now) / side;
        this.set({ side: now, size: Math.round(value) });
        this.unrounded = { size: this.values.size, value };
    }

    /**
     * @param {(changed: Partial<Values>) => void} listener
     * @returns {() => void} takes the listener off
     */
    onChange(listener) {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }
}

/**
 * Settings in the browser's own storage: each tab has its own, and a new tab begins with the last
 * ones.
 *
 * @param {string} [key]
 */
export const browserStore = (key = "diffdiff-painter") => ({
    load: () => JSON.parse(sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? "null"),
    save: (values) => {
        const text = JSON.stringify(values);
        sessionStorage.setItem(key, text);
        localStorage.setItem(key, text);
    },
});

/**
 * The core's tool for the brush-like tools.
 *
 * @param {Values} values
 * @param {{ second?: boolean, erase?: boolean }} [how] second: the other strength; erase: the end
 *     of a pen that erases
 * @returns {import("../../document/document.mjs").Tool & { label: string }}
 */
export function brushOf(values, { second = false, erase = false } = {}) {
    const { tool, size, pen } = values;
    const shape = {
        size,
        hardness: values.hardness / 100,
        flow: values.flow / 100,
        symmetry: values.symmetry,
        pressureSize: pen === "size" || pen === "both",
        pressureStrength: pen === "strength" || pen === "both",
    };
    if (erase || tool === "erase") return { ...shape, value: 0, mode: "replace", label: "Erase" };
    if (tool === "smooth") return { ...shape, sigma: values.blur, label: "Smooth" };
    return { ...shape, ...appliedMode(values, second), label: "Brush" };
}
