"""The examples of docs/python.md, run as they stand."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from benchmarks.reference import k_diffusion_sampling

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = {code.splitlines()[0]: code for code in re.findall(r"```python\n(.*?)```", PAGE, re.S)}
STEPS = 12
SIGMAS = torch.cat([torch.linspace(14.6**0.1, 0.03**0.1, STEPS) ** 10, torch.zeros(1)])


def run(name: str) -> dict:
    names: dict = {}
    exec(compile(BLOCKS[name], "docs/python.md", "exec"), names)
    return names


def model(x, sigma, **_):
    """A pixel's answer is its own, so that parts of a map can be compared with whole runs."""
    return (x * 1.3 / (1 + sigma.view(-1, 1, 1, 1))).sin()


def euler(model, x, sigmas, **_):
    for now, after in zip(sigmas[:-1], sigmas[1:]):
        x = x + (x - model(x, now.expand(len(x)))) / now * (after - now)
    return x


def test_the_example_of_the_core(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("map.png", np.tile(np.arange(64, dtype=np.uint8) * 4, (32, 1)))
    run("# the pure core")
    assert "levels can be told apart" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["loop", "function"])
def test_the_examples_of_hold(name):
    sampling = k_diffusion_sampling()
    img2img = run(f"# hold pixels in a sampl{'ing loop' if name == 'loop' else 'er function'}")[
        "img2img"
    ]
    plain = euler if name == "loop" else sampling.sample_dpmpp_2m
    generator = torch.Generator().manual_seed(0)
    init, noise = (torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2))
    change_map = torch.zeros(1, 1, 8, 8)
    change_map[..., 2:4], change_map[..., 4:] = 0.5, 1
    found = img2img(model, init, noise, change_map, SIGMAS)
    assert torch.equal(found[..., :2], init[..., :2])
    for columns, first in ((slice(2, 4), STEPS // 2), (slice(4, 8), 0)):
        x = init + noise * SIGMAS[first]
        whole = plain(model, x, SIGMAS[first:], disable=True)
        assert torch.equal(found[..., columns], whole[..., columns])
    assert torch.equal(img2img(model, init, noise, torch.zeros(1, 1, 8, 8), SIGMAS), init)


def test_every_name_of_the_table_is_public():
    import diffdiff

    table = PAGE.split("| names |")[1].split("\n\n")[0]
    names = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.split("\n")[2:]))
    assert set(names) == set(diffdiff.__all__) - {"__version__", "climb"}
