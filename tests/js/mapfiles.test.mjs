import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import {
    formatOf,
    orientationOf,
    stripped,
    turned,
} from "../../javascript/painter/file/metadata.mjs";
import { readPng } from "../../javascript/painter/file/pngfile.mjs";

// written by `python -m tests.golden.map_files`, checked by tests/unit/test_golden_files.py
const golden = JSON.parse(
    readFileSync(new URL("../golden/map_files.json", import.meta.url), "utf8"),
);
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));
const valuesOf = (text) => new Uint16Array(bytesOf(text).buffer);

for (const [name, { file, size, map }] of Object.entries(golden.pngs)) {
    test(`${name} is the map that Python reads`, async () => {
        const found = await readPng(bytesOf(file));
        assert.deepEqual([found.width, found.height], size);
        assert.deepEqual([...found.data], [...valuesOf(map)]);
    });
}

test("a damaged or cut PNG is refused with a reason", async () => {
    for (const name of ["png 4-bit type 3", "png 8-bit type 6 interlaced", "png 16-bit type 0"]) {
        const good = bytesOf(golden.pngs[name].file);
        for (let cut = 8; cut < good.length; cut += 5) {
            await assert.rejects(
                readPng(good.subarray(0, cut)),
                { name: "PainterError" },
                `${cut}`,
            );
        }
        for (let i = 8; i < good.length - 12; i++) {
            const bad = good.slice();
            bad[i] ^= 0x44;
            const read = readPng(bad).catch((error) => assert.equal(error.name, "PainterError"));
            await read; // what does not matter may be damaged
        }
    }
});

test("profile and EXIF are taken out of JPEG and WebP, and EXIF is obeyed", () => {
    for (const kind of ["jpeg", "webp"]) {
        const plain = kind === "jpeg" ? "jpeg color" : "webp";
        const want = bytesOf(golden.others[plain].file);
        const { bytes, orientation } = stripped(bytesOf(golden.others[`${kind} profile`].file));
        assert.equal(orientation, 1);
        if (kind === "jpeg") assert.deepEqual(bytes, want);
        else assert.ok(bytes.length < want.length + 64); // an extended header stays
        assert.equal(stripped(bytesOf(golden.others[`${kind} turned`].file)).orientation, 6);
        assert.deepEqual(stripped(want), { bytes: want, orientation: 1 });
    }
    const gif = bytesOf(golden.others.gif.file);
    assert.equal(stripped(gif).bytes, gif);
});

test("anything at all is stripped without an error", () => {
    for (const name of ["jpeg turned", "webp turned"]) {
        const good = bytesOf(golden.others[name].file);
        for (let cut = 0; cut < Math.min(good.length, 400); cut++) {
            stripped(good.subarray(0, cut));
            const bad = good.slice();
            bad[cut] ^= 0xff;
            stripped(bad);
        }
    }
    for (let n = 0; n < 40; n++) assert.equal(orientationOf(new Uint8Array(n).fill(0x49)), 1);
});

test("what a file is", () => {
    const of = (text) => formatOf(new TextEncoder().encode(text));
    assert.equal(formatOf(bytesOf(golden.others.webp.file)).name, "WebP");
    assert.deepEqual(of("\0\0\0 ftypavif"), { name: "AVIF", read: false });
    assert.deepEqual(of("II*\0"), { name: "TIFF", read: false });
    assert.deepEqual(of("\n<svg xmlns"), { name: "SVG", read: false });
    assert.equal(of("hello"), null);
    assert.equal(of(""), null);
});

test("turning eight ways", () => {
    const map = new GreyMap(3, 2, Uint16Array.of(1, 2, 3, 4, 5, 6));
    const want = {
        1: [1, 2, 3, 4, 5, 6], 2: [3, 2, 1, 6, 5, 4], 3: [6, 5, 4, 3, 2, 1], 4: [4, 5, 6, 1, 2, 3],
        5: [1, 4, 2, 5, 3, 6], 6: [4, 1, 5, 2, 6, 3], 7: [6, 3, 5, 2, 4, 1], 8: [3, 6, 2, 5, 1, 4],
    }; // prettier-ignore
    for (const [way, data] of Object.entries(want)) {
        const found = turned(map, Number(way));
        assert.deepEqual([...found.data], data, way);
        assert.equal(found.width, Number(way) > 4 ? 2 : 3);
    }
});
