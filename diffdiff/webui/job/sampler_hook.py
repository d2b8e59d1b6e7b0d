"""Hold the host's sampler: everything here lives on one job's sampler object, or in a `with`.

All hosts share one boundary: the sampler calls `sampler.model_wrap_cfg(x, sigma, ...)`; k-diffusion
samplers pass sigma and get x0, timestep samplers pass the timestep and get eps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from modules import sd_samplers_common, shared
from torch import Tensor

from ...errors import FieldError
from ...patching import attribute
from ...sampling.calls import SamplerCall
from ...sampling.conditioning import released_conditioning
from ...sampling.draws import Draws
from ...sampling.fine_levels import Exact
from ...sampling.friendly import OtherQuestions
from ...sampling.hold import Hold
from ...sampling.inversion import invert, of_levels
from ...sampling.noise_levels import Schedule, extra_scale, noised
from ...sampling.probe import habits_of
from ...sampling.start_steps import WEBUI, StartSteps
from .. import host, host_hires, schedules
from . import friendly
from .shown import show


class RunPlan(NamedTuple):
    """What a run follows.

    ladder: `[B or 1, 1, ..., h, w]`.
    first: the step that it begins with, None when no step is needed.
    start: latents `[B, C, ..., h, w]` that are noised to begin with; None for the init latent.
        What is held, is held on the init latent all the same.
    stepwise: show inpainting checkpoints as masked what has been released so far.
    coarse: ladder and first step for a sampler that cannot begin between its steps; None: such a
        sampler is refused.
    empty: the empty prompt `(cond, uncond)` as the denoiser takes it: what is held, is held on the
        path of a DDIM inversion with it. None for the noised init latent.
    reference: of the friendly anchor; None for another.
    """

    ladder: StartSteps
    first: int | None
    start: Tensor | None = None
    stepwise: bool = False
    coarse: tuple[StartSteps, int | None] | None = None
    empty: tuple[Any, Any] | None = None
    reference: friendly.Reference | None = None


Planner = Callable[[Tensor, Schedule, int, int, Callable[[], Exact]], RunPlan]


class StartsAtSteps(Exception):
    """This sampler cannot start between its steps."""


def hold_sampler(
    sampler: Any, planner: Planner, report: Callable[[Hold | None, int, int], None]
) -> None:
    """Make this sampler object's next img2img runs follow a plan. It ends with the job.

    Args:
        planner: `(init_latent, schedule, steps, slider_first, exact) -> RunPlan`; `exact()` tells
            where strengths begin without rounding.
        report: `(hold, first, slider_first)`, called when a run is complete.
    """
    plain = sampler.sample_img2img

    def sample_img2img(
        p: Any,
        x: Tensor,
        noise: Tensor,
        conditioning: Any,
        unconditional_conditioning: Any,
        steps: int | None = None,
        **kwargs: Any,
    ) -> Tensor:
        if len(x) == 1 < len(noise):  # some hosts encode one picture for all of a batch
            x = x.expand(len(noise), *x.shape[1:])
        wanted_steps, t_enc = sd_samplers_common.setup_img2img_steps(p, steps)
        slider_first = wanted_steps - t_enc - 1
        schedule = host.schedule_of(sampler, p, wanted_steps, x)
        exact = functools.partial(schedules.exact_of, sampler, p, schedule, x)
        plan = planner(x, schedule, wanted_steps, slider_first, exact)
        conds = conditioning, unconditional_conditioning
        try:
            return sample(p, x, noise, conds, plan, steps, kwargs)
        except StartsAtSteps as error:
            if plan.coarse is None:
                problem = f"{host_hires.sampler_name(p)} cannot start between its steps: {error}"
                remedy = "Use levels steps, or another sampler."
                raise FieldError("levels", problem, remedy) from error
        ladder, first = plan.coarse
        plan = plan._replace(ladder=ladder, first=first)
        return sample(p, x, noise, conds, plan, steps, kwargs)

    def sample(
        p: Any,
        x: Tensor,
        noise: Tensor,
        conds: tuple[Any, Any],
        plan: RunPlan,
        steps: int | None,
        kwargs: dict[str, Any],
    ) -> Tensor:
        wanted_steps, t_enc = sd_samplers_common.setup_img2img_steps(p, steps)
        slider_first = wanted_steps - t_enc - 1
        schedule = host.schedule_of(sampler, p, wanted_steps, x)
        if plan.first is None:
            sampler.last_latent = x
            report(None, len(schedule), slider_first)
            return x.clone()
        latest = wanted_steps - 1 - host.shortest_run(sampler.func)
        first = max(min(plan.first, latest), 0)
        if plan.ladder.top is not None and first != plan.first:
            raise StartsAtSteps("it needs more steps than are left")
        begin = first
        if plan.reference is not None:  # what an inversion knows of a step are those before it
            first = 0
        run = HeldRun(sampler, x, noise, plan, schedule, first, begin)
        start = x if plan.start is None else plan.start
        overrides: dict[str, Any] = {}
        if first != slider_first:
            steps, overrides["denoising_strength"] = WEBUI.img2img_args(first, wanted_steps)
        with attribute(p, **overrides), attribute(sampler, func=run.wrap(sampler.func)):
            samples = plain(p, start, noise, *conds, steps=steps, **kwargs)
        if run.hold is not None:  # else it was interrupted before the edit began
            report(run.hold, begin, slider_first)
        return samples

    sampler.sample_img2img = sample_img2img


class HeldRun:
    """One call of the sampler function, with the denoiser held. first: its first step; begin: the
    first one that needs the model."""

    def __init__(
        self,
        sampler: Any,
        init: Tensor,
        noise: Tensor,
        plan: RunPlan,
        schedule: Schedule,
        first: int,
        begin: int,
    ):
        self.reference, self.begin = plan.reference, begin
        self.sampler, self.init, self.noise = sampler, init, noise
        self.ladder, self.stepwise, self.empty = plan.ladder, plan.stepwise, plan.empty
        self.schedule, self.first = schedule, first
        self.start = init if plan.start is None else plan.start
        if self.ladder.fine is not None:
            self.schedule = self.schedule.exact_below(first)
        if self.ladder.top is not None:
            self.schedule = self.schedule.begun_at(first, self.ladder.top)
        self.hold: Hold | None = None

    def wrap(self, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Return the sampler function with a held denoiser; its signature stays visible to the
        host."""

        @functools.wraps(function)
        def held(denoiser: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            path = None
            if self.empty is not None:
                path = self._path(denoiser, self.empty, **kwargs["extra_args"])
                x = path[-1].to(x).clone()
            call = SamplerCall(function, *args, **kwargs)
            draws = Draws(host.noise_sources(self.sampler))
            if self.ladder.top is not None:
                call, x = self._begun_at(call, x, self.ladder.top)
            if self.reference is not None:
                hold = friendly.hold(self, call, denoiser, x, self.begin)
            else:
                hold = self._hold(call, denoiser, x, draws, path)
            self.hold = hold
            forward = self._forward(denoiser, hold, call)
            # a mask of the host is already in the ladder; its own blends would come on top
            with attribute(denoiser, forward=forward, mask=None, nmask=None):
                try:
                    return hold.run(call, denoiser, x, denoiser, draws)
                except OtherQuestions as error:
                    raise friendly.refused(self.sampler, error) from error

        return held

    @property
    def predicts(self) -> str:
        """What the denoiser predicts."""
        return "eps" if hasattr(self.sampler, "get_timesteps") else "x0"

    def _begun_at(self, call: SamplerCall, x: Tensor, top: float) -> tuple[SamplerCall, Tensor]:
        """Return the call, and the noised latents, from the exact level that the run starts with.

        top: that level's coordinate.
        """
        if not call.schedule:
            raise StartsAtSteps("it plans its own steps")
        level = self.schedule.starts[self.first]
        begun = noised(self.start.to(x), self.noise, level)
        extra = shared.opts.img2img_extra_noise
        if extra > 0:
            begun = begun + self.noise * extra * extra_scale(level, self.predicts)
        return call.begun_at(top), begun.to(x.dtype)

    def _path(self, denoiser: Any, empty: tuple[Any, Any], **extra: Any) -> list[Tensor]:
        """Invert the init latent by DDIM up to the run's first level, without a prompt."""
        cond, uncond = empty
        unconditional = extra | {
            "cond": cond,
            "uncond": uncond,
            "cond_scale": 1.0,
            "s_min_uncond": 0.0,
        }
        steps = of_levels(self.schedule, self.first)
        shared.state.sampling_steps += len(steps)

        def predict(x: Tensor, timestep: int) -> Tensor:
            answer = denoiser(x, x.new_full((len(x),), timestep), **unconditional)
            shared.state.sampling_step += 1
            return answer

        try:
            return invert(predict, self.init.to(self.noise), steps)
        finally:
            denoiser.step = 0  # the prompt's schedule begins with the run

    def _hold(
        self, call: SamplerCall, denoiser: Any, x: Tensor, draws: Draws, path: list[Tensor] | None
    ) -> Hold:
        extra = shared.opts.img2img_extra_noise
        weight = self.ladder.weight
        habits = habits_of(
            call,
            denoiser,
            self.schedule,
            self.first,
            x,
            self.predicts,
            draws.sources,
            host.settings(),
            self.ladder.between,
        )
        fine = self.ladder.fine
        if habits.early is None and (self.ladder.between or self.ladder.top is not None):
            raise StartsAtSteps(habits.early_why)
        return Hold(
            self.init.to(x),
            self.noise,
            torch.from_numpy(self.ladder.start).to(x.device),
            self.schedule,
            self.first,
            habits,
            predicts=self.predicts,
            weight=None if weight is None else torch.from_numpy(weight).to(x),
            extra_noise=self.noise * extra if extra > 0 else None,
            path=path,
            fine=None if fine is None else torch.from_numpy(fine).to(x.device),
            between=self.ladder.between,
        )

    def _forward(self, denoiser: Any, hold: Hold, call: SamplerCall) -> Callable[..., Tensor]:
        plain, sampler = denoiser.forward, self.sampler
        step = 0

        def ask(x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
            denoiser.step = step  # a call that is made once more is no step of the prompt's
            if self.stepwise and hold.holding and torch.is_tensor(kwargs.get("image_cond")):
                condition = kwargs["image_cond"]
                kwargs["image_cond"] = released_conditioning(condition, hold.held, hold.init)
            answer = plain(x, sigma, **kwargs)
            if hold.beside is not None and getattr(denoiser, "need_last_noise_uncond", False):
                hold.also("last_noise_uncond", x, denoiser.last_noise_uncond)
            return answer

        def forward(x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
            nonlocal step
            step = denoiser.step
            kwargs = call.overheard(kwargs, lambda name, value: hold.also(name, x, value))
            answer = hold.denoise(ask, x, sigma, **kwargs)
            if getattr(denoiser, "need_last_noise_uncond", False):
                aside = denoiser.last_noise_uncond
                denoiser.last_noise_uncond = hold.also("last_noise_uncond", x, aside)
            if hold.holding:
                show(sampler, hold)
            return answer

        return forward
