import { Cover } from "../cover.mjs";
import { FULL } from "../map.mjs";
import { inverted, selected } from "../limit.mjs";
import { soften } from "../blur.mjs";

/** What is selected on the picture: all tools change the map there only. */
export class Selecting {
    /** @param {import("./painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
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
        const cover = new Cover(this.painter.document);
        draw(cover);
        if (!cover.tiles.bounds || (subtract && !this.area)) return;
        this.#set(selected(this.area?.slice() ?? null, cover.data, subtract ? "subtract" : "add"));
    }

    none() {
        if (!this.area) return false;
        this.before = this.area;
        this.#set(null);
        return true;
    }

    /** The one that was dropped last. */
    again() {
        if (this.before?.length === this.painter.document.map.data.length) this.#set(this.before);
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
        this.#set(null);
    }

    /** The settings, or what is selected, changed. */
    follow() {
        const { settings, document } = this.painter;
        document.setLimit({ selection: this.area, keepZero: settings.values.lock });
    }

    #set(area) {
        const { stage } = this.painter;
        this.area = area;
        stage.lines.selection = area;
        stage.lines.later(false);
        this.follow();
        this.painter.show();
    }
}
