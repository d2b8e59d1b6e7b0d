import { FULL } from "../map/map.mjs";
import { applied, inverse } from "./matrix.mjs";
import { goalOf, matrixOfMove } from "./movemap.mjs";

/** What lies where, for the tool Move. */

const HALF = 0x8000;
const LOOKS = 64; // places along the shorter side at which a moved object is looked for

/**
 * Whether something of a moved object is inside the picture.
 *
 * @param {import("./movemap.mjs").Move} move
 * @param {{ width: number, height: number }} size
 */
export function staysInside(move, { width, height }) {
    const matrix = matrixOfMove(move);
    const goal = goalOf(move.box, matrix, { width, height });
    if (!goal) return false;
    const back = inverse(matrix);
    const step = Math.max(1, Math.floor(Math.min(goal.w, goal.h) / LOOKS));
    for (let y = goal.y; y < goal.y + goal.h; y += step) {
        for (let x = goal.x; x < goal.x + goal.w; x += step) {
            const p = applied(back, { x: x + 0.5, y: y + 0.5 });
            const [u, v] = [Math.floor(p.x), Math.floor(p.y)];
            if (u < 0 || v < 0 || u >= width || v >= height) continue;
            if (move.area[v * width + u] >= HALF) return true;
        }
    }
    return false;
}

/**
 * The region under a point, the topmost first, as a selection.
 *
 * @param {import("./movestack.mjs").MoveStack} document
 * @param {{ x: number, y: number }} point
 */
export function regionAt(document, { x, y }) {
    const i = Math.floor(y) * document.width + Math.floor(x);
    const found = [...document.regions].reverse().find(({ area }) => area.at(i) >= HALF);
    return found ? found.area.map.data.slice() : null;
}

/** What is painted by half or more. @param {import("./movestack.mjs").MoveStack} document */
export const paintedArea = (document) =>
    document.background.map.data.map((value) => (value >= HALF ? FULL : 0));
