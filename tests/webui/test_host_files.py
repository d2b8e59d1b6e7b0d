"""What people send to a WebUI: the same rule for files and texts as everywhere else."""

import base64
import importlib
import io
import unicodedata

import numpy as np
import pytest
from kind_runs import api, flat, page, words_on_page
from PIL import Image

from diffdiff.errors import FieldError

NFC, NFD = (unicodedata.normalize(form, "Bär é") for form in ("NFC", "NFD"))


def sent(kind, **options):
    file = io.BytesIO()
    Image.new("L", (64, 48), 255).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def refused(kind, edit):
    with pytest.raises(FieldError) as told:
        api(kind.job(edit))
    assert page(kind.job(edit)) == ([], words_on_page(told.value))
    str(told.value).encode()  # an answer can carry it
    return told.value


@pytest.mark.parametrize("text", ["half \ud83d", "Latin-1 \udce9"])
def test_text_that_is_no_unicode_is_refused_by_name(kind, text):
    for field in ("reference", "query"):
        edit = {"source": "diffedit", "reference": "a", "query": "b", field: text}
        assert refused(kind, edit).field == field
    assert refused(kind, {"map": flat(1), "mode": text}).field == "mode"
    assert refused(kind, {"map": flat(1), text: 1}).field == "args"
    assert refused(kind, {"map": text}).field == "map"
    layers = {"name": text, "layers": [{"source": "luminance"}]}
    assert refused(kind, {"source": "layers", "layers": layers}).field == "layers"
    one = {"source": "diffedit", "reference": "a", "query": text}
    assert refused(kind, {"source": "layers", "layers": {"layers": [one]}}).field == "layers"


def test_a_format_that_is_not_read_is_told_with_those_that_are(kind):
    heic = base64.b64encode(b"\0\0\0\x18ftypheic" + bytes(90)).decode()
    for value, name in ((heic, "HEIC"), (sent("TIFF"), "TIFF")):
        error = refused(kind, {"map": value})
        assert error.field == "map" and name in error.problem
        assert "PNG, JPEG, WebP, BMP" in str(error) and "base64" not in str(error)


@pytest.mark.parametrize(
    ("picture", "map_name"),
    [(NFD, NFC), (NFC, NFD), ("IMG_1", "img_1"), ("a", "a"), ("straße", "STRASSE")],
)
def test_the_batch_tabs_map_is_found_however_its_name_is_written(host, tmp_path, picture, map_name):
    module = importlib.import_module("diffdiff.webui.batch_tab")
    Image.fromarray(np.full((4, 4), 99, np.uint8)).save(tmp_path / f"{map_name}.PNG", "PNG")
    (tmp_path / f"._{map_name}.png").write_bytes(b"\0\5\x16\7")
    assert module._map_of(picture, tmp_path) == tmp_path / f"{map_name}.PNG"
    assert module._map_of("another", tmp_path) is None


def test_two_maps_for_one_picture_are_told(host, tmp_path):
    module = importlib.import_module("diffdiff.webui.batch_tab")
    for name in ("IMG.png", "img.webp", "Exact.png", "exact.png"):
        Image.new("L", (4, 4)).save(tmp_path / name)
    with pytest.raises(FieldError, match="may both be the map of Img"):
        module._map_of("Img", tmp_path)
    assert module._map_of("exact", tmp_path) == tmp_path / "exact.png"
