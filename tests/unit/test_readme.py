"""What the README says of the settings is what the model says."""

import re
import subprocess
import sys
from pathlib import Path

from diffdiff import __version__
from diffdiff.settings.schema import table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_settings_table_is_the_models():
    assert table() in (ROOT / "docs" / "settings.md").read_text()
    command = [sys.executable, "-m", "diffdiff.settings.schema"]  # as the page says
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed == table() + "\n"


def test_figures_of_the_comparison_are_the_reports():
    section = README.split("## Is it better?")[1].split("\n## ")[0]
    report = (ROOT / "docs" / "results.md").read_text()
    figures = re.findall(r"\d+\.\d+", section)
    assert len(figures) >= 6
    for figure in figures:
        assert re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.]*\d)", report), figure


def test_the_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    for command in ("test", "demo"):
        assert f"`make {command}`" in README
        assert f"\n{command}:" in makefile


def test_the_pictures_exist():
    for line in README.splitlines():
        if line.startswith("!["):
            assert (ROOT / line.split("](")[1].rstrip(")")).is_file(), line


def test_the_version_is_in_the_changelog():
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
