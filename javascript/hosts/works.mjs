/**
 * What was painted and made, kept in the browser: the last results, the last maps, and what was
 * under way when the page went. Nothing of it leaves the computer.
 *
 * @typedef {object} Work
 * @property {string} id
 * @property {string} of the page that it belongs to
 * @property {"result" | "map" | "open"} kind open: the work under way
 * @property {number} time milliseconds since 1970
 * @property {string} thumb data URL
 * @property {Blob | null} picture
 * @property {Blob | null} result
 * @property {Blob | null} map PNG of 16 bits; null: nothing is painted
 * @property {string} regions
 * @property {object} state of the page: prompt, seed, ...
 */

export const MOST = { result: 12, map: 10, open: 1 };
const OLDEST_MS = 30 * 24 * 3600 * 1000;

/**
 * The works that must go, so that of each kind the newest stay.
 *
 * @param {Pick<Work, "id" | "kind" | "time">[]} works of one page
 * @param {number} now
 * @returns {string[]} ids
 */
export function outdated(works, now) {
    const newest = [...works].sort((a, b) => b.time - a.time);
    const seen = { result: 0, map: 0, open: 0 };
    return newest
        .filter(
            ({ kind, time }) =>
                !(kind in seen) || ++seen[kind] > MOST[kind] || now - time > OLDEST_MS,
        )
        .map(({ id }) => id);
}

const answered = (request) =>
    new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });

/** The browser's store. Where it has none (a private window), works are kept until a reload. */
export class Works {
    /** @param {string} of which page */
    constructor(of) {
        this.of = of;
        /** @type {Map<string, Work>} */
        this.memory = new Map();
        this.opened = this.#open().catch(() => null);
    }

    async #open() {
        const request = indexedDB.open("diffdiff", 1);
        request.onupgradeneeded = () =>
            request.result.createObjectStore("works", { keyPath: "id" });
        return answered(request);
    }

    async #store(mode) {
        const base = await this.opened;
        return base?.transaction("works", mode).objectStore("works") ?? null;
    }

    /** @returns {Promise<Work[]>} the newest first */
    async list() {
        const store = await this.#store("readonly");
        const all = store ? await answered(store.getAll()) : [...this.memory.values()];
        return all.filter(({ of }) => of === this.of).sort((a, b) => b.time - a.time);
    }

    /** @param {Partial<Work> & { kind: Work["kind"] }} work @returns {Promise<void>} */
    async put(work) {
        const { of } = this;
        const id = work.kind === "open" ? `${of} open` : `${of} ${Date.now()} ${Math.random()}`;
        const whole = { ...work, id, of, time: Date.now() };
        try {
            const store = await this.#store("readwrite");
            if (store) await answered(store.put(whole));
            else this.memory.set(id, /** @type {Work} */ (whole));
            for (const old of outdated(await this.list(), Date.now())) await this.remove(old);
        } catch {
            // full, or forbidden: what is on the page is there all the same
        }
    }

    /** @param {string} id */
    async remove(id) {
        this.memory.delete(id);
        const store = await this.#store("readwrite");
        if (store) await answered(store.delete(id));
    }
}
