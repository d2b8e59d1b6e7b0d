"""The commands that README and docs show have the flags that they show."""

import re
import shlex
from pathlib import Path

import pytest

from diffdiff.cli.main import parser
from diffdiff.errors import FieldError

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands() -> list[str]:
    found = []
    for page in PAGES:
        for block in re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
            lines = block.replace("\\\n", " ").split("\n")
            found += [line.strip() for line in lines if line.strip().startswith("diffdiff ")]
    return sorted(set(found))


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_docs_is_one(line):
    words = shlex.split(line, comments=True)[1:]
    if "--help" in words:
        with pytest.raises(SystemExit) as ended:
            parser().parse_args(words)
        assert ended.value.code == 0
    else:
        parser().parse_args(words)


def test_a_wrong_flag_is_noticed():
    assert len(commands()) > 15
    with pytest.raises(FieldError):
        parser().parse_args(["edit", "in.png", "--no-such-flag", "1"])
