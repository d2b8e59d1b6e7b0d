"""What a run leaves behind, and how pictures come in."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images import pictures
from diffdiff.images.data_url import sixteen_bits
from diffdiff.images.read import decode
from diffdiff.page import visualize
from diffdiff.pipelines import png
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

GREY = np.full((4, 6), 0.25, np.float32)


def file_of(picture: Image.Image, kind="PNG", **more) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **more)
    return data.getvalue()


def text_of(run=None, index=0, **edit):
    settings = {"model": "toyworld", "scheduler": "DDIM"}
    own = parse(run or {}, RunArgs).alone(index)
    return png.texts(parse(edit), own, GREY, settings, (64, 48))


# text


def test_parameters_are_written_as_the_webuis_write_them():
    run = {"prompt": "a house", "negative_prompt": "fog", "strength": 0.7, "guidance": 7.5}
    lines = text_of(run, gamma=1.5, invert=True)["parameters"].split("\n")
    assert lines[:2] == ["a house", "Negative prompt: fog"]
    assert lines[2].startswith(
        "Steps: 20, Sampler: DDIM, CFG scale: 7.5, Seed: 0, Size: 64x48, Model: toyworld, "
        "Denoising strength: 0.7, DD enabled: True, DD invert: True, DD gamma: 1.5, DD map: "
    )
    assert len(lines) == 3


def test_values_that_would_end_early_are_quoted():
    settings = {"model": "a, b: c"}
    text = png.parameters(parse({}), parse({}, RunArgs), GREY, settings, (8, 8))
    assert 'Model: "a, b: c", ' in text


def test_every_picture_has_its_own_seed():
    first, second = (text_of({"seed": 3, "count": 2}, i) for i in (0, 1))
    assert "Seed: 3," in first["parameters"] and "Seed: 4," in second["parameters"]
    assert json.loads(second["diffdiff"])["seed"] == 4
    assert json.loads(text_of()["diffdiff"])["seed"] == 0


# files


def test_text_of_any_language_survives(tmp_path):
    text = {"parameters": "eine Hütte, 山小屋 🏔\nSteps: 1", "diffdiff": "{}"}
    png.write_png(Image.new("RGB", (3, 2)), tmp_path / "a.png", text)
    assert Image.open(tmp_path / "a.png").text == text


@given(st.lists(st.integers(0, 65535), min_size=4, max_size=4))
def test_sixteen_bits_are_read_back_exactly(values):
    m = (np.array(values).reshape(2, 2) / 65535).astype(np.float32)
    assert np.array_equal(decode(sixteen_bits(m)), m)
    assert sixteen_bits(m).reshape(-1).tolist() == values


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with monkeypatch.context() as patch:
            patch.setattr(Image.Image, "save", lambda *a, e=error, **k: (_ for _ in ()).throw(e))
            wanted = FieldError if isinstance(error, OSError) else KeyboardInterrupt
            with pytest.raises(wanted):
                png.write_png(Image.new("L", (2, 2)), path)
        assert path.read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "a.png"
    link.symlink_to(tmp_path / "real" / "b.png")
    png.write_png(Image.new("L", (2, 2)), link)
    assert link.is_symlink() and Image.open(tmp_path / "real" / "b.png").size == (2, 2)


def test_targets_are_checked_through_links(tmp_path):
    (tmp_path / "in.png").write_bytes(b"x")
    (tmp_path / "alias.png").symlink_to(tmp_path / "in.png")
    with pytest.raises(FieldError, match="input of this run"):
        png.targets(tmp_path / "alias.png", 1, [tmp_path / "in.png"])
    (tmp_path / "o-1.png").hardlink_to(tmp_path / "in.png")
    with pytest.raises(FieldError, match=r"o-1\.png is an input"):
        png.targets(tmp_path / "o.png", 2, [tmp_path / "in.png"])
    assert png.targets(tmp_path / "o.PNG", 1, []) == [tmp_path / "o.PNG"]


# pictures


def test_pictures_come_upright_and_in_rgb():
    wide = Image.new("RGB", (6, 4), "red")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    assert pictures.read(file_of(wide, "JPEG", exif=exif)).size == (4, 6)
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK"):
        kind = "TIFF" if mode == "CMYK" else "PNG"
        assert pictures.read(file_of(Image.new(mode, (6, 4)), kind)).mode == "RGB"


def test_transparency_shows_white():
    clear = Image.new("RGBA", (2, 2), (200, 0, 0, 0))
    assert np.asarray(pictures.read(file_of(clear))).min() == 255


def test_sixteen_bit_grey_is_not_cut_off():
    grey = Image.fromarray(np.full((2, 2), 0x8080, np.uint16))
    assert (np.asarray(pictures.read(file_of(grey))) == 0x80).all()


def test_the_colour_profile_goes_with_the_pixels(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = pictures.read(file_of(Image.new("RGB", (2, 2)), icc_profile=profile))
    png.write_png(picture, tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").info["icc_profile"] == profile
    cmyk = pictures.read(file_of(Image.new("CMYK", (2, 2)), "TIFF", icc_profile=profile))
    assert cmyk.info == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture"),
        (b"GIF89a", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is PostScript, which is not read"),
        (file_of(Image.new("1", (20000, 2))), "20000x2 pixels. Use one of at most"),
        (file_of(Image.new("RGB", (64, 64), "red"))[:120], "damaged"),
    ],
)
def test_what_is_no_picture_is_refused(data, words):
    with pytest.raises(FieldError, match=words) as refused:
        pictures.read(data)
    assert refused.value.field == "image"


def test_a_path_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "no.png", "a\0b"):
        with pytest.raises(FieldError, match="cannot be read"):
            pictures.load(path, "image")
    (Path(tmp_path) / "a").write_bytes(b"x")
    assert pictures.load(tmp_path / "a", "image") == b"x"


# views


def test_what_is_kept_keeps_its_colour_and_strength_is_seen():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (8, 500, 3), np.uint8)
    strength = np.tile(np.linspace(0, 1, 500), (8, 1))
    strength[:, :100] = 0
    shown = visualize.preview(picture, strength, 20)
    assert (shown[:8, :100] == picture[:, :100]).all()
    assert shown[:8, 400:].mean() > shown[:8, 100:200].mean() + 50
    assert shown.shape[1] == 500 and shown.shape[0] > 40


def test_a_small_picture_is_enlarged_for_the_legend():
    shown = visualize.preview(np.zeros((8, 16, 3), np.uint8), np.zeros((8, 16)), 20)
    assert shown.shape[1] == 480
    assert not shown[: 8 * 30].any()


def test_the_view_of_change_is_black_where_nothing_changed():
    before = np.zeros((16, 480, 3), np.uint8)
    after = before.copy()
    after[:, 240:] = 90
    shown = visualize.change(before, after)
    assert shown[:16, :240].max() < 8 and shown[:16, 240:].mean() > 100
    assert visualize.change(before, before)[:16].max() < 8


def test_the_legend_says_when_a_pixel_is_released():
    assert visualize.released(0, 20) == "kept"
    assert visualize.released(1, 20) == "from 1"
    assert visualize.released(0.25, 20) == "from 16"
    assert visualize.released(0.01, 20) == "kept"  # less than one step
