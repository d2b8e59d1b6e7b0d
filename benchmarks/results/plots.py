"""The report's plots (matplotlib)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .adherence import PAPER
from .methods import EVEN, OURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER_INK, INK, LINE = "#fcfcfa", "#1c2028", "#dfe2e6"
INKS = {
    OURS[0]: "#de8a80",
    EVEN: "#c2413b",
    OURS[2]: "#8f5a4f",
    "Algorithm 1": "#7a5195",
    "blended latent diffusion": "#2f6fb7",
    "blurred mask": "#3b9b6d",
    "built-in soft inpainting": "#c08a2e",
    "N-run compositing": "#5c626e",
    "plain img2img": "#a3a8b1",
}


def figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure((width, height), dpi=100, facecolor=PAPER_INK, layout="constrained")


def _plain(axes) -> None:
    axes.set_facecolor(PAPER_INK)
    axes.grid(color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def cam(table: dict[str, dict[str, dict]], path: Path) -> None:
    """map -> method -> figures: CAM with 95 % intervals."""
    drawn = figure(11, 3.4)
    for axes, (kind, rows) in zip(drawn.subplots(1, len(table), sharey=True), table.items()):
        _plain(axes)
        for y, (name, row) in enumerate(reversed(rows.items())):
            ends = [[max(row["cam"] - row["cam_low"], 0)], [max(row["cam_high"] - row["cam"], 0)]]
            axes.errorbar(row["cam"], y, xerr=ends, fmt="o", color=INKS[name], capsize=3)
        axes.axvline(PAPER[kind][0], color=INK, linestyle=":", linewidth=1)
        axes.set_yticks(range(len(rows)), list(reversed(rows)))
        axes.set_title(f"{kind} (dotted: the paper's {PAPER[kind][0]:g})", fontsize=10)
        axes.set_xlabel("CAM")
    save(drawn, path)


def curves(found: dict, path: Path) -> None:
    """Success against distance; a point for each strength, the last one larger."""
    drawn = figure(8, 4.6)
    axes = drawn.subplots()
    _plain(axes)
    for name, row in found["rows"].items():
        x, y = row[found["distance"]], row["success"]
        sizes = [22] * (len(x) - 1) + [70]
        axes.plot(x, y, color=INKS[name], linewidth=2, label=name)
        axes.scatter(x, y, sizes, INKS[name])
    axes.set_xlabel(f"distance to the input ({found['distance']})")
    axes.set_ylabel(found["success"])
    axes.legend(frameon=False)
    save(drawn, path)


def cost(found: dict, path: Path) -> None:
    """Memory by steps; seconds by steps, side, and N."""
    drawn = figure(9, 6)
    axes = drawn.subplots(2, 2).ravel()
    for name, values in found["memory"].items():
        axes[0].plot(found["steps"], values, "o-", color=INKS[name], label=name)
    for ax, what, words in zip(
        axes[1:], ("steps", "side", "N"), ("steps", "pixels of a side, 10 steps", "N")
    ):
        rows = found["growth"][what]
        for name in (key for key in rows[0] if key != "value"):
            points = [row["value"] for row in rows], [row[name][1] for row in rows]
            ax.plot(*points, "o-", color=INKS[name], label=name)
        ax.set_xlabel(words)
        ax.set_ylabel("seconds of the processor")
    axes[3].axhline(found["speed"]["ours"]["seconds"], color=INKS["ours"], label="ours")
    axes[0].set_xlabel("steps")
    axes[0].set_ylabel("latents beyond plain")
    for ax in axes:
        _plain(ax)
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=8)
    save(drawn, path)


def save(drawn: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # no date and no version in the file: the same figures give the same bytes
    drawn.savefig(path, metadata={"Software": None})
