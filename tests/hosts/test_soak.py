"""A short soak, and that a long one could fail: `python -m tests.hosts.soak` runs that."""

import os

import numpy as np
import pytest
from soak import Soak, grown, off, order, soak

from benchmarks.server import exceptions
from benchmarks.webui import WebUI
from tests.hosts.soak_kinds import Kind, kinds

LOG = """
*** API error: POST: http://127.0.0.1/sdapi/v1/img2img
    Traceback (most recent call last):
      File "api.py", line 1, in call
        return model(**request)
    pydantic.ValidationError: 1 validation error
      gamma is too low

    The above exception was the direct cause of the following exception:

    Traceback (most recent call last):
      File "args.py", line 2, in parse
        raise FieldError(name)
    diffdiff.errors.FieldError: gamma: -1 is not allowed.

---
 25%|##5       | 2/8\r 50%|#####     | 4/8
Traceback (most recent call last):
  File "script.py", line 3, in run
    1 / 0
ZeroDivisionError: division by zero
done
Traceback (most recent call last):
  File "script.py", line 3, in run
KeyboardInterrupt
"""


class Host:
    """Answers jobs with a number, and the third with another one."""

    url, size = "http://0.0.0.0:0", 8

    def __init__(self, strange: int):
        self.strange, self.asked = strange, 0

    def ask(self, webui, step):
        self.asked += 1
        return [np.full((8, 8, 3), 7 + (self.asked == self.strange), np.uint8)]


def run(monkeypatch, strange: int, tolerance: int = 0) -> Soak:
    host = Host(strange)
    monkeypatch.setitem(soak.__globals__, "kinds", lambda w: [Kind("plain", 1, host.ask)])
    return soak(host, 6, 0, tolerance)


def test_a_job_that_differs_is_a_fault(monkeypatch):
    assert run(monkeypatch, 0).faults == []
    assert run(monkeypatch, 3).faults == ["job 2, plain: off by 1"]
    assert run(monkeypatch, 3, tolerance=1).faults == []


def test_memory_that_grows_is_a_fault():
    for last, faults in ((1010, 0), (1030, 1)):
        seen = Soak(jobs=200, memory=[1000.0] * 100 + [last] * 100)
        grown(seen)
        assert len(seen.faults) == faults


def test_other_answers_are_told():
    a, b = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 9, np.uint8)
    assert off([a], [a]) == "" and off([a], [b]) == "off by 9"
    assert "pictures" in off([a], [a, a]) and "(2, 2, 3)" in off([a], [b[:1]])
    assert off("x", "y") and off([a, "x"], [a, "y"]) and off([a, "x"], [a, "x"]) == ""


def test_the_exceptions_of_a_log():
    met = [line.split(":")[0] for line in exceptions(LOG)]
    assert met == ["diffdiff.errors.FieldError", "ZeroDivisionError", "KeyboardInterrupt"]


def test_the_order_is_a_seeds_and_has_every_kind():
    some = [Kind("plain", 5, None), Kind("a", 1, None), Kind("b", 2, None, clean=True)]
    turn = order(some, 40, 1)
    assert turn == order(some, 40, 1) != order(some, 40, 2)
    assert len(turn) == 40 and set(turn) == set(some) and turn[-1] == some[0]
    assert all(after == some[0] for before, after in zip(turn, turn[1:]) if before.clean)


@pytest.mark.host
def test_mixed_jobs_leave_nothing_behind(webui):
    small = WebUI(webui.url, 6, 128)
    jobs = len(kinds(small)) + 12  # every kind, and plain ones between
    seen = soak(
        small, jobs, 7, int(os.environ.get("WEBUI_TOLERANCE", "0")), os.environ.get("WEBUI_LOG", "")
    )
    assert seen.faults == []
