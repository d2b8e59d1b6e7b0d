"""`python -m examples.demo`: a summer noon becomes a winter night, every pixel at its own strength.

Runs img2img with the real DPM++ 2M of k-diffusion and a denoiser that needs no weights (see
`patches.py`), once plainly and once for each change map, and writes the pictures and a contact
sheet. Where the map is 0 the output is the input, byte for byte; that is checked.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from diffdiff import maps, prepare
from diffdiff.args import EditArgs, parse
from diffdiff.errors import FieldError

from .brush import paint
from .edit import SIGMAS, Edit, img2img, to_picture
from .patches import Denoiser, prior
from .scenes import scene
from .sheet import Row, contact_sheet, heat, save

HEIGHT, WIDTH = 192, 256
INPUT = 7  # seed of the input picture, which is not among the data
VARIANTS, TIMES = 48, 16  # of the painted data: landscapes, and times of each
PROMPT = (0.2, 0.74)  # strengths at which a summer noon begins to change, and is a winter night
SOFTEN = 14.0  # pixels, of the discs
MOST = 150.0  # change at the end of the colour scale, of 255
TITLE = "Differential Diffusion: every pixel has its own denoising strength"
HEADS = ("Input", "Change map", "Plain img2img", "Differential Diffusion", "What changed")


def painted(seed: int, times: list[float], height: int, width: int) -> torch.Tensor:
    """`[T, 3, H, W]` in -1..1."""
    pictures = paint(scene(seed, height, width), times)
    return torch.from_numpy(pictures).permute(0, 3, 1, 2)


def learn(height: int, width: int, variants: int, times: int) -> Denoiser:
    """The model of the valley, prompted for a winter night."""
    at = np.linspace(0, 1, times).tolist()
    pictures = torch.empty(times, variants, 3, height, width)
    for v in range(variants):
        pictures[:, v] = painted(100 + v, at, height, width)
    low, high = (s ** (1 / 7) for s in SIGMAS)
    # the levels of a Karras schedule at evenly spaced strengths
    levels = (low + (high - low) * np.linspace(*PROMPT, times - 1)) ** 7
    return Denoiser(pictures, prior(pictures, levels.tolist()))


def gradient(height: int, width: int) -> np.ndarray:
    """float32 `[H, W]`: 0 in the first column, 1 in the last."""
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


def disc(height: int, width: int, x: float, y: float, radius: float) -> np.ndarray:
    """float32 `[H, W]`: ones in a disc; x in widths, y and the radius in heights."""
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(columns + 0.5 - x * width, rows + 0.5 - y * height)
    return (far < radius * height).astype(np.float32)


def read_map(path: str, height: int, width: int) -> np.ndarray:
    """A map from a picture file, at the size of the input."""
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = f"{path} cannot be read ({getattr(error, 'strerror', None) or error})"
        raise FieldError("map", reason, "Give the path of a picture") from None
    return maps.resize(maps.decode(data), width, height)


class Wanted(NamedTuple):
    """caption: what the map shows. drawn: float32 `[H, W]` in 0..1, before it is shaped."""

    caption: str
    drawn: np.ndarray
    args: EditArgs


def change_maps(
    file: str | None, soften: float | None, height: int, width: int
) -> dict[str, Wanted]:
    """name -> map: the user's own, or a gradient and two discs.

    soften: radius in pixels for all of them; None = none but for the discs.
    """

    def wanted(text: str, drawn: np.ndarray, usual: float = 0, **request) -> Wanted:
        radius = usual if soften is None else soften
        args = parse({"soften_radius": radius, "transition": 1.0, **request})
        return Wanted(f"{text}, softened by {radius:g} px" if radius else text, drawn, args)

    if file is not None:
        return {"file": wanted(Path(file).name[:16], read_map(file, height, width))}
    large, small = disc(height, width, 0.6, 0.55, 0.38), disc(height, width, 0.645, 0.725, 0.195)
    return {
        "gradient": wanted("gradient, 0 to 1", gradient(height, width)),
        "disc": wanted("disc", large, SOFTEN),
        "keep": wanted("inverse", small, SOFTEN, invert=True, soften_direction="inward"),
    }


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise FieldError("arguments", message, "See --help")


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m examples.demo", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--map", metavar="FILE", help="a grey picture: white changes, black is kept"
    )
    parser.add_argument("--strength", type=float, default=1.0, help="of a white pixel, 0 to 1")
    parser.add_argument("--steps", type=int, default=20, help="of the sampler at strength 1")
    parser.add_argument("--soften", type=float, help="radius in pixels that softens the map")
    parser.add_argument("--out", default="demo-output", help="folder for the pictures")
    chosen = parser.parse_args(argv)
    if not 0 <= chosen.strength <= 1:
        problem = f"{chosen.strength} is not allowed"
        raise FieldError("strength", problem, "Use a number from 0 to 1")
    if not 2 <= chosen.steps <= 200:
        raise FieldError("steps", f"{chosen.steps} is not allowed", "Use a number from 2 to 200")
    return chosen


def run(argv: list[str] | None = None) -> Path:
    """Everything; returns the path of the sheet."""
    chosen = options(argv)
    wanted = change_maps(chosen.map, chosen.soften, HEIGHT, WIDTH)
    out = Path(chosen.out)
    began = time.perf_counter()
    picture = to_picture(painted(INPUT, [0.0], HEIGHT, WIDTH))
    try:
        out.mkdir(parents=True, exist_ok=True)
        save(picture, out / "input.png")
    except OSError as error:
        reason = f"{out} cannot be written ({error.strerror})"
        raise FieldError("out", reason, "Name another folder") from None
    model = learn(HEIGHT, WIDTH, VARIANTS, TIMES)
    seconds = time.perf_counter() - began
    print(f"model: {VARIANTS} variants of a valley at {TIMES} times, painted in {seconds:.1f} s")

    def edit(name: str, change_map: np.ndarray, args: EditArgs) -> Edit:
        done = img2img(model, picture, change_map, args, chosen.strength, chosen.steps)
        print(
            f"{name}: {done.calls} model calls, {done.skipped} steps skipped, "
            f"{done.kept.sum()} kept pixels equal to the input, {done.seconds:.1f} s"
        )
        return done

    plain = edit("plain", np.ones((HEIGHT, WIDTH), np.float32), parse({}))
    save(plain.picture, out / "plain.png")
    rows = []
    for name, (caption, drawn, args) in wanted.items():
        change_map = prepare.shape(drawn, args)
        done = edit(name, change_map, args)
        grey = np.repeat(np.round(change_map * 255).astype(np.uint8)[..., None], 3, 2)
        save(grey, out / f"map-{name}.png")
        save(done.picture, out / f"edit-{name}.png")
        changed = heat(picture, done.picture, MOST)
        told = (
            "painted, not among the data",
            caption,
            f"every pixel at strength {chosen.strength:g}",
            f"{done.calls} model calls, {done.skipped} steps skipped",
            None,
        )
        rows.append(Row((picture, grey, plain.picture, done.picture, changed), told))

    subtitle = (
        f"From a summer noon to a winter night. DPM++ 2M, {chosen.steps} steps, "
        "no weights: the denoiser is a posterior mean over painted pictures."
    )
    sheet = out / "sheet.png"
    save(contact_sheet(TITLE, subtitle, HEADS, rows, MOST), sheet)
    return sheet


def main(argv: list[str] | None = None) -> int:
    try:
        sheet = run(argv)
    except FieldError as error:
        print(error, file=sys.stderr)
        return 2
    print(sheet)
    print("Try next: --strength 0.7, --soften 32, or --map FILE with a grey picture of your own.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
