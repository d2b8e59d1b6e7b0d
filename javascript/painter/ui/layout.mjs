import { fromStrength } from "../map/map.mjs";
import { h } from "./controls/dom.mjs";
import { meaning } from "./panels/legend.mjs";
import { menuBar } from "./panels/menus.mjs";
import { optionsRow, toolbox } from "./panels/toolbar.mjs";
import { notesOf } from "./panels/notes.mjs";
import { asksOf } from "./panels/asks.mjs";
import { compareBar } from "./panels/comparebar.mjs";
import { extendMenu, textOfSize } from "./view/extending.mjs";
import { firstHint } from "./panels/firsthint.mjs";
import { movePanel } from "./move/movepanel.mjs";
import { clickPanel } from "./click/clickpanel.mjs";
import { addRegion, regionPanel } from "./panels/regionpanel.mjs";
import { runButton, screenButton } from "./panels/runbar.mjs";
import { percentOf, suitableHeight } from "./tools/modes.mjs";
import { FIELDS } from "./tools/settings.mjs";
import { blobOf, maskInto, saveFrom } from "./files/transfer.mjs";
import { viewBar } from "./panels/viewbar.mjs";

const HEIGHT_STEP = 20; // CSS pixels, by keyboard
const BRIEF_MS = 9000; // after which a passing remark is gone
const DRAG_MS = 100; // between two looks at the numbers while something is dragged
const SPEAK_MS = 250; // the keyboard's cursor rests: what lies under it is spoken

/**
 * Puts the parts of the painter together: menu, options, tools beside the canvas, a line that says
 * what is under the pointer, and the legend.
 *
 * @param {import("./painter.mjs").Painter} painter
 */
export function buildLayout(painter) {
    const { root, settings, cleanup, stage, legend, options } = painter;
    const chooser = h("input", { type: "file", accept: "image/*", hidden: true, tabindex: -1 });
    chooser.addEventListener("change", () => {
        const [file] = chooser.files;
        chooser.value = ""; // so that the same file can be chosen again
        if (file) painter.load(file);
    });
    const photo = h("input", { type: "file", accept: "image/*", hidden: true, tabindex: -1 });
    photo.addEventListener("change", () => {
        const [file] = photo.files;
        photo.value = "";
        if (file) options.onPictureFile(file);
    });
    const extend = options.extend ? extendMenu(painter, options.extend) : null;
    const menu = menuBar(settings, cleanup, {
        extend: extend?.element ?? null,
        undo: () => painter.commands.undo(),
        redo: () => painter.commands.redo(),
        fill: () => {
            const value = fromStrength(settings.values.strength / 100);
            painter.change((document) => document.fill(value));
        },
        clear: () => painter.change((document) => document.fill(0)),
        invert: () => painter.commands.invert(),
        effects: painter.effects,
        selecting: painter.selecting,
        region: () => addRegion(painter),
        picture: options.onPictureFile ? () => photo.click() : null,
        open: () => chooser.click(),
        takeMask: options.takeMask ? () => maskInto(painter) : null,
        save: (bits) => saveFrom(painter, bits),
        sendTo: (options.sendTo ?? []).map(({ label, bits, send }) => ({
            label,
            act: async () => {
                await painter.finish();
                try {
                    await send(await blobOf(painter, bits));
                } catch (problem) {
                    painter.report(problem);
                }
            },
        })),
        peek: (on) => stage.peek(on),
        lacks: painter.clicking.lacks,
    });
    const tools = toolbox(settings, (tool) => settings.set({ tool }), painter.clicking.lacks);
    const optionBar = optionsRow(settings, () => painter.commands.swap());
    const status = h("p", { class: "diffdiff-status", role: "status", "aria-live": "polite" });
    const readout = h("span", { class: "diffdiff-readout" });
    const view = viewBar(painter);
    const spoken = h("p", { class: "diffdiff-unseen", "aria-live": "polite" });
    const notes = notesOf();
    const asks = asksOf();
    const regions = regionPanel(painter);
    const moves = movePanel(painter);
    const clicks = clickPanel(painter);
    const compare = compareBar(painter);
    const first = firstHint(painter, options.runLabel ?? "Generate");
    const run = runButton(options.run, options.runLabel, options.draft);
    const under = h("div", { class: "diffdiff-under" }, readout, compare.element);
    const foot = h(
        "div",
        { class: "diffdiff-foot" },
        status,
        under,
        view.element,
        screenButton(root, cleanup),
        run.element,
    );
    const grip = gripOf(painter);
    const shelf = h("div", {}); // the page's own
    root.classList.add("diffdiff-painter");
    root.replaceChildren(
        h(
            "div",
            { class: "diffdiff-frame" },
            menu.element,
            optionBar.element,
            h("div", { class: "diffdiff-body" }, tools.element, stage.element),
            grip.element,
            first.element,
            asks.element,
            moves.element,
            clicks.element,
            regions.element,
            notes.element,
            foot,
            legend.element,
            shelf,
            spoken,
            chooser,
            photo,
        ),
    );
    let [queued, late] = [0, 0];
    let [passing, speaking] = [0, 0];
    cleanup.add(() => {
        cancelAnimationFrame(queued);
        clearTimeout(late);
        clearTimeout(passing);
        clearTimeout(speaking);
    });
    const show = () => {
        clearTimeout(late);
        queued = late = 0;
        menu.show(painter.document.history);
        tools.show();
        optionBar.show();
        grip.show();
        regions.show();
        moves.show();
        clicks.show();
        compare.show();
        first.show();
        view.show();
        readout.textContent = painter.hasPicture ? reading(painter) : "";
    };
    show();
    return {
        /** Once a frame, however often asked; less often while something is dragged. */
        show: () => {
            if (painter.moving.dragging) late ||= window.setTimeout(show, DRAG_MS);
            else queued ||= requestAnimationFrame(show);
        },
        toggleHelp: menu.toggleHelp,
        followExtents: () => extend?.follow(),
        notes,
        asks,
        addToResult: compare.add,
        shelf,
        setWork: run.show,
        draft: run.draft,
        get saying() {
            return status.textContent;
        },
        say: (text, problem, brief = false) => {
            status.textContent = text;
            status.classList.toggle("diffdiff-problem", problem && text !== "");
            clearTimeout(passing);
            if (brief) passing = setTimeout(() => (status.textContent = ""), BRIEF_MS);
        },
        /** Says what lies under the keyboard's cursor, and whether it paints. */
        speak: () => {
            painter.show();
            clearTimeout(speaking);
            speaking = setTimeout(() => {
                const stroke = painter.gesture.active ? "Painting. " : "";
                spoken.textContent = stroke + reading(painter);
            }, SPEAK_MS);
        },
    };
}

/** What is under the pointer, in words. */
function reading({ document, stage, legend }) {
    const value = stage.cursor ? document.pick(stage.cursor) : null;
    if (value === null) return textOfSize(document, stage.extents);
    const { x, y } = stage.cursor;
    const what = meaning(value, legend.run);
    return `${Math.floor(x)}, ${Math.floor(y)}:  ${percentOf(value)} %${what && `, ${what}`}`;
}

/** The line under the canvas by which its height is dragged. */
function gripOf({ settings, stage, cleanup }) {
    const element = h("div", {
        class: "diffdiff-grip", role: "separator", tabindex: 0, "aria-orientation": "horizontal",
        "aria-label": "Height of the canvas",
        title: "Drag to change the height; double-click for the automatic height",
        "aria-valuemin": FIELDS.height.least, "aria-valuemax": FIELDS.height.most,
    }); // prettier-ignore
    let drag = null;
    element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        drag = { y: event.clientY, height: stage.element.offsetHeight };
        event.preventDefault();
        element.focus({ preventScroll: true });
    });
    element.addEventListener("pointermove", (event) => {
        if (drag) settings.set({ height: Math.round(drag.height + event.clientY - drag.y) });
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
        element.addEventListener(end, () => (drag = null));
    }
    element.addEventListener("dblclick", () => settings.set({ height: 0 }));
    element.addEventListener("keydown", (event) => {
        const step = { ArrowUp: -HEIGHT_STEP, ArrowDown: HEIGHT_STEP }[event.key];
        if (!step) return;
        settings.set({ height: stage.element.offsetHeight + step });
        event.preventDefault();
        event.stopPropagation();
    });
    const show = () => {
        if (document.fullscreenElement?.contains(element)) return; // as high as there is room
        const { width } = stage.element.getBoundingClientRect();
        const { height } = settings.values;
        const wanted = height || suitableHeight(stage.size, width || 600, window.innerHeight);
        if (stage.element.style.height === `${wanted}px`) return;
        stage.element.style.height = `${wanted}px`;
        element.setAttribute("aria-valuenow", String(wanted));
    };
    cleanup.listen(window, "resize", show);
    return { element, show };
}
