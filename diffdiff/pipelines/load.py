"""Load an engine by a name, a folder, a file or a hub id."""

from __future__ import annotations

import json
import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FieldError
from ..settings.run import DTYPES, OFFLOADS
from . import families
from .engine import Engine
from .families import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

TOYWORLD = Path(__file__).parent.parent / "toyworld" / "model"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
SPARE = ("text_encoder", "tokenizer", "feature_extractor", "image_encoder", "watermarker")

REMEDY = (
    'Use "toyworld", a diffusers folder (with model_index.json), a .safetensors file, '
    "or the id of a model on the hub."
)


def load(
    source: str,
    *,
    dtype: str = "auto",
    device: str = "auto",
    offload: str = "none",
    slicing: bool = False,
    config: str | None = None,
    second: str | None = None,
) -> Engine:
    """Load an img2img pipeline.

    Args:
        source: "toyworld" (the packaged model), a diffusers folder, a single `.safetensors` file,
            or a hub id.
        dtype: one of `DTYPES`; auto = float32 on the CPU, else bfloat16 for Stable Diffusion 3
            and Flux and float16 for the others.
        device: a torch device; auto = cuda, mps or cpu, the first that is there.
        offload: "model" or "sequential": diffusers' own CPU offload, for little GPU memory.
        slicing: attention and VAE one slice at a time, diffusers' own switches.
        config: for a single file: the diffusers folder or hub id that has its configs.
        second: SDXL's refiner or DeepFloyd IF's stage II, as `source`.

    Raises:
        FieldError: it cannot be loaded.
    """
    for name, value, allowed in (("dtype", dtype, DTYPES), ("offload", offload, OFFLOADS)):
        if value not in allowed:
            raise FieldError(name, f"{value!r} is not known", f"Use one of: {', '.join(allowed)}.")
    device = _device(device)
    if offload != "none" and device == "cpu":
        raise FieldError("offload", "there is no accelerator to offload from", "Use none.")
    family, pretrained = _find(source, config)
    pipe = _guarded(source, pretrained, dtype=_dtype(dtype, device, family))
    _place(pipe, device, offload, slicing)
    name = source if source == "toyworld" or HUB_ID.fullmatch(source) else Path(source).name
    if second is None:
        native = pipe.unet.config.sample_size * 8 if source == "toyworld" else None
        return Engine(pipe, family, name, native=native)
    options: dict[str, Any] = {
        "dtype": dtype,
        "device": device,
        "offload": offload,
        "slicing": slicing,
    }
    other = load(second, config=config, **options)
    if (family.name, other.family) not in (("sdxl", "sdxl"), ("if", "if-2")):
        raise FieldError(
            "second",
            f"{other.rules.about} does not go on where {family.about} ends",
            "Use SDXL's refiner with SDXL, or stage II with DeepFloyd IF.",
        )
    return Engine(pipe, family, name, other)


def _find(source: str, config: str | None) -> tuple[Family, Callable[[torch.dtype], Any]]:
    """Return the family, and a function of the dtype that loads the pipeline."""
    import diffusers

    path = TOYWORLD if source == "toyworld" else Path(source)
    if path.is_file():
        family = _of_file(path)
        pipeline = getattr(diffusers, family.pipeline)
        options = {} if config is None else {"config": config}

        def from_file(dtype: torch.dtype) -> Any:
            return pipeline.from_single_file(str(path), dtype=dtype, **options)

        return family, from_file
    if path.is_dir():
        source, index = str(path), _index(path)
    elif HUB_ID.fullmatch(source) and path.suffix not in (".safetensors", ".ckpt"):
        index = _guarded(source, _config, source)
    else:
        raise FieldError("model", f"there is no {source}", REMEDY)
    family = families.of_class(str(index.get("_class_name", "")))
    pipeline = getattr(diffusers, family.pipeline)

    def from_folder(dtype: torch.dtype) -> Any:
        return pipeline.from_pretrained(source, dtype=dtype, **_left_out(pipeline, index))

    return family, from_folder


def _config(source: str) -> dict[str, Any]:
    """Return the index of a pipeline on the hub."""
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline

    config: Any = DiffusionPipeline.load_config(source)
    return dict(config)


def _left_out(pipeline: type, index: dict[str, Any]) -> dict[str, Any]:
    """Return the parts that a pipeline can run without and that the checkpoint lacks or we
    refuse."""
    parts = signature(pipeline).parameters
    names = [n for n in parts if n.startswith(SPARE) and not any(index.get(n) or ())]
    left_out: dict[str, Any] = dict.fromkeys(names)
    if "requires_safety_checker" in parts:  # it would paint over whole pictures
        left_out |= {"safety_checker": None, "requires_safety_checker": False}
    return left_out


def _index(folder: Path) -> dict[str, Any]:
    index = folder / "model_index.json"
    try:
        return dict(json.loads(index.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise FieldError("model", f"{folder} has no model_index.json", REMEDY) from None
    except (OSError, ValueError, TypeError) as error:
        raise FieldError("model", f"{index} cannot be read ({error})", REMEDY) from None


def _of_file(path: Path) -> Family:
    from safetensors import SafetensorError, safe_open

    if path.suffix != ".safetensors":
        raise FieldError("model", f"{path.name} is not a .safetensors file", REMEDY)
    try:
        with safe_open(path, "pt") as file:
            return families.of_keys(list(file.keys()))
    except (OSError, SafetensorError) as error:
        problem = f"{path} is not a readable .safetensors file ({error})"
        raise FieldError("model", problem, "Get the file again.") from None


def _guarded(source: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a loader; its errors become one line, except running out of memory."""
    try:
        return function(*args, **kwargs)
    except FieldError:
        raise
    except (OSError, ValueError, ImportError, KeyError, AttributeError, TypeError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = lines[0][:200] if lines else type(error).__name__
        problem = f"{source} could not be loaded ({reason})"
        remedy = (
            "Check that it is complete and reachable; for a single file offline, give --config."
        )
        raise FieldError("model", problem, remedy) from error


def _device(device: str) -> str:
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0][:120]
        raise FieldError(
            "device", f"{device} cannot be used ({reason})", "Use auto or cpu."
        ) from None
    return device


def _dtype(dtype: str, device: str, family: Family) -> torch.dtype:
    import torch

    if dtype == "auto":
        half = "bfloat16" if family.name in ("sd3", "flux") else "float16"
        dtype = "float32" if device == "cpu" else half
    return getattr(torch, dtype)


def _place(pipe: Any, device: str, offload: str, slicing: bool) -> None:
    pipe.set_progress_bar_config(disable=True)
    if offload == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device)
    if slicing:
        pipe.enable_attention_slicing()
        if getattr(pipe, "vae", None) is not None:
            pipe.vae.enable_slicing()
