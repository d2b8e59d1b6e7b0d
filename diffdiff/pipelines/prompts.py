"""How much of a prompt the model reads."""

from __future__ import annotations

from typing import Any

ENDLESS = 10_000  # tokens; a tokenizer without a limit names a far larger one


def left_out(engine: Any, prompt: str) -> str:
    """Return the end of a prompt that no text encoder of the model reads; "" where all is read."""
    parts = getattr(getattr(engine, "pipe", None), "components", {})
    tokenizers = [p for name, p in parts.items() if name.startswith("tokenizer") and p is not None]
    return min((_end(one, prompt) for one in tokenizers), key=len, default="")


def _end(tokenizer: Any, prompt: str) -> str:
    most = tokenizer.model_max_length
    if most > ENDLESS:
        return ""
    found = tokenizer(prompt, truncation=False, verbose=False).input_ids
    if len(found) <= most:
        return ""
    return tokenizer.decode(found[most - 1 : -1]).strip()
