"""An engine that needs no model: it mixes the picture with a colour, as much as the map says."""

import sys
import types
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm  # noqa: F401  before a silent command switches its bars off
from page_files import png
from PIL import Image

from diffdiff import __version__
from diffdiff.edit import plan
from diffdiff.images.data_url import map_url
from diffdiff.maps import geometry, shapes, shaping
from diffdiff.sampling.start_steps import DIFFUSERS
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import EditArgs, changed, fields

COLOUR = (10, 20, 90)


class FakeEngine:
    """`fails` is raised by the next edit; `seen` is what the last one got."""

    name, family, rules = "toyworld", "sd", SimpleNamespace(rule=DIFFUSERS, upwards=False)

    def noise(self, args, run):
        return None

    def __init__(self):
        self.fails, self.seen = None, None

    @staticmethod
    def worked_at(image, run):
        return run.width or image.width, run.height or image.height

    def edit(self, image, change_map, args, run, progress=None):
        self.seen = SimpleNamespace(image=image, change_map=change_map, args=args, run=run)
        if self.fails:
            raise self.fails
        size = self.worked_at(image, run)
        before = np.asarray(image.resize(size)).astype(np.float64)
        change_map = np.ones((1, 1), np.float32) if change_map is None else change_map
        strength = plan.strengths(
            shaping.shape(geometry.resize(change_map, *size), args), args, run.strength
        )
        for step in range(run.steps):
            if progress:
                progress(step + 1, run.steps)
        after = before + (np.array(COLOUR) - before) * strength[..., None]
        return SimpleNamespace(
            pictures=[Image.fromarray(after.round().astype(np.uint8)) for _ in range(run.count)],
            change_map=strength.astype(np.float32),
            runs=[run.alone(i) for i in range(run.count)],
            calls=run.steps,
            skipped=0,
            steps=run.steps,
            seconds=0.5,
            settings={
                "model": "toyworld",
                "version": __version__,
                "scheduler": run.scheduler or "DDIM",
                **changed(run),
                **{f"dd_{k}": v for k, v in changed(args).items()},
            },
        )


@pytest.fixture
def engine(monkeypatch):
    """What `diffdiff.pipelines.load.load` gives; `engine.asked` is what it was asked for."""
    fake = FakeEngine()

    def load(source, **how):
        fake.asked = {"source": source, **how}
        return fake

    module = types.ModuleType("diffdiff.pipelines.load")
    module.load = load
    monkeypatch.setitem(sys.modules, module.__name__, module)
    undo_silence(monkeypatch)
    return fake


def undo_silence(monkeypatch):
    """Let what a silent command sets in the environment be undone."""
    for name in ("TRANSFORMERS_VERBOSITY", "TQDM_DISABLE", "HF_HUB_DISABLE_PROGRESS_BARS"):
        monkeypatch.setenv(name, "")


@pytest.fixture
def quiet_folder(tmp_path, monkeypatch):
    """An empty working folder for the command."""
    monkeypatch.chdir(tmp_path)
    undo_silence(monkeypatch)
    return tmp_path


@pytest.fixture
def sent():
    """What the page sends when nothing was touched but the picture and the map."""
    picture = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    values = {"image": png(picture), "map": map_url(shapes.gradient(12, 16))}
    for model in (RunArgs, EditArgs):
        values |= {n: i["default"] for n, i in fields(model).items() if n not in ("map", "enabled")}
    return {**values, "soften_radius": -1, "own_size": True, "regions": ""}  # a slider
