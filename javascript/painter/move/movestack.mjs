import { GreyMap } from "../map/map.mjs";
import { RegionStack } from "../document/regions.mjs";
import { PainterError } from "../map/errors.mjs";
import { isIdle, planeOfMoves } from "./movemap.mjs";

/** @typedef {import("./movemap.mjs").Move} Move */

export const MOST = 32;
const keyOf = ({ width, height }) => `${width}x${height}`;

/** The map with its regions, and over them the map of what was moved: the larger value counts. */
export class MoveStack extends RegionStack {
    constructor(size, options) {
        super(size, options);
        /** Never changed in place. @type {readonly Move[]} */
        this.moves = [];
        /** The map of the moves. @type {Uint16Array | null} */
        this.over = null;
        /** Moves of pictures of other sizes. @type {Map<string, readonly Move[]>} */
        this.aside = new Map();
        this.both = { key: -1, map: null };
    }

    get map() {
        const below = super.map;
        if (!this.over) return below;
        if (this.both.key !== this.revision) {
            const map = new GreyMap(this.width, this.height, below.data.slice());
            const { over } = this;
            for (let i = 0; i < over.length; i++) if (over[i] > map.data[i]) map.data[i] = over[i];
            this.both = { key: this.revision, map };
        }
        return this.both.map;
    }

    /** Whether no value is above 0, without a stroke in progress. */
    get isBlank() {
        if (this.regions.length || this.over) return this.map.isFlat(0);
        return this.background.isBlank;
    }

    read(rect, out = new Uint16Array(rect.w * rect.h)) {
        super.read(rect, out);
        const { over, width } = this;
        if (!over) return out;
        for (let row = 0, i = 0; row < rect.h; row++) {
            let at = (rect.y + row) * width + rect.x;
            for (let x = 0; x < rect.w; x++, i++, at++) if (over[at] > out[i]) out[i] = over[at];
        }
        return out;
    }

    at(i) {
        return Math.max(super.at(i), this.over ? this.over[i] : 0);
    }

    /**
     * Other moves take the place of these, as one step.
     *
     * @param {string} label
     * @param {readonly Move[]} next
     */
    setMoves(label, next) {
        if (next.length > MOST)
            throw new PainterError(`There are ${MOST} moves`, "Remove one first");
        this.commitStroke();
        const before = this.moves;
        const apply = (moves) => () => {
            this.moves = moves;
            this.show(moves);
        };
        this.push({ label, undo: apply(before), redo: apply(next) });
        apply(next)();
    }

    /** Shows the map of some moves, without a step. @param {readonly Move[]} moves */
    show(moves) {
        const busy = moves.some((move) => !isIdle(move));
        if (!busy && !this.over) return this.changed();
        this.over = busy ? planeOfMoves(this, [...moves]) : null;
        this.changed();
    }

    /** Everything becomes one painted map: the picture is handed over as it is now. */
    bake() {
        const map = this.map;
        const whole = new GreyMap(map.width, map.height, map.data.slice());
        this.setMoves("Hand over", []);
        this.load(whole);
    }

    /** Moves of a picture of another size wait until it comes back. */
    setImage(size) {
        const key = keyOf(this);
        const { moves } = this;
        const outcome = super.setImage(size);
        if (outcome === "kept") return outcome;
        if (moves.length) this.aside.set(key, moves);
        this.moves = this.aside.get(keyOf(size)) ?? [];
        const shown = this.over;
        this.over = this.moves.length ? planeOfMoves(this, [...this.moves]) : null;
        if (shown || this.over) this.changed();
        return outcome;
    }
}
