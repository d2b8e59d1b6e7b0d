"""Look into a model while it runs: where its attention reads a word, and what its blocks answer.

Torch's own hooks, on modules that are found by what they are (an attention has `to_q` and `to_k`,
the second half of a UNet is called `up_blocks` or `output_blocks`), never by the name of a class.
Each is set by a `with`, which takes it away again whatever happens inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from ..errors import FieldError

CELLS = 32 * 32  # of the largest attention that is read, unless the latent is large
PART = 4  # of a large one: sides of a quarter of the latent's
BLOCKS = ("up_blocks", "output_blocks")  # diffusers, LDM
REMEDY = "Use the source diffedit, with diffedit_with at nothing: it works with any model"


def out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error says that the memory is full."""
    return "out of memory" in str(error).lower()


def no_memory(remedy: str) -> FieldError:
    """Return the error of a look for which the memory is too small."""
    problem = "the memory is too small to look into the model at this size"
    return FieldError("model", problem, remedy)


class TextAttention:
    """What the cross-attention of a model reads, summed up while `text_attention` watches.

    Args:
        height, width: of the latent, in cells.
    """

    def __init__(self, height: int, width: int):
        self.sizes, h, w = {}, height, width
        while (h, w) not in self.sizes.values():
            self.sizes.setdefault(h * w, (h, w))  # of two with as many cells, the finer
            h, w = -(-h // 2), -(-w // 2)
        self.most = max(CELLS, -(-height // PART) * -(-width // PART))
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def see(self, name: str, heads: int, q: Tensor, k: Tensor) -> None:
        """Add the attention of a layer: q `[B, cells, heads * d]`, k `[B, tokens, heads * d]`."""
        count, _, width = q.shape
        scale = (width // heads) ** -0.5
        total = torch.zeros(q.shape[1], k.shape[1], device=q.device)
        for pair in zip(q, k):  # a picture at a time, in float32: half precision overflows
            ask, key = (t.float().view(len(t), heads, -1).transpose(0, 1) for t in pair)
            total = total + (ask @ key.transpose(1, 2) * scale).softmax(-1).mean(0)
        self.add(name, total, count)

    def add(self, name: str, total: Tensor, count: int) -> None:
        """Add the shares `[cells, tokens]` of a layer, a sum over `count` pictures."""
        before, seen = self._sums.get(name, (torch.zeros_like(total), 0))
        if before.shape != total.shape:
            return  # another prompt's length, or a call at another size
        self._sums[name] = before + total, seen + count

    def layers(self) -> list[Tensor]:
        """Return how much each cell read of each of n tokens: float32 `[h, w, n]` on the CPU, mean
        over heads and pictures; its n values add up to 1.

        Of the later half of the layers, in the order in which they ran: the earlier ones know
        little yet of what is where.

        Raises:
            FieldError: "model", where nothing was read, or it was not finite.
        """
        found = []
        for total, seen in self._sums.values():
            shares = (total / seen).cpu()
            found.append(shares.unflatten(0, self.sizes[len(shares)]))
        if not found:
            raise FieldError("model", "it has no cross-attention that can be read", REMEDY)
        if not all(torch.isfinite(layer).all() for layer in found):
            remedy = "Run the model in float32 or bfloat16"
            raise FieldError("model", "its attention is not finite", remedy)
        return found[len(found) // 2 :]


@contextmanager
def text_attention(model: Module, height: int, width: int) -> Iterator[TextAttention]:
    """Sum up what a model's cross-attention reads while it runs inside a `with`.

    A cross-attention is a module with `to_q`, `to_k` and a number of heads, whose keys come from
    another sequence than its queries, of another length. Read are those of up to 32x32 cells, or of
    a quarter of the latent's sides if that is more.

    Args:
        model: any module that has them inside.
        height, width: of the latent that it is called with, in cells.
    """
    found = TextAttention(height, width)
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            heads = getattr(module, "heads", None)
            to_q, to_k = getattr(module, "to_q", None), getattr(module, "to_k", None)
            if isinstance(heads, int) and isinstance(to_q, Module) and isinstance(to_k, Module):
                _watch(found, name, heads, to_q, to_k, hooks)
        yield found


def _watch(
    found: TextAttention, name: str, heads: int, to_q: Module, to_k: Module, hooks: ExitStack
) -> None:
    last: list[Any] = []

    def query(_: Module, given: tuple[Any, ...], q: Tensor) -> None:
        last[:] = given[0], q

    def key(_: Module, given: tuple[Any, ...], k: Tensor) -> None:
        if not last:
            return
        source, q = last
        last.clear()
        if given[0] is source or q.ndim != 3 or k.ndim != 3 or q.shape[-1] != k.shape[-1]:
            return
        rows = q.shape[1]
        if rows != k.shape[1] and rows in found.sizes and rows <= found.most:
            found.see(name, heads, q.detach(), k.detach())

    for part, hook in ((to_q, query), (to_k, key)):
        hooks.callback(part.register_forward_hook(hook).remove)


class Features:
    """The answers of a UNet's second half, kept while `features` watches."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[Tensor, int]] = {}

    def see(self, index: int, answer: Tensor) -> None:
        """Add the answer `[B, C, h, w]` of a block."""
        total, count = answer.detach().float().sum(0), len(answer)
        before, seen = self._sums.get(index, (torch.zeros_like(total), 0))
        if before.shape == total.shape:
            self._sums[index] = before + total, seen + count

    def first(self, height: int, width: int) -> Tensor:
        """Return the answer of the first block, in the order of the network, that has at least so
        many cells: float32 `[C, h, w]` on the CPU, mean over all pictures; if none has, the last
        one's.

        Raises:
            FieldError: "model", where there was none, or it was not finite.
        """
        if not self._sums:
            raise FieldError("model", "it has no UNet, whose inner features are read", REMEDY)
        answers = [total / seen for _, (total, seen) in sorted(self._sums.items())]
        fine = (a for a in answers if a.shape[1] >= height and a.shape[2] >= width)
        found = next(fine, answers[-1]).cpu()
        if not torch.isfinite(found).all():
            remedy = "Run the model in float32 or bfloat16"
            raise FieldError("model", "its inner features are not finite", remedy)
        return found


@contextmanager
def features(model: Module) -> Iterator[Features]:
    """Keep what the blocks of a UNet's second half answer while it runs inside a `with`.

    The blocks of diffusers and of LDM answer alike: where a block ends with an upsampling, its
    answer is the larger one.
    """
    found = Features()
    with ExitStack() as hooks:
        for index, block in enumerate(_second_half(model)):

            def see(_: Module, given: tuple[Any, ...], answer: Any, index: int = index) -> None:
                answer = answer[0] if isinstance(answer, tuple) else answer
                if isinstance(answer, Tensor) and answer.ndim == 4:
                    found.see(index, answer)

            hooks.callback(_last(block).register_forward_hook(see).remove)
        yield found


def _last(block: Module) -> Module:
    """Return the layer whose answer is that of a block: some hosts call a sequence's layers one by
    one, and the sequence never."""
    while isinstance(block, torch.nn.Sequential) and len(block):
        block = block[-1]
    return block


def _second_half(model: Module) -> list[Module]:
    for module in model.modules():
        for name in BLOCKS:
            blocks = getattr(module, name, None)
            if isinstance(blocks, torch.nn.ModuleList):
                return list(blocks)
    return []
