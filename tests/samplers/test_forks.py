"""A scheduler of its own for a released pixel: noise, memory, and what the caller may pass."""

import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

import diffusers

from diffdiff.pipelines.scheduler_forks import Forks
from diffdiff.sampling.start_steps import NEVER

SDE = {"algorithm_type": "sde-dpmsolver++"}


def scheduler_at(first: int = 0, steps: int = 12, kind: str = "DPMSolverMultistep", **options):
    scheduler = getattr(diffusers, f"{kind}Scheduler")(**options)
    scheduler.set_timesteps(steps)
    scheduler.set_begin_index(first)
    return scheduler


def answers(shape, steps: int = 12) -> torch.Tensor:
    return torch.randn(steps, *shape, generator=torch.Generator().manual_seed(2))


def plain(scheduler, given, first: int, x, **kwargs):
    for i, t in enumerate(scheduler.timesteps[first:], first):
        x = scheduler.step(given[i], t, x, **kwargs).prev_sample
    return x


def left_and_right(second: int, b: int = 1):
    start = torch.zeros(b, 1, 4, 6, dtype=torch.int16)
    start[..., 3:] = second
    return start


def forked(scheduler, start, given, x, counts=None, **kwargs):
    """The right half enters with x at its own step, as the hold's anchor does."""
    forks, begin = Forks(scheduler, start), x
    for i, t in enumerate(scheduler.timesteps):
        x = torch.where(start >= i, begin, x)
        x = forks.step(given[i], t, x, at=i, **kwargs).prev_sample
        if counts is not None:
            counts.append(len(forks.forks))
    return x


X = torch.randn(1, 4, 4, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_copy_is_dropped_when_it_remembers_as_much(order):
    given, start, counts = answers(X.shape), left_and_right(5), []
    out = forked(scheduler_at(solver_order=order), start, given, X, counts)
    assert torch.equal(out[..., :3], plain(scheduler_at(solver_order=order), given, 0, X)[..., :3])
    late = plain(scheduler_at(5, solver_order=order), given, 5, X)
    assert torch.equal(out[..., 3:], late[..., 3:])
    assert counts == [0] * 5 + [1] * max(order - 2, 0) + [0] * (12 - 5 - max(order - 2, 0))


@pytest.mark.parametrize("kind", ["LMSDiscrete", "UniPCMultistep"])
def test_a_copy_of_the_others_lives_until_the_memories_are_alike(kind):
    given, start, counts = answers(X.shape), left_and_right(5), []
    scheduler = scheduler_at(kind=kind)
    scheduler.is_scale_input_called = True
    forked(scheduler, start, given, X, counts)
    order = 4 if kind == "LMSDiscrete" else 2
    assert counts == [0] * 5 + [1] * (order - 1) + [0] * (12 - 5 - order + 1)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("kind", ["DPMSolverMultistep", "DEISMultistep"])
def test_releases_at_every_step_are_exact(kind, order):
    """Young, younger and youngest at once; one of them already at the run's second step."""
    options = {"kind": kind, "solver_order": order}
    start, given = torch.tensor([0, 1, 4, 5, 6, 11]).expand(1, 1, 4, 6), answers(X.shape)
    out = forked(scheduler_at(**options), start, given, X)
    for column, begun in enumerate(start[0, 0, 0].tolist()):
        late = plain(scheduler_at(begun, **options), given, begun, X)
        assert torch.equal(out[..., column], late[..., column])


def test_lms_integrates_its_coefficients_once_for_all_copies(monkeypatch):
    kind, calls = diffusers.LMSDiscreteScheduler, []
    own = kind.get_lms_coefficient

    def counted(self, *args):
        calls.append(args)
        return own(self, *args)

    monkeypatch.setattr(kind, "get_lms_coefficient", counted)
    scheduler = scheduler_at(kind="LMSDiscrete")
    scheduler.is_scale_input_called = True
    start = torch.tensor([0, 1, 4, 5, 6, 11]).expand(1, 1, 4, 6)
    forked(scheduler, start, answers(X.shape), X)
    assert len(calls) == len(set(calls)) == 1 + 2 + 3 + 9 * 4


def test_kept_pixels_and_single_step_schedulers_need_no_copy():
    assert Forks(scheduler_at(kind="EulerDiscrete"), left_and_right(5)).releases == set()
    forks, given = Forks(scheduler_at(), left_and_right(NEVER)), answers(X.shape)
    x = X
    for i, t in enumerate(forks.scheduler.timesteps):
        x = forks.step(given[i], t, x, at=i).prev_sample
        assert not forks.forks
    assert torch.equal(x, plain(scheduler_at(), given, 0, X))


def noise_after(scheduler, start, given, generators, **kwargs):
    forked(scheduler, start, given, X.expand(len(generators), -1, -1, -1), **kwargs)
    return [torch.randn(3, generator=g) for g in generators]


@pytest.mark.parametrize("count", [1, 2])
def test_copies_draw_the_same_noise_and_none_of_their_own(count):
    given = answers((count, *X.shape[1:]))

    def after(second):
        generators = [torch.Generator().manual_seed(9 + i) for i in range(count)]
        one = generators[0] if count == 1 else generators
        return noise_after(
            scheduler_at(**SDE), left_and_right(second), given, generators, generator=one
        )

    for got, want in zip(after(5), after(NEVER)):
        assert torch.equal(got, want)


def test_the_global_generator_is_shared_too():
    given, ends = answers(X.shape), []
    for second in (5, NEVER):
        torch.manual_seed(4)
        out = forked(scheduler_at(**SDE), left_and_right(second), given, X)
        ends.append((out[..., :3], torch.rand(3)))
    for got, want in zip(*ends):
        assert torch.equal(got, want)

    # the right half's noise is the left half's: a run with the same draws before each step
    torch.manual_seed(4)
    scheduler = scheduler_at(**SDE)
    for _ in range(5):
        torch.randn(X.shape)
    late = plain(scheduler_at(5, **SDE), given, 5, X)
    torch.manual_seed(4)
    assert torch.equal(forked(scheduler, left_and_right(5), given, X)[..., 3:], late[..., 3:])


def test_every_picture_of_a_batch_has_its_own_map():
    start = torch.cat([left_and_right(3), left_and_right(7)])
    x, given = X.repeat(2, 1, 1, 1), answers((2, 4, 4, 6))
    out = forked(scheduler_at(kind="UniPCMultistep"), start, given, x)
    for picture, second in enumerate((3, 7)):
        late = plain(scheduler_at(second, kind="UniPCMultistep"), given, second, x)
        assert torch.equal(out[picture, ..., 3:], late[picture, ..., 3:])


@pytest.mark.parametrize("kind", ["DPMSolverMultistep", "DPMSolverSinglestep"])
def test_learned_variance_rides_along(kind):
    """DeepFloyd IF: the answer has twice the channels, the scheduler takes the first three."""
    options = {"kind": kind, "variance_type": "learned_range"}
    x, given = X[:, :3], answers((1, 6, 4, 6))
    out = forked(scheduler_at(**options), left_and_right(6), given, x)
    assert torch.equal(out[..., :3], plain(scheduler_at(**options), given, 0, x)[..., :3])
    assert torch.equal(out[..., 3:], plain(scheduler_at(6, **options), given, 6, x)[..., 3:])


def test_a_wrapper_may_sit_on_the_scheduler_itself():
    """A host that puts its own function in the place of `scheduler.step` is not called again."""
    given = answers(X.shape)
    want = forked(scheduler_at(), left_and_right(5), given, X)
    scheduler = scheduler_at()
    scheduler.step = lambda *_, **__: pytest.fail("the wrapper was called")
    assert torch.equal(forked(scheduler, left_and_right(5), given, X), want)


@pytest.mark.parametrize("kind", ["DPMSolverMultistep", "UniPCMultistep", "LMSDiscrete", "PNDM"])
def test_without_a_begin_index(kind):
    """Some pipelines never set one: the scheduler then finds the step by its timestep."""
    options = {"skip_prk_steps": True} if kind == "PNDM" else {}

    def new():
        scheduler = getattr(diffusers, f"{kind}Scheduler")(**options)
        scheduler.set_timesteps(12)
        scheduler.is_scale_input_called = True
        return scheduler

    given = answers(X.shape, 13)
    out = forked(new(), left_and_right(5), given, X)
    assert torch.equal(out[..., 3:], plain(new(), given, 5, X)[..., 3:])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", ["DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep"])
def test_half_precision(kind, dtype):
    given, x = answers(X.shape).to(dtype), X.to(dtype)
    out = forked(scheduler_at(kind=kind), left_and_right(5), given, x)
    assert out.dtype == dtype
    late = plain(scheduler_at(5, kind=kind), given, 5, x)
    assert torch.equal(out[..., 3:], late[..., 3:])


def test_part_of_the_first_answer_begins_twice():
    """Weight below 1: the blended first answer is no history for the pixel's second step."""
    given, start = answers(X.shape), left_and_right(5)
    weight = torch.ones(1, 1, 4, 6)
    weight[..., 3:] = 0.5
    scheduler, x = scheduler_at(), X
    forks = Forks(scheduler, start, weight)
    for i, t in enumerate(scheduler.timesteps):
        x = torch.where(start >= i, X, x)
        x = forks.step(given[i], t, x, at=i).prev_sample
        if i == 5:
            first = scheduler_at(5).step(given[5], t, X).prev_sample
            assert torch.equal(x[..., 3:], first[..., 3:])
    want = plain(scheduler_at(6), given, 6, first)
    assert torch.equal(x[..., 3:], want[..., 3:])
