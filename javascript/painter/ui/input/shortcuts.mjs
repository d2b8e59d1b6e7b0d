/**
 * Keys of the painter, as data: the help popover is made of the same table.
 *
 * Keys are matched by what they type, so they stay where other layouts have them. Only where the
 * key types something that means nothing here (a Cyrillic letter, the digit row of a French
 * keyboard) does its place on the keyboard count.
 *
 * @typedef {object} Shortcut
 * @property {string[]} keys `event.key` in lower case
 * @property {string[]} [codes] `event.code` where the layout has no such key
 * @property {string} command
 * @property {number} [value] handed to the command
 * @property {boolean} [ctrl] Ctrl, or Command on a Mac
 * @property {boolean} [shift] only where it does not change what is typed
 * @property {boolean} [hold] acts as long as it is held
 * @property {boolean} [repeats] acts again while it is held
 * @property {string} label what the help shows for the key
 * @property {string} help
 *
 * @typedef {object} KeyPress the parts of a KeyboardEvent that count
 * @property {string} key
 * @property {string} [code]
 * @property {boolean} [ctrlKey]
 * @property {boolean} [metaKey]
 * @property {boolean} [shiftKey]
 * @property {boolean} [altKey]
 * @property {boolean} [altGraph] `getModifierState("AltGraph")`
 * @property {boolean} [repeat]
 * @property {boolean} [isComposing]
 */

const letter = (key, command, help) => ({
    keys: [key],
    codes: [`Key${key.toUpperCase()}`],
    command,
    label: key.toUpperCase(),
    help,
});

const step = (key, code, shift, command, value, help) => ({
    keys: [key],
    codes: [code],
    shift,
    command,
    value,
    repeats: true,
    label: key,
    help,
});

const digits = Array.from({ length: 10 }, (_, digit) => ({
    keys: [String(digit)],
    codes: [`Digit${digit}`],
    command: "digit",
    value: digit,
    label: String(digit),
    help: digit ? `Strength ${digit}0 %` : "Strength 100 % (0 0 is 0 %)",
}));

/** @type {Shortcut[]} */
export const SHORTCUTS = [
    letter("b", "tool:brush", "Brush"),
    letter("e", "tool:erase", "Eraser"),
    letter("g", "tool:gradient", "Gradient: linear, again: radial"),
    letter("l", "tool:lasso", "Lasso"),
    letter("f", "tool:flood", "Fill an area of similar color"),
    letter("r", "tool:rectangle", "Rectangle"),
    letter("o", "tool:ellipse", "Ellipse"),
    letter("s", "tool:smooth", "Smooth"),
    letter("p", "tool:pick", "Eyedropper (Alt with any tool)"),
    letter("m", "tool:move", "Move a part of the picture"),
    letter("w", "tool:click", "Click: paint an object by clicking on it"),
    step("[", "BracketLeft", false, "size", -1, "Smaller brush"),
    step("]", "BracketRight", false, "size", 1, "Larger brush"),
    step("{", "BracketLeft", true, "hardness", -1, "Softer brush"),
    step("}", "BracketRight", true, "hardness", 1, "Harder brush"),
    ...digits,
    letter("x", "swap", "Swap the two strengths"),
    { ...letter("z", "undo", "Undo"), ctrl: true, repeats: true, label: "Ctrl+Z" },
    {
        ...letter("z", "redo", "Redo"),
        ctrl: true,
        shift: true,
        repeats: true,
        label: "Ctrl+Shift+Z",
    },
    { ...letter("y", "redo", "Redo"), ctrl: true, repeats: true, label: "Ctrl+Y" },
    { keys: [" "], command: "pan", hold: true, label: "Space", help: "Hold to pan" },
    letter("i", "invert", "Invert the map"),
    letter("v", "view", "Cycle the view: colors, gray, picture only"),
    { ...letter("h", "peek", "Hold to see the picture only"), hold: true },
    { keys: ["+", "="], command: "zoom", value: 1, repeats: true, label: "+", help: "Zoom in" },
    { keys: ["-"], command: "zoom", value: -1, repeats: true, label: "-", help: "Zoom out" },
    { keys: ["home"], command: "fit", label: "Home", help: "Fit the whole picture" },
    {
        keys: ["0"],
        codes: ["Digit0"],
        ctrl: true,
        command: "fit",
        label: "Ctrl+0",
        help: "Fit the whole picture",
    },
    {
        keys: ["1"],
        codes: ["Digit1"],
        ctrl: true,
        command: "actual",
        label: "Ctrl+1",
        help: "Actual pixels (100 %)",
    },
    letter("t", "draft", "Draft: a small run of few steps"),
    step(",", "Comma", false, "rotate", -1, "Rotate the view to the left by 15°"),
    step(".", "Period", false, "rotate", 1, "Rotate the view to the right by 15°"),
    letter("k", "flipView", "Flip the view, left and right"),
    letter("u", "upright", "Reset the rotation and flip of the view"),
    letter("c", "contours", "Lines at 25, 50, 75 % and around what is kept"),
    letter("q", "target", "Switch shapes and fills between selecting and painting"),
    { ...letter("d", "deselect", "Deselect"), ctrl: true, label: "Ctrl+D" },
    letter("n", "region", "New region"),
    letter("j", "transform", "Transform the region that is painted on"),
    { keys: ["?"], command: "help", label: "?", help: "Show this list" },
    { keys: ["escape"], command: "cancel", label: "Esc", help: "Cancel the stroke" },
];

const PRINTABLE = new Set(SHORTCUTS.flatMap(({ keys }) => keys));

/**
 * The shortcut that a key press means.
 *
 * @param {KeyPress} press
 * @param {boolean} [typing] whether the focus is in a text field, which keeps its keys
 * @returns {Shortcut | null}
 */
export function match(press, typing = false) {
    if (typing || press.isComposing) return null;
    const key = press.key.toLowerCase();
    // AltGr types brackets on many layouts, and Windows reports it as Ctrl+Alt
    const altGr = press.altGraph || (press.ctrlKey && press.altKey);
    const ctrl = !altGr && Boolean(press.ctrlKey || press.metaKey);
    if (press.altKey && !altGr && !(key.length === 1 && "[]{}".includes(key))) return null;
    const byPlace = foreign(key, press);
    const found = SHORTCUTS.find((shortcut) => {
        if (Boolean(shortcut.ctrl) !== ctrl) return false;
        const place = shortcut.codes?.includes(press.code ?? "") ?? false;
        if (byPlace ? !place : !shortcut.keys.includes(key)) return false;
        // what Shift types is in `key` already, save for letters and for places
        const shiftCounts = byPlace || /^[a-z]$/.test(key);
        return !shiftCounts || Boolean(shortcut.shift) === Boolean(press.shiftKey);
    });
    if (!found || (press.repeat && !found.repeats && !found.hold)) return null;
    return found;
}

/** Whether the key types nothing that this table or a Latin keyboard knows as a letter. */
const foreign = (key, { code = "" }) =>
    Boolean(code) && key.length === 1 && !/^[a-z]$/.test(key) &&
    (!PRINTABLE.has(key) || (key === "-" && /^Digit/.test(code))); // prettier-ignore

const PAIR_MS = 600;

/**
 * Strength in percent by digits, as painting programs have it: one digit is tens (0 is 100), two in
 * a row are the number itself.
 *
 * @param {{ digit: number, time: number } | null} previous what was typed before
 * @param {number} digit
 * @param {number} time milliseconds
 * @returns {{ percent: number, pending: { digit: number, time: number } | null }}
 */
export function strengthByDigits(previous, digit, time) {
    if (previous && time - previous.time <= PAIR_MS) {
        return { percent: 10 * previous.digit + digit, pending: null };
    }
    return { percent: digit ? 10 * digit : 100, pending: { digit, time } };
}

/**
 * The next size for [ and ]: one pixel for small brushes, a tenth for large ones.
 *
 * @param {number} size
 * @param {number} direction -1 or 1
 * @param {{ least: number, most: number }} limits
 */
export function steppedSize(size, direction, { least, most }) {
    const next = direction > 0 ? Math.max(size + 1, size * 1.1) : Math.min(size - 1, size / 1.1);
    return Math.min(most, Math.max(least, Math.round(next)));
}
