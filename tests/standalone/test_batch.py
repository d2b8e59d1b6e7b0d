"""`diffdiff batch` on the local engine: what is made, resume, and calls it refuses."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from batch_folder import batch, pictures, results, statuses, three_rows, write
from PIL import Image

from diffdiff.batch.tasks import MARK, finished
from diffdiff.cli.main import main

folder = pytest.fixture(three_rows)


# what is made


def test_rows_are_made_with_their_settings(folder, engine, capsys):
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "2", "--gamma", "2"]) == 0
    told = capsys.readouterr()
    assert told.out == "done/results.jsonl\n"
    assert "3/3" in told.err
    assert "3 done, 0 kept, 0 failed" in told.err
    text = Image.open("done/a.png").text
    assert text["parameters"].startswith("a lake\nSteps: 2, ")
    assert "Seed: 1," in text["parameters"] and "DD gamma: 2" in text["parameters"]
    row = results()["2"]
    assert row == {
        "row": "jobs.csv:2",
        "out": "a.png",
        "status": "done",
        "files": ["a.png"],
        "error": None,
        "seconds": row["seconds"],
        "hash": text[MARK],
    }


def test_a_row_beats_a_flag_and_has_a_seed_of_its_own(folder, engine):
    assert batch() == 0
    own = [json.loads(Image.open(f"done/{n}.png").text["diffdiff"])["seed"] for n in "abc"]
    assert (own[0], own[2]) == (1, 3)
    write("c.png,map.png,,3", "b.png,map.png,a hill,", "a.png,map.png,a lake,1")
    before = pictures()
    assert batch() == 0
    assert statuses() == ["kept"] * 3  # another order changes nothing
    assert batch("--seed", "9") == 0
    assert json.loads(Image.open("done/b.png").text["diffdiff"])["seed"] == 9 != own[1]
    assert [n for n, data in pictures().items() if data != before[n]] == ["b.png"]


def test_several_pictures_of_a_row_are_numbered(folder, engine):
    write("a.png,map.png,x,2,sub/o.png", header="picture,map,prompt,count,out")
    assert batch() == 0
    assert results()["2"]["files"] == ["sub/o-0.png", "sub/o-1.png"]
    assert set(pictures()) == {"o-0.png", "o-1.png"}
    assert batch() == 0 and statuses() == ["kept"]


def test_a_map_can_be_made_from_the_picture(folder, engine):
    write("a.png,luminance", header="picture,source")
    assert batch() == 0
    grey = np.asarray(Image.open("a.png").convert("RGB"), np.float64) @ (0.299, 0.587, 0.114)
    assert engine.seen.change_map.shape == (12, 16)
    assert np.corrcoef(engine.seen.change_map.ravel(), grey.ravel())[0, 1] > 0.9


def test_json_counts(folder, engine, capsys):
    assert batch("--json") == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer == {
        "files": ["done/results.jsonl"],
        "rows": 3,
        "done": 3,
        "kept": 0,
        "failed": 0,
    }
    assert told.err == ""


# resume


def test_finished_rows_are_kept_without_a_model(folder, engine):
    assert batch() == 0
    times = {p: p.stat().st_mtime_ns for p in Path("done").glob("*.png")}
    engine.asked = None
    assert batch() == 0
    assert statuses() == ["kept"] * 3
    assert engine.asked is None  # not even loaded
    assert times == {p: p.stat().st_mtime_ns for p in Path("done").glob("*.png")}


@pytest.mark.parametrize(
    "change",
    [
        lambda: write("a.png,map.png,a lake,1", "b.png,map.png,a dale,", "c.png,map.png,,3"),
        lambda: Image.new("RGB", (16, 12), "red").save("b.png"),
        lambda: Path("done/b.png").unlink(),
        lambda: Path("done/b.png").write_bytes(Path("done/b.png").read_bytes()[:-40]),
        lambda: Path("done/b.png").write_bytes(b"x"),
        lambda: Image.open("done/b.png").save("done/b.png"),  # without its text
    ],
)
def test_a_row_that_changed_or_is_not_whole_is_made_again(folder, engine, change):
    assert batch() == 0
    change()
    assert batch() == 0
    assert statuses() == ["kept", "done", "kept"]
    assert finished(Path("done/b.png"), results()["3"]["hash"])


@pytest.mark.parametrize("change", [["--steps", "3"], ["--dtype", "float16"], ["--invert"]])
def test_settings_of_all_rows_count_too(folder, engine, change):
    assert batch() == 0 and batch(*change) == 0
    assert statuses() == ["done"] * 3


def test_a_model_is_known_by_its_content(folder, engine):
    Path("model").mkdir()
    weights = Path("model/weights.safetensors")
    weights.write_bytes(bytes(6_000_000))
    assert batch("--model", "model") == 0
    assert batch("--model", "model") == 0 and statuses() == ["kept"] * 3
    weights.write_bytes(bytes(3_000_000) + bytes([1]) * 3_000_000)
    assert batch("--model", "model") == 0 and statuses() == ["done"] * 3


def test_an_interrupted_batch_goes_on(folder, engine, capsys):
    edit, calls = engine.edit, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return edit(*args)

    engine.edit = interrupted
    assert batch() == 130
    assert set(pictures()) == {"a.png"}
    assert batch() == 0
    assert statuses() == ["kept", "done", "done"]


# calls that cannot be used


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no.csv", "--out", "done"], "jobs: no.csv cannot be read (No such file"),
        (["jobs.csv"], "out: there is no folder to write to. Give --out"),
        (["jobs.csv", "--out", "a.png"], "out: the folder a.png cannot be made"),
        ([".", "--out", "."], "out: it is the folder of the pictures"),
        (["jobs.csv", "--out", "done", "--steps", "0"], "steps: 0 is not allowed"),
        (["jobs.csv", "--out", "done", "--retries", "-1"], "retries: -1 is not usable"),
        (["jobs.csv", "--out", "done", "--threads", "0"], "threads: 0 is not usable"),
        (
            ["jobs.csv", "--out", "done", "--workers", "2"],
            "workers: it only applies to --engine ray",
        ),
        (
            ["jobs.csv", "--out", "done", "--address", "auto"],
            "address: it only applies to --engine ray",
        ),
        (["jobs.csv", "--out", "done", "--engine", "dask"], "engine: invalid choice"),
    ],
)
def test_a_call_that_cannot_be_used_is_refused_before_anything_runs(
    folder, engine, capsys, argv, said
):
    assert main(["batch", *argv]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith(f"error: {said}")
    assert not Path("done").exists()


def test_without_ray_the_message_says_how_to_install_it(folder, engine, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert batch("--engine", "ray") == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ray: it is required and not installed. Run: pip install")
    assert 'ray[client]"' in told


def test_ray_is_not_imported_unless_asked_for(folder, engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert batch() == 0
