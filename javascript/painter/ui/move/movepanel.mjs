import { h } from "../controls/dom.mjs";
import { button, slider } from "../controls/fields.mjs";
import { paintedArea } from "../../move/places.mjs";

/**
 * Under the canvas while the tool Move is in hand: what floats, in numbers, and the moves that were
 * put down.
 *
 * @param {import("../painter.mjs").Painter} painter
 */
export function movePanel(painter) {
    const { moving } = painter;
    const move = () => moving.floating?.move ?? null;
    const fields = {};
    const number = (name, label, title, [least, most, unit], read, act) => {
        const one = slider({
            label, title, least, most, unit,
            act: (value) => {
                act(value);
                moving.settle();
            },
        }); // prettier-ignore
        one.element.classList.add("diffdiff-move-field");
        fields[name] = { ...one, read };
        return one.element;
    };
    const placing = () => move().placing;
    const scaled = (i) => (value) => {
        const scale = [...placing().scale];
        scale[i] = Math.max(0.02, value / 100);
        moving.place({ scale: /** @type {any} */ (scale) });
    };
    const by = (i) => (value) => {
        const shift = [...placing().by];
        shift[i] = value;
        moving.place({ by: /** @type {any} */ (shift) });
    };
    /** @type {[number, number, string]} */
    const FAR = [-4096, 4096, "px"];
    const numbers = h("div", { class: "diffdiff-move-row" },
        number("x", "Right", "Pixels to the right; below 0: to the left", FAR, () => placing().by[0], by(0)),
        number("y", "Down", "Pixels down; below 0: up", FAR, () => placing().by[1], by(1)),
        number("w", "Width", "Of the object", [2, 800, "%"], () => 100 * placing().scale[0], scaled(0)),
        number("h", "Height", "Of the object", [2, 800, "%"], () => 100 * placing().scale[1], scaled(1)),
        number("turn", "Turn", "Degrees, clockwise", [-180, 180, "°"], () => placing().rotate,
            (value) => moving.place({ rotate: value })),
        number("keep", "Keep", "Strength of the object: 0 % leaves it as it is", [0, 100, "%"],
            () => 100 * move().keep, (value) => moving.change({ keep: value / 100 })),
        number("ring", "Ring", "Pixels over which the strength falls around object and hole",
            [0, 256, "px"], () => move().ring, (value) => moving.change({ ring: value })),
        number("margin", "Shadow", "Pixels below both where light and shadow may change",
            [0, 256, "px"], () => move().margin, (value) => moving.change({ margin: value })),
    ); // prettier-ignore
    const act = (label, text, symbol, does) =>
        button({ label, text, symbol, kind: "diffdiff-apply", act: does });
    const copy = act("Leave the original where it is", "Duplicate", "copy", () => {
        if (!move()) return;
        moving.change({ copy: !move().copy });
        moving.settle();
    });
    const actions = h("div", { class: "diffdiff-move-row" },
        act("Put it down (Enter)", "Done", undefined, () => moving.commit()),
        act("Put it back (Escape)", "Cancel", undefined, () => moving.cancel()),
        act("Mirror left and right", "Mirror", "mirror", () => moving.mirror("horizontal")),
        act("Mirror top and bottom", "Flip", "flip", () => moving.mirror("vertical")),
        copy,
        act("Delete it: the hole is filled (Delete)", "Delete", "clear", () => moving.remove()),
    ); // prettier-ignore
    const floating = h("div", {}, numbers, actions);
    const takes = h("div", { class: "diffdiff-move-row" },
        h("span", { class: "diffdiff-move-hint" },
            "Draw around what is to move, then drag it. A click takes a selection, a region, or what was moved."),
        act("Move what is selected", "The selection", "select", () => {
            const { area } = painter.selecting;
            if (area) moving.float(area.slice());
            else painter.say("Nothing is selected. Draw around what is to move.", true);
        }),
        act("Move what is painted by half or more", "What is painted", "brush", () =>
            moving.float(paintedArea(painter.document))),
    ); // prettier-ignore
    const list = h("ol", { class: "diffdiff-move-list", "aria-label": "Moves, in their order" });
    const give = act(
        "The picture with its moves becomes the page's own",
        "Use this picture",
        "picture",
        () => moving.handOver().catch((problem) => painter.report(problem)),
    );
    const element = h(
        "div",
        { class: "diffdiff-moves", role: "group", "aria-label": "Move", hidden: true },
        takes, floating, list, give,
    ); // prettier-ignore
    let shown = null;

    function rowOf(one, i) {
        const [x, y] = one.placing.by.map(Math.round);
        const what = one.gone ? "Deleted" : `${one.copy ? "Copied" : "Moved"} by ${x}, ${y}`;
        return h("li", {}, h("span", {}, `${i + 1}. ${what} px`.replace("Deleted px", "Deleted")),
            button({ label: `Change move ${i + 1}`, text: "Change", kind: "diffdiff-apply",
                act: () => moving.takeUp(i) }),
            button({ label: `Remove move ${i + 1}`, symbol: "clear", act: () => moving.drop(i) }),
        ); // prettier-ignore
    }

    function show() {
        const { moves } = painter.document;
        const open = move();
        element.hidden = !painter.hasPicture || !(moving.on || open || moves.length);
        takes.hidden = Boolean(open) || !moving.on;
        floating.hidden = !open;
        copy.setAttribute("aria-pressed", String(Boolean(open?.copy)));
        if (open) for (const field of Object.values(fields)) field.show(field.read());
        list.hidden = !moves.length || Boolean(open);
        give.hidden = list.hidden || !painter.options.usePicture;
        if (moves !== shown) {
            shown = moves;
            list.replaceChildren(...moves.map(rowOf));
        }
    }

    return { element, show };
}
