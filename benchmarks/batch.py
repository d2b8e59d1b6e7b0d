"""`python -m benchmarks.batch`: throughput, exactness and memory of `diffdiff batch`.

1. The same toy-world rows by the local engine and on Ray with 1 and 2 workers: rows per second
   after the first row, what a row costs beside its own work, and whether all files are equal.
2. The same rows on 2 workers, one of which is killed by its process id in the middle.
3. Many rows whose black maps need no model call: the driver's memory as they pass by.

The exit status is 1 if files differ, rows are missing or double, or memory grows.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from diffdiff.batch import executor, rows
from diffdiff.batch.ray_executor import Cluster
from diffdiff.batch.results import NAME, Results
from diffdiff.batch.tasks import Plan, identity
from diffdiff.cli.main import parser
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene, caption, random_scene

PICTURES, SIZE = 20, 128
GROWTH = 0.05  # of what the rows read: so much may the driver grow by after a tenth of them


@dataclass
class Measured:
    """One run. seconds: of each row's own work. ends: when rows ended, in seconds since the start.

    cpu: seconds that this process had computed by then. memory: MB of it. begun: how often a row
    was begun.
    """

    seconds: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    begun: int = 0

    @property
    def each(self) -> float:
        """Seconds per row after the first, at which models are loaded."""
        return (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)

    @property
    def beside(self) -> float:
        """Milliseconds of a row that are not its own work, where there is one engine."""
        return 1000 * (self.each - float(np.mean(self.seconds[1:])))

    def at_work(self, engines: int) -> float:
        """The part of the time that the engines worked at rows, 0..1. Other load does not show."""
        return float(np.mean(self.seconds[1:])) / self.each / engines

    @property
    def driver(self) -> float:
        """Milliseconds that this process computes for a row."""
        return 1000 * (self.cpu[-1] - self.cpu[0]) / (len(self.cpu) - 1)


def resident() -> float:
    """MB of this process that are its own (no files, no shared memory)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise OSError("there is no RssAnon: Linux is needed to measure memory")


def prepare(folder: Path, count: int, steps: int) -> Path:
    """Painted pictures, maps and a JSON lines file of edits."""
    rng = np.random.default_rng(0)
    for i in range(PICTURES):
        Image.fromarray(paint(Scene(seed=i), SIZE)).save(folder / f"picture-{i}.png")
        ramp = np.linspace(0, 255, SIZE) * rng.uniform(0.4, 1)
        change_map = np.rot90(np.tile(ramp, (SIZE, 1)), i % 4).astype(np.uint8)
        Image.fromarray(change_map).save(folder / f"map-{i}.png")
    jobs = folder / "jobs.jsonl"
    with jobs.open("w") as file:
        for i in range(count):
            row = {
                "picture": f"picture-{i % PICTURES}.png",
                "map": f"map-{i * 7 % PICTURES}.png",
                "out": f"{i:05}.png",
                "prompt": caption(random_scene(rng)),
                "steps": steps,
            }
            file.write(json.dumps(row) + "\n")
    return jobs


def prepare_many(folder: Path, count: int) -> Path:
    """Rows of one noisy picture, which is large as a PNG, and a map that changes nothing."""
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    Image.fromarray(np.zeros((SIZE, SIZE), np.uint8)).save(folder / "black.png")
    jobs = folder / "many.csv"
    with jobs.open("w") as file:
        file.write("picture,map,out\n")
        file.writelines(f"noise.png,black.png,{i % 100:02}/{i:06}.png\n" for i in range(count))
    return jobs


def run(jobs: Path, out: Path, workers: int, kill_after: int | None = None) -> Measured:
    """The command's own parts, with a clock. workers: 0 = the local engine."""
    where = ["--engine", "ray", "--workers", str(workers)] if workers else []
    chosen = parser().parse_args(["batch", str(jobs), "--out", str(out), "--quiet", *where])
    plan = Plan(rows.base(jobs), out, {}, identity(chosen))
    total = plan.survey(rows.rows(jobs))
    out.mkdir()
    pool: Any = Cluster(chosen) if workers else executor.Local(chosen)
    measured, submit = Measured(), pool.submit

    def counted(task: Any) -> None:
        measured.begun += 1
        submit(task)

    pool.submit = counted
    began = time.perf_counter()
    with Results(out) as results, pool, tqdm(total=total, desc=out.name, leave=False) as bar:
        tasks = plan.tasks(rows.rows(jobs), results.add)
        for outcome in executor.run(tasks, pool, chosen.retries):
            results.add(outcome)
            measured.ends.append(time.perf_counter() - began)
            measured.seconds.append(outcome.seconds)
            measured.cpu.append(time.process_time())
            measured.memory.append(resident())
            bar.update()
            if len(measured.ends) == kill_after:
                os.kill(next(iter(pool.pids.values())), signal.SIGKILL)
    return measured


def differing(out: Path, other: Path) -> list[str]:
    """Names of pictures that are not the same file in both folders."""
    names = {p.name for folder in (out, other) for p in folder.glob("*.png")}
    return sorted(
        n
        for n in names
        if not all((folder / n).is_file() for folder in (out, other))
        or (out / n).read_bytes() != (other / n).read_bytes()
    )


def faults(out: Path, count: int) -> str:
    """What is wrong with a run's record: "" where every row is in it once, and done."""
    lines = [json.loads(line) for line in (out / NAME).read_text().splitlines()]
    times = Counter(line["row"] for line in lines)
    if len(times) != count or set(times.values()) != {1}:
        return f"{len(times)} of {count} rows, {len(lines)} lines"
    failed = [line for line in lines if line["status"] != "done"]
    return f"{len(failed)} rows failed: {failed[0]['error']}" if failed else ""


def throughput(folder: Path, count: int, steps: int, wrong: list[str]) -> None:
    jobs = prepare(folder, count, steps)
    runs: dict[str, Measured] = {}
    for name, workers in (("local", 0), ("ray, 1 worker", 1), ("ray, 2 workers", 2)):
        runs[name] = run(jobs, folder / name, workers)
        wrong += filter(None, [faults(folder / name, count)])
    local = runs["local"]
    print(f"{count} rows of {steps} steps, one CPU thread for a model\n")
    columns = (
        "engine",
        "first row after s",
        "rows/s",
        "times local",
        "a row's own work, ms",
        "at work",
        "beside it, ms",
        "driver's CPU, ms",
        "pictures",
    )
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for (name, m), engines in zip(runs.items(), (1, 1, 2)):
        off = differing(folder / name, folder / "local")
        wrong += [f"{name}: {n} differs" for n in off[:3]]
        cells = (
            name,
            f"{m.ends[0]:.1f}",
            f"{1 / m.each:.2f}",
            f"{local.each / m.each:.2f}",
            f"{1000 * float(np.mean(m.seconds[1:])):.0f}",
            f"{m.at_work(engines):.1%}",
            f"{m.beside:.1f}" if engines == 1 else "",
            f"{m.driver:.1f}" if name != "local" else "",  # there the model is in it
            f"{len(off)} DIFFER" if off else "identical",
        )
        print(f"| {' | '.join(cells)} |")
    extra = runs["ray, 1 worker"].beside - local.beside
    print(f"\nRay adds {extra:.1f} ms to a row.")


def killed(folder: Path, count: int, wrong: list[str]) -> None:
    out = folder / "killed"
    m = run(folder / "jobs.jsonl", out, 2, kill_after=count // 3)
    off, fault = differing(out, folder / "local"), faults(out, count)
    wrong += [f"killed: {n} differs" for n in off[:3]] + ([fault] if fault else [])
    if m.begun == count:
        wrong.append("killed: no row was in flight")
    print(
        f"A worker killed after {count // 3} rows: {fault or 'every row once'}, "
        f"{len(off)} pictures differ, {m.begun - count} row begun again."
    )


def memory(folder: Path, count: int, wrong: list[str]) -> None:
    m = run(prepare_many(folder, count), folder / "many", 1)
    wrong += filter(None, [faults(folder / "many", count)])
    tenth = m.memory[count // 10 :][:100]
    early, late = (float(np.median(part)) for part in (tenth, m.memory[-100:]))
    inputs = sum((folder / n).stat().st_size for n in ("noise.png", "black.png")) * count / 2**20
    print(
        f"{count} rows that read {inputs:.0f} MB: the driver had {early:.1f} MB after a tenth, "
        f"{late:.1f} MB at the end, {max(m.memory):.1f} MB at most; {1000 * m.each:.1f} ms a row, "
        f"{m.driver:.1f} ms of them the driver's CPU."
    )
    if late - early > GROWTH * inputs:
        wrong.append(f"memory: it grew by {late - early:.1f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--queued", type=int, default=10000, help="rows of the memory run")
    args = parser.parse_args()
    # Ray's workers are otherwise less urgent than the local engine: that is not what is measured
    os.environ.setdefault("RAY_worker_niceness", "0")
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        throughput(Path(folder), args.rows, args.steps, wrong)
        killed(Path(folder), args.rows, wrong)
        memory(Path(folder), args.queued, wrong)
    for fault in wrong:
        print("WRONG:", fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
