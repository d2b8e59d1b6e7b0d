"""How jobs end on each of the four hosts: what was not obeyed is never a picture, what the user
should know reaches him, and nothing stays behind."""

import sys

import pytest
from kind_jobs import Script
from kind_runs import api, columns, flat, page, process_images, words_on_page
from test_four_hosts import box, equal, init_latent

from diffdiff.errors import FieldError

HALF = {"map": columns(0, 1)}
BAD = {
    "no map": ({}, {}, "map"),
    "no picture": ({"map": "%%%"}, {}, "map"),
    "a number out of range": ({"map": flat(1), "gamma": 99}, {}, "gamma"),
    "an unknown field": ({"map": flat(1), "mp": 1}, {}, "mp"),
    "no mask": ({"mode": "soft inpaint"}, {}, "mode"),
    "too many maps": ({"map": [flat(1)] * 3}, {"batch_size": 2}, "map"),
}


@pytest.fixture(params=BAD.values(), ids=BAD)
def bad(request):
    return request.param


def swallows(kind):
    """Whether the host's page shows nothing of what a job raises."""
    return kind.forge and not kind.keeps_errors


def test_a_refused_job_raises_and_on_the_page_says_why(kind, bad):
    edit, settings, field = bad
    with pytest.raises(FieldError) as refused:
        kind.run(edit, **settings)
    assert refused.value.field == field and vars(refused.value)["status_code"] == 422
    p = kind.job(edit, n_iter=2, **settings)
    assert page(p) == ([], words_on_page(refused.value))
    assert kind.model.core.batches == [] and kind.reported == []


def test_the_job_after_a_refused_one(kind):
    assert page(kind.job({}))[0] == []
    assert len(page(kind.job(HALF))[0]) == 1
    assert equal(kind.samples({"map": flat(1)}), kind.samples())


def test_a_job_after_a_failed_one_on_the_same_object(kind):
    """A failed job never comes to the hook in which it would give back what it was lent."""
    mask = box(8, 8, 40, 40)
    p = kind.job({"mode": "soft inpaint"}, mask=mask, inpainting_fill=0)
    kind.model.core.before = broken
    with pytest.raises(RuntimeError, match="out of memory"):
        api(p)
    kind.model.core.before = lambda: None
    p.script_args_value = (0, HALF)
    assert equal(api(p).samples[0], kind.samples(HALF, mask=mask, inpainting_fill=0))
    assert p.image_mask is mask and p.inpainting_fill == 0 and p.mask_blur == 4
    assert not {"init", "sample"} & set(vars(p))


def test_a_job_of_the_page_after_a_refused_one_on_the_same_object(kind):
    p = kind.job({"map": "%%%"}, n_iter=2)
    assert page(p)[0] == []
    p.script_args_value = (0, HALF)
    assert len(page(p)[0]) == 2
    assert not {"init", "sample"} & set(vars(p))


def broken():
    raise RuntimeError("out of memory")


def test_an_attach_that_fails_ends_the_job(kind, monkeypatch):
    """Hosts print what a hook raises and go on: so it must be the sampling that fails."""

    def fails(*args):
        raise ArithmeticError("no way to hold this")

    monkeypatch.setattr(sys.modules["diffdiff.webui.job.sampler_hook"], "hold_sampler", fails)
    for run in (api, process_images):  # as the API, and as the page
        with pytest.raises(ArithmeticError, match="no way to hold"):
            run(kind.job(HALF))
    assert page(kind.job(HALF)) == ([], "ArithmeticError: no way to hold this")
    assert kind.model.core.batches == [] and kind.reported == []


@pytest.mark.parametrize("step", ["recolor", "composite"])
def test_a_picture_that_cannot_be_finished_ends_the_job(kind, monkeypatch, step):
    def fails(*args):
        raise ArithmeticError("no way to paste this")

    monkeypatch.setattr(kind.host.session.Session, step, fails)
    with pytest.raises(ArithmeticError, match="no way to paste"):
        kind.run(HALF)
    assert page(kind.job(HALF)) == ([], "ArithmeticError: no way to paste this")


def test_what_fails_after_the_pictures_is_said_beside_them(kind, monkeypatch):
    """Hosts only print what fails there; the pictures are finished, so they are not lost."""

    def fails(*args, **named):
        raise ArithmeticError("no room for a tile")

    edit = {"mode": "sheet", "fan_strengths": "0.9, 0.3"}
    whole = kind.run(edit)
    monkeypatch.setattr(sys.modules["diffdiff.webui.job.sheet"], "strength_sheet", fails)
    p = kind.job(edit)
    got = api(p)
    assert len(got.images) == len(whole.images) - 1 == 2, "all but the contact sheet"
    assert [i.tobytes() for i in got.images] == [i.tobytes() for i in whole.images[1:]]
    for told in (got.comments, got.info, *got.infotexts, got.extra_generation_params["DD failed"]):
        assert "ArithmeticError: no room for a tile" in told
    assert len(got.infotexts) == 2 and kind.reported == [] and "sample" not in vars(p)
    pictures, told = page(kind.job(edit))
    assert len(pictures) == 2 and "no room for a tile" in told


def test_a_picture_that_is_refused_ends_the_job(kind, monkeypatch):
    def fails(*args):
        raise FieldError("feather", "it is too wide", "Use less.")

    monkeypatch.setattr(kind.host.session.Session, "composite", fails)
    told = "Differential Diffusion: Feather: it is too wide. Use less."
    assert page(kind.job(HALF)) == ([], told)


def test_what_fails_in_the_model_is_told(kind):
    kind.model.core.before = broken
    assert page(kind.job(HALF)) == ([], "RuntimeError: out of memory")
    kind.model.core.before = lambda: None
    pictures, told = page(kind.job(HALF))
    assert len(pictures) == 1 and "the map " in told


def test_a_script_that_goes_on_after_a_refused_job(kind):
    """The X/Y/Z plot of some hosts: what it makes in the end is what the page gets."""

    class GoesOn:
        def title(self):
            return "Goes on"

        def run(self, p):
            try:
                process_images(p)
            except Exception:
                p.script_args_value = (0, HALF)
            return process_images(p)

    pictures, told = page(kind.job({"map": "%%%"}, own_script=GoesOn()))
    assert len(pictures) == 1 and "map: " not in told


class OwnSampler:
    """A script that makes a sampler of its own, as *img2img alternative test* does."""

    def title(self):
        return "Own"

    def run(self, p):
        def sample(conditioning, unconditional_conditioning, **others):
            sampler = sys.modules["modules.sd_samplers"].create_sampler("Euler", p.sd_model)
            noise = p.rng.next()
            return sampler.sample_img2img(
                p, p.init_latent, noise, conditioning, unconditional_conditioning
            )

        p.sample = sample
        return process_images(p)


@pytest.mark.parametrize("edit", [HALF, {"map": flat(0)}], ids=["half", "black"])
def test_a_script_with_a_sampler_of_its_own_is_no_plain_picture(kind, edit):
    assert kind.run(own_script=OwnSampler()).images, "it works without ours"
    with pytest.raises(FieldError) as refused:
        kind.run(edit, own_script=OwnSampler())
    assert refused.value.field == "script"
    told = f"Differential Diffusion: {refused.value}"
    assert page(kind.job(edit, own_script=OwnSampler())) == ([], told)


@pytest.mark.parametrize("first", [True, False])
def test_a_neighbor_that_takes_the_sampler_is_obeyed_or_refused(kind, first):
    """reForge's Advanced Model Sampling, for one, puts its own `sample_img2img` on it."""

    class Takes(Script):
        def process_before_every_sampling(self, p, *args, **named):
            plain = type(p.sampler).sample_img2img
            p.sampler.sample_img2img = lambda *args, **named: plain(p.sampler, *args, **named)

    p = kind.job(HALF)
    p.scripts.alwayson_scripts.insert(0 if first else 1, Takes())
    try:
        got = api(p).samples[0]
    except FieldError as error:
        got, field = None, error.field
    if got is None:
        assert field == "script"
    else:
        assert equal(got[..., :4], init_latent(kind)[..., :4])


def test_main_thread(kind):
    """Work of the model is done where the host does it, and its result comes back."""
    assert kind.host.webui.on_main_thread(lambda: 3) == 3
    p = kind.job()
    assert kind.host.webui.loses_errors(p) == swallows(kind)
    p.is_api = True
    assert kind.host.webui.loses_errors(p) is False


def test_a_model_that_cannot_be_loaded_is_told(kind):
    """Preview and the endpoints ask the model without a job: the hosts' threads print what a task
    raises, such as a text encoder that is missing."""
    preview = sys.modules["diffdiff.webui.panel.preview"]
    kind.state.begin, kind.state.end = (lambda job: None), (lambda: None)

    def missing():
        raise AssertionError("You do not have CLIP state dict!")

    with pytest.raises(FieldError, match=r"model: .*You do not have CLIP state dict.*checkpoint"):
        preview.on_the_model(missing)
    assert preview.on_the_model(lambda: 3) == 3


def traces(kind, p):
    """All that a job could leave something on, but for the job itself."""
    denoiser = p.sampler.model_wrap_cfg
    found = {name: dict(vars(sys.modules[name])) for name in kind.modules()}
    found |= {
        "model": dict(vars(kind.model)),
        "net": set(vars(kind.model.core)),
        "rng": set(vars(p.rng)),
        "func": p.sampler.func,
        "p": p.sampler.p is p,
        "sampler": set(vars(p.sampler)) - {"sample_img2img"},  # a new one for each job
        "denoiser": set(vars(denoiser)),
        "mask": (denoiser.mask is p.mask, denoiser.nmask is p.nmask),
    }
    if kind.forge:
        unet = kind.model.forge_objects.unet
        found["unet"] = (unet, *unet.model_options)
    return found


JOBS = {
    "edit": (HALF, {}),
    "mask": (HALF, {"mask": (8, 8, 40, 40)}),
    "soft inpaint": ({"mode": "soft inpaint"}, {"mask": (8, 8, 40, 40), "inpainting_fill": 0}),
    "fan": ({"mode": "fan", "fan_strengths": "0.9, 0.3"}, {}),
    "sheet": ({"mode": "sheet", "fan_strengths": "0.9, 0.3"}, {}),
}


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("name", JOBS)
def test_nothing_is_left_behind(kind, name, fails):
    edit, settings = JOBS[name]
    sampler = kind.cfg_pp[0] if kind.cfg_pp else "Euler a"
    settings = {**settings, "sampler_name": sampler, "steps": 4}
    if "mask" in settings:
        settings["mask"] = box(*settings["mask"])
    plain = kind.job(**settings)
    api(plain)
    want = traces(kind, plain)
    p = kind.job(edit, **settings)
    given = dict(vars(p))
    if fails:
        core, asked = kind.model.core, len(kind.model.core.batches)
        core.before = lambda: broken() if len(core.batches) == asked + 1 else None
        with pytest.raises(RuntimeError, match="out of memory"):
            api(p)
        core.before = lambda: None
    else:
        api(p)
        names = set(vars(p)) - set(vars(plain)) - {"diffdiff", "batch_index"}
        assert names == set()
        host_s = {
            "mask",
            "nmask",
            "init_latent",
            "sampler",
            "rng",
            "is_api",
            "comments",
            "overlay_images",
            "mask_for_overlay",
            "extra_generation_params",
        }
        assert {n for n in given if vars(p)[n] is not given[n]} <= host_s
    got = traces(kind, p)
    if name == "sheet":  # each strength has a sampler of its own, and this one is not begun
        got |= {"p": want["p"], "mask": want["mask"]}
    assert got == want
    assert equal(kind.samples(**settings), api(plain).samples[0]), "and the next job is a plain one"
