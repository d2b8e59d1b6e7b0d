import { PaintDocument } from "../document.mjs";
import { PainterError } from "../errors.mjs";
import { checkSize, fromStrength } from "../map.mjs";
import { encodePng } from "../png.mjs";
import { Cleanup } from "./dom.mjs";
import { Settings, browserStore } from "./settings.mjs";
import { Stage, sizeOf } from "./stage.mjs";
import { Gesture } from "./tools.mjs";
import { PointerInput } from "./pointer.mjs";
import { Keys } from "./keys.mjs";
import { Legend } from "./legend.mjs";
import { commandsOf } from "./commands.mjs";
import { buildLayout } from "./layout.mjs";
import { pixelsOf } from "./files.mjs";
import { dropAndPaste, loadInto } from "./transfer.mjs";

/**
 * @typedef {HTMLImageElement | HTMLCanvasElement | ImageBitmap} Source
 * @typedef {import("../map.mjs").GreyMap} GreyMap
 *
 * @typedef {object} PainterOptions
 * @property {() => void} [onChange] the map was committed, undone, loaded, cleared or resized; not
 *     called in the middle of a stroke
 * @property {(() => Promise<ImageBitmap | ImageData | HTMLCanvasElement | null>) | null} [takeMask]
 *     the host's inpaint mask, white (times alpha) = change; null: there is none. Without it the
 *     menu has no such item.
 * @property {{ label: string, bits?: 8 | 16, send: (blob: Blob) => unknown }[]} [sendTo] further menu
 *     items; they get the map as a PNG, of 16 bits when not said
 * @property {((file: File) => void) | null} [onPictureFile] gets a file dropped with Alt held
 * @property {{ load: () => object | null, save: (o: object) => void }} [settings] where the tools'
 *     settings are kept; the browser's own storage when left out
 * @property {number} [historyBytes] memory for undo
 * @property {(texts: Record<string, string>) => boolean} [carried] texts of a PNG that was opened;
 *     true where the page takes them in the place of the picture
 * @property {{ start: () => void, stop: () => void } | null} [run] what the button beside the zoom
 *     does; without it there is none
 * @property {string} [emptyText] what stands on the canvas while there is no picture
 */

const EMPTY = "Put a picture into img2img";
const FIRST_SIZE = { width: 512, height: 512 }; // until there is a picture

/** @param {() => void} task */
const whenIdle = (task) =>
    window.requestIdleCallback
        ? requestIdleCallback(task, { timeout: 2000 })
        : setTimeout(task, 50);

/** The map painter: an element that paints a change map over the picture of a tab. */
export class Painter {
    /**
     * @param {HTMLElement} root empty element, which the painter fills
     * @param {PainterOptions} [options]
     */
    constructor(root, options = {}) {
        this.root = root;
        this.options = options;
        this.cleanup = new Cleanup();
        this.settings = new Settings(options.settings ?? browserStore());
        this.document = new PaintDocument(FIRST_SIZE, {
            historyBytes: options.historyBytes,
            later: whenIdle,
            onChange: (change) => this.#changed(change),
        });
        this.hasPicture = false;
        /** Colours of the picture for the flood fill, read when first needed. */
        this.pixels = null;
        this.blank = { revision: -1, value: true };
        const { settings, cleanup } = this;
        this.stage = new Stage(settings, cleanup, () => this.#refresh());
        this.stage.show(this.document);
        this.gesture = new Gesture({
            document: () => this.document,
            picture: () => this.#pixels(),
            settings,
            onError: (problem) => this.report(problem),
            onMark: () => {
                this.stage.mark = this.gesture.mark;
                this.stage.invalidate("marks");
            },
        });
        this.commands = commandsOf(this);
        this.pointer = new PointerInput(this.stage, this.gesture, cleanup, {
            onHover: () => this.#refresh(),
            size: (direction) => this.commands.size(direction),
            enabled: () => this.hasPicture,
        });
        this.legend = new Legend(settings);
        this.layout = buildLayout(this);
        this.keys = new Keys(root, this.stage, this.gesture, this.pointer, cleanup, {
            run: ({ command, value }) => this.commands[command]?.(value) ?? false,
            release: (command) => this.commands[`${command}:end`]?.(),
            moved: () => this.#refresh(),
            enabled: () => this.hasPicture,
        });
        dropAndPaste(this);
        this.stage.updateMode({ view: true });
        this.stage.setHint(options.emptyText ?? EMPTY);
        cleanup.add(settings.onChange((changed) => this.#settingsChanged(changed)));
        this.layout.show();
    }

    // ---- what the page calls ------------------------------------------------------------------

    /**
     * The picture of the tab. One of the same size keeps the map and its history; for another size
     * the map is resized. A stroke in progress is committed first.
     *
     * @param {Source | null} source null: there is none now; the map stays as it was
     * @returns {boolean} false when the picture cannot be used; the painter says why
     */
    setPicture(source) {
        if (!source) {
            this.gesture.end();
            this.hasPicture = false;
            this.pixels = null;
            this.stage.setPicture(null);
            this.stage.setHint(this.options.emptyText ?? EMPTY);
            return true;
        }
        try {
            const size = sizeOf(source);
            checkSize(size.width, size.height);
            const drag = this.gesture.active;
            const outcome = this.document.setImage(size); // commits a stroke, tells the view
            if (outcome !== "kept" && drag) this.gesture.forget();
            this.pixels = null;
            this.stage.setPicture(source);
            this.hasPicture = true;
            this.stage.setHint(null);
            this.settings.scaleTo(size);
            if (outcome === "resized" && !this.isEmpty) {
                this.say(`The map was fitted to ${size.width} × ${size.height} pixels.`);
            } else this.say("");
        } catch (problem) {
            this.report(problem);
            return false;
        }
        this.#refresh();
        return true;
    }

    /**
     * What the next run will do with the map, for the legend.
     *
     * @param {import("./legend.mjs").Run | null} run
     */
    setRun(run) {
        this.legend.setRun(run);
        this.#refresh();
    }

    /** Whether no value of the map is above 0. A stroke in progress does not count yet. */
    get isEmpty() {
        const { revision, map } = this.document;
        if (this.blank.revision !== revision) {
            this.blank = { revision, value: map.isFlat(0) };
        }
        return this.blank.value;
    }

    /** Counts the states of the map. */
    get revision() {
        return this.document.revision;
    }

    /**
     * The map as a grey PNG file; white changes.
     *
     * @param {8 | 16} [bits]
     * @returns {Promise<Uint8Array>}
     */
    toPng(bits = 16) {
        return encodePng(this.document.map, bits);
    }

    /**
     * Takes a map over, as a step that can be undone, at the picture's size. Without a picture the
     * painter takes the map's size.
     *
     * @param {Blob | GreyMap | ImageData | Source} source
     * @returns {Promise<boolean>} false when it cannot be read; the painter says why
     */
    load(source) {
        return loadInto(this, source);
    }

    /**
     * What a person must know about this map and the next run, under the canvas.
     *
     * @param {import("./notes.mjs").Note[]} notes
     * @param {boolean} [unused] the run will not use the map: it is dimmed
     */
    setNotes(notes, unused = false) {
        this.layout.notes.set(notes);
        this.root.classList.toggle("diffdiff-unused", unused);
    }

    /** @param {import("./runbar.mjs").Work} work what the page is doing, for the run's button */
    setWork(work) {
        this.layout.setWork(work);
    }

    /** @param {Source | null} source the last run's result, of the picture's proportions */
    setResult(source) {
        this.stage.setResult(source);
        this.#refresh();
    }

    /** Commits a stroke in progress. Call it before the map is used. */
    async finish() {
        this.pointer.interrupt();
        this.gesture.end();
        this.document.commitStroke();
    }

    /** Takes everything off again: listeners, observers, elements. */
    destroy() {
        this.gesture.end();
        this.cleanup.run();
        this.root.replaceChildren();
        this.root.classList.remove("diffdiff-painter");
    }

    // ---- for the parts of the painter ---------------------------------------------------------

    /** Says something in the status line. @param {string} text */
    say(text, problem = false) {
        this.layout.say(text, problem);
    }

    /**
     * Says what went wrong. Errors that are not the user's go to the console as well.
     *
     * @param {any} problem
     */
    report(problem) {
        if (!(problem instanceof PainterError)) console.error(problem);
        this.say(problem?.message || "Something went wrong in the painter", true);
    }

    /**
     * Does something to the whole map; what is wrong with it is told.
     *
     * @param {(document: PaintDocument) => unknown} action
     */
    change(action) {
        if (!this.hasPicture) return;
        this.gesture.end();
        this.say("");
        try {
            action(this.document);
        } catch (problem) {
            this.report(problem);
        }
    }

    fillAll() {
        this.change((document) => document.fill(fromStrength(this.settings.values.strength / 100)));
    }

    #pixels() {
        if (this.hasPicture) this.pixels ??= pixelsOf(this.stage.picture, this.stage.size);
        return this.pixels;
    }

    #changed({ kind, rect, seen }) {
        const { stage } = this;
        if (kind === "image") stage.show(this.document);
        else if (!seen) stage.map.mark(rect);
        stage.invalidate("map");
        if (kind === "stroke" || kind === "cancel") return;
        this.say(""); // what was said was about the map before
        this.#refresh();
        this.options.onChange?.();
    }

    #settingsChanged(changed) {
        if ("view" in changed || "opacity" in changed) this.stage.updateMode(changed);
        this.stage.invalidate("marks");
        this.legend.show();
        this.#refresh();
    }

    /** Everything that says how things are. */
    #refresh() {
        this.layout?.show();
    }
}

