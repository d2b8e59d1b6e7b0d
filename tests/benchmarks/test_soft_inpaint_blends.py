"""What the soft inpainting bench compares with, and its measure of a seam."""

import numpy as np
import pytest
import torch

from benchmarks import blends
from benchmarks.seam import outer_seam, seam

RNG = np.random.default_rng(2)
ORIGINAL, EDITED = (RNG.integers(0, 256, (64, 80, 3), np.uint8) for _ in range(2))
MASK = np.zeros((64, 80), bool)
MASK[16:40, 24:60] = True


def window_of_one_pixel(values, y, x, low, high, width=1.0):
    """The filter's description, pixel by pixel: sort, stack the weights, cut a window out."""
    end = np.exp(-9 / 2.25)
    stack = []
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            if 0 <= y + dy < values.shape[0] and 0 <= x + dx < values.shape[1]:
                weight = max((np.exp(-(dy**2 + dx**2) / 2.25) - end) / (1 - end), 0)
                stack.append((values[y + dy, x + dx], weight))
    stack.sort()
    total = sum(weight for _, weight in stack)
    start, stop = low * total, high * total
    if stop - start < width:
        start, stop = (start + stop - width) / 2, (start + stop + width) / 2
        if stop > total:
            start, stop = total - width, total
        if start < 0:
            start, stop = 0, width
    below = result = covered = 0.0
    for value, weight in stack:
        part = max(min(stop, below + weight) - max(start, below), 0)
        result, covered, below = result + value * part, covered + part, below + weight
    return result / covered


@pytest.mark.parametrize("window", [(0.9, 1.0), (0.25, 0.75), (0.0, 1.0)])
def test_the_filter_of_all_pixels_at_once_is_that_of_each(window):
    values = RNG.random((9, 7))
    want = [[window_of_one_pixel(values, y, x, *window) for x in range(7)] for y in range(9)]
    np.testing.assert_allclose(blends.window_mean(values, *window), want, atol=1e-12)


def test_the_hosts_blend_is_one_picture_at_each_end():
    init, x0 = torch.randn(2, 1, 4, 5, 6).unbind()
    for weight, want in ((0.0, init), (1.0, x0)):
        out = blends.builtin_blend(init, x0, torch.full((1, 1, 5, 6), weight), 3.0)
        torch.testing.assert_close(out, want, rtol=1e-3, atol=1e-4)
    middle = blends.builtin_blend(init, x0, torch.full((1, 1, 5, 6), 0.5), 2.0)
    length = middle.norm(dim=1)
    assert (length <= torch.maximum(init.norm(dim=1), x0.norm(dim=1)) + 1e-4).all()


def test_pastes_show_one_picture_far_from_the_border():
    core, far = np.s_[27:29, 40:44], np.s_[60:, 76:]
    for out in (
        blends.feather(ORIGINAL, EDITED, MASK, 2),
        blends.mask_blur(ORIGINAL, EDITED, MASK, 2),
        blends.laplacian(ORIGINAL, EDITED, MASK, 1),
    ):
        assert abs(out[core].astype(int) - EDITED[core]).max() <= 1
        assert abs(out[far].astype(int) - ORIGINAL[far]).max() <= 1
    out = blends.poisson(ORIGINAL, EDITED, MASK)
    assert out.shape == ORIGINAL.shape and (out[far] == ORIGINAL[far]).all()


def test_a_mask_at_the_border_can_be_cloned():
    corner = np.zeros_like(MASK)
    corner[:30, :30] = True
    assert blends.poisson(ORIGINAL, EDITED, corner).shape == ORIGINAL.shape


def test_a_step_is_a_seam_and_a_slope_is_none():
    y, x = np.mgrid[:64, :80]
    smooth = np.repeat((x * 2 + y + RNG.normal(0, 1, x.shape))[..., None], 3, 2)
    assert seam(smooth, MASK) == pytest.approx(1, abs=0.2)
    assert seam(smooth + MASK[..., None] * 40, MASK) > 10
    assert np.isnan(seam(smooth, np.zeros_like(MASK)))


def test_an_outer_seam_is_found_where_it_is():
    y, x = np.mgrid[:64, :80]
    smooth = np.repeat((x * 2 + y + RNG.normal(0, 1, x.shape))[..., None], 3, 2)
    assert outer_seam(smooth, smooth, MASK, 12) == 1
    wide = np.zeros_like(MASK)
    wide[10:46, 18:66] = True  # six pixels outside of the mask
    assert outer_seam(smooth + wide[..., None] * 40, smooth, MASK, 12) > 5
    inner = outer_seam(smooth + wide[..., None] * 40, smooth, MASK, 2)
    assert inner == pytest.approx(1, abs=1e-4)
