"""The part of docs/results.md on few steps. Every sentence with a figure is made from figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..results.writing import marks, rows_of
from ..samplers_page import replaced
from .figures import COLUMNS, LEVEL, STRENGTHS, YARDSTICK
from .runs import EACH, SAMPLERS, SOFT, STEPS, STEPS_SOFT

NAME = "few steps"  # of the marks on the page
FEWEST = 4  # steps, for which the goals are set
BEST, ONE, TWO = SOFT[3].name, SOFT[1].name, SOFT[2].name
BEHIND, TOLD, GENTLE = 0.01, 16, 0.15  # goals
PICTURE, SHOWN = "few-steps.webp", SAMPLERS[4].name
FIGURES = ("calls", "cam", "ramp_jump", "told", "jump", "off", "constant", "grays", "gentle_ramp")
HEADS = (
    "model calls",
    "correlation",
    "jump, ramp",
    "told apart",
    "jump, strengths",
    "off the exact start",
    "constant map",
    "two grays",
    "gentlest noise",
)


def goals(found: Sequence[dict]) -> dict[str, bool]:
    """What was to be shown -> whether it holds with every sampler; where not, it says with which
    it does not."""

    def rows(one: dict) -> dict[str, dict]:
        return one[str(FEWEST)]["rows"]

    asked: dict[str, Callable[[dict], bool]] = {
        f"{BEST}: correlation no lower than with {YARDSTICK} steps less {BEHIND:g}": lambda one: (
            rows(one)[BEST]["behind"] <= BEHIND
        ),
        f"{BEST}: largest jump between strengths at most half that of {STEPS.name}": lambda one: (
            rows(one)[BEST]["jump"] <= rows(one)[STEPS.name]["jump"] / 2
        ),
        f"{BEST}: {TOLD} strengths or more told apart": lambda one: rows(one)[BEST]["told"] >= TOLD,
        f"{ONE}: a constant map is the run that begins exactly there": lambda one: (
            rows(one)[ONE]["constant"] == 0
        ),
        f"{ONE}: gentlest edit at {GENTLE:.0%} noise or less": lambda one: (
            rows(one)[ONE]["gentle"] <= GENTLE
        ),
        f"{TWO}: two flat grays beside white begin exactly": lambda one: (
            rows(one)[TWO]["grays"] == 0
        ),
    }
    held = {}
    for goal, holds in asked.items():
        missed = [one["sampler"] for one in found if not holds(one)]
        but = f" (not with {'; '.join(missed)})" if missed else ""
        held[f"{goal}{but}"] = not missed
    return held


def cell(name: str, values: Sequence[float]) -> str:
    """The mean of all samplers; of what must be 0 the largest."""
    if None in values:
        return ""
    mean = sum(values) / len(values)
    if name in ("constant", "grays"):
        return "exact" if max(values) == 0 else f"{max(values):.1g}"
    if name == "calls":
        low, high = min(values), max(values)
        return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
    digits = {
        "cam": ".3f",
        "jump": ".1f",
        "ramp_jump": ".1f",
        "told": ".0f",
        "off": ".1f",
        "gentle_ramp": ".0%",
    }
    return format(mean, digits[name])


def of_steps(found: Sequence[dict], steps: int) -> list[str]:
    """One table: rows as tried, figures over all samplers."""
    names = list(found[0][str(steps)]["rows"])
    rows = []
    for name in names:
        own = [one[str(steps)]["rows"][name] for one in found]
        rows.append([name, *(cell(key, [r[key] for r in own]) for key in FIGURES)])
    return rows_of([f"{steps} steps", *HEADS], rows)


def by_sampler(found: Sequence[dict]) -> list[str]:
    """The goals' figures: steps, with transition, and fine; beside 20 steps."""
    rows = []
    for one in found:
        own = one[str(FEWEST)]["rows"]
        three = [own[STEPS.name], own[STEPS_SOFT.name], own[BEST]]
        far = one[str(YARDSTICK)]["rows"][STEPS.name]
        best = own[BEST]
        cams = [f"{r['cam']:.3f}" for r in (*three, own[EACH.name])]
        rows.append(
            [
                one["sampler"],
                *cams,
                f"{far['cam']:.3f}",
                f"{-best['behind']:+.3f} ± {best['behind_half']:.3f}",
                " / ".join(f"{r['jump']:.1f}" for r in three),
                " / ".join(f"{r['told']}" for r in three),
                " / ".join(f"{r['off']:.1f}" for r in three),
                f"{own[STEPS.name]['gentle']:.0%} / {own[ONE]['gentle']:.0%}",
            ]
        )
    heads = [
        f"{FEWEST} steps",
        "correlation: steps",
        "steps, transition 1",
        "fine",
        EACH.name,
        f"{YARDSTICK} steps",
        f"fine less {YARDSTICK} steps",
        "jump, strengths",
        "told apart",
        "off the exact start",
        "gentlest edit's noise, steps / fine",
    ]
    return rows_of(heads, rows)


def section(found: Sequence[dict]) -> list[str]:
    first = found[0]
    shown = next((one for one in found if one["sampler"] == SHOWN), first)
    gentle = shown[str(FEWEST)]["rows"][STEPS.name]["gentle"]
    strips = "1 picture" if first["strips"] == 1 else f"{first['strips']} pictures"
    lines = [
        "## Few steps",
        "",
        f"![a ramp in {FEWEST} steps, by steps and finely, and in {YARDSTICK} steps]({PICTURE})",
        "",
        f"*One map, {shown['sampler']}. In {FEWEST} steps grays fall together: there are as many "
        f"strengths as steps, and the gentlest of them starts at {gentle:.0%} noise. With levels "
        f"between the steps and a transition each gray has its own meaning again.*",
        "",
        "Made by `python -m benchmarks.few_steps`: the toy world's model, called directly by "
        f"{len(found)} samplers, with guidance 1 as usual for few steps. The flows are the "
        "same model by an exact change of variables: a flow's `(1 - t) x0 + t eps`, divided by its "
        "norm, is the variance-preserving latent of the timestep with the same signal-to-noise "
        "ratio.",
        "",
        f"- *correlation*: of a ramp from 0 to 1 with what changed, {first['pictures']} pictures, "
        "maps in all eight orientations, as above (CAM). Changes are relative to the picture that "
        "was only encoded and decoded.",
        f"- *jump, ramp*: the largest difference between neighbors of the {COLUMNS} columns that "
        "the latent has, over the mean one; each column's change is a part of what the full edit "
        "changes there. What stands beside a column evens it out.",
        f"- *told apart*: of {len(STRENGTHS)} strengths from 0 to 1, planned as one ramp, each "
        f"then run by itself on the whole of {strips}: how many, from black up, change it by at "
        f"least {LEVEL:g} level of 255 more than the last one that was counted.",
        "- *jump, strengths*: the largest difference between neighbors of these, likewise.",
        "- *off the exact start*: how far those pictures are from img2img that starts at exactly "
        "the strength's noise, mean of all strengths, in levels of 255.",
        "- *constant map*, *two grays*: the largest difference of a latent from that run, of its "
        "largest value, for constant maps of four strengths, and for two flat grays beside white.",
        "- *gentlest noise*: where the least noisy edit of the ramp starts; 100 % is noise only.",
        "",
        "All samplers together: means, and of *constant map* and *two grays* the worst.",
        "",
    ]
    for steps in sorted(int(key) for key in first if key.isdigit()):
        lines += [*of_steps(found, steps), ""]
    lines += [
        f"By sampler, {FEWEST} steps; *fine* is *{BEST}*. Behind ±: half of the 95 % interval of "
        f"the difference, the pictures being the same ones. *{EACH.name}*: more than a run would "
        "afford, to see what a better choice of levels could still do for the correlation. Three "
        f"figures with strokes between them are those of *{STEPS.name}*, *{STEPS_SOFT.name}* and "
        "*fine*.",
        "",
        *by_sampler(found),
        "",
        *marks(goals(found)),
    ]
    return lines


def write(found: Sequence[dict], path: Path) -> None:
    """Into the page, between the marks; at its end where it has none."""
    page = path.read_text(encoding="utf-8")
    if not marked(page):
        page = f"{page.rstrip()}\n\n<!-- {NAME} -->\n<!-- /{NAME} -->\n"
    path.write_text(replaced(page, NAME, section(found)), encoding="utf-8")


def marked(page: str) -> str:
    """What a page has between the marks, and they, for whoever writes the rest anew; or nothing."""
    start, end = f"<!-- {NAME} -->", f"<!-- /{NAME} -->"
    if start not in page:
        return ""
    return start + page.split(start, 1)[1].split(end, 1)[0] + end
