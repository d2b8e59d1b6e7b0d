import sys
import types

import numpy as np
import pytest
import torch

from diffdiff.edit.contact_sheet import strength_sheet
from diffdiff.metrics import perceptual


class Network:
    """Stands for LPIPS: the mean difference of pictures in -1..1."""

    def __init__(self, net, verbose, spatial=False):
        assert (net, verbose) == ("alex", False)
        self.spatial = spatial

    def eval(self):
        return self

    def __call__(self, a, b):
        assert a.shape == b.shape == (1, 3, 32, 48) and a.min() >= -1 and b.max() <= 1
        apart = (a - b).abs().mean(1, keepdim=True)
        return apart if self.spatial else apart.mean().reshape(1, 1, 1, 1)


@pytest.fixture
def there(monkeypatch, tmp_path):
    """The package, and the folder where its network would lie."""
    module = types.ModuleType("lpips")
    module.LPIPS = Network
    module.__spec__ = types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "lpips", module)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for cached in (perceptual.distance, perceptual.distance_map):
        cached.cache_clear()
    yield tmp_path / "checkpoints" / perceptual.NETWORK
    for cached in (perceptual.distance, perceptual.distance_map):
        cached.cache_clear()


def test_nothing_is_downloaded(there):
    assert perceptual.distance() is None
    assert perceptual.distance_map() is None


def test_it_measures_where_it_is_there(there):
    there.parent.mkdir()
    there.touch()
    black, white = (np.full((32, 48, 3), v, np.uint8) for v in (0, 255))
    assert perceptual.distance()(black, white) == pytest.approx(2)
    sheet = strength_sheet([black, white], (0.2, 0.8), black, distance=perceptual.distance())
    assert sheet.captions == (
        ("strength 0.2", "change 0.0", "LPIPS 0.000"),
        ("strength 0.8", "change 255.0", "LPIPS 2.000"),
    )


def test_it_measures_every_pixel(there):
    there.parent.mkdir()
    there.touch()
    before, after = (np.zeros((32, 48, 3), np.uint8) for _ in range(2))
    after[:, 24:] = 255
    found = perceptual.distance_map()(before, after)
    assert found.shape == (32, 48) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, :24], 0)
    np.testing.assert_allclose(found[:, 24:], 2)
