"""The painter's files, which a WebUI finds by itself and this page has to name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr

ENTRY = "javascript/diffdiff.mjs"


@cache
def folder() -> Path:
    """Where `javascript/` and `style.css` lie: in a clone, or in an installed package.

    Raises:
        FileNotFoundError: an installation without them.
    """
    package = Path(__file__).parents[1]
    for place in (package.parent, package / "web"):
        if (place / ENTRY).is_file():
            return place
    raise FileNotFoundError(f"{ENTRY} is missing beside {package}: install the package again.")


def style() -> str:
    """The style sheet of the panel and the painter."""
    return (folder() / "style.css").read_text()


def script() -> str:
    """The line of HTML that starts the painter; its files may be read from then on."""
    javascript = folder() / "javascript"
    gr.set_static_paths([javascript])
    path = javascript / "diffdiff.mjs"
    return f"<script type='module' src='gradio_api/file={path.as_posix()}'></script>"
