"""`python -m benchmarks.people`: files, names and texts as people have them, and the table of them.

Kinds with a hypothesis strategy are tried many times each (`benchmarks.fuzzing.people`), the others
by their tests, each of which is one input through one door. `--write` puts the table into
docs/files.md. The exit status is 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from .fuzzing.checks import REFUSED, RIGHT
from .fuzzing.people import KINDS, Kind

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "files.md"
MARKS = "<!-- table: python -m benchmarks.people --write -->", "<!-- end of table -->"
TESTS = {  # kind: (what, files of tests, words that pick some of them)
    1: (
        "NaN and infinity, every family and host",
        ["tests/standalone/test_finite.py", "tests/webui/test_finite_jobs.py"],
        "",
    ),
    2: (
        "sizes, alpha and 16 bits, every way of working",
        ["tests/standalone/test_sizes.py", "tests/standalone/test_kept_bits.py"],
        "",
    ),
    3: ("TIFF, every layout at every door", ["tests/unit/test_tiff.py"], ""),
    4: (
        "golden files, Python, Node and browsers",
        [
            "tests/unit/test_golden_files.py",
            "tests/js/mapfiles.test.mjs",
            "tests/browser/test_painter_formats.py",
        ],
        "",
    ),
    5: (
        "names, batch and Batch tab",
        ["tests/standalone/test_batch_files.py", "tests/webui/test_host_files.py"],
        "companions or users or two or written or map",
    ),
    6: ("lines, the whole command", ["tests/standalone/test_batch_files.py"], "line"),
    7: (
        "texts, command, batch and API",
        ["tests/standalone/test_batch_files.py", "tests/webui/test_host_files.py"],
        "unicode",
    ),
    8: ("tables, the whole command", ["tests/standalone/test_batch_files.py"], "table"),
    9: ("what follows a JPEG, formats", ["tests/unit/test_map_files.py"], ""),
    10: ("constant pressure", ["tests/js/pressure.test.mjs"], ""),
    11: (
        "hints, engine, command, batch and API",
        ["tests/standalone/test_hints.py", "tests/webui/test_several_maps.py"],
        "hint or why or told or shapes or meant or say",
    ),
    12: ("clicks and maps that cannot be handed over", ["tests/js/holdback.test.mjs"], ""),
    13: (
        "several maps and threads",
        ["tests/webui/test_several_maps.py", "tests/unit/test_lru.py"],
        "several or fingerprint or cost or used or threads",
    ),
}


class Row(NamedTuple):
    kind: int
    what: str
    right: int
    refused: int
    wrong: int
    note: str = ""

    @property
    def text(self) -> str:
        counts = self.right, self.refused, self.wrong
        return f"| {' | '.join(map(str, (self.kind, self.what, sum(counts), *counts)))} |"


def tried(number: int, kind: Kind, count: int, start: int = 0) -> Row:
    """Try a strategy's inputs until one is wrong."""
    found: Counter[str] = Counter()

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(kind.inputs)
    def run(value: object) -> None:
        found[kind.check(value)] += 1

    note = ""
    try:
        run()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        found["wrong"] += 1
        note = f"{type(error).__name__}: {str(error)[:300]}"
    what = f"{kind.title}, hypothesis"
    return Row(number, what, found[RIGHT], found[REFUSED], found["wrong"], note)


def by_tests(number: int) -> Row:
    """Count what the tests of a kind tried. A skipped one counts for nothing."""
    what, files, words = TESTS[number]
    right = wrong = 0
    notes = ""
    for file in files:
        if file.endswith(".mjs"):
            node = shutil.which("node")
            command = [node or "node", "--test", file]
            marks = r"# pass (\d+)", r"# fail (\d+)"
        else:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
            command += ["-m", "browser"] * ("browser" in file) + ["-k", words] * bool(words)
            marks = r"(\d+) passed", r"(\d+) (?:failed|error)"
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        good, bad = (sum(map(int, re.findall(mark, done.stdout))) for mark in marks)
        right, wrong = right + good, wrong + bad
        if done.returncode or not good:
            notes += done.stdout[-600:]
            wrong += not bad
    return Row(number, what, right, 0, wrong, notes)


def table(rows: list[Row]) -> str:
    lines = ["| kind | inputs | tried | right | refused | wrong |", "|" + " --- |" * 6]
    total = [sum(getattr(row, name) for row in rows) for name in ("right", "refused", "wrong")]
    last = f"| | all | {sum(total)} | {total[0]} | {total[1]} | {total[2]} |"
    return "\n".join([*lines, *(row.text for row in rows), last])


def known() -> list[Row]:
    """The rows of tests that are in the page, from the run that wrote them."""
    text = PAGE.read_text().partition(MARKS[0])[2].partition(MARKS[1])[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    rows = [row for row in cells if row[0].isdecimal() and not row[1].endswith("hypothesis")]
    return [Row(int(row[0]), row[1], *map(int, row[3:6])) for row in rows]


def write(text: str) -> None:
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10000, help="of all strategies together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="one kind")
    parser.add_argument(
        "--fuzz-only", action="store_true", help="without the tests, whose rows stay as they are"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/files.md")
    args = parser.parse_args()
    rows = []
    for number in sorted({*KINDS, *TESTS}):
        if args.only not in (None, number):
            continue
        if number in KINDS:
            rows.append(tried(number, KINDS[number], args.cases // len(KINDS), args.seed))
        if number in TESTS and not args.fuzz_only:
            rows.append(by_tests(number))
        print(*(row.text for row in rows[-1:]), flush=True)
    if args.fuzz_only and args.only is None:
        rows = sorted(rows + known(), key=lambda row: (row.kind, "hypothesis" not in row.what))
    print(table(rows))
    for row in rows:
        if row.note:
            print(f"WRONG, kind {row.kind}: {row.note}")
    if args.write:
        write(table(rows))
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
