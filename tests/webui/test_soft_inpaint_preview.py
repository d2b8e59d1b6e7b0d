"""Soft inpaint's preview beside its run: one map, whatever the job's settings."""

import importlib

import numpy as np
import pytest
from kind_runs import api, png
from PIL import Image
from test_four_hosts import box

from diffdiff.errors import FieldError
from diffdiff.maps.geometry import decode
from diffdiff.settings.schema import fields, parse

PICTURE = (128, 96)
MASK = (32, 16, 64, 40)
JOBS = {
    "whole": {},
    "crop and resize": {"resize_mode": 1, "width": 48},
    "only masked": {"inpaint_full_res": True, "inpaint_full_res_padding": 4},
    "not masked": {"inpainting_mask_invert": 1},
}


@pytest.fixture
def preview(kind):
    return importlib.import_module("diffdiff.webui.panel.preview")


def as_png(image):
    return png(np.asarray(image.convert("L")) / 255)


def sent(mask=None, inverted=0, **settings):
    """What the page sends with Preview."""
    return {
        "picture": png(np.linspace(0, 1, 128 * 96).reshape(96, 128)),
        "prompt": "",
        "styles": [],
        "mask": "" if mask is None else as_png(mask),
        "denoising": 0.75,
        "inverted": inverted,
        "width": settings.get("width", 64),
        "height": settings.get("height", 48),
        "resize_mode": settings.get("resize_mode", 0),
        "only_masked": int(settings.get("inpaint_full_res", False)),
        "padding": settings.get("inpaint_full_res_padding", 0),
    }


def painted():
    m = np.zeros(PICTURE[::-1])
    m[20:60, 50:110] = 0.6
    return png(m)


@pytest.mark.parametrize("change", [None, "max", "multiply"])
@pytest.mark.parametrize("radius", [-1, 5])
@pytest.mark.parametrize("settings", JOBS.values(), ids=JOBS)
def test_the_preview_is_the_map_of_the_run(kind, preview, settings, radius, change):
    edit = {"mode": "soft inpaint", "soften_radius": radius, "gamma": 0.8}
    if change:
        edit |= {"map": painted(), "combine": change}
    mask = box(*MASK, size=PICTURE)
    p = kind.job(edit, mask=mask, picture=PICTURE, **settings)
    api(p)
    want = p.diffdiff.shaped[0]
    own = {k: v for k, v in settings.items() if k != "inpainting_mask_invert"}
    what = preview.context_of(sent(mask, settings.get("inpainting_mask_invert", 0), **own))
    args = parse({k: v for k, v in edit.items() if k != "map"})
    own_map = preview.map_for_preview(what, args, decode(edit["map"]) if change else None)
    got = preview.effective_map(what, args, own_map)
    assert got.shape == want.shape and np.array_equal(got, want)
    assert 0 < got.mean() < 1
    both = any("both used" in comment for comment in p.comments)
    assert both == bool(change), "a map beside the mask is told"


def test_an_automatic_radius_follows_the_job(kind):
    for width, height in ((64, 48), (128, 128)):
        p = kind.job(
            {"mode": "soft inpaint"},
            mask=box(*MASK, size=PICTURE),
            picture=PICTURE,
            width=width,
            height=height,
        )
        api(p)
        assert p.diffdiff.inpaint.radius == min(width, height) / 16
        assert "DD soften radius" not in p.extra_generation_params


def values(**own):
    given = {n: ("" if i["default"] is None else i["default"]) for n, i in fields().items()}
    return tuple({**given, **own}.values())


def test_what_the_panel_says(kind, preview):
    kind.opts.temp_dir = ""
    soft = {"mode": "soft inpaint", "soften_radius": -1}
    mask = box(*MASK, size=PICTURE)
    what, shown, told, url = preview.show(sent(mask), values(**soft))
    assert shown.size == PICTURE and "of full strength" in told and "both" not in told
    assert url == "", "there is no map to edit"
    _, _, told, url = preview.show(sent(mask), values(**soft, map=painted()))
    assert "both used (combine: max)" in told and url
    assert "both" not in preview.refresh(what, values(**soft))[1]
    assert "Mode: soft inpaint needs a mask" in preview.show(sent(), values(**soft))[2]
    _, _, told, _ = preview.show(sent(), values(**soft, map=painted()))
    assert "of full strength" in told and "both" not in told


def test_the_endpoint(kind, preview):
    from diffdiff.webui.api import routes as endpoints
    from diffdiff.webui.api.schemas import PreviewRequest

    mask = box(*MASK, size=PICTURE)
    asked = {
        "args": {"mode": "soft inpaint"},
        "image": as_png(Image.new("RGB", PICTURE)),
        "mask": as_png(mask),
        "width": 64,
        "height": 48,
        "inpaint_full_res": True,
        "inpaint_full_res_padding": 4,
    }
    told = endpoints.map_preview(PreviewRequest(**asked))
    p = kind.job({"mode": "soft inpaint"}, mask=mask, picture=PICTURE, **JOBS["only masked"])
    api(p)
    assert np.abs(decode(told["map"]) - p.diffdiff.shaped[0]).max() < 1e-4
    with pytest.raises(FieldError, match="needs a mask"):
        endpoints.map_preview(PreviewRequest(**{**asked, "mask": None}))
