"""Other scripts and extensions in the same job, one at a time, on a running host.

Each with ours off, when the picture must be the one that the host makes without us, and with ours
on, when the map must be obeyed and the neighbour must still do its part. `WEBUI_BARE_URL` names a
second server with the same neighbours and without this extension; where there is none, ours off is
only compared with ours not asked for.
"""

import os
from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks.webui import NAME, Refused, WebUI, difference, encode

pytestmark = pytest.mark.host
LEVELS = (64, 140, 255)


@dataclass
class Neighbour:
    """What switches a neighbour on: fields of the job, and arguments of its script."""

    name: str
    settings: dict = field(default_factory=dict)
    scripts: dict = field(default_factory=dict)


def scripts_of(webui) -> set[str]:
    return set(webui.call("/sdapi/v1/scripts")["img2img"])


def loras(webui) -> list[str]:
    try:
        return [one["name"] for one in webui.call("/sdapi/v1/loras")]
    except Refused:
        return []


def other_checkpoint(webui) -> str:
    """Another checkpoint of the same kind, by its name: NAME-b beside NAME, or WEBUI_REFINER."""
    own = webui.call("/sdapi/v1/options")["sd_model_checkpoint"].split(".")[0]
    wanted = os.environ.get("WEBUI_REFINER", f"{own}-b")
    titles = [m["title"] for m in webui.call("/sdapi/v1/sd-models")]
    return next((t for t in titles if t.startswith(wanted)), "")


def refiner(webui) -> Neighbour:
    other = other_checkpoint(webui)
    if not other:
        pytest.skip("no second checkpoint of this kind: name it by WEBUI_REFINER")
    return Neighbour("refiner", {"refiner_checkpoint": other, "refiner_switch_at": 0.6})


def lora(webui) -> Neighbour:
    known = loras(webui)
    if not known:
        pytest.skip("this host has no LoRA")
    return Neighbour("LoRA", {"prompt": f"{webui.base['prompt']} <lora:{known[0]}:1>"})


def soft_inpainting(webui) -> Neighbour:
    if "soft inpainting" not in scripts_of(webui):
        pytest.skip("this host has no soft inpainting of its own")
    mask = np.zeros((webui.size, webui.size), np.uint8)
    mask[webui.size // 8 : -webui.size // 8, webui.size // 8 : -webui.size // 8] = 255
    settings = {"mask": encode(mask), "mask_blur": 8, "inpainting_fill": 1}
    return Neighbour("soft inpainting", settings, {"Soft Inpainting": [True, 1, 0.5, 4, 0, 0.5, 2]})


def controlnet(webui) -> Neighbour:
    if "controlnet" not in scripts_of(webui):
        pytest.skip("ControlNet is not installed")
    models = webui.call("/controlnet/model_list")["model_list"]
    if not models:
        pytest.skip("ControlNet has no model")
    unit = {"enabled": True, "module": "canny", "model": models[0], "weight": 1.0,
            "processor_res": webui.size, "threshold_a": 60, "threshold_b": 120,
            "image": encode(webui.photograph)}  # fmt: skip
    return Neighbour("ControlNet", scripts={"ControlNet": [unit]})


def adetailer(webui) -> Neighbour:
    if "adetailer" not in scripts_of(webui):
        pytest.skip("ADetailer is not installed")
    models = webui.call("/adetailer/v1/ad_model")["ad_model"]
    own = [m for m in models if not m.startswith("mediapipe")]
    if not own:
        pytest.skip("ADetailer has no model")
    unit = {"ad_model": own[0], "ad_confidence": 0.3, "ad_mask_k": 3, "ad_dilate_erode": 16,
            "ad_denoising_strength": 0.9}  # fmt: skip
    return Neighbour("ADetailer", scripts={"ADetailer": [True, False, unit]})


ALL = [refiner, lora, soft_inpainting, controlnet, adetailer]


def job(webui, neighbour=None, edit=None, **settings) -> np.ndarray:
    """A picture, with a neighbour and with an edit of ours, each where there is one."""
    scripts = (
        {name: {"args": args} for name, args in neighbour.scripts.items()} if neighbour else {}
    )
    if edit is not None:
        scripts[NAME] = {"args": [edit]}
    more = {**(neighbour.settings if neighbour else {}), **settings}
    return webui.picture(alwayson_scripts=scripts, **more)


@pytest.fixture(scope="session")
def bare(webui):
    """The same host without this extension."""
    url = os.environ.get("WEBUI_BARE_URL")
    if not url:
        pytest.skip("no host without this extension: set WEBUI_BARE_URL")
    host = WebUI(url, webui.base["steps"], webui.size)
    assert NAME.lower() not in scripts_of(host)
    host.img2img()
    return host


@pytest.fixture(params=ALL, ids=lambda make: make.__name__)
def neighbour(request, webui):
    return request.param(webui)


def right(webui, value: int) -> dict:
    """Left half kept, right half changed by so much."""
    m = np.zeros((webui.size, webui.size), np.uint8)
    m[:, webui.size // 2 :] = value
    return {"map": encode(m)}


# ours off


def test_it_does_something(webui, plain, neighbour):
    settings = dict(neighbour.settings)
    without = job(
        webui, None, **{k: v for k, v in settings.items() if k.startswith(("mask", "inp"))}
    )
    assert difference(job(webui, neighbour), without)[0] > 0.2


def test_ours_off_is_ours_not_there(webui, plain, neighbour):
    want = job(webui, neighbour)
    assert (job(webui, neighbour, {"enabled": False}) == want).all()
    webui.picture(right(webui, 255))
    assert (job(webui, neighbour) == want).all()


def test_ours_not_installed_is_the_same(webui, bare, plain, neighbour):
    want = job(bare, neighbour)
    assert (job(webui, neighbour) == want).all()
    assert (job(webui, neighbour, {"enabled": False}) == want).all()


# ours on


def test_the_map_is_obeyed(webui, plain, neighbour):
    """What is kept is kept exactly, and the other half changes more where the map is lighter."""
    middle, changes = webui.size // 2, []
    limit = 1 if "mask" in neighbour.settings else 0  # the host's own overlay pastes to one level
    for value in LEVELS:
        got = job(webui, neighbour, right(webui, value), denoising_strength=1.0)
        assert difference(got[:, :middle], webui.photograph[:, :middle])[1] <= limit
        changes.append(difference(got[:, middle:], webui.photograph[:, middle:])[0])
    assert changes[0] > 0.5 and changes == sorted(changes), changes


def test_the_neighbour_still_does_its_part(webui, plain, neighbour):
    edit = right(webui, 255)
    if neighbour.name == "soft inpainting":  # it stands aside, and the job says so
        settings = neighbour.settings
        assert (job(webui, neighbour, edit) == webui.picture(edit, **settings)).all()
        return
    assert difference(job(webui, neighbour, edit), webui.picture(edit))[0] > 0.2


def test_a_map_of_one_strength_is_a_plain_job_with_the_neighbour(webui, plain, neighbour):
    edit = {"map": webui.constant(153), "skip": False, "paste_back": False}
    if neighbour.name == "ADetailer":
        edit["skip"] = True
    if neighbour.name == "soft inpainting":
        pytest.skip("it stands aside in a job of ours")
    want = job(webui, neighbour, denoising_strength=0.6)
    assert difference(job(webui, neighbour, edit, denoising_strength=1.0), want)[1] <= 2


@pytest.mark.parametrize("mode", ["fan", "sheet", "soft inpaint"])
def test_other_modes(webui, plain, neighbour, mode):
    edit = {"mode": mode, "fan_strengths": [0.3, 0.9]}
    if mode == "soft inpaint":
        edit |= right(webui, 255)
    first = job(webui, neighbour, edit)
    assert (job(webui, neighbour, edit) == first).all()


def test_a_refused_job_leaves_the_neighbour_as_it_was(webui, plain, neighbour):
    want = job(webui, neighbour)
    with pytest.raises(Refused) as refused:
        job(webui, neighbour, {"map": "%%%"})
    assert refused.value.status == 422
    assert (webui.picture() == plain).all()
    assert (job(webui, neighbour) == want).all()


# each for itself


def test_a_lora_in_a_query_of_diffedit(webui, plain):
    name = loras(webui)
    if not name:
        pytest.skip("this host has no LoRA")
    prompts = {"source": "diffedit", "reference": "a cat", "query": "a dog", "diffedit_noises": 2}
    with_lora = {**prompts, "query": f"a dog <lora:{name[0]}:1>"}
    first, told = webui.img2img(prompts)
    other, told_too = webui.img2img(with_lora)
    assert not (first[0] == other[0]).all()
    texts = [t["info"]["infotexts"][0] for t in (told, told_too)]
    assert texts[0].split("DD map: ")[1][:10] != texts[1].split("DD map: ")[1][:10]
    assert (webui.picture(prompts) == first[0]).all()


def test_a_preprocessor_is_a_source(webui, plain):
    if "controlnet" not in scripts_of(webui):
        pytest.skip("ControlNet is not installed")
    edit = {"source": "annotator", "annotator": "canny", "feather": 0}
    got, reply = webui.img2img(edit)
    assert "DD annotator: canny" in reply["info"]["infotexts"][0]
    same = (got[0] == webui.photograph).all(-1)
    assert 0.02 < same.mean() < 0.99
    with pytest.raises(Refused) as refused:
        webui.img2img({**edit, "annotator": "no such one"})
    assert "canny" in str(refused.value.body)  # it names those that there are


def test_every_script_in_what_adetailer_runs(webui, plain):
    """By default it leaves us out of its own jobs; with all scripts, the map limits those too."""
    made = adetailer(webui)
    webui.call("/sdapi/v1/options", {"ad_only_selected_scripts": False})
    try:
        middle = webui.size // 2
        got = job(webui, made, right(webui, 255))
        assert (got[:, :middle] == webui.photograph[:, :middle]).all()
        assert difference(got[:, middle:], webui.photograph[:, middle:])[0] > 5
    finally:
        webui.call("/sdapi/v1/options", {"ad_only_selected_scripts": True})


LOOPBACK = {"script_name": "loopback", "script_args": [3, 0.5, "Linear", "None"]}


def test_loopback(webui, plain, request):
    want, _ = webui.img2img(**LOOPBACK)
    off, _ = webui.img2img({"enabled": False}, **LOOPBACK)
    assert all((a == b).all() for a, b in zip(off, want, strict=True))
    middle = webui.size // 2
    got, _ = webui.img2img(right(webui, 200), **LOOPBACK)
    loops = [p for p in got if p.shape == plain.shape][-3:]
    assert len(loops) == 3
    for picture in loops:
        assert (picture[:, :middle] == webui.photograph[:, :middle]).all()
        assert difference(picture[:, middle:], webui.photograph[:, middle:])[0] > 5
    assert (loops[0] == webui.picture(right(webui, 200))).all()
    assert difference(loops[0], loops[2])[0] > 1


@pytest.mark.parametrize("body", [
    LOOPBACK,
    {"script_name": "sd upscale", "script_args": ["", 16, 0, 2.0]},
])  # fmt: skip
def test_scripts_with_ours_not_installed(webui, bare, plain, body):
    want, _ = bare.img2img(**body)
    for edit in (None, {"enabled": False}):
        got, _ = webui.img2img(edit, **body)
        assert all((a == b).all() for a, b in zip(got, want, strict=True))


def test_sd_upscale_is_refused_plainly(webui, plain):
    with pytest.raises(Refused) as refused:
        webui.img2img(right(webui, 255), script_name="sd upscale", script_args=["", 16, 0, 2.0])
    assert refused.value.status == 422
    assert refused.value.body["detail"].startswith("script: SD upscale works on parts")


def test_an_axis_of_ours_and_one_of_theirs(webui, plain):
    info = webui.call("/sdapi/v1/script-info")
    xyz = next(s for s in info if s["name"] == "x/y/z plot" and s["is_img2img"])
    axes = next(arg["choices"] for arg in xyz["args"] if arg["label"] == "X type")
    ramp = np.tile(np.linspace(0, 255, webui.size).astype(np.uint8), (webui.size, 1))
    ours, theirs = axes.index("[Differential Diffusion] Gamma"), axes.index("CFG Scale")
    looks = [False, True, False, False, False, False, False, 0, False]
    args = [ours, "0.5, 2", [], theirs, "3, 9", [], 0, "", [], *looks]
    got, _ = webui.img2img({"map": encode(ramp)}, script_name="x/y/z plot", script_args=args)
    cells = iter(got[1:])
    for cfg in (3, 9):
        for gamma in (0.5, 2):
            want = webui.picture({"map": encode(ramp), "gamma": gamma}, cfg_scale=cfg)
            assert (next(cells) == want).all(), (cfg, gamma)


def test_hires_settings(webui, plain):
    """Of text to image, where we are not."""
    body = {**webui.base, "enable_hr": True, "hr_scale": 1.5, "hr_upscaler": "Latent",
            "denoising_strength": 0.6}  # fmt: skip
    before = webui.call("/sdapi/v1/txt2img", body)["images"]
    webui.picture(right(webui, 255))
    assert webui.call("/sdapi/v1/txt2img", body)["images"] == before
    scripts = {NAME: {"args": [right(webui, 255)]}}
    with pytest.raises(Refused) as refused:
        webui.call("/sdapi/v1/txt2img", {**body, "alwayson_scripts": scripts})
    assert refused.value.status == 422
    assert "Differential Diffusion" in str(refused.value.body)


def test_hires_settings_with_ours_not_installed(webui, bare):
    body = {**webui.base, "enable_hr": True, "hr_scale": 1.5, "hr_upscaler": "Latent"}
    want, got = (host.call("/sdapi/v1/txt2img", body)["images"] for host in (bare, webui))
    assert want == got
