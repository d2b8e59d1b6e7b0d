import { Ramp } from "./tools/ramp.mjs";
import { Transforming } from "./move/transforming.mjs";

/**
 * What stays in hand on the canvas until it is done: the handles of a gradient, a region in its
 * frame. Each part takes the pointer before the tools do.
 */
export class Holds {
    /** @param {import("./painter.mjs").Painter} painter */
    constructor(painter) {
        this.ramp = new Ramp(painter);
        this.transforming = new Transforming(painter);
        this.parts = [this.ramp, this.transforming];
    }

    /** Whether the map is not yet what is in hand. */
    get waits() {
        return this.ramp.waits || this.transforming.late !== null;
    }

    /** What the pointer does, if it is about one of them. */
    take(point, start) {
        for (const part of this.parts) {
            const drag = part.take(point, start);
            if (drag) return drag;
        }
        return null;
    }

    /** @param {KeyboardEvent} event whether it meant something */
    key(event) {
        return this.parts.some((part) => part.key(event));
    }

    /** What is in hand is in the map when this returns. */
    settle() {
        this.transforming.hurry();
    }

    /** Gives up what is in hand; whether there was anything. */
    cancel() {
        return this.parts.some((part) => part.cancel());
    }

    /** What is in hand is done. */
    close() {
        for (const part of this.parts) part.close();
    }

    /** The map changed. */
    check() {
        for (const part of this.parts) part.check();
    }

    /** @param {Partial<import("./tools/settings.mjs").Values>} changed */
    follow(changed) {
        for (const part of this.parts) part.follow(changed);
    }
}
