"""`python -m benchmarks.hosts_page`: writes the tables of docs/hosts.md.

What was measured stands in docs/results/hosts, a file for each host, made by
`python -m benchmarks.hosts --url URL --host "NAME VERSION" --json FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .samplers_page import DOCS, measured, replaced, table

PAGE, FOUND = DOCS / "hosts.md", DOCS / "results" / "hosts"
MODELS = {  # words in the names of checkpoints
    "sd15": "SD 1.5",
    "sdxl": "SDXL",
    "flux": "Flux.1",
    "kontext": "Flux Kontext",
    "zimage": "Z-Image",
    "qwen": "Qwen-Image",
    "edit": "Qwen-Image-Edit",
    "wan": "Wan 2.1",
    "sd1": "SD 1.5",
    "inpaint": "SD 1.5 inpainting",
    "sd3": "SD3",
    "chroma": "Chroma",
    "lumina": "Lumina 2",
    "klein": "Flux.2 Klein",
    "anima": "Anima",
    "krea": "Krea 2",
}


def cell(answer: str | None) -> str:
    """An answer of `benchmarks.hosts` in a word or two."""
    if answer is None:
        return ""
    parts = re.split(r", | and ", answer)
    if all(part == "0" for part in parts):
        return "exact"
    if all(part in ("0", "1", "2") for part in parts):
        return f"{max(parts)} of 255"
    if answer == "ok":
        return "yes"
    if answer == "the host fails":
        return answer
    if answer.startswith("422"):
        return "refused"
    return f"**{answer.split(':')[0]}**" if re.match(r"\d+:", answer) else f"**{answer}**"


def model(checkpoint: str) -> str:
    """A model family by its checkpoint's name: the last word that is known."""
    known = [name for word, name in MODELS.items() if word in checkpoint.lower()]
    return known[-1] if known else checkpoint or "as loaded"


def columns(heads: Sequence[str], found: Sequence[dict[str, str]]) -> list[str]:
    names = list(dict.fromkeys(name for features in found for name in features))
    rows = [[name, *(cell(features.get(name)) for features in found)] for name in names]
    return table(["", *heads], rows)


def of_hosts(found: Sequence[dict]) -> list[str]:
    """Feature by host, with the first checkpoint of each."""
    heads = [f"{f['host']}, {f['date']}" for f in found]
    return columns(heads, [f["rows"][0]["features"] for f in found])


def of_models(found: Sequence[dict]) -> list[str]:
    """Feature by model family, of the hosts that were tried with several."""
    lines = []
    for host in found:
        rows = [row for row in host["rows"] if row["checkpoint"]]
        if len(rows) > 1:
            heads = [model(row["checkpoint"]) for row in rows]
            lines += [f"### {host['host']}", ""]
            lines += [*columns(heads, [row["features"] for row in rows]), ""]
    return lines


def main() -> None:
    found = measured(FOUND)
    page = replaced(PAGE.read_text(encoding="utf-8"), "hosts", of_hosts(found))
    PAGE.write_text(replaced(page, "models", of_models(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
