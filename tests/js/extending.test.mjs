import assert from "node:assert/strict";
import test from "node:test";
import {
    extentsOf,
    fitExtended,
    noExtents,
    textOfExtents,
    textOfSize,
} from "../../javascript/painter/ui/view/extending.mjs";

test("sides as text, and back", () => {
    assert.equal(textOfExtents(noExtents()), "");
    const some = { ...noExtents(), left: 128, top: 64 };
    assert.equal(textOfExtents(some), "left 128, top 64");
    assert.deepEqual(extentsOf(textOfExtents(some)), some);
    assert.deepEqual(extentsOf('{"left": 128, "top": 64}'), some);
    assert.deepEqual(extentsOf("nonsense"), noExtents());
});

test("the fitted view has room for what is added", () => {
    const panel = { width: 416, height: 216 };
    const size = { width: 100, height: 100 };
    const { scale, x, y } = fitExtended(size, { left: 100, right: 0, top: 0, bottom: 0 }, panel);
    assert.ok(x - scale * 100 >= 7 && x + scale * 100 <= 409 && y >= 7);
    assert.deepEqual(fitExtended(size, noExtents(), panel).scale, 2);
});

test("the size in words says what it is extended to", () => {
    const size = { width: 128, height: 96 };
    assert.equal(textOfSize(size, noExtents()), "128 × 96 px");
    const more = { ...noExtents(), right: 64, top: 8 };
    assert.equal(textOfSize(size, more), "128 × 96 px, extended to 192 × 104 px");
});
