"""Which function makes an edit, by its anchor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import FieldError
from ..settings.run import RunArgs
from ..settings.schema import EditArgs

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from .scheduler_hook import Progress


def editing(engine: Any, args: EditArgs, run: RunArgs) -> Callable[..., Any]:
    """Return `Engine.edit`, or for the inverted anchor a function with the same arguments.

    Raises:
        FieldError: "anchor".
    """
    if args.anchor != "inverted":
        return engine.edit
    if args.mode != "edit" or run.count > 1:
        problem = "an inverted picture is edited once, in the mode edit"
        raise FieldError("anchor", problem, "Use noised, or the mode edit and one picture")

    def edit(
        image: Image.Image,
        change_map: np.ndarray | None,
        args: EditArgs,
        run: RunArgs,
        progress: Progress | None = None,
    ) -> Any:
        from . import diffedit_edit

        return diffedit_edit.edit(
            engine, image, "continuous", "", args, run, change_map=change_map, progress=progress
        )

    return edit
