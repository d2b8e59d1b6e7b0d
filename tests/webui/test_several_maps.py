"""Several maps in one job, and hints on jobs that did not do what was meant."""

import importlib
import sys

import numpy as np
import pytest
from kind_runs import api, columns, flat, new, page

from diffdiff.images.read import decode

MAPS = [columns(0, 1), columns(1, 0), flat(0.5)]


def notes(processed):
    return processed.extra_generation_params.get("DD note", "")


def test_each_picture_of_a_batch_has_its_own_map_and_fingerprint(kind):
    if kind.rank == 5:
        pytest.skip("a batch is one video there")
    travelling = importlib.import_module("diffdiff.webui.png_metadata")
    travelling.known.clear()
    processed = api(kind.job({"map": MAPS}, batch_size=3, n_iter=2))
    marks = []
    for i, (image, text) in enumerate(zip(processed.images, processed.infotexts)):
        mark = text.split("DD map: ")[1].split(",")[0]
        want = decode(MAPS[i % 3])
        assert np.array_equal(decode(travelling.reader({"DD map": mark})), want)
        carried = image.info[travelling.CHUNK]
        assert np.array_equal(
            importlib.import_module("diffdiff.maps.embedded").unpack(carried), want
        )
        marks.append(mark)
    assert len(set(marks)) == 3 and marks[:3] == marks[3:]


def test_one_map_of_a_batch_is_one_fingerprint(kind):
    if kind.rank == 5:
        pytest.skip("a batch is one video there")
    processed = api(kind.job({"map": MAPS[0]}, batch_size=2))
    first, second = (text.split("DD map: ")[1].split(",")[0] for text in processed.infotexts)
    assert first == second == processed.extra_generation_params["DD map"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"map": flat(0)}, "Nothing changed: the map is black everywhere"),
        ({"map": flat(1 / 255)}, "Little changed: the map's largest value is 1 of 255"),
        ({"map": flat(4095 / 65535)}, "It seems to have 12 bits or fewer in a file of 16"),
        ({"map": flat(1), "invert": True}, "invert turns it black"),
        ({"map": columns(0, 1, size=(64, 64))}, "64x64 pixels and another shape than the picture"),
    ],
)
def test_a_job_that_did_not_do_what_was_meant_says_so(kind, edit, words):
    assert words in notes(api(kind.job(edit)))
    _, told = page(kind.job(edit))
    assert words in told


def test_ordinary_jobs_say_nothing(kind):
    for edit in ({"map": columns(0, 1)}, {"map": flat(0.3)}, {"map": columns(0, 1, size=(32, 24))}):
        assert "DD note" not in api(kind.job(edit)).extra_generation_params


def test_a_map_that_was_sent_in_vain_is_told_over_the_api(kind):
    edit = {"map": columns(0, 1), "source": "luminance"}
    assert "The map that was sent is not used: source is luminance" in notes(api(kind.job(edit)))
    _, told = page(kind.job(edit))
    assert "not used" not in told  # there the painter says it, and always sends its map
    layers = {"layers": [{"source": "painted"}, {"source": "luminance"}]}
    edit = {"map": columns(0, 1), "source": "layers", "layers": layers}
    assert "not used" not in notes(api(kind.job(edit)))


def test_the_cost_of_a_map_is_that_of_its_own_request(start, monkeypatch):
    from kinds import KINDS

    kind = start(KINDS["a1111"])
    job = sys.modules["diffdiff.webui.diffedit_job"]
    from diffdiff.settings.sources import DiffEditArgs

    picture = new(kind).init_images[0]
    asked = job.DiffEditQuery(picture, "a", "b", 64, 48)
    assert [job.found(asked, DiffEditArgs(diffedit_noises=3)).calls for _ in range(2)] == [6, 0]
    assert not hasattr(job, "calls")
