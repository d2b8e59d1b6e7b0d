"""Rows of a batch: every kind of file, and what is said of a bad row."""

import json
import tracemalloc

import pytest
from PIL import Image

from diffdiff.batch.rows import COLUMNS, rows
from diffdiff.errors import FieldError


def read(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return list(rows(path))


def test_a_table_becomes_rows(tmp_path):
    text = 'picture,map,prompt,steps\na.png,b.png,"a lake, at\nnight",4\n\nc.png,,,\n'
    one, two = read(tmp_path / "jobs.csv", text)
    assert one.where == "jobs.csv:2"
    expected = {"picture": "a.png", "map": "b.png", "prompt": "a lake, at\nnight", "steps": "4"}
    assert one.given == expected
    assert (two.where, two.given) == ("jobs.csv:5", {"picture": "c.png"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(tmp_path, delimiter):
    lines = [delimiter.join(("picture", "prompt")), delimiter.join(("a.png", "täglich"))]
    (row,) = read(tmp_path / "jobs.csv", "\r\n".join(lines) + "\r\n", "utf-8-sig")
    assert row.given == {"picture": "a.png", "prompt": "täglich"}


def test_json_lines_become_rows(tmp_path):
    lines = [{"picture": "a.png", "seed": 7, "invert": True, "prompt": None}, {"picture": "b.png"}]
    text = "\n".join(map(json.dumps, lines)) + "\n\n"
    one, two = read(tmp_path / "jobs.jsonl", text)
    assert one.given == {"picture": "a.png", "seed": 7, "invert": True}
    assert (two.where, two.given) == ("jobs.jsonl:2", {"picture": "b.png"})


def test_a_folder_becomes_rows(tmp_path):
    for name in ("a.png", "a.map.png", "b.jpg", "b.map.png", "c.png"):
        Image.new("RGB", (2, 2)).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("a winter night\n")
    (tmp_path / "b.json").write_text('{"prompt": "a lake", "steps": 3}')
    (tmp_path / "notes.md").write_text("no picture")
    found = {row.where: row.given for row in rows(tmp_path)}
    assert found == {
        "a.png": {"picture": "a.png", "map": "a.map.png", "prompt": "a winter night"},
        "b.jpg": {"picture": "b.jpg", "map": "b.map.png", "prompt": "a lake", "steps": 3},
        "c.png": {"picture": "c.png"},
    }


def test_what_a_folder_says_twice_or_in_vain_is_told(tmp_path):
    for name in ("a.png", "a.map.png", "b.png", "lost.map.png"):
        Image.new("RGB", (2, 2)).save(tmp_path / name)
    (tmp_path / "a.json").write_text('{"map": "other.png"}')
    (tmp_path / "b.json").write_text('{"prompt": "one"}')
    (tmp_path / "b.txt").write_text("another")
    found = {row.where: str(row.error) for row in rows(tmp_path)}
    assert "map: a.json gives it a second time" in found["a.png"]
    assert "prompt: b.txt gives it a second time" in found["b.png"]
    assert "there is no picture lost.png beside lost.map.png" in found["lost.map.png"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "row: it is not JSON"),
        ("[1]", "row: it is a JSON list"),
        ('{"picture": "a.png", "promt": "x"}', "promt: there is no such column"),
        ('{"picture": 3}', "picture: 3 is not a path. Use text"),
    ],
)
def test_a_bad_line_is_a_row_with_an_error_and_the_rest_goes_on(tmp_path, line, said):
    bad, good = read(tmp_path / "jobs.jsonl", f'{line}\n{{"picture": "b.png"}}\n')
    assert bad.where == "jobs.jsonl:1"
    assert str(bad.error).startswith(said)
    assert good.error is None


def test_a_bad_table_row_is_a_row_with_an_error_and_the_rest_goes_on(tmp_path):
    text = 'picture,prompt\na.png,a lake, at night\nb.png,"x"y\nc.png,ok\n'
    long, quoted, good = read(tmp_path / "jobs.csv", text)
    assert "it has 3 cells, the header 2. Put a text with ',' in quotes" in str(long.error)
    assert quoted.where == "jobs.csv:3"
    assert "row: it cannot be read" in str(quoted.error)
    assert (good.where, good.error) == ("jobs.csv:4", None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("jobs.csv", "picture,promt\n", "has a column 'promt', which is not known"),
        ("jobs.csv", "picture,map,map\n", "has the column map more than once"),
        ("jobs.csv", "map,prompt\n", "has no column picture"),
        ("jobs.csv", "", "has no column picture"),
        ("jobs.xlsx", "x", "is of no known kind. Name a .csv"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(tmp_path, name, text, said):
    with pytest.raises(FieldError, match=r"^jobs: ") as told:
        read(tmp_path / name, text)
    assert said in str(told.value)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path):
    with pytest.raises(FieldError, match=r"jobs: .*no\.csv cannot be read \(No such file"):
        list(rows(tmp_path / "no.csv"))
    (tmp_path / "jobs.jsonl").write_bytes(b'{"picture": "\xff"}')
    with pytest.raises(FieldError, match=r"is not UTF-8 text\. Save it as UTF-8"):
        list(rows(tmp_path / "jobs.jsonl"))


@pytest.mark.parametrize("name", ["jobs.csv", "jobs.jsonl"])
def test_a_long_file_is_not_held(tmp_path, name):
    line = "{}.png\n" if name == "jobs.csv" else '{{"picture": "{}.png"}}\n'
    with (tmp_path / name).open("w") as file:
        file.write("picture\n" if name == "jobs.csv" else "")
        file.writelines(line.format(i) for i in range(20_000))
    tracemalloc.start()
    count = sum(1 for _ in rows(tmp_path / name))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 500_000  # bytes; 20,000 rows are ten times that


def test_no_column_is_one_that_only_a_webui_has():
    assert {"picture", "map", "out", "prompt", "negative_prompt", "seed", "mode"} <= set(COLUMNS)
    assert not {"enabled", "mask_channel", "other_image"} & set(COLUMNS)
    assert len(set(COLUMNS)) == len(COLUMNS)
