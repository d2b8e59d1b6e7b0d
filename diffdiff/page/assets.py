"""The painter's files, which a WebUI finds by itself and this page has to name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr

ENTRY = "javascript/diffdiff.mjs"
PAGE = Path(__file__).with_name("page.css")


@cache
def folder() -> Path:
    """Return where `javascript/` and `style.css` lie: in a clone, or in an installed package.

    Raises:
        FileNotFoundError: an installation without them.
    """
    package = Path(__file__).parents[1]
    for place in (package.parent, package / "web"):
        if (place / ENTRY).is_file():
            return place
    raise FileNotFoundError(f"{ENTRY} is missing next to {package}: install the package again.")


def head() -> str:
    """Return the lines of HTML for the style sheets and the painter's script; their files may be
    read from then on.

    The sheets are linked: Gradio's `css=` drops every @container rule.
    """
    style, javascript = folder() / "style.css", folder() / "javascript"
    gr.set_static_paths([javascript, style, PAGE])
    served = [f"gradio_api/file={p.as_posix()}?v={int(p.stat().st_mtime)}" for p in (style, PAGE)]
    sheets = "".join(f"<link rel='stylesheet' href='{address}'>" for address in served)
    entry = (javascript / "diffdiff.mjs").as_posix()
    return f"{sheets}<script type='module' src='gradio_api/file={entry}'></script>"
