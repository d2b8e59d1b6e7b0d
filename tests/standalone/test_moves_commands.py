"""Moves and new sides through the engine, the command, a batch and the page."""

import json

import numpy as np
import pytest
from PIL import Image

from diffdiff.cli.main import main
from diffdiff.edit.coarse import coarse_of
from diffdiff.page import actions
from diffdiff.settings.schema import parse

SIZE = 64, 48
PICTURE = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
MOVE = "8,8,24,24 by 30,12 keep 0 ring 6 margin 0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PICTURE).save("a.png")
    m = np.zeros(SIZE[::-1], np.uint8)
    m[8:24, 8:24] = 255
    Image.fromarray(m).save("mask.png")
    return tmp_path


def kept_is_exact(path, text=MOVE):
    coarse = coarse_of(PICTURE, parse({"move": text}))
    kept = coarse.map == 0
    after = np.asarray(Image.open(path).convert("RGB"))
    np.testing.assert_array_equal(after[kept], coarse.picture[kept])
    assert (after[coarse.map == 1] != PICTURE[coarse.map == 1]).any()


def test_a_command_moves_by_numbers_and_by_the_file_of_a_mask(engine, folder):
    assert main(["edit", "a.png", "--move", MOVE, "--out", "b.png", "--quiet"]) == 0
    kept_is_exact("b.png")
    text = MOVE.replace("8,8,24,24", "mask.png")
    assert main(["edit", "a.png", "--move", text, "--out", "c.png", "--quiet"]) == 0
    np.testing.assert_array_equal(*(np.asarray(Image.open(n)) for n in ("b.png", "c.png")))
    assert "DD moves: 1" in Image.open("b.png").text["parameters"]


def test_a_command_extends(engine, folder):
    flags = ["--outpaint", "left 16", "--outpaint-edge", "0", "--feather", "0"]
    assert main(["edit", "a.png", *flags, "--out", "w.png", "--quiet"]) == 0
    after = np.asarray(Image.open("w.png").convert("RGB"))
    assert after.shape == (48, 80, 3)
    np.testing.assert_array_equal(after[:, 16:], PICTURE)


def test_a_wrong_move_is_one_line(engine, folder, capsys):
    for text in ("nowhere.png by 1,2", "8,8,24,24 by 900,0", "8,8,24,24"):
        code = main(["edit", "a.png", "--move", text, "--out", "b.png", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert code == (0 if text == "8,8,24,24" else 2)
        if code:
            assert told["error"]["field"] == "move" and told["error"]["remedy"]


def test_a_batch_has_the_columns_and_makes_a_changed_move_again(engine, folder):
    def row(text):
        line = json.dumps({"picture": "a.png", "out": "b.png", "move": text})
        (folder / "jobs.jsonl").write_text(line + "\n")
        assert main(["batch", "jobs.jsonl", "--out", "done", "--quiet"]) == 0
        return json.loads((folder / "done" / "results.jsonl").read_text().splitlines()[-1])

    told = [{"region": [8, 8, 24, 24], "by": [30, 12], "keep": 0, "ring": 6, "margin": 0}]
    assert row(told)["status"] == "done"
    kept_is_exact(folder / "done" / "b.png")
    assert row(told)["status"] == "kept"
    assert row(MOVE.replace("30,12", "31,12"))["status"] == "done"


def test_the_page_runs_on_the_coarse_picture(engine, folder):
    data = (folder / "a.png").read_bytes()
    sent = {"image": data, "map": "", "move": MOVE, "own_size": False}
    done = actions.edit(engine, sent, folder, None)
    kept_is_exact(done.files[0])
    np.testing.assert_array_equal(np.asarray(Image.open(done.before[0])), PICTURE)
    assert actions.look(engine, sent, folder)
