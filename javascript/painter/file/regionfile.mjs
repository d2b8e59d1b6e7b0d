import { GreyMap, checkSize } from "../map/map.mjs";
import { base64, bytesOf } from "./base64.mjs";
import { decodePng, encodePng } from "./png.mjs";
import { MOST, nameOf } from "../document/regions.mjs";

/**
 * Regions as text, to be kept with a picture: a background and areas as PNG in base64.
 *
 * @typedef {import("../document/regions.mjs").RegionStack} RegionStack
 */

const FORM = 1;
const LONGEST = 8 * 2 ** 20; // characters

/**
 * @param {RegionStack} stack
 * @returns {Promise<string>} "" where there are no regions
 */
export async function textOfRegions(stack) {
    const { background, regions, width, height } = stack;
    if (!regions.length) return "";
    const areas = regions.map(async ({ name, strength, mode, area }) => ({
        name, strength, mode, area: base64(await encodePng(area.map, 16)),
    })); // prettier-ignore
    const text = JSON.stringify({
        form: FORM, width, height,
        background: background.map.isFlat(0) ? "" : base64(await encodePng(background.map, 16)),
        regions: await Promise.all(areas),
    }); // prettier-ignore
    // chunks of a PNG are Latin-1 text, and names may be anything
    return text.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * What `textOfRegions` wrote. The text may come from anywhere.
 *
 * @param {string} text
 * @returns {Promise<{ background: GreyMap,
 *     regions: { name: string, strength: number, mode: "replace" | "max", area: GreyMap }[] } | null>}
 *     null where it is none
 */
export async function regionsOf(text) {
    if (typeof text !== "string" || text.length > LONGEST) return null;
    try {
        const { form, width, height, background, regions } = JSON.parse(text);
        checkSize(width, height);
        if (form !== FORM || !Array.isArray(regions) || !regions.length) return null;
        const mapOf = async (packed) => {
            if (!packed) return new GreyMap(width, height);
            const map = await decodePng(bytesOf(packed));
            if (map.width !== width || map.height !== height) throw new RangeError("another size");
            return map;
        };
        const found = [];
        for (const { name, strength, mode, area } of regions.slice(0, MOST)) {
            if (!(strength >= 0 && strength <= 1)) return null;
            const how = mode === "max" ? "max" : "replace";
            found.push({
                name: nameOf(name) || "Region",
                strength,
                mode: how,
                area: await mapOf(area),
            });
        }
        return { background: await mapOf(background), regions: /** @type {any} */ (found) };
    } catch {
        return null;
    }
}

/**
 * Takes regions over, at the size of the stack's picture, as one step.
 *
 * @param {RegionStack} stack
 * @param {NonNullable<Awaited<ReturnType<typeof regionsOf>>>} found
 */
export function takeRegions(stack, { background, regions }) {
    stack.load(background);
    for (const { name, strength, mode, area } of regions) {
        const region = stack.add(name, strength);
        stack.set(region, { mode });
        region.area.load(area);
    }
    stack.choose(null);
}
