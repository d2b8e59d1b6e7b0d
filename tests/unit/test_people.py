"""Files, names and texts as people have them: some of each kind, and the table of the docs."""

import re

import pytest

from benchmarks.fuzzing.people import KINDS
from benchmarks.people import MARKS, PAGE, TESTS, Row, table, tried


@pytest.mark.parametrize("number", KINDS)
def test_nothing_is_wrong(number):
    row = tried(number, KINDS[number], 40, start=7)
    assert row.right + row.refused == 40 and row.wrong == 0, row.note


def test_what_is_wrong_is_counted():
    def check(value):
        assert value < 5
        return "right"

    from hypothesis import strategies

    kind = KINDS[2]._replace(inputs=strategies.integers(0, 9), check=check)
    row = tried(2, kind, 100)
    assert row.wrong == 1 and "AssertionError" in row.note
    text = table([Row(1, "a", 5, 2, 0), Row(2, "b", 1, 0, 1)])
    assert "| 1 | a | 7 | 5 | 2 | 0 |" in text and "| | all | 9 | 6 | 2 | 1 |" in text


def test_the_table_of_the_docs_has_every_kind_and_nothing_wrong():
    text = PAGE.read_text().partition(MARKS[0])[2].partition(MARKS[1])[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.strip().splitlines()[2:]
    ]
    assert {int(row[0]) for row in rows[:-1]} == set(TESTS) == set(range(1, 14))
    for *_, tries, right, refused, wrong in rows:
        assert int(tries) == int(right) + int(refused) > 0 and wrong == "0"
    fuzzed = [int(row[2]) for row in rows if re.search("hypothesis", row[1])]
    assert len(fuzzed) == len(KINDS) and sum(fuzzed) >= 10000
