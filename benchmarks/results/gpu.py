"""`python -m benchmarks.results.gpu`: what holding costs on a GPU.

UNets of the shapes of Stable Diffusion 1.5 and XL with random weights (time does not depend on
them), float16, guidance's batch of two, Euler. Needs CUDA and says so where there is none.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from diffdiff.sampling.calls import Habits
from diffdiff.sampling.hold import Hold
from diffdiff.sampling.noise_levels import sigma_schedule
from diffdiff.sampling.start_steps import WEBUI

STEPS, REPEATS = 20, 5
GOAL_US = 10.0  # of GPU time that holding adds to a step
SHAPES: dict[str, dict[str, Any]] = {
    "SD 1.5, 512x512": {
        "side": 64,
        "context": 768,
        "unet": {"cross_attention_dim": 768, "attention_head_dim": 8},
    },
    "SDXL, 1024x1024": {
        "side": 128,
        "context": 2048,
        "unet": {
            "block_out_channels": (320, 640, 1280),
            "cross_attention_dim": 2048,
            "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 2),
            "up_block_types": (*("CrossAttnUpBlock2D",) * 2, "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "attention_head_dim": (5, 10, 20),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
    },
}


def available() -> bool:
    return torch.cuda.is_available()


def unet(shape: dict[str, Any], device: str, dtype: torch.dtype) -> nn.Module:
    """Random weights."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    with torch.device(device):
        network = UNet2DConditionModel(
            sample_size=shape["side"], in_channels=4, out_channels=4, **shape["unet"]
        )
    return network.to(dtype).eval().requires_grad_(False)


def denoiser(network: nn.Module, shape: dict[str, Any], x: Tensor) -> Callable[..., Tensor]:
    """`model(x, sigma) -> x0` with both batches of guidance."""
    like = {"device": x.device, "dtype": x.dtype}
    count = 2 * len(x)
    context = torch.randn(count, 77, shape["context"], **like)
    more = {}
    if shape["unet"].get("addition_embed_type") == "text_time":
        embeds = torch.randn(count, 1280, **like)
        more = {"text_embeds": embeds, "time_ids": torch.zeros(count, 6, **like)}

    def model(x: Tensor, sigma: Tensor) -> Tensor:
        both = torch.cat([x, x])
        eps = network(both, 500, encoder_hidden_states=context, added_cond_kwargs=more).sample
        off, on = eps.chunk(2)
        return x - sigma.view(-1, 1, 1, 1) * (off + 5.0 * (on - off))

    return model


class Run:
    """One setting: Euler over `STEPS` steps, held or not; a gradient, every step releases."""

    def __init__(self, shape: dict[str, Any], device: str, dtype: torch.dtype, batch: int = 1):
        side = shape["side"]
        g = torch.Generator().manual_seed(0)
        size = batch, 4, side, side
        self.init, self.noise = (torch.randn(size, generator=g).to(device, dtype) for _ in range(2))
        sigmas = torch.cat([torch.linspace(2.68, -3.5, STEPS).exp(), torch.zeros(1)])
        self.sigmas = sigmas.to(device, dtype)
        strength = np.tile(np.linspace(0, 1, side, dtype=np.float32), (side, 1))
        start = torch.from_numpy(WEBUI(strength, STEPS, STEPS - 1).start)[None, None].to(device)
        # made once: the pixels' table and the schedule are not part of a step
        self.new = lambda: Hold(
            self.init,
            self.noise,
            start,
            sigma_schedule(self.sigmas),
            0,
            Habits(by_level=False, exact=True),
        )
        self.ones = torch.ones(batch, device=device, dtype=dtype)

    @torch.no_grad()
    def go(self, model: Callable[..., Tensor], hold: Hold | None) -> Tensor:
        x = self.init + self.noise * self.sigmas[0]
        for i in range(STEPS):
            sigma = self.sigmas[i] * self.ones
            x0 = model(x, sigma) if hold is None else hold.denoise(model, x, sigma)
            x = x + (x - x0) / self.sigmas[i] * (self.sigmas[i + 1] - self.sigmas[i])
        return x if hold is None else hold.finish(x)


def bytes_floor(shape: tuple[int, ...], size: int) -> int:
    """The least bytes that a held call must move: x, init, noise and the answer read, x and the
    answer written, the start steps (int16) read twice.

    Args:
        shape: of the latents, `[B, C, h, w]`; size: bytes of a value.
    """
    b, c, h, w = shape
    return 6 * b * c * h * w * size + 2 * 2 * h * w


def seconds(work: Callable[[], object]) -> float:
    """Median of `REPEATS`, after two that do not count, the device waited for."""
    wait = torch.cuda.synchronize if available() else (lambda: None)
    times = []
    for _ in range(REPEATS + 2):
        wait()
        began = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:])


def profiled(work: Callable[[], object]) -> tuple[int, float]:
    """Kernels on the device (copies too) and their microseconds; needs CUDA."""
    from torch.profiler import ProfilerActivity, profile

    work()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        work()
        torch.cuda.synchronize()
    kernels = [e for e in seen.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    return len(kernels), float(sum(e.time_range.elapsed_us() for e in kernels))


def bandwidth() -> float:
    """Bytes per second of a large copy on the device, read and written."""
    source = torch.empty(2**28, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source))


def measure(shape: dict[str, Any], batch: int = 1) -> dict[str, float]:
    """Of one UNet on the GPU, per step."""
    run = Run(shape, "cuda", torch.float16, batch)
    network = unet(shape, "cuda", torch.float16)
    model = denoiser(network, shape, run.init)
    plain = seconds(lambda: run.go(model, None)) / STEPS
    held = seconds(lambda: run.go(model, run.new())) / STEPS
    answer = torch.randn_like(run.init)

    def nothing(x: Tensor, sigma: Tensor) -> Tensor:
        return answer

    # the hold alone: the same loop with a model that costs nothing
    bare, with_hold = (profiled(lambda h=h: run.go(nothing, h and run.new())) for h in (0, 1))
    floor = bytes_floor(tuple(run.init.shape), 2)
    return {
        "plain_ms": 1e3 * plain,
        "held_ms": 1e3 * held,
        "share": held / plain - 1,
        "launches": (with_hold[0] - bare[0]) / STEPS,
        "gpu_us": (with_hold[1] - bare[1]) / STEPS,
        "floor_bytes": floor,
        "floor_us": 1e6 * floor / bandwidth(),
    }


def run() -> dict[str, Any]:
    """{"device": name or None, "rows": shape -> figures, "goals"}."""
    if not available():
        return {"device": None, "rows": {}, "goals": {}}
    rows = {name: measure(shape) for name, shape in SHAPES.items()}
    goals = {
        f"{name}: under {GOAL_US:g} us of GPU time per step": row["gpu_us"] < GOAL_US
        for name, row in rows.items()
    }
    return {"device": torch.cuda.get_device_name(), "rows": rows, "goals": goals}


def main(argv: list[str] | None = None) -> int:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results.gpu", description=about)
    parser.parse_args(argv)
    found = run()
    if found["device"] is None:
        print("No CUDA device is at hand: nothing was measured.", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1))
    return 0 if all(found["goals"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
