"""Points on the four stand-in hosts: what is asked, what is kept, what is refused."""

import base64
import io
import sys

import numpy as np
import pytest
import torch
from kind_runs import run_beside
from PIL import Image
from test_four_hosts_models import api, equal, generator_after
from torch import nn

from diffdiff.errors import FieldError

CLICK = {"source": "click", "points": "16,24; -75%,50%", "points_noises": 3}


class Halves(nn.Module):
    """The second half of a UNet whose left cells have other features than its right ones."""

    def __init__(self):
        super().__init__()
        self.output_blocks = nn.ModuleList([nn.Sequential(nn.Identity(), nn.Identity())])

    def forward(self, x):
        height, width = x.shape[-2:]
        answer = torch.zeros(len(x), 4, height, width)
        answer[:, 0, :, : width // 2], answer[:, 1, :, width // 2 :] = 1, 1
        for layer in self.output_blocks[0]:  # as reForge does, without calling the block
            answer = layer(answer)
        return answer


@pytest.fixture
def seeing(kind, monkeypatch):
    """A host whose model has a UNet."""
    sys.modules["diffdiff.webui.click_job"].known.clear()
    run_beside(kind, monkeypatch, Halves())
    return kind


def test_points_run_a_job_within_the_job(seeing):
    kind = seeing
    _, plain = generator_after(kind.run)
    kind.model.core.batches.clear()
    p = kind.job(CLICK, denoising_strength=1.0)
    done, generator = generator_after(lambda: api(p))
    first = list(kind.model.core.batches)
    assert torch.equal(generator, plain)
    raw = p.diffdiff.raw[0]
    assert raw.shape == (48, 64)
    assert raw[20:28, 8:24].mean() > 0.7 > 0.1 > raw[:, -20:].mean()
    assert p.extra_generation_params["DD points"] == CLICK["points"]
    kind.model.core.batches.clear()
    moved = {**CLICK, "points": "48,24; -16,24"}
    assert api(kind.job(moved, denoising_strength=1.0))
    assert len(kind.model.core.batches) < len(first), "the features are known already"
    again = api(kind.job(CLICK, denoising_strength=1.0))
    assert equal(again.samples[0], done.samples[0])
    assert kind.reported == []


def test_other_points_cost_no_call(seeing):
    job = sys.modules["diffdiff.webui.click_job"]
    picture = Image.fromarray(np.zeros((48, 64, 3), np.uint8))
    assert [job.found(picture, 64, 48, 0.1, 3, 0).calls for _ in range(2)] == [3, 0]
    assert job.found(picture, 64, 48, 0.1, 3, 1, ask=False) is None
    network = sys.modules["diffdiff.webui.host_words"].network()
    assert not any(m._forward_hooks for m in network.modules())


def test_the_endpoint_answers_with_a_region(seeing, monkeypatch):
    from diffdiff.webui.api import routes, schemas

    monkeypatch.setattr(routes.preview, "on_the_model", lambda work: work())
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)).save(
        file, "PNG"
    )
    body = {"image": base64.b64encode(file.getvalue()).decode(), "points": "16,24; -48,24"}
    request = schemas.read(body, schemas.ClickRequest)
    told = [routes.map_click(request) for _ in range(2)]
    assert [one["calls"] for one in told] == [4, 0]
    assert told[0]["size"] == [64, 48] and told[0]["map"] == told[1]["map"]
    with pytest.raises(FieldError, match="points: '70,5' lies outside"):
        routes.map_click(schemas.read({**body, "points": "70,5"}, schemas.ClickRequest))


def test_a_model_without_a_unet_is_refused(kind, monkeypatch):
    sys.modules["diffdiff.webui.click_job"].known.clear()
    own = sys.modules["diffdiff.webui.host_words"]
    monkeypatch.setattr(own, "network", nn.Identity)
    with pytest.raises(FieldError, match=r"model: it has no UNet.*diffedit"):
        kind.run(CLICK)


def test_bad_points_are_refused_before_the_model(kind):
    kind.model.core.batches.clear()
    for text in ("", "left", "500,2", "-1,2"):
        with pytest.raises(FieldError, match="points: "):
            kind.run({"source": "click", "points": text})
    assert not kind.model.core.batches
