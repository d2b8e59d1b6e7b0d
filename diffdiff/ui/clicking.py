"""What the painter's tool Click asks a page, and gets: the same on every page.

The painter asks over Gradio's own API, with the page's own login. A picture is sent once; later
questions name it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image
from pydantic import BaseModel, Field

from ..error_report import explain
from ..errors import FieldError
from ..images.pictures import digest, flat
from ..images.read import decode_picture
from ..lru import LruCache
from ..maps.click import LEVELS
from ..settings.click import Clicks, parse_points
from ..settings.schema import parse
from ..settings.titles import for_page

KEPT = 4  # pictures, those clicked last
BUSY = "The model is busy with another run"
# newer ones try all filters otherwise
FILTER = (
    ("IMWRITE_PNG_FILTER", "IMWRITE_PNG_FILTER_UP") if hasattr(cv2, "IMWRITE_PNG_FILTER") else ()
)
PACKED = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
PACKED.extend(getattr(cv2, name) for name in FILTER)
WAIT = "Wait until it is done, then click Try again"

Region = Callable[[Clicks, bool], np.ndarray]
"""`(clicks, edges) -> float32 [H, W]` in 0..1."""


class Sent(NamedTuple):
    """A picture of the page, RGB. id: its `digest`."""

    id: str
    picture: Image.Image


Look = Callable[[Sent, "int | None", "int | None"], Region]
"""`(sent, width, height) -> Region`: the model looks at a picture, unless it has."""


class Question(BaseModel, extra="forbid"):
    """What the painter asks. id: of a picture that was sent before; picture: one that was not."""

    id: str = ""
    picture: str = ""
    points: str = ""
    edges: bool = True
    width: int | None = Field(default=None, ge=8, le=16384)
    height: int | None = Field(default=None, ge=8, le=16384)
    cancel: bool = False


class Answers:
    """Answers the questions of a page's painters.

    Args:
        look: raises a FieldError where it cannot.
        cancel: ends a look that is under way.
    """

    def __init__(self, look: Look, cancel: Callable[[], None]):
        self.look, self.cancel = look, cancel
        self.pictures: LruCache[str, Sent] = LruCache(KEPT)

    def answer(self, text: str) -> str:
        """Answer a question, both as JSON.

        Answers are `{"id", "map"}`, a gray PNG as base64; `{"unknown"}` where the picture has
        to be sent again; `{"problem", "remedy"}`.
        """
        try:
            return json.dumps(self._answer(_read(text)))
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            shown = for_page(known[0])
            problem = f"{shown.field}: {shown.problem}" if shown.field else shown.problem
            return json.dumps(
                {"problem": problem[:1].upper() + problem[1:], "remedy": shown.remedy}
            )

    def _answer(self, question: Question) -> dict[str, Any]:
        if question.cancel:
            self.cancel()
            return {}
        if question.picture:
            picture = flat(decode_picture(question.picture))
            question.id = digest(picture)
            self.pictures.put(question.id, Sent(question.id, picture))
        sent = self.pictures.get(question.id)
        if sent is None:
            return {"unknown": True}
        clicks = parse_points(question.points, sent.picture.size)
        m = self.look(sent, question.width, question.height)(clicks, question.edges)
        _, data = cv2.imencode(".png", np.rint(m * LEVELS).astype(np.uint8), PACKED)
        return {"id": question.id, "map": base64.b64encode(data.tobytes()).decode("ascii")}


def _read(text: str) -> Question:
    try:
        question = json.loads(text)
    except ValueError:
        question = None
    if not isinstance(question, dict):
        raise FieldError("question", "it is not a JSON object", "Reload the page")
    return parse(question, Question)


def connect(answers: Answers, name: str, **how: Any) -> None:
    """Make the questions known to Gradio under a name, inside of its `Blocks`.

    Args:
        how: further arguments of the event, which differ between versions of Gradio.
    """
    import gradio as gr

    question: Any = gr.Textbox("", label=f"{name} question", visible=False)
    answer: Any = gr.Textbox("", label=f"{name} answer", visible=False)
    for box in (question, answer):
        box.do_not_save_to_config = True  # A1111: no default
    press = gr.Button(name, visible=False)
    press.click(answers.answer, question, answer, queue=False, api_name=name, **how)
