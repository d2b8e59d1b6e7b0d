"""What people's files and texts look like, as hypothesis strategies, and what each must become.

A check returns RIGHT or REFUSED, or raises `checks.Wrong`. A refusal names its field and a remedy.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from diffdiff.batch import folder, lines, tables
from diffdiff.batch.columns import Row
from diffdiff.batch.tasks import Plan
from diffdiff.edit import hints
from diffdiff.errors import FieldError, carried
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import EditArgs, parse

from .checks import REFUSED, RIGHT, must, refused
from .people_pictures import BEHIND, SHAPES, check_frame, check_photo, check_tiff, tiffs


class Kind(NamedTuple):
    title: str
    inputs: st.SearchStrategy
    check: Callable[[Any], str]


# names

STEMS = st.sampled_from(["a", "A", "é", "É", "b c", "ß", "SS", "IMG_1", "img_1", "x.map.y"])
FORMS = st.sampled_from(["NFC", "NFD"])
ENDS = st.sampled_from(
    [".png", ".PNG", ".jpg", ".map.png", ".MAP.PNG", ".Map.webp", ".txt", ".TXT", ".json"]
)
NAMES = st.tuples(st.sampled_from(["", "", "", "._", "."]), STEMS, FORMS, ENDS).map(
    lambda parts: parts[0] + unicodedata.normalize(parts[2], parts[1]) + parts[3]
)


def check_names(names: list[str]) -> str:
    """Each map serves one picture, or is told of; nobody's hidden file is a row."""
    from diffdiff.images.names import folded, hidden

    found = folder._Folder([name for name in sorted(names) if not hidden(name)])
    served: list[str] = []
    outcome = RIGHT
    for picture in found.pictures:
        must(not hidden(picture) and not folder._is_map(picture), picture)
        for kind in (folder.MAP, *folder.TEXTS):
            try:
                own = found.of(picture, kind)
            except FieldError as error:
                outcome = refused(error)
                continue
            if own is not None:
                must(folded(folder._stem(own)) == folded(folder._stem(picture)), (picture, own))
                served.append(own)
            else:
                meant = [
                    one
                    for one in found.beside.get(folded(folder._stem(picture)), {}).get(kind, [])
                    if folder._stem(one) == folder._stem(picture)
                ]
                must(not meant, (picture, meant))
    must(len(served) == len(set(served)), f"one file for two pictures: {served}")
    return outcome


# texts

HALVES = st.characters(categories=["Cs"])
TEXT = st.text(st.one_of(st.characters(), HALVES), max_size=30)
FIELDS = st.sampled_from(["prompt", "negative_prompt", "scheduler"])
EDIT_FIELDS = st.sampled_from(["reference", "query", "mode", "fan_strengths", "response", "box"])


def check_text(made: tuple[str, str, bool]) -> str:
    name, value, of_run = made
    try:
        args = parse({name: value}, RunArgs if of_run else EditArgs)
    except FieldError as error:
        must(error.field == name, error)
        return refused(error)
    must(carried(value) == value, "what is no Unicode was taken")
    must(getattr(args, name) == value, "another text")
    return RIGHT


# rows

WILD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        TEXT,
        st.sampled_from(["a.png", "m.png", "../x", "a\0b", "/"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
COLUMN = st.sampled_from(
    ["picture", "map", "out", "prompt", "seed", "strength", "steps", "mode", "invert", "nonsense"]
)
USUAL = st.fixed_dictionaries(
    {"picture": st.just("a.png"), "map": st.just("m.png")},
    optional={
        "steps": st.integers(1, 50),
        "strength": st.floats(0, 1),
        "seed": st.integers(0, 2**32 - 1),
        "invert": st.booleans(),
        "prompt": st.text(max_size=20),
        "out": st.just("o.png"),
    },
)
LINE = st.one_of(
    USUAL,
    USUAL,
    st.tuples(USUAL, COLUMN, WILD).map(lambda made: {**made[0], made[1]: made[2]}),
    st.dictionaries(COLUMN, WILD, max_size=5).map(lambda row: {"picture": "a.png", **row}),
    st.dictionaries(COLUMN, WILD, max_size=5),
    WILD,
)


def check_line(value: Any) -> str:
    """One bad line is one bad row: the good one after it is there."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        Image.new("RGB", (8, 8)).save(place / "a.png")
        Image.new("L", (8, 8)).save(place / "m.png")
        (place / "out").mkdir()
        text = json.dumps(value)
        good = Row("good", {"picture": "a.png", "map": "m.png", "out": "the good one.png"})
        found = [lines.row("bad", text), good]
        plan, told = Plan(place, place / "out", {}, "m"), []
        must(plan.survey(iter(found)) == 2, "rows are missing")
        tasks = list(plan.tasks(iter(found), told.append))
        must([task.where for task in tasks][-1:] == ["good"], "the good row is lost")
        for outcome in told:
            refused(outcome.error)
        must(len(tasks) + len(told) == 2, "a row is told twice, or not")
        return RIGHT if len(tasks) == 2 else REFUSED


PLAIN = st.text(st.characters(categories=["L", "N"], include_characters=" ,;\t'-"), max_size=12)
NUMBER = st.integers(0, 100).map(lambda n: n / 100)


@st.composite
def sheets(draw: Any) -> dict[str, Any]:
    """A table as a program may write it, and what it says."""
    delimiter = draw(st.sampled_from(",;\t"))
    comma = delimiter != "," and draw(st.booleans())
    rows = draw(st.lists(st.tuples(PLAIN, NUMBER), min_size=1, max_size=4))
    want = [
        {"picture": f"{i}.png", "prompt": text.strip(), "strength": f"{number:g}"}
        for i, (text, number) in enumerate(rows)
    ]
    want = [{name: cell for name, cell in row.items() if cell} for row in want]
    header = draw(
        st.sampled_from([["picture", "prompt", "strength"], ["Picture", "PROMPT", "Strength "]])
    )
    blanks = [""] * draw(st.integers(0, 3))
    out = io.StringIO()
    if draw(st.booleans()):
        out.write(f"sep={delimiter}\r\n")
    write = csv.writer(out, delimiter=delimiter)
    write.writerow([*header, *blanks])
    for i, (text, number) in enumerate(rows):
        shown = f"{number:g}".replace(".", ",") if comma else f"{number:g}"
        write.writerow([f"{i}.png", text, shown, *blanks])
        if draw(st.booleans()):
            write.writerow(draw(st.sampled_from([[""], ["", ""], [" ", "\t"]])))
    spoiled = draw(st.booleans()) and draw(st.booleans())
    if spoiled:
        write.writerow(["9.png", "x", "0.5", *blanks, "one cell more"])
    return {"text": out.getvalue(), "rows": want, "spoiled": spoiled}


def check_sheet(made: dict[str, Any]) -> str:
    found = list(tables.read("t.csv", io.StringIO(made["text"], newline="")))
    bad = [row for row in found if row.error]
    for row in bad:
        refused(row.error)
    must([row.given for row in found if not row.error] == made["rows"], made["text"])
    must(len(bad) == int(made["spoiled"]), made["text"])
    return REFUSED if bad else RIGHT


TOPS = st.one_of(st.sampled_from([0.0, 1 / 255, 0.0625, 0.3, 1.0]), st.floats(0, 1, width=32))
MAPS = st.tuples(SHAPES, TOPS, st.booleans(), st.booleans(), st.booleans())


def check_hint(made: tuple) -> str:
    (height, width), top, even, invert, ran = made
    m = np.full((height, width), top, np.float32)
    if not even:
        m[0] = 0
    args = parse({"invert": invert})
    found = hints.of_map(m, (12, 12), args, 1.0, ran)
    nothing = [one for one in found if one.startswith("Nothing changed: ")]
    must(len(nothing) == (not ran), found)
    stretched = m.min() < m.max() and width != height
    must(any("another shape" in one for one in found) == stretched, found)
    dark = ran and not invert and 0 < m.max() <= hints.DARK
    must(any("Little changed" in one for one in found) == dark, found)
    return RIGHT


KINDS = {
    2: Kind(
        "sizes that are no multiple of 8",
        st.tuples(st.integers(1, 90), st.integers(1, 90), st.sampled_from([8, 16, 64])),
        check_frame,
    ),
    3: Kind("TIFF", tiffs(), check_tiff),
    5: Kind("names", st.lists(NAMES, max_size=8, unique=True), check_names),
    6: Kind("lines of any JSON", LINE, check_line),
    7: Kind(
        "texts",
        st.one_of(
            st.tuples(FIELDS, TEXT, st.just(True)), st.tuples(EDIT_FIELDS, TEXT, st.just(False))
        ),
        check_text,
    ),
    8: Kind("tables", sheets(), check_sheet),
    9: Kind(
        "motion photos",
        st.tuples(st.integers(0, 99), st.booleans(), BEHIND, st.binary(max_size=99)),
        check_photo,
    ),
    11: Kind("hints", MAPS, check_hint),
}
