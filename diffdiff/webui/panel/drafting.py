"""What the page's script needs for a draft: a box for its word, and a button that gives the tab's
results back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

# runs in the browser: the script gets what the tab shows, and may answer with what it showed before
SWAP = """(...values) => {
    const request = new CustomEvent("diffdiff-results", { detail: { values, answer: null } });
    document.getElementById("%s").dispatchEvent(request);
    return request.detail.answer ?? values.map(() => ({ __type__: "update" }));
}"""


class Drafting(NamedTuple):
    """word: the box; swap: the button."""

    word: Any
    swap: Any


def build(elem_id: Callable[[str], str]) -> Drafting:
    """Build both, hidden."""
    hidden = ["diffdiff-store"]
    word: Any = gr.Textbox("", elem_id=elem_id("draft"), label="Draft", elem_classes=hidden)
    word.do_not_save_to_config = True
    swap = gr.Button("Results", elem_id=elem_id("draft_swap"), elem_classes=hidden)
    return Drafting(word, swap)


def connect(parts: Drafting, shown: dict[int, Any], count: int) -> None:
    """Connect the button to what shows a tab's results, if all of it is there.

    Args:
        shown: components by their place, of `count`.
    """
    if len(shown) == count:
        code = SWAP % parts.swap.elem_id
        parts.swap.click(None, None, [shown[i] for i in range(count)], _js=code)
