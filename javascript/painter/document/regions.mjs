import { PainterError } from "../map/errors.mjs";
import { Stack } from "./stack.mjs";

/** @typedef {import("./stack.mjs").Region} Region */

export const MOST = 12;
const LONGEST_NAME = 60;

// control characters, and what would reorder the text around a name
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A name that fits into a list. @param {unknown} text */
export const nameOf = (text) =>
    String(text ?? "")
        .replace(/[\t\n\r]/g, " ")
        .replace(UNSEEN, "")
        .replace(/\s+/g, " ")
        .trim()
        .slice(0, LONGEST_NAME);

/** Regions that come and go, are named and given a strength; every change can be undone. */
export class RegionStack extends Stack {
    /** All that it is made of. */
    get documents() {
        return [this.background, ...this.regions.map(({ area }) => area)];
    }

    /** Whether values of the map are still put off. */
    get landing() {
        return this.documents.some(({ history }) => history.landing);
    }

    /** Does what was put off and changes values, now. */
    land() {
        for (const { history } of this.documents) history.land();
    }

    /** The same in slices, between which the page goes on. */
    async landed() {
        for (const { history } of this.documents) await history.rest(true);
    }

    /**
     * A new region on top, which is painted on from now on.
     *
     * @param {string} [name]
     * @param {number} [strength] 0..1
     */
    add(name = `Region ${this.regions.length + 1}`, strength = 0.5) {
        if (this.regions.length >= MOST) {
            throw new PainterError(`There are ${MOST} regions`, "Remove one first");
        }
        /** @type {Region} */
        const region = {
            name: nameOf(name) || "Region", strength, mode: "replace", area: this.newDocument(this),
        }; // prettier-ignore
        this.replaceRegions("New region", [...this.regions, region]);
        this.active = region;
        return region;
    }

    /** @param {Region} region */
    remove(region) {
        this.replaceRegions(
            "Remove region",
            this.regions.filter((one) => one !== region),
        );
    }

    /** Moves a region over (1) or under (-1) its neighbor. */
    move(region, by) {
        const from = this.regions.indexOf(region);
        const to = from + by;
        if (from < 0 || to < 0 || to >= this.regions.length) return;
        const next = [...this.regions];
        [next[from], next[to]] = [next[to], next[from]];
        this.replaceRegions("Order of regions", next);
    }

    /**
     * @param {Region} region
     * @param {{ name?: string, strength?: number, mode?: "replace" | "max" }} changes
     */
    set(region, changes) {
        const before = { name: region.name, strength: region.strength, mode: region.mode };
        const after = { ...before, ...changes };
        after.name = nameOf(after.name) || before.name;
        after.strength = Math.min(1, Math.max(0, after.strength));
        if (Object.keys(after).every((key) => after[key] === before[key])) return;
        const kind = `${this.regions.indexOf(region)} ${Object.keys(changes)}`;
        const last = this.done.at(-1);
        const apply = (values) => () => {
            Object.assign(region, values);
            this.changed();
        };
        if (last?.kind === kind && !this.undone.length) last.redo = apply(after);
        else this.push({ label: "Region", kind, undo: apply(before), redo: apply(after) });
        apply(after)();
    }

    /** A step of a slider is at its end: the next is one of its own. */
    settle() {
        const last = this.done.at(-1);
        if (last) last.kind = undefined;
    }

    /** @param {Region | null} region */
    choose(region) {
        this.commitStroke();
        this.active = region;
    }
}
