"""PNG files with their settings in them, each complete or absent."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..errors import FieldError, carried
from ..images.deep_png import deep_png
from ..settings import infotext
from ..settings.run import RunArgs
from ..settings.schema import EditArgs


def targets(
    out: str | Path | None,
    count: int,
    inputs: Iterable[str | Path],
    singles: Sequence[float] = (),
) -> list[Path]:
    """Return the files that a run will write: OUT.png, or OUT-0.png, OUT-1.png, ... for several.

    After these the pictures of a sheet at the strengths `singles`: OUT-1-at-0.25.png, ...

    Called before the run, so that no one waits for a picture that cannot be written.

    Raises:
        FieldError: "out"; none given, not a PNG, a folder, in a folder that is missing or not
            writable, or one of the inputs.
    """
    if not out:
        raise FieldError("out", "there is no file to write", "Give --out with a name like out.png")
    out = Path(out)
    if out.is_dir():
        raise FieldError("out", f"{out} is a folder", f"Name a file in it, like {out / 'out.png'}")
    if out.suffix.lower() != ".png":
        remedy = "Name a file that ends in .png, which keeps every pixel and the settings"
        raise FieldError("out", f"{out} is not a PNG", remedy)
    paths = [out]
    if count > 1:
        paths = [out.with_name(f"{out.stem}-{i}{out.suffix}") for i in range(count)]
    sheets = list(paths)
    for i, strength in enumerate(singles):
        paths += [p.with_name(f"{p.stem}-{i + 1}-at-{strength:g}{p.suffix}") for p in sheets]
    inputs = list(inputs)
    for path in paths:
        _check_folder(Path(os.path.realpath(path)).parent)
        if path.is_dir():
            raise FieldError("out", f"{path} is a folder", "Name another file")
        if path.exists() and any(os.path.exists(i) and path.samefile(i) for i in inputs):
            raise FieldError("out", f"{path} is an input of this run", "Name another file")
    return paths


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        missing = "is not a folder" if folder.exists() else "does not exist"
        raise FieldError("out", f"the folder {folder} {missing}", "Make it, or name another")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        problem = f"nothing can be written to {folder} ({error.strerror})"
        raise FieldError("out", problem, "Name another folder") from None


def write_png(
    picture: Image.Image | np.ndarray,
    path: Path,
    text: Mapping[str, str] | None = None,
    profile: bytes | None = None,
) -> None:
    """Write a PNG file; see `png` and `write`.

    Raises:
        FieldError: as `write` raises it.
    """
    _complete(path, lambda file: _save(picture, text, file, profile))


def png(
    picture: Image.Image | np.ndarray,
    text: Mapping[str, str] | None = None,
    profile: bytes | None = None,
) -> bytes:
    """Return the bytes of a PNG.

    Args:
        picture: a PIL image, with its `info["icc_profile"]` if it has one, or an array [H, W] of
            uint16 or [H, W, 3] of uint8.
        text: keyword -> text, written as PNG text chunks.
    """
    data = io.BytesIO()
    _save(picture, text, data, profile)
    return data.getvalue()


def write(data: bytes, path: Path) -> None:
    """Write a file that is complete or absent; an older one stays until then.

    Raises:
        FieldError: "out"; the folder is gone, the disk is full.
    """
    _complete(path, lambda file: file.write(data))


def _save(
    picture: Image.Image | np.ndarray,
    text: Mapping[str, str] | None,
    file: Any,
    profile: bytes | None = None,
) -> None:
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_text(key, carried(value))  # the name of a model may be any bytes
    if isinstance(picture, np.ndarray):
        if picture.ndim == 3 and picture.dtype == np.uint16:
            file.write(deep_png(picture, info, profile))
            return
        picture = Image.fromarray(picture)
    profile = picture.info.get("icc_profile") or profile
    picture.save(file, "PNG", pnginfo=info, icc_profile=profile)


def _complete(path: Path, fill: Callable[[Any], Any]) -> None:
    target = os.path.realpath(path)  # a link stays a link
    name = None
    try:
        handle, name = tempfile.mkstemp(suffix=".png", dir=os.path.dirname(target))
        with os.fdopen(handle, "wb") as file:
            fill(file)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            problem = f"{path} cannot be written ({error.strerror or error})"
            raise FieldError("out", problem, "Make room, or name another folder") from None
        raise


def texts(
    args: EditArgs,
    run: RunArgs,
    change_map: np.ndarray | None,
    settings: Mapping[str, Any],
    size: tuple[int, int],
) -> dict[str, str]:
    """Return the text chunks of a picture.

    Args:
        run: the run of this picture alone, as the engine's result has it.
        change_map: as it was decoded, float32 [H, W]; only its fingerprint is written.
        settings: settings of the engine's result.
        size: (width, height) of the picture.

    Returns:
        "parameters": infotext as the WebUIs write it; "diffdiff": `settings` as JSON.
    """
    of_picture = {"seed": run.seed, "strength": run.strength}
    return {
        "parameters": parameters(args, run, change_map, settings, size),
        "diffdiff": json.dumps({**settings, **of_picture}, ensure_ascii=False),
    }


def parameters(
    args: EditArgs,
    run: RunArgs,
    change_map: np.ndarray | None,
    settings: Mapping[str, Any],
    size: tuple[int, int],
) -> str:
    """Write infotext: the prompt, the negative prompt, and one line of settings; see `texts`."""
    known = {
        "Steps": run.steps,
        "Sampler": settings.get("scheduler"),
        "CFG scale": run.guidance,
        "Seed": run.seed,
        "Size": "{}x{}".format(*settings.get("size", size)),
        "Model": settings.get("model"),
        "Denoising strength": run.strength,
        **infotext.write(args, [] if change_map is None else [change_map]),
    }
    if settings.get("levels"):
        known[infotext.STARTS] = began(settings["levels"])
    if list(size) == settings.get("frame"):  # a fan, or a contact sheet
        places = infotext.places(settings["strengths"], settings["boxes"])
        known["DD stripes" if args.mode == "fan" else "DD tiles"] = places
        known |= {"DD bar": settings.get("bar"), "DD frame": f"{size[0]}x{size[1]}"}
        known["DD changes"] = settings.get("changes")
    lines = [run.prompt]
    if run.negative_prompt:
        lines.append(f"Negative prompt: {run.negative_prompt}")
    pairs = (f"{key}: {_quoted(value)}" for key, value in known.items() if value is not None)
    return "\n".join([*lines, ", ".join(pairs)])


def began(levels: Sequence[Mapping[str, Any]]) -> str:
    """Write where strengths started: "1 at 93% noise; 0.47 at 40% noise"."""
    return "; ".join(f"{one['strength'][1]:.3g} at {one['noise']:.0f}% noise" for one in levels)


def _quoted(value: Any) -> str:
    """Quote a value as the WebUIs do: what would end it early is written as JSON."""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(',\n:"') else text
