import assert from "node:assert/strict";
import test from "node:test";
import { inflateSync } from "node:zlib";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { readPng } from "../../javascript/painter/file/pngfile.mjs";
import { deflated, encodePng } from "../../javascript/painter/file/png.mjs";
import { random, randomMap } from "./support/helpers.mjs";

/** A page with one button, in short. */
class Button {
    clicks = 0;

    closest(selector) {
        return selector === "#run" ? this : null;
    }

    click() {
        const event = { target: this, stopped: false, preventDefault() {} };
        event.stopImmediatePropagation = () => {
            event.stopped = true;
        };
        for (const listener of listeners) if (!event.stopped) listener(event);
        if (!event.stopped) this.clicks++;
    }
}

const listeners = [];
globalThis.Element = /** @type {any} */ (Button);
globalThis.document = /** @type {any} */ ({ addEventListener: (_, work) => listeners.push(work) });
const { holdBack } = await import("../../javascript/hosts/bridge.mjs");
const settled = () => new Promise((done) => setTimeout(done, 5));

function bridge(flush) {
    const made = { fresh: false, told: [], failed: (problem) => made.told.push(problem.message) };
    made.flush = async () => {
        await flush();
        made.fresh = true;
    };
    return made;
}

test("a click waits for the map, and is given again once", async () => {
    const [button, one] = [new Button(), bridge(async () => {})];
    listeners.length = 0;
    holdBack("#run", () => [one]);
    button.click();
    assert.equal(button.clicks, 0);
    await settled();
    assert.equal(button.clicks, 1);
    button.click();
    assert.equal(button.clicks, 2);
});

test("a map that cannot be handed over is told, starts nothing, and the next click tries again", async () => {
    let broken = true;
    const one = bridge(async () => {
        if (broken) throw new Error("no room");
    });
    const [button, other] = [new Button(), bridge(async () => {})];
    listeners.length = 0;
    holdBack("#run", () => [one, other]);
    button.click();
    await settled();
    assert.deepEqual([button.clicks, one.told, other.told], [0, ["no room"], []]);
    broken = false;
    button.click();
    await settled();
    assert.equal(button.clicks, 1);
});

test("a browser without compression streams hands its map over all the same", async () => {
    const map = randomMap(random(8), 300, 200);
    const keep = globalThis.CompressionStream;
    try {
        delete globalThis.CompressionStream;
        for (const length of [0, 1, 65534, 65535, 65536, 200_001]) {
            const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) ^ (i >> 8));
            assert.ok(inflateSync(await deflated(bytes)).equals(Buffer.from(bytes)), `${length}`);
        }
        for (const bits of [8, 16]) {
            const found = await readPng(await encodePng(map, /** @type {8 | 16} */ (bits)));
            assert.ok(found.equals(bits === 16 ? map : GreyMap.from8(300, 200, map.to8())));
        }
    } finally {
        globalThis.CompressionStream = keep;
    }
});

test("one that cannot unpack says so", async () => {
    const file = await encodePng(randomMap(random(9), 4, 4));
    const keep = globalThis.DecompressionStream;
    try {
        delete globalThis.DecompressionStream;
        await assert.rejects(readPng(file), /too old to read PNG/);
    } finally {
        globalThis.DecompressionStream = keep;
    }
});
