"""`diffdiff batch` where rows fail: what is told, what is tried again, and what stays."""

import json
from pathlib import Path

import pytest
from batch_folder import batch, pictures, results, statuses, three_rows, write

from diffdiff.cli.main import main

folder = pytest.fixture(three_rows)


def test_bad_rows_are_told_and_the_rest_goes_on(folder, engine, capsys):
    Path("notes.png").write_text("no picture")
    write(
        "no.png,map.png,,",
        "a.png,no.png,,",
        "a.png,,,",
        "notes.png,map.png,,",
        "b.png,map.png,,x",
        ",map.png,,",
        "c.png,map.png,a lake,1",
    )
    assert main(["batch", "jobs.csv", "--out", "done"]) == 4
    told = capsys.readouterr().err
    assert "failed: jobs.csv:2: picture: no.png cannot be read (No such file" in told
    assert "1 done, 0 kept, 6 failed" in told
    errors = {n: row["error"] for n, row in results().items()}
    fields = [errors[n] and errors[n]["field"] for n in "2345678"]
    assert fields == ["picture", "map", "map", "picture", "seed", "picture", None]
    assert errors["4"]["remedy"].startswith("Give the column map, or a source: ")
    assert errors["6"]["remedy"] == "Use a number from 0 to 4294967295."
    assert set(pictures()) == {"c.png"}


def test_a_path_that_no_file_can_have_ends_its_row_only(folder, engine):
    rows = [
        {"picture": "a\0.png", "map": "map.png"},
        {"picture": "\ud800.png", "map": "map.png"},
        {"picture": "a.png", "map": "map.png", "out": "x" * 300 + ".png"},
        {"picture": "a.png", "map": "map.png", "out": "\0/a.png"},
        {"picture": "a.png", "map": "map.png"},
    ]
    Path("jobs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["batch", "jobs.jsonl", "--out", "done", "--quiet"]) == 4
    assert statuses() == ["failed"] * 4 + ["done"]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("one.png", "an earlier row writes one.png too"),
        ("./one.png", "an earlier row writes one.png too"),
        ("../out.png", "is not in the folder of the batch"),
        ("/out.png", "is not in the folder of the batch"),
        ("o.jpg", "is not a PNG"),
    ],
)
def test_an_output_that_cannot_be_is_refused(folder, engine, out, said):
    write("a.png,map.png,one.png", f"b.png,map.png,{out}", header="picture,map,out")
    assert batch() == 4
    assert statuses() == ["done", "failed"]
    assert results()["3"]["error"]["field"] == "out" and said in results()["3"]["error"]["problem"]


def test_no_row_overwrites_what_another_reads(folder, engine):
    write("a.png,map.png,b.png", "b.png,map.png,d.png", header="picture,map,out")
    before = Path("b.png").read_bytes()
    assert main(["batch", "jobs.csv", "--out", ".", "--quiet"]) == 4
    assert Path("b.png").read_bytes() == before
    assert not Path("a.png").samefile("b.png") and Path("d.png").exists()


@pytest.mark.parametrize(("retries", "fails", "code"), [(2, 2, 0), (2, 3, 4), (0, 1, 4)])
def test_retries_are_bounded(folder, engine, retries, fails, code):
    write("a.png,map.png,,")
    edit, calls = engine.edit, []

    def shaky(*args):
        calls.append(args)
        if len(calls) <= fails:
            raise RuntimeError("the device is gone")
        return edit(*args)

    engine.edit = shaky
    assert batch("--retries", str(retries)) == code
    assert len(calls) == min(fails, retries) + 1
    if code:
        error = results()["2"]["error"]
        assert error["problem"] == "RuntimeError: the device is gone"
        assert error["remedy"] == "Run the batch again; rows that are done are kept"


def test_a_row_with_a_wrong_value_is_not_tried_again(folder, engine):
    from diffdiff.errors import FieldError

    write("a.png,map.png,,")
    calls = []

    def refuse(*args):
        calls.append(args)
        raise FieldError("scheduler", "it does not fit", "Use another")

    engine.edit = refuse
    assert batch() == 4
    assert len(calls) == 1
    assert results()["2"]["error"]["field"] == "scheduler"


def test_a_full_disk_is_told_and_leaves_nothing_half(folder, engine, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert batch() == 4
    assert statuses() == ["failed"] * 3
    assert "No space left" in results()["2"]["error"]["problem"]
    assert {p.name for p in Path("done").iterdir()} == {"results.jsonl"}


def test_many_failures_are_told_in_short(folder, engine, capsys):
    write(*["no.png,map.png,,"] * 25)
    assert main(["batch", "jobs.csv", "--out", "done"]) == 4
    told = capsys.readouterr().err
    assert told.count("failed: jobs.csv:") == 10
    assert "... and 15 more, see done/results.jsonl" in told
