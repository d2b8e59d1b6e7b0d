"""`diffdiff batch --engine ray`: the local engine's pictures, and workers that die."""

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ray", reason='ray is not installed: pip install "ray[client]"')
pytest.importorskip("diffusers", reason="diffusers is not installed")

import ray

from diffdiff.batch import executor, ray_executor, rows
from diffdiff.batch.tasks import Outcome, Plan
from diffdiff.cli.main import main, parser
from diffdiff.errors import FieldError
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def machine():
    """A cluster of two CPUs, whatever this machine has, which the command finds and leaves."""
    before = {name: os.environ.get(name) for name in ("RAY_worker_niceness", "PYTHONPATH")}
    os.environ |= {
        "RAY_worker_niceness": "0",
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    ray.init("local", num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()
    for name, value in before.items():
        os.environ.pop(name)
        os.environ.update({name: value} if value else {})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with six rows; the last one is bad."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Image.fromarray(paint(Scene(seed=ord(name)), 128)).save(f"{name}.png")
    Image.fromarray(np.tile(np.arange(0, 256, 2, np.uint8), (128, 1))).save("map.png")
    lines = [f"{'ab'[i % 2]}.png,map.png,{i}.png,a winter night" for i in range(5)]
    text = "\n".join(["picture,map,out,prompt", *lines, "no.png,map.png,5.png,x"])
    Path("jobs.csv").write_text(text)
    return tmp_path


class Quick(ray_executor.Worker):
    """Gives the picture back. Rows of some names need time, or end the process."""

    def load(self):
        return os.getpid()

    def attempt(self, task):
        if "poison" in task.out:
            os._exit(1)
        if "slow" in task.out:
            time.sleep(2)
        return Outcome(task.where, task.out, "done", task.mark, task.files, [task.picture])


class Unable(ray_executor.Worker):
    """Ends before it has a model."""

    def load(self):
        os._exit(1)


def worked(names, monkeypatch, worker, *more, after=lambda pool, done: None):
    """Outcomes of rows of these names, by workers of that class."""
    monkeypatch.setattr(ray_executor, "Worker", worker)
    lines = (f"a.png,map.png,{name}" for name in names)
    Path("quick.csv").write_text("\n".join(["picture,map,out", *lines]))
    words = ["batch", "quick.csv", "--out", "done", "--engine", "ray", *more]
    chosen = parser().parse_args(words)
    plan, done = Plan(Path(), Path("done"), {}, "quick"), []
    with ray_executor.Cluster(chosen) as pool:
        for outcome in executor.run(plan.tasks(rows.rows(Path("quick.csv")), done.append), pool, 2):
            done.append(outcome)
            after(pool, done)
    return done


def statuses(out):
    """(row, status) of each line."""
    lines = map(json.loads, Path(out, "results.jsonl").read_text().splitlines())
    return [(line["row"], line["status"]) for line in lines]


def test_pictures_are_those_of_the_local_engine(folder, machine, capsys):
    common = ["batch", "jobs.csv", "--steps", "2", "--quiet", "--out"]
    assert main([*common, "local"]) == 4
    made = {p.name: p.read_bytes() for p in Path("local").glob("*.png")}
    assert len(set(made.values())) == 5
    for workers in ("1", "2"):
        assert main([*common, workers, "--engine", "ray", "--workers", workers]) == 4
        assert {p.name: p.read_bytes() for p in Path(workers).glob("*.png")} == made
        told = [(f"jobs.csv:{n}", "done" if n < 7 else "failed") for n in range(2, 8)]
        assert sorted(statuses(workers)) == told
    assert main([*common, "2", "--engine", "ray"]) == 4  # nothing left to do: no worker
    assert [status for _, status in sorted(statuses("2"))] == ["kept"] * 5 + ["failed"]


def test_a_model_that_cannot_be_loaded_ends_the_batch(folder, machine, capsys):
    assert main(["batch", "jobs.csv", "--out", "o", "--engine", "ray", "--model", "none"]) == 2
    assert capsys.readouterr().err.startswith("error: model: there is no none. Use")


def test_a_killed_worker_costs_a_second_try_of_its_row_only(folder, machine, monkeypatch):
    begun, killed = Counter(), []
    submit = ray_executor.Cluster.submit

    def counted(pool, task):
        begun[task.out] += 1
        submit(pool, task)

    def kill(pool, done):
        if len(done) == 2 and not killed:
            ((worker, task), *_) = [pair for pair in pool.refs.values() if pair[1]]
            os.kill(pool.pids[worker], signal.SIGKILL)
            killed.append(task.out)

    monkeypatch.setattr(ray_executor.Cluster, "submit", counted)
    names = [f"slow-{i}.png" for i in range(6)]
    done = worked(names, monkeypatch, Quick, "--workers", "2", after=kill)
    assert sorted(o.out for o in done) == names
    assert {o.status for o in done} == {"done"}
    assert killed and begun == Counter([*names, *killed])


def test_a_row_that_kills_its_workers_fails_alone(folder, machine, monkeypatch, capsys):
    names = ["1.png", "poison.png", *(f"{i}.png" for i in range(2, 6))]
    done = worked(names, monkeypatch, Quick)
    assert sorted(o.out for o in done) == sorted(names)
    (failed,) = [o for o in done if o.status == "failed"]
    assert failed.out == "poison.png"
    assert "its worker died (process " in failed.error.problem
    assert capsys.readouterr().out == ""  # what Ray says of it is no answer


def test_workers_that_die_before_they_work_end_the_batch(folder, machine, monkeypatch):
    with pytest.raises(FieldError, match=r"^workers: they end before their model is loaded"):
        worked(["1.png"], monkeypatch, Unable)


def test_a_wait_for_workers_is_told(folder, machine, monkeypatch, capsys):
    class Late(Quick):
        def load(self):
            time.sleep(3)
            return super().load()

    monkeypatch.setattr(ray_executor, "UP_WITHIN", 0.5)
    done = worked(["1.png"], monkeypatch, Late)
    assert [o.status for o in done] == ["done"]
    assert "no worker is up yet; `ray status` shows" in capsys.readouterr().err


def test_no_more_rows_are_drawn_than_workers_can_take(folder, machine, monkeypatch):
    """The batch is streamed: one row ahead of those in work."""
    drawn = []
    task = Plan.task

    def noted(plan, row):
        drawn.append(row)
        return task(plan, row)

    monkeypatch.setattr(Plan, "task", noted)
    ahead = []
    names = [f"{i}.png" for i in range(30)]
    worked(names, monkeypatch, Quick, after=lambda pool, done: ahead.append(len(drawn) - len(done)))
    assert max(ahead) <= 2 + 1
    assert len(drawn) == 30


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--workers", "3"], "workers: this machine has room for 2. Use --workers 2"),
        (["--threads", "3"], "workers: a worker needs 3 CPUs and 0 GPUs"),
        (["--gpus", "0.5"], "workers: a worker needs 1 CPUs and 0.5 GPUs"),
    ],
)
def test_what_the_cluster_has_no_room_for_is_refused(folder, machine, capsys, more, said):
    assert main(["batch", "jobs.csv", "--out", "o", "--engine", "ray", *more]) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://127.0.0.1:9", "ray://127.0.0.1:9 cannot be reached (Connection refused). Start it"),
        ("127.0.0.1:9", "127.0.0.1:9 cannot be reached (Connection refused). Start it"),
        ("[::1]:9", "[::1]:9 cannot be reached ("),
        ("nowhere", "nowhere is not the address of a cluster. Use auto, ray://HOST:10001"),
    ],
)
def test_an_unreachable_cluster_is_told_at_once(folder, capsys, monkeypatch, address, said):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    began = time.monotonic()
    code = main(["batch", "jobs.csv", "--out", "o", "--engine", "ray", "--address", address])
    assert code == 2
    assert f"error: address: {said}" in capsys.readouterr().err
    assert time.monotonic() - began < 30
