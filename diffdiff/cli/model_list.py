"""`diffdiff models`: list what can be loaded, and write the included model for a WebUI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import FieldError

TOYWORLD = "toyworld"
PACKAGED = {TOYWORLD: "painted landscapes of 128x128 pixels; small, for trying things out"}


def known() -> dict[str, Any]:
    """Return packaged: name -> description; families: the same; schedulers: names for
    `--scheduler`."""
    from ..pipelines.families import FAMILIES
    from ..pipelines.scheduler_choice import names

    families = {family.name: family.about for family in FAMILIES}
    return {"packaged": PACKAGED, "families": families, "schedulers": sorted(names())}


def listed(known: dict[str, Any]) -> str:
    """Return the same as text for people."""
    pairs = {**known["packaged"], **known["families"]}
    wide = max(map(len, pairs))

    def table(rows: dict[str, str]) -> list[str]:
        return [f"  {name:{wide}}  {text}" for name, text in rows.items()]

    return "\n".join(
        [
            "Included (--model NAME):",
            *table(known["packaged"]),
            "",
            "Families (--model FOLDER, FILE.safetensors or hub id):",
            *table(known["families"]),
            "",
            "Schedulers (--scheduler NAME):",
            *(f"  {name}" for name in known["schedulers"]),
        ]
    )


def export(model: str, out: str | None) -> dict[str, list[str]]:
    """Write a model as one checkpoint that a WebUI loads; return {"files": [...]}.

    Raises:
        FieldError: "out" or "model".
    """
    if not out:
        raise FieldError("out", "there is no file to write", "Name one, like toyworld.safetensors")
    if Path(out).suffix != ".safetensors":
        raise FieldError(
            "out", f"{out} is not a checkpoint", "Name a file that ends in .safetensors"
        )
    if Path(out).is_dir():
        raise FieldError("out", f"{out} is a folder", "Name a file in it")
    from ..toyworld.export import export as write

    try:
        files = write(folder_of(model), Path(out))
    except OSError as error:
        problem = f"{out} cannot be written ({error.strerror or error})"
        raise FieldError("out", problem, "Name a file in another folder") from None
    return {"files": [str(file) for file in files]}


def folder_of(model: str) -> Path:
    """Return the diffusers folder of a packaged model's name, or the folder itself."""
    if model == TOYWORLD:
        return Path(__file__).parents[1] / "toyworld" / "model"
    if not Path(model).is_dir():
        remedy = f"Use {TOYWORLD} or the path of a diffusers folder"
        raise FieldError("model", f"{model} is not a folder", remedy)
    return Path(model)
