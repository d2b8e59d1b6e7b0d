"""Golden map files: what Python reads out of small files of every kind, for the painter to match.

`python -m tests.golden.map_files` writes `map_files.json` anew; `tests/unit/test_golden_files.py`
checks that it is what Python reads, `tests/js/mapfiles.test.mjs` that the painter reads the same
out of the PNGs, `tests/browser/test_painter_formats.py` that it does out of all in a browser.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from diffdiff.maps.geometry import decode

FILE = Path(__file__).with_name("map_files.json")
WIDTH, HEIGHT = 13, 9
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
PASSES = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


def chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def rows(values: np.ndarray, bits: int) -> bytes:
    """Packed rows `[h, w, C]` without a filter."""
    out = b""
    for row in values.reshape(len(values), -1):
        if bits == 16:
            out += b"\0" + row.astype(">u2").tobytes()
        else:
            planes = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
            out += b"\0" + np.packbits(planes.reshape(-1)).tobytes()
    return out


def png(bits: int, color: int, *before: bytes, after: bytes = b"", laced: bool = False) -> bytes:
    """A PNG of seeded numbers, written by hand."""
    rng = np.random.default_rng(bits * 10 + color)
    top = 2**bits if color != 3 else min(2**bits, 11)
    values = rng.integers(0, top, (HEIGHT, WIDTH, CHANNELS[color]))
    parts = [values[y::dy, x::dx] for x, y, dx, dy in PASSES] if laced else [values]
    body = b"".join(rows(part, bits) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, color, 0, 0, int(laced))
    if color == 3:
        palette = rng.integers(0, 256, 3 * min(2**bits, 11)).astype(np.uint8).tobytes()
        before = (chunk(b"PLTE", palette), *before)
    data = chunk(b"IDAT", zlib.compress(body))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + b"".join(before) + data + after + chunk(b"IEND", b"")


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(order + "LHHHLHHL", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def key(*values: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def wide_profile() -> bytes:
    """A profile in which red and green have changed places, so that applying it shows."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"tmpZ").replace(b"gXYZ", b"rXYZ").replace(b"tmpZ", b"gXYZ")


def pngs() -> dict[str, bytes]:
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(wide_profile()))
    raw = b"\nexif\n      26\n" + exif(6).hex().encode() + b"\n"
    raw_text = b"Raw profile type exif\0"
    made = {
        f"png {bits}-bit type {color}{' interlaced' * laced}": png(bits, color, laced=laced)
        for laced in (False, True)
        for color, depths in {
            0: (1, 2, 4, 8, 16),
            2: (8, 16),
            3: (1, 2, 4, 8),
            4: (8, 16),
            6: (8, 16),
        }.items()
        for bits in depths
    }
    made |= {
        f"png transparent gray of {bits} bits": png(bits, 0, key(value))
        for bits, value in ((1, 1), (2, 2), (4, 9), (8, 83), (16, 35126))
    }
    made |= {f"png turned {turn}": png(8, 0, chunk(b"eXIf", exif(turn))) for turn in range(10)}
    return made | {
        "png transparent color": png(8, 2, key(*first(8, 2))),
        "png transparent palette": png(4, 3, chunk(b"tRNS", bytes([0, 40, 255, 128]))),
        "png 16 bits, gamma": png(16, 0, chunk(b"gAMA", struct.pack(">I", 100000))),
        "png color, gamma": png(8, 2, chunk(b"gAMA", struct.pack(">I", 100000))),
        "png color, profile": png(8, 6, profile),
        "png turned by late little-endian exif": png(8, 0, after=chunk(b"eXIf", exif(8, "<"))),
        "png turned by a raw profile": png(
            8, 0, chunk(b"zTXt", raw_text + b"\0" + zlib.compress(raw))
        ),
        "png turned by a raw profile as text": png(8, 0, chunk(b"tEXt", raw_text + raw)),
        "png turned by XMP only, so not": png(
            8,
            0,
            chunk(
                b"iTXt",
                b"XML:com.adobe.xmp\0\0\0\0\0"
                b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
                b'22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
                b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>',
            ),
        ),
    }


def first(bits: int, color: int) -> list[int]:
    """The first pixel of `png(bits, color)`."""
    rng = np.random.default_rng(bits * 10 + color)
    return rng.integers(0, 2**bits, (HEIGHT, WIDTH, CHANNELS[color]))[0, 0].tolist()


def others() -> dict[str, bytes]:
    """Files that go through the browser; large even parts, which lossy formats keep."""
    rng = np.random.default_rng(4)
    colors = rng.integers(0, 256, (3, 4, 3)).astype(np.uint8)
    picture = Image.fromarray(colors).resize((64, 48), Image.Resampling.NEAREST)
    gray = picture.convert("L")
    clear = picture.convert("RGBA")
    clear.putalpha(gray.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    turned, profile = Image.Exif(), wide_profile()
    turned[0x0112] = 6

    def saved(of: Image.Image, kind: str, **options) -> bytes:
        file = io.BytesIO()
        of.save(file, kind, **options)
        return file.getvalue()

    keyed = picture.quantize(12)
    return {
        "jpeg gray": saved(gray, "JPEG", quality=95),
        "jpeg color": saved(picture, "JPEG", quality=95, subsampling=0),
        "jpeg profile": saved(picture, "JPEG", quality=95, subsampling=0, icc_profile=profile),
        "jpeg turned": saved(gray, "JPEG", quality=95, exif=turned),
        "jpeg with a video behind": saved(gray, "JPEG", quality=95) + b"\0\0\0\x18ftypmp42" * 99,
        "webp": saved(picture, "WEBP", lossless=True),
        "webp alpha": saved(clear, "WEBP", lossless=True, exact=True),
        "webp profile": saved(picture, "WEBP", lossless=True, icc_profile=profile),
        "webp turned": saved(picture, "WEBP", lossless=True, exif=turned),
        "bmp": saved(picture, "BMP"),
        "gif": saved(keyed, "GIF"),
        "gif transparent": saved(keyed, "GIF", transparency=3),
        "gif animated": saved(keyed, "GIF", save_all=True, append_images=[keyed.rotate(180)]),
    }


def read(files: dict[str, bytes]) -> dict[str, dict]:
    """Name -> base64 of the file, size, and the map as 16-bit numbers in base64."""
    found = {}
    for name, data in files.items():
        m = np.rint(decode(data).astype(np.float64) * 65535).astype("<u2")
        found[name] = {
            "file": base64.b64encode(data).decode(),
            "size": [m.shape[1], m.shape[0]],
            "map": base64.b64encode(m.tobytes()).decode(),
        }
    return found


def vectors() -> dict[str, dict]:
    return {"pngs": read(pngs()), "others": read(others())}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=0) + "\n")
