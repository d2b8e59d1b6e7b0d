"""A pool of engines on Ray: one actor with a loaded model per worker, one row at a time each.

Plain actors and not Ray Data: a row must be produced and reported exactly once, its worker may die
with it, and rows must not be materialised. Ray Data works in blocks and repeats whole blocks (and
needs pyarrow); here the row in flight is the unit of everything. The driver reads and writes all
files, so that workers on other machines need no shared disk.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import socket
import sys
from typing import Any

from ..errors import FieldError
from .executor import AGAIN, attempt, opened
from .tasks import Outcome, Task

OF_A_WORKER = (
    "model",
    "dtype",
    "device",
    "offload",
    "slicing",
    "config",
    "second",
    "threads",
)
ADDRESS = re.compile(r"(?:ray://)?\[?([^/\]]+?)\]?:(\d+)")
PATIENCE = 10.0  # seconds, for a cluster to answer at all
UP_WITHIN = 120.0  # seconds, for a first worker, before the wait is reported
DEATHS = 3  # of workers in a row before their model is loaded


class Worker:
    """A model in a separate process, perhaps on another machine."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen, self.engine = chosen, None

    def load(self) -> int | FieldError:
        """Load the model; return the process id."""
        try:
            self.engine = opened(self.chosen, silent=True)
        except FieldError as error:
            return error
        return os.getpid()

    def attempt(self, task: Task) -> Outcome:
        return attempt(self.engine, task)


class Cluster:
    """The pool. Nothing starts before there is a first task.

    Args:
        chosen: flags `address`, `workers`, `gpus` and those of `OF_A_WORKER`.

    Raises:
        FieldError: "ray", "address", "workers" or "gpus"; the workers' own where none can load.
    """

    def __init__(self, chosen: argparse.Namespace):
        self.chosen = chosen
        self.given = argparse.Namespace(**{name: getattr(chosen, name) for name in OF_A_WORKER})
        self.idle: list[Any] = []
        self.pids: dict[Any, int] = {}  # of the workers that are up
        self.refs: dict[Any, tuple[Any, Task | None]] = {}  # answers to come; no task: it loads
        self.started, self.joined, self.deaths = False, False, 0

    def __enter__(self) -> Cluster:
        import ray  # says at once that it is missing

        self.ray: Any = ray
        # Ray reports dead workers on stdout, which is for the answer
        self.aside = contextlib.redirect_stdout(sys.stderr)
        self.aside.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            for worker in [*self.idle, *(worker for worker, _ in self.refs.values())]:
                self.ray.kill(worker)
            if self.joined:
                self.ray.shutdown()
        finally:
            self.aside.__exit__(*error)

    @property
    def busy(self) -> int:
        return sum(task is not None for _, task in self.refs.values())

    def room(self) -> bool:
        if not self.started:
            self._start()
            self.started = True
        return bool(self.idle)

    def submit(self, task: Task) -> None:
        worker = self.idle.pop()
        self.refs[worker.attempt.remote(task)] = worker, task

    def wait(self) -> tuple[Task, Outcome] | None:
        try:
            ready, _ = self.ray.wait(list(self.refs), timeout=None if self.pids else UP_WITHIN)
            if not ready:
                self._told_waiting()
                return None
            (ref,) = ready
            worker, task = self.refs.pop(ref)
            try:
                answer = self.ray.get(ref)
            except self.ray.exceptions.RayError as error:
                return self._lost(worker, task, error)
        except ConnectionError as error:
            raise FieldError("address", f"the cluster is lost ({_short(error)})", AGAIN) from None
        if task is None:
            if isinstance(answer, FieldError):
                raise answer
            self.pids[worker], self.deaths = answer, 0
        self.idle.append(worker)
        return (task, answer) if task else None

    def _told_waiting(self) -> None:
        if not (self.chosen.quiet or self.chosen.json):
            text = "no worker is up yet; `ray status` shows what the cluster waits for"
            print(text, file=sys.stderr)

    def _lost(self, worker: Any, task: Task | None, error: Exception) -> tuple[Any, ...] | None:
        """Replace a worker that died; its row is reported as failed, for a retry."""
        self.ray.kill(worker)
        pid = self.pids.pop(worker, None)
        if task is None:
            self.deaths += 1
            if self.deaths >= DEATHS:
                problem = f"they end before their model is loaded ({_short(error)})"
                remedy = "Install this package on every machine of the cluster; see its memory"
                raise FieldError("workers", problem, remedy) from None
        self._hire()
        if task is None:
            return None
        failure = FieldError("row", f"its worker died (process {pid}: {_short(error)})", AGAIN)
        return task, Outcome.failed(task, failure, again=True)

    def _start(self) -> None:
        ray = self.ray
        # nothing is sent anywhere, unless the user's environment says so
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        logging.getLogger("ray").setLevel(logging.ERROR)
        address = self.chosen.address or os.environ.get("RAY_ADDRESS")
        if not ray.is_initialized():
            _join(ray, address)
            self.joined = True
        self.cpus, self.gpus, room = self._room(ray.cluster_resources())
        workers = self.chosen.workers or room
        if workers > room and not address:
            problem = f"this machine has room for {room}"
            remedy = f"Use --workers {room} at most, fewer --threads, or a part of --gpus"
            raise FieldError("workers", problem, remedy)
        for _ in range(workers):
            self._hire()

    def _room(self, there: dict[str, float]) -> tuple[float, float, int]:
        """Return the CPUs and GPUs of a worker, and for how many workers they suffice."""
        cpus, gpus = self.chosen.threads, self.chosen.gpus
        if gpus is None:
            on_gpu = self.chosen.device == "auto" or self.chosen.device.startswith("cuda")
            gpus = 1.0 if on_gpu and there.get("GPU", 0) >= 1 else 0.0
        room = int(there.get("CPU", 0) // cpus)
        if gpus:
            room = min(room, int(there.get("GPU", 0) / gpus + 1e-9))
        if room < 1:
            has = f"{there.get('CPU', 0):g} CPUs and {there.get('GPU', 0):g} GPUs"
            problem = f"a worker needs {cpus} CPUs and {gpus:g} GPUs, the cluster has {has}"
            raise FieldError("workers", problem, "Use fewer --threads, or fewer --gpus")
        return cpus, gpus, room

    def _hire(self) -> None:
        hired = self.ray.remote(Worker).options(num_cpus=self.cpus, num_gpus=self.gpus)
        worker = hired.remote(self.given)
        self.refs[worker.load.remote()] = worker, None


def _join(ray: Any, address: str | None) -> None:
    """Join a cluster, or start one on this machine.

    Raises:
        FieldError: "address".
    """
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if not address or address == "local":
        ray.init("local", include_dashboard=False, **quiet)
        return
    if address != "auto":
        _check(address)
    try:
        ray.init(address, **quiet)
    except Exception as error:  # of many kinds, gRPC's and Ray's own
        raise _unreachable(address, _short(error)) from None


def _check(address: str) -> None:
    """Check that something listens at the address: Ray itself would try for minutes."""
    found = ADDRESS.fullmatch(address)
    if not found:
        remedy = "Use auto, ray://HOST:10001 or HOST:6379"
        raise FieldError("address", f"{address} is not the address of a cluster", remedy)
    try:
        socket.create_connection((found[1], int(found[2])), PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise _unreachable(address, str(said)) from None


def _unreachable(address: str, said: str) -> FieldError:
    remedy = "Start it (ray start --head), or see its address and port with ray status"
    return FieldError("address", f"{address} cannot be reached ({said})", remedy)


def _short(error: Exception) -> str:
    said = " ".join(str(error).split())
    missing = re.search(r"No module named '[^']+'", said)  # at the end of a long report
    return missing[0] if missing else said[:160]
