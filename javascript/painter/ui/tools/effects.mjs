import { hold } from "../../map/limit.mjs";
import { inBackground } from "../../worker/background.mjs";
import { perform } from "../../worker/tasks.mjs";
import { PainterError } from "../../map/errors.mjs";

/**
 * Changes of the whole map that take longer than a frame: seen before they are applied, and done by
 * a worker, so that the page goes on meanwhile.
 */

const AT_ONCE = 512 * 512; // pixels; a smaller map is not worth a message to the worker
const CUE_MS = 150; // after which somebody wants to know that something is going on
const PREVIEW_MS = 90; // a slider that has come to rest

export class Effects {
    /** @param {import("../painter.mjs").Painter} painter */
    constructor(painter) {
        this.painter = painter;
        /** Whether a change is under way: nothing else may change the map. */
        this.busy = false;
        this.wanted = 0; // number of the newest preview
        this.timer = 0;
    }

    /**
     * Shows what a change would make of the map; the newest wish counts.
     *
     * @param {string} name of a task
     * @param {object} options
     */
    preview(name, options) {
        const { painter } = this;
        const number = ++this.wanted;
        clearTimeout(this.timer);
        if (!painter.hasPicture || painter.document.regions.length) return; // seen when applied
        this.timer = setTimeout(async () => {
            try {
                const { values } = await this.#made(name, options);
                if (number !== this.wanted) return;
                painter.stage.map.preview(values);
                painter.stage.invalidate("map");
            } catch {
                this.drop(); // such as black above white: told when it is applied
            }
        }, PREVIEW_MS);
    }

    /** The map is seen as it is again. */
    drop() {
        this.wanted++;
        clearTimeout(this.timer);
        this.painter.stage.map.preview(null);
        this.painter.stage.invalidate("map");
    }

    /**
     * @param {string} label of the step
     * @param {string} name of a task
     * @param {object} [options]
     */
    async apply(label, name, options = {}) {
        const { painter } = this;
        if (!painter.hasPicture || this.busy) return;
        painter.gesture.end();
        painter.clicking.commit();
        painter.say("");
        const { document } = painter;
        const { revision } = document;
        this.busy = true;
        const cue = setTimeout(() => this.#cue(`${label}…`), CUE_MS);
        try {
            const { values, rect } = await this.#made(name, options);
            await document.target.history.rest(); // of a change before, which is packed now or then
            this.drop();
            if (document.revision !== revision) {
                throw new PainterError("The map has changed meanwhile", "Try again");
            }
            document.replaceAll(label, values, false, rect);
        } catch (problem) {
            painter.report(problem);
        } finally {
            clearTimeout(cue);
            this.busy = false;
            this.#cue("");
        }
    }

    async #made(name, options) {
        const { target } = this.painter.document;
        const small = target.width * target.height <= AT_ONCE;
        if (!small) await target.history.rest(true); // or the page would stand still for it
        const { output: values, rect } = small
            ? { output: await perform(name, target.map, options), rect: undefined }
            : await inBackground(
                  name,
                  () => target.map,
                  options,
                  () => target.revision,
              );
        const limit = target.limitOf({});
        if (limit) hold(limit, target.map.data, 0, values.length, values, 0);
        return { values, rect };
    }

    #cue(text) {
        const { root } = this.painter;
        root.classList.toggle("diffdiff-working", Boolean(text));
        root.setAttribute("aria-busy", String(Boolean(text)));
        if (text) this.painter.say(text);
        else if (this.painter.layout?.saying.endsWith("…")) this.painter.say("");
    }
}
