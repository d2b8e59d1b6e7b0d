import { normal } from "./view.mjs";

/** @typedef {import("./view.mjs").Point} Point */

const SLACK = 10; // degrees that two fingers turn before the picture follows: a pinch turns some
const UPRIGHT = 4; // degrees from upright within which it is upright
const APART = 16; // CSS pixels between the fingers below which their angle means nothing

const angle = ([p, q]) => (Math.atan2(q.y - p.y, q.x - p.x) * 180) / Math.PI;
const near = ([p, q]) => Math.hypot(q.x - p.x, q.y - p.y) < APART;

/** How far two fingers have turned the picture since they came. */
export class Twist {
    /** @param {number} turn of the view, in degrees */
    constructor(turn) {
        this.began = turn;
        this.turned = 0;
        this.slack = 0; // degrees of it that do not count; 0 as long as the picture stays
    }

    /**
     * The fingers moved.
     *
     * @param {[Point, Point]} before on the screen
     * @param {[Point, Point]} after
     * @returns {number} degrees that the view is to be turned to
     */
    follow(before, after) {
        if (!near(before) && !near(after)) this.turned += normal(angle(after) - angle(before));
        if (!this.slack && Math.abs(this.turned) > SLACK) {
            this.slack = Math.sign(this.turned) * SLACK;
        }
        if (!this.slack) return this.began;
        const turn = normal(this.began + this.turned - this.slack);
        return Math.abs(turn) < UPRIGHT ? 0 : turn;
    }
}
