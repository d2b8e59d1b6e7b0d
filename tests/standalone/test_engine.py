"""The engine on tiny random pipelines of every family."""

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.bench import error
from benchmarks.pipelines import PIPELINES, Tiny, if_one, if_two, sd, sdxl
from diffdiff.errors import FieldError
from diffdiff.pipelines.engine import Engine
from diffdiff.pipelines.families import of_class
from diffdiff.pipelines.scheduler_choice import choose, names
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

STEPS = 8
ABSOLUTE = parse({"scale": "absolute", "skip": False, "levels": "steps"})


def constant(value: float, size: int) -> np.ndarray:
    return np.full((size, size), value, np.float32)


def plain(engine, tiny: Tiny, strength: float, run: RunArgs, **more):
    """The pipeline alone: what its last step gave."""
    watch = parity.Watch(engine.pipe)
    request = {"image": parity.picture(tiny), "width": tiny.size, "height": tiny.size}
    if engine.family == "if-2":
        small = parity.picture(tiny).resize((tiny.size // 4,) * 2, Image.Resampling.BICUBIC)
        request |= {"original_image": request["image"], "image": small}
    if engine.family in ("sd", "sdxl", "if", "if-2"):
        del request["width"], request["height"]
    generator = torch.Generator().manual_seed(run.seed)
    engine.pipe(
        **tiny.prompt(),
        **request,
        strength=strength,
        num_inference_steps=run.steps,
        generator=generator,
        **watch.argument,
        **more,
    )
    return watch.last


def edited(engine, tiny: Tiny, change_map, run: RunArgs, args=ABSOLUTE):
    watch = parity.Watch(engine.pipe)
    result = engine.edit(
        parity.picture(tiny), change_map, args, run, **tiny.prompt(), **watch.argument
    )
    return watch.last, result


@pytest.mark.parametrize("strength", [0.3, 0.7])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_constant_map_is_plain_img2img(name, strength):
    tiny = PIPELINES[name]
    engine, run = tiny.engine(), RunArgs(steps=STEPS, seed=4)
    if name in ("kandinsky", "if", "if-2"):  # theirs draws noise in sequence
        run = RunArgs(steps=STEPS, seed=4, scheduler="DDIM")
        engine.pipe.scheduler = choose(engine.pipe.scheduler, "DDIM")[0]
    ours, result = edited(engine, tiny, constant(strength, tiny.size), run)
    assert result.calls == STEPS
    assert error(ours, plain(engine, tiny, strength, run)) < 1e-5


@pytest.mark.parametrize("name", PIPELINES)
def test_skipping_starts_where_the_pipeline_starts(name):
    tiny = PIPELINES[name]
    engine, run = tiny.engine(), RunArgs(steps=STEPS, seed=4, strength=0.6)
    ours, result = edited(engine, tiny, constant(1, tiny.size), run, parse({}))
    assert torch.equal(ours, plain(engine, tiny, 0.6, run))
    assert result.skipped == 0
    steps = engine.pipe.num_timesteps if hasattr(engine.pipe, "num_timesteps") else result.calls
    assert result.calls == steps


@pytest.mark.parametrize("name", PIPELINES)
def test_black_is_the_input_and_half_a_map_keeps_its_half(name):
    tiny = PIPELINES[name]
    engine, run = tiny.engine(), RunArgs(steps=STEPS)
    source = np.asarray(parity.picture(tiny))
    result = edited(engine, tiny, constant(0, tiny.size), run)[1]
    assert result.calls == 0 and np.array_equal(result.pictures[0], source)
    half = constant(0, tiny.size)
    half[:, tiny.size // 2 :] = 1
    out = np.asarray(edited(engine, tiny, half, run)[1].pictures[0])
    assert np.array_equal(out[:, : tiny.size // 2], source[:, : tiny.size // 2])
    assert np.abs(out[:, tiny.size // 2 :].astype(int) - source[:, tiny.size // 2 :]).mean() > 5


@pytest.mark.parametrize("scheduler", names(flow=False))
def test_every_scheduler_runs_and_keeps(scheduler):
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=STEPS, scheduler=scheduler)
    half = constant(0, tiny.size)
    half[:, 32:] = np.linspace(0, 1, 32)
    out, result = edited(engine, tiny, half, run)
    assert torch.isfinite(out).all()
    assert result.settings["scheduler"] == scheduler


@pytest.mark.parametrize("strength", [0.3, 0.7])
@pytest.mark.parametrize(
    "scheduler",
    [
        "DPMSolverMultistep",
        "DPMSolverSinglestep",
        "UniPCMultistep",
        "DEISMultistep",
        "LMSDiscrete",
        "HeunDiscrete",
        "KDPM2Discrete",
        "EulerDiscrete",
    ],
)
def test_a_constant_map_is_plain_img2img_with_any_memory(scheduler, strength):
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=STEPS, seed=4)
    engine.pipe.scheduler = choose(engine.pipe.scheduler, scheduler)[0]
    ours, _ = edited(engine, tiny, constant(strength, tiny.size), run)
    assert error(ours, plain(engine, tiny, strength, run)) < 1e-5


def test_many_pictures_are_those_of_their_seeds():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    ramp = np.tile(np.linspace(0, 1, tiny.size, dtype=np.float32), (tiny.size, 1))
    many = edited(engine, tiny, ramp, RunArgs(steps=STEPS, seed=5, count=3))[1].pictures
    for i, picture in enumerate(many):
        one = edited(engine, tiny, ramp, RunArgs(steps=STEPS, seed=5 + i))[1].pictures[0]
        assert np.abs(np.asarray(one).astype(int) - np.asarray(picture)).max() <= 1


def test_the_pipeline_is_left_as_it_was():
    tiny = PIPELINES["sd"]
    engine, run = tiny.engine(), RunArgs(steps=STEPS, strength=0.6)
    own, before = engine.pipe.scheduler, vars(engine.pipe.scheduler).copy()
    first = plain(engine, tiny, 0.6, run)

    def fails(*args):
        raise KeyboardInterrupt

    white = constant(1, tiny.size)
    with pytest.raises(KeyboardInterrupt):
        engine.edit(parity.picture(tiny), white, ABSOLUTE, run, fails, **tiny.prompt())
    edited(engine, tiny, white, run)
    assert engine.pipe.scheduler is own and vars(own).keys() >= before.keys()
    assert "step" not in vars(own) and "add_noise" not in vars(own)
    assert torch.equal(first, plain(engine, tiny, 0.6, run))


def test_a_refiner_goes_on_with_what_is_held():
    tiny = PIPELINES["sdxl"]
    torch.manual_seed(11)
    base = sdxl()
    torch.manual_seed(12)
    refiner = Engine(sdxl(), of_class("StableDiffusionXLImg2ImgPipeline"), "refiner")
    engine = Engine(base, refiner.rules, "base", refiner)
    run = RunArgs(steps=10, switch=0.6, seed=2)
    out, result = edited(engine, tiny, constant(1, tiny.size), run)

    # by hand
    shared = {**tiny.prompt(), "num_inference_steps": 10}
    latents = base(
        image=parity.picture(tiny),
        strength=1.0,
        denoising_end=0.6,
        output_type="latent",
        generator=torch.Generator().manual_seed(2),
        **shared,
    ).images
    watch = parity.Watch(refiner.pipe)
    refiner.pipe(image=latents, denoising_start=0.6, **shared, **watch.argument)
    assert error(out, watch.last) < 1e-6
    assert result.calls == 10

    half = constant(0, tiny.size)
    half[:, 32:] = 1
    kept = edited(engine, tiny, half, run)[1].pictures[0]
    assert np.array_equal(np.asarray(kept)[:, :32], np.asarray(parity.picture(tiny))[:, :32])


def test_deepfloyd_enlarges_by_the_same_map():
    tiny = PIPELINES["if"]
    torch.manual_seed(1)
    second = if_two()
    second.unet.register_to_config(sample_size=64)
    engine = Engine(
        if_one(),
        of_class("IFImg2ImgPipeline"),
        "one",
        Engine(second, of_class("IFSuperResolutionPipeline"), "two"),
    )
    image = parity.picture(tiny).resize((200, 200))
    half = constant(0, 200)
    half[:, 100:] = 1
    result = engine.edit(image, half, ABSOLUTE, RunArgs(steps=3), **tiny.prompt())
    large = np.asarray(result.pictures[0])
    assert large.shape == (64, 64, 3)
    same = np.asarray(image.resize((64, 64), Image.Resampling.LANCZOS))
    assert np.array_equal(large[:, :32], same[:, :32])


def test_progress_counts_to_the_end():
    tiny = PIPELINES["sd"]
    seen = []
    engine, run = tiny.engine(), RunArgs(steps=STEPS)
    white = constant(1, tiny.size)
    engine.edit(
        parity.picture(tiny), white, ABSOLUTE, run, lambda *n: seen.append(n), **tiny.prompt()
    )
    assert seen == [(i + 1, STEPS) for i in range(STEPS)]


@pytest.mark.parametrize("name", ["sd", "flux"])
def test_what_a_run_has_come_to_can_be_seen(name):
    """The estimates end at the result, and are the input wherever nothing is released."""
    tiny = PIPELINES[name]
    engine, seen = tiny.engine(), []

    class Watch:
        def __call__(self, done, total):
            pass

        def see(self, x0, init):
            seen.append((x0.clone(), init))

    half = constant(0, tiny.size)
    half[:, tiny.size // 2 :] = 1
    run = RunArgs(steps=STEPS)
    sent = parity.picture(tiny), half, ABSOLUTE, run
    plain = engine.edit(*sent, **tiny.prompt())
    result = engine.edit(*sent, Watch(), **tiny.prompt())
    assert len(seen) == STEPS
    assert (np.asarray(plain.pictures[0]) == np.asarray(result.pictures[0])).all()
    for x0, init in seen:
        assert x0.shape == init.shape and x0.ndim == 4
        kept = slice(0, init.shape[-1] // 2)
        assert torch.allclose(x0[..., kept], init[..., kept], atol=1e-4)
    assert not torch.allclose(seen[0][0], seen[-1][0])


def test_transparent_pictures_lie_on_white_and_sizes_fit():
    engine = PIPELINES["sd"].engine()
    clear = Image.new("RGBA", (61, 70), (200, 0, 0, 0))
    fitted = engine.fit(clear, RunArgs())
    assert fitted.size == (64, 72) and fitted.getpixel((5, 5)) == (255, 255, 255)
    assert engine.fit(clear, RunArgs(width=32, height=40)).size == (32, 40)
    engine.native = 32  # a model that knows one size only
    assert engine.fit(clear, RunArgs()).size == (32, 40)


@pytest.mark.parametrize(
    ("request_", "field", "said"),
    [
        ({"scheduler": "nonsense"}, "scheduler", "Euler"),
        ({"scheduler": "FlowMatchEuler"}, "scheduler", "does not fit"),
    ],
)
def test_a_wrong_scheduler_is_told(request_, field, said):
    tiny = PIPELINES["sd"]
    with pytest.raises(FieldError, match=said) as error:
        edited(tiny.engine(), tiny, constant(1, tiny.size), RunArgs(steps=4, **request_))
    assert error.value.field == field


def test_no_map_no_text_no_plain_model():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    with pytest.raises(FieldError, match="there is none"):
        edited(engine, tiny, None, RunArgs())
    with pytest.raises(FieldError, match="no text encoder"):
        engine.edit(parity.picture(tiny), constant(1, tiny.size), ABSOLUTE, RunArgs())
    pipe = sd()
    pipe.unet.register_to_config(in_channels=9)
    with pytest.raises(FieldError, match="9 channels"):
        Engine(pipe, of_class("StableDiffusionPipeline"), "inpainting")
    flux = PIPELINES["flux"]
    with pytest.raises(FieldError, match="negative_prompt"):
        edited(flux.engine(), flux, constant(1, 64), RunArgs(negative_prompt="dark"))


def test_pndm_is_replaced_and_that_is_said():
    from diffusers import PNDMScheduler

    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    engine.pipe.scheduler = PNDMScheduler.from_config(engine.pipe.scheduler.config)
    result = edited(engine, tiny, constant(1, tiny.size), RunArgs(steps=4))[1]
    assert "PNDM is replaced" in result.settings["note"]
