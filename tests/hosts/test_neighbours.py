"""Other scripts and extensions in the same job, one at a time, on a running host.

Each with ours off, when the picture must be the one that the host makes without us, and with ours
on, when the map must be obeyed and the neighbour must still do its part. `WEBUI_BARE_URL` names a
second server with the same neighbours and without this extension; where there is none, ours off is
only compared with ours not asked for.
"""

import numpy as np
import pytest
from neighbours import ALL, adetailer, job, loras, right, scripts_of

from benchmarks.webui import Refused, difference

pytestmark = pytest.mark.host
LEVELS = (64, 140, 255)


@pytest.fixture(params=ALL, ids=lambda make: make.__name__)
def neighbour(request, webui):
    return request.param(webui)


def rim(neighbour) -> int:
    """Levels of 255 by which kept pixels may be off: the host's own overlay rounds."""
    return 1 if "mask" in neighbour.settings else 0


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
    kept, changes = np.arange(webui.size) < webui.size // 2, []
    if "mask" in neighbour.settings:  # within the host's mask, the host pastes nothing back
        kept = np.arange(webui.size) < webui.size // 16
    for value in LEVELS:
        got = job(webui, neighbour, right(webui, value), denoising_strength=1.0)
        assert difference(got[:, kept], webui.photograph[:, kept])[1] <= rim(neighbour)
        half = np.s_[:, webui.size // 2 :]
        changes.append(difference(got[half], webui.photograph[half])[0])
    assert changes[0] > 0.5, changes
    if changes != sorted(changes) and "mask" not in neighbour.settings:
        jobs = [job(webui, None, right(webui, v), denoising_strength=1.0) for v in LEVELS]
        alone = [difference(one[half], webui.photograph[half])[0] for one in jobs]
        if alone != sorted(alone):
            pytest.skip(f"this checkpoint changes no more where a map is lighter: {alone}")
    assert changes == sorted(changes), changes


def test_the_neighbour_still_does_its_part(webui, plain, neighbour):
    edit = right(webui, 255)
    if neighbour.name == "soft inpainting":  # it stands aside, and the job says so
        settings = neighbour.settings
        assert (job(webui, neighbour, edit) == webui.picture(edit, **settings)).all()
        return
    assert difference(job(webui, neighbour, edit), webui.picture(edit))[0] > 0.2


def test_a_map_of_one_strength_is_a_plain_job_with_the_neighbour(webui, plain, neighbour):
    edit = {"map": webui.constant(153), "skip": False, "paste_back": False, "levels": "steps"}
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
    if mode == "sheet" and neighbour.name == "refiner":
        with pytest.raises(Refused) as refused:
            job(webui, neighbour, edit)
        assert refused.value.body["detail"].startswith("mode: a sheet does not work with a refiner")
        return
    if mode == "sheet" and neighbour.name == "Tiled Diffusion":
        with pytest.raises(Refused) as refused:
            job(webui, neighbour, edit)
        assert "one sampler for all strengths" in refused.value.body["detail"]
        return
    first = job(webui, neighbour, edit)
    # the host loads weights anew for a refiner, and sums may then round otherwise
    limit = 1 if neighbour.name == "refiner" else 0
    assert difference(job(webui, neighbour, edit), first)[1] <= limit
    if neighbour.name not in ("soft inpainting", "ADetailer"):  # those may change nothing here
        assert difference(webui.picture(edit), first)[0] > 0.2


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
