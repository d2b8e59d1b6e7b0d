"""`python -m benchmarks.docs_pictures`: pictures of README and docs that the toy world makes.

It writes docs/hero.png, response.png, transition.png and anchor.png for docs/settings.md, and
words.png and click.png for docs/automatic-maps.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from diffdiff.maps import shapes
from diffdiff.maps.shaping import shape
from diffdiff.metrics.adherence import mean_change
from diffdiff.pipelines import diffedit_edit
from diffdiff.pipelines.clicking import find_clicked
from diffdiff.pipelines.engine import Engine
from diffdiff.pipelines.load import load
from diffdiff.pipelines.model_maps import find_words
from diffdiff.pipelines.png import write_png
from diffdiff.settings.click import ClickArgs, Clicks, parse_points
from diffdiff.settings.response import measured, text
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import WordsArgs
from diffdiff.toyworld.paint import paint
from examples.demo import INPUT, PROMPT, SIZE
from examples.sheet import EDGE, FADED, INK, MARGIN, PAPER

DOCS = Path(__file__).resolve().parents[1] / "docs"
RUN = {"prompt": PROMPT, "scheduler": "DPMSolverMultistep", "guidance": 5.0, "seed": 10}
GAP, SIDE = 16, 232  # px
CLICKS = "42%,80%; 50%,58%", "42%,80%; 50%,58%; -20%,55%"
DOT, INSIDE, OUTSIDE = 2, (40, 200, 90), (230, 60, 60)  # px, colors of points


def strip(tiles: list[tuple[str, str, np.ndarray]], side: int) -> np.ndarray:
    """Draw tiles (heading, caption, uint8 `[h, w, 3]`) side by side, each `side` px wide."""
    heading, caption = (ImageFont.load_default(size) for size in (19, 15))
    width = 2 * MARGIN + len(tiles) * (side + GAP) - GAP
    sheet = Image.new("RGB", (width, side + 2 * MARGIN + 52), PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, (head, words, picture) in enumerate(tiles):
        x, y = MARGIN + i * (side + GAP), MARGIN + 24
        draw.text((x, y - 12), head, INK, heading, "ls")
        draw.rectangle((x - 1, y - 1, x + side, y + side), outline=EDGE)
        large = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(large, (x, y))
        draw.text((x, y + side + 24), words, FADED, caption, "ls")
    return np.asarray(sheet)


def curves(values: np.ndarray, lines: dict[str, list[float]], height: int) -> np.ndarray:
    """Plot change over map value, `height` px high."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, height / 100), dpi=100, facecolor=np.array(PAPER) / 255)
    axes = figure.add_axes((0.13, 0.17, 0.8, 0.72), facecolor=np.array(PAPER) / 255)
    for (name, found), color in zip(lines.items(), ("#c2413b", "#2f6fb7")):
        axes.plot(values, found, color=color, label=name, linewidth=2)
    axes.set(xlabel="map value", ylabel="mean change, of 255", xlim=(0, 1), ylim=(0, None))
    axes.legend(frameon=False, fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def gray(change_map: np.ndarray) -> np.ndarray:
    """Return a map `[H, W]` in 0..1 as uint8 `[H, W, 3]`."""
    return np.round(change_map * 255).astype(np.uint8)[..., None].repeat(3, 2)


def marked(picture: np.ndarray, clicks: Clicks) -> np.ndarray:
    """Return a picture with a dot at each point."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for x, y, inside in clicks.points:
        corners = x - DOT, y - DOT, x + DOT, y + DOT
        draw.ellipse(corners, fill=INSIDE if inside else OUTSIDE, outline=PAPER)
    return np.asarray(image)


class Maker:
    """Makes the pictures with one engine and the demo's input."""

    def __init__(self, engine: Engine):
        self.engine, self.image = engine, Image.fromarray(paint(INPUT, SIZE))
        self.before = np.asarray(self.image)

    def edit(self, change_map: np.ndarray, args: dict, **run) -> np.ndarray:
        """Return the edited picture, uint8 `[H, W, 3]`."""
        settings = parse({**RUN, "steps": 20, "strength": 1.0, **run}, RunArgs)
        done = self.engine.edit(self.image, change_map, parse(args), settings)
        return np.asarray(done.pictures[0])

    def hero(self) -> np.ndarray:
        """Keep the house, change the rest; beside plain img2img."""
        disc = 1 - shapes.ellipse(SIZE, SIZE, box=(0.06, 0.3, 0.94, 1.18))
        args = {"soften_radius": 12.0, "transition": 1.0}
        ramp = shapes.gradient(SIZE, SIZE)
        everywhere = np.ones_like(disc)
        found = self.edit(disc, args)
        settings = parse({**RUN, "steps": 20}, RunArgs)
        shown = self.engine.edit(self.image, disc, parse(args), settings).change_map
        tiles = [
            ("Image", "a painted summer noon", self.before),
            ("Change map", "white changes, black is kept", gray(shown)),
            ("Differential Diffusion", "a winter night around the house", found),
            ("Plain img2img", "one strength for every pixel", self.edit(everywhere, {})),
            ("By a gradient", "from kept to changed", self.edit(ramp, {"transition": 1.0})),
        ]
        return strip(tiles, SIDE)

    def change(self, value: float, args: dict, **run) -> float:
        """Return the mean change under a flat map of one value, in levels of 255."""
        return mean_change(self.before, self.edit(np.full((2, 2), value, np.float32), args, **run))

    def response(self) -> np.ndarray:
        """An even ramp, read as strength and by the measured response."""
        values = np.arange(21) / 20
        changes = [self.change(value, {}) for value in values]
        points = text(measured(values, changes))
        even = [self.change(value, {"response": points}) for value in values]
        return self.compared(
            [("gray as strength", {}), ("gray by response", {"response": points})],
            [changes, even],
            values,
        )

    def transition(self) -> np.ndarray:
        """A ramp in few steps, released at steps and over a step."""
        values = np.arange(49) / 48
        kinds = [
            (f"transition {value:g}, 6 steps", {"levels": "steps", "transition": value})
            for value in (0.0, 1.0)
        ]
        changes = [[self.change(v, args, steps=6) for v in values] for _, args in kinds]
        return self.compared(kinds, changes, values, steps=6)

    def compared(self, kinds: list, changes: list, values: np.ndarray, **run) -> np.ndarray:
        """Draw a ramp edited in two ways, and the curves of both."""
        ramp = shapes.gradient(SIZE, SIZE)
        tiles = [("The ramp", "0 at the left, 1 at the right", gray(ramp))]
        for head, args in kinds:
            tiles.append((head, "the result", self.edit(ramp, args, **run)))
        sheet = strip(tiles, SIDE)
        lines = {head: found for (head, _), found in zip(kinds, changes)}
        plot = curves(values, lines, sheet.shape[0])
        return np.concatenate([sheet, plot], 1)

    def anchor(self) -> np.ndarray:
        """A black-and-white map, held on the noised original and on the inverted path."""
        house = shapes.rectangle(SIZE, SIZE, box=(0.22, 0.42, 0.78, 0.93))
        prompt = "a summer noon, mountains, cloudy sky, a blue house in the middle"
        shared = {"prompt": prompt, "scheduler": "DDIM", "steps": 40, "strength": 0.9}
        noised = self.edit(house, {}, **shared)
        run = parse({**RUN, **shared}, RunArgs)
        inverted = diffedit_edit.edit(
            self.engine, self.image, "diffedit", "", parse({}), run, change_map=house, refine=1
        ).pictures[0]
        tiles = [
            ("Image", "a red house", self.before),
            ("Change map", "black and white", gray(house)),
            ("anchor: noised", "“a blue house”, strength 0.9", noised),
            ("anchor: inverted", "“a blue house”, strength 0.9", np.asarray(inverted)),
        ]
        return strip(tiles, SIDE)

    def words(self) -> np.ndarray:
        """A map from words beside one painted by hand, and what both do."""
        painted = np.zeros((SIZE, SIZE), np.float32)
        painted[: SIZE * 5 // 16] = 0.8
        painted[shapes.rectangle(SIZE, SIZE, box=(0.28, 0.5, 0.72, 0.86)) > 0.5] = 1
        soft = {"soften_radius": 3.0}
        named = "red house 1, cloudy sky 0.8, mountains 0, green hills 0"
        found = find_words(self.engine, self.image, named, WordsArgs())
        run = {"prompt": "a summer noon, mountains, overcast sky, a blue house in the middle"}
        tiles = [
            ("Image", "a painted summer noon", self.before),
            ("Painted", "by hand", gray(shape(painted, parse(soft)))),
            ("The edit", "by the painted map", self.edit(painted, soft, **run)),
            ("Words", "house 1, sky 0.8, the rest 0", gray(found)),
            ("The edit", "by the words", self.edit(found, {}, **run)),
        ]
        return strip(tiles, SIDE)

    def click(self) -> np.ndarray:
        """What points find beside a map painted by hand, and what both do."""
        painted = shapes.rectangle(SIZE, SIZE, box=(0.28, 0.5, 0.72, 0.86))
        soft = {"soften_radius": 3.0}
        run = {"prompt": "a summer noon, mountains, clear sky, a blue house in the middle"}
        tiles = [
            ("Image", "a painted summer noon", self.before),
            ("Painted", "by hand", gray(shape(painted, parse(soft)))),
            ("The edit", "by the painted map", self.edit(painted, soft, **run)),
        ]
        for points in CLICKS:
            clicks = parse_points(points, self.image.size)
            found = find_clicked(self.engine, self.image, points, ClickArgs())
            count = len(clicks.points)
            tiles.append((f"{count} points", points.split("; ")[-1], marked(gray(found), clicks)))
        tiles.append(("The edit", "by the points", self.edit(found, {}, **run)))
        return strip(tiles, SIDE)


def main(names: list[str]) -> None:
    """Write the named pictures into docs, or all of them."""
    maker = Maker(load("toyworld"))
    for name in names or ("hero", "response", "transition", "anchor", "words", "click"):
        write_png(Image.fromarray(getattr(maker, name)()), DOCS / f"{name}.png")
        print(DOCS / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
