"""docs/results.md from what the parts found. Every sentence with a figure is made from figures."""

from __future__ import annotations

import re
from pathlib import Path

from ..goals import summary
from . import plots, sheets
from .cost import SHARE
from .gpu import GOAL_US
from .methods import EVEN, RUNS
from .write_adherence import of_adherence
from .writing import marks, rows_of

BUILTIN = "host's soft inpainting"  # as benchmarks.soft_inpaint names it


def page(found: dict[str, tuple[dict, dict]], path: Path) -> dict[str, bool]:
    """Writes the page, and its pictures in a folder of its name beside it; returns all goals."""
    folder = path.parent / path.stem
    figures = {part: told for part, (told, _) in found.items()}
    adherence, arrays = found["adherence"]
    table = adherence["table"][adherence["counts"]]
    sheets.save(sheets.pictures(arrays, adherence["prompts"]), folder / "why.png")
    edits = sheets.edit_maps(arrays, adherence["counts"], table)
    sheets.save(edits, folder / "edit-maps.png", 64)
    plots.cam(table, folder / "cam.png")
    plots.cost(figures["cost"], folder / "cost.png")
    held = {}
    for part in figures.values():
        held |= part.get("goals", {})
    lines = [*top(adherence, held, folder.name), *of_adherence(adherence, folder.name)]
    if figures["curves"].get("rows"):
        plots.curves(figures["curves"], folder / "curves.png")
    lines += of_curves(figures["curves"], folder.name)
    lines += of_cost(figures["cost"], folder.name) + of_gpu(figures["gpu"])
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text("\n".join([*lines, *kept(old)]) + "\n", encoding="utf-8")
    return held


def kept(page: str) -> list[str]:
    """Return the sections between `<!-- name -->` marks: other commands write those."""
    return [m[0] for m in re.finditer(r"<!-- ([\w ]+) -->\n.*?<!-- /\1 -->", page, re.S)]


def top(found: dict, held: dict[str, bool], folder: str) -> list[str]:
    table = found["table"][found["counts"]]
    cut = {
        kind: max(rows[n]["cam"] for n in ("blended latent diffusion", "blurred mask"))
        for kind, rows in table.items()
    }
    said = ", ".join(
        f"{kind} {table[kind][EVEN]['cam']:.2f} against {cut[kind]:.2f}" for kind in table
    )
    mixed = ", ".join(f"{rows['N-run compositing']['cam']:.2f}" for rows in table.values())
    return [
        "# Results",
        "",
        f"Made by `python -m benchmarks.report`: model {found['model']}, "
        f"{found['size']}x{found['size']} pixels, {found['steps_run']} steps of "
        f"{found['scheduler']}, guidance {found['guidance']:g}. {summary(held).split(':')[0]}; "
        "each is listed where its figures are, missed ones too.",
        "",
        f"![input, map, ours and every alternative]({folder}/why.png)",
        "",
        "*The first three edits of the run, not selected. A plain inpainting mask knows two "
        "strengths: everything above one half is redrawn, everything below stays, and the border "
        "between them shows. With a change map each pixel changes as much as the map says. How "
        "well the change follows the map (CAM, 1 is perfect; ours with even changes against the "
        f"better of the two masks): {said}. Mixing the pictures of {RUNS} whole runs by the map "
        f"gets {mixed}, with the model calls of all of them and with both pictures showing "
        "through where they disagree (last column).*",
        "",
    ]


def of_curves(found: dict, folder: str) -> list[str]:
    lines = ["## Success against change", ""]
    if not found.get("rows"):
        return [*lines, "Not measured: CLIP was not at hand for this model.", ""]
    key = found["distance"]
    lines += [
        f"{found['pairs']} pairs of painted pictures that differ in one word of their prompts and "
        "whose changed region is known. Every method gets that region: ours and the built-in soft "
        "inpainting as a map with a soft rim, the others as their mask. Strengths "
        f"{', '.join(f'{s:g}' for s in found['strengths'])}. Success: {found['success']}.",
        "",
        f"![success against distance]({folder}/curves.png)",
        "",
    ]
    heads = ["method", "", *(f"{s:g}" for s in found["strengths"]), "distance at equal success"]
    rows = []
    for name, row in found["rows"].items():
        at = found["equal"][name]
        reached = "never there" if at is None else f"{at:.3f}"
        ends = zip(row["success"], row["success_low"], row["success_high"])
        rows.append([name, "success", *(f"{m:.2f} ({a:.2f} to {b:.2f})" for m, a, b in ends), ""])
        rows.append(["", f"distance ({key})", *(f"{v:.3f}" for v in row[key]), reached])
        outside = [f"{v:.1f}" for v in row["outside"]]
        rows.append(["", "change outside, of 255", *outside, ""])
    lines += [*rows_of(heads, rows), ""]
    lines += [
        f"*Equal success*: {found['level']:.0%} of our best, read off each curve of means; one "
        f"pair is worth {1 / found['pairs']:.0%}. The intervals are 95 % by bootstrap of the "
        "pairs: where they overlap, a goal that holds proves nothing.",
        "",
    ]
    return [*lines, *marks(found["goals"]), ""]


def of_cost(found: dict, folder: str) -> list[str]:
    lines = [
        "## Cost",
        "",
        f"PyTorch {found['torch']}, CPU, {found['threads']} thread(s), float32; CPU seconds, the "
        "smallest of three runs in turns. Model calls are counted at the model.",
        "",
        *rows_of(
            ["one edit by the gradient", "model calls", "seconds", "times plain"],
            [
                [
                    name,
                    str(row["calls"]),
                    f"{row['seconds']:.2f}",
                    f"{row['seconds'] / found['speed']['plain img2img']['seconds']:.2f}",
                ]
                for name, row in found["speed"].items()
            ],
        ),
        "",
        f"![how cost grows]({folder}/cost.png)",
        "",
        "Steps that release nothing are not run. Model calls under maps whose largest value is "
        "below 1, and the fewest that the rule allows (those of plain img2img at the largest "
        "strength that a latent cell has):",
        "",
        *rows_of(
            ["map", "largest value", "ours", "fewest", "Algorithm 1"],
            [
                [
                    row["map"],
                    f"{row['peak']:g}",
                    str(row["ours"]),
                    str(row["least"]),
                    str(row["Algorithm 1"]),
                ]
                for row in found["skipping"]
            ],
        ),
        "",
        "Memory: peak beyond plain img2img, in latents, by steps.",
        "",
        *rows_of(
            ["method", *map(str, found["steps"])],
            [[n, *(f"{v:.2f}" for v in values)] for n, values in found["memory"].items()],
        ),
        "",
    ]
    for what, words in (
        ("steps", "steps"),
        ("side", "pixels of a side, 10 steps"),
        ("batch", "batch, 10 steps"),
        ("N", "N of N-run compositing"),
    ):
        rows = found["growth"][what]
        names = [key for key in rows[0] if key != "value"]
        cells = [
            [str(row["value"]), *(f"{row[n][1]:.2f} ({row[n][0]})" for n in names)] for row in rows
        ]
        lines += [*rows_of([words, *(f"{n}, s (model inputs)" for n in names)], cells), ""]
    share, post = found["share"], found["post"]
    reading_back = [name for name, row in found["hotpath"].items() if row["reads"]]
    waits = "None reads anything back."
    if reading_back:
        waits = f"Reading values back: {', '.join(reading_back)}."
    host = "the host's own function" if found["host_filter"] else "its formula, our filter"
    return [
        *lines,
        f"Holding adds {1e6 * share['added']:.0f} us to a WebUI step (Euler) and "
        f"{1e6 * share['diffusers']:.0f} us to a diffusers step (DDIM); a call of this model takes "
        f"{1e3 * share['model']:.1f} ms: {share['share']:.2%} at most (goal: {SHARE:.0%}).",
        "",
        f"Post-processing of 1024x1024 pixels: ours {post['ours']:.0f} ms, with color match "
        f"{post['ours, colour match']:.0f} ms; the built-in soft inpainting "
        f"{post[BUILTIN]:.0f} ms ({host}).",
        "",
        "The hot path, per step beyond the model and the sampler, on a map that releases at every "
        "step: operations (launches on a GPU), values read back from the device (each would wait "
        "for the GPU), and new memory. Single numbers of diffusers' schedule, which are on the "
        "CPU wherever the model is, are not counted.",
        "",
        *rows_of(
            ["sampler", "operations", "most", "reads", "new memory, latents"],
            [
                [
                    name,
                    f"{row['operations']:.1f}",
                    f"{row['most']:.0f}",
                    f"{row['reads']:.1f}",
                    f"{row['latents']:.1f}",
                ]
                for name, row in found["hotpath"].items()
            ],
        ),
        "",
        waits,
        "",
        *marks(found["goals"]),
        "",
    ]


def of_gpu(found: dict) -> list[str]:
    lines = ["## On a GPU", ""]
    if found["device"] is None:
        return [
            *lines,
            "No GPU was at hand for this run: nothing was measured, and the goal of less than "
            f"{GOAL_US:g} us of GPU time per step is open. `python -m benchmarks.results.gpu` "
            "measures it with random-weight UNets of the shapes of SD 1.5 and SDXL where CUDA is "
            "available.",
        ]
    rows = [
        [
            name,
            f"{r['plain_ms']:.2f}",
            f"{r['held_ms']:.2f}",
            f"{r['share']:.2%}",
            f"{r['launches']:.1f}",
            f"{r['gpu_us']:.1f}",
            f"{r['floor_us']:.1f}",
        ]
        for name, r in found["rows"].items()
    ]
    heads = [
        "UNet, random weights",
        "ms per step, plain",
        "held",
        "more",
        "launches",
        "us of GPU",
        "us by the bytes alone",
    ]
    return [*lines, found["device"], "", *rows_of(heads, rows), "", *marks(found["goals"])]
