"""`diffdiff diffedit`: edits from two prompts, by DiffEdit and its relatives."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..errors import FieldError
from ..images import pictures
from ..maps import geometry
from ..pipelines import png
from ..pipelines.diffedit_methods import INVERTED, MAPPED, METHODS
from ..pipelines.opening import open_engine
from ..settings import sources
from ..settings.given import given
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from ..settings.sources import DiffEditArgs
from . import arguments
from .arguments import Use, refuse_idle
from .common import Progress, add_engine, print_hints

OF_A_RUN = (
    "prompt",
    "negative_prompt",
    "strength",
    "steps",
    "guidance",
    "seed",
    "scheduler",
    "width",
    "height",
)
OF_A_MAP = (
    "invert",
    "scale",
    "black",
    "white",
    "gamma",
    "soften_radius",
    "soften_direction",
    "soften_falloff",
    "linear_light",
    "paste_back",
    "feather",
)
EXAMPLES = """\
methods:
{methods}

examples:
  diffdiff diffedit bowl.png --reference "a bowl of fruit" --prompt "a bowl of pears" --out p.png
  diffdiff diffedit bowl.png --prompt "a bowl of pears" --method differential --out pears.png
"""


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    text = "edit an image by two prompts: DiffEdit finds where"
    listed = "\n".join(f"  {name:14} {what}" for name, what in METHODS.items())
    parser = commands.add_parser(
        "diffedit",
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=EXAMPLES.format(methods=listed),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=run)
    parser.add_argument("image", metavar="IN", help="the image")
    parser.add_argument(
        "--reference",
        default="",
        metavar="TEXT",
        help="what the image shows (default: the model's prediction without a prompt)",
    )
    parser.add_argument(
        "--method", choices=METHODS, default="diffedit", help="see below (default: %(default)s)"
    )
    parser.add_argument("--map", metavar="FILE", help="use this change map instead of finding one")
    parser.add_argument(
        "--refine",
        type=int,
        default=0,
        metavar="N",
        help="more model calls per step of the inversion, 0 to 10: closer to the original "
        "(default: %(default)s)",
    )
    parser.add_argument("--out", metavar="OUT.png", help="the edited image")
    parser.add_argument("--json", action="store_true", help="one JSON object, no progress")
    parser.add_argument("--quiet", action="store_true", help="no progress and no output")
    group = parser.add_argument_group("the run", "--strength is the encoding ratio")
    arguments.add(group, RunArgs, OF_A_RUN)
    arguments.add(parser.add_argument_group("the map"), DiffEditArgs, fields(DiffEditArgs))
    arguments.add(parser.add_argument_group("the map's shape, and the paste"), EditArgs, OF_A_MAP)
    add_engine(parser)


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Check everything, run the model, write the picture; return what `--json` prints.

    Raises:
        FieldError: names the flag.
    """
    run_args, args = given(chosen, RunArgs), given(chosen, EditArgs, OF_A_MAP)
    found = given(chosen, DiffEditArgs)
    _check_use(chosen, run_args)
    data = pictures.load(chosen.image, "image")
    image = pictures.read(data, "image", chosen.image)
    change_map = geometry.decode(pictures.load(chosen.map, "map")) if chosen.map else None
    paths = filter(None, (chosen.image, chosen.map))
    (target,) = png.targets(chosen.out, 1, paths)
    silent = chosen.json or chosen.quiet
    engine = open_engine(chosen, silent)
    from ..pipelines import diffedit_edit
    from ..pipelines.hints import given_back

    with Progress(silent) as progress:
        result = diffedit_edit.edit(
            engine,
            image,
            chosen.method,
            chosen.reference,
            args,
            run_args,
            found,
            change_map,
            chosen.refine,
            progress,
        )
    (picture,) = result.pictures
    (whole,) = given_back(result, image, data)
    texts = png.texts(args, result.runs[0], change_map, result.settings, picture.size)
    png.write_png(whole, target, texts, image.info.get("icc_profile"))
    if not silent:
        print(f"{result.calls} model calls, {result.seconds:.1f} s", file=sys.stderr)
        print_hints(result.settings)
    return {
        "files": [str(target)],
        "settings": result.settings,
        "calls": result.calls,
        "steps": result.steps,
        "seconds": result.seconds,
    }


def _check_use(chosen: argparse.Namespace, run_args: RunArgs) -> None:
    """Refuse flags without effect, and prompts from which no map can be found."""
    method = chosen.method
    if not 0 <= chosen.refine <= 10:
        raise FieldError("refine", f"{chosen.refine} is not usable", "Use 0 to 10")
    if chosen.map and method not in MAPPED:
        raise FieldError("map", f"{method} uses none", f"Leave it out, or use {', '.join(MAPPED)}")
    searches = method in MAPPED and not chosen.map
    if searches:
        sources.check_prompts(chosen.reference, run_args.prompt)
    finds, inverts = "methods that find a map", method in INVERTED
    refuse_idle(
        chosen,
        [
            Use("reference", finds, searches),
            *(Use(name, finds, searches) for name in fields(DiffEditArgs)),
            Use("refine", ", ".join(INVERTED), inverts, 0),
            Use("scheduler", "differential and sdedit; inversion is DDIM", not inverts),
            Use("diffedit_cut", "the method diffedit", method == "diffedit"),
        ],
    )
