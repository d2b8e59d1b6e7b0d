"""Whether what a run goes through is finite: noted on the device, read once, at the end."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import FieldError

START, PIXELS = "start", "pixels"  # besides the steps


class Finite:
    """A model's answers in a run. A note is one number on the model's device; none waits.

    The sum of a tensor is finite only if all of its values are.
    """

    def __init__(self) -> None:
        self.notes: list[tuple[int | str, Tensor]] = []

    def see(self, where: int | str, x: Tensor) -> None:
        """Note a tensor.

        Args:
            where: the step, from 0, or words; START for the encoded input, PIXELS for the decoded
                output.
            x: floats of any shape.
        """
        self.notes.append((where, x.detach().sum(dtype=torch.float32)))

    def first(self) -> int | str | None:
        """Return where the first value came up that is not finite; None: there is none."""
        if not self.notes:
            return None
        sums = torch.stack([total.to(self.notes[0][1].device) for _, total in self.notes])
        good = torch.isfinite(sums).tolist()
        return next((where for (where, _), fine in zip(self.notes, good) if not fine), None)

    def check(self, steps: int | None, model: str, vae: str) -> None:
        """Refuse a run that was not finite.

        Args:
            steps: steps of the full schedule, for the message; None leaves them out.
            model: remedy where the model failed; vae: where the VAE did.

        Raises:
            FieldError: "vae" or "model", with the first step at which it was so.
        """
        where = self.first()
        if where is not None:
            raise failure(where, steps, model, vae)


def failure(where: int | str | None, steps: int | None, model: str, vae: str) -> FieldError:
    """Return the error of a run that was not finite; where: None if only its end is known."""
    if where == START:
        return FieldError("vae", "it made NaN or infinite values of the input picture", vae)
    if where == PIXELS:
        return FieldError("vae", "the picture that it decoded has NaN or infinite values", vae)
    at = "" if where is None else f", first at {where}"
    if isinstance(where, int):
        at = f", first at step {where + 1}" + (f" of {steps}" if steps else "")
    return FieldError("model", f"it answered with NaN or infinite values{at}", model)
