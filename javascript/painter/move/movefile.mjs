import { GreyMap } from "../map/map.mjs";
import { encodePng } from "../file/png.mjs";
import { isIdle, matrixOfMove } from "./movemap.mjs";

/** Moves as the field `move` of a request has them. */

/** Masks that are packed already. @type {WeakMap<Uint16Array, Promise<string>>} */
const packed = new WeakMap();

function maskOf(area, { width, height }) {
    let known = packed.get(area);
    if (!known) {
        known = encodePng(new GreyMap(width, height, area), 8).then(base64);
        packed.set(area, known);
    }
    return known;
}

function base64(bytes) {
    let text = "";
    for (let i = 0; i < bytes.length; i += 0x8000) {
        text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    }
    return btoa(text);
}

/**
 * @param {import("./movestack.mjs").MoveStack} stack
 * @returns {Promise<string>} JSON; empty where nothing is moved
 */
export async function textOfMoves(stack) {
    const told = [];
    for (const move of stack.moves) {
        if (isIdle(move)) continue;
        const { keep, ring, margin, copy, gone } = move;
        const one = { region: await maskOf(move.area, stack), keep, ring, margin };
        if (gone) told.push({ ...one, delete: true });
        else told.push({ ...one, matrix: matrixOfMove(move), ...(copy ? { copy } : {}) });
    }
    return told.length ? JSON.stringify(told) : "";
}
