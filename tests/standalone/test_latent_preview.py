"""The preview of a run: latents as colors, by the run's own picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff.pipelines.latent_preview import LatentPreview


def encoded(picture, channels, seed=0):
    """Latents that are a linear function of the colors, as those of a VAE nearly are."""
    how = np.random.default_rng(seed).normal(size=(4, channels))
    small = np.asarray(picture, np.float64) / 255
    ones = np.ones((*small.shape[:2], 1))
    return torch.from_numpy(np.concatenate([small, ones], 2) @ how).permute(2, 0, 1)[None].float()


def photo(seed, size=(24, 16)):
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("channels", [4, 16, 128])
def test_what_a_linear_encoder_did_is_undone_on_other_pictures(channels):
    first, other = photo(1), photo(2)
    preview = LatentPreview(first)
    shown = preview.show(encoded(other, channels), encoded(first, channels))
    off = np.abs(np.asarray(shown, int) - np.asarray(other, int))
    assert shown.size == other.size and off.mean() < 4


def test_it_is_fitted_once_and_shows_the_first_of_a_batch():
    first, other = photo(1), photo(2)
    preview = LatentPreview(first)
    init = encoded(first, 4)
    preview.show(init, init)
    weights = preview.weights
    both = torch.cat([encoded(other, 4), init])
    alone = preview.show(encoded(other, 4), init)
    assert preview.weights is weights
    assert (np.asarray(preview.show(both, init)) == np.asarray(alone)).all()


def test_what_is_not_finite_is_still_a_picture():
    first = photo(1)
    init = encoded(first, 4)
    bad = init.clone()
    bad[0, 0, 0, 0], bad[0, 1, 0, 1] = float("nan"), float("inf")
    shown = LatentPreview(first).show(bad, init)
    assert shown.size == first.size


def test_a_flat_picture_has_a_flat_preview():
    flat = Image.new("RGB", (8, 8), (120, 60, 30))
    init = encoded(flat, 4)
    shown = np.asarray(LatentPreview(flat).show(init, init), int)
    assert np.abs(shown - [120, 60, 30]).max() <= 1
