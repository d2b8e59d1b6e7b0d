"""Maps, edits and inversions of one pair of the DiffEdit benchmark, in processes with a model."""

from __future__ import annotations

import multiprocessing
import os

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from diffdiff.maps import diffedit
from diffdiff.settings.schema import EditArgs
from diffdiff.settings.sources import DiffEditArgs

from .prompt_pairs import SIZE, Pair, auc, cells, iou

CUT = 0.5
STRENGTHS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
METHODS = ("sdedit", "encode-decode", "diffedit", "continuous", "differential")
TRIP_STEPS, REFINED = 50, (0, 1, 3)
LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SETTLED = (
    ("otsu", 99),
    ("percentile", 90),
    ("percentile", 95),
    ("percentile", 99),
    ("ratio", 2),
    ("ratio", 3),
    ("none", None),
)
TUNED = "ours, noise level 0.7"  # the best of --tune; the default, 0.5, is the paper's
MAPS = {  # name in the table: settings
    "ours": {},
    TUNED: {"diffedit_level": 0.7},
    "ours, percentile 95": {"diffedit_outliers": "percentile"},
    "ours, clamp of diffusers": {"diffedit_outliers": "ratio"},
}

_engine = None


def _begin() -> None:
    """In each process: one thread, the model loaded once."""
    global _engine
    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"
    from diffdiff.pipelines.load import load

    _engine = load("toyworld", dtype="float32", device="cpu")


def spread(task, jobs: int, work: list, title: str) -> list:
    """The answers of `task` to each piece of work, in order, from several processes."""
    with multiprocessing.get_context("spawn").Pool(jobs, _begin) as pool:
        return list(tqdm(pool.imap(task, work), title, len(work), unit="pair", leave=False))


def _differences(pair: Pair, args: DiffEditArgs) -> torch.Tensor:
    from diffdiff.pipelines.noise_predictor import Prompted, differ

    picture = Image.fromarray(pair.before)
    return differ(Prompted(_engine), picture, pair.reference, pair.query, args)


def _judged(pair: Pair, m: np.ndarray) -> dict[str, float]:
    """A map of latent cells, 0..1, beside the region."""
    side = m.shape[0]
    found, region = m > CUT, cells(pair.region, side)
    whole = np.kron(found, np.ones((SIZE // side,) * 2)) > 0
    return {"pixels": iou(whole, pair.region), "cells": iou(found, region), "auc": auc(m, region)}


def _best(pair: Pair, side: int) -> float:
    """IoU in pixels of the region's own cells, above which none of that size comes."""
    whole = np.kron(cells(pair.region, side), np.ones((SIZE // side,) * 2)) > 0
    return iou(whole, pair.region)


def maps_of(work: tuple[Pair, int]) -> dict[str, dict[str, float]]:
    """Of one pair: name -> IoU and AUC of ours, of diffusers', and the best that cells can do."""
    pair, seed = work
    rows, stacks = {}, {}
    for name, settings in MAPS.items():
        args = DiffEditArgs(diffedit_seed=seed, **settings)
        level = args.diffedit_level
        if level not in stacks:
            stacks[level] = _differences(pair, args)
        m = diffedit.settle(stacks[level], args.diffedit_outliers, args.diffedit_amount).numpy()
        rows[name] = _judged(pair, m)
    theirs = _diffusers_mask(pair, seed)
    if theirs is not None:
        rows["diffusers"] = _judged(pair, theirs) | {"auc": float("nan")}  # it gives 0 or 1 only
    rows["(the region's cells)"] = {"pixels": _best(pair, m.shape[0]), "cells": 1.0, "auc": 1.0}
    return rows


def _diffusers_mask(pair: Pair, seed: int) -> np.ndarray | None:
    """What diffusers' own pipeline finds with its defaults, float `[h, w]`, 0 or 1.

    None with a diffusers that has the pipeline no more (it is deprecated).
    """
    import diffusers

    kind = getattr(diffusers, "StableDiffusionDiffEditPipeline", None)
    if kind is None:
        return None
    own = _engine.pipe
    parts = {n: getattr(own, n) for n in ("vae", "text_encoder", "tokenizer", "unet")}
    pipe = kind(
        **parts,
        scheduler=diffusers.DDIMScheduler.from_config(own.scheduler.config),
        inverse_scheduler=diffusers.DDIMInverseScheduler.from_config(own.scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    found = pipe.generate_mask(
        Image.fromarray(pair.before),
        target_prompt=pair.query,
        source_prompt=pair.reference,
        generator=torch.Generator().manual_seed(seed),
    )
    return np.asarray(found)[0].astype(np.float64)


def tuned(work: tuple[Pair, int]) -> dict[str, dict[str, float]]:
    """Of one pair: "level, outliers amount" -> IoU and AUC."""
    pair, seed = work
    rows = {}
    for level in LEVELS:
        stack = _differences(pair, DiffEditArgs(diffedit_level=level, diffedit_seed=seed))
        for outliers, amount in SETTLED:
            name = f"{level:g}, {outliers}" + (f" {amount}" if amount else "")
            rows[name] = _judged(pair, diffedit.settle(stack, outliers, amount).numpy())
    return rows


def edits_of(work: tuple[Pair, int, int, float]) -> tuple[np.ndarray, dict[str, list[np.ndarray]]]:
    """Of one pair: the continuous map `[128, 128]`; method -> a picture for each strength."""
    from diffdiff.cli.diffedit_command import MAPPED
    from diffdiff.maps.diffedit import finished
    from diffdiff.pipelines.diffedit_edit import edit, invert_picture
    from diffdiff.pipelines.noise_predictor import Prompted
    from diffdiff.settings.run import RunArgs

    pair, seed, steps, guidance = work
    source = Image.fromarray(pair.before)
    found = DiffEditArgs(diffedit_seed=seed)
    stack = _differences(pair, found)
    whole = finished(stack, (SIZE, SIZE), found)
    cut = finished(stack, (SIZE, SIZE), DiffEditArgs(diffedit_cut=CUT))
    path = invert_picture(Prompted(_engine), source, steps, steps)
    made: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
    for name in METHODS:
        change_map = (cut if name == "diffedit" else whole) if name in MAPPED else None
        for strength in STRENGTHS:
            run = RunArgs(
                prompt=pair.query, strength=strength, steps=steps, guidance=guidance, seed=seed
            )
            result = edit(
                _engine,
                source,
                name,
                pair.reference,
                EditArgs(),
                run,
                change_map=change_map,
                path=path,
            )
            made[name].append(np.asarray(result.pictures[0]))
    return whole, made


def trips(work: tuple[Pair, int]) -> list[tuple[float, float]]:
    """Of one pair's picture, for each refinement: relative error of the latent, and levels of 255.

    The levels are those between the two decoded pictures: the VAE's own loss is in both.
    """
    from diffdiff.pipelines.diffedit_edit import invert_picture, round_trip
    from diffdiff.pipelines.noise_predictor import Prompted

    prompted, source, rows = Prompted(_engine), Image.fromarray(work[0].before), []
    for refine in REFINED:
        path = invert_picture(prompted, source, TRIP_STEPS, TRIP_STEPS, refine)
        back, init = round_trip(prompted, path, source.size), path.latents[0]
        with prompted.session():
            a, b = (np.asarray(prompted.decode(x)).astype(int) for x in (back, init))
        rows.append((float((back - init).norm() / init.norm()), float(np.abs(a - b).mean())))
    return rows
