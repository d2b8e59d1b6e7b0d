"""`python -m benchmarks.samplers_page`: writes the tables of docs/samplers.md.

What each sampler function does and how exact it is comes from `benchmarks.conformance`, run here;
what the hosts did from the files in docs/results/samplers, which
`python -m benchmarks.webui --url URL --host "NAME VERSION" --json FILE` makes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE, HOSTS = DOCS / "samplers.md", DOCS / "results" / "samplers"
ORDER = ("A1111", "Forge", "Forge Neo", "reForge")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def cell(row: dict | None) -> str:
    """One sampler on one host, in a few words."""
    if row is None:
        return ""
    if "refused" in row:
        return "the host fails"
    mean, most = max(row["low"][:2], row["high"][:2], key=lambda pair: pair[1])
    exact = row["skip"][1] == row["black"][1] == row["kept"][1] == 0
    if not exact:
        return f"**skip {row['skip'][1]}, black {row['black'][1]}, kept {row['kept'][1]}**"
    if row["high"][2]:
        return f"approximate ({mean:.0f})" if most > 1 else "identical"
    if most <= 1:
        return "identical" if most == 0 else "1 of 255"
    still = row.get("no noise")
    if still and still[1] <= 1:
        return "other noise (none: identical)"
    return "other noise"


def of_hosts(found: Sequence[dict]) -> list[str]:
    """The table of what was measured on the hosts."""
    found = sorted(
        found, key=lambda f: next(i for i, n in enumerate(ORDER) if n in f["host"] + " ")
    )
    rows = [{row["sampler"]: row for row in f["rows"]} for f in found]
    names = list(dict.fromkeys(name for f in rows for name in f))
    heads = ["sampler", *(f"{f['host']}, {f['size']} px, {f['steps']} steps" for f in found)]
    return table(heads, [[name, *(cell(f.get(name)) for f in rows)] for name in names])


def of_functions(results: Iterable[dict]) -> list[str]:
    """The table of the functions themselves."""
    rows = []
    for found in results:
        compared = found["tolerance"] is not None
        errors = [f"{found[k]:.0e}" if found[k] else "0" for k in ("constant", "parts")]
        off = found["no replay"]
        control = f"{off:.1f}" if off >= 1 else f"{off:.1g}" if off else "0"
        memory = {
            "inf": "the whole run",
            "by level": "placed by level",
            "by step": "placed by step",
        }.get(found["memory"], found["memory"])
        same = all(found[k] for k in ("zero", "full"))
        cells = [
            *(errors if compared else ("", "")),
            control if compared else "",
            "equal" if same else "**DIFFERS**",
        ]
        rows.append([found["sampler"], memory, *cells])
    return table(
        ["sampler", "memory, steps", "constant", "parts", "no replay", "maps 0 and 1"], rows
    )


def replaced(page: str, name: str, lines: list[str]) -> str:
    """The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, rest = page.split(start, 1)
    return head + start + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1]


def measured(folder: Path) -> list[dict]:
    """What the files of a folder hold, in the order of the hosts."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    return sorted(
        found, key=lambda f: max(i for i, n in enumerate(ORDER) if f["host"].startswith(n))
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts-only", action="store_true", help="leave the functions' table")
    args = parser.parse_args()
    page = replaced(PAGE.read_text(encoding="utf-8"), "hosts", of_hosts(measured(HOSTS)))
    if not args.hosts_only:
        from . import conformance

        page = replaced(page, "functions", of_functions(conformance.results()))
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
