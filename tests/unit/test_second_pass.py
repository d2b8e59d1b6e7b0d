"""Where a map lies on the second pass of hires fix."""

import numpy as np
import pytest

from diffdiff.maps import geometry
from diffdiff.maps.second_pass import Frame
from diffdiff.settings.schema import EditArgs

PLAIN = EditArgs()
WHOLE = Frame((64, 48), (128, 96), (0, 0), (128, 96))
CUT = Frame((64, 48), (128, 96), (0, 16), (128, 64))  # another shape: the middle of it


def ramp(width, height):
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


@pytest.mark.parametrize("size", [(64, 48), (128, 96), (31, 23)])
def test_a_map_is_enlarged_with_the_picture(size):
    m = ramp(*size)
    want = geometry.resize(geometry.resize(m, 64, 48), 128, 96)
    assert np.array_equal(WHOLE.fit(m, PLAIN), want)


@pytest.mark.parametrize("value", [0, 0.3, 1])
@pytest.mark.parametrize("size", [(64, 48), (128, 64), (300, 7)])
@pytest.mark.parametrize("frame", [WHOLE, CUT])
def test_a_constant_stays_what_it_is(frame, size, value):
    m = np.full(size[::-1], value, np.float32)
    fitted = frame.fit(m, PLAIN)
    assert fitted.shape == frame.size[::-1] and (fitted == np.float32(value)).all()


def test_the_shape_tells_what_a_map_was_painted_on():
    assert not CUT.of_result((64, 48)) and not CUT.of_result((128, 96))
    assert CUT.of_result((128, 64)) and CUT.of_result((256, 128))
    assert not WHOLE.of_result((128, 96)), "both have the same shape"


def test_what_is_cut_is_cut_from_the_map():
    rows = np.zeros((48, 64), np.float32)
    rows[:8] = 1  # 16 pixels of the enlarged picture, which are cut away
    assert CUT.fit(rows, PLAIN)[1:].max() == 0
    on_result = np.zeros((64, 128), np.float32)
    on_result[:32] = 1
    on_first = np.zeros((48, 64), np.float32)
    on_first[:24] = 1
    assert np.array_equal(CUT.fit(on_result, PLAIN) > 0.5, CUT.fit(on_first, PLAIN) > 0.5)


def test_a_radius_is_in_pixels_of_the_first_picture():
    soft = EditArgs(soften_radius=6)
    wide, small = np.zeros((96, 128), np.float32), np.zeros((48, 64), np.float32)
    wide[:, 64:], small[:, 32:] = 1, 1
    for frame in (WHOLE, CUT):
        rises = [
            int(((row > 0.02) & (row < 0.98)).sum())
            for row in (frame.fit(m, soft)[10] for m in (wide, small))
        ]
        assert abs(rises[0] - rises[1]) <= 2 and rises[0] > 12
    on_result = np.zeros((64, 128), np.float32)
    on_result[:, 64:] = 1
    assert abs(CUT.fit(on_result, soft)[10] - CUT.fit(small, soft)[10]).max() < 0.02
