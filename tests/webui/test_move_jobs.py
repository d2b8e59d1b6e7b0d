"""Jobs on a coarse picture, on each of the four stand-in hosts."""

import numpy as np
import pytest
from kind_runs import api, png
from PIL import Image

from diffdiff.edit.coarse import coarse_of
from diffdiff.errors import FieldError
from diffdiff.settings.schema import parse

SIZE = (192, 128)
MOVE = {"move": [{"region": [16, 16, 64, 64], "by": [96, 40], "keep": 0, "ring": 16}]}


def source(kind, edit):
    job = kind.job(edit, width=SIZE[0], height=SIZE[1])
    return np.asarray(job.init_images[0].convert("RGB"))


def test_what_is_kept_is_the_coarse_picture(kind):
    done = kind.run(MOVE, width=SIZE[0], height=SIZE[1])
    coarse = coarse_of(source(kind, MOVE), parse(MOVE))
    after, kept = np.asarray(done.images[0].convert("RGB")), coarse.map == 0
    np.testing.assert_array_equal(after[kept], coarse.picture[kept])
    np.testing.assert_array_equal(after[70:90, 130:150], source(kind, MOVE)[30:50, 34:54])
    assert "DD moves: 1" in done.infotexts[0] and "region" not in done.infotexts[0]


def test_the_job_gets_its_own_picture_and_size_back(kind):
    p = kind.job({"outpaint": {"right": 96}}, width=SIZE[0], height=SIZE[1])
    picture = p.init_images[0]
    done = api(p)
    assert done.images[0].size == (SIZE[0] + 96, SIZE[1])
    assert p.init_images == [picture] and (p.width, p.height) == SIZE
    assert "DD outpaint:" in done.infotexts[0]


def test_a_painted_map_joins(kind):
    painted = np.zeros(SIZE[::-1])
    painted[100:] = 1
    done = kind.run(MOVE | {"map": png(painted)}, width=SIZE[0], height=SIZE[1])
    before, after = source(kind, MOVE), np.asarray(done.images[0].convert("RGB"))
    assert (after[110:, 10:60] != before[110:, 10:60]).any()


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"move": "10,10,20,20 by 9000,0"}, "move"),
        ({"move": "0,0,999,999 delete"}, "move"),
        ({"outpaint": "up 3"}, "outpaint"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_and_leaves_nothing(kind, edit, field):
    p = kind.job(edit, width=SIZE[0], height=SIZE[1])
    picture = p.init_images[0]
    with pytest.raises(FieldError) as refused:
        api(p)
    assert refused.value.field == field
    assert p.init_images == [picture] and (p.width, p.height) == SIZE


def test_a_sketch_is_the_map(kind):
    before = source(kind, MOVE)
    untouched = before.copy()
    untouched[20:40, 20:60] ^= 0xFF
    edit = {"source": "sketch", "untouched": picture(untouched), "sketch_radius": 0}
    done = kind.run(edit, width=SIZE[0], height=SIZE[1])
    after = np.asarray(done.images[0].convert("RGB"))
    same = (after == before).all(2)
    assert same[64:].all() and not same[24:36, 24:56].all()


def picture(array) -> str:
    import base64
    import io

    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()
