import { Cover } from "../../map/cover.mjs";
import { History } from "../../map/history.mjs";
import { FULL, GreyMap } from "../../map/map.mjs";
import { inverted, selected } from "../../map/limit.mjs";
import { soften } from "../../draw/blur.mjs";

/**
 * What is selected on the picture: all tools change the map there only. Selections are steps among
 * those of the map, kept as differences in a history of their own.
 */
export class Selecting {
    /** @param {Pick<import("../painter.mjs").Painter, "document" | "settings" | "stage" | "show">} painter */
    constructor(painter) {
        this.painter = painter;
        this.#begin();
        /** @type {Uint16Array | null} null: everything may change */
        this.area = null;
        /** The one before, to come back to. @type {Uint16Array | null} */
        this.before = null;
    }

    /**
     * Selects an area beside what is selected, or takes it out.
     *
     * @param {(cover: Cover) => void} draw
     * @param {boolean} [subtract]
     */
    draw(draw, subtract = false) {
        if (this.area && this.area.length !== this.#pixels) this.forget();
        const cover = new Cover(this.painter.document);
        draw(cover);
        if (!cover.tiles.bounds || (subtract && !this.area)) return;
        this.#set(selected(this.area?.slice() ?? null, cover.data, subtract ? "subtract" : "add"));
    }

    none() {
        if (!this.area) return false;
        this.before = this.area.slice(); // a step may change it in place
        this.#set(null);
        return true;
    }

    /** The one that was dropped last. */
    again() {
        if (this.before?.length === this.#pixels) {
            this.#set(this.before.slice());
        }
    }

    invert() {
        this.#set(inverted(this.area));
    }

    /** @param {number} radius pixels over which the border becomes gradual */
    feather(radius) {
        if (this.area) this.#set(soften(this.area, this.painter.document, radius));
    }

    /** What is painted at all. */
    painted() {
        const { data } = this.painter.document.map;
        this.#set(
            selected(
                null,
                data.map((v) => (v ? FULL : 0)),
                "replace",
            ),
        );
    }

    /** Another size of the picture: places mean nothing any more. */
    forget() {
        this.before = null;
        this.#begin();
        this.#show();
    }

    /** The settings, or what is selected, changed. */
    follow() {
        const { settings, document } = this.painter;
        document.setLimit({ selection: this.area, keepZero: settings.values.lock });
    }

    get #pixels() {
        const { width, height } = this.painter.document;
        return width * height;
    }

    #begin() {
        /** The same with 0 everywhere for no selection. @type {GreyMap | null} */
        this.map = null; // made when first needed
        this.history = new History(undefined, this.painter.document.options.later);
        this.area = null;
    }

    /** @param {Uint16Array | null} area taken over */
    #set(area) {
        const { document } = this.painter;
        const { width, height } = document;
        if (this.map?.width !== width || this.map.height !== height) {
            this.#begin();
            this.map = new GreyMap(width, height);
        }
        const { history, map } = this;
        document.commitStroke();
        if (!history.replace("Select", map, area ?? new Uint16Array(map.data.length))) return;
        const go = (move) => () => {
            if (this.history !== history) return; // of a picture of another size
            document.land(); // strokes that are put off were limited by what is selected now
            move();
            history.land();
            this.#show();
        };
        document.push({
            label: area ? "Select" : "Deselect",
            undo: go(() => history.undo(map)),
            redo: go(() => history.redo(map)),
        });
        this.#show();
    }

    #show() {
        const { stage } = this.painter;
        const area = this.map && !this.map.isFlat(0) ? this.map.data : null;
        this.area = area;
        stage.lines.selection = area;
        stage.lines.later(false);
        this.follow();
        this.painter.show();
    }
}
