"""The map travels with its picture, and comes back."""

import importlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from diffdiff.images.read import decode
from diffdiff.maps import embedded
from diffdiff.maps.carried_regions import HEAD, KEY, regions_of, with_regions


@pytest.fixture
def travelling(host):
    module = importlib.import_module("diffdiff.webui.png_metadata")
    module.known.clear()
    module.known_regions.clear()
    return module


def grey(p):
    return np.tile(np.linspace(0, 1, p.width, dtype=np.float32).round(2), (p.height, 1))


def finished(host, p, values, picture=None):
    """A job's picture as the host's callbacks leave it."""
    script = host.script.DifferentialDiffusion()
    script.before_process(p, values)
    script.process(p, values)
    p.batch_index = 0
    pp = SimpleNamespace(image=picture or Image.new("RGB", (p.width, p.height)))
    script.postprocess_image_after_composite(p, pp, values)
    return pp.image


def eight(p):
    return np.round(grey(p) * 255).astype(np.uint8)


def sent(p):
    import base64
    import io

    data = io.BytesIO()
    Image.fromarray(eight(p)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def test_a_picture_has_its_map_and_a_saved_png_too(host, travelling, job):
    p = job()
    image = finished(host, p, {"map": sent(p)})
    text = image.info[travelling.CHUNK]
    assert (embedded.unpack(text) == decode(eight(p))).all()
    for name, has in (("a.png", True), ("A.PNG", True), ("a.jpg", False)):
        params = SimpleNamespace(image=image, p=p, filename=name, pnginfo={"parameters": ""})
        travelling.saving(params)
        assert (travelling.CHUNK in params.pnginfo) is has


def test_it_can_be_switched_off(host, travelling, job):
    host.opts.diffdiff_embed_map = False
    p = job()
    assert travelling.CHUNK not in finished(host, p, {"map": sent(p)}).info


def test_pasted_parameters_bring_the_map_back(host, travelling, job):
    p = job()
    finished(host, p, {"map": sent(p)})
    mark = p.extra_generation_params["DD map"]
    assert (decode(travelling.reader({"DD map": mark})) == decode(eight(p))).all()
    assert travelling.reader({"DD map": "0123456789"}) is None
    assert travelling.reader({}) is None
    assert travelling.reader({"DD map": mark, "DD source": "edges"}) is None


def test_a_picture_that_the_host_reads_is_known(host, travelling, job):
    p = job()
    text = embedded.pack(decode(eight(p)))
    items = {travelling.CHUNK: text, "other": "kept"}
    travelling.on_info_read("a cat\nSteps: 4, DD map: 00112233aa, Version: 1", items)
    assert items == {"other": "kept"}
    assert (decode(travelling.reader({"DD map": "00112233aa"})) == decode(eight(p))).all()


@pytest.mark.parametrize("text", ["", "DD1 9999x9999 AAAA", "x" * 70000, None, 3])
def test_what_somebody_else_wrote_does_no_harm(travelling, text):
    travelling.on_info_read("Steps: 4, DD map: 00112233aa", {travelling.CHUNK: text})
    assert travelling.reader({"DD map": "00112233aa"}) is None


def test_only_the_latest_are_kept(travelling):
    for i in range(travelling.KEPT + 9):
        travelling.remember(f"{i:010x}", "text")
    assert len(travelling.known) == travelling.KEPT and f"{0:010x}" not in travelling.known


def test_a_dropped_picture_restores_map_and_settings(host, travelling, job):
    p = job()
    told = {
        "parameters": "a cat\nDD enabled: True, DD gamma: 2.5",
        "map": embedded.pack(decode(eight(p))),
    }
    readers = [travelling.reader, host.infotext.reader("gamma"), host.infotext.reader("enabled")]
    url, gamma, enabled = travelling.dropped(json.dumps(told), readers)
    assert (decode(url) == decode(eight(p))).all() and (gamma, enabled) == (2.5, True)
    for broken in ("", "[]", "{", json.dumps({"map": "x", "parameters": ""}), "null"):
        assert travelling.dropped(broken, readers) == [None] * 3


@pytest.fixture
def batch(host, tmp_path):
    module = importlib.import_module("diffdiff.webui.batch_tab")
    host.opts.diffdiff_batch_maps = str(tmp_path)
    return module


def batch_job(batch, job, name="b.png"):
    p = job()
    batch.on_picture_read(p.init_images[0], f"/somewhere/{name}")
    return p


def test_each_picture_of_the_batch_tab_has_the_map_of_its_name(host, batch, job, tmp_path):
    p = batch_job(batch, job)
    Image.fromarray(eight(p)).save(tmp_path / "b.png")
    finished(host, p, {"map": None, "mode": "edit"})
    assert (p.diffdiff.raw[0] == decode(eight(p))).all()


@pytest.mark.parametrize("missing", ["keep the picture", "use the panel's map", "stop"])
def test_a_picture_without_a_map(host, batch, job, missing):
    host.opts.diffdiff_batch_missing = missing
    p = batch_job(batch, job)
    script = host.script.DifferentialDiffusion()
    script.before_process(p, {"map": sent(p)})
    if missing == "stop":
        with pytest.raises(ValueError, match="there is no map called b"):
            p.init()
        return
    raw = p.diffdiff.raw[0]
    assert any("there is no map called b" in comment for comment in p.comments)
    assert (raw == 0).all() if missing == "keep the picture" else (raw == decode(eight(p))).all()


def test_pictures_that_come_from_no_file_are_left_alone(host, batch, job):
    p = job()
    host.script.DifferentialDiffusion().before_process(p, {"map": sent(p)})
    assert (p.diffdiff.raw[0] == decode(eight(p))).all() and not p.comments


def test_what_was_watched_is_given_back(host):
    watch = importlib.import_module("diffdiff.webui.host_hooks")
    from modules import images, script_callbacks

    images.read, images.read_info_from_image = plain = (
        lambda source: Image.new("RGB", (2, 2)),
        lambda picture: ("text", dict(picture.info)),
    )
    undo = []
    script_callbacks.on_script_unloaded = undo.append
    watch.start(object)
    assert images.read("a.png").info["diffdiff_file"] == "a.png"
    assert images.read_info_from_image(Image.new("RGB", (2, 2))) == ("text", {})
    undo[0]()
    assert (images.read, images.read_info_from_image) == plain


def test_regions_go_with_the_map_that_they_made(host, travelling, job):
    p = job()
    value = with_regions(HEAD + sent(p), "regions")
    image = finished(host, p, {"map": value})
    assert image.info[KEY] == "regions"
    params = SimpleNamespace(image=image, p=p, filename="a.png", pnginfo={})
    travelling.saving(params)
    assert set(params.pnginfo) == {travelling.CHUNK, KEY}
    url = travelling.reader({"DD map": p.extra_generation_params["DD map"]})
    assert regions_of(url) == "regions" and (decode(url) == decode(eight(p))).all()
    travelling.known_regions.clear()
    url = travelling.reader({"DD map": p.extra_generation_params["DD map"]})
    assert regions_of(url) is None and (decode(url) == decode(eight(p))).all()


def test_no_regions_with_a_map_that_they_did_not_make(host, travelling, job):
    p = job()
    value = with_regions(HEAD + sent(p), "regions")
    assert KEY not in finished(host, p, {"map": value, "source": "luminance"}).info
    assert KEY not in finished(host, job(), {"map": sent(p)}).info
    host.opts.diffdiff_embed_map = False
    assert KEY not in finished(host, job(), {"map": value}).info


def test_regions_of_a_picture_that_is_read_or_dropped(host, travelling, job):
    p = job()
    text = embedded.pack(decode(eight(p)))
    items = {travelling.CHUNK: text, KEY: "regions", "other": "kept"}
    travelling.on_info_read("a cat\nSteps: 4, DD map: 00112233aa, Version: 1", items)
    assert items == {"other": "kept"}
    assert regions_of(travelling.reader({"DD map": "00112233aa"})) == "regions"
    told = {"parameters": "", "map": text, "regions": "regions"}
    (url,) = travelling.dropped(json.dumps(told), [travelling.reader])
    assert regions_of(url) == "regions"
    for strange in (None, 3, "", "\u00e4", ["x"]):
        (url,) = travelling.dropped(json.dumps({**told, "regions": strange}), [travelling.reader])
        assert url and regions_of(url) is None
