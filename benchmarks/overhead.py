"""`python -m benchmarks.overhead`: what the hold adds to a denoise call, in one run of its own.

Time per call: the worst case, in which some pixels are released and some are still held at every
step (a gradient map), beside one bare `torch.where` of the same size and beside a UNet call.
Memory: the most that lives at once beyond the sampler's own latents, in latents.
"""

from __future__ import annotations

import argparse
import statistics
import time
import weakref
from collections.abc import Callable

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from diffdiff.hold import Hold
from diffdiff.ladder import climb
from diffdiff.levels import noised, sigma_schedule
from diffdiff.samplers import traits

from .bench import Bench, Row
from .conformance import ROWS

SHAPES = [(b, c, s, s) for b in (1, 4) for c, s in ((4, 64), (4, 128), (16, 128))]
STEPS = 20


def setting(shape: tuple, function: str):
    b, _, h, w = shape
    g = torch.Generator().manual_seed(0)
    init, noise = (torch.randn(shape, generator=g) for _ in range(2))
    sigmas = torch.cat([torch.linspace(2.68, -3.5, STEPS).exp(), torch.zeros(1)])
    strength = torch.linspace(0, 1, w).expand(b, 1, h, w).numpy()
    start = torch.from_numpy(climb(strength, STEPS, STEPS - 1).start)
    schedule = sigma_schedule(sigmas)
    return init, noise, sigmas, lambda: Hold(
        init, noise, start, schedule, 0, traits(function), function=None
    )  # fmt: skip


def median(function: Callable[[], None], seconds: float = 1.0) -> float:
    """Median time of a call, in seconds."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def per_call(shape: tuple, function: str) -> tuple[float, float]:
    """Seconds that a held denoise call takes beyond the model, and seconds of `torch.where`."""
    init, noise, sigmas, new = setting(shape, function)
    x, answer = init + noise, torch.randn_like(init)
    mask = torch.rand(shape[0], 1, *shape[2:]) > 0.5
    where = median(lambda: torch.where(mask, init, answer))
    ones = torch.ones(shape[0])
    calls = [(s, n) for s in sigmas[:-1] for n in range(traits(function).calls(0, STEPS))]

    def run():
        hold = new()
        for sigma, _ in calls:
            hold.denoise(lambda x, s: answer, x, sigma * ones)

    def empty():
        for sigma, _ in calls:
            sigma * ones

    return (median(run, 2.0) - median(empty)) / len(calls), where


class Peak(TorchDispatchMode):
    """Counts the bytes of tensors that operations allocate, and the most alive at once."""

    def __init__(self):
        super().__init__()
        self.alive, self.peak = {}, 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        for t in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(t, torch.Tensor):
                storage = t.untyped_storage()
                self.alive[storage.data_ptr()] = (weakref.ref(t), storage.nbytes())
        live = {k: v for k, v in self.alive.items() if v[0]() is not None}
        self.alive = live
        self.peak = max(self.peak, sum(size for _, size in live.values()))
        return result


def peak_latents(row: Row) -> float:
    """Most memory alive in a held run beyond the most alive in a plain one, in latents."""
    bench = Bench(row, size=64)
    alphas_cumprod = bench.model.alphas_cumprod
    bench.model = lambda x, sigma, **_: x.tanh()
    bench.model.alphas_cumprod = alphas_cumprod
    bench.model.last_noise_uncond = x_like = bench.init.tanh()
    strength = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32), (64, 64))
    x = noised(bench.init, bench.noise, bench.schedule.starts[0])
    with Peak() as plain:
        bench.call(bench.model, x.clone(), 0)
    hold = bench.hold(strength)

    def denoise(x, sigma, **_):
        return hold.denoise(bench.model, x, sigma)

    denoise.alphas_cumprod, denoise.last_noise_uncond = alphas_cumprod, x_like
    with Peak() as held:
        hold.finish(bench.call(denoise, x.clone(), 0))
    return (held.peak - plain.peak) / (x.numel() * x.element_size())


def unet_call(shape: tuple) -> float:
    """Seconds of a very small UNet's call: two levels, 32 and 64 channels, random weights."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        in_channels=shape[1],
        out_channels=shape[1],
        cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=8,
    ).eval()
    x, context = torch.randn(shape), torch.randn(shape[0], 77, 32)
    with torch.no_grad():
        return median(lambda: unet(x, 500, encoder_hidden_states=context))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads; worst case: every step releases")
    print(f"{'latents':>16} {'hold':>10} {'where':>10} {'ratio':>6} {'UNet':>11} {'share':>7}")
    for shape in SHAPES:
        added, where = per_call(shape, "sample_euler")
        unet = unet_call(shape)
        print(
            f"{'x'.join(map(str, shape)):>16} {added * 1e6:8.1f}us {where * 1e6:8.1f}us "
            f"{added / where:6.1f} {unet * 1e3:9.1f}ms {added / unet:7.2%}"
        )
    print("\npeak memory beyond a plain run of the same sampler, in latents")
    for row in ROWS:
        print(f"{row.name:>28} {peak_latents(row):5.2f}")


if __name__ == "__main__":
    main()
