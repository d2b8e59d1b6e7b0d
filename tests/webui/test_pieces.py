"""Scripts that work on a picture in parts, on each of the four hosts: each part gets its own piece
of the map."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from kind_runs import api, columns, flat, page
from PIL import Image
from scripts_in_pieces import TILE, Again, Arrays, Grid, Noised, Outwards, Redraw, Upscaler, along

from diffdiff.errors import FieldError


@pytest.fixture(autouse=True)
def followed(kind):
    """What the extension does when a host loads it."""
    from diffdiff.webui import host_scripts, pieces

    script = sys.modules["diffdiff.webui.script"].DifferentialDiffusion
    stop = host_scripts.around_runs(
        lambda runner, p, values: pieces.followed(p, host_scripts.values_of(runner, script, values))
    )
    scaler = Upscaler()
    sys.modules["modules.shared"].sd_upscalers = [SimpleNamespace(scaler=scaler)]
    yield scaler
    stop()
    assert "paste" in vars(Image.Image) and Image.Image.paste.__module__ == "PIL.Image"
    assert not vars(scaler)


def array(processed):
    return np.asarray(processed.images[0])


TILED = {
    "tiles": lambda scaler: Grid(),
    "tiles, an upscaler of arrays": lambda scaler: Grid(scaler),
    "tiles in batches": lambda scaler: Grid(batch=2),
    "redrawn": lambda scaler: Redraw(),
}
tiled = pytest.mark.parametrize("make", TILED.values(), ids=TILED)


@tiled
def test_white_is_the_plain_script(kind, followed, make):
    plain = kind.run(own_script=make(followed))
    white = kind.run({"map": flat(1)}, own_script=make(followed))
    np.testing.assert_array_equal(array(white), array(plain))


@tiled
def test_black_is_the_enlarged_picture(kind, followed, make):
    kind.model.core.batches.clear()
    black = kind.run({"map": flat(0)}, own_script=make(followed))
    np.testing.assert_array_equal(array(black), np.asarray(black.enlarged))
    assert kind.model.core.batches == [], "nothing was asked of the model"


@tiled
def test_a_constant_is_the_plain_script_at_that_strength(kind, followed, make):
    plain = kind.run(own_script=make(followed), denoising_strength=0.5)
    same = kind.run(
        {"map": flat(0.5), "scale": "absolute"}, own_script=make(followed), denoising_strength=1.0
    )
    assert abs(array(same).astype(int) - array(plain)).max() <= 1


@tiled
def test_the_kept_half_is_exact_across_tiles(kind, followed, make):
    half = kind.run({"map": columns(0, 1)}, own_script=make(followed))
    before, after = np.asarray(half.enlarged).astype(int), array(half)
    kept = before.shape[1] // 2 - 1  # the border itself lies between two pixels
    assert (after[:, :kept] == before[:, :kept]).all()
    changed = (after != before).any(2)
    assert changed[:, kept + 8 :].mean() > 0.9


def test_softening_is_that_of_the_whole_picture(kind, followed):
    """Not of each tile, whose borders it would show."""
    from diffdiff.webui import pieces

    found = []
    plain = pieces.maps
    pieces.maps = lambda *args: found.append(plain(*args)) or found[-1]
    try:
        kind.run({"map": columns(0, 1), "soften_radius": 8}, own_script=Grid())
    finally:
        pieces.maps = plain
    for left, right in zip(along(128, TILE[0]), along(128, TILE[0])[1:]):
        assert right - left < TILE[0]
    first, second = found[0][0], found[1][0]
    shift = along(128, TILE[0])[1]
    np.testing.assert_array_equal(first[:, shift:], second[:, : TILE[0] - shift])


def test_transparency_is_laid_on_the_hosts_color(kind, followed):
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.integers(0, 256, (48, 64, 4)).astype(np.uint8), "RGBA")
    black = kind.run({"map": flat(0)}, own_script=Grid(), init_images=[picture])
    np.testing.assert_array_equal(array(black), np.asarray(black.enlarged))


def test_new_area_is_white(kind, followed):
    script = Outwards()
    processed = kind.run({"map": flat(0)}, own_script=script)
    canvas = np.asarray(processed.canvas)
    (_, inside), (left, beyond) = script.pieces
    np.testing.assert_array_equal(np.asarray(inside), canvas[:, :64])
    old = 64 - left
    piece, want = np.asarray(beyond), canvas[:, left:]
    assert (piece[:, : max(old - 16, 0)] == want[:, : max(old - 16, 0)]).all()
    assert (piece[:, old:] != want[:, old:]).any(2).mean() > 0.9


def test_noise_in_an_array_is_new_area(kind, followed):
    """Beside it the map counts: the script's own mask reaches into the old picture."""
    made = {}
    for name, edit in {"black": flat(0), "white": flat(1)}.items():
        made[name] = kind.run({"map": edit}, own_script=Noised())
    old = 64 - Noised.more
    for processed in made.values():
        given, found = np.asarray(processed.given), array(processed)[:, -64:]
        assert (found[:, : old - Noised.rim] == given[:, : old - Noised.rim]).all()
        assert (found[:, old:] != given[:, old:]).any(2).mean() > 0.9
    far = slice(old - Noised.rim, old - 16)  # masked, and beyond the edge next to the new area
    for name, processed in made.items():
        same = (array(processed)[:, -64:][:, far] == np.asarray(processed.given)[:, far]).all(2)
        assert same.all() if name == "black" else same.mean() < 0.1


def test_what_has_lost_its_place_is_refused(kind, followed):
    with pytest.raises(FieldError) as refused:
        kind.run({"map": columns(0, 1)}, own_script=Arrays())
    assert refused.value.field == "script" and "My script passes on" in str(refused.value)
    assert page(kind.job({"map": columns(0, 1)}, own_script=Arrays()))[0] == []
    assert kind.run(own_script=Arrays()).images, "it works without ours"
    off = kind.run({"enabled": False, "map": columns(0, 1)}, own_script=Arrays())
    np.testing.assert_array_equal(array(off), array(kind.run(own_script=Arrays())))


@pytest.fixture
def rounded(kind, monkeypatch):
    """A host that works in multiples of 64, as Forge Neo does."""
    to_64 = lambda side: max((side + 32) // 64 * 64, 64)  # noqa: E731
    monkeypatch.setattr(
        kind.model, "fix_dimensions", lambda w, h: (to_64(w), to_64(h)), raising=False
    )


def test_tiles_that_the_host_rounds_are_refused(kind, followed, rounded):
    """The script would put what was made at 64x64 into the places of tiles of 48x32."""
    with pytest.raises(FieldError) as refused:
        kind.run({"map": columns(0, 1)}, own_script=Grid())
    assert refused.value.field == "width"
    assert "tiles of 48x32" in str(refused.value) and "at 64x64" in str(refused.value)


def test_a_host_that_rounds_serves_what_fits(kind, followed, rounded):
    """Masked tiles are fitted by the host itself, and whole pictures are not put together."""
    black = kind.run({"map": flat(0)}, own_script=Redraw())
    np.testing.assert_array_equal(array(black), np.asarray(black.enlarged))
    assert kind.run({"map": columns(0, 1)}, width=48).images


def test_a_whole_picture_is_edited_as_ever(kind, followed):
    edit = {"map": columns(0, 1), "soften_radius": 4}
    first = kind.run(edit)
    p = kind.job(edit)
    p.init_images = [first.images[0]]
    want = api(p)
    again = kind.run(edit, own_script=Again())
    if not kind.flow:
        np.testing.assert_array_equal(array(again), array(want))
    assert (array(again)[:, :16] == np.asarray(kind.job(edit).init_images[0])[:, :16]).all()


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"mode": "fan"}, "mode"),
        ({"mode": "sheet"}, "mode"),
        ({"mode": "soft inpaint", "map": flat(1)}, "mode"),
        ({"map": [flat(1), flat(0)]}, "map"),
    ],
)
def test_what_cannot_be_had_in_parts_is_said(kind, followed, edit, field):
    with pytest.raises(FieldError) as refused:
        kind.run(edit, own_script=Grid())
    assert refused.value.field == field


def test_a_source_is_read_once_off_the_whole(kind, followed, monkeypatch):
    from diffdiff.webui import automap

    seen = []
    plain = automap.of_picture

    def of_picture(image, *args, **named):
        seen.append(image.size)
        return plain(image, *args, **named)

    monkeypatch.setattr(automap, "of_picture", of_picture)
    made = kind.run({"source": "point"}, own_script=Grid())
    assert seen == [(64, 48)] and made.images


def test_a_map_is_shaped_once_for_all_tiles(kind, followed, monkeypatch):
    from diffdiff.webui import pieces

    sizes, plain = [], pieces.shape_for
    monkeypatch.setattr(
        pieces, "shape_for", lambda m, *rest: sizes.append(m.shape) or plain(m, *rest)
    )
    kind.run({"map": columns(0, 1), "soften_radius": 4}, own_script=Grid())
    assert sizes == [(48, 64)]
