"""`python -m benchmarks.report`: is it better? Writes docs/results.md, its plots and pictures.

1. Adherence: CAM and DAM (arXiv 2306.00950) on three maps, beside every alternative.
2. Trade-off: whether the prompt is met, against how far the picture moves.
3. Cost: model calls, seconds, memory, and how they grow; the hot path; a GPU where there is one.

Runs on the packaged toy world, or on any checkpoint that the engine loads (`--model`). What each
part found is kept under benchmarks/output, so that `--parts` can run some of them and the page is
written from all. The exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from pathlib import Path

from diffdiff.errors import FieldError

from .goals import summary

ROOT = Path(__file__).parents[1]
PARTS = ("adherence", "curves", "cost", "gpu")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=about)
    parser.add_argument("--model", default="toyworld", help="as of `diffdiff edit`")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--size", type=int, help="pixels of a side; left out, the model's own")
    parser.add_argument("--pictures", type=int, default=256, help="of the adherence")
    parser.add_argument("--pairs", type=int, default=24, help="of the trade-off")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--scheduler", help="left out, the checkpoint's own")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="run these; the others are kept"
    )
    workers = "processes of the adherence; left out, one for each core, at most 8; 1 on a GPU"
    parser.add_argument("--workers", type=int, help=workers)
    parser.add_argument("--kept", type=Path, default=ROOT / "benchmarks" / "output" / "report")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results.md")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache", help="keeps the probe")
    chosen = parser.parse_args(argv)
    for name, least in (("pictures", 3), ("pairs", 3), ("steps", 4), ("workers", 1)):
        if (getattr(chosen, name) or least) < least:
            parser.error(f"--{name}: {getattr(chosen, name)} are too few. Use {least} or more.")
    if chosen.size is not None and (chosen.size < 64 or chosen.size % 64):
        parser.error(f"--size: {chosen.size} is not usable. Use a multiple of 64.")
    return chosen


def native(engine) -> int:
    """Pixels of a side of the model's own pictures."""
    pipe = getattr(engine.pipe, "decoder_pipe", engine.pipe)
    network = getattr(pipe, "unet", None) or pipe.transformer
    return int(network.config.sample_size) * engine.rules.factor(pipe)


def start(chosen: argparse.Namespace):
    """The bench, and the probe if it knows the model's pictures."""
    from diffdiff.pipelines.load import load

    from . import probe
    from .results.methods import Bench

    engine = load(chosen.model, dtype=chosen.dtype, device=chosen.device)
    bench = Bench(engine, chosen.steps, chosen.guidance, chosen.scheduler)
    # painted landscapes only
    return bench, probe.get(chosen.cache)[0] if chosen.model == "toyworld" else None


def follower(chosen: argparse.Namespace, response: str):
    """In a process of its own: what makes every picture of an ask and says what changed."""
    from .results import adherence

    bench, judge = start(chosen)
    bench.response = response
    return partial(adherence.one, bench, adherence.measures(judge))


def follow(chosen: argparse.Namespace, bench, judge, size: int) -> tuple[dict, dict]:
    """The adherence; by several processes or, with the model that is loaded, by this one."""
    from .results import adherence, even, scenes

    bench.response = even.response(bench, size)
    on_cpu = bench.engine.pipe.device.type == "cpu"
    workers = chosen.workers or (min(os.cpu_count() or 1, 8) if on_cpu else 1)
    asked = scenes.asks(chosen.pictures, size)
    own = partial(adherence.one, bench, adherence.measures(judge))
    make = partial(follower, chosen, bench.response) if workers > 1 else lambda: own
    changes = adherence.run(asked, make, workers)
    prompts = [ask.prompt for ask in asked[: adherence.SHOWN]]
    figures = adherence.told(changes, bench.response) | {"prompts": prompts}
    return figures, adherence.pictures(changes)


def measure(chosen: argparse.Namespace) -> None:
    """Runs the chosen parts and keeps what they find."""
    from .results import cost, curves, gpu, store, success

    bench, judge = start(chosen)
    engine, size = bench.engine, chosen.size or native(bench.engine)
    for part in chosen.parts:
        began = time.monotonic()
        if part == "adherence":
            figures, arrays = follow(chosen, bench, judge, size)
        elif part == "curves":
            seen = success.by_probe(judge) if judge else success.by_clip()
            told = "asked-for word seen by the probe" if judge else f"CLIPScore ({success.CLIP})"
            figures, arrays = {}, {}
            if seen is not None:
                figures, arrays = curves.run(bench, chosen.pairs, size, seen, told, judge)
        elif part == "cost":
            figures, arrays = cost.run(bench, size)
        else:
            figures, arrays = gpu.run(), {}
        figures |= {
            "model": engine.name,
            "size": size,
            "steps_run": chosen.steps,
            "guidance": chosen.guidance,
            "scheduler": scheduler_name(bench),
            "seconds": time.monotonic() - began,
        }
        store.save(chosen.kept, part, figures, arrays)
        print(f"{part}: {figures['seconds']:.0f} s", file=sys.stderr, flush=True)


def scheduler_name(bench) -> str:
    from diffdiff.pipelines.scheduler_choice import choose

    pipe = getattr(bench.engine.pipe, "decoder_pipe", bench.engine.pipe)
    chosen, _ = choose(pipe.scheduler, bench.settings["scheduler"])
    return type(chosen).__name__.removesuffix("Scheduler")


def main(argv: list[str] | None = None) -> int:
    chosen = arguments(argv)
    os.environ.setdefault("TQDM_MININTERVAL", "5")
    try:
        measure(chosen)
        from .results import store, write

        found = {part: store.load(chosen.kept, part) for part in PARTS}
    except FieldError as error:
        print(error, file=sys.stderr)
        return 2
    held = write.page(found, chosen.out)
    print(summary(held))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
