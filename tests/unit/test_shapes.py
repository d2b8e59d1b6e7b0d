import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.maps import shapes

sides = st.integers(1, 40)
values = st.floats(0, 1)
IN_A_BOX = (shapes.radial, shapes.rectangle, shapes.ellipse)
ALL = (*IN_A_BOX, shapes.gradient)


@pytest.mark.parametrize("make", ALL)
@given(height=sides, width=sides, start=values, end=values)
def test_values_stay_between_start_and_end(make, height, width, start, end):
    m = make(height, width, start, end)
    assert m.shape == (height, width)
    assert m.dtype == np.float32
    low, high = sorted((np.float32(start), np.float32(end)))
    assert low <= m.min() and m.max() <= high


@given(height=sides, width=sides, start=values, end=values, angle=st.floats(-720, 720))
def test_a_gradient_never_turns_back_along_its_angle(height, width, start, end, angle):
    m = shapes.gradient(height, width, start, end, angle).astype(np.float64)
    across, down = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    sign = np.sign(end - start)
    assert (sign * np.sign(round(across, 9)) * np.diff(m, axis=1) >= 0).all()
    assert (sign * np.sign(round(down, 9)) * np.diff(m, axis=0) >= 0).all()


@given(
    height=st.integers(2, 40),
    width=st.integers(2, 40),
    start=values,
    end=values,
    angle=st.floats(-720, 720),
)
def test_a_gradient_reaches_both_ends_exactly(height, width, start, end, angle):
    m = shapes.gradient(height, width, start, end, angle)
    assert {np.float32(start), np.float32(end)} <= set(m.flat)


@pytest.mark.parametrize(
    ("angle", "first", "last"),
    [
        (0, np.s_[:, 0], np.s_[:, -1]),
        (90, np.s_[0], np.s_[-1]),
        (180, np.s_[:, -1], np.s_[:, 0]),
        (-90, np.s_[-1], np.s_[0]),
        (45, np.s_[0, 0], np.s_[-1, -1]),
        (135, np.s_[0, -1], np.s_[-1, 0]),
    ],
)
def test_the_angle_turns_clockwise_from_left_to_right(angle, first, last):
    m = shapes.gradient(6, 9, 0.2, 0.7, angle)
    assert (m[first] == np.float32(0.2)).all()
    assert (m[last] == np.float32(0.7)).all()


@given(height=sides, width=sides, start=values, end=values, angle=st.integers(-360, 360))
def test_a_gradient_the_other_way_round_is_its_mirror_image(height, width, start, end, angle):
    turned = shapes.gradient(height, width, start, end, angle + 180)
    if height > 1 or width > 1:
        np.testing.assert_allclose(
            shapes.gradient(height, width, start, end, angle)[::-1, ::-1], turned, atol=1e-6
        )


@pytest.mark.parametrize("make", IN_A_BOX)
@given(
    height=sides, width=sides, start=values, end=values, margin=st.sampled_from([0, 0.125, 0.25])
)
def test_a_shape_in_the_middle_is_symmetric(make, height, width, start, end, margin):
    box = (margin, margin, 1 - margin, 1 - margin)
    m = make(height, width, start, end, box)
    # a centre that lies on the very border of a box belongs to one side of it only
    if make is not shapes.rectangle or not (margin * np.array([height, width]) % 1 == 0.5).any():
        np.testing.assert_allclose(m, m[::-1], atol=1e-6)
        np.testing.assert_allclose(m, m[:, ::-1], atol=1e-6)


@given(height=st.integers(4, 40), width=st.integers(4, 40), start=values, end=values)
def test_a_radial_map_falls_from_the_middle_to_the_rim(height, width, start, end):
    m = shapes.radial(height, width, start, end).astype(np.float64)
    assert m[0, 0] == np.float32(start)
    assert m[height // 2, width // 2] == np.float32(end)
    sign = np.sign(end - start)
    assert (sign * np.diff(m[height // 2 :], axis=0) <= 0).all()
    assert (sign * np.diff(m[:, width // 2 :], axis=1) <= 0).all()


def test_shapes_fill_their_box():
    box = (0.25, 0.5, 0.75, 1)
    full = shapes.rectangle(8, 16, 0, 1, box)
    assert full[4:, 4:12].all() and full.sum() == 4 * 8
    round_ = shapes.ellipse(80, 160, 0, 1, box)
    assert round_.sum() == pytest.approx(np.pi / 4 * 40 * 80, rel=0.01)
    assert round_[60, 80] == 1 and not round_[40:44, 40:44].any()
    assert not (shapes.ellipse(80, 160, 0, 1, box) > shapes.rectangle(80, 160, 0, 1, box)).any()


def test_a_box_beside_the_picture_leaves_the_start():
    for make in IN_A_BOX:
        assert (make(8, 8, 0.25, 1, (1.5, 1.5, 2, 2)) == 0.25).all()


def test_constant():
    assert (shapes.constant(3, 5, 0.5) == 0.5).all()
    assert shapes.constant(3, 5, 0.5).dtype == np.float32


@pytest.mark.parametrize(
    ("make", "values", "field"),
    [
        (shapes.gradient, (0, 9), "size"),
        (shapes.gradient, (9, 20000), "size"),
        (shapes.constant, (16000, 16000), "size"),
        (shapes.gradient, (9, 9, -0.1, 1), "from"),
        (shapes.radial, (9, 9, float("nan"), 1), "from"),
        (shapes.ellipse, (9, 9, 0, 1.5), "to"),
        (shapes.gradient, (9, 9, 0, 1, float("inf")), "angle"),
        (shapes.rectangle, (9, 9, 0, 1, (0.5, 0, 0.5, 1)), "box"),
        (shapes.ellipse, (9, 9, 0, 1, (0, 0, 1)), "box"),
        (shapes.radial, (9, 9, 0, 1, (0, 0, 1, float("nan"))), "box"),
    ],
)
def test_a_refusal_names_the_field(make, values, field):
    with pytest.raises(FieldError) as refused:
        make(*values)
    assert refused.value.field == field
