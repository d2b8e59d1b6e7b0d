"""The engine on the changed part of a picture alone."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.errors import FieldError
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

SIZE = 256
PHOTO = Image.fromarray(np.random.default_rng(2).integers(0, 256, (SIZE, SIZE, 3), np.uint8))


def patch(left, top, right, bottom):
    m = np.zeros((SIZE, SIZE), np.float32)
    m[top:bottom, left:right] = 1
    return m


@pytest.mark.parametrize("name", ["sd", "sdxl", "flux"])
def test_it_changes_what_the_map_changes_and_sees_the_part(name):
    tiny = PIPELINES[name]
    engine, m = tiny.engine(), patch(150, 40, 180, 60)
    seen = []
    net = getattr(engine.pipe, "transformer", None) or engine.pipe.unet
    net.register_forward_pre_hook(
        lambda net, args, kwargs: seen.append((args[0] if args else kwargs["hidden_states"]).shape),
        with_kwargs=True,
    )
    args = parse({"area": "changed", "area_padding": 8})
    run = RunArgs(steps=4, seed=1, strength=0.8)
    result = engine.edit(PHOTO, m, args, run, **tiny.prompt())
    before, after = np.asarray(PHOTO), np.asarray(result.pictures[0])
    assert after.shape == before.shape and (after[m == 0] == before[m == 0]).all()
    assert (after[m == 1] != before[m == 1]).any(1).mean() > 0.9
    assert result.change_map.shape == m.shape and (result.change_map[m == 0] == 0).all()
    assert result.settings["size"] == [SIZE, SIZE]
    left, top, right, bottom = result.settings["worked_on"]
    assert (right - left, bottom - top) == (64, 64) and left <= 150 and right >= 180
    cells = seen[0][1] if name == "flux" else seen[0][-1] * seen[0][-2]
    factor = engine.rules.factor(engine.pipe)
    assert cells == (64 // factor) ** 2 // (4 if name == "flux" else 1)


def test_deepfloyd_stage_two_says_so():
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    engine.second = type("Second", (), {"family": "if-2"})()
    with pytest.raises(FieldError) as refused:
        engine.edit(PHOTO, patch(0, 0, 9, 9), parse({"area": "changed"}), RunArgs(steps=2))
    assert refused.value.field == "area"
