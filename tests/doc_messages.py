"""The messages and response bodies that the docs quote."""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "troubleshooting.md"
HOST = (  # these need a WebUI: tests/webui/test_host_doc_messages.py
    "map: there is no change map",
    "annotator: there is no ControlNet in this WebUI",
    "mode: soft inpaint needs a mask",
    "mode: a sheet does not work with a refiner",
    "anchor: inverted needs the sampler DDIM, not Euler",
    "anchor: friendly does not work with Euler: it draws no noise",
    "script: My script passes on a picture that it made itself",
    "width: this script cuts tiles of 48x32, and this WebUI would work on them at 64x64",
    "script: this job made its images without the sampler that follows the map",
    "model: PiD starts from noise and a small image",
    "map: 3 maps for a batch of 4",
)


def quoted() -> list[str]:
    """Return the messages between the page's marks, in order."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.split("<!-- messages -->")[1].split("<!-- /messages -->")[0]
    return re.findall(r"\*\*`([^`]+)`\*\*", section)


def body(section: str) -> dict:
    """Return the first response body in a section of docs/api.md. section: its heading."""
    text = (DOCS / "api.md").read_text(encoding="utf-8").split(f"{section}\n", 1)[1]
    return json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])


def keys(found: dict) -> dict:
    """Return the names in a body, and those in the first object of each of its lists."""
    result = {}
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = value[0]
        result[name] = sorted(value) if isinstance(value, dict) else None
    return result
