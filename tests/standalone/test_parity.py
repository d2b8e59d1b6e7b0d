"""The published algorithm, injected into plain pipelines, against the engine: every family."""

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks import parity
from benchmarks.bench import error
from benchmarks.pipelines import PIPELINES
from diffdiff.sampling.start_steps import FunctionRule, StartSteps


@pytest.mark.parametrize("name", PIPELINES)
def test_the_engine_is_algorithm_1(name):
    row = parity.measure(name, steps=10)
    assert row["worst"] <= parity.GOAL
    assert row["control"] > 0.01


def test_one_step_off_would_be_seen(monkeypatch):
    tiny = PIPELINES["sd"]
    engine = tiny.engine()
    side = parity.grid_of(engine, tiny)
    keep = parity.keep_maps(side, side)["gradient"]
    late = parity.reference_rule

    @FunctionRule
    def later(*args):
        return StartSteps(np.minimum(late(*args).start + 1, 9).astype(np.int16))

    monkeypatch.setattr(parity, "reference_rule", later)
    ours = parity.engine_result(engine, tiny, keep, 10, "DDIM")
    assert error(ours, parity.algorithm_1(engine, tiny, keep, 10, "DDIM")) > 1e-3
