"""People's pictures as hypothesis strategies, and what each must become: TIFF, photos, any size."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images.read import decode
from diffdiff.pipelines.frame import Frame

from .checks import RIGHT, must, refused
from .tiffs import tiff

SHAPES = st.tuples(st.integers(2, 6), st.integers(2, 6))


@st.composite
def tiffs(draw: Any) -> dict[str, Any]:
    color = draw(st.sampled_from([0, 0, 1, 1, 2, 2, 3, 5, 8]))
    bits, kind = draw(st.sampled_from([*[(8, 1), (16, 1), (32, 3)] * 2, (32, 1), (16, 2), (64, 3)]))
    extra = draw(st.sampled_from([(), (), (), (0,), (1,), (2,)]))
    channels = {2: 3, 5: 4, 8: 3}.get(color, 1) + len(extra)
    height, width = draw(SHAPES)
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    letter = {1: "u", 2: "i", 3: "f"}[kind]
    values = rng.random((height, width, channels))
    if kind != 3:
        values = np.rint(values * np.iinfo(f"{letter}{bits // 8}").max)
    return {
        "values": values.astype(f"{letter}{bits // 8}"),
        "photometric": color,
        "kind": kind,
        "order": draw(st.sampled_from("<>")),
        "planes": draw(st.sampled_from([1, 1, 2])),
        "extra": extra,
    }


def check_tiff(made: dict[str, Any]) -> str:
    values, color, extra = made["values"], made["photometric"], made["extra"]
    try:
        m = decode(tiff(**made))
    except FieldError as error:
        return refused(error)
    top = 1 if made["kind"] == 3 else np.iinfo(values.dtype).max
    v = values.astype(np.float64) / top
    must(color in (0, 1, 2, 5), f"photometric {color} was read")
    gray = v[..., 0] if color < 2 else v[..., :3] @ [0.299, 0.587, 0.114]
    if color == 0:
        gray = 1 - gray
    if color == 5:
        gray = ((1 - v[..., :3]) * (1 - v[..., 3:4])) @ [0.299, 0.587, 0.114]
    if extra == (2,):
        gray = gray * v[..., -1]
    if extra == (1,):  # associated alpha: colors have it in them already, up to its own value
        gray = np.minimum(v[..., :-1], v[..., -1:]) @ (
            [1.0] if color < 2 else [0.299, 0.587, 0.114]
        )
    must(m.shape == gray.shape and np.abs(m - gray).max() < 0.02, made)
    return RIGHT


def jpeg(seed: int, progressive: bool) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", progressive=progressive)
    return data.getvalue()


BEHIND = st.lists(
    st.sampled_from(
        [
            b"\xff\xda\0\3\1",
            b"\xff\xd9",
            b"\0ftypmp42",
            b"\xff\xd8\xff",
            b"\xff\xe1\xff\xff",
            b"IEND",
        ]
    ),
    max_size=400,
)


def check_photo(made: tuple[int, bool, list[bytes], bytes]) -> str:
    seed, progressive, parts, more = made
    photo = jpeg(seed, progressive)
    must(np.array_equal(decode(photo + b"".join(parts) + more), decode(photo)), "another picture")
    return RIGHT


def check_frame(made: tuple[int, int, int]) -> str:
    width, height, multiple = made
    frame = Frame.around((width, height), multiple)
    pixels = np.arange(width * height, dtype=np.uint32).view(np.uint8).reshape(height, width, 4)
    filled = frame.filled(pixels)
    must(filled.shape[1::-1] == frame.worked, frame)
    must(
        all(0 <= a - b < multiple and a % multiple == 0 for a, b in zip(frame.worked, frame.size)),
        frame,
    )
    back = frame.cut(Image.fromarray(filled[..., :3]))
    must(np.array_equal(np.asarray(back), pixels[..., :3]), frame)
    return RIGHT
