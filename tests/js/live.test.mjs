import assert from "node:assert/strict";
import { test } from "node:test";
import { livePreview } from "../../javascript/hosts/live.mjs";

/** A painter of 200 x 100 pixels, and what its stage was shown. */
function desk() {
    const shown = [];
    const painter = {
        revision: 1,
        document: { width: 200, height: 100, stroke: null },
        stage: { setLive: (image) => shown.push(image) },
    };
    return { painter, shown, follow: livePreview(/** @type {any} */ (painter)) };
}

const picture = (key, naturalWidth = 50, naturalHeight = 25) => {
    const image = { key, naturalWidth, naturalHeight, decode: () => Promise.resolve() };
    return { key, image: () => /** @type {any} */ (image) };
};
const keys = (shown) => shown.map((image) => image && image.key);

test("a run is seen step by step, and its end brings the picture back", async () => {
    const { shown, follow } = desk();
    for (const now of [null, picture("a"), picture("a"), picture("b"), null, null]) {
        await follow(now);
    }
    assert.deepEqual(keys(shown), ["a", "b", null]);
});

test("whoever paints sees the map again until the next run", async () => {
    const { painter, shown, follow } = desk();
    await follow(picture("a"));
    painter.revision++;
    await follow(picture("b"));
    await follow(picture("c"));
    await follow(null);
    await follow(picture("d"));
    assert.deepEqual(keys(shown), ["a", null, "d"]);
});

test("a stroke under way counts as painting", async () => {
    const { painter, shown, follow } = desk();
    painter.document.stroke = {};
    await follow(picture("a"));
    assert.deepEqual(shown, []);
});

test("a grid of several pictures, and what cannot be decoded, is not this picture", async () => {
    const { shown, follow } = desk();
    await follow(picture("grid", 50, 50));
    await follow(picture("broken", 0, 0));
    await follow(picture("fits", 128, 64));
    assert.deepEqual(keys(shown), [null, null, "fits"]);
});
