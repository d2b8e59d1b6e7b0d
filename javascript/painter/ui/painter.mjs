import { MoveStack } from "../move/movestack.mjs";
import { PainterError } from "../map/errors.mjs";
import { inBackground } from "../worker/background.mjs";
import { Cleanup, whenIdle } from "./controls/dom.mjs";
import { Settings, browserStore } from "./tools/settings.mjs";
import { Stage } from "./stage/stage.mjs";
import { showPicture } from "./arrivals.mjs";
import { Holds } from "./holds.mjs";
import { Effects } from "./tools/effects.mjs";
import { Selecting } from "./tools/selecting.mjs";
import { Gesture } from "./tools/tools.mjs";
import { PointerInput } from "./input/pointer.mjs";
import { Keys } from "./input/keys.mjs";
import { Legend } from "./panels/legend.mjs";
import { commandsOf } from "./commands.mjs";
import { buildLayout } from "./layout.mjs";
import { pixelsOf } from "./files/files.mjs";
import { dropAndPaste, loadInto, regionsInto } from "./files/transfer.mjs";
import { Moving } from "./move/moving.mjs";
import { Clicking } from "./click/clicking.mjs";
import { EMPTY, FIRST_SIZE } from "./options.mjs";

/**
 * @typedef {import("./view/pictures.mjs").Source} Source
 * @typedef {import("../map/map.mjs").GreyMap} GreyMap
 * @typedef {import("./options.mjs").PainterOptions} PainterOptions
 */

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
        this.document = new MoveStack(FIRST_SIZE, {
            historyBytes: options.historyBytes,
            later: whenIdle,
            onChange: (change) => this.#changed(change),
        });
        this.hasPicture = false;
        this.pictureKey = null; // what the page calls it
        /** Colours of the picture for the flood fill, read when first needed. */
        this.pixels = null;
        this.blank = { revision: -1, value: true };
        const { settings, cleanup } = this;
        this.stage = new Stage(settings, cleanup, () => this.show());
        this.stage.show(this.document);
        this.selecting = new Selecting(this);
        this.effects = new Effects(this);
        this.moving = new Moving(this);
        this.clicking = new Clicking(this);
        this.holds = new Holds(this);
        this.gesture = new Gesture({
            document: () => this.document,
            picture: () => this.#pixels(),
            settings,
            select: (draw, subtract) => this.selecting.draw(draw, subtract),
            move: (point, start) => this.moving.begin(point, start),
            click: (point, start) => this.clicking.begin(point, start),
            takes: (point, start) => this.holds.take(point, start),
            opened: (...drawn) => this.holds.ramp.begin(...drawn),
            onError: (problem) => this.report(problem),
            onMark: () => {
                this.stage.mark = this.gesture.mark;
                this.stage.tip = this.gesture.tip;
                this.stage.invalidate("marks");
            },
        });
        this.commands = commandsOf(this);
        this.pointer = new PointerInput(this.stage, this.gesture, cleanup, {
            onHover: () => this.show(),
            size: (direction) => this.commands.size(direction),
            settings,
            enabled: () => this.hasPicture && !this.effects.busy,
        });
        this.legend = new Legend(settings);
        this.layout = buildLayout(this);
        this.keys = new Keys(root, this.stage, this.gesture, this.pointer, cleanup, {
            run: ({ command, value }) => this.commands[command]?.(value) ?? false,
            release: (command) => this.commands[`${command}:end`]?.(),
            moved: () => this.layout.speak(),
            floats: (event) =>
                this.holds.key(event) || this.moving.key(event) || this.clicking.key(event),
            enabled: () => this.hasPicture && !this.effects.busy,
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
        return showPicture(this, source);
    }

    /**
     * What the next run will do with the map, for the legend.
     *
     * @param {import("./panels/legend.mjs").Run | null} run
     */
    setRun(run) {
        this.legend.setRun(run);
        this.show();
    }

    /** Whether no value of the map is above 0. A stroke in progress does not count yet. */
    get isEmpty() {
        const { revision } = this.document;
        if (this.blank.revision !== revision) {
            this.blank = { revision, value: this.document.isBlank };
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
    async toPng(bits = 16) {
        const { document } = this;
        await document.landed();
        const read = () => document.map;
        return (await inBackground("png", read, { bits }, () => this.revision)).output;
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
     * Takes regions over as `regionsText` gave them.
     *
     * @param {string} text
     * @returns {Promise<boolean>} false where it holds none; nothing is changed then
     */
    loadRegions = (text) => regionsInto(this, text);

    /**
     * What a person must know about this map and the next run, under the canvas.
     *
     * @param {import("./panels/notes.mjs").Note[]} notes
     * @param {boolean} [unused] the run will not use the map: it is dimmed
     */
    setNotes(notes, unused = false) {
        this.layout.notes.set(notes);
        this.root.classList.toggle("diffdiff-unused", unused);
    }

    /** @param {import("./panels/runbar.mjs").Work} work what the page is doing, for the run's button */
    setWork(work) {
        this.layout.setWork(work);
    }

    /** @param {Source | null} source the last run's result, of the picture's proportions */
    setResult(source) {
        this.stage.setResult(source);
        this.show();
    }

    /**
     * @param {Source | null} source what a draft run has made, until somebody paints
     * @param {string} [words] about it
     */
    setDraft(source, words) {
        this.stage.setDraft(source, words);
    }

    /** Commits a stroke in progress. Call it before the map is used. */
    async finish() {
        this.pointer.interrupt();
        this.gesture.end();
        this.holds.close();
        if (this.clicking.open) await this.clicking.finish();
        this.document.commitStroke();
        this.moving.commit();
        await this.document.landed();
    }

    /** Takes everything off again: listeners, observers, elements. */
    destroy() {
        this.gesture.end();
        this.cleanup.run();
        this.root.replaceChildren();
        this.root.classList.remove("diffdiff-painter");
    }

    // ---- for the parts of the painter ---------------------------------------------------------

    /** Says something in the status line; brief: for some seconds. @param {string} text */
    say(text, problem = false, brief = false) {
        this.layout.say(text, problem, brief);
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
     * @param {(document: import("../document/regions.mjs").RegionStack) => unknown} action
     */
    change(action) {
        if (!this.hasPicture || this.effects.busy) return;
        this.gesture.end();
        this.say("");
        try {
            action(this.document);
        } catch (problem) {
            this.report(problem);
        }
    }

    #pixels() {
        const { picture, coarse, size } = this.stage;
        if (this.hasPicture) this.pixels ??= pixelsOf(coarse ?? picture, size);
        return this.pixels;
    }

    #changed({ kind, rect, seen }) {
        const { stage } = this;
        if (kind === "image") stage.show(this.document);
        else if (!seen) stage.map.mark(rect);
        stage.invalidate("map");
        if (stage.draft) stage.setDraft(null);
        if (kind === "stroke" || kind === "cancel") return;
        this.say(""); // what was said was about the map before
        this.holds.check();
        this.moving.follow();
        this.show();
        this.options.onChange?.();
    }

    #settingsChanged(changed) {
        if ("view" in changed || "opacity" in changed) this.stage.updateMode(changed);
        if ("lock" in changed) this.selecting.follow();
        if ("tool" in changed && !this.moving.on) this.moving.commit();
        this.holds.follow(changed);
        if ("contours" in changed) this.stage.lines.later(false);
        this.stage.invalidate("marks");
        this.legend.show();
        this.show();
    }

    /** Everything that says how things are. */
    show() {
        this.layout?.show();
    }
}
