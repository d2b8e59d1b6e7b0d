import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { deflateSync } from "node:zlib";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { GreyMap } from "../../javascript/painter/map/map.mjs";
import { crc32, decodePng, encodePng, withText } from "../../javascript/painter/file/png.mjs";
import { textsOf } from "../../javascript/painter/file/text.mjs";
import { between, random, randomMap } from "./support/helpers.mjs";

const ascii = (text) => new TextEncoder().encode(text);

/** A PNG put together by hand, to read what our writer never writes. */
function file(width, height, bits, rows, { colour = 0, interlace = 0, pieces = 1 } = {}) {
    const chunk = (type, body) => {
        const out = Buffer.alloc(body.length + 12);
        out.writeUInt32BE(body.length);
        out.set(ascii(type), 4);
        out.set(body, 8);
        out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
        return out;
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([bits, colour, 0, 0, interlace], 8);
    const packed = deflateSync(Uint8Array.from(rows.flat()));
    const cut = Math.ceil(packed.length / pieces);
    const parts = Array.from({ length: pieces }, (_, i) => packed.subarray(i * cut, (i + 1) * cut));
    return new Uint8Array(
        Buffer.concat([
            Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
            chunk("IHDR", header),
            chunk("tEXt", ascii("Comment\0skipped")),
            ...parts.map((part) => chunk("IDAT", part)),
            chunk("IEND", Buffer.alloc(0)),
        ]),
    );
}

test("the checksum is CRC-32", () => {
    assert.equal(crc32(ascii("123456789")), 0xcbf43926);
    assert.equal(crc32(new Uint8Array(0)), 0);
});

test("16 bits come back exactly, 8 bits as the nearest grey", async () => {
    const next = random(14);
    for (let i = 0; i < 40; i++) {
        const map = randomMap(next, between(next, 1, 70), between(next, 1, 70));
        assert.ok((await decodePng(await encodePng(map))).equals(map));
        const eight = await decodePng(await encodePng(map, 8));
        assert.ok(eight.equals(GreyMap.from8(map.width, map.height, map.to8())));
    }
    const all = new GreyMap(
        256,
        256,
        Uint16Array.from({ length: 65536 }, (_, v) => v),
    );
    assert.ok((await decodePng(await encodePng(all))).equals(all));
});

test("the same map makes the same file; blank ones are small", async () => {
    const map = randomMap(random(15), 100, 80);
    assert.deepEqual(await encodePng(map), await encodePng(map.copy()));
    assert.ok((await encodePng(new GreyMap(1024, 1024))).length < 10000);
});

test("all five filters and split data are read", async () => {
    const rows = [
        [0, 10, 20, 30], // as it is
        [1, 5, 5, 5], // to the left: 5 10 15
        [2, 1, 1, 1], // above: 6 11 16
        [3, 1, 1, 1], // mean: 4, 8, 13
        [4, 1, 1, 250], // Paeth: 5, 9, 7
    ];
    const expected = [10, 20, 30, 5, 10, 15, 6, 11, 16, 4, 8, 13, 5, 9, 7];
    for (const pieces of [1, 3]) {
        const map = await decodePng(file(3, 5, 8, rows, { pieces }));
        assert.deepEqual(
            [...map.data],
            expected.map((v) => v * 257),
        );
    }
    const deep = await decodePng(file(2, 1, 16, [[1, 1, 2, 1, 255]]));
    assert.deepEqual([...deep.data], [0x0102, 0x0201]);
});

test("what is not such a file is refused with a reason", async () => {
    const good = file(2, 2, 8, [
        [0, 1, 2],
        [0, 3, 4],
    ]);
    await decodePng(good);
    await assert.rejects(decodePng(ascii("GIF89a and more")), /not a PNG/);
    await assert.rejects(decodePng(new Uint8Array(0)), /not a PNG/);
    for (let cut = 9; cut < good.length; cut += 7)
        await assert.rejects(decodePng(good.subarray(0, cut)), /cut off/);
    for (const [options, bits] of [
        [{ colour: 3 }, 8],
        [{ interlace: 1 }, 8],
        [{}, 4],
    ]) {
        await assert.rejects(
            decodePng(
                file(
                    2,
                    2,
                    bits,
                    [
                        [0, 1, 2],
                        [0, 3, 4],
                    ],
                    options,
                ),
            ),
            /not plain/,
        );
    }
    await assert.rejects(decodePng(file(20000, 2, 8, [[0]])), /20000x2.*16384/);
    await assert.rejects(decodePng(file(2, 2, 8, [[0, 1, 2]])), /cut off/);
    await assert.rejects(
        decodePng(
            file(2, 1, 8, [
                [0, 1, 2],
                [0, 3, 4],
            ]),
        ),
        /damaged|more than/,
    );
    await assert.rejects(decodePng(file(2, 1, 8, [[7, 1, 2]])), /filter/);
    for (let i = 40; i < good.length - 12; i++) {
        const bad = good.slice();
        bad[i] ^= 0x40;
        await assert.rejects(decodePng(bad), /damaged|cut off/, `byte ${i}`);
    }
});

test("colors, with alpha or without, become luma times alpha, by their upper 8 bits", async () => {
    const pixels = [
        [200, 30, 90, 255],
        [0, 255, 10, 128],
        [9, 8, 7, 0],
        [255, 255, 255, 255],
    ];
    const wanted = (of) => GreyMap.fromRgba(4, 1, new Uint8Array(pixels.flatMap(of)));
    const kinds = {
        2: [(p) => p.slice(0, 3), ([r, g, b]) => [r, g, b, 255]],
        4: [([r, , , a]) => [r, a], ([r, , , a]) => [r, r, r, a]],
        6: [(p) => p, (p) => p],
    };
    for (const [colour, [stored, meant]] of Object.entries(kinds)) {
        for (const bits of [8, 16]) {
            const deep = (v) => (bits === 16 ? [v, 77] : [v]);
            const row = [0, ...pixels.flatMap(stored).flatMap(deep)];
            const map = await decodePng(file(4, 1, bits, [row], { colour: Number(colour) }));
            assert.ok(map.equals(wanted(meant)), `${colour}, ${bits}`);
        }
    }
});

test("a text goes into our files and comes out again", async () => {
    const map = randomMap(random(3), 5, 4);
    const text = JSON.stringify({ a: "x".repeat(300_000) });
    const bytes = withText(await encodePng(map), "diffdiff_regions", text);
    assert.ok((await decodePng(bytes)).equals(map));
    assert.equal(textsOf(bytes).diffdiff_regions, text);
});

const python = process.env.PYTHON ?? "python3";
const missing = spawnSync(python, ["-c", "import PIL, numpy"]).status !== 0;
const skip = missing && `${python} with PIL and numpy is missing; set PYTHON to one that has them`;

test("Pillow reads our files value by value", { skip }, async () => {
    const next = random(16);
    const folder = mkdtempSync(join(tmpdir(), "painter-"));
    try {
        const maps = [
            new GreyMap(
                256,
                256,
                Uint16Array.from({ length: 65536 }, (_, v) => v),
            ),
        ];
        for (let i = 0; i < 12; i++)
            maps.push(randomMap(next, between(next, 1, 99), between(next, 1, 99)));
        for (const [i, map] of maps.entries()) {
            writeFileSync(join(folder, `${i}-16.png`), await encodePng(map, 16));
            writeFileSync(join(folder, `${i}-8.png`), await encodePng(map, 8));
            writeFileSync(join(folder, `${i}-16.raw`), map.data);
            writeFileSync(join(folder, `${i}-8.raw`), map.to8());
        }
        const script = `
import sys, pathlib, numpy, PIL.Image
count = 0
for path in pathlib.Path(sys.argv[1]).glob("*.png"):
    picture = PIL.Image.open(path)
    deep = path.stem.endswith("-16")
    assert picture.mode in (("I;16", "I;16B", "I") if deep else ("L",)), picture.mode
    raw = numpy.fromfile(path.with_suffix(".raw"), numpy.uint16 if deep else numpy.uint8)
    assert (numpy.asarray(picture).ravel() == raw).all(), path
    count += 1
print(count)
`;
        const { stdout, stderr } = spawnSync(python, ["-c", script, folder], { encoding: "utf8" });
        assert.equal(stdout.trim(), String(2 * maps.length), stderr);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
