"""What only some hosts, or some of their models, do; and jobs that ask the model more than once."""

import sys

import numpy as np
import pytest
import torch
from kind_runs import api, columns, flat, page
from kinds import EDIT, KINDS, KLEIN, PID, WAN
from PIL import Image
from test_four_hosts import box, equal, init_latent

from diffdiff.errors import FieldError
from diffdiff.settings.sources import DiffEditArgs

SHEET = {"mode": "sheet", "fan_strengths": "0.9, 0.6, 0.3"}
DIFFEDIT = {"source": "diffedit", "reference": "summer", "query": "winter", "diffedit_noises": 3}
neo = pytest.mark.parametrize("own", [k for k in KINDS.values() if k.neo], ids=lambda k: k.id)


@neo
def test_the_size_that_the_host_makes_of_it(start, own):
    """Forge Neo rounds width and height when our session is made already."""
    kind = start(own)
    mask = box(16, 16, 48, 32, size=(72, 56))
    soft = {"mode": "soft inpaint", "soften_radius": 6}
    for edit, more in (({"map": columns(0, 0.5)}, {}), (soft, {"mask": mask})):
        p = kind.job(edit, width=72, height=56, **more)
        got = api(p).samples[0]
        assert (p.width, p.height) == (64, 48)
        same = kind.samples(edit, picture=(72, 56), init_images=p.init_images, **more)
        assert equal(got, same)
        assert p.diffdiff.size == (64, 48)
    assert p.image_mask is mask and p.mask_blur == 4
    p = kind.job({"mode": "fan", "fan_strengths": "0.9, 0.3", "map": flat(1)}, width=72, height=56)
    (picture,) = api(p).images
    assert picture.width == 64 and kind.reported == []


def test_the_pixels_of_a_latent_cell(kind):
    """A video's autoencoder has one ratio for each axis."""
    assert kind.host.webui.cell() == 8
    if kind.forge:
        kind.model.forge_objects.vae.downscale_ratio = 16  # Klein's
        assert kind.host.webui.cell() == 16


@neo
def test_the_legend_knows_the_shift_that_the_tab_asks_for(start, own, monkeypatch):
    """It is set as a run starts; the loaded model, in another run perhaps, keeps its own."""
    kind = start(own)
    schedules, host = (sys.modules[f"diffdiff.webui.{n}"] for n in ("schedules", "host"))
    monkeypatch.setattr(host, "is_loaded", lambda: True)
    run = {"sampler": "Euler", "steps": 8, "width": 64, "height": 48}

    def levels(**more):
        return list(schedules.known(schedules.run_settings({**run, **more})).schedule.coordinates)

    before, asked, predictor = levels(), levels(shift=6.0), kind.model.core.predictor
    assert predictor.shift == 1.0 and (asked != before) == kind.flow
    kind.samples({"map": flat(1)}, distilled_cfg_scale=6.0)
    assert predictor.shift == 6.0 and levels() == asked


def test_a_sampler_that_asks_at_other_sizes(start):
    kind = start(KINDS["reforge"])
    settings = {"sampler_name": "Euler SMEA Dy", "denoising_strength": 1.0}
    plain = kind.samples(**settings)
    assert kind.model.core.sizes == {(6, 8), (7, 10), (3, 4)}
    p = kind.job({"map": columns(0, 0.4, 0.7, 1)}, **settings)
    got = api(p).samples[0]
    assert equal(got[..., :2], p.init_latent[..., :2])
    assert not equal(got[..., 2:4], p.init_latent[..., 2:4])
    assert any("approximate with this sampler" in comment for comment in p.comments)
    assert equal(kind.samples({"map": flat(0)}, **settings), init_latent(kind))
    assert equal(kind.samples({"map": flat(0), "skip": False}, **settings), init_latent(kind))
    assert equal(kind.samples({"map": flat(1)}, **settings), plain)
    want = kind.samples(sampler_name="Euler SMEA Dy", denoising_strength=0.6)
    assert equal(kind.samples({"map": flat(0.6)}, **settings), want)


@pytest.mark.parametrize("values", [{"map": flat(1)}, {"map": flat(0)}, SHEET], ids=str)
def test_pid_is_refused_in_one_line_that_names_the_model(start, values):
    kind = start(PID)
    with pytest.raises(FieldError) as refused:
        kind.run(values)
    assert refused.value.field == "model" and "PiD" in str(refused.value)
    assert "\n" not in str(refused.value) and kind.model.core.batches == []
    pictures, told = page(kind.job(values))
    assert pictures == [] and "PiD" in told
    assert kind.run().samples, "without ours it runs"


def test_a_video_model_makes_no_sheet(start):
    kind = start(WAN)
    with pytest.raises(FieldError, match="frames of a video") as refused:
        kind.run(SHEET)
    assert refused.value.field == "mode" and kind.model.core.batches == []
    assert equal(kind.samples({"map": flat(1)}), kind.samples())
    got = kind.samples({"map": columns(0, 1)})
    assert equal(got[..., :4], init_latent(kind)[..., :4])


def test_a_sheet_is_the_plain_run_at_each_strength(kind):
    for sampler, together in (("Euler a", 1), ("DPM++ 2M", 4)):
        p = kind.job({**SHEET, "sheet_batch": together}, sampler_name=sampler)
        done = api(p)
        for row, strength in zip(done.samples[0], (0.9, 0.6, 0.3)):
            want = kind.samples(denoising_strength=strength, sampler_name=sampler)
            assert equal(row[None], want), (sampler, strength)
    assert len(done.images) == 4 and done.index_of_first_image == 1
    assert max(kind.model.core.batches) == 6, "three strengths, with and without the prompt"
    assert kind.unets == [] and kind.reported == []
    assert p.batch_size == 1 and len(p.all_seeds) == 1


def test_a_sheet_of_a_batch(kind):
    """The runs of a strength are those of a batch of as many pictures, each with its own noise."""
    done = kind.run(SHEET, batch_size=2, sampler_name="DPM++ 2M")
    for i, strength in enumerate((0.9, 0.6, 0.3)):
        want = kind.samples(denoising_strength=strength, batch_size=2, sampler_name="DPM++ 2M")
        assert equal(done.samples[0][2 * i : 2 * i + 2], want)


def test_an_edit_model_is_asked_for_one_picture_at_a_time(start):
    """It looks at reference pictures too, which the host has for one."""
    kind = start(EDIT)
    kind.run({**SHEET, "sheet_batch": 4})
    kind.run(DIFFEDIT)
    assert set(kind.model.core.batches) == {2}, "with and without the prompt"


def generator_after(work):
    """Where torch's generator is after some work, always begun at one place."""
    torch.manual_seed(11)
    result = work()
    return result, torch.get_rng_state()


def test_diffedit_runs_a_job_within_the_job(kind):
    """Its inner job has no scripts, which reForge does not ask for; nobody else sees it."""
    sys.modules["diffdiff.webui.diffedit_job"].known.clear()
    _, plain = generator_after(kind.run)
    bar = dict(vars(kind.state), current_latent=None)
    kind.state.job_count, kind.state.job_no = -1, 0
    kind.model.core.batches.clear()
    p = kind.job(DIFFEDIT, denoising_strength=1.0)
    done, generator = generator_after(lambda: api(p))
    assert max(kind.model.core.batches) == 6, "three noises, with and without the prompt"
    assert torch.equal(generator, plain)
    names = ("job_count", "job_no")
    assert {n: getattr(kind.state, n) for n in names} == {n: bar[n] for n in names}
    raw = p.diffdiff.raw[0]
    assert raw.shape == (48, 64) and 0 <= raw.min() < 0.5 < raw.max() <= 1
    assert not equal(done.samples[0], init_latent(kind)) and len(done.images) == 1
    kind.model.core.batches.clear()
    again = api(kind.job(DIFFEDIT, denoising_strength=1.0))
    assert equal(again.samples[0], done.samples[0])
    assert set(kind.model.core.batches) == {2}, "the map is known already"
    assert (kind.unets, kind.reported) == ([], [])


@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M"])
def test_cells_of_sixteen_pixels(start, sampler):
    """Flux.2 Klein: 128 channels, and each encode leaves a reference behind."""
    kind = start(KLEIN)
    settings = {"sampler_name": sampler, "denoising_strength": 1.0}
    p = kind.job({"map": columns(0, 0.6), "paste_back": False}, **settings)
    got = api(p).samples[0]
    assert p.init_latent.shape == (1, 128, 3, 4)
    assert equal(got[..., :2], p.init_latent[..., :2])
    want = kind.samples(sampler_name=sampler, denoising_strength=0.6)
    assert equal(got[..., 2:], want[..., 2:])
    before = kind.samples(**settings)
    soft = {"mode": "soft inpaint", "soften_radius": 4}
    mask = box(24, 16, 40, 32)
    result = kind.run(soft, mask=mask, inpainting_fill=0, **settings)
    p = kind.job()
    original, changed = (np.asarray(i.convert("RGB")) for i in (p.init_images[0], result.images[0]))
    assert (changed[:, :4] == original[:, :4]).all() and (changed != original).any()
    assert kind.model.ini_latent is None, "what is encoded for the fill is no reference"
    assert equal(kind.samples(**settings), before)
    assert kind.run(DIFFEDIT).images and kind.reported == []


@pytest.mark.parametrize("own", [EDIT, KLEIN], ids=lambda k: k.id)
def test_diffedit_leaves_no_reference(start, own):
    """A preview asks the model too, and no job of the host comes after it."""
    kind = start(own)
    finder = sys.modules["diffdiff.webui.diffedit_job"]
    kind.dynamic_args.ref_latents = own = ["of the job before"]
    kind.model.ini_latent = first = object()
    asked = finder.DiffEditQuery(kind.job().init_images[0], "summer", "winter", 64, 48)
    finder.differences(asked, DiffEditArgs(diffedit_noises=2))
    assert kind.dynamic_args.ref_latents is own and own == ["of the job before"]
    assert kind.model.ini_latent is first


def test_two_init_images(kind):
    """Each picture of a batch is held on its own original; the hosts' video autoencoders take the
    first one for all."""
    rng = np.random.default_rng(3)
    pictures = [Image.fromarray(rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)) for _ in "ab"]
    got = kind.samples({"map": columns(0, 0.5)}, init_images=pictures, batch_size=2)
    for i in range(2):
        own = pictures[0 if kind.rank == 5 else i]
        alone = kind.samples({"map": columns(0, 0.5)}, init_images=[own], seed=1 + i)
        assert equal(got[i : i + 1], alone)


def test_a_sheet_beside_an_extension_with_one_sampler_for_all(kind, monkeypatch):
    """Tiled Diffusion gives its sampler to all who ask; each strength needs one of its own."""
    if kind.rank == 5:
        pytest.skip("a video model makes no sheet")
    module = sys.modules["modules.sd_samplers"]
    made = module.create_sampler("Euler", kind.model)
    monkeypatch.setattr(module, "create_sampler", lambda name, model: made)
    with pytest.raises(FieldError, match="one sampler for all strengths"):
        kind.run(SHEET)
