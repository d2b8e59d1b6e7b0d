import { GreyMap } from "../map/map.mjs";
import { encodePng } from "../file/png.mjs";
import { grow, invertTable, levelsTable, shrink } from "../draw/filters.mjs";
import { soften } from "../draw/blur.mjs";
import { warped } from "../move/warp.mjs";

/**
 * Work on a whole map that takes longer than a frame. A worker does it where there is one; the same
 * functions run on the page itself where there is none.
 *
 * @typedef {{ width: number, height: number, data: Uint16Array }} Plane
 */

/** What every grey becomes. */
function tabled({ data }, table) {
    const out = new Uint16Array(data.length);
    for (let i = 0; i < out.length; i++) out[i] = table[data[i]];
    return out;
}

/**
 * name -> function of a plane and its options. The answer is a new array, or a file's bytes.
 *
 * @type {Record<string, (plane: Plane, options: any) => any>}
 */
export const TASKS = {
    png: (plane, { bits }) => encodePng(plane, bits),
    grow: (plane, { radius }) => (radius < 0 ? shrink : grow)(plane.data, plane, Math.abs(radius)),
    soften: (plane, { radius }) => soften(plane.data, plane, radius),
    levels: (plane, { black, white, gamma }) => tabled(plane, levelsTable(black, white, gamma)),
    warp: (plane, { box, matrix }) => warped(plane.data, plane, box, matrix),
    invert: (plane) => tabled(plane, invertTable()),
};

/**
 * @param {string} name of a task
 * @param {Plane} plane
 * @param {object} options
 */
export async function perform(name, { width, height, data }, options) {
    return TASKS[name](new GreyMap(width, height, data), options);
}
