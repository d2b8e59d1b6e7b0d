"""Where joint attention reads which word: models in which picture and prompt are one sequence.

The queries and keys of such a layer are only whole where attention itself begins, after norms and
rotations. Torch tells of every call of its attention while a mode is on, and a layer with keys of
its own for the prompt (`add_k_proj`) is found by having them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from .inner import TextAttention

PARTS = ("to_q", "to_k", "add_k_proj", "add_v_proj")


class _Listening(TorchFunctionMode):
    """Passes queries, keys and values `[B, heads, n, d]` on before attention begins."""

    def __init__(self, hear: Callable[[Tensor, Tensor, Tensor], None]):
        super().__init__()
        self.hear = hear

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if func is scaled_dot_product_attention:
            given = dict(zip(("query", "key", "value"), args)) | named
            self.hear(*(given[name].detach() for name in ("query", "key", "value")))
        return func(*args, **named)


@contextmanager
def joint_attention(model: Module, height: int, width: int) -> Iterator[TextAttention]:
    """Sum up what the picture reads of the prompt in a model's joint attention, while it runs
    inside a `with`.

    Args:
        model: a transformer whose attention has `to_q`, `to_k`, `add_k_proj` and `add_v_proj`, and
            uses torch's `scaled_dot_product_attention`.
        height, width: of the latent, in cells; a layer may see it in larger ones.
    """
    found = TextAttention(height, width)
    inside: dict[str, Any] = {}

    def hear(q: Tensor, k: Tensor, v: Tensor) -> None:
        text = inside.get("text")
        if text is None or q.shape != k.shape:
            return
        tokens, rows = text.shape[1], q.shape[2] - text.shape[1]
        values = v.transpose(1, 2).flatten(2)
        if torch.equal(values[:, :tokens], text):
            words, cells = slice(0, tokens), slice(tokens, None)
        elif torch.equal(values[:, rows:], text):
            words, cells = slice(rows, None), slice(0, rows)
        else:
            return
        if rows not in found.sizes:
            return
        total = torch.zeros(rows, tokens, device=q.device)
        for queries, keys in zip(q.flatten(0, 1), k.flatten(0, 1)):  # a head at a time
            scores = queries[cells].float() @ keys.float().T * queries.shape[-1] ** -0.5
            total = total + scores.softmax(-1)[:, words]
        found.add(inside["name"], total / q.shape[1], q.shape[0])

    with ExitStack() as hooks:
        for name, module in model.named_modules():
            parts = [getattr(module, part, None) for part in PARTS]
            text_values = parts[-1]
            if isinstance(text_values, Module) and all(isinstance(p, Module) for p in parts):

                def begin(_: Module, given: tuple[Any, ...], name: str = name) -> None:
                    inside.update(name=name, text=None)

                def values(_: Module, given: tuple[Any, ...], text: Tensor) -> None:
                    inside["text"] = text.detach()

                def end(_: Module, given: tuple[Any, ...], answer: Any) -> None:
                    inside.clear()

                hooks.callback(module.register_forward_pre_hook(begin).remove)
                hooks.callback(text_values.register_forward_hook(values).remove)
                hooks.callback(module.register_forward_hook(end).remove)
        hooks.enter_context(_Listening(hear))
        yield found
