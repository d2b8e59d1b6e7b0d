"""`python -m benchmarks.two_nodes`: a batch on two Ray nodes, one of which is lost in the middle.

Each node has a network namespace of this machine to itself, joined by a virtual cable: they have
other addresses, see nothing of each other but the network, and one of them ends as a machine ends
that loses its power: all of its processes at once. Linux, root and iproute2 are needed.

The exit status is 1 if a row is missing, double or failed, or a picture differs from a local run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from diffdiff.batch.results import NAME

from .batch import differing, faults, prepare

HEAD, OTHER = ("diffdiff-a", "10.77.0.1"), ("diffdiff-b", "10.77.0.2")
PORT = 6379
UP_WITHIN = 120.0  # seconds, for a node


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def inside(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


@contextmanager
def network() -> Iterator[None]:
    """Two namespaces with a cable between them."""
    with ExitStack() as stack:
        for name, _ in (HEAD, OTHER):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
        ip(
            "link",
            "add",
            "dd-a",
            "netns",
            HEAD[0],
            "type",
            "veth",
            "peer",
            "dd-b",
            "netns",
            OTHER[0],
        )
        for (name, address), end in ((HEAD, "dd-a"), (OTHER, "dd-b")):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield


def processes(name: str) -> list[int]:
    """Those of a namespace, all of which this script has started."""
    return [int(pid) for pid in ip("netns", "pids", name).split()]


def power_off(name: str) -> int:
    """End all of a namespace's processes at once; return how many there were."""
    pids = processes(name)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(pids)


@contextmanager
def node(where: tuple[str, str], *flags: str) -> Iterator[None]:
    """A Ray node with one CPU in a namespace."""
    ray = Path(sys.executable).with_name("ray")
    command = inside(
        where[0],
        str(ray),
        "start",
        "--block",
        f"--node-ip-address={where[1]}",
        "--num-cpus=1",
        "--num-gpus=0",
        "--disable-usage-stats",
        *flags,
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(command, **quiet)
    try:
        yield
    finally:
        power_off(where[0])
        started.wait(30)


def batch(jobs: Path, out: Path, *where: str) -> list[str]:
    command = ["-m", "diffdiff", "batch", str(jobs), "--out", str(out), "--quiet", *where]
    return [sys.executable, *command]


def wait_for_nodes(count: int) -> None:
    code = (
        f"import ray; ray.init('{HEAD[1]}:{PORT}', logging_level='ERROR'); "
        f"print(sum(n['Alive'] for n in ray.nodes()))"
    )
    until = time.monotonic() + UP_WITHIN
    while time.monotonic() < until:
        done = subprocess.run(
            inside(HEAD[0], sys.executable, "-c", code), capture_output=True, text=True
        )
        if done.stdout.strip().endswith(str(count)):
            return
        time.sleep(1)
    raise RuntimeError(f"there are no {count} nodes: {done.stderr[-500:]}")


def lines(out: Path) -> list[dict]:
    try:
        return [json.loads(line) for line in (out / NAME).read_text().splitlines()]
    except OSError:
        return []


def ran(jobs: Path, out: Path, lose_after: int | None) -> tuple[float, float, int]:
    """A run on both nodes: seconds in all, seconds without a new row after the loss, processes
    that ended with the node."""
    where = ["--engine", "ray", "--address", f"{HEAD[1]}:{PORT}", "--workers", "2"]
    began, lost, gap, ended = time.perf_counter(), None, 0.0, 0
    with subprocess.Popen(inside(HEAD[0], *batch(jobs, out, *where))) as running:
        while running.poll() is None:
            done = len(lines(out))
            if lose_after is not None and lost is None and done >= lose_after:
                ended, lost, at_loss = power_off(OTHER[0]), time.perf_counter(), done
            if lost is not None and not gap and done > at_loss + 1:
                gap = time.perf_counter() - lost
            time.sleep(0.05)
    return time.perf_counter() - began, gap, ended


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--loss-only", action="store_true", help="without the run on both nodes")
    args = parser.parse_args()
    os.environ |= {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = prepare(folder, args.rows, args.steps)
        began = time.perf_counter()
        subprocess.run(batch(jobs, folder / "local"), check=True)
        print(f"local: {args.rows} rows in {time.perf_counter() - began:.0f} s", flush=True)
        runs = [("both nodes", None), ("a node lost", args.rows // 3)][args.loss_only :]
        for run, lose_after in runs:
            out = folder / run.replace(" ", "-")
            with (
                network(),
                node(HEAD, "--head", f"--port={PORT}", "--include-dashboard=false"),
            ):
                wait_for_nodes(1)
                with node(OTHER, f"--address={HEAD[1]}:{PORT}"):
                    wait_for_nodes(2)
                    seconds, gap, ended = ran(jobs, out, lose_after)
            fault, off = faults(out, args.rows), differing(out, folder / "local")
            wrong += [f"{run}: {fault}"] * bool(fault) + [f"{run}: {n} differs" for n in off[:3]]
            if lose_after is not None and not ended:
                wrong.append("the node was not lost in the middle")
            more = (
                f"; {ended} processes ended after {lose_after} rows, the next two rows came "
                f"within {gap:.1f} s"
                if ended
                else ""
            )
            print(
                f"{run}: {fault or 'every row once'} in {seconds:.0f} s, {len(off)} pictures "
                f"differ from the local run{more}",
                flush=True,
            )
    for fault in wrong:
        print("WRONG:", fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
