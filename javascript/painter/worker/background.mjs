import { PainterError } from "../map/errors.mjs";
import { perform } from "./tasks.mjs";

/**
 * Tasks off the page's own thread. Where a page may have no worker (an old browser, a strict
 * policy), the page does them itself.
 */

const START_MS = 10_000; // a worker that has not answered by then never will

/** @type {Promise<Worker | null> | null} */
let started = null;
let count = 0;
/** @type {Map<number, { resolve: (answer: any) => void, reject: (problem: Error) => void }>} */
const waiting = new Map();

/** The one worker of the page; null where there is none. */
function worker() {
    started ??= new Promise((resolve) => {
        if (typeof Worker === "undefined") return resolve(null);
        let made;
        try {
            made = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
        } catch {
            return resolve(null);
        }
        const give = setTimeout(() => resolve(null), START_MS);
        made.addEventListener("error", () => {
            started = Promise.resolve(null);
            for (const { reject } of waiting.values()) reject(new Error("The worker has ended"));
            waiting.clear();
            resolve(null);
        });
        made.addEventListener("message", ({ data: { ready, id, wrong, ...answered } }) => {
            if (ready) {
                clearTimeout(give);
                return resolve(made);
            }
            const { resolve: answer, reject } = waiting.get(id) ?? {};
            waiting.delete(id);
            if (!wrong) answer?.(answered);
            else if (wrong.remedy) reject?.(new PainterError(wrong.what, wrong.remedy));
            else reject?.(new Error(wrong.message));
        });
    });
    return started;
}

const CHUNK = 2 ** 21; // values copied at once: a few milliseconds

/** A copy that never holds the page up. */
async function copied(data) {
    const out = new Uint16Array(data.length);
    for (let at = 0; at < data.length; at += CHUNK) {
        if (at) await new Promise((on) => setTimeout(on));
        out.set(data.subarray(at, at + CHUNK), at);
    }
    return out;
}

/**
 * @param {string} name of a task (worker/tasks.mjs)
 * @param {() => import("./tasks.mjs").Plane} mapOf gives the map, which is copied: it may go on
 *     changing
 * @param {object} [options]
 * @param {() => number} [state] counts the states of the map: one that changes while it is copied is
 *     asked for and copied anew
 * @returns {Promise<{ output: any, rect?: import("../map/rect.mjs").Rect | null }>} what the task answers;
 *     rect: the rows of the map in which it differs, where that is known
 */
export async function inBackground(name, mapOf, options = {}, state = () => 0) {
    const one = await worker();
    if (!one) {
        const { width, height, data } = mapOf();
        return { output: await perform(name, { width, height, data: data.slice() }, options) };
    }
    let before, plane;
    do {
        before = state();
        const { width, height, data } = mapOf();
        plane = { width, height, data: await copied(data) };
    } while (before !== state());
    const id = ++count;
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    one.postMessage({ id, name, plane, options }, [plane.data.buffer]);
    return answer;
}
