"""One sampler in runs of few steps: plans of a map, held runs, and runs that begin exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffdiff.sampling.calls import SamplerCall
from diffdiff.sampling.draws import Draws
from diffdiff.sampling.fine_levels import DENSE, Exact, fine
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import (
    Schedule,
    flow,
    noised,
    noisiness,
    sigma_schedule,
    timestep_schedule,
)
from diffdiff.sampling.probe import habits_of
from diffdiff.sampling.start_steps import NEVER, WEBUI, StartSteps

from .. import reference
from ..bench import Held
from ..results.scenes import Ask
from .models import Denoiser, Toy, noise_of

Amount = Callable[[np.ndarray], np.ndarray]


def even(steps: int, shift: float) -> Tensor:
    """A flow's times: even, then shifted towards the noise."""
    u = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    return (shift * u / (1 + (shift - 1) * u)).float()


@dataclass(frozen=True)
class Sampler:
    """function: in k-diffusion or `benchmarks.reference`. kind: as of `Denoiser`. spacing:
    "normal" and "uniform" as the WebUI names schedules, "karras"; of a flow its shift."""

    name: str
    function: str
    kind: str
    spacing: str = ""
    shift: float = 1.0

    def times(self, toy: Toy, steps: int) -> Tensor:
        """What the function is passed at strength 1: levels, the last one 0; or timesteps."""
        if self.kind == "timesteps":
            return torch.arange(0, 1000, 1000 // steps) + 1
        if self.kind == "flow":
            return even(steps, self.shift)
        known = toy.log_sigmas.exp()
        if self.spacing == "karras":
            ends = float(known[0]), float(known[-1])
            return reference.k_diffusion_sampling().get_sigmas_karras(steps, *ends)
        places = torch.linspace(len(known) - 1, 0, steps + (self.spacing == "uniform"))[:steps]
        low = places.floor().long()
        log = torch.lerp(
            toy.log_sigmas[low], toy.log_sigmas[places.ceil().long()], places.double().frac()
        )
        return torch.cat([log.exp(), torch.zeros(1)]).float()

    def schedule(self, toy: Toy, steps: int) -> Schedule:
        times = self.times(toy, steps)
        if self.kind == "timesteps":
            return timestep_schedule(times, toy.alphas_cumprod, steps)
        return sigma_schedule(times, flow) if self.kind == "flow" else sigma_schedule(times)


SAMPLERS = (
    Sampler("DDIM", "ddim", "timesteps"),
    Sampler("Euler", "sample_euler", "ve", "normal"),
    Sampler("DPM++ 2M Karras", "sample_dpmpp_2m", "ve", "karras"),
    Sampler("LCM", "sample_lcm", "ve", "uniform"),
    *(
        Sampler(f"flow, shift {shift:g}: {name}", function, "flow", shift=shift)
        for shift in (3.0, 9.0)
        for name, function in (("Euler", "sample_euler"), ("DPM++ 2M", "sample_dpmpp_2m"))
    ),
)


@dataclass(frozen=True)
class Row:
    """One way to read a map. extra: None for the host's steps, else levels between them.
    spread: those follow the model's response."""

    name: str
    extra: int | None = None
    transition: float = 0.0
    spread: bool = False


STEPS, STEPS_SOFT = Row("steps"), Row("steps, transition 1", transition=1.0)
HARD = tuple(Row(f"fine, {extra} more", extra) for extra in (0, 1, 2, 4))
SOFT = tuple(Row(f"fine, {extra} more, transition 1", extra, 1.0) for extra in (0, 1, 2, 4))
SPREAD = Row("the same, spread by the response", 4, 1.0, True)
EACH = Row("a level for every column of the ramp", 16)
ROWS = {  # by steps
    4: (STEPS, STEPS_SOFT, *HARD, *SOFT, SPREAD, EACH),
    6: (STEPS, STEPS_SOFT, SOFT[0], SOFT[2], SOFT[3]),
    8: (STEPS, STEPS_SOFT, SOFT[0], SOFT[2], SOFT[3]),
}


class Tree:
    """Noise of any place on the schedule, as a Brownian tree has it: what is drawn for a level is
    the same wherever the run began."""

    tree = True

    def __init__(self, asks: Sequence[Ask], like: Tensor):
        self.asks, self.like = asks, like

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        return noise_of(self.asks, self.like, float(sigma_next))


class Pictures:
    """What is edited: one batch of the toy world."""

    def __init__(self, toy: Toy, asks: Sequence[Ask]):
        self.asks = list(asks)
        self.before = np.stack([ask.picture for ask in self.asks])
        self.init = toy.encoded(self.before)
        self.noise = noise_of(self.asks, self.init)
        self.prompts = [ask.prompt for ask in self.asks]

    def times(self, count: int) -> Pictures:
        """Each picture `count` times, one after the other."""
        other = object.__new__(Pictures)
        other.asks = [ask for ask in self.asks for _ in range(count)]
        other.prompts = [ask.prompt for ask in other.asks]
        other.before = self.before.repeat(count, 0)
        other.init, other.noise = (x.repeat_interleave(count, 0) for x in (self.init, self.noise))
        return other


class Runs:
    """One sampler on the toy world, in runs of so many steps."""

    def __init__(self, toy: Toy, sampler: Sampler, steps: int):
        self.toy, self.sampler, self.steps = toy, sampler, steps
        self.schedule = sampler.schedule(toy, steps)
        self.times = sampler.times(toy, steps)
        self.exact = Exact(sampler.schedule(toy, DENSE).coordinates)
        known = (reference, reference.k_diffusion_sampling())
        self.function = next(
            getattr(m, sampler.function) for m in known if hasattr(m, sampler.function)
        )
        self.predicts = "eps" if sampler.kind == "timesteps" else "x0"

    def plan(
        self, strength: np.ndarray, row: Row, amount: Amount | None = None, full: float = 1.0
    ) -> tuple[StartSteps, int | None]:
        """As `diffdiff.edit.plan` plans a map."""
        last = len(self.schedule) - 1
        if row.extra is None:
            ladder = WEBUI(strength, self.steps, last, row.transition)
            return ladder, ladder.first
        more = {} if amount is None else {"amount": amount}
        return fine(
            strength,
            self.schedule.coordinates,
            self.exact,
            self.steps,
            last,
            full,
            row.transition,
            row.extra,
            **more,
        )

    def noise_at(self, coordinate: float) -> float:
        """Part of noise at a level, 0..1."""
        return noisiness(self.schedule.at(torch.tensor([coordinate])))

    def begins(self, ladder: StartSteps, first: int) -> dict[tuple[int, int], float]:
        """Part of noise at which the pixels of each group begin, by start step and fine level."""
        fine_at = np.zeros_like(ladder.start) if ladder.fine is None else ladder.fine
        schedule = self.schedule if ladder.fine is None else self.schedule.exact_below(first)
        found = {}
        for step, number in {*zip(ladder.start.ravel().tolist(), fine_at.ravel().tolist())}:
            if step == NEVER:
                continue
            if number:
                level = self.noise_at(ladder.between[number - 1].coordinate)
            elif step == first and ladder.top is not None:
                level = self.noise_at(ladder.top)
            else:
                level = noisiness(schedule.starts[step])
            found[step, number] = level
        return found

    def call(self, first: int, pictures: Pictures) -> SamplerCall:
        options = {}
        if self.sampler.kind == "timesteps":
            options["timesteps"] = self.times[: self.steps - 1 - first]
        else:
            options["sigmas"] = self.times[first:]
        if self.sampler.function == "sample_lcm":
            options["noise_sampler"] = Tree(pictures.asks, pictures.init)
        if self.function.__module__ == "k_diffusion.sampling":
            options["disable"] = True
        return SamplerCall(self.function, **options)

    def held(self, pictures: Pictures, ladder: StartSteps, first: int | None) -> tuple[Tensor, int]:
        """Latents, and the model calls. ladder: `[h, w]`, or one for each picture `[N, 1, h, w]`
        (`spread`)."""
        if first is None:
            return pictures.init.clone(), 0
        model = Denoiser(self.toy, self.sampler.kind, pictures.prompts)
        schedule, call = self.schedule, self.call(first, pictures)
        if ladder.fine is not None:
            schedule = schedule.exact_below(first)
        if ladder.top is not None:
            schedule, call = schedule.begun_at(first, ladder.top), call.begun_at(ladder.top)
        habits = habits_of(
            call, model, schedule, first, pictures.init[:1], self.predicts, between=ladder.between
        )
        if habits.early is None:
            raise ValueError(f"{self.sampler.name}: {habits.early_why}")
        size = pictures.init.shape[2:]

        def tensor(part: np.ndarray | None) -> Tensor | None:
            if part is None:
                return None
            whole = np.broadcast_to(part, (*part.shape[:-2], *size)).copy()
            return torch.from_numpy(whole).reshape(-1, 1, *size)

        hold = Hold(
            pictures.init,
            pictures.noise,
            tensor(ladder.start),
            schedule,
            first,
            habits,
            self.predicts,
            weight=tensor(ladder.weight),
            fine=tensor(ladder.fine),
            between=ladder.between,
        )
        x = noised(pictures.init, pictures.noise, schedule.starts[first])
        result = hold.run(call, model, x, Held(hold, model, call, watched=False), Draws())
        if hold.remark:
            raise ValueError(f"{self.sampler.name}: {hold.remark}")
        return result, model.calls

    def alone(self, pictures: Pictures, strength: float) -> Tensor:
        """Plain img2img whose schedule begins exactly where a strength does, held by nothing; at
        strength 1 it is the host's own."""
        level = float(self.exact.coordinate(np.array(strength)))
        model = Denoiser(self.toy, self.sampler.kind, pictures.prompts)
        later = [i for i, c in enumerate(self.schedule.coordinates) if c < level * (1 - 1e-3)]
        first = (later[0] if later else len(self.schedule.coordinates) - 1) - 1
        if strength >= 1 or first < 0 or level >= self.schedule.coordinates[0] * (1 - 1e-3):
            call = self.call(0, pictures)
            return call.run(model, noised(pictures.init, pictures.noise, self.schedule.starts[0]))
        at = self.schedule.at(torch.tensor([level]))
        call = self.call(first, pictures).begun_at(level)
        return call.run(model, noised(pictures.init, pictures.noise, at))


def picked(ladder: StartSteps, index: Sequence[int]) -> StartSteps:
    """Of the ladder of strengths `[n]`: some of them, each the constant map of a picture."""

    def part(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[list(index)].reshape(-1, 1, 1, 1)

    return ladder._replace(
        start=part(ladder.start), weight=part(ladder.weight), fine=part(ladder.fine)
    )
