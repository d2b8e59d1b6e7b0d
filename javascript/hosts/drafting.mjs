/**
 * A draft in a WebUI: the tab's own run, which the server makes in few steps and small because of
 * a word in a hidden box (diffdiff/webui/drafts.py). It goes to the canvas, and the tab shows again
 * what it showed before.
 *
 * @typedef {[any, string, string, string]} Results what a tab shows: gallery, facts, text, log
 *
 * @typedef {object} Page
 * @property {() => void} press the tab's own Generate
 * @property {() => boolean} busy whether the tab works
 * @property {(word: string) => void} ask puts a word into the box
 * @property {(answer: (results: Results) => Results | null) => Promise<boolean>} swap calls with
 *     what the tab shows, and lets it show the answer; false: the page cannot do that
 * @property {() => number} chosen place of the gallery's picture that is shown large, or -1
 * @property {(place: number) => void} choose shows it large again
 * @property {(work: () => void, ms: number) => void} later
 *
 * @typedef {{ key: string, words: string, image: () => HTMLImageElement }} Made
 * @typedef {{ key: string, problem: string }} Failed
 */
import { box, every, one, write } from "./fields.mjs";

const GLANCE = 200; // milliseconds
const BEGIN = 15_000; // milliseconds: by then a pressed run has begun, or never will
const ARRIVE = 4_000; // milliseconds from the end of a run until the page has its results
const MARK = /\bDD draft: (\d+ steps?) at (\d+)x(\d+)( and interrupted)?/;

/** @param {string} parameters @returns {string | null} words about a draft; null for any other run */
export function wordsOf(parameters) {
    const [, steps, width, height, rest] = parameters.match(MARK) ?? [];
    return steps ? `${steps}, ${width} × ${height}${rest ? ", interrupted" : ""}` : null;
}

/** Whether results are a draft's. @param {Results} results */
const drafted = ([, facts, text]) => wordsOf(facts ?? "") ?? wordsOf(text ?? "");

/** The address of the first picture of a gallery's value, in Gradio 3 and 4. */
export function addressOf(gallery) {
    const first = gallery?.[0];
    const file = Array.isArray(first) ? first[0] : (first?.image ?? first);
    if (!file) return null;
    if (typeof file === "string") return file;
    return file.url ?? file.data ?? (file.name ? `file=${file.name}` : null);
}

const OWN = /^Differential Diffusion: /; // the painter needs not say whose words these are

/** The sentence of a log that tells of an error, or null. @param {string} log HTML */
export function errorOf(log) {
    const [, text] = log?.match(/<div class=['"]error['"]>([\s\S]*?)<\/div>/) ?? [];
    if (!text) return null;
    const plain = text.replace(/<[^>]*>/g, "").replace(/&(#?\w+);/g, (whole, name) => {
        const known = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'" };
        return known[name] ?? whole;
    });
    return plain.trim().replace(OWN, "") || null;
}

export class Drafting {
    /** @param {Page} page */
    constructor(page) {
        this.page = page;
        /** @type {"idle" | "pressed" | "works" | "ends"} */
        this.phase = "idle";
        /** What the tab showed before. @type {Results | null} */
        this.before = null;
        this.chosen = -1;
        /** @type {Made | Failed | null} */
        this.last = null;
        this.since = 0;
        this.count = 0;
    }

    /** Whether what the tab shows may be a draft's. */
    get active() {
        return this.phase !== "idle";
    }

    /**
     * Generate is pressed: unless that is this draft's own press, what is in the box is not meant.
     *
     * @param {boolean} byHand whether a person pressed it
     */
    pressed(byHand) {
        if (this.phase === "pressed" && !byHand) return;
        this.page.ask("");
        if (this.phase === "pressed") this.#enter("idle");
    }

    async start() {
        if (this.active || this.page.busy()) return;
        this.#enter("pressed");
        this.before = null;
        this.chosen = this.page.chosen();
        await this.page.swap((results) => {
            this.before = results;
            return null;
        });
        this.page.ask(`draft-${word()}`);
        this.page.press();
        this.#glance();
    }

    #enter(phase) {
        this.phase = phase;
        this.since = 0;
    }

    #glance() {
        this.page.later(async () => {
            this.since += GLANCE;
            const busy = this.page.busy();
            if (this.phase === "pressed" && busy) {
                this.page.ask(""); // the page has sent it
                this.#enter("works");
            } else if (this.phase === "pressed" && this.since >= BEGIN) {
                this.page.ask("");
                this.#fail("The draft did not start. Press Generate to see why");
            } else if (this.phase === "works" && !busy) {
                this.#enter("ends");
            }
            if (this.phase === "ends") await this.#end();
            if (this.active) this.#glance();
        }, GLANCE);
    }

    /** Takes what the run has made, as soon as the page has it. */
    async #end() {
        const late = this.since >= ARRIVE;
        /** @type {Results | null} */
        let results = null;
        let back = false;
        const there = await this.page.swap((now) => {
            results = now;
            const answer = this.#answer(now);
            back = Boolean(answer);
            return answer;
        });
        if (back) this.page.choose(this.chosen);
        if (!there || !results) {
            if (late) this.#fail("The draft cannot be seen. Reload the page");
            return;
        }
        const [gallery, , , log] = results;
        const changed = this.#changed(results);
        if (!changed && !late) return;
        const words = changed && drafted(results);
        const address = addressOf(gallery);
        if (words && address) this.#made(address, words);
        else if (words) this.#fail("The draft has no picture, because the WebUI shows none");
        else {
            const other = changed
                ? "The WebUI made a full run, not a draft"
                : "The draft was interrupted";
            this.#fail(errorOf(log) ?? other); // twice the same refusal changes nothing
        }
    }

    #changed(results) {
        if (!this.before) return drafted(results) !== null; // what was there is not known
        return results.some((value, i) => !same(value, this.before[i]));
    }

    /**
     * What the tab is to show: what it did before a draft, with the draft's error where it failed.
     *
     * @param {Results} now
     * @returns {Results | null} null: as it is
     */
    #answer(now) {
        if (!this.before || !this.#changed(now)) return null;
        const [gallery, facts, text, log] = this.before;
        // the refusal of an earlier draft would look like this one's
        if (drafted(now)) return errorOf(log) ? [gallery, facts, text, ""] : this.before;
        return errorOf(now[3]) && !now[1] ? [gallery, facts, text, now[3]] : null;
    }

    #made(address, words) {
        const image = () => Object.assign(new Image(), { src: address });
        this.last = { key: `${++this.count} ${address}`, words, image };
        this.#enter("idle");
    }

    #fail(problem) {
        this.last = { key: String(++this.count), problem };
        this.#enter("idle");
    }
}

const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Letters and digits that no other press has. */
function word() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A tab of a WebUI.
 *
 * @param {"img2img" | "txt2img"} name of the tab
 * @param {string} panel what the ids of the panel's components begin with
 * @param {() => boolean} busy
 */
export function drafting(name, panel, busy) {
    const generate = `#${name}_generate`;
    const drafts = new Drafting({
        press: () => one(generate)?.click(),
        busy,
        ask(text) {
            const area = box(`${panel}draft`);
            if (area && area.value !== text) write(area, text);
        },
        swap: (answer) => swapped(document.getElementById(`${panel}draft_swap`), answer),
        chosen: () => thumbnails(name).findIndex((one) => one.classList.contains("selected")),
        choose: (place) => choose(name, place),
        later: (work, ms) => setTimeout(work, ms),
    });
    document.addEventListener(
        "click",
        ({ target, isTrusted }) => {
            if (target instanceof Element && target.closest(generate)) drafts.pressed(isTrusted);
        },
        true,
    );
    /** By the text under the gallery: after a reload in the middle of a draft it stays there. */
    const left = () => wordsOf(one(`#html_info_${name}`)?.textContent ?? "") !== null;
    return {
        draft: () => drafts.start(),
        drafted: () => drafts.last,
        /** What the gallery shows, by `find`; while that is a draft, what it showed before. */
        withoutDrafts: (find) => beside(() => drafts.active || left(), find),
    };
}

/**
 * @template T
 * @param {() => boolean} hidden
 * @param {() => T | null} find
 * @returns {() => T | null} the last that was found while nothing was hidden
 */
export function beside(hidden, find) {
    /** @type {T | null} */
    let last = null;
    let back = false; // it was hidden, and is not yet there again
    return () => {
        if (hidden()) {
            back = true;
            return last;
        }
        const found = find();
        if (!found && back) return last;
        back = false;
        last = found;
        return found;
    };
}

/** Small ones beside the picture that is shown large; where none is, large ones. */
function thumbnails(name) {
    const of = (size) => every(`#${name}_gallery .thumbnail-${size}`);
    const small = of("small");
    return small.length ? small : of("lg");
}

const TRIES = 10;

/** A gallery that was empty in between shows no picture large. */
function choose(name, place, tries = TRIES) {
    const found = thumbnails(name)[place];
    if (place < 0 || found?.classList.contains("selected")) return;
    if (found) found.click();
    else if (tries) setTimeout(() => choose(name, place, tries - 1), GLANCE / 2);
}

const SWAP = 2000; // milliseconds

/** Presses the button whose code, in the panel's Python, sends what the tab shows. */
async function swapped(button, answer) {
    if (!button) return false;
    return new Promise((done) => {
        const wait = setTimeout(() => {
            button.removeEventListener("diffdiff-results", listen);
            done(false);
        }, SWAP);
        function listen(event) {
            clearTimeout(wait);
            event.detail.answer = answer(event.detail.values);
            done(true);
        }
        button.addEventListener("diffdiff-results", listen, { once: true });
        button.click();
    });
}
