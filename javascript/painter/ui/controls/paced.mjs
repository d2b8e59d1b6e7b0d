const SMOOTH = 24; // milliseconds: what a slider's every frame can have
const REST = 120; // milliseconds without a change, before something slower

/** Does something again after changes: at the next frame, or where it is slow, once they rest. */
export class Paced {
    /** @param {() => void} act */
    constructor(act) {
        this.act = act;
        this.cost = 0; // milliseconds of the last time
        this.queued = this.resting = 0;
    }

    /** Whether it is still to be done. */
    get waits() {
        return Boolean(this.queued || this.resting);
    }

    /** Something has changed. */
    soon() {
        if (this.cost < SMOOTH) {
            this.queued ||= requestAnimationFrame(() => this.now());
            return;
        }
        clearTimeout(this.resting);
        this.resting = window.setTimeout(() => this.now(), REST);
    }

    /** Does it at once. */
    now() {
        this.stop();
        const began = performance.now();
        this.act();
        this.cost = performance.now() - began;
    }

    /** It need not be done any more. */
    stop() {
        cancelAnimationFrame(this.queued);
        clearTimeout(this.resting);
        this.queued = this.resting = 0;
    }
}
