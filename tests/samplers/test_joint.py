"""Words in transformers with joint attention: tiny random ones of diffusers, whole pipelines."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.errors import FieldError
from diffdiff.pipelines.looking_joint import JOINT
from diffdiff.pipelines.model_maps import find_words
from diffdiff.sampling.joint import joint_attention
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import WordsArgs

TOKENS = 16
IMAGE = Image.fromarray(
    np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8), "RGB"
)
FEW = parse({"words_noises": 2, "words_level": 0.25}, WordsArgs)


@pytest.fixture(params=["sd3", "flux"])
def engine(request):
    """A tiny pipeline with features in the place of its text encoders, and a tokenizer."""
    made = PIPELINES[request.param].engine()
    features = PIPELINES[request.param].prompt()
    width = features["prompt_embeds"].shape[-1]
    tokens = torch.randn(1, TOKENS, width, generator=torch.Generator().manual_seed(3))
    pooled = features["pooled_prompt_embeds"]

    def encode_prompt(*some, **named):
        if request.param == "flux":
            return tokens, pooled, torch.zeros(TOKENS, 3)
        return tokens, tokens, pooled, pooled

    def tokenizer(text, **named):
        return SimpleNamespace(input_ids=[hash(w) for w in re.findall(r"\w+|,", text)])

    made.pipe.encode_prompt = encode_prompt
    setattr(made.pipe, JOINT[request.param].tokenizer, tokenizer)
    return made


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_words_are_found_and_nothing_stays(engine):
    calls = []
    own = engine.pipe.transformer.register_forward_pre_hook(lambda *given: calls.append(1))
    m = find_words(engine, IMAGE, "house 0.9, sky 0.1", FEW)
    own.remove()
    assert m.shape == (64, 96) and m.max() > m.min() and len(calls) == 2
    assert not hooks(engine.pipe.transformer)
    assert np.array_equal(m, find_words(engine, IMAGE, "house 0.9, sky 0.1", FEW))


def test_a_word_past_what_is_read_is_named(engine):
    room = JOINT[engine.family].room
    text = ", ".join(f"{'very ' * (room // 20)}word{i} 0.5" for i in range(30))
    with pytest.raises(FieldError, match=rf"words: 'very .*{room} tokens"):
        find_words(engine, IMAGE, text, FEW)


def test_the_shares_are_those_of_the_attention(engine):
    """What the layer answers for its picture is what the shares and the values make."""
    pipe, heard = engine.pipe, []
    first = pipe.transformer.transformer_blocks[0].attn
    plain = torch.nn.functional.scaled_dot_product_attention

    def attention(q, k, v):
        text = heard.pop()
        values = v.transpose(1, 2).flatten(2)
        last = not torch.equal(values[:, : text.shape[1]], text)
        shares = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(-1).mean((0, 1))
        n = text.shape[1]
        return shares[:-n, -n:] if last else shares[n:, :n]

    wanted = []

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            named = kwargs or {}
            if func is plain and heard:
                given = dict(zip(("query", "key", "value"), args)) | named
                wanted.append(attention(given["query"], given["key"], given["value"]))
            return func(*args, **named)

    hook = first.add_v_proj.register_forward_hook(lambda m, given, text: heard.append(text))
    try:
        with torch.no_grad(), Watch(), joint_attention(pipe.transformer, 32, 48) as found:
            pipe(
                "x",
                image=IMAGE,
                strength=0.3,
                num_inference_steps=4,
                output_type="latent",
                guidance_scale=1.0,
                width=96,
                height=64,
                generator=torch.Generator().manual_seed(0),
            )
    finally:
        hook.remove()
    (shares, seen), *_ = found._sums.values()
    torch.testing.assert_close(shares / seen, torch.stack(wanted).mean(0), atol=1e-5, rtol=1e-4)


def test_without_its_text_encoder_it_is_refused():
    for name in JOINT:
        with pytest.raises(FieldError, match="model: it has no text encoder"):
            find_words(PIPELINES[name].engine(), IMAGE, "house 1", FEW)
