"""What is measured of one sampler: how grays of a map come out in runs of few steps."""

from __future__ import annotations

import numpy as np
import torch

from diffdiff.maps.geometry import to_latent
from diffdiff.metrics import adherence
from diffdiff.sampling.start_steps import StartSteps
from diffdiff.settings.response import amount, measured, points_of, text

from ..results.adherence import NORMAL, correlations, draws
from ..results.scenes import asks, gradient, turned, turned_back
from .models import Toy
from .runs import STEPS, Amount, Pictures, Row, Runs, Sampler, picked

SIZE, CELL = 128, 8
COLUMNS = SIZE // CELL
YARDSTICK = 20  # steps
STRENGTHS = np.linspace(0, 1, 64).round(6)
OTHERS = 1000  # first landscape of those by which the response is measured
RESPONSE = 4  # how many of them
CONSTANT = (0.11, 0.3, 0.47, 0.8)
GREYS = (1.0, 0.62, 0.37)  # white and two flat grays
LEVEL = 1.0  # of 255, by which a strength has to change more to be told from the one before


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute difference of the channels, of 255: uint8 `[..., H, W, 3]` -> `[..., H, W]`."""
    return np.abs(before.astype(np.float32) - after).mean(-1)


class Measure:
    """One sampler at one number of steps.

    Args:
        toy: the model.
        pictures: how many the ramp is tried on.
        strips: how many every strength is tried on by itself; the first of the ramp's.
        batch: pictures in a run.
    """

    def __init__(
        self,
        toy: Toy,
        sampler: Sampler,
        steps: int,
        pictures: int,
        strips: int = 1,
        batch: int = 16,
    ):
        self.toy, self.runs = toy, Runs(toy, sampler, steps)
        self.count, self.batch = pictures, batch
        self.strips = Pictures(toy, asks(strips, SIZE))
        self.response = ""

    def respond(self) -> None:
        """Measures the response to exact starts, on other pictures."""
        pictures = Pictures(self.toy, asks(RESPONSE, SIZE, OTHERS))
        before = self.toy.decoded(pictures.init)
        strengths = np.arange(1, 17) / 16
        after = [self.toy.decoded(self.runs.alone(pictures, s)) for s in strengths]
        self.response = text(measured(strengths, [change(before, a).mean() for a in after]))

    def plan(self, row: Row, m: np.ndarray) -> tuple[StartSteps, int | None]:
        spread: Amount | None = amount(points_of(self.response)) if row.spread else None
        return self.runs.plan(m, row, spread)

    def ramp(self, rows: tuple[Row, ...]) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        """Row -> `[N, H, W]`, what a ramp changed, turned back; "full": where all is white. And
        the model calls."""
        found: dict[str, list] = {row.name: [] for row in rows} | {"full": []}
        calls: dict[str, int] = {}
        for start in range(0, self.count, self.batch):
            some = asks(min(self.batch, self.count - start), SIZE, start)
            pictures = Pictures(self.toy, some)
            before = self.toy.decoded(pictures.init)
            ramps = [turned(gradient(SIZE), ask.turn) for ask in some]
            cells = np.stack([to_latent(m, COLUMNS, COLUMNS) for m in ramps])[:, None]
            for row in (*rows, None):
                m = np.ones_like(cells) if row is None else cells
                ladder, first = self.plan(row or STEPS, m)
                name = "full" if row is None else row.name
                latents, calls[name] = self.runs.held(pictures, ladder, first)
                made = change(before, self.toy.decoded(latents))
                found[name] += [turned_back(c, ask.turn) for c, ask in zip(made, some)]
        return {name: np.stack(parts) for name, parts in found.items()}, calls

    def shaped(self, latents: torch.Tensor) -> np.ndarray:
        """Of all pictures of the strips, strength by strength: `[strengths, strips, H, W, 3]`."""
        return self.toy.decoded(latents).reshape(-1, len(self.strips.asks), SIZE, SIZE, 3)

    def exactly(self) -> np.ndarray:
        """Pictures of runs that begin exactly at each of `STRENGTHS`."""
        alone = (self.runs.alone(self.strips, s) for s in STRENGTHS[1:])
        return self.shaped(torch.cat([self.strips.init, *alone]))

    def strip(self, row: Row) -> np.ndarray:
        """Pictures of `STRENGTHS`, planned as one ramp, each strength in pictures of its own."""
        ladder, first = self.plan(row, STRENGTHS)
        weight = np.ones(len(STRENGTHS)) if ladder.weight is None else ladder.weight
        fine = np.zeros(len(STRENGTHS)) if ladder.fine is None else ladder.fine
        # what begins alike ends alike
        alike = np.stack([ladder.start, fine, weight.round(6)])
        _, index, which = np.unique(alike, axis=1, return_index=True, return_inverse=True)
        own = picked(ladder, index.repeat(len(self.strips.asks)))
        latents, _ = self.runs.held(self.strips.times(len(index)), own, first)
        return self.shaped(latents)[which.ravel()]

    def constant(self, row: Row) -> float:
        """How far constant maps end from runs that begin exactly at their strength: the largest
        difference of a latent, of the largest value."""
        off = 0.0
        for s in CONSTANT:
            ladder, first = self.plan(row, np.full((1, 1), s))
            got, _ = self.runs.held(self.strips, ladder, first)
            off = max(off, apart(got, self.runs.alone(self.strips, s)))
        return off

    def grays(self, row: Row) -> float:
        """The same of two flat grays beside white, each in a picture of its own."""
        ladder, first = self.plan(row, np.array(GREYS))
        one = Pictures(self.toy, self.strips.asks[:1]).times(len(GREYS))
        got, _ = self.runs.held(one, picked(ladder, range(len(GREYS))), first)
        # in a batch of the same size: in another one an operation may round in another way
        return max(apart(got[i], self.runs.alone(one, s)[i]) for i, s in enumerate(GREYS))

    def gentlest(self, row: Row) -> tuple[float, float]:
        """Least part of noise that an edit begins with: of any constant map, and of the ramp."""
        ladder, first = self.plan(row, STRENGTHS)
        of_ramp = min(self.runs.begins(ladder, first).values())
        for s in STRENGTHS[1:]:
            ladder, first = self.plan(row, np.full((1, 1), s))
            if first is not None:  # stronger ones begin at more
                return min(self.runs.begins(ladder, first).values()), of_ramp
        return of_ramp, of_ramp


def apart(got: torch.Tensor, want: torch.Tensor) -> float:
    return float((got - want).abs().max() / want.abs().max())


def told_apart(strip: np.ndarray) -> int:
    """How many strengths, from black up, change a picture by `LEVEL` more than the last one that
    was counted; black itself is not counted."""
    count, last = 0, strip[0]
    for value in strip[1:]:
        if value >= last + LEVEL:
            count, last = count + 1, value
    return count


def jump(values: np.ndarray) -> float:
    """The largest difference of neighbors over the mean one."""
    rises = np.diff(values)
    return float(np.abs(rises).max() / max(abs(rises.mean()), 1e-9))


def columns(changed: np.ndarray, full: np.ndarray) -> np.ndarray:
    """`[N, H, W]` -> what each column of the latent changed, as a part of what the full edit did
    there."""
    own, whole = (c.mean(0).reshape(SIZE, COLUMNS, CELL).mean((0, 2)) for c in (changed, full))
    return own / whole


def followed(changed: np.ndarray, full: np.ndarray) -> tuple[float, np.ndarray]:
    """Correlation of the ramp and the edit map, and those of redrawn pictures."""
    m = gradient(SIZE)
    each = (changed - full).reshape(len(full), -1)
    drawn = correlations(m, (draws(len(full)) @ each).reshape(-1, *m.shape))
    return adherence.cam(m, each.mean(0).reshape(m.shape)) or 0.0, drawn


def of_strip(made: np.ndarray, exact: np.ndarray | None) -> dict:
    """Figures of the strengths by themselves. exact: from where they should begin, if known."""
    rising = change(made, made[:1]).mean((1, 2, 3))
    off = None if exact is None else float(change(made, exact).mean())
    return {
        "told": told_apart(rising),
        "jump": jump(rising),
        "off": off,
        "strip": rising.round(2).tolist(),
    }


def of_row(
    one: Measure,
    row: Row,
    changed: np.ndarray,
    full: np.ndarray,
    exact: np.ndarray | None,
    goal: tuple[float, np.ndarray],
) -> dict:
    """All figures of a row but its model calls. goal: the correlation that it is compared with,
    and that of redrawn pictures."""
    cam, drawn = followed(changed, full)
    parts = columns(changed, full)
    ladder, first = one.plan(row, STRENGTHS)
    gentle, of_ramp = one.gentlest(row)
    return {
        "levels": len(one.runs.begins(ladder, first)),
        "cam": cam,
        "behind": goal[0] - cam,
        "behind_half": NORMAL * float((goal[1] - drawn).std(ddof=1)),
        "ramp_jump": jump(parts),
        "columns": parts.round(4).tolist(),
        **of_strip(one.strip(row), exact),
        "constant": one.constant(row),
        "grays": one.grays(row),
        "gentle": gentle,
        "gentle_ramp": of_ramp,
    }


def of_sampler(
    toy: Toy, sampler: Sampler, rows: dict[int, tuple[Row, ...]], pictures: int, strips: int = 1
) -> dict:
    """All figures of one sampler, for JSON: steps -> row -> figures, and those of 20 steps."""
    found: dict = {"sampler": sampler.name, "pictures": pictures, "strips": strips}
    goal = None
    for steps, own in {YARDSTICK: (STEPS,), **rows}.items():
        one = Measure(toy, sampler, steps, pictures, strips)
        if any(row.spread for row in own):
            one.respond()
        changed, calls = one.ramp(own)
        goal = goal or followed(changed[STEPS.name], changed["full"])
        exact = one.exactly() if steps != YARDSTICK else None
        made = {}
        for row in own:
            figures = of_row(one, row, changed[row.name], changed["full"], exact, goal)
            made[row.name] = {"calls": calls[row.name]} | figures
        found[str(steps)] = {"response": one.response, "rows": made}
    return found
