"""Cases run in a process of their own: outcome, time and memory of each, whatever it does."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from diffdiff.errors import FieldError

with contextlib.suppress(ImportError):  # not on Windows, where memory stays unmeasured
    import resource

ROOM = 8 * 2**30  # bytes of address space for the process, so that a fault cannot take the machine
LONGEST = 2000  # characters of a message
BOMB_MB = 32  # that a bomb may take, refused or read without its powder


class Case(NamedTuple):
    """One thing to try.

    kind: row of the table. run: does it. names: fields that a refusal may name.
    sound: whether an accepted result is what it should be. good: True must be accepted, False must
    be refused, None may be either. bomb: whether its memory counts.
    """

    kind: str
    run: Callable[[], Any]
    names: frozenset[str]
    sound: Callable[[Any], bool] = lambda result: True
    good: bool | None = None
    bomb: bool = False


class Verdict(NamedTuple):
    """outcome: accepted, refused, or what is wrong: crash, hang, unclear, unsound, memory."""

    index: int
    kind: str
    outcome: str
    ms: float = 0.0
    mb: float = 0.0
    note: str = ""


def seeded(seed: int, index: int) -> random.Random:
    """Numbers of one case, the same on every machine."""
    return random.Random(f"{seed} {index}")


def watch(
    make: Callable[[int, int], Case], seed: int, indices: range, limit: float
) -> Iterator[Verdict]:
    """A verdict for each index, in order.

    Args:
        make: (seed, index) -> case; a function that another process can import.
        limit: seconds for one case; then its process is ended and a new one goes on.
    """
    waiting = list(indices)
    context = multiprocessing.get_context("spawn")
    while waiting:
        here, there = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(there, make, seed, waiting), daemon=True)
        worker.start()
        there.close()
        kind = "?"
        try:
            while waiting:
                if not here.poll(limit + (60 if kind == "?" else 0)):  # it starts, or makes one
                    yield Verdict(waiting.pop(0), kind, "hang", 1000 * limit, note=f"> {limit} s")
                    break
                told = here.recv()
                if isinstance(told, str):
                    kind = told
                    continue
                kind = "?"
                waiting.pop(0)
                yield told
        except EOFError:
            worker.join()
            note = f"the process ended with {worker.exitcode}"
            yield Verdict(waiting.pop(0), kind, "crash", note=note)
        finally:
            worker.kill()
            worker.join()
            here.close()


def _work(pipe: Connection, make: Callable[[int, int], Case], seed: int, indices: list) -> None:
    warnings.simplefilter("ignore")
    with open(os.devnull, "w") as nowhere:  # libtiff writes what it thinks of a file
        os.dup2(nowhere.fileno(), 2)
    with contextlib.suppress(NameError, ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
    for index in indices:
        case = make(seed, index)
        pipe.send(case.kind)
        pipe.send(judged(case, index))


def judged(case: Case, index: int = 0) -> Verdict:
    """The case, run here."""
    before = _resident()
    start = time.perf_counter()
    outcome, note = _outcome(case)
    ms = 1000 * (time.perf_counter() - start)
    mb = max(0.0, (_peak() - before) / 2**20)
    if case.bomb and mb > BOMB_MB and outcome in ("accepted", "refused"):
        outcome, note = "memory", f"{mb:.0f} MB"
    return Verdict(index, case.kind, outcome, ms, mb, note)


def _outcome(case: Case) -> tuple[str, str]:
    try:
        result = case.run()
        if case.good is False:
            return "unsound", "accepted"
        return ("accepted", "") if case.sound(result) else ("unsound", "not what it should be")
    except FieldError as error:
        unclear = _unclear(error, case.names)
        if unclear:
            return "unclear", unclear
        return ("unsound" if case.good else "refused"), str(error)[:200]
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{os.path.basename(last.filename)}:{last.lineno}"
        return "crash", f"{type(error).__name__} at {at}: {str(error)[:120]!r}"


def _unclear(error: FieldError, names: frozenset[str]) -> str:
    """What a refusal lacks for the one who has to act on it."""
    message = str(error)
    if error.field not in names:
        return f"it names {error.field[:60]!r}, which is no field: {message[:120]!r}"
    if not error.problem.strip() or len(error.remedy.strip()) < 3:
        return f"no problem or no remedy: {message[:120]!r}"
    if len(message) > LONGEST:
        return f"{len(message)} characters: {message[:80]!r}..."
    try:
        message.encode("utf-8")
    except UnicodeEncodeError:
        return f"no answer can carry it: {message[:120]!r}"
    return ""


def _resident() -> float:
    """Bytes in memory now; the peak counts from here, where the system can tell."""
    with contextlib.suppress(OSError):
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _status("VmRSS")
    return _peak()


def _peak() -> float:
    with contextlib.suppress(OSError):
        return _status("VmHWM")
    with contextlib.suppress(NameError):
        unit = 1 if os.uname().sysname == "Darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0.0


def _status(name: str) -> float:
    with open("/proc/self/status") as file:
        return next(1024.0 * int(line.split()[1]) for line in file if line.startswith(name))
