"""The README and the settings page agree with the code."""

import subprocess
import sys
from pathlib import Path

from diffdiff import __version__
from diffdiff.settings.schema import fields
from diffdiff.settings.table import GROUPS, UNITS, VALUES, tables

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()


def between(name: str) -> str:
    return SETTINGS.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0]


def test_the_settings_tables_are_the_models():
    assert between("settings") == tables()
    command = [sys.executable, "-m", "diffdiff.settings.table"]  # as the page says
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed == tables() + "\n"


def test_the_positional_order_is_the_models():
    assert between("order") == ", ".join(f"`{name}`" for name in fields())


def test_every_setting_is_in_one_group():
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(fields())
    assert set(UNITS) | set(VALUES) <= set(fields())


def test_the_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    for command in ("test", "demo"):
        assert f"`make {command}`" in README
        assert f"\n{command}:" in makefile


def test_the_version_is_in_the_changelog():
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
