"""The command line: `diffdiff edit`, `fan`, `sheet`, `diffedit`, `map`, `batch`, `models`, `serve`.

Exit codes: 0 done, 2 a value that cannot be used, 3 out of memory, 4 rows of a batch failed (the
others are done), 130 interrupted. What is wrong
is told in one line on stderr, or with `--json` as one object on stdout. torch, diffusers and gradio
are imported by the commands that need them.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from typing import Any

from .. import __version__
from ..args import EditArgs, fields
from ..autoargs import DiffEditArgs, SourceArgs
from ..batch import command as batch
from ..errors import FieldError
from . import flags, mapping, methods
from .settings import DTYPES, OFFLOADS, RunArgs
from .trouble import PARTLY, explain, line

HOST_ONLY = (  # fields that concern a WebUI's mask, or that other commands have
    "combine", "mask_channel", "source", "reference", "query", "other_image", "annotator", "layers",
    "anchor", *fields(SourceArgs), *fields(DiffEditArgs),
)  # fmt: skip
EDITS = {  # command: (mode, summary, fields that mean nothing to it)
    "edit": (None, "edit a picture as much as a change map says, pixel by pixel", ()),
    "fan": ("fan", "see many strengths in the stripes of one picture, by one run",
            ("mode", "scale", "sheet_batch")),
    "sheet": ("sheet", "see many strengths, a picture for each, and a contact sheet",
              ("mode", "scale", "fan_layout")),
}  # fmt: skip
OUT = {
    None: "several pictures become OUT-0.png, ...",
    "fan": "several pictures become OUT-0.png, ...",
    "sheet": "the contact sheet; the pictures become OUT-1-at-0.25.png, ...",
}
EXAMPLE = """\
example:
  diffdiff map --kind gradient --out map.png
  diffdiff edit photo.png --map map.png --prompt "a winter night" --out night.png
  diffdiff edit photo.png --map mask.png --mode "soft inpaint" --prompt "a lake" --out lake.png
  diffdiff fan photo.png --prompt "a winter night" --fan-low 0.2 --out fan.png
"""


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    as_json = "--json" in argv
    try:
        chosen = parser().parse_args(argv)
        answer = chosen.command(chosen)
        if as_json:
            print(json.dumps(answer, ensure_ascii=False))
        elif answer and not chosen.quiet:
            print(*answer["files"], sep="\n")
        return PARTLY if answer and answer.get("failed") else 0
    except (Exception, KeyboardInterrupt) as error:
        told = explain(error)
        if told is None:
            raise
        tell(told[0], as_json)
        return told[1]


def tell(error: FieldError, as_json: bool) -> None:
    """One line on stderr, or one object on stdout."""
    if as_json:
        told = {"field": error.field, "problem": error.problem, "remedy": error.remedy}
        print(json.dumps({"error": told}, ensure_ascii=False))
    else:
        print("error:", line(error), file=sys.stderr)


def parser() -> flags.Parser:
    """All commands. Their flags are the fields of `EditArgs` and `RunArgs`."""
    top = flags.Parser(
        prog="diffdiff", description="Every pixel its own denoising strength.", epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, dest="command_name")
    for name in EDITS:
        _add_edit(commands, name)
    methods.add_to(commands)
    mapping.add_to(commands)
    batch.add_to(commands)
    _add_models(commands)
    _add_serve(commands)
    return top


def _add_edit(commands: argparse._SubParsersAction, name: str) -> None:
    mode, text, without = EDITS[name]
    edit = commands.add_parser(name, help=text, description=text.capitalize() + ".")
    edit.set_defaults(command=run_edit, **({"mode": mode} if mode else {}))
    edit.add_argument("image", metavar="IN", help="the picture")
    edit.add_argument("--map", metavar="FILE", help="the change map: white changes, black is kept")
    edit.add_argument("--out", metavar="OUT.png", help=OUT[mode])
    edit.add_argument("--json", action="store_true", help="one JSON object on stdout, no progress")
    edit.add_argument("--quiet", action="store_true", help="no progress and no output")
    flags.add(edit.add_argument_group("the run"), RunArgs, fields(RunArgs))
    hidden = ["map", "enabled", *HOST_ONLY, *without]
    shown = [n for n in fields() if n not in hidden]
    flags.add(edit.add_argument_group("the map"), EditArgs, shown)
    add_engine(edit)


def add_engine(command: argparse.ArgumentParser) -> None:
    """The flags that `open_engine` reads."""
    engine = command.add_argument_group("the model")
    engine.add_argument(
        "--model", default="toyworld", metavar="NAME",
        help="toyworld (comes along), a diffusers folder, a .safetensors file or a hub id "
        "(default: %(default)s)",
    )  # fmt: skip
    engine.add_argument(
        "--dtype", choices=DTYPES, default="auto", help="of the weights (default: %(default)s)"
    )
    engine.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu, cuda, mps, ... (default: auto)"
    )
    engine.add_argument(
        "--offload", choices=OFFLOADS, default="none",
        help="keep parts of the model off the GPU until needed (default: %(default)s)",
    )  # fmt: skip
    engine.add_argument("--slicing", action="store_true", help="less memory, somewhat slower")
    engine.add_argument(
        "--config", metavar="NAME", help="diffusers folder or hub id that a .safetensors file needs"
    )
    engine.add_argument(
        "--second", metavar="NAME", help="Stable Diffusion XL's refiner, or DeepFloyd IF's stage II"
    )


def open_engine(chosen: argparse.Namespace, silent: bool = False) -> Any:
    """The engine of the `--model` flags; silent: without the libraries' progress bars."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # read when they are imported
    if silent:
        os.environ.update(TQDM_DISABLE="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    from .load import load

    return load(
        chosen.model, dtype=chosen.dtype, device=chosen.device, offload=chosen.offload,
        slicing=chosen.slicing, config=chosen.config, second=chosen.second,
    )  # fmt: skip


def run_edit(chosen: argparse.Namespace) -> dict:
    """Checks everything, runs the model, writes the pictures; returns what `--json` prints."""
    run, args = flags.given(chosen, RunArgs), flags.given(chosen, EditArgs)
    if not chosen.map and (args.needs_map or args.mode == "soft inpaint"):
        raise FieldError("map", "there is no change map", "Give --map, or make one: diffdiff map")
    from .. import maps
    from . import choice, output, pictures

    image = pictures.read(pictures.load(chosen.image, "image"), "image", chosen.image)
    change_map = maps.decode(pictures.load(chosen.map, "map")) if chosen.map else None
    singles = args.several if args.mode == "sheet" else ()
    inputs = [path for path in (chosen.image, chosen.map) if path]
    targets = output.targets(chosen.out, run.count, inputs, singles)
    if run.scheduler is not None:
        choice.known(run.scheduler)
    silent = chosen.json or chosen.quiet
    engine = open_engine(chosen, silent)
    with Progress(silent) as progress:
        result = engine.edit(image, change_map, args, run, progress)
    for i, (picture, target) in enumerate(zip(result.pictures, targets)):
        picture.info.setdefault("icc_profile", image.info.get("icc_profile"))
        texts = output.texts(args, result.runs[i], change_map, result.settings, picture.size)
        output.write_png(picture, target, texts)
    if not silent:
        print(
            f"{result.calls} model calls, {result.skipped} of {result.steps} steps skipped, "
            f"{result.seconds:.1f} s", file=sys.stderr,
        )  # fmt: skip
        if result.settings.get("levels"):
            print(f"Levels: {output.began(result.settings['levels'])}", file=sys.stderr)
        if "changes" in result.settings:
            print(f'For even changes: --response "{result.settings["changes"]}"', file=sys.stderr)
    return {
        "files": [str(target) for target in targets],
        "settings": result.settings,
        "calls": result.calls,
        "skipped": result.skipped,
        "steps": result.steps,
        "seconds": result.seconds,
    }


class Progress:
    """A bar on stderr that the engine moves: `progress(done, total)`."""

    def __init__(self, silent: bool, unit: str = "step"):
        self.silent, self.unit, self.bar = silent, unit, None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: Any) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, done: int, total: int) -> None:
        if self.silent:
            return
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit=self.unit)
        self.bar.total = total
        self.bar.update(done - self.bar.n)


def _add_models(commands: argparse._SubParsersAction) -> None:
    text = "what can be used; with `export`, write a model for a WebUI"
    models = commands.add_parser("models", help=text, description=text.capitalize() + ".")
    models.set_defaults(command=run_models)
    models.add_argument("action", nargs="?", choices=("list", "export"), default="list")
    models.add_argument("out", nargs="?", metavar="OUT.safetensors", help="file for `export`")
    models.add_argument("--model", default="toyworld", metavar="NAME", help="toyworld or a folder")
    models.add_argument("--json", action="store_true", help="one JSON object on stdout")
    models.add_argument("--quiet", action="store_true", help="print nothing")


def run_models(chosen: argparse.Namespace) -> dict | None:
    """Lists, or exports; returns what `--json` prints."""
    from . import models

    if chosen.action == "export":
        return models.export(chosen.model, chosen.out)
    if chosen.out:
        raise FieldError("out", f"{chosen.out} has no effect here", "Use it with `models export`")
    known = models.known()
    if chosen.json:
        return known
    if not chosen.quiet:
        print(models.listed(known))
    return None


def _add_serve(commands: argparse._SubParsersAction) -> None:
    text = "a page in the browser, on this computer"
    serve = commands.add_parser("serve", help=text, description=text.capitalize() + ".")
    serve.set_defaults(command=run_serve, quiet=True)
    serve.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7870, help="port (default: %(default)s)")
    add_engine(serve)


def run_serve(chosen: argparse.Namespace) -> None:
    """Serves the page until it is interrupted."""
    _check_address(chosen.host, chosen.port)
    from . import page

    page.serve(open_engine(chosen), chosen.host, chosen.port)


def _check_address(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise FieldError("port", f"{port} is not a port", "Use a number from 1 to 65535")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        problem = f"{host}:{port} cannot be used ({getattr(error, 'strerror', None) or error})"
        raise FieldError("port", problem, "Use another --port or --host") from None
