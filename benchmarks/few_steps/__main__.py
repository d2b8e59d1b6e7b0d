"""`python -m benchmarks.few_steps`: what greys mean in runs of 4, 6 and 8 steps.

The packaged toy world, asked directly by k-diffusion's samplers and as a flow of two shifts: the
host's own steps, with and without transition, and levels between them
(`diffdiff.sampling.fine_levels`). What each sampler's run finds is kept under benchmarks/output, so
that `--samplers` can run some of them and tables are made of all. The exit status is 1 if a goal is
missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from ..goals import summary
from ..results import workers
from . import page
from .kept import kept_at, maker
from .runs import SAMPLERS

ROOT = Path(__file__).parents[2]


def arguments(argv: list[str] | None) -> argparse.Namespace:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_steps", description=about)
    parser.add_argument("--pictures", type=int, default=48, help="of the correlation, 8 or more")
    parser.add_argument("--strips", type=int, default=1, help="pictures of the single strengths")
    names = [sampler.name for sampler in SAMPLERS]
    parser.add_argument(
        "--samplers",
        nargs="*",
        choices=[*names, []],
        default=names,
        metavar="NAME",
        help="run these, the others are kept; none: only the tables. " + "; ".join(names),
    )
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--write", action="store_true", help="into docs/results.md, and a picture")
    kept = ROOT / "benchmarks" / "output" / "few_steps"
    parser.add_argument("--kept", type=Path, default=kept)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    chosen = parser.parse_args(argv)
    for name, least in (("pictures", 8), ("strips", 1), ("workers", 1)):
        if getattr(chosen, name) < least:
            parser.error(f"--{name}: {getattr(chosen, name)} are too few. Use {least} or more.")
    return chosen


def main(argv: list[str] | None = None) -> int:
    chosen = arguments(argv)
    make = partial(maker, chosen.pictures, chosen.strips, chosen.kept)
    if chosen.samplers:
        for line in workers.each(make, chosen.samplers, chosen.workers):
            print(line, file=sys.stderr, flush=True)
    files = [kept_at(chosen.kept, sampler.name) for sampler in SAMPLERS]
    found = [json.loads(f.read_text(encoding="utf-8")) for f in files if f.is_file()]
    if not found:
        print("Nothing was measured yet: name --samplers.", file=sys.stderr)
        return 2
    held = page.goals(found)
    if chosen.write:
        from .picture import drawn

        drawn(chosen.docs / page.PICTURE)
        page.write(found, chosen.docs / "results.md")
    if chosen.json:
        print(json.dumps({"samplers": found, "goals": held, "ok": all(held.values())}))
    else:
        print("\n".join(page.section(found)))
        print(summary(held), file=sys.stderr)
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
