"""`python -m benchmarks.toyworld`: does the toy world's model obey its prompt and a change map?

1. Pictures from prompts that the model never saw, judged by a probe (`probe.py`): what part shows
   the season, the time, ... that the prompt names.
2. Edits with a horizontal gradient as the change map: change must grow with the map.
3. Plain img2img (a white map) at rising strengths: change must grow with the strength.

The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from benchmarks.recipe.train import MIRROR, Recipe
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import VALUES, caption, random_scene

from . import probe
from .goals import summary
from .toyworld_edits import EDITS

ROOT = Path(__file__).parents[1]
TOYWORLD = ROOT / "diffdiff" / "toyworld" / "model"
SIZE, BATCH = 128, 16
SCHEDULER = "DPMSolverMultistep"
FIRST = 92_000_000  # seed of the first scene that is prompted for
SHOWN, PEARSON = 0.9, 0.9  # goals: part of the pictures that show what was named; map and change
BINS, STRENGTHS = 10, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def combinations() -> set[tuple]:
    """All combinations of attributes that the shipped model was trained on, mirrored ones too."""
    recipe, seen = Recipe(), set()
    for seed in range(recipe.seed * 10**6, recipe.seed * 10**6 + recipe.pictures):
        scene = random_scene(np.random.default_rng(seed))
        for one in (scene, replace(scene, place=MIRROR[scene.place])):
            seen.add(tuple(one.attributes().values()))
    return seen


def pipeline(folder: Path):
    """The folder's StableDiffusionPipeline, in float32, with the bench's scheduler."""
    import diffusers

    diffusers.utils.logging.disable_progress_bar()
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(
        folder, safety_checker=None, local_files_only=True
    )
    # the argument for it has another name in every other diffusers
    pipe.to(torch.float32)
    pipe.set_progress_bar_config(disable=True)
    scheduler = getattr(diffusers, SCHEDULER + "Scheduler")
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config)
    return pipe


def pictures_of(pipe, prompts: list[str], steps: int, guidance: float) -> np.ndarray:
    """uint8 `[N, 128, 128, 3]`; picture i has seed i, whatever the batch."""
    made = []
    for i in tqdm(range(0, len(prompts), BATCH), f"guidance {guidance:g}", leave=False):
        part = prompts[i : i + BATCH]
        seeds = [torch.Generator().manual_seed(i + k) for k in range(len(part))]
        answer = pipe(
            part,
            height=SIZE,
            width=SIZE,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=seeds,
            output_type="np",
        )
        made.append(np.round(answer.images * 255).astype(np.uint8))
    return np.concatenate(made)


@torch.no_grad()
def round_trip(vae, pictures: np.ndarray) -> np.ndarray:
    """uint8 `[N, H, W, 3]`, encoded and decoded."""
    made = []
    for i in range(0, len(pictures), BATCH):
        x = torch.from_numpy(pictures[i : i + BATCH]).permute(0, 3, 1, 2) / 127.5 - 1
        y = vae.decode(vae.encode(x).latent_dist.mean).sample.permute(0, 2, 3, 1)
        made.append(((y + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy())
    return np.concatenate(made)


def accuracy(judge, pipe, count: int, steps: int, guidances: list[float]) -> dict:
    """Part right by attribute, of VAE round trips and of pictures from prompts."""
    scenes = [random_scene(np.random.default_rng(FIRST + i)) for i in range(count)]
    wording = [np.random.default_rng((FIRST + i, 1)) for i in range(count)]
    prompts = [caption(s, rng, keep=1.0) for s, rng in zip(scenes, wording)]
    want = probe.labels(scenes)

    def right(pictures) -> np.ndarray:
        return probe.answers(judge, pictures) == want

    known = combinations()
    new = np.array([tuple(s.attributes().values()) not in known for s in scenes])
    kept = right(round_trip(pipe.vae, np.stack([paint(s, SIZE) for s in scenes])))
    runs = []
    for guidance in guidances:
        ok = right(pictures_of(pipe, prompts, steps, guidance))
        rows = {
            name: {"part": n / count, "interval": probe.interval(n, count)}
            for name, n in zip(VALUES, ok.sum(0).tolist())
        }
        of_new = float(ok[new].mean()) if new.any() else None
        whole = {"all": float(ok.all(1).mean()), "new": of_new}
        runs.append({"guidance": guidance, "attributes": rows, **whole})
    ceiling = dict(zip(VALUES, kept.mean(0).tolist()))
    return {
        "prompts": count,
        "new": int(new.sum()),
        "known": len(known),
        "possible": math.prod(map(len, VALUES.values())),
        "ceiling": ceiling,
        "ceiling_all": float(kept.all(1).mean()),
        "runs": runs,
    }


def change(judge, before: np.ndarray, after: list[Image.Image]) -> dict[str, np.ndarray]:
    """Of each picture after, `[N, H, W]`: "pixels", of 255, and "probe", its distance.

    Args:
        before: uint8 `[H, W, 3]`.
    """
    new = np.stack([np.asarray(picture.convert("RGB")) for picture in after])
    old = np.repeat(before[None], len(new), 0)
    pixels = np.abs(new.astype(np.float32) - old).mean(3)
    return {"pixels": pixels, "probe": probe.distance(judge, old, new)}


def graded(judge, pipe, folder: Path, edits: list, steps: int, guidance: float, seeds: int) -> dict:
    """Change by map value, under a gradient to the right and one to the left, and by strength.

    Both directions, so that what stands left or right in a scene counts for all values alike.
    """
    from diffdiff.pipelines.load import load
    from diffdiff.settings.run import RunArgs
    from diffdiff.settings.schema import parse

    engine = load(str(folder), dtype="float32", device="cpu")
    ramp, white = np.linspace(0, 1, SIZE, dtype=np.float32), np.ones((SIZE, SIZE), np.float32)
    columns: dict[str, list] = {"pixels": [], "probe": []}
    plain: dict[str, list] = {"pixels": [], "probe": []}
    for scene, wanted in tqdm(edits, "edits", leave=False):
        before = paint(scene, SIZE)
        ask = {
            "prompt": caption(replace(scene, **wanted)),
            "steps": steps,
            "guidance": guidance,
            "scheduler": SCHEDULER,
            "count": seeds,
        }

        def edit(change_map, args, strength, before=before, ask=ask):
            run = parse(ask | {"strength": strength}, RunArgs)
            made = engine.edit(Image.fromarray(before), change_map, args, run)
            return change(judge, before, made.pictures)

        for turn in (1, -1):
            gradient = np.ascontiguousarray(np.tile(ramp[::turn], (SIZE, 1)))
            for name, values in edit(gradient, parse({"scale": "absolute"}), 1.0).items():
                columns[name].extend(values.mean(1)[:, ::turn])
        for strength in STRENGTHS:
            for name, values in edit(white, parse({}), strength).items():
                plain[name].append(values.mean())
    sources = np.stack([paint(scene, SIZE) for scene, _ in edits])
    trip = np.abs(round_trip(pipe.vae, sources).astype(np.float32) - sources).mean()
    found = {"scenes": len(edits), "edits": len(columns["pixels"]), "round_trip": float(trip)}
    for name in columns:
        rows = np.stack(columns[name])
        series = np.reshape(plain[name], (len(edits), len(STRENGTHS))).mean(0)
        bins = probe.binned(ramp, rows.mean(0), BINS)
        found[name] = {
            "bins": bins.tolist(),
            "smallest": probe.smallest_step(bins),
            "pearson": probe.pearson(ramp, rows.mean(0)),
            "pearson_single": float(np.mean([probe.pearson(ramp, row) for row in rows])),
            "series": series.tolist(),
            "series_smallest": probe.smallest_step(series),
        }
    return found


def goals(judged: dict, shown: dict, moved: dict) -> dict[str, bool]:
    """What was to be shown -> whether it holds. The first guidance is the one that counts."""
    parts = [row["part"] for row in shown["runs"][0]["attributes"].values()]
    both = [moved[name] for name in ("pixels", "probe")]
    return {
        f"probe >= {probe.LEAST:.0%}": min(judged["test"].values()) >= probe.LEAST,
        f"attributes >= {SHOWN:.0%}": min(parts) >= SHOWN,
        "monotone in the map": all(m["smallest"] >= 0 for m in both),
        f"Pearson >= {PEARSON:g}": all(m["pearson"] >= PEARSON for m in both),
        "monotone in the strength": all(m["series_smallest"] >= 0 for m in both),
    }


def show(judged: dict, shown: dict, moved: dict) -> None:
    runs, count = shown["runs"], shown["prompts"]
    more = runs[1:]
    print(f"probe: right on {judged['tests']} held-out painted pictures; ceiling: on round trips")
    print(f"of the VAE; prompts: {count}, free wording, guidance {runs[0]['guidance']:g}")
    heads = f"{'prompts':>8} {'95 % interval':>17}"
    heads += "".join(f"{'at ' + format(run['guidance'], 'g'):>9}" for run in more)
    print(f"{'attribute':10} {'probe':>7} {'ceiling':>8} {heads}")
    for name, row in runs[0]["attributes"].items():
        low, high = (f"{100 * end:.1f}" for end in row["interval"])
        print(
            f"{name:10} {judged['test'][name]:7.1%} {shown['ceiling'][name]:8.1%} "
            f"{row['part']:8.1%} {low + ' to ' + high + ' %':>17}"
            + "".join(f"{run['attributes'][name]['part']:9.1%}" for run in more)
            + ("" if row["part"] >= SHOWN else "   MISSED")
        )
    cells = f"{shown['ceiling_all']:8.1%} {runs[0]['all']:8.1%} {'':17}"
    print(f"{'all seven':18} {cells}" + "".join(f"{run['all']:9.1%}" for run in more))
    right = f", {runs[0]['new']:.1%} of whose attributes are right" if shown["new"] else ""
    print(f"combinations of attributes: {shown['known']} of {shown['possible']} were trained on;")
    print(f"{shown['new']} of the {count} prompts name one that was not{right}")

    print(
        f"\ngradient map, absolute: {moved['scenes']} scenes, {moved['edits']} edits; mean change, "
        f"beside {moved['round_trip']:.2f} of 255 by the VAE alone"
    )
    print(f"{'map':>22} {'of 255':>8} {'probe distance':>15}")
    pixels, features = moved["pixels"], moved["probe"]
    for i, (a, b) in enumerate(zip(pixels["bins"], features["bins"])):
        print(f"{f'{i / BINS:.1f} to {(i + 1) / BINS:.1f}':>22} {a:8.2f} {b:15.4f}")
    for title, name, sign in (
        ("smallest step", "smallest", "+"),
        ("Pearson, mean column", "pearson", ""),
        ("Pearson, one edit", "pearson_single", ""),
    ):
        print(f"{title:>22} {pixels[name]:{sign}8.3f} {features[name]:{sign}15.4f}")
    print(f"\nplain img2img (a white map)\n{'strength':>22} {'of 255':>8} {'probe distance':>15}")
    for strength, a, b in zip(STRENGTHS, pixels["series"], features["series"]):
        print(f"{strength:22.1f} {a:8.2f} {b:15.4f}")


def main(argv: list[str] | None = None) -> int:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.toyworld", description=about)
    parser.add_argument("--model", default="toyworld", help="toyworld, or a pipeline's folder")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument(
        "--guidance", type=float, nargs="+", default=[5.0], help="the first counts, others compare"
    )
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache", help="keeps the probe")
    parser.add_argument("--quick", action="store_true", help="32 prompts, 3 scenes, 1 seed each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    folder = TOYWORLD if args.model == "toyworld" else Path(args.model)
    if not (folder / "model_index.json").exists():
        parser.error(f"--model: no pipeline in {folder}. Make one: benchmarks.recipe.train.")
    began = time.monotonic()
    judge, judged = probe.get(args.cache)
    pipe = pipeline(folder)
    count, edits, seeds = (32, EDITS[:3], 1) if args.quick else (args.prompts, EDITS, 4)
    shown = accuracy(judge, pipe, count, args.steps, args.guidance)
    moved = graded(judge, pipe, folder, edits, args.steps, args.guidance[0], seeds)
    held = goals(judged, shown, moved)
    if args.json:
        result = {"probe": judged, "prompts": shown, "graded": moved, "goals": held}
        print(json.dumps(result | {"ok": all(held.values())}))
    else:
        show(judged, shown, moved)
        print("\n" + summary(held, f" ({time.monotonic() - began:.0f} s)"))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
