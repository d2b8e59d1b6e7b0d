"""The X/Y/Z plot's axes on a running host."""

import numpy as np
import pytest

from benchmarks.webui import difference, encode
from diffdiff.settings.schema import fields

pytestmark = pytest.mark.host


def axes(webui) -> list[str]:
    """What the plot's X type offers in img2img."""
    scripts = webui.call("/sdapi/v1/script-info")
    plots = [s for s in scripts if s["name"] == "x/y/z plot" and s["is_img2img"]]
    return next(arg["choices"] for arg in plots[0]["args"] if arg["label"] == "X type")


@pytest.fixture
def plot(webui, plotted):
    """The cells of a row, without the grid."""

    def row(edit: dict, label: str, values: str = "", choices: tuple[str, ...] = ()) -> list:
        axis = f"[Differential Diffusion] {label}", values, choices
        pictures, _ = webui.img2img(edit, **plotted(axis))
        return pictures[1:]

    return row


def test_every_number_and_choice_is_an_axis_once(webui, plain):
    ours = [a for a in axes(webui) if a.startswith("[Differential Diffusion] ")]
    for info in fields().values():
        if info["low"] is not None or len(info["choices"] or ()) > 1:
            assert f"[Differential Diffusion] {info['title']}" in ours
    assert len(ours) == len(set(ours))


@pytest.mark.parametrize(
    ("label", "field", "values"),
    [
        ("Gamma", "gamma", (0.5, 2)),
        ("Soften radius", "soften_radius", (0, 24)),
        ("Number of strengths", "fan_count", (2, 3)),
    ],
)
def test_the_plot_runs_over_a_number(webui, plain, plot, tolerance, label, field, values):
    ramp = np.tile(np.linspace(0, 255, webui.size).astype(np.uint8), (webui.size, 1))
    edit = {"map": encode(ramp), **({"mode": "fan"} if field == "fan_count" else {})}
    cells = plot(edit, label, ", ".join(map(str, values)))
    assert len(cells) == 2 and difference(*cells)[1] > tolerance
    for cell, value in zip(cells, values):
        assert difference(cell, webui.picture({**edit, field: value}))[1] <= tolerance


def test_the_plot_runs_over_a_choice(webui, plain, plot, tolerance):
    edit = {"map": webui.constant(153)}
    cells = plot(edit, "Scale", choices=("relative", "absolute"))
    for cell, scale in zip(cells, ("relative", "absolute")):
        assert difference(cell, webui.picture({**edit, "scale": scale}))[1] <= tolerance
    off, on = plot(edit, "Enable", choices=("False", "True"))
    assert difference(off, plain)[1] <= tolerance
    assert difference(on, cells[0])[1] <= tolerance


@pytest.mark.parametrize(
    ("edit", "field", "values", "choices"),
    [
        ({"source": "words", "words": "house 1, sky 0"}, "words_level", "0.1, 0.8", ()),
        ({"source": "words", "words": "house 1, sky 0"}, "words_edges", "", ("True", "False")),
        ({"source": "click", "points": "50%,50%"}, "points_level", "0.1, 0.8", ()),
        ({"source": "click", "points": "50%,50%"}, "points_edges", "", ("True", "False")),
    ],
)
def test_the_plot_runs_over_words_and_points(
    webui, plain, plot, tolerance, edit, field, values, choices
):
    cells = plot(edit, fields()[field]["title"], values, choices)
    own = [float(v) for v in values.split(",")] if values else [c == "True" for c in choices]
    assert len(cells) == 2 and difference(*cells)[1] > tolerance
    for cell, value in zip(cells, own):
        assert difference(cell, webui.picture({**edit, field: value}))[1] <= tolerance
