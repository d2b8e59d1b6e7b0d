"""Points and boxes, and the region that inner features make of them."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.maps import click
from diffdiff.settings.click import Clicks, Point, parse_points

SIZE = (200, 100)


def test_points_and_a_box_are_read():
    found = parse_points("120,80; 25%, 40% ;-40,30\nbox 10,10%,90,80", SIZE)
    assert found.points == (Point(120, 80), Point(50, 40), Point(40, 30, False))
    assert found.box == (10, 10, 90, 80)
    assert parse_points("+0,0; - 100%,100%", SIZE).points == (Point(0, 0), Point(200, 100, False))
    assert parse_points("Box 0,0,100%,100%", SIZE) == Clicks((), (0, 0, 200, 100))
    assert parse_points("120,80").points == (Point(120, 80),)
    assert parse_points("1,2", SIZE).scaled(2, 3) == Clicks((Point(2, 6),))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "there are none"),
        (" ; ", "there are none"),
        ("120", "'120' is not a point or a box"),
        ("10,10; house", "'house'"),
        ("1,2,3", "'1,2,3'"),
        ("nan,3", "'nan,3'"),
        ("1e9,3", "'1e9,3'"),
        ("--1,3", "'--1,3'"),
        ("1,-3", "'1,-3'"),
        ("201,50", "'201,50' lies outside of the image, which has 200x100 pixels"),
        ("10,10; -20,101", "'-20,101' lies outside"),
        ("10,10; 20%,101%", "'20%,101%' lies outside"),
        ("-10,10; -20,20", "all of them have a minus"),
        ("box 10,10,20", "'box 10,10,20' is not"),
        ("box 10,10,10,20", "is empty"),
        ("box 30,10,20,20", "is empty"),
        ("box 0,0,300,20", "lies outside"),
        ("box 0,0,1,1; box 0,0,2,2", "'box 0,0,2,2' is a second box"),
        ("1,1;" * 65, "there are 65 points"),
        ("9" * 400 + ",5", "lies outside"),
    ],
)
def test_an_entry_that_is_wrong_is_named(text, part):
    with pytest.raises(FieldError, match="points") as caught:
        parse_points(text, SIZE)
    assert part in caught.value.problem


def test_what_is_wrong_in_any_picture_is_wrong_without_one():
    for text in ("", "house", "-1,1", "120%,3", "1,1;" * 65, "9" * 400 + ",5"):
        with pytest.raises(FieldError, match="points"):
            parse_points(text)


@given(
    st.lists(st.tuples(st.floats(0, 199), st.floats(0, 99), st.booleans()), min_size=1, max_size=9)
)
def test_points_survive_their_text(rows):
    rows = [(round(x, 3), round(y, 3), inside) for x, y, inside in rows]
    rows[0] = (*rows[0][:2], True)
    text = "; ".join(f"{'' if inside else '-'}{x:.3f},{y:.3f}" for x, y, inside in rows)
    assert parse_points(text, SIZE).points == tuple(Point(*row) for row in rows)


def scene(size=64, cells=8):
    """Three upright stripes: features and colors of each, noise in both; where the first is."""
    rng = np.random.default_rng(0)
    own = rng.normal(size=(3, 24))
    kind = np.zeros((size, size), int)
    kind[:, size // 2 - 3 :], kind[:, size * 3 // 4 :] = 1, 2
    colors = np.array([(190, 60, 40), (40, 90, 180), (60, 170, 70)])[kind]
    picture = np.clip(colors + rng.normal(0, 4, colors.shape), 0, 255).astype(np.uint8)
    middles = kind[size // cells // 2 :: size // cells, size // cells // 2 :: size // cells]
    features = own[middles].transpose(2, 0, 1) + rng.normal(0, 0.05, (24, cells, cells))
    return click.unit(torch.tensor(features)), picture, kind


def test_a_click_finds_its_stripe_to_the_pixel():
    found, picture, kind = scene()
    for i, x in enumerate((12, 38, 58)):
        m = click.region(found, Clicks((Point(x, 30), Point((x + 32) % 64, 10, False))), picture)
        assert m.dtype == np.float32 and m.shape == (64, 64)
        assert m.min() == 0 and m.max() == 1
        assert ((m > 0.5) == (kind == i)).mean() > 0.97, i
        assert m[30, x] > 0.9
    coarse = click.region(found, Clicks((Point(12, 30),)), picture, edges=False)
    assert 0.8 < ((coarse > 0.5) == (kind == 0)).mean()


def test_a_click_at_the_edge_of_a_thing_is_on_that_thing():
    found, picture, kind = scene()
    inner = Clicks((Point(12, 30), Point(58, 30, False), Point(38, 30, False)))
    edge = Clicks((*inner.points, Point(28.2, 12)))
    m = click.region(found, edge, picture)
    assert kind[12, 28] == 0 and kind[12, 29] == 1
    assert ((m > 0.5) == (kind == 0)).mean() > 0.95


@pytest.mark.parametrize("inside", [True, False])
def test_a_click_at_the_border_of_what_was_found_corrects_the_border_only(inside):
    found, picture, kind = scene()
    first = (Point(12, 30), Point(58, 30, False), Point(38, 30, False))
    before = click.region(found, Clicks(first), picture)
    beyond = Point(29.5, 12) if inside else Point(28.5, 12, False)  # on the other side's color
    m = click.region(found, Clicks((*first, beyond)), picture)
    x, y = int(beyond.x), int(beyond.y)
    assert kind[y, x] == int(inside)
    assert (m[y, x] > 0.5) == inside != (before[y, x] > 0.5)
    away = np.hypot(*(np.indices(kind.shape) - np.array([y, x])[:, None, None])) > 4
    np.testing.assert_array_equal(m[away], before[away])


def test_a_scene_answers_as_one_that_is_asked_once():
    found, picture, _ = scene()
    own = click.Scene(found, picture)
    for clicks in (
        Clicks((Point(12, 30),)),
        Clicks((Point(12, 30), Point(38, 30, False))),
        Clicks((), (24, 0, 54, 64)),
        Clicks((Point(12, 30),)),
    ):
        for edges in (True, False):
            wanted = click.region(found, clicks, picture, edges)
            np.testing.assert_array_equal(own.region(clicks, edges), wanted)


def test_a_region_has_levels_that_a_page_can_get():
    found, picture, _ = scene()
    picture = cv2.blur(picture, (15, 15))
    for clicks in (Clicks((Point(12, 30),)), Clicks((), (24, 0, 54, 64))):
        m = click.region(found, clicks, picture)
        levels = np.rint(m * click.LEVELS)
        assert len(np.unique(levels)) > 9
        np.testing.assert_array_equal(m, (levels / click.LEVELS).astype(np.float32))


def test_a_click_more_costs_one_point(monkeypatch):
    found, picture, _ = scene()
    own = click.Scene(found, picture)
    taken = []
    plain = click._Sides.with_click
    monkeypatch.setattr(click._Sides, "with_click", lambda s, p: taken.append(p) or plain(s, p))
    points = Point(58, 30, False), Point(12, 30), Point(38, 9)
    own.region(Clicks(points[:2]))
    assert taken == [points[1], points[0]], "one inside first"
    own.region(Clicks(points))
    own.region(Clicks(points), edges=False)
    own.region(Clicks(points[:2]))
    assert taken[2:] == [points[2]]
    own.region(Clicks(points, (0, 0, 60, 60)))
    assert len(taken) == 6, "a box is another beginning"


def test_a_click_more_takes_in_and_one_outside_leaves_out():
    found, picture, kind = scene()
    one = Clicks((Point(12, 30), Point(58, 30, False)))
    both = Clicks((*one.points, Point(38, 30)))
    m = click.region(found, both, picture)
    assert ((m > 0.5) == (kind < 2)).mean() > 0.95
    without = Clicks((*both.points[:2], Point(38, 30, False)))
    m = click.region(found, without, picture)
    assert m[kind == 1].mean() < 0.1 < 0.9 < m[kind == 0].mean()


def test_a_box_holds_what_differs_from_around_it():
    found, picture, kind = scene()
    m = click.region(found, Clicks((), (24, 0, 54, 64)), picture)
    inside = np.zeros_like(kind, bool)
    inside[:, 24:54] = True
    assert not m[~inside].any()
    assert m[(kind == 1) & inside].mean() > 0.7 > 0.4 > m[(kind == 0) & inside].mean()
    whole = click.region(found, Clicks((Point(12, 30),), (0, 0, 64, 64)), picture)
    assert ((whole > 0.5) == (kind == 0)).mean() > 0.9
    with pytest.raises(FieldError, match="points: the box leaves nothing around it"):
        click.region(found, Clicks((), (0, 0, 64, 64)), picture)
    with pytest.raises(FieldError, match="points: the model sees nothing there"):
        click.region(found, Clicks((), (20.2, 30.2, 20.4, 30.4)), picture)


def test_a_large_picture_gives_the_same_region():
    found, picture, kind = scene()
    large = np.repeat(np.repeat(picture, 16, 0), 16, 1)
    points = Clicks((Point(12, 30), Point(58, 30, False)))
    m = click.region(found, points.scaled(16, 16), large)
    assert m.shape == (1024, 1024)
    assert ((m[8::16, 8::16] > 0.5) == (kind == 0)).mean() > 0.95


@given(st.floats(0, 64), st.floats(0, 64), st.booleans())
def test_any_point_of_the_picture_is_in_its_region(x, y, edges):
    found, picture, _ = scene()
    m = click.region(found, Clicks((Point(x, y),)), picture, edges)
    assert np.isfinite(m).all() and m.min() >= 0 and m.max() <= 1
    assert m[min(int(y), 63), min(int(x), 63)] > 0.5


def test_the_same_points_give_the_same_region_in_any_order():
    found, picture, _ = scene()
    points = (Point(12, 30), Point(38, 9), Point(58, 30, False))
    m = click.region(found, Clicks(points), picture)
    assert np.array_equal(m, click.region(found, Clicks(points[::-1]), picture))


def test_loud_channels_do_not_decide():
    found, picture, kind = scene()
    loud = torch.tensor(found)
    loud = torch.cat([loud * torch.arange(1, 25)[:, None, None] ** 4, torch.full((1, 8, 8), 1e4)])
    m = click.region(click.unit(loud), Clicks((Point(12, 30),)), picture)
    assert ((m > 0.5) == (kind == 0)).mean() > 0.9


def test_features_that_say_nothing_are_refused():
    with pytest.raises(FieldError, match="model: its inner features are not finite"):
        click.unit(torch.full((3, 4, 4), float("nan")))
    with pytest.raises(FieldError, match="model: its inner features are the same everywhere"):
        click.unit(torch.ones(3, 4, 4))


def test_an_empty_region_is_refused():
    found, picture, _ = scene()
    points = Clicks((Point(12, 30), Point(12, 30, False)))
    with pytest.raises(FieldError, match="points: the model sees nothing there"):
        click.region(found, points, picture)
