/** @typedef {import("../../display/view.mjs").Point} Point */

/** A click, or a drag that becomes a box. */
export class Pointing {
    /**
     * @param {import("./clicking.mjs").Clicking} clicking
     * @param {Point} point
     * @param {import("../tools/tools.mjs").Start} start
     */
    constructor(clicking, point, { pick, second, slack = 0 }) {
        this.clicking = clicking;
        this.from = point;
        this.to = point;
        this.slack = slack;
        const { clicks } = clicking.painter.settings.values;
        this.inside = clicks === "add" ? !(pick || second) : Boolean(pick || second);
    }

    get moved() {
        const { from, to, slack } = this;
        return Math.hypot(to.x - from.x, to.y - from.y) > slack;
    }

    get mark() {
        return null; // the tool draws its own
    }

    move(points) {
        this.to = points.at(-1);
        this.clicking.drag = this.moved ? { from: this.from, to: this.to } : null;
        this.clicking.painter.stage.invalidate("marks");
    }

    end() {
        const { clicking, from, to } = this;
        clicking.drag = null;
        if (this.moved) clicking.frame(from, to);
        else clicking.point(from, this.inside);
    }

    cancel() {
        this.clicking.drag = null;
        this.clicking.painter.stage.invalidate("marks");
    }
}
