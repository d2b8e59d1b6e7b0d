"""docs/samplers.md says of each sampler what the code knows."""

import re
from pathlib import Path

import pytest

from diffdiff.samplers import SAMPLERS

PAGE = (Path(__file__).parents[2] / "docs" / "samplers.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^\n]+)", PAGE, re.MULTILINE))


def test_every_sampler_is_there():
    assert set(ROWS) == set(SAMPLERS)


@pytest.mark.parametrize("name", SAMPLERS)
def test_its_row(name):
    calls, memory = ROWS[name].rstrip(" |").split(" | ")
    sampler, steps = SAMPLERS[name], 20
    made = {sampler.calls(i, steps) for i in range(steps)}
    assert max(made) in map(int, re.findall(r"\d+", calls))
    assert made <= set(map(int, re.findall(r"\d+", calls))) or calls.startswith("up to")
    assert (sampler.memory is None) == memory.startswith(("none", "out of reach"))
    if not sampler.on_schedule:
        assert "placed by level" in memory or "held again" in memory
