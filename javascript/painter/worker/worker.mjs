import { rowsThatDiffer } from "../map/rect.mjs";
import { perform } from "./tasks.mjs";

/** The worker: one task after another, answered by number. */
self.addEventListener("message", async ({ data: { id, name, plane, options } }) => {
    try {
        const output = await perform(name, plane, options);
        const values = output instanceof Uint16Array;
        const rect = values ? rowsThatDiffer(plane, output) : undefined;
        self.postMessage({ id, output, rect }, /** @type {any} */ ([output.buffer]));
    } catch (problem) {
        const { message, problem: what, remedy } = /** @type {any} */ (problem);
        self.postMessage({ id, wrong: { message, what, remedy } });
    }
});
self.postMessage({ ready: true });
