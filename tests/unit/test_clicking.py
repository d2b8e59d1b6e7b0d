"""What the painter's tool Click asks a page, and gets."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from diffdiff.errors import FieldError
from diffdiff.images.read import decode
from diffdiff.settings.click import Clicks, Point
from diffdiff.ui.clicking import KEPT, Answers


def url(shade=0, size=(40, 20)):
    data = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


class Model:
    """Looks, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.stopped, self.error = [], 0, None

    def look(self, sent, width, height):
        if self.error:
            raise self.error

        def region(clicks, edges):
            self.asked.append((sent.picture.size, width, height, clicks, edges))
            m = np.zeros(sent.picture.size[::-1], np.float32)
            m[int(clicks.points[0].y), int(clicks.points[0].x)] = 0.2
            return m

        return region

    def stop(self):
        self.stopped += 1


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def ask(model):
    answers = Answers(model.look, model.stop)
    return lambda **question: json.loads(answers.answer(json.dumps(question)))


def test_a_picture_is_sent_once(ask, model):
    first = ask(picture=url(), points="5,3; -30,10", width=64, height=32)
    m = decode(base64.b64decode(first["map"]))
    assert m.shape == (20, 40) and abs(m[3, 5] - 0.2) < 1e-4 and np.count_nonzero(m) == 1
    later = ask(id=first["id"], points="6,4", edges=False)
    assert later["id"] == first["id"]
    assert model.asked == [
        ((40, 20), 64, 32, Clicks((Point(5, 3), Point(30, 10, False))), True),
        ((40, 20), None, None, Clicks((Point(6, 4),)), False),
    ]


def test_a_picture_that_is_not_known_is_asked_for(ask):
    assert ask(id="nobody", points="1,1") == {"unknown": True}
    first = ask(picture=url(), points="1,1")["id"]
    for shade in range(1, KEPT + 1):
        ask(picture=url(shade), points="1,1")
    assert ask(id=first, points="1,1") == {"unknown": True}


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ({"points": "50,3"}, "Points: '50,3' lies outside of the image"),
        ({"points": "-5,3"}, "Points: all of them have a minus"),
        ({"points": "5,3", "width": 3}, "3 is not allowed"),
        ({"points": "5,3", "picture": "nothing"}, ""),
        ({"points": "5,3", "more": 1}, "more"),
    ],
)
def test_what_cannot_be_answered_is_told(ask, question, problem):
    told = ask(**{"picture": url(), **question})
    assert problem.lower() in told["problem"].lower() and told["remedy"]
    assert "map" not in told


def test_a_text_that_is_no_question_is_told(model):
    for text in ("", "[]", "{", "7"):
        assert "not a JSON object" in Answers(model.look, model.stop).answer(text)


def test_errors_of_the_model_are_told_and_unknown_ones_are_not_hidden(ask, model):
    model.error = FieldError("run", "the model is busy", "Wait")
    assert "busy" in ask(picture=url(), points="1,1")["problem"]
    model.error = RuntimeError("CUDA out of memory")
    assert "memory" in ask(picture=url(), points="1,1")["problem"].lower()
    model.error = KeyError("a mistake")
    with pytest.raises(KeyError):
        ask(picture=url(), points="1,1")
    assert ask(cancel=True) == {} and model.stopped == 1
