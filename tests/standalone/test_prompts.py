"""Prompts in words: Kandinsky's prior, DeepFloyd's shared embeddings, the packaged model."""

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.pipelines import PIPELINES, WIDTH, if_one, if_two, kandinsky
from benchmarks.recipe import model
from diffdiff.pipelines.engine import Engine
from diffdiff.pipelines.families import of_class
from diffdiff.pipelines.load import load
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse


def right_half(side: int) -> np.ndarray:
    half = np.zeros((side, side), np.float32)
    half[:, side // 2 :] = 1
    return half


def kandinsky_with_prior():
    from diffusers import KandinskyV22Img2ImgCombinedPipeline, PriorTransformer, UnCLIPScheduler
    from transformers import (
        CLIPImageProcessor,
        CLIPTextConfig,
        CLIPTextModelWithProjection,
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
    )

    tokenizer = model.new_tokenizer()
    common = {
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "projection_dim": WIDTH,
    }
    words = {
        "vocab_size": len(tokenizer),
        "bos_token_id": len(tokenizer) - 2,
        "eos_token_id": len(tokenizer) - 1,
        "pad_token_id": len(tokenizer) - 1,
    }
    prior = PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, embedding_dim=WIDTH, num_layers=1
    )
    prior.clip_std = torch.nn.Parameter(torch.ones(prior.clip_std.shape))
    decoder = kandinsky()
    pipe = KandinskyV22Img2ImgCombinedPipeline(
        decoder.unet,
        decoder.scheduler,
        decoder.movq,
        prior,
        CLIPVisionModelWithProjection(CLIPVisionConfig(image_size=28, patch_size=14, **common)),
        CLIPTextModelWithProjection(CLIPTextConfig(**common, **words)),
        tokenizer,
        UnCLIPScheduler(variance_type="fixed_small_log", prediction_type="sample"),
        CLIPImageProcessor(crop_size=28, size=28),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_kandinsky_reads_words_and_keeps():
    torch.manual_seed(3)
    pipe = kandinsky_with_prior()
    engine = Engine(pipe, of_class(type(pipe).__name__), "kandinsky")
    source = parity.picture(PIPELINES["kandinsky"])
    own = pipe.decoder_pipe.scheduler
    made = {
        prompt: engine.edit(source, right_half(64), parse({}), RunArgs(prompt=prompt, steps=4))
        for prompt in ("a winter night", "a summer noon")
    }
    night, noon = (np.asarray(m.pictures[0]) for m in made.values())
    assert np.array_equal(night[:, :32], np.asarray(source)[:, :32])
    assert not np.array_equal(night, noon)
    assert pipe.decoder_pipe.scheduler is own and "step" not in vars(own)
    many = engine.edit(source, right_half(64), parse({}), RunArgs(steps=3, count=2))
    assert len(many.pictures) == 2


def test_deepfloyds_second_stage_gets_the_words_of_the_first(monkeypatch):
    asked = []
    tiny = PIPELINES["if"]
    embeds = tuple(tiny.prompt().values())
    first, second = if_one(), if_two()
    monkeypatch.setattr(first, "text_encoder", first.unet)  # any model: it is never called

    def encode_prompt(prompt, *args, **kwargs):
        asked.append(prompt)
        return embeds

    for pipe in (first, second):
        monkeypatch.setattr(pipe, "encode_prompt", encode_prompt)
    engine = Engine(
        first,
        of_class("IFPipeline"),
        "one",
        Engine(second, of_class("IFSuperResolutionPipeline"), "two"),
    )
    assert engine.reads_text and not engine.second.reads_text
    run = RunArgs(prompt="a winter night", steps=3)
    result = engine.edit(parity.picture(tiny), right_half(32), parse({}), run)
    assert asked[:2] == ["a winter night"] * 2
    assert result.calls == 6


def test_the_packaged_model_obeys_its_prompt_and_the_map():
    from PIL import Image

    from diffdiff.toyworld.paint import paint
    from diffdiff.toyworld.world import Scene

    engine = load("toyworld", device="cpu")
    source = Image.fromarray(paint(Scene(seed=9)))
    before = np.asarray(source).astype(float)
    skies = []
    for prompt in ("a winter night, clear sky", "a summer noon, clear sky"):
        run = RunArgs(prompt=prompt, steps=12, scheduler="DPMSolverMultistep")
        after = np.asarray(engine.edit(source, right_half(128), parse({}), run).pictures[0])
        assert np.array_equal(after[:, :64], before[:, :64])
        skies.append(after[:30, 72:].mean())
    assert skies[0] < skies[1] - 60
