"""`diffdiff map`: draw change maps, find them in a picture, shape others, and preview them."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..edit import plan
from ..errors import FieldError
from ..images import pictures
from ..images.data_url import sixteen_bits
from ..maps import geometry, shapes, shaping
from ..pipelines import png
from ..settings.given import given
from ..settings.run import RunArgs
from ..settings.schema import EditArgs
from ..settings.sources import sides
from . import arguments, map_sources
from .arguments import Use, refuse_idle
from .common import add_engine, print_hints

KINDS = ("gradient", "radial", "rectangle", "ellipse", "constant")
IN_A_BOX = {"radial": shapes.radial, "rectangle": shapes.rectangle, "ellipse": shapes.ellipse}
SIZE = (512, 512)  # width, height
SHAPING = (
    "invert",
    "black",
    "white",
    "gamma",
    "soften_radius",
    "soften_direction",
    "soften_falloff",
    "linear_light",
)
LOOKING = ("strength", "steps", "scale")  # flags that only a preview obeys
EXAMPLES = """\
examples:
  diffdiff map --kind gradient --size 768x512 --angle 90 --out down.png
  diffdiff map --kind ellipse --box 0.3,0.4,0.7,0.9 --soften-radius 24 --out soft.png
  diffdiff map painted.png --gamma 1.5 --preview photo.png --out look.png
  diffdiff map photo.png --diffedit "a bowl of fruit" "a bowl of pears" --out pears.png
  diffdiff map photo.png --words "house 0.2, sky 90%" --out map.png
  diffdiff map photo.png --points "120,80; 200,90; -40,30" --out map.png
  diffdiff map photo.png --source edges --invert --soften-radius 8 --preview --out look.png
  diffdiff map photo.png --layers preset.json --out map.png
"""


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    text = "make a change map, shape one, or preview one on its image"
    parser = commands.add_parser(
        "map",
        help=text,
        epilog=EXAMPLES,
        description=text[0].upper() + text[1:] + ". White changes, black is kept.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=run)
    parser.add_argument(
        "map", nargs="?", metavar="IN_MAP", help="a map to shape, or an image to make one from"
    )
    parser.add_argument("--out", metavar="OUT.png", help="16-bit gray; with --preview the overlay")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="print nothing")

    made = parser.add_argument_group("make a map")
    made.add_argument("--kind", choices=KINDS, help="the shape of the map")
    made.add_argument("--size", metavar="WxH", help="pixels (default: the preview's, or 512x512)")
    made.add_argument(
        "--from",
        dest="start",
        type=float,
        default=0.0,
        metavar="X",
        help="value at the start of a gradient, and outside a shape (default: 0)",
    )
    made.add_argument(
        "--to",
        dest="end",
        type=float,
        default=1.0,
        metavar="X",
        help="value at the end of a gradient, in a shape, of a constant (default: 1)",
    )
    made.add_argument(
        "--angle",
        type=float,
        metavar="DEG",
        help="direction of a gradient, clockwise: 0 is left to right, 90 downwards (default: 0)",
    )
    made.add_argument(
        "--box",
        metavar="L,T,R,B",
        help="box of radial, rectangle, ellipse and foreground, as fractions of the image "
        "(default: the middle half, for radial and foreground the whole)",
    )

    map_sources.add_to(parser)

    arguments.add(parser.add_argument_group("shape the map"), EditArgs, SHAPING)

    look = parser.add_argument_group("preview it")
    look.add_argument(
        "--preview",
        nargs="?",
        const="",
        metavar="IMAGE",
        help="draw the strengths over this image (default: the one that the map is made from)",
    )
    arguments.add(look, RunArgs, ("strength", "steps"))
    arguments.add(look, EditArgs, ("scale",))

    add_engine(parser)


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Write the map, or the preview; return what `--json` prints.

    Raises:
        FieldError: names the flag.
    """
    args = given(chosen, EditArgs, (*SHAPING, "scale"))
    run_args = given(chosen, RunArgs)
    way, noted = map_sources.way(chosen), {}
    _check_use(chosen, way)
    seen = (chosen.preview or chosen.map) if chosen.preview is not None else None
    inputs = filter(None, (chosen.map, seen, *map_sources.inputs(chosen)))
    (target,) = png.targets(chosen.out, 1, inputs)
    picture = None
    if seen:
        picture = pictures.read(pictures.load(seen, "preview"), "preview", seen)
    if way:
        change_map, noted = map_sources.make(chosen, way)
        if not (chosen.json or chosen.quiet):
            print_hints(noted)
    elif chosen.kind:
        change_map = make(chosen, picture.size if picture else SIZE)
    else:
        change_map = geometry.decode(pictures.load(chosen.map, "map"))
    if picture is not None:  # a radius in pixels means those of the picture, as in an edit
        change_map = geometry.resize(change_map, *picture.size)
    shaped = shaping.shape(change_map, args)
    if picture is None:
        png.write_png(sixteen_bits(shaped), target)
    else:
        from ..page import visualize

        strength = plan.strengths(shaped, args, run_args.strength)
        png.write_png(visualize.preview(np.asarray(picture), strength, run_args.steps), target)
    return {
        "files": [str(target)],
        "size": [shaped.shape[1], shaped.shape[0]],
        "lowest": float(shaped.min()),
        "highest": float(shaped.max()),
        **noted,
    }


def make(chosen: argparse.Namespace, size: tuple[int, int]) -> np.ndarray:
    """Draw the map of `--kind`, float32 [H, W]; `size` (width, height) if none was given."""
    width, height = _size(chosen.size) if chosen.size else size
    ends = chosen.start, chosen.end
    if chosen.kind == "constant":
        return shapes.constant(height, width, chosen.end)
    if chosen.kind == "gradient":
        return shapes.gradient(height, width, *ends, chosen.angle or 0.0)
    box = {"box": sides(chosen.box)} if chosen.box else {}
    return IN_A_BOX[chosen.kind](height, width, *ends, **box)


def _check_use(chosen: argparse.Namespace, way: str | None) -> None:
    """Check that the map has one source, and refuse flags without effect. way: as `map_sources.way`
    returns it."""
    if not chosen.kind and not chosen.map:
        kinds = ", ".join(KINDS)
        raise FieldError("map", "there is no map", f"Name a map file, or use --kind with {kinds}")
    if chosen.kind and chosen.map:
        raise FieldError("kind", f"there is a map too, {chosen.map}", "Use one of the two")
    boxed = chosen.kind in IN_A_BOX or chosen.reading == "foreground"
    uses = [
        Use("angle", "--kind gradient", chosen.kind == "gradient"),
        Use("box", f"--kind {', '.join(IN_A_BOX)}", boxed),
        Use("size", "--kind", chosen.kind is not None),
        *(Use(name, "--preview", chosen.preview is not None) for name in LOOKING),
    ]
    refuse_idle(chosen, uses)
    if chosen.preview == "" and not way:
        raise FieldError("preview", "there is no picture", "Name one: --preview photo.png")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()) or min(int(width), int(height)) < 2:
        problem = f"{text} is not a size"
        raise FieldError("size", problem, "Use width x height in pixels, from 2x2, such as 768x512")
    return int(width), int(height)
