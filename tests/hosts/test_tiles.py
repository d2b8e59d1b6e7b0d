"""Scripts that work on a picture in parts, on a running WebUI: each gets its piece of the map."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.seam import seam
from benchmarks.webui import Refused, encode

pytestmark = pytest.mark.host
UPSCALE, ULTIMATE = "sd upscale", "ultimate sd upscale"
VAE = 20  # levels of 255 that a VAE may change on its own
EVEN = 1.15  # how many times as visible a border may be as in one run


class Script:
    """One of the host's scripts, enlarging twice, with tiles of the picture's own size. Where a
    host has no Lanczos, *SD upscale* enlarges nothing, and its tiles are smaller."""

    def __init__(self, webui, name, **own):
        info = webui.call("/sdapi/v1/script-info")
        found = [s for s in info if s["name"] == name and s["is_img2img"]]
        if not found:
            pytest.skip(f"this host has no script {name}")
        names = [upscaler["name"] for upscaler in webui.call("/sdapi/v1/upscalers")]
        chosen = "Lanczos" if "Lanczos" in names else "None"
        own = {"upscaler": names.index(chosen), **own}
        if isinstance(own["upscaler"], str):
            own["upscaler"] = chosen
        self.scale, self.settings = 2, {}
        if chosen == "None" and name == UPSCALE:
            self.scale, tile = 1, webui.size // 2
            if tile < 64:
                pytest.skip("such hosts work at multiples of 64: set WEBUI_SIZE to 128 or more")
            self.settings = {"width": tile, "height": tile}
            own["tile overlap"] = tile // 4
        values, seen = [], []
        for control in found[0]["args"]:
            label = (control["label"] or "").lower()
            values.append(
                own.get(label, control["value"])
                if label not in seen
                else own.get(f"second {label}", control["value"])
            )
            seen.append(label)
        # some hosts name a choice in their schema that their script wants as a number
        self.request = {"script_name": name, "script_args": values}
        self.webui = webui

    def picture(self, edit=None, **settings):
        told = {**self.request, **self.settings, **settings}
        return self.webui.picture(edit, **told).astype(int)

    @property
    def large(self):
        """The picture as the script enlarges it."""
        size = (self.scale * self.webui.size,) * 2
        made = Image.fromarray(self.webui.photograph).resize(size, Image.LANCZOS)
        return np.asarray(made).astype(int)


@pytest.fixture(scope="module", params=[UPSCALE, ULTIMATE])
def script(request, webui):
    if request.param == UPSCALE:
        own = {"tile overlap": webui.size // 4, "scale factor": 2.0, "upscaler": "Lanczos"}
    else:
        own = {
            "tile width": webui.size,
            "tile height": webui.size,
            "padding": 16,
            "type": 0,
            "second type": 0,
            "target size type": 2,
            "scale": 2,
        }
    made = Script(webui, request.param, **own)
    made.picture()  # warm up
    return made


@pytest.fixture(scope="module")
def large(script):
    return script.large


@pytest.fixture(scope="module")
def face(webui):
    """A face to be kept as it is: 0.1 there, 0.3 elsewhere."""
    y, x = np.mgrid[: webui.size, : webui.size] / webui.size
    inside = (x - 0.4) ** 2 + (y - 0.45) ** 2 < 0.04
    return np.where(inside, round(255 * 0.1), round(255 * 0.3)).astype(np.uint8)


@pytest.fixture(scope="module")
def levels(webui, script):
    """By how much the hosts' own masked blends round: Ultimate SD upscale is a chain of them."""
    if script.request["script_name"] == UPSCALE:
        return 0
    mask = np.zeros((webui.size, webui.size), np.uint8)
    mask[:, webui.size // 2 :] = 255
    masked = {"mask": encode(mask), "inpainting_fill": 1, "inpaint_full_res": False}
    white = webui.picture({"map": webui.constant(255)}, **masked).astype(int)
    if abs(white - webui.picture(**masked)).max() > 2:
        pytest.skip(
            "this host's masked jobs see fresh noise around the mask: a held run is another"
        )
    return 2


def test_white_is_the_plain_script(webui, script, levels, tolerance):
    white = script.picture({"map": webui.constant(255)})
    assert abs(white - script.picture()).max() <= levels + tolerance


def test_black_is_the_enlarged_picture(webui, script, large):
    assert (script.picture({"map": webui.constant(0)}) == large).all()


def test_a_constant_is_the_plain_script_at_that_strength(webui, script, levels, tolerance):
    edit = {"map": webui.constant(102), "scale": "absolute", "levels": "steps"}
    found = script.picture(edit, denoising_strength=1.0)
    want = script.picture(denoising_strength=0.4)
    assert abs(found - want).max() <= levels + tolerance


def test_the_kept_half_is_exact_across_tiles(webui, script, large):
    half = np.zeros((webui.size, webui.size), np.uint8)
    half[:, webui.size // 2 :] = 255
    found = script.picture({"map": encode(half)})
    kept = large.shape[1] // 2 - 4  # the border itself lies between two pixels
    assert (found[:, :kept] == large[:, :kept]).all()
    assert abs(found - large)[:, kept + 16 :].mean() > 3


def test_a_face_is_changed_less_and_no_border_shows(webui, script, large, face):
    edit = {"map": encode(face), "scale": "absolute", "levels": "fine"}
    found = script.picture(edit)
    one = webui.picture(edit, width=large.shape[1], height=large.shape[0])
    inside = np.asarray(Image.fromarray(face).resize(large.shape[1::-1], Image.NEAREST)) < 40
    moved = abs(found - large).mean(2)
    through = script.picture({"map": webui.constant(1), "paste_back": False, "levels": "steps"})
    if abs(through - large).mean() > VAE:
        pytest.skip("this checkpoint's VAE gives another picture back, whatever the strength")
    assert moved[inside].mean() < moved[~inside].mean()
    # 1 is as smooth as the rest of the picture
    assert seam(found.astype(np.uint8), inside) <= max(1.0, EVEN * seam(one, inside))


def test_batches_of_tiles(webui):
    own = {"tile overlap": webui.size // 4, "scale factor": 2.0, "upscaler": "Lanczos"}
    script = Script(webui, UPSCALE, **own)
    try:
        script.picture(batch_size=2)
    except Refused as error:
        pytest.skip(f"the host's own script fails with batches: {error}")
    half = np.zeros((webui.size, webui.size), np.uint8)
    half[:, webui.size // 2 :] = 255
    found = script.picture({"map": encode(half)}, batch_size=2)
    kept = script.scale * webui.size // 2 - 4
    assert (found[:, :kept] == script.large[:, :kept]).all()


@pytest.mark.parametrize("edit", [{"mode": "fan"}, {"mode": "sheet"}])
def test_what_cannot_be_had_in_tiles_is_said(webui, script, edit):
    with pytest.raises(Refused) as refused:
        script.picture(edit)
    assert refused.value.status == 422 and "mode" in str(refused.value.body)


def test_tiles_that_the_host_rounds_are_refused(webui):
    """Or they are served: some hosts work at multiples of 64 only."""
    sides = {"width": webui.size // 2 + 8, "height": webui.size // 2 + 8}
    script = Script(webui, UPSCALE, **{"tile overlap": 16, "scale factor": 2.0})
    script.settings = sides
    status, said = 200, ""
    try:
        black = script.picture({"map": webui.constant(0)})
    except Refused as refused:
        status, said = refused.status, str(refused.body)
    assert status in (200, 422), said
    assert (black == script.large).all() if status == 200 else "cuts tiles of" in said


def outpainted(webui, edit=None):
    """The picture with new area at its right by *Outpainting mk2*, which makes it in an array."""
    script = Script(webui, "outpainting mk2", **{"pixels to expand": 64, "mask blur": 4})
    values = script.request["script_args"]
    values[:] = [["right"] if isinstance(value, list) else value for value in values]
    try:
        return script.picture(edit)
    except Refused as refused:
        if edit is None:
            pytest.skip(f"the host's own script fails: {refused}")
        raise


def test_new_area_that_was_an_array(webui):
    plain = outpainted(webui)
    found = {level: outpainted(webui, {"map": webui.constant(level)}) for level in (0, 255)}
    side = webui.size
    old = np.s_[:, : side - 48]  # beyond the script's mask and its blur
    for picture in found.values():
        assert picture.shape == plain.shape and picture.shape[1] > side
        # the script itself cuts values by one level
        assert abs(picture[old] - webui.photograph[old]).max() <= 1
    assert found[0][:, side:].std() > 1
    masked = {"mask": encode(np.full((side, side), 255, np.uint8)), "inpainting_fill": 1}
    one, other = (webui.picture({"map": webui.constant(255)}, **masked), webui.picture(**masked))
    if abs(one.astype(int) - other).max() > 2:
        pytest.skip("this host's masked jobs see fresh noise around the mask")
    assert abs(found[255] - plain).max() <= 2


def test_the_changed_area_alone(webui):
    m = np.zeros((webui.size, webui.size), np.uint8)
    low = webui.size // 8
    m[low : low + 16, low : low + 16] = 255
    found, reply = webui.img2img({"map": encode(m), "area": "changed", "area_padding": 8})
    assert (found[0][m == 0] == webui.photograph[m == 0]).all()
    assert (found[0][m == 255] != webui.photograph[m == 255]).any()
    text = reply["info"]["infotexts"][0]
    assert f"Size: {webui.size}x{webui.size}" in text and "DD area: changed" in text
