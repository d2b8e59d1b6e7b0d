"""Change maps: levels and sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.maps import geometry

fixed = settings(max_examples=60, deadline=None, derandomize=True)

values = st.floats(0, 1, width=32)
any_map = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=24), elements=values
)


class TestLevels:
    def test_invert(self):
        m = np.array([[0, 0.25, 1]], np.float32)
        np.testing.assert_array_equal(geometry.invert(m), [[1, 0.75, 0]])
        assert geometry.invert(m).dtype == np.float32

    def test_identity_is_exact(self):
        m = np.random.default_rng(0).random((9, 9), np.float32)
        np.testing.assert_array_equal(geometry.levels(m, 0, 1, 1), m)

    def test_values(self):
        m = np.array([[0, 0.2, 0.4, 0.6, 0.8, 1]], np.float32)
        stretched = geometry.levels(m, 0.2, 0.6, 1)
        np.testing.assert_allclose(stretched, [[0, 0, 0.5, 1, 1, 1]], atol=1e-6)
        brighter = geometry.levels(m, 0.2, 0.6, 2)
        np.testing.assert_allclose(brighter, [[0, 0, 0.5**0.5, 1, 1, 1]], atol=1e-6)
        np.testing.assert_allclose(geometry.levels(m, 0, 1, 0.5), m**2, atol=1e-6)

    def test_many_rows(self):
        m = np.random.default_rng(0).random((3000, 200), np.float32)
        expected = np.clip((m - 0.1) / 0.7, 0, 1) ** (1 / 1.7)
        np.testing.assert_allclose(geometry.levels(m, 0.1, 0.8, 1.7), expected, atol=3e-6)

    @fixed
    @given(any_map, st.floats(-0.5, 0.9), st.floats(0.01, 1), st.floats(0.05, 20))
    def test_ends_and_order(self, m, black, width, gamma):
        white = black + width
        out = geometry.levels(m, black, white, gamma)
        assert out.dtype == np.float32
        assert (out[m <= np.float32(black)] == 0).all()
        assert (out[m >= np.float32(white)] == 1).all()
        order = np.argsort(m, axis=None)
        assert (np.diff(out.reshape(-1)[order]) >= -1e-6).all()

    @pytest.mark.parametrize(
        ("field", "arguments"),
        [
            ("black", (0.5, 0.5, 1)),
            ("black", (0.6, 0.5, 1)),
            ("black", (0.5, 0.5 + 1e-12, 1)),
            ("black", (np.nan, 1, 1)),
            ("black", (-np.inf, 1, 1)),
            ("white", (0, np.inf, 1)),
            ("black", (-1e300, 1, 1)),
            ("white", (0, np.nan, 1)),
            ("gamma", (0, 1, 0)),
            ("gamma", (0, 1, -1)),
            ("gamma", (0, 1, np.nan)),
            ("gamma", (0, 1, np.inf)),
            ("gamma", (0, 1, 1e-300)),
        ],
    )
    def test_bad_values(self, field, arguments):
        with pytest.raises(FieldError) as caught:
            geometry.levels(np.zeros((2, 2), np.float32), *arguments)
        assert caught.value.field == field


class TestResize:
    def test_same_size_is_the_map(self):
        m = np.random.default_rng(0).random((5, 7), np.float32)
        assert geometry.resize(m, 7, 5) is m

    def test_shrinking_averages(self):
        m = np.array([[0, 1, 0.5], [1, 1, 0.5], [0, 0, 0.25]], np.float32)
        assert geometry.resize(m, 1, 1)[0, 0] == pytest.approx(m.mean())
        np.testing.assert_allclose(
            geometry.resize(np.array([[0, 0, 1]] * 2, np.float32), 2, 1), [[0, 2 / 3]], atol=1e-6
        )

    def test_enlarging_is_linear_between_pixel_centres(self):
        m = np.array([[0, 1], [0, 1]], np.float32)
        np.testing.assert_allclose(geometry.resize(m, 4, 2), [[0, 0.25, 0.75, 1]] * 2)
        np.testing.assert_allclose(geometry.resize(m.T, 2, 4)[:, 0], [0, 0.25, 0.75, 1])

    def test_one_axis_up_the_other_down(self):
        m = np.array([[0, 1], [0, 0], [1, 1], [1, 0]], np.float32)
        expected = [[0, 0.125, 0.375, 0.5], [1, 0.875, 0.625, 0.5]]
        np.testing.assert_allclose(geometry.resize(m, 4, 2), expected)
        np.testing.assert_allclose(geometry.resize(m.T.copy(), 2, 4), np.transpose(expected))

    @fixed
    @given(any_map, st.integers(1, 40), st.integers(1, 40))
    def test_range_shape_and_mean_order(self, m, width, height):
        out = geometry.resize(m, width, height)
        assert out.shape == (height, width)
        assert out.dtype == np.float32
        assert m.min() - 1e-6 <= out.min() <= out.max() <= m.max() + 1e-6

    @fixed
    @given(values, st.integers(2, 60), st.integers(2, 60), st.integers(1, 90), st.integers(1, 90))
    def test_a_constant_stays_exactly(self, value, rows, columns, width, height):
        out = geometry.resize(np.full((rows, columns), value, np.float32), width, height)
        np.testing.assert_array_equal(out, np.float32(value))

    @pytest.mark.parametrize(("width", "height", "field"), [(0, 4, "width"), (4, -1, "height")])
    def test_bad_sizes(self, width, height, field):
        with pytest.raises(FieldError) as caught:
            geometry.resize(np.zeros((2, 2), np.float32), width, height)
        assert caught.value.field == field


class TestToLatent:
    @fixed
    @given(
        st.integers(1, 9),
        st.integers(1, 9),
        st.integers(1, 12),
        st.integers(1, 12),
        st.integers(0, 2**32),
    )
    def test_whole_factors_are_block_means(self, fy, fx, h, w, seed):
        m = np.random.default_rng(seed).random((h * fy, w * fx), np.float32)
        expected = m.astype(np.float64).reshape(h, fy, w, fx).mean(axis=(1, 3))
        np.testing.assert_allclose(geometry.to_latent(m, h, w), expected, atol=1e-6)

    def test_large_maps_work_in_blocks(self):
        m = np.random.default_rng(0).random((2048, 1024), np.float32)
        expected = m.astype(np.float64).reshape(256, 8, 128, 8).mean(axis=(1, 3))
        np.testing.assert_allclose(geometry.to_latent(m, 256, 128), expected, atol=1e-6)
        odd = geometry.to_latent(m, 3 * 256 // 2, 100)
        assert odd.mean(dtype=np.float64) == pytest.approx(m.mean(dtype=np.float64), abs=1e-6)

    def test_a_constant_part_stays_exactly(self):
        m = np.full((96, 96), 0.1, np.float32)
        m[:, 48:] = 1
        m[:48, :24] = 0
        out = geometry.to_latent(m, 12, 12)
        assert set(np.unique(out)) == {np.float32(0), np.float32(0.1), np.float32(1)}

    def test_all_of_the_map_counts_alike(self):
        m = np.zeros((97, 61), np.float32)
        m[50, 17] = 1
        assert geometry.to_latent(m, 12, 7).sum() * (97 * 61) / (12 * 7) == pytest.approx(
            1, abs=1e-5
        )


def host_picture(picture, mode, width, height):
    """What `modules.images.resize_image` makes of an "L" picture, told in our own words."""
    if mode in (0, 3):
        return picture.resize((width, height), Image.LANCZOS)
    job, own = width / height, picture.width / picture.height
    by_width = job > own if mode == 1 else job < own
    if by_width:
        size = width, picture.height * width // picture.width
    else:
        size = picture.width * height // picture.height, height
    inner = picture.resize(size, Image.LANCZOS)
    out = Image.new("L", (width, height))
    left, top = width // 2 - size[0] // 2, height // 2 - size[1] // 2
    out.paste(inner, (left, top))
    if mode == 2 and by_width and top > 0:
        first, last = inner.crop((0, 0, width, 1)), inner.crop((0, size[1] - 1, width, size[1]))
        out.paste(first.resize((width, top)), (0, 0))
        out.paste(last.resize((width, top)), (0, top + size[1]))
    elif mode == 2 and job > own and left > 0:
        first, last = inner.crop((0, 0, 1, height)), inner.crop((size[0] - 1, 0, size[0], height))
        out.paste(first.resize((left, height)), (0, 0))
        out.paste(last.resize((left, height)), (left + size[0], 0))
    return out


class TestFollow:
    sizes = st.integers(20, 90)
    jobs = st.integers(3, 12).map(lambda n: 8 * n)

    @fixed
    @given(sizes, sizes, jobs, jobs, st.sampled_from([0, 1, 2, 3]), st.booleans())
    def test_every_pixel_comes_from_where_the_host_takes_it(
        self, columns, rows, width, height, mode, along_x
    ):
        count = columns if along_x else rows
        ramp = np.linspace(0, 255, count)
        ramp = np.tile(ramp, (rows, 1)) if along_x else np.tile(ramp[:, None], (1, columns))
        picture = Image.fromarray(np.rint(ramp).astype(np.uint8))
        expected = np.asarray(host_picture(picture, mode, width, height), np.float32)
        m = geometry.follow(geometry.decode(picture), mode, (columns, rows), width, height)
        assert m.shape == (height, width)
        pixels_off = np.abs(m * 255 - expected) * (count - 1) / 255
        assert pixels_off.max() <= 1

    @pytest.mark.parametrize(
        ("mode", "image_size", "job", "expected"),
        [
            (1, (4, 2), (2, 2), [[1, 2], [11, 12]]),
            (1, (2, 4), (2, 2), [[10, 11], [20, 21]]),
            (1, (3, 2), (2, 2), [[0, 1], [10, 11]]),
            (2, (2, 2), (4, 2), [[0, 0, 1, 1], [10, 10, 11, 11]]),
            (2, (2, 2), (2, 4), [[0, 1], [0, 1], [10, 11], [10, 11]]),
            (2, (2, 2), (5, 2), [[0, 0, 1, 1, 1], [10, 10, 11, 11, 11]]),
            (2, (3, 2), (4, 2), [[0, 0, 1, 2], [10, 10, 11, 12]]),
        ],
    )
    def test_offsets(self, mode, image_size, job, expected):
        y, x = np.mgrid[: image_size[1], : image_size[0]]
        m = ((10 * y + x) / 100).astype(np.float32)
        out = geometry.follow(m, mode, image_size, *job)
        np.testing.assert_allclose(out * 100, expected, atol=1e-5)

    def test_a_map_of_another_size_is_brought_to_the_image_first(self):
        m = np.random.default_rng(0).random((10, 14), np.float32)
        direct = geometry.follow(geometry.resize(m, 50, 30), 1, (50, 30), 40, 40)
        np.testing.assert_array_equal(geometry.follow(m, 1, (50, 30), 40, 40), direct)

    def test_nothing_to_do(self):
        m = np.random.default_rng(0).random((16, 24), np.float32)
        for mode in (0, 1, 2, 3):
            np.testing.assert_array_equal(geometry.follow(m, mode, (24, 16), 24, 16), m)

    @pytest.mark.parametrize("mode", [-1, 4, None, "1"])
    def test_bad_mode(self, mode):
        with pytest.raises(FieldError) as caught:
            geometry.follow(np.zeros((4, 4), np.float32), mode, (4, 4), 8, 8)
        assert caught.value.field == "resize_mode"


def test_a_rest_of_less_than_a_cell_is_left_out():
    """200x133 pixels are 25x16 cells of 8: the lowest five rows are not in the latent."""
    m = np.zeros((133, 200), np.float32)
    m[64:] = 1
    got = geometry.cells(m, 16, 25)
    assert (got[:8] == 0).all() and (got[8:] == 1).all()
    m[128:] = 0  # what the latent does not hold does not count
    assert (geometry.cells(m, 16, 25) == got).all()
    assert (geometry.cells(m, 133, 200) == m).all()
