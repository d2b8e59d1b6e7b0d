"""The messages that docs/troubleshooting.md quotes."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"
HOST = (  # these need a WebUI: tests/webui/test_host_doc_messages.py
    "map: there is no change map",
    "annotator: there is no ControlNet in this WebUI",
    "mode: soft inpaint needs a mask",
    "mode: a sheet cannot go on with a refiner",
    "anchor: inverted goes with DDIM, not Euler",
    "script: Outpainting mk2 hands over a picture of its own",
    "script: this job made its pictures without the sampler that obeys the map",
    "model: PiD works from noise beside a small picture",
    "map: 3 maps for a batch of 4",
)


def quoted() -> list[str]:
    """Return the messages between the page's marks, in order."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.split("<!-- messages -->")[1].split("<!-- /messages -->")[0]
    return re.findall(r"\*\*`([^`]+)`\*\*", section)
