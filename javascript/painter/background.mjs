import { PainterError } from "./errors.mjs";
import { perform } from "./tasks.mjs";

/**
 * Tasks off the page's own thread. Where a page may have no worker (an old browser, a strict
 * policy), the page does them itself.
 */

const START_MS = 10_000; // a worker that has not answered by then never will

/** @type {Promise<Worker | null> | null} */
let started = null;
let count = 0;
/** @type {Map<number, { resolve: (output: any) => void, reject: (problem: Error) => void }>} */
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
        made.addEventListener("message", ({ data: { ready, id, output, wrong } }) => {
            if (ready) {
                clearTimeout(give);
                return resolve(made);
            }
            const { resolve: answer, reject } = waiting.get(id) ?? {};
            waiting.delete(id);
            if (!wrong) answer?.(output);
            else if (wrong.remedy) reject?.(new PainterError(wrong.what, wrong.remedy));
            else reject?.(new Error(wrong.message));
        });
    });
    return started;
}

/**
 * @param {string} name of a task (painter/tasks.mjs)
 * @param {import("./tasks.mjs").Plane} map copied: it may go on changing
 * @param {object} [options]
 * @returns {Promise<any>} what the task answers
 */
export async function inBackground(name, { width, height, data }, options = {}) {
    const plane = { width, height, data: data.slice() };
    const one = await worker();
    if (!one) return perform(name, plane, options);
    const id = ++count;
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    one.postMessage({ id, name, plane, options }, [plane.data.buffer]);
    return answer;
}
