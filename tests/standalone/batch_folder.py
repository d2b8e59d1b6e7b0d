"""A small folder for the tests of `diffdiff batch`, and what a batch leaves there."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from diffdiff.cli.main import main


def three_rows(tmp_path, monkeypatch):
    """The current folder, with three pictures and a map of 16x12, and three rows."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).save(f"{name}.png")
    Image.fromarray(np.linspace(0, 255, 192).reshape(12, 16).astype(np.uint8)).save("map.png")
    write("a.png,map.png,a lake,1", "b.png,map.png,a hill,", "c.png,map.png,,3")
    return tmp_path


def write(*lines, header="picture,map,prompt,seed"):
    Path("jobs.csv").write_text("\n".join((header, *lines)) + "\n")


def batch(*more):
    return main(["batch", "jobs.csv", "--out", "done", "--quiet", *more])


def results():
    lines = Path("done/results.jsonl").read_text().splitlines()
    return {line["row"].split(":")[-1]: line for line in map(json.loads, lines)}


def statuses():
    return [row["status"] for _, row in sorted(results().items())]


def pictures():
    return {p.name: p.read_bytes() for p in Path("done").rglob("*.png")}
