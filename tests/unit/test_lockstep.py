import threading
import time

import pytest
import torch

from diffdiff.sampling.lockstep import Apart, Lockstep, Request, together


class Model:
    """Answers each row by itself; `batches` is how many rows each call had."""

    def __init__(self, limit=99):
        self.batches, self.limit, self.thread = [], limit, None

    def forward(self, x, t, context=None, options=None, return_dict=True):
        if len(x) > self.limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        self.batches.append(len(x))
        self.thread = threading.current_thread()
        out = torch.sin(x * t.reshape(-1)[0]) + (0 if context is None else context)
        return out if return_dict else (out,)


def steps(model, times, rows=2, **more):
    """A sampler in short: one call for each time, then the sum."""

    def work():
        x = torch.arange(rows * 3.0).view(rows, 3) + len(times)
        memory = torch.zeros_like(x)
        for t in times:
            memory = memory + model.forward(x, torch.full((rows,), float(t)), **more)
            x = x + memory
        return x

    return work


TIMES = [range(n, 0, -1) for n in (2, 5, 4, 4)]


@pytest.mark.parametrize("at_once", [1, 2, 3, 16])
def test_every_run_is_the_run_alone(at_once):
    model = Model()
    alone = [steps(model, times)() for times in TIMES]
    model.batches.clear()
    moved = []
    lockstep = Lockstep([steps(model, times) for times in TIMES], at_once, moved.append)
    with lockstep.intercepted(model):
        together_ = lockstep.go()
    assert all(torch.equal(a, b) for a, b in zip(alone, together_))
    assert lockstep.calls == [2, 5, 4, 4] and moved[-1] == 15
    assert sum(model.batches) == 2 * 15  # rows that the model saw
    assert max(model.batches) == 2 * min(at_once, 4)
    assert model.thread is threading.main_thread()
    assert "forward" not in vars(model)


def test_a_run_joins_at_its_own_time():
    model = Model()
    lockstep = Lockstep([steps(model, times) for times in TIMES], 16)
    with lockstep.intercepted(model):
        lockstep.go()
    assert lockstep.batches == [1, 3, 3, 4, 4]


def test_only_one_run_is_at_work():
    model, working, most = Model(), [], []

    def work():
        for t in (3, 2, 1):
            working.append(1)
            time.sleep(0.002)
            most.append(len(working))
            working.pop()
            model.forward(torch.ones(1, 1), torch.tensor([float(t)]))

    lockstep = Lockstep([work] * 5, 2)
    with lockstep.intercepted(model):
        lockstep.go()
    assert set(most) == {1}


def test_memory_that_runs_out_makes_smaller_batches():
    model = Model(limit=4)
    lockstep = Lockstep([steps(model, range(3, 0, -1))] * 4, 4)
    with lockstep.intercepted(model):
        results = lockstep.go()
    assert all(torch.equal(r, results[0]) for r in results)
    assert lockstep.at_once == 2 and max(model.batches) == 4
    model.limit = 1  # not even one fits
    lockstep = Lockstep([steps(model, (1,))], 4)
    with lockstep.intercepted(model), pytest.raises(RuntimeError, match="out of memory"):
        lockstep.go()


def test_an_error_ends_all_runs():
    model = Model()

    def broken():
        model.forward(torch.ones(1, 1), torch.ones(1))
        raise ValueError("no")

    before = threading.active_count()
    lockstep = Lockstep([steps(model, range(9, 0, -1)), broken], 2)
    with pytest.raises(ValueError, match="no"), lockstep.intercepted(model):
        lockstep.go()
    assert threading.active_count() == before
    assert "forward" not in vars(model)


def test_stopping_reaches_every_run():
    class Stop(BaseException):
        pass

    model, told = Model(), []

    def work():
        try:
            for t in range(9, 0, -1):
                model.forward(torch.ones(1, 1), torch.tensor([float(t)]))
                told.append(t)
        except Stop:
            return "stopped"
        return "done"

    lockstep = Lockstep([work] * 3, 3, stopped=lambda: Stop() if len(told) >= 6 else None)
    with lockstep.intercepted(model):
        assert lockstep.go() == ["stopped"] * 3
    assert lockstep.calls == [2, 2, 2]


def test_what_torch_keeps_for_a_thread_is_the_callers():
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        seen = Lockstep(
            [lambda: (torch.is_grad_enabled(), (torch.ones(2, 2) @ torch.ones(2, 2)).dtype)]
        ).go()
    assert seen == [(False, torch.bfloat16)]
    with torch.inference_mode():
        assert Lockstep([torch.is_inference_mode_enabled]).go() == [True]
    assert Lockstep([torch.is_grad_enabled]).go() == [True]


def test_a_model_is_asked_in_the_modes_of_the_run_that_asks():
    """A pipeline switches gradients off in its own thread; the model runs in another."""
    model, seen = Model(), []
    plain = model.forward
    model.forward = lambda *args: (seen.append(torch.is_grad_enabled()), plain(*args))[1]
    lockstep = Lockstep([torch.no_grad()(steps(model, [2, 1]))] * 2)
    with lockstep.intercepted(model):
        lockstep.go()
    assert seen == [False] * 4 and torch.is_grad_enabled()


def test_what_is_no_step_is_done_at_once_alone_and_not_counted():
    model, decoded = Model(), []

    class Decoder:
        def decode(self, x):
            decoded.append((len(x), threading.current_thread()))
            return x + 1

    decoder = Decoder()

    def work(times):
        return lambda: decoder.decode(steps(model, times)())

    alone = [work(times)() for times in TIMES]
    decoded.clear()
    lockstep = Lockstep([work(times) for times in TIMES], 4)
    with lockstep.intercepted(model), lockstep.intercepted(decoder, "decode", step=False):
        results = lockstep.go()
    assert all(torch.equal(a, b) for a, b in zip(alone, results))
    assert lockstep.calls == [2, 5, 4, 4]
    assert decoded == [(2, threading.main_thread())] * 4


def requests(*changes, **same):
    def model(x, t, **kw):
        model.seen = {"x": x, "t": t, **kw}
        return {"sample": x * 2}

    x = torch.arange(4.0).view(2, 2)
    own = [{**same, **change} for change in changes]
    return model, [Request(model, (x + i, torch.ones(2)), kw) for i, kw in enumerate(own)]


def test_rows_are_interleaved_so_that_chunks_stay_chunks():
    options = {"cond_or_uncond": [0, 1], "cond_indices": [0], "uncond_indices": [1]}
    model, asked = requests({}, {}, {}, options=options, mark=torch.tensor([0, 1]))
    answers = together(asked)
    assert [len(a["sample"]) for a in answers] == [2, 2, 2]
    assert all(torch.equal(a["sample"], r.args[0] * 2) for a, r in zip(answers, asked))
    assert model.seen["mark"].tolist() == [0, 0, 0, 1, 1, 1]
    assert model.seen["options"] == {
        "cond_or_uncond": [0, 1],
        "cond_indices": [0, 1, 2],
        "uncond_indices": [3, 4, 5],
    }


@pytest.mark.parametrize(
    "changes",
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": torch.ones(2, 3)}, {"a": torch.ones(2, 4)}),
        ({"a": None}, {"a": 1}),
        ({"a": torch.zeros(5)}, {"a": torch.ones(5)}),
        ({"a": object()}, {"a": object()}),
    ],
)
def test_what_cannot_be_joined_is_said(changes):
    with pytest.raises(Apart):
        together(requests(*changes)[1])


def test_what_cannot_be_joined_is_asked_one_by_one():
    model = Model()
    works = [steps(model, (2, 1), context=torch.ones(2, n)) for n in (3, 1)]
    lockstep = Lockstep(works, 2)
    with lockstep.intercepted(model):
        results = lockstep.go()
    assert torch.equal(results[0], works[0]()) and torch.equal(results[1], works[1]())
    assert lockstep.batches == [1, 1, 1, 1]
