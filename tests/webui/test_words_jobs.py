"""Words on the four stand-in hosts: what is asked, what is kept, what is refused."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from kind_runs import run_beside
from PIL import Image
from test_four_hosts_models import api, equal, generator_after
from torch import nn

from diffdiff.errors import FieldError

TOKENS = {"a": 1, "photo": 2, "of": 3, "left": 4, "right": 5, ",": 6}
WORDS = {"source": "words", "words": "left 0.9, right 0.2", "words_noises": 3}
LENGTH = 77


class Seeing(nn.Module):
    """One cross-attention, whose left cells read "left" and whose right cells read "right"."""

    heads = 1

    def __init__(self):
        super().__init__()
        self.to_q, self.to_k = nn.Identity(), nn.Identity()

    def forward(self, x):
        height, width = x.shape[-2:]
        rows = torch.zeros(len(x), height, width, 8)
        rows[..., : width // 2, 4], rows[..., width // 2 :, 5] = 9, 9
        context = torch.zeros(len(x), LENGTH, 8)
        for at, token in enumerate((1, 2, 3, 4, 6, 5), 1):
            context[:, at, token] = 1
        self.to_q(rows.flatten(1, 2))
        self.to_k(context)


@pytest.fixture
def seeing(kind, monkeypatch):
    """A host whose model has an attention, and a tokenizer of six words."""
    job, own = (sys.modules[f"diffdiff.webui.{name}"] for name in ("words_job", "host_words"))
    job.known.clear()
    run_beside(kind, monkeypatch, Seeing())

    def tokenize(text):
        return [TOKENS[word] for word in text.replace(",", " ,").split()]

    monkeypatch.setattr(own, "tokenizer", lambda: tokenize)
    monkeypatch.setattr(own, "check_plain", lambda *asked: None)
    return kind


def test_words_run_a_job_within_the_job(seeing):
    kind = seeing
    _, plain = generator_after(kind.run)
    kind.model.core.batches.clear()
    p = kind.job(WORDS, denoising_strength=1.0)
    done, generator = generator_after(lambda: api(p))
    first = list(kind.model.core.batches)
    assert torch.equal(generator, plain)
    raw = p.diffdiff.raw[0]
    assert raw.shape == (48, 64)
    assert abs(raw[:, :20].mean() - 0.9) < 0.1 and abs(raw[:, -20:].mean() - 0.2) < 0.1
    assert "DD words" in p.extra_generation_params
    kind.model.core.batches.clear()
    again = api(kind.job(WORDS, denoising_strength=1.0))
    assert equal(again.samples[0], done.samples[0])
    assert len(kind.model.core.batches) < len(first), "what was read is known already"
    assert kind.reported == []


def test_other_strengths_cost_no_call(seeing):
    job = sys.modules["diffdiff.webui.words_job"]
    picture = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    asked = job.WordsQuery(picture, "a photo of left, right", ("left", "right"), 64, 48, 0.2, 3, 0)
    assert [job.found(asked).calls for _ in range(2)] == [3, 0]
    assert job.found(asked._replace(seed=1), ask=False) is None
    assert not any(
        m._forward_hooks for m in sys.modules["diffdiff.webui.host_words"].network().modules()
    )


def test_little_memory_halves_the_noises(seeing, monkeypatch):
    job = sys.modules["diffdiff.webui.words_job"]
    picture = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    asked = job.WordsQuery(picture, "a photo of left, right", ("left", "right"), 64, 48, 0.2, 4, 0)
    wanted = job.found(asked).claims
    core, room = seeing.model.core, [2]
    plain = core.apply_model

    def short(x, *rest, **named):
        if len(x) > room[0]:
            raise RuntimeError("CUDA out of memory")
        return plain(x, *rest, **named)

    monkeypatch.setattr(core, "apply_model", short)
    job.known.clear()
    np.testing.assert_allclose(job.found(asked).claims, wanted, atol=1e-5)
    room[0] = 0
    with pytest.raises(FieldError, match="model: the memory is too small"):
        job.found(asked._replace(seed=1))


def test_a_model_without_attention_is_refused(kind, monkeypatch):
    own = sys.modules["diffdiff.webui.host_words"]
    monkeypatch.setattr(own, "network", nn.Identity)
    for edit in (
        WORDS,
        {
            "source": "diffedit",
            "reference": "a left",
            "query": "a right",
            "diffedit_with": "words",
            "diffedit_noises": 2,
        },
    ):
        with pytest.raises(FieldError, match=r"no cross-attention.*diffedit"):
            kind.run(edit)


def test_bad_words_are_refused_before_the_model(kind):
    kind.model.core.batches.clear()
    for text in ("", "left", "left 2"):
        with pytest.raises(FieldError, match="words: "):
            kind.run({"source": "words", "words": text})
    assert not kind.model.core.batches


def test_the_name_of_an_embedding_is_refused(kind, monkeypatch):
    """The host puts its vectors in the word's place, and every position after it is another."""
    own = sys.modules["diffdiff.webui.host_words"]
    encoder = SimpleNamespace(
        tokenize=lambda texts: [[1] * len(text.split()) for text in texts],
        process_texts=lambda texts: ([], sum(4 if w == "toy" else 1 for w in texts[0].split())),
    )
    monkeypatch.setattr(own, "_text_encoders", lambda: [encoder])
    assert own.tokenizer()("a toy") == [1, 1]
    own.check_plain("a house", 2, "words")
    with pytest.raises(FieldError, match=r"words: .*embedding"):
        own.check_plain("a toy", 2, "words")
    monkeypatch.setattr(own, "_text_encoders", list)
    with pytest.raises(FieldError, match="model: its tokenizer"):
        own.tokenizer()
