"""`diffdiff batch`: edit the rows of a file or a folder, on this machine or on a Ray cluster."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..batch import executor, rows
from ..batch.results import Results
from ..batch.tasks import Outcome, Plan, identity, make_folder
from ..errors import FieldError
from ..settings.given import given
from ..settings.run import RunArgs
from ..settings.schema import EditArgs, fields
from . import arguments
from .arguments import Use, refuse_idle
from .common import Progress, add_engine

ON_RAY = ("workers", "address", "gpus")  # flags that --engine local has no use for
HELP = """\
JOBS is one of
  a .csv (or .tsv) file with a first line of names: picture,map,out,prompt,seed,gamma,...
  a .jsonl file with one object per line: {"picture": "a.png", "map": "b.png", "prompt": "..."}
  a folder with name.png, name.map.png and, optionally, name.txt (the prompt) or name.json

Columns are picture, map, out and every setting below (negative_prompt for --negative-prompt);
only picture is required. The default of a setting is its flag. Paths are relative to the folder
of JOBS; out is a name below --out. A row without a seed gets one that follows from out.
Finished rows are kept: run the command again to continue. A changed row is run again.

exit codes: 0 all rows are done, 4 some failed (results.jsonl says why), 2 nothing could start

examples:
  diffdiff batch jobs.csv --out done --steps 20
  diffdiff batch frames --prompt "a winter night" --seed 7 --out done --engine ray --workers 4
  diffdiff batch jobs.jsonl --out done --engine ray --address ray://head:10001
"""


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    batch = commands.add_parser(
        "batch",
        help="edit many images, on this machine or a Ray cluster",
        epilog=HELP,
        description="Edit many images, row by row, on this machine or a Ray cluster.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    batch.set_defaults(command=run)
    batch.add_argument("jobs", metavar="JOBS", help="a .csv or .jsonl file, or a folder")
    batch.add_argument("--out", metavar="DIR", help="folder for the images and results.jsonl")
    batch.add_argument("--json", action="store_true", help="one JSON object on stdout, no progress")
    batch.add_argument("--quiet", action="store_true", help="no progress and no output")
    group = batch.add_argument_group("where it runs")
    group.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="this process, or workers on Ray (default: %(default)s)",
    )
    group.add_argument(
        "--retries",
        type=int,
        default=2,
        metavar="N",
        help="retries of a row that failed for another reason than its settings, 0 to 100 "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="CPU cores per model (default: %(default)s); on a CPU, another number changes the "
        "last bits of an image",
    )
    group.add_argument(
        "--workers", type=int, metavar="N", help="number of models on Ray (default: as many as fit)"
    )
    group.add_argument(
        "--address",
        metavar="ADDRESS",
        help="cluster to use: auto, ray://HOST:10001 or HOST:6379 (default: start one here)",
    )
    group.add_argument(
        "--gpus",
        type=float,
        metavar="X",
        help="GPUs per worker, such as 0.5 (default: 1 if there are any)",
    )
    arguments.add(batch.add_argument_group("the run"), RunArgs, fields(RunArgs))
    arguments.add(batch.add_argument_group("the map"), EditArgs, rows.EDITED)
    add_engine(batch)


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Process all rows; return what `--json` prints.

    Raises:
        FieldError: nothing can be begun, or not gone on with.
    """
    _check_use(chosen)
    jobs, out = Path(chosen.jobs), Path(chosen.out)
    known = (*fields(RunArgs), *rows.EDITED)
    defaults = {name: getattr(chosen, name) for name in known if hasattr(chosen, name)}
    plan = Plan(rows.base(jobs), out, defaults, identity(chosen))
    total = plan.survey(rows.rows(jobs))
    make_folder(out)
    silent = chosen.json or chosen.quiet
    with _pool(chosen) as pool, Results(out) as results, Progress(silent, "row") as progress:

        def add(outcome: Outcome) -> None:
            results.add(outcome)
            progress(results.rows, total)

        for outcome in executor.run(plan.tasks(rows.rows(jobs), add), pool, chosen.retries):
            add(outcome)
    if not silent:
        print(*results.lines(), sep="\n", file=sys.stderr)
    return {"files": [str(results.path)], "rows": results.rows, **results.counts}


def _pool(chosen: argparse.Namespace) -> executor.Pool:
    if chosen.engine == "local":
        return executor.Local(chosen)
    from ..batch.ray_executor import Cluster

    return Cluster(chosen)


def _check_use(chosen: argparse.Namespace) -> None:
    """Check numbers for their ranges, and refuse flags without effect."""
    given(chosen, RunArgs)
    given(chosen, EditArgs, rows.EDITED)
    ranges = {"retries": (0, 100), "threads": (1, 1024), "workers": (1, 100000), "gpus": (0, 64)}
    for name, (low, high) in ranges.items():
        value = getattr(chosen, name)
        if value is not None and not low <= value <= high:
            raise FieldError(name, f"{value:g} is not usable", f"Use {low} to {high}")
    refuse_idle(chosen, [Use(name, "--engine ray", chosen.engine == "ray") for name in ON_RAY])
    if not chosen.out:
        raise FieldError("out", "there is no folder to write to", "Give --out with a name")
    jobs, out = Path(chosen.jobs), Path(chosen.out)
    if jobs.is_dir() and out.resolve() == jobs.resolve():
        problem = "it is the folder of the pictures, where results would be taken for more of them"
        raise FieldError("out", problem, f"Name another, like {jobs / 'done'}")
