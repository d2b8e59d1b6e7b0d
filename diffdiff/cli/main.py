"""The command line: `diffdiff edit`, `fan`, `sheet`, `diffedit`, `map`, `batch`, `models`, `serve`.

Exit codes: 0 done, 2 a value that cannot be used, 3 out of memory, 4 rows of a batch failed (the
others are done), 130 interrupted. What is wrong is reported in one line on stderr, or with `--json`
as one object on stdout. torch, diffusers and gradio are imported by the commands that need them.
"""

from __future__ import annotations

import argparse
import socket
import sys
from typing import Any

from .. import __version__
from ..edit import coarse
from ..error_report import PARTLY, as_json_text, explain, line, put
from ..errors import FieldError
from ..pipelines.opening import open_engine
from ..settings.coarse import COARSE
from ..settings.given import given
from ..settings.host_only import HOST_ONLY
from ..settings.modes import idle
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from . import arguments, diffedit_command, map_command
from . import batch_command as batch
from .common import Progress, add_engine, print_hints
from .moving import with_masks

EDITS = {  # command: (mode, summary)
    "edit": (None, "edit an image, each pixel as much as a change map says"),
    "fan": ("fan", "compare strengths in stripes of one image, by one run"),
    "sheet": ("sheet", "compare strengths, one image each, with a contact sheet"),
}
OUT = {
    None: "several images become OUT-0.png, ...",
    "fan": "several images become OUT-0.png, ...",
    "sheet": "the contact sheet; the images become OUT-1-at-0.25.png, ...",
}
EXAMPLE = """\
example:
  diffdiff map --kind gradient --out map.png
  diffdiff edit photo.png --map map.png --prompt "a winter night" --out night.png
  diffdiff edit photo.png --map mask.png --mode "soft inpaint" --prompt "a lake" --out lake.png
  diffdiff fan photo.png --prompt "a winter night" --fan-low 0.2 --out fan.png
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    as_json = "--json" in argv
    try:
        chosen = parser().parse_args(argv)
        answer = chosen.command(chosen)
        if as_json:
            put(as_json_text(answer))
        elif answer and not chosen.quiet:
            put("\n".join(answer["files"]))
        return PARTLY if answer and answer.get("failed") else 0
    except (Exception, KeyboardInterrupt) as error:
        reported = explain(error)
        if reported is None:
            raise
        tell(reported[0], as_json)
        return reported[1]


def tell(error: FieldError, as_json: bool) -> None:
    """Report an error: one line on stderr, or one object on stdout."""
    if as_json:
        parts = {"field": error.field, "problem": error.problem, "remedy": error.remedy}
        put(as_json_text({"error": parts}))
    else:
        print("error:", line(error), file=sys.stderr)


def parser() -> arguments.Parser:
    """Build the parser of all commands. Their flags are the fields of `EditArgs` and `RunArgs`."""
    top = arguments.Parser(
        prog="diffdiff",
        description="Every pixel its own denoising strength.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, dest="command_name")
    for name in EDITS:
        _add_edit(commands, name)
    diffedit_command.add_to(commands)
    map_command.add_to(commands)
    batch.add_to(commands)
    _add_models(commands)
    _add_serve(commands)
    return top


def _add_edit(commands: Any, name: str) -> None:
    mode, text = EDITS[name]
    without = ("mode", "scale", *idle(mode), *COARSE) if mode else ()
    edit = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    edit.set_defaults(command=run_edit, **({"mode": mode} if mode else {}))
    edit.add_argument("image", metavar="IN", help="the image")
    edit.add_argument("--map", metavar="FILE", help="the change map: white changes, black is kept")
    edit.add_argument("--out", metavar="OUT.png", help=OUT[mode])
    edit.add_argument("--json", action="store_true", help="one JSON object on stdout, no progress")
    edit.add_argument("--quiet", action="store_true", help="no progress and no output")
    arguments.add(edit.add_argument_group("the run"), RunArgs, fields(RunArgs))
    hidden = ["map", "enabled", *HOST_ONLY, *without]
    shown = [n for n in fields() if n not in hidden]
    arguments.add(edit.add_argument_group("the map"), EditArgs, shown)
    add_engine(edit)


def run_edit(chosen: argparse.Namespace) -> dict[str, Any]:
    """Check everything, run the model, write the pictures; return what `--json` prints."""
    if hasattr(chosen, "move"):
        chosen.move = with_masks(chosen.move)
    run, args = given(chosen, RunArgs), given(chosen, EditArgs)
    if not (chosen.map or coarse.wanted(args)) and (args.needs_map or args.soft):
        raise FieldError("map", "there is no change map", "Give --map, or make one: diffdiff map")
    from ..images import pictures
    from ..maps import geometry
    from ..pipelines import anchors, png, scheduler_choice
    from ..pipelines.hints import given_back

    data = pictures.load(chosen.image, "image")
    image = pictures.read(data, "image", chosen.image)
    change_map = geometry.decode(pictures.load(chosen.map, "map")) if chosen.map else None
    singles = args.several if args.mode == "sheet" else ()
    inputs = [path for path in (chosen.image, chosen.map) if path]
    targets = png.targets(chosen.out, run.count, inputs, singles)
    if run.scheduler is not None:
        scheduler_choice.known(run.scheduler)
    silent = chosen.json or chosen.quiet
    requested, (image, change_map, args) = args, coarse.prepared(image, change_map, args)
    engine = open_engine(chosen, silent)
    edit = anchors.editing(engine, args, run)
    with Progress(silent) as progress:
        result = edit(image, change_map, args, run, progress)
    coarse.noted(result.settings, requested)
    whole = given_back(result, image, data, coarse.wanted(requested))
    profile = image.info.get("icc_profile")
    for i, (picture, target) in enumerate(zip(result.pictures, targets)):
        texts = png.texts(requested, result.runs[i], change_map, result.settings, picture.size)
        png.write_png(whole[i], target, texts, profile)
    if not silent:
        print(
            f"{result.calls} model calls, {result.skipped} of {result.steps} steps skipped, "
            f"{result.seconds:.1f} s",
            file=sys.stderr,
        )
        if result.settings.get("levels"):
            print(f"Levels: {png.began(result.settings['levels'])}", file=sys.stderr)
        print_hints(result.settings)
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


def _add_models(commands: Any) -> None:
    text = "list models and schedulers; with `export`, write a model for a WebUI"
    command = commands.add_parser("models", help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(command=run_models)
    command.add_argument("action", nargs="?", choices=("list", "export"), default="list")
    command.add_argument("out", nargs="?", metavar="OUT.safetensors", help="file for `export`")
    command.add_argument("--model", default="toyworld", metavar="NAME", help="toyworld or a folder")
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    command.add_argument("--quiet", action="store_true", help="print nothing")


def run_models(chosen: argparse.Namespace) -> dict[str, Any] | None:
    """List, or export; return what `--json` prints."""
    from . import model_list

    if chosen.action == "export":
        return model_list.export(chosen.model, chosen.out)
    if chosen.out:
        raise FieldError("out", f"{chosen.out} has no effect with {chosen.action}", "Remove it")
    known = model_list.known()
    if chosen.json:
        return known
    if not chosen.quiet:
        print(model_list.listed(known))
    return None


def _add_serve(commands: Any) -> None:
    text = "open a page in the browser, on this computer"
    serve = commands.add_parser("serve", help=text, description=text[0].upper() + text[1:] + ".")
    serve.set_defaults(command=run_serve, quiet=True)
    serve.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7870, help="port (default: %(default)s)")
    add_engine(serve)


def run_serve(chosen: argparse.Namespace) -> None:
    """Serve the page until it is interrupted."""
    _check_address(chosen.host, chosen.port)
    from ..page import page

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
