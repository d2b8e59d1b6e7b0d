/**
 * What the tool Click asks the page's server: over Gradio's own API, with the page's own login, so
 * that it needs no other one (diffdiff/ui/clicking.py).
 *
 * @typedef {import("../painter/ui/click/clicking.mjs").Asker} Asker
 */
import { PainterError } from "../painter/map/errors.mjs";
import { bytesOf } from "../painter/file/base64.mjs";
import { decodePng } from "../painter/file/png.mjs";
import { pngOf } from "./fields.mjs";

const RELOAD = "Reload the page";
const SILENT = "Check that its program is running, and click Try again";

const config = () => /** @type {any} */ (window).gradio_config ?? {};

/**
 * @param {string} name of the endpoint
 * @param {() => [number | null, number | null]} size width and height of a run, where they are known
 * @returns {Asker | null} null on a page that cannot be asked
 */
export function clicksBy(name, size) {
    const { dependencies = [], api_prefix: prefix = "" } = config();
    if (!dependencies.some(({ api_name }) => api_name === name)) return null;
    /** Names of the pictures that were sent. @type {WeakMap<HTMLCanvasElement, string>} */
    const sent = new WeakMap();
    // a call without one has Gradio copy the whole page's state, which takes longer than an answer
    const session = Math.random().toString(36).slice(2);

    async function call(question, signal) {
        let response;
        try {
            response = await fetch(`.${prefix}/run/${name}`, {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ data: [JSON.stringify(question)], session_hash: session }),
                signal,
            });
        } catch (problem) {
            if (signal?.aborted) throw problem;
            throw new PainterError("The page's server does not answer", SILENT);
        }
        if (response.status === 401) {
            throw new PainterError("The page does not know you any more", `${RELOAD} and log in`);
        }
        if (!response.ok) {
            const remedy = "Look into its log, and click Try again";
            throw new PainterError(`The page's server failed (${response.status})`, remedy);
        }
        const answer = JSON.parse((await response.json()).data[0]);
        if (answer.problem) throw new PainterError(answer.problem, answer.remedy);
        return answer;
    }

    return {
        async ask({ picture, points, edges }, signal) {
            const [width, height] = size();
            const rest = { points, edges, ...(width && height ? { width, height } : {}) };
            const id = sent.get(picture);
            let answer = id ? await call({ id, ...rest }, signal) : { unknown: true };
            if (answer.unknown) answer = await call({ picture: pngOf(picture), ...rest }, signal);
            sent.set(picture, answer.id);
            return decodePng(bytesOf(answer.map));
        },
        cancel() {
            call({ cancel: true }).catch(() => {}); // whether it was in time does not matter
        },
    };
}
