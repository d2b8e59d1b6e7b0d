"""TIFF: every layout is read right or refused, by maps and by pictures."""

import base64
import io
from itertools import product

import numpy as np
import pytest

from benchmarks.fuzzing.tiffs import tiff
from diffdiff.errors import FieldError
from diffdiff.images import pictures
from diffdiff.images.read import decode, decode_picture

H, W = 3, 4
KINDS = {1: "u", 2: "i", 3: "f"}


def numbers(channels, kind, bits):
    rng = np.random.default_rng(3)
    if kind == 3:
        return rng.random((H, W, channels)).astype(f"f{bits // 8}")
    top = 2 ** (bits - (kind == 2)) - 1
    return rng.integers(0, top, (H, W, channels), endpoint=True).astype(f"{KINDS[kind]}{bits // 8}")


def meant(values, photometric, kind):
    """What such a gray TIFF says, 0..1."""
    top = 1 if kind == 3 else np.iinfo(values.dtype).max
    m = values[..., 0].astype(np.float64) / top
    return 1 - m if photometric == 0 else m


GRAYS = list(
    product(
        [0, 1],
        [(1, 8), (1, 16), (1, 32), (2, 8), (2, 16), (2, 32), (3, 16), (3, 32), (3, 64)],
        "<>",
    )
)
READ = {(1, 8), (1, 16), (3, 32)}


@pytest.mark.parametrize(("photometric", "what", "order"), GRAYS)
def test_grays_are_read_right_or_refused(photometric, what, order):
    kind, bits = what
    values = numbers(1, kind, bits)
    data = tiff(values, photometric, kind, order)
    want = meant(values, photometric, kind)
    if what not in READ or (photometric, bits, order) == (0, 16, ">"):  # Pillow has no such mode
        for door in (decode, pictures.read, decode_picture):
            with pytest.raises(FieldError):
                door(data)
        return
    np.testing.assert_allclose(decode(data), want, atol=1e-6)
    for picture in (pictures.read(data), decode_picture(data)):
        gray = np.asarray(picture.convert("RGB"))[..., 0]
        assert np.abs(gray / 255 - want).max() <= 0.51 / 255


COLORS = list(product([1, 2], [(), (0,), (1,), (2,)], [8, 16], "<>"))


@pytest.mark.parametrize(("planes", "extra", "bits", "order"), COLORS)
def test_colors_and_alpha_are_read_right_or_refused(planes, extra, bits, order):
    values = numbers(4 if extra else 3, 1, bits)
    if extra == (1,):  # associated: no color is above its alpha
        values[..., :3] = np.minimum(values[..., :3], values[..., 3:])
    data = tiff(values, 2, 1, order, planes, extra)
    v = values.astype(np.float64) / np.iinfo(values.dtype).max
    luma = v[..., :3] @ [0.299, 0.587, 0.114]
    want = luma if not extra or extra == (1,) else luma * v[..., 3]
    if extra == (0,) or (bits == 16 and (extra or planes == 2)) or (extra and planes == 2):
        with pytest.raises(FieldError):
            decode(data)
    else:
        np.testing.assert_allclose(decode(data), want, atol=2 / 255)


@pytest.mark.parametrize("tags", [{266: [2]}, {262: [8]}, {262: [32803]}, {258: [12]}])
def test_what_is_not_in_the_list_is_refused(tags):
    data = tiff(numbers(1, 1, 16), 1, tags=tags)
    with pytest.raises(FieldError, match="TIFF"):
        decode(data)
    with pytest.raises(FieldError, match="TIFF"):
        pictures.read(data)


def test_as_text_no_tiff_is_read():
    """A WebUI's Pillow may be of any age, and the painter reads none."""
    data = tiff(numbers(1, 1, 8), 1)
    for door in (decode, decode_picture):
        with pytest.raises(FieldError, match=r"TIFF is not read here\. Save it as PNG"):
            door(base64.b64encode(data).decode())
    with pytest.raises(FieldError, match="TIFF is not read here"):
        decode(data, with_tiff=False)


def test_pillows_own_files():
    from PIL import Image

    for mode, pixels in (("I;16", np.uint16), ("F", np.float32), ("L", np.uint8)):
        top = 1 if pixels is np.float32 else np.iinfo(pixels).max
        values = (np.linspace(0, 1, 16).reshape(4, 4) * top).astype(pixels)
        for packed in ("raw", "tiff_lzw", "tiff_deflate"):
            file = io.BytesIO()
            Image.fromarray(values).save(file, "TIFF", compression=packed)
            np.testing.assert_array_equal(decode(file.getvalue()), values / np.float32(top), mode)
