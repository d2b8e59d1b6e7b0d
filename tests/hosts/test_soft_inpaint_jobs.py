"""Soft inpainting on a running host: every setting of its inpaint tabs keeps its meaning."""

import os

import numpy as np
import pytest
from PIL import Image

from benchmarks.webui import Refused, difference, encode, photograph
from diffdiff.maps.soften import soften

pytestmark = pytest.mark.host
RADIUS = 12 * int(os.environ.get("WEBUI_SIZE", 256)) // 256  # small pictures, small rims
SOFT = {"mode": "soft inpaint", "soften_radius": RADIUS}
REACH = RADIUS * 3.1 + 8  # pixels that this may change beyond the mask, and a latent cell
WHOLE = {"inpaint_full_res": False, "inpainting_fill": 1, "mask_blur": 0}


def disc(width, height, at=(0.5, 0.5), radius=0.2):
    """uint8 `[height, width]`, 255 in a disc; measures in parts of the shorter side."""
    y, x = np.mgrid[:height, :width]
    side = min(width, height)
    inside = np.hypot(x - at[0] * width, y - at[1] * height) < radius * side
    return inside.astype(np.uint8) * 255


def near(mask, by):
    return soften((mask > 127).astype(np.float32), by, "outward", "linear") > 0


@pytest.fixture
def mask(webui):
    return disc(webui.size, webui.size)


def check(got, before, mask, reach=REACH):
    """Exactly the original beyond the softened mask; changed in it and around it."""
    assert got.shape == before.shape
    beyond = ~near(mask, reach)
    assert beyond.any()
    assert (got[beyond] == before[beyond]).all()
    change = abs(got.astype(int) - before).mean(-1)
    rim = near(mask, 6) & (mask == 0)
    assert change[mask > 0].mean() > 5, "the mask is inpainted"
    assert change[rim].mean() > 1, "the surroundings adjust"


@pytest.mark.parametrize("fill", [0, 1, 2, 3])
def test_whole_picture_with_every_masked_content(webui, plain, mask, fill):
    settings = {**WHOLE, "mask": encode(mask), "inpainting_fill": fill}
    got, reply = webui.img2img(SOFT, **settings)
    check(got[0], webui.photograph, mask)
    text = reply["info"]["infotexts"][0]
    assert "DD mode: soft inpaint" in text and f"DD soften radius: {RADIUS}" in text
    names = {0: "fill", 2: "latent noise", 3: "latent nothing"}
    assert (f"Masked content: {names.get(fill)}" in text) == (fill != 1)
    if fill != 1:
        assert difference(got[0], webui.picture(SOFT, **{**settings, "inpainting_fill": 1}))[0] > 0


@pytest.mark.parametrize("fill", [0, 1, 2, 3])
def test_radius_zero_is_the_hosts_hard_inpaint(webui, plain, fill, tolerance):
    if "forge_preset" in webui.call("/sdapi/v1/options"):
        pytest.skip("Forge itself draws new noise around the mask at every call")
    mask = np.zeros((webui.size, webui.size), np.uint8)
    top, bottom = (8 * round(part * webui.size / 256) for part in (5, 6))
    left, right = (part * webui.size // 256 for part in (21, 33))
    mask[top:-bottom, left:-right] = 255  # one side on the latent grid, one off it
    settings = {**WHOLE, "mask": encode(mask), "inpainting_fill": fill, "sampler_name": "Euler"}
    want = webui.picture(**settings)
    got = webui.picture({"mode": "soft inpaint", "soften_radius": 0, "feather": 0}, **settings)
    assert (got[mask == 0] == webui.photograph[mask == 0]).all()
    off = abs(got.astype(int) - want)[mask > 0]
    if fill == 1:
        assert off.max() <= max(tolerance, 1)
    else:  # the host holds the surroundings on the filled picture's latents, we on the original's
        assert off.mean() <= 2


@pytest.mark.parametrize("padding", [0, 32])
@pytest.mark.parametrize("at", [(0.3, 0.6), (0.0, 0.5), (1.0, 1.0)])
def test_only_masked_works_on_a_crop_that_holds_the_softened_mask(webui, plain, padding, at):
    size = webui.size
    picture = photograph(2 * size, 3 * size // 2)
    mask = disc(2 * size, 3 * size // 2, at, 0.12)
    settings = {
        "init_images": [encode(picture)],
        "mask": encode(mask),
        "inpaint_full_res": True,
        "inpaint_full_res_padding": padding,
        "inpainting_fill": 1,
        "mask_blur": 4,
    }
    got, reply = webui.img2img(SOFT, **settings)
    assert "Inpaint area: Only masked" in reply["info"]["infotexts"][0]
    # the crop is never finer than the picture, so a pixel of the job is at most two of the picture
    check(got[0], picture, mask, 2 * REACH)
    # the host pastes the crop on a rectangle: none of its sides shows
    change = abs(got[0].astype(int) - picture).sum(-1) > 0
    rows, columns = np.flatnonzero(change.any(1)), np.flatnonzero(change.any(0))
    for edge, border in ((rows[0], 0), (rows[-1], len(change) - 1)):
        assert edge == border or change[edge].mean() < 0.2
    for edge, border in ((columns[0], 0), (columns[-1], change.shape[1] - 1)):
        assert edge == border or change[:, edge].mean() < 0.2


def test_only_masked_with_fill_and_several_pictures(webui, plain):
    picture = photograph(2 * webui.size, webui.size)
    mask = disc(2 * webui.size, webui.size, (0.7, 0.5), 0.15)
    settings = {
        "init_images": [encode(picture)],
        "mask": encode(mask),
        "inpaint_full_res": True,
        "inpaint_full_res_padding": 16,
        "inpainting_fill": 0,
        "batch_size": 2,
        "n_iter": 2,
    }
    got, _ = webui.img2img(SOFT, **settings)
    pictures = [g for g in got if g.shape == picture.shape][-4:]
    assert len(pictures) == 4
    for one in pictures:
        check(one, picture, mask, 2 * REACH)
    assert difference(*pictures[:2])[0] > 0.05


def test_inpaint_not_masked(webui, plain, mask):
    settings = {**WHOLE, "inpainting_fill": 0}
    got, reply = webui.img2img(SOFT, mask=encode(255 - mask), inpainting_mask_invert=1, **settings)
    assert "Mask mode: Inpaint not masked" in reply["info"]["infotexts"][0]
    assert (got[0] == webui.picture(SOFT, mask=encode(mask), **settings)).all()


def test_mask_blur_is_not_used(webui, plain, mask):
    settings = {**WHOLE, "mask": encode(mask)}
    want = webui.picture(SOFT, **settings)
    assert (webui.picture(SOFT, **{**settings, "mask_blur": 24}) == want).all()


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_resize_modes(webui, plain, mode):
    """A wide picture into a square: what is kept is what the host made of the picture."""
    size = webui.size
    wide = np.repeat(webui.photograph, 2, axis=1)
    mask = disc(2 * size, size, (0.6, 0.5), 0.15)
    settings = {**WHOLE, "init_images": [encode(wide)], "resize_mode": mode}
    got = webui.picture(SOFT, mask=encode(mask), **settings)
    kept = webui.picture({"map": encode(mask * 0)}, **settings)
    assert got.shape == kept.shape == (size, size, 3)
    same = (got == kept).all(-1)
    left = {0: 0.6, 1: 0.7, 2: 0.6, 3: 0.6}[mode] * size - 0.2 * size - REACH * 1.5
    assert same[:, : max(int(left), 8)].all()
    assert same.mean() < 0.97


def test_a_batch_of_pictures_with_one_mask(webui, plain, mask):
    other = webui.photograph[::-1].copy()
    settings = {**WHOLE, "init_images": [encode(webui.photograph), encode(other)]}
    got, _ = webui.img2img(SOFT, mask=encode(mask), batch_size=2, **settings)
    first, second = [g for g in got if g.shape == plain.shape][-2:]
    check(first, webui.photograph, mask)
    check(second, other, mask)


def test_masks_of_every_kind(webui, plain, mask):
    settings = {**WHOLE, "steps": 6}
    want = webui.picture(SOFT, mask=encode(mask), **settings)
    rgba = np.zeros((*mask.shape, 4), np.uint8)
    rgba[..., 3] = mask
    big = np.array(Image.fromarray(mask).resize((2 * webui.size,) * 2, Image.NEAREST))
    for kind in (np.stack([mask] * 3, -1), rgba, big):
        assert (webui.picture(SOFT, mask=encode(kind), **settings) == want).all()


def test_a_painted_map_joins_the_mask(webui, plain, mask):
    size = webui.size
    left = np.zeros((size, size), np.uint8)
    left[:, : size // 2] = 255
    settings = {**WHOLE, "mask": encode(mask)}
    half = webui.picture({**SOFT, "map": encode(left), "combine": "multiply"}, **settings)
    right = np.s_[:, size // 2 :]
    assert (half[right] == webui.photograph[right]).all()
    check(half[:, : size // 2], webui.photograph[:, : size // 2], mask[:, : size // 2])
    both = webui.picture({**SOFT, "map": encode(left), "combine": "max"}, **settings)
    assert difference(both[:, : size // 2], webui.photograph[:, : size // 2])[0] > 5


def test_a_map_alone_is_the_mask(webui, plain, mask):
    got = webui.picture({**SOFT, "map": encode(mask)})
    check(got, webui.photograph, mask)


def test_the_hosts_own_soft_inpainting_is_left_out(webui, plain, mask):
    settings = {**WHOLE, "mask": encode(mask)}
    want = webui.picture(SOFT, **settings)
    scripts = {
        "Soft Inpainting": {"args": [True, 1, 0.5, 4, 0, 0.5, 2]},
        "Differential Diffusion": {"args": [SOFT]},
    }
    got, reply = webui.img2img(alwayson_scripts=scripts, **settings)
    assert (got[0] == want).all()
    assert "Soft inpainting enabled" not in reply["info"]["infotexts"][0]


def test_inpainting_checkpoints(webui, plain, mask):
    titles = [m["title"] for m in webui.call("/sdapi/v1/sd-models") if "inpaint" in m["title"]]
    if not titles:
        pytest.skip("this host has no inpainting checkpoint")
    options = {"override_settings": {"sd_model_checkpoint": titles[0]}}
    settings = {**WHOLE, **options, "mask": encode(mask), "inpainting_fill": 0}
    whole = webui.picture(SOFT, **settings)
    check(whole, webui.photograph, mask)
    by_step = webui.picture({**SOFT, "mask_channel": "step"}, **settings)
    check(by_step, webui.photograph, mask)
    assert difference(whole, by_step)[0] > 0.01, "the model sees another mask"


def test_colours_are_matched_to_what_is_kept(webui, plain, mask):
    settings = {**WHOLE, "mask": encode(mask)}
    got = webui.picture({**SOFT, "colour_match": True}, **settings)
    check(got, webui.photograph, mask)


def test_without_any_mask_it_is_refused(webui, plain):
    with pytest.raises(Refused) as refused:
        webui.img2img(SOFT)
    assert refused.value.status == 422
    assert "mode: soft inpaint needs a mask" in str(refused.value.body)


@pytest.mark.parametrize("area", [False, True])
def test_an_empty_mask_changes_nothing(webui, plain, mask, area):
    got = webui.picture(SOFT, **{**WHOLE, "inpaint_full_res": area}, mask=encode(mask * 0))
    assert (got == webui.photograph).all()


@pytest.mark.parametrize("area", [False, True])
def test_a_full_mask_is_plain_img2img(webui, plain, mask, area, tolerance):
    settings = {**WHOLE, "inpaint_full_res": area, "mask": encode(mask * 0 + 255)}
    assert difference(webui.picture(SOFT, **settings), plain)[1] <= tolerance


@pytest.mark.parametrize("area", [False, True])
def test_a_mask_of_one_pixel(webui, plain, mask, area):
    dot = mask * 0
    dot[webui.size // 3, webui.size // 2] = 255
    got = webui.picture(SOFT, **{**WHOLE, "inpaint_full_res": area}, mask=encode(dot))
    beyond = ~near(dot, 2 * REACH)
    assert (got[beyond] == webui.photograph[beyond]).all()
    assert difference(got, webui.photograph)[1] > 0


@pytest.mark.parametrize("area", [False, True])
def test_a_frame_along_all_borders(webui, plain, mask, area):
    frame = mask * 0 + 255
    width = 20 * webui.size // 256
    frame[width:-width, width:-width] = 0
    got = webui.picture(
        {"mode": "soft inpaint", "soften_radius": 4},
        **{**WHOLE, "inpaint_full_res": area},
        mask=encode(frame),
    )
    inner = np.s_[width + 24 : -width - 24, width + 24 : -width - 24]
    assert (got[inner] == webui.photograph[inner]).all()
    outer = np.s_[: 4 * width // 5]
    assert difference(got[outer], webui.photograph[outer])[0] > 5


@pytest.mark.parametrize("area", [False, True])
def test_a_radius_larger_than_the_picture(webui, plain, mask, area):
    edit = {"mode": "soft inpaint", "soften_radius": 256}
    settings = {**WHOLE, "inpaint_full_res": area, "mask": encode(disc(webui.size, webui.size))}
    assert difference(webui.picture(edit, **settings), webui.photograph)[0] > 5
