import { perform } from "./tasks.mjs";

/** The worker: one task after another, answered by number. */
self.addEventListener("message", async ({ data: { id, name, plane, options } }) => {
    try {
        const output = await perform(name, plane, options);
        self.postMessage({ id, output }, /** @type {any} */ ([output.buffer]));
    } catch (problem) {
        const { message, problem: what, remedy } = /** @type {any} */ (problem);
        self.postMessage({ id, wrong: { message, what, remedy } });
    }
});
self.postMessage({ ready: true });
