"""Turn rows into tasks: checked, with their files read, and a hash of what decides the result.

The mark is the SHA-256 of settings, seed, both pictures and the model. It is written into every
PNG, so that a finished row is known by it and a changed row is made again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from .. import toyworld
from ..edit import coarse
from ..errors import FieldError
from ..images import pictures
from ..images.names import Folders, folded
from ..maps.build import requested
from ..pipelines import png
from ..settings.given import given
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, changed
from ..settings.source_registry import REGISTRY
from ..settings.sources import check_prompts
from .rows import EDITED, Row

MARK = "diffdiff batch"  # the PNG's text that carries it
ALONE = [s.name for s in REGISTRY if s.of_picture and not any(i.needed for i in s.inputs)]
SOURCES = ("upload", "constant", "diffedit", "words", "click", *(n for n in ALONE if n != "alpha"))
SAMPLES, SAMPLE = 64, 65536  # of a file of weights: so many pieces of so many bytes are read
PNG_END = b"IEND\xaeB`\x82"


@dataclass
class Task:
    """All that a worker needs for one row; it reads no file of the batch.

    where: file and line of the row. out: the name of its picture. files: what it is written to.
    picture, map: the bytes of files; no map where the source is not "upload". mark: see above.
    tries: how often it was begun.
    """

    where: str
    out: str
    files: list[Path]
    picture: bytes
    map: bytes | None
    args: EditArgs
    run: RunArgs
    mark: str
    tries: int = 0


@dataclass
class Outcome:
    """The result of a row.

    status: "done", "kept" (was there before) or "failed". pictures: PNG files of a row that is
    done. again: the failure may not be the row's own, so that another try is worth it. levels:
    where strengths have begun, if there were levels between the steps. hints: what the user should
    know of a row that is done.
    """

    where: str
    out: str
    status: str
    mark: str = ""
    files: list[Path] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    error: FieldError | None = None
    again: bool = False
    seconds: float = 0.0
    levels: list[dict[str, Any]] | None = None
    hints: list[str] = field(default_factory=list)

    @classmethod
    def failed(cls, of: Task | Row, error: FieldError, again: bool = False) -> Outcome:
        out, mark = (of.out, of.mark) if isinstance(of, Task) else (of.given.get("out", ""), "")
        return cls(of.where, out, "failed", mark, error=error, again=again)


@dataclass
class Plan:
    """What all rows of a batch share.

    folder: paths in the rows start there. out: the folder of the pictures. defaults: column ->
    value for rows without one. model: as `identity` returns it. inputs: keys of files that
    rows read, which no row may write. written: keys of files that a row writes.
    """

    folder: Path
    out: Path
    defaults: dict[str, Any]
    model: str
    inputs: set[bytes] = field(default_factory=set)
    written: set[bytes] = field(default_factory=set)
    folders: Folders = field(default_factory=Folders)
    folds: bool | None = None  # whether the folder of the pictures knows no capitals

    def survey(self, found: Iterable[Row]) -> int:
        """Count the rows, and note which files they read."""
        count = 0
        for row in found:
            count += 1
            for name in ("picture", "map"):
                if isinstance(row.given.get(name), str):
                    self.inputs.add(key(self._path(row.given[name])))
        return count

    def _path(self, name: str) -> Path:
        return self.folders.find(self.folder / name)

    def tasks(self, found: Iterable[Row], tell: Callable[[Outcome], None]) -> Iterator[Task]:
        """Yield what is left to do. `tell` gets rows that are finished or cannot be used."""
        for row in found:
            began = time.perf_counter()
            try:
                task = self.task(row)
            except (OSError, ValueError) as error:  # of a path that no file can have, too
                problem = f"it cannot be used ({' '.join(str(error).split())[:160]})"
                remedy = "Look at the paths in it"
                known = isinstance(error, FieldError)
                tell(Outcome.failed(row, error if known else FieldError("row", problem, remedy)))
                continue
            if all(finished(path, task.mark) for path in task.files):
                kept = Outcome(row.where, task.out, "kept", task.mark, task.files)
                kept.seconds = time.perf_counter() - began
                tell(kept)
            else:
                yield task

    def task(self, row: Row) -> Task:
        """Check one row, as far as no model is needed.

        Raises:
            FieldError: names the column.
        """
        if row.error:
            raise row.error
        if "picture" not in row.given:
            raise FieldError("picture", "there is none", "Give the path of a picture")
        out = row.given.get("out") or Path(row.given["picture"]).stem + ".png"
        row.given["out"] = out
        said = argparse.Namespace(**{"seed": _seed(out), **self.defaults, **row.given})
        args, run = given(said, EditArgs, EDITED), given(said, RunArgs)
        _check_source(args, run, row.given.get("map"))
        paths = [self._path(row.given[n]) for n in ("picture", "map") if n in row.given]
        files = self._targets(out, run.count, paths, args)
        data = [pictures.load(path, name) for path, name in zip(paths, ("picture", "map"))]
        change_map = data[1] if len(data) > 1 else None
        mark = self._mark(args, run, data)
        return Task(row.where, out, files, data[0], change_map, args, run, mark)

    def _targets(self, out: str, count: int, paths: list[Path], args: EditArgs) -> list[Path]:
        if Path(out).is_absolute() or ".." in Path(out).parts:
            problem = f"{out} is not in the folder of the batch"
            raise FieldError("out", problem, "Give a path below --out")
        target = self.out / out
        make_folder(target.parent)
        singles = args.several if args.mode == "sheet" else ()
        files = png.targets(target, count, paths, singles)
        if self.folds is None:
            self.folds = knows_no_capitals(self.out)
        keys = [key(path, self.folds) for path in files]
        for path, known in zip(files, keys):
            if key(path) in self.inputs:
                problem = f"{path} is an input of a row"
                raise FieldError("out", problem, "Name another file, or another --out")
            if known in self.written:
                problem = f"an earlier row writes {path.relative_to(self.out)} too"
                raise FieldError("out", problem, "Give each row a different out")
        self.written.update(keys)
        return files

    def _mark(self, args: EditArgs, run: RunArgs, data: list[bytes]) -> str:
        inputs = {
            "edit": changed(args),
            "run": changed(run) | {"seed": run.seed},
            "files": [hashlib.sha256(part).hexdigest() for part in data],
            "model": self.model,
        }
        if args.move:
            inputs["move"] = args.move
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _seed(out: str) -> int:
    """Return the seed of a row that gives none, independent of the order of rows and of the
    worker."""
    return int.from_bytes(hashlib.sha256(out.encode("utf-8", "replace")).digest()[:4], "big")


def _check_source(args: EditArgs, run: RunArgs, change_map: str | None) -> None:
    """Check that there is one map where one is needed."""
    if args.source not in SOURCES:
        problem = f"{args.source} cannot be used in a batch"
        raise FieldError("source", problem, f"Use one of: {', '.join(SOURCES)}")
    if args.source != "upload" and change_map:
        raise FieldError("map", f"there is source {args.source} too", "Use one of the two")
    if args.source == "diffedit":
        check_prompts(args.reference, args.query or run.prompt)
    requested(args)  # raises what a source lacks
    needed = (args.needs_map or args.soft) and not coarse.wanted(args)
    if needed and args.source == "upload" and not change_map:
        remedy = f"Give the column map, or a source: {', '.join(SOURCES[1:])}"
        raise FieldError("map", "there is no change map", remedy)


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it, where it is missing.

    Raises:
        FieldError: "out".
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"the folder {folder} cannot be made ({error.strerror or error})"
        raise FieldError("out", problem, "Name another") from None


def knows_no_capitals(folder: Path) -> bool:
    """Return whether `A.png` and `a.png` are one file there, as on Windows and most Macs."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="diffdiff-CASE-") as probe:
        return os.path.exists(os.path.join(folder, os.path.basename(probe.name).lower()))


def key(path: Path, folds: bool = False) -> bytes:
    """Return 16 bytes that identify a file, so that a million names need little memory."""
    try:
        text = os.path.realpath(path)
    except (OSError, ValueError):  # no file can have it: reported when its row comes up
        text = str(path)
    text = folded(text) if folds else text
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]


def finished(path: Path, mark: str) -> bool:
    """Return whether a file exists, is whole, and was made from exactly this."""
    try:
        with path.open("rb") as file:
            with Image.open(file, formats=["PNG"]) as picture:  # reads no pixels
                if picture.info.get(MARK) != mark:
                    return False
            file.seek(-len(PNG_END), os.SEEK_END)
            return file.read() == PNG_END
    except Exception:  # not there, or damaged in one of many ways: made again
        return False


def identity(chosen: argparse.Namespace) -> str:
    """Return the model of the `--model` flags, by its content if its files are on this machine."""
    names = [name for name in (chosen.model, chosen.second, chosen.config) if name]
    return " ".join([*map(_stamp, names), chosen.dtype])


def _stamp(name: str) -> str:
    path = Path(toyworld.__file__).parent / "model" if name == "toyworld" else Path(name)
    if not path.exists():  # of the hub, or on the workers only
        return name
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.relative_to(path)} {size} ".encode())
        with file.open("rb") as data:
            # a finetune changes all of the weights: pieces of a large file tell it
            for start in range(0, size, max(size // SAMPLES, SAMPLE)):
                data.seek(start)
                digest.update(data.read(SAMPLE))
    return digest.hexdigest()
