import assert from "node:assert/strict";
import { test } from "node:test";
import { textsOf } from "../../javascript/painter/file/text.mjs";
import { SCALES, heat, useScale } from "../../javascript/painter/display/heat.mjs";

const bytes = (...parts) =>
    Uint8Array.from(
        parts.flatMap((p) => (typeof p === "string" ? [...p].map((c) => c.charCodeAt(0)) : p)),
    );

function chunk(type, body) {
    const out = new Uint8Array(12 + body.length);
    new DataView(out.buffer).setUint32(0, body.length);
    out.set(bytes(type), 4);
    out.set(body, 8);
    return out;
}

const png = (...chunks) =>
    bytes([137, 80, 78, 71, 13, 10, 26, 10], ...chunks.map((c) => [...c]), [...chunk("IEND", [])]);

test("texts of a PNG, plain and international", () => {
    const utf8 = new TextEncoder().encode("Schnee ❄");
    const file = png(
        chunk("tEXt", bytes("diffdiff_map", [0], "DD1 2x2 AAAA")),
        chunk("iTXt", bytes("parameters", [0, 0, 0], "en", [0], "x", [0], [...utf8])),
        chunk("iTXt", bytes("packed", [0, 1, 0, 0, 0], "zzz")),
        chunk("IDAT", bytes("tEXt")),
    );
    assert.deepEqual(textsOf(file), { diffdiff_map: "DD1 2x2 AAAA", parameters: "Schnee ❄" });
});

test("what is no PNG, or cut off, has no texts", () => {
    const whole = png(chunk("tEXt", bytes("a", [0], "b")));
    assert.deepEqual(textsOf(bytes("GIF89a and more")), {});
    assert.deepEqual(textsOf(new Uint8Array(3)), {});
    for (let n = 0; n < whole.length - 12; n++) assert.deepEqual(textsOf(whole.subarray(0, n)), {});
    assert.deepEqual(textsOf(whole.subarray(0, 8 + 12 + 3)), { a: "b" });
    assert.deepEqual(
        textsOf(png(chunk("tEXt", bytes("no end")), chunk("iTXt", bytes("a", [0, 0, 0], "b")))),
        {},
    );
});

test("every scale rises in lightness, and an unknown one changes nothing", () => {
    const light = ([r, g, b]) =>
        0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
    const first = heat(0.5);
    for (const name of Object.keys(SCALES)) {
        useScale(name);
        const levels = Array.from({ length: 33 }, (_, i) => light(heat(i / 32)));
        assert.ok(
            levels.every((v, i) => i === 0 || v > levels[i - 1]),
            name,
        );
    }
    useScale("inferno");
    useScale("constructor");
    useScale(undefined);
    assert.deepEqual(heat(0.5), first);
});
