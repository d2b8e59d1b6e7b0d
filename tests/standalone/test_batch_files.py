"""Batches as people's disks and spreadsheets hold them: names, tables, lines and texts."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffdiff.batch.rows import rows
from diffdiff.batch.tasks import knows_no_capitals
from diffdiff.cli.main import main
from diffdiff.errors import FieldError

NFC, NFD = (unicodedata.normalize(form, "Bär é") for form in ("NFC", "NFD"))


def picture(path, value=0):
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    return tmp_path / "in"


def put(folder, *names, **texts):
    for name in names:
        path = folder / name
        kind = {".JPG": "JPEG", ".PNG": "PNG"}.get(path.suffix)
        Image.new("RGB", (8, 8)).save(path, kind)


def found(folder):
    return {row.where: str(row.error) if row.error else row.given for row in rows(folder)}


# names


def test_companions_are_found_however_their_names_are_written(folder):
    put(folder, NFD + ".png", NFC + ".MAP.PNG", "IMG_1.JPG", "img_1.map.png")
    (folder / (NFC.upper() + ".TXT")).write_text("a lake")
    (folder / "Img_1.Json").write_text('{"steps": 3}')
    assert found(folder) == {
        NFD + ".png": {"picture": NFD + ".png", "map": NFC + ".MAP.PNG", "prompt": "a lake"},
        "IMG_1.JPG": {"picture": "IMG_1.JPG", "map": "img_1.map.png", "steps": 3},
    }


def test_files_that_are_not_the_users_are_no_rows(folder):
    put(folder, "a.png", "a.map.png")
    for name in ("._a.png", "._a.map.png", ".hidden.png", "Thumbs.db", "desktop.ini", ".DS_Store"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    assert found(folder) == {"a.png": {"picture": "a.png", "map": "a.map.png"}}


def test_what_may_belong_to_two_is_told_and_not_guessed(folder):
    put(
        folder,
        "a.png",
        "a.jpg",
        "a.map.png",
        "b.png",
        "B.map.png",
        "b.MAP.webp",
        "C.png",
        "c.png",
        "c.map.png",
    )
    told = found(folder)
    for name in ("a.png", "a.jpg"):
        assert "map: a.map.png may be meant for a.jpg or a.png" in told[name]
    assert told["b.png"] == {"picture": "b.png", "map": "b.MAP.webp"}  # of its very name
    assert told["c.png"] == {"picture": "c.png", "map": "c.map.png"}
    assert told["C.png"] == {"picture": "C.png"}
    put(folder, "D.png", "d.map.png", "d.map.jpg")
    assert "map: d.map.jpg and d.map.png are all meant for it" in found(folder)["D.png"]


def test_paths_of_a_table_are_found_however_they_are_written(folder, engine):
    put(folder, NFD + ".png", "Map.PNG")
    Path("jobs.csv").write_text(f"picture,map\nIN/{NFC}.PNG,in/map.png\n", encoding="utf-8")
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "1", "--quiet"]) == 0
    put(folder, "MAP.png")
    Path("jobs.csv").write_text("picture,map\nin/Map.PNG,in/map.png\n")
    assert main(["batch", "jobs.csv", "--out", "two", "--steps", "1", "--quiet"]) == 4
    assert "in/map.png cannot be read" in Path("two/results.jsonl").read_text()


def test_an_input_is_never_written_over_whatever_its_name(folder, engine):
    put(folder, NFD + ".png")
    Path("jobs.jsonl").write_text(json.dumps({"picture": f"in/{NFC}.png", "mode": "fan"}))
    code = main(["batch", "jobs.jsonl", "--out", "in", "--steps", "1", "--quiet"])
    assert code in (0, 4)
    assert Image.open(folder / (NFD + ".png")).size == (8, 8)
    assert "diffdiff" not in Image.open(folder / (NFD + ".png")).info


def test_whether_a_folder_knows_capitals(tmp_path):
    (tmp_path / "X").touch()
    assert knows_no_capitals(tmp_path) == (tmp_path / "x").exists()


# the first pass


@pytest.mark.parametrize(
    "value",
    ["NaN", "-Infinity", "3", "[1, 2]", '{"a": 1}', "true", '"\\ud83d"', '"a\\u0000b"'],
)
@pytest.mark.parametrize("column", ["picture", "map", "out"])
def test_one_bad_line_ends_one_row(folder, engine, column, value):
    put(folder, "a.png")
    bad = {"picture": "in/a.png", "mode": "fan"} | {column: 0}
    line = json.dumps(bad).replace(f'"{column}": 0', f'"{column}": {value}')
    good = json.dumps({"picture": "in/a.png", "mode": "fan", "out": "b.png"})
    Path("jobs.jsonl").write_text(f"{line}\n{good}\n")
    assert main(["batch", "jobs.jsonl", "--out", "done", "--steps", "1", "--quiet"]) == 4
    one, two = map(json.loads, Path("done/results.jsonl").read_text().splitlines())
    assert (one["status"], two["status"]) == ("failed", "done")
    assert one["error"]["field"] in (column, "row") and one["error"]["remedy"]


def test_a_column_that_is_said_twice_on_a_line(folder):
    Path("jobs.jsonl").write_text('{"picture": "a.png", "picture": "b.png"}')
    (row,) = rows(Path("jobs.jsonl"))
    assert "it has 'picture' more than once" in str(row.error)


# texts


@pytest.mark.parametrize("text", ["half \ud83d", "Latin-1 \udce9"])
@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "reference", "scheduler"])
def test_text_that_is_no_unicode_is_refused_by_name(folder, engine, capsys, field, text):
    put(folder, "a.png", "m.png")
    flag = "--" + field.replace("_", "-")
    one = {"picture": "in/a.png", field: text, "mode": "fan"}
    Path("jobs.jsonl").write_text(json.dumps(one) + "\n")
    assert main(["batch", "jobs.jsonl", "--out", "done", "--steps", "1", "--quiet"]) == 4
    (told,) = map(json.loads, Path("done/results.jsonl").read_text().splitlines())
    assert told["error"]["field"] == field
    if field != "reference":
        command = ["edit", "in/a.png", "--map", "in/m.png", "--out", "o.png", flag, text]
        for more in ([], ["--json"]):
            assert main([*command, *more]) == 2
        said = capsys.readouterr()
        assert json.loads(said.out)["error"]["field"] == field
        assert "not Unicode" in said.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_files_whose_names_are_no_unicode_are_edited(folder, engine, capfdbinary):
    name = os.fsdecode(b"in/caf\xe9.png")
    try:
        picture(name)
    except OSError:
        pytest.skip("this disk takes only Unicode")
    command = ["edit", name, "--map", name, "--out", os.fsdecode(b"in/o\xe9.png"), "--steps", "1"]
    for more in ([], ["--json"]):
        assert main([*command, *more]) == 0
    assert os.path.exists(b"in/o\xe9.png")
    assert main(["batch", "in", "--out", "done", "--steps", "1", "--mode", "fan"]) == 0
    for line in Path("done/results.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["status"] == "done"


# tables


HEADER = "picture,map,prompt,strength,steps,invert"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("picture,prompt,,\na.png,x,,\n", {"picture": "a.png", "prompt": "x"}),
        ("picture,prompt\na.png,x,,,\n", {"picture": "a.png", "prompt": "x"}),
        (
            'picture, prompt\na.png, "a lake, at night"\n',
            {"picture": "a.png", "prompt": "a lake, at night"},
        ),
        ("sep=;\npicture;prompt\na.png;x,y\n", {"picture": "a.png", "prompt": "x,y"}),
        ('"sep=,"\npicture,prompt\na.png,x;y\n', {"picture": "a.png", "prompt": "x;y"}),
        ("sep=|\npicture|prompt\na.png|x\n", {"picture": "a.png", "prompt": "x"}),
        (
            "Picture,PROMPT,Negative Prompt,soften-radius\na.png,x,y,3\n",
            {"picture": "a.png", "prompt": "x", "negative_prompt": "y", "soften_radius": "3"},
        ),
        ("picture,prompt\n  , \n\t,\na.png,x\n", {"picture": "a.png", "prompt": "x"}),
        ("\n ,,\npicture,prompt\na.png,x\n", {"picture": "a.png", "prompt": "x"}),
        (
            "picture;strength;prompt\na.png;0,5;1,5 m\n",
            {"picture": "a.png", "strength": "0.5", "prompt": "1,5 m"},
        ),
        ("picture\tgamma\na.png\t1,25\n", {"picture": "a.png", "gamma": "1.25"}),
        ("picture,invert\na.png,TRUE\n", {"picture": "a.png", "invert": "TRUE"}),
        ("\ufeffpicture,prompt\r\na.png,x\r\n", {"picture": "a.png", "prompt": "x"}),
        ("picture,prompt\ra.png,x\r", {"picture": "a.png", "prompt": "x"}),
    ],
)
def test_tables_as_spreadsheets_write_them(folder, text, given):
    Path("jobs.csv").write_bytes(text.encode())
    (row,) = rows(Path("jobs.csv"))
    assert row.error is None and row.given == given


def test_what_a_table_cannot_mean_is_refused(folder, engine):
    put(folder, "a.png", "m.png")
    lines = [
        'in/a.png,in/m.png,x,"0,5",4,1',
        "in/a.png,in/m.png,x,0.5,4,1,more",
        "in/a.png,in/m.png,x,0.5,4.5,1",
    ]
    Path("jobs.csv").write_text("\n".join([HEADER, *lines]))
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "1", "--quiet"]) == 4
    told = [json.loads(line) for line in Path("done/results.jsonl").read_text().splitlines()]
    assert [one["error"]["field"] for one in told] == ["strength", "row", "steps"]
    Path("jobs.csv").write_text("picture,,prompt\na.png,x,y\n")
    with pytest.raises(FieldError, match="without a name"):
        list(rows(Path("jobs.csv")))


def test_line_numbers_are_those_of_the_file(folder):
    Path("jobs.csv").write_text('sep=,\n\npicture,prompt\na.png,"x\ny"\n,\nb.png,x,y\n')
    assert [row.where for row in rows(Path("jobs.csv"))] == ["jobs.csv:4", "jobs.csv:7"]
