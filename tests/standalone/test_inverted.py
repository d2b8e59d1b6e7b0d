"""Prompts, noise predictions and inverted edits of real pipelines."""

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.errors import FieldError
from diffdiff.maps import geometry
from diffdiff.maps.diffedit import finished
from diffdiff.pipelines import diffedit_edit
from diffdiff.pipelines.load import load
from diffdiff.pipelines.model_maps import find
from diffdiff.pipelines.noise_predictor import Prompted, differ
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import EditArgs, parse
from diffdiff.settings.sources import DiffEditArgs
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene, caption

BEFORE, AFTER = (Scene(colour=colour, seed=3) for colour in ("red", "blue"))
SOURCE = Image.fromarray(paint(BEFORE))
REFERENCE, QUERY = caption(BEFORE), caption(AFTER)
FEW = DiffEditArgs(diffedit_noises=3)
RUN = RunArgs(prompt=QUERY, steps=5, strength=0.8, guidance=4)
LEFT = np.zeros((128, 128), np.float32)
LEFT[:, :64] = 1


@pytest.fixture(scope="module")
def engine():
    return load("toyworld", dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def prompted(engine):
    return Prompted(engine)


def pixels(picture) -> np.ndarray:
    return np.asarray(picture).astype(int)


def repeatable(made):
    """Of an edit: its pictures and settings."""
    return [pixels(picture).tolist() for picture in made.pictures]


@pytest.mark.parametrize("name", ["sd3", "flux", "kandinsky", "if"])
def test_families_where_it_is_not_offered_are_told(name):
    with pytest.raises(FieldError, match=r"DiffEdit is not offered for .* Use Stable Diffusion"):
        Prompted(PIPELINES[name].engine())


def test_a_model_without_a_text_encoder_is_told():
    with pytest.raises(FieldError, match="model: it has no text encoder"):
        Prompted(PIPELINES["sd"].engine())


def worded(name, prediction=None):
    """A tiny pipeline whose prompts are random features: "" and any other."""
    engine = PIPELINES[name].engine()
    engine.reads_text = True
    g = torch.Generator().manual_seed(5)
    tokens, pooled = (torch.randn(2, *shape, generator=g) for shape in ((1, 7, 32), (1, 32)))
    if name == "sdxl":
        engine.pipe.encode_prompt = lambda prompt, device: (*tokens, *pooled)
    else:
        engine.pipe.encode_prompt = lambda prompt, *rest: (tokens[0 if prompt else 1], None)
    if prediction:
        engine.pipe.scheduler.register_to_config(prediction_type=prediction)
    return engine, tokens, pooled


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_noise_is_noise_whatever_the_model_predicts(prediction):
    engine, tokens, _ = worded("sd", prediction)
    prompted = Prompted(engine)
    x = torch.randn(3, 4, 16, 16, generator=torch.Generator().manual_seed(2))
    with prompted.session():
        eps = prompted.noise(x, 400, prompted.words("a", 64, 64))
        answer = engine.pipe.unet(x, 400, tokens[0].repeat(3, 1, 1)).sample
    engine.pipe.scheduler.set_timesteps(10)
    theirs = engine.pipe.scheduler.step(answer, 400, x).pred_original_sample
    signal, noise = prompted.level(400)
    np.testing.assert_allclose((x - noise * eps) / signal, theirs, atol=1e-4)
    assert prompted.calls == 3


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_guidance_is_one_call_that_equals_two(name):
    engine, *_ = worded(name)
    prompted = Prompted(engine)
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(2))
    with prompted.session():
        words, empty = (prompted.words(p, 64, 64) for p in ("a", ""))
        alone, with_words = (prompted.noise(x, 300, w) for w in (empty, words))
        both = prompted.guided(x, 300, words, empty, 3.0)
        assert torch.equal(prompted.guided(x, 300, words, empty, 1), with_words)
    assert not torch.allclose(alone, with_words)
    np.testing.assert_allclose(both, alone + 3 * (with_words - alone), atol=1e-5)


def test_stable_diffusion_xl_is_told_what_its_own_pipeline_tells_it(monkeypatch):
    engine, tokens, pooled = worded("sdxl")
    heard, forward = [], engine.pipe.unet.forward

    def listen(*args, **kwargs):
        heard.append(kwargs)
        return forward(*args, **kwargs)

    monkeypatch.setattr(engine.pipe.unet, "forward", listen)
    prompted, image = Prompted(engine), Image.new("RGB", (64, 32), "teal")
    with prompted.session():
        words, empty = (prompted.words(p, 64, 32) for p in ("a", ""))
        latent = prompted.encode(image)
        prompted.guided(latent, 500, words, empty, 2.0)
    del engine.pipe.encode_prompt
    engine.pipe(
        prompt_embeds=tokens[0],
        negative_prompt_embeds=tokens[1],
        pooled_prompt_embeds=pooled[0],
        negative_pooled_prompt_embeds=pooled[1],
        image=image,
        strength=0.5,
        num_inference_steps=2,
        guidance_scale=2.0,
    )
    ours, theirs = heard
    assert torch.equal(ours["encoder_hidden_states"], theirs["encoder_hidden_states"])
    for name in ("text_embeds", "time_ids"):
        assert torch.equal(ours["added_cond_kwargs"][name], theirs["added_cond_kwargs"][name])


def test_a_latent_is_the_pipelines_own(engine, prompted):
    with prompted.session():
        latent = prompted.encode(SOURCE)
        back = prompted.decode(latent)
    x = engine.pipe.image_processor.preprocess(SOURCE)
    with torch.no_grad():
        theirs = engine.pipe.vae.encode(x).latent_dist.mean * engine.pipe.vae.config.scaling_factor
    np.testing.assert_allclose(latent, theirs, atol=1e-4)
    assert np.abs(pixels(back) - pixels(SOURCE)).mean() < 8


def test_the_map_of_two_prompts_is_where_they_differ(engine):
    found = find(engine, SOURCE, REFERENCE, QUERY, DiffEditArgs())
    assert found.shape == (128, 128) and found.dtype == np.float32
    region = (paint(BEFORE) != paint(AFTER)).any(2)
    assert found[region].mean() > 0.7 and found[~region].mean() < 0.1
    larger = find(engine, SOURCE.resize((200, 200)), REFERENCE, QUERY, FEW)
    assert larger.shape == (200, 200)
    np.testing.assert_allclose(geometry.resize(larger, 128, 128), found, atol=0.6)


def test_a_map_has_a_seed_and_any_batch_gives_it(prompted):
    def with_(**more):
        return differ(prompted, SOURCE, "", QUERY, DiffEditArgs(diffedit_noises=3, **more))

    one = with_()
    assert one.shape == (3, 16, 16)
    assert torch.equal(with_(), one)
    assert not torch.equal(with_(diffedit_seed=1), one)
    np.testing.assert_allclose(with_(diffedit_batch=2), one, atol=1e-4)
    assert not torch.equal(with_(diffedit_level=0.2), one)


def test_what_needs_no_model_after_the_fact(prompted):
    stack = differ(prompted, SOURCE, REFERENCE, QUERY, FEW)
    calls = prompted.calls
    whole = finished(stack, (128, 128), DiffEditArgs())
    cut = finished(stack, (128, 128), DiffEditArgs(diffedit_cut=0.5))
    grown = finished(stack, (128, 128), DiffEditArgs(diffedit_cut=0.5, diffedit_grow=16))
    assert set(np.unique(cut)) == {0, 1} and len(np.unique(whole)) > 100
    assert (grown >= cut).all() and grown.sum() > cut.sum()
    assert prompted.calls == calls


def test_progress_counts_the_noises_of_both_prompts(prompted):
    seen = []
    args = DiffEditArgs(diffedit_noises=3, diffedit_batch=2)
    differ(prompted, SOURCE, "", QUERY, args, lambda *at: seen.append(at))
    assert seen == [(4, 6), (6, 6)]


def test_prompts_that_the_model_does_not_tell_apart_are_said(prompted):
    with pytest.raises(FieldError, match="the model predicts the same for both prompts"):
        differ(prompted, SOURCE, "winter", "WINTER", FEW)


def test_diffedit_keeps_what_the_map_leaves_out(engine):
    made = diffedit_edit.edit(engine, SOURCE, "diffedit", REFERENCE, EditArgs(), RUN, FEW)
    kept = made.change_map == 0
    before, after = pixels(SOURCE), pixels(made.pictures[0])
    assert np.unique(made.change_map).tolist() == np.float32([0, 0.8]).tolist()
    assert np.array_equal(after[kept], before[kept])
    assert np.abs(after - before)[~kept].mean() > 10
    assert (made.settings["method"], made.settings["diffedit_cut"]) == ("diffedit", 0.5)
    assert made.settings["reference"] == REFERENCE and made.calls == 8  # 4 there, 4 back


def test_a_pixel_is_released_at_its_own_step(engine):
    """0.8 on the left, 0.4 on the right: each half by the path of the same inversion."""
    grey = np.where(LEFT == 1, 1, 0.5).astype(np.float32)
    made = diffedit_edit.edit(engine, SOURCE, "continuous", "", EditArgs(), RUN, change_map=grey)
    white, half = (
        diffedit_edit.edit(
            engine, SOURCE, "continuous", "", EditArgs(), RUN, change_map=LEFT * 0 + v
        )
        for v in (1, 0.5)
    )
    after, strong, weak = (pixels(m.pictures[0]) for m in (made, white, half))
    assert np.abs(after - strong)[:, :40].mean() < np.abs(after - weak)[:, :40].mean()
    assert np.abs(after - weak)[:, 88:].mean() < np.abs(after - strong)[:, 88:].mean()


def test_a_black_map_gives_the_picture_back(engine):
    black = np.zeros((128, 128), np.float32)
    made = diffedit_edit.edit(engine, SOURCE, "continuous", "", EditArgs(), RUN, change_map=black)
    assert np.array_equal(pixels(made.pictures[0]), pixels(SOURCE)) and made.calls == 0


def test_encode_decode_is_a_white_map_and_draws_nothing(engine):
    made = diffedit_edit.edit(engine, SOURCE, "encode-decode", "", EditArgs(), RUN)
    white = diffedit_edit.edit(
        engine, SOURCE, "continuous", "", EditArgs(), RUN, change_map=np.ones_like(LEFT)
    )
    other = RunArgs(**{**vars(RUN), "seed": 9})
    again = diffedit_edit.edit(engine, SOURCE, "encode-decode", "", EditArgs(), other)
    assert repeatable(made) == repeatable(white) == repeatable(again)


def test_sdedit_and_differential_are_the_engines_own(engine):
    sdedit = diffedit_edit.edit(engine, SOURCE, "sdedit", "", EditArgs(), RUN)
    plain = engine.edit(SOURCE, np.ones_like(LEFT), EditArgs(), RUN)
    assert repeatable(sdedit) == repeatable(plain)
    assert "map" not in sdedit.settings and sdedit.settings["method"] == "sdedit"
    held = diffedit_edit.edit(engine, SOURCE, "differential", REFERENCE, EditArgs(), RUN, FEW)
    found = find(engine, SOURCE, REFERENCE, QUERY, FEW)
    assert repeatable(held) == repeatable(engine.edit(SOURCE, found, EditArgs(), RUN))


def test_a_known_inversion_is_not_made_again(engine, prompted):
    path = diffedit_edit.invert_picture(prompted, SOURCE, RUN.steps, RUN.steps)
    args = (engine, SOURCE, "diffedit", REFERENCE, EditArgs(), RUN)
    fresh = diffedit_edit.edit(*args, change_map=LEFT)
    used = diffedit_edit.edit(*args, change_map=LEFT, path=path)
    assert repeatable(fresh) == repeatable(used)
    assert (fresh.calls, used.calls) == (8, 4)


def test_refining_brings_the_round_trip_home(prompted):
    errors = []
    for refine in (0, 3):
        path = diffedit_edit.invert_picture(prompted, SOURCE, 10, 10, refine)
        back = diffedit_edit.round_trip(prompted, path, SOURCE.size)
        errors.append(float((back - path.latents[0]).norm() / path.latents[0].norm()))
    assert errors[1] < errors[0] / 2 and errors[0] < 0.5


def test_the_paste_may_be_left_out(engine):
    args = parse({"paste_back": False})
    made = diffedit_edit.edit(engine, SOURCE, "diffedit", "", args, RUN, change_map=LEFT)
    right = np.abs(pixels(made.pictures[0]) - pixels(SOURCE))[:, 80:]
    assert 0 < right.mean() < 8  # the VAE's own loss


@pytest.mark.parametrize(
    ("method", "more", "field"),
    [
        ("magic", {}, "method"),
        ("sdedit", {"change_map": LEFT}, "map"),
        ("encode-decode", {"change_map": LEFT}, "map"),
    ],
)
def test_bad_input_names_its_field(engine, method, more, field):
    with pytest.raises(FieldError) as caught:
        diffedit_edit.edit(engine, SOURCE, method, "", EditArgs(), RUN, **more)
    assert caught.value.field == field


def test_a_schedule_that_ends_in_pure_noise_is_told():
    engine, *_ = worded("sd")
    prompted = Prompted(engine)
    prompted.alphas = torch.linspace(1, 0, 1001).double()[1:]
    with pytest.raises(FieldError, match=r"strength: .* leaves nothing of the picture"):
        diffedit_edit.invert_picture(prompted, Image.new("RGB", (64, 64)), 10, 10)
