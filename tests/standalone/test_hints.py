"""What a run says that worked, but perhaps not as it was meant: result, command, PNG, batch."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.cli.main import main
from diffdiff.edit import hints
from diffdiff.pipelines import prompts
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse

GRAY = np.full((48, 64), 1, np.float32)


def said(change_map, ran=True, size=(64, 48), strength=1.0, **request):
    return hints.of_map(change_map, size, parse(request), strength, ran)


@pytest.mark.parametrize(
    ("change_map", "more", "words"),
    [
        (GRAY * 0, {}, "the map is black everywhere. White changes; black paint on a transparent"),
        (GRAY / 255, {}, "1 of 255 (0.0039). It seems to be a mask of 0 and 1; white = 0.0039"),
        (GRAY * 4095 / 65535, {}, "12 bits or fewer in a file of 16; white = 0.0625"),
        (GRAY * 0.065, {}, "the map's largest value is 0.0650 of 1; white = 0.0650"),
        (GRAY, {"invert": True}, "the map is white everywhere, and invert turns it black"),
        (GRAY * 0.5, {"strength": 0.0}, "the denoising strength is 0"),
        (GRAY * 0.5, {"black": 0.6}, "no strength of the map reaches the first step"),
    ],
)
def test_why_nothing_changed(change_map, more, words):
    (hint,) = said(change_map, ran=False, **more)
    assert hint.startswith("Nothing changed: ") and words in hint


def test_a_dark_map_that_ran_is_told_and_a_stretched_one_is_not():
    (hint,) = said(GRAY * 0.03)
    assert hint.startswith("Little changed: ")
    assert said(GRAY * 0.03, white=0.03) == said(GRAY * 0.03, invert=True) == said(GRAY * 0.2) == []


def test_shapes():
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    assert said(ramp) == said(ramp[::2, ::2]) == said(ramp, size=(1280, 961)) == []
    (hint,) = said(ramp, size=(64, 64))
    assert "The map has 64x48 pixels and another shape than the picture (64x64)" in hint
    assert said(GRAY, size=(64, 64)) == []  # an even map has no shape


class Words:
    """A tokenizer whose tokens are words, with a mark at both ends."""

    def __init__(self, most):
        self.model_max_length = most

    def __call__(self, prompt, **how):
        return SimpleNamespace(input_ids=["<", *prompt.split(), ">"])

    @staticmethod
    def decode(ids):
        return " ".join(ids)


def test_the_end_of_a_prompt_that_no_encoder_reads():
    engine = SimpleNamespace(pipe=SimpleNamespace(components={"tokenizer": Words(4)}))
    assert prompts.left_out(engine, "a b") == "" and prompts.left_out(engine, "a b c d") == "c d"
    engine.pipe.components["tokenizer_2"] = Words(5)
    assert prompts.left_out(engine, "a b c d") == "d"
    assert "end of the negative prompt: “d”" in hints.cut("Negative prompt", "d")


def test_the_engine_says_it_in_its_settings():
    tiny = PIPELINES["sd"]
    image = Image.new("RGB", (64, 48), "teal")
    run = RunArgs(steps=2)
    result = tiny.engine().edit(image, GRAY * 0, parse({}), run, **tiny.prompt())
    assert "black everywhere" in result.settings["hints"][0] and json.dumps(result.settings)
    result = tiny.engine().edit(image, GRAY, parse({}), run, **tiny.prompt())
    assert "hints" not in result.settings
    sheet = parse({"mode": "sheet", "fan_strengths": "0, 0.5"})
    result = tiny.engine().edit(image, None, sheet, run, **tiny.prompt())
    assert "hints" not in result.settings


def test_command_png_and_batch_say_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (24, 16), "teal").save("a.png")
    Image.fromarray(np.tile(np.array([0, 1], np.uint8), (8, 4))).save("m.png")
    long = "a winter night " * 60
    command = [
        "edit",
        "a.png",
        "--map",
        "m.png",
        "--steps",
        "1",
        "--prompt",
        long,
        "--out",
        "o.png",
    ]
    assert main(command) == 0
    told = capsys.readouterr().err
    for words in ("note: The map has 8x8 pixels", "1 of 255", "did not read the end of the prompt"):
        assert words in told
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["settings"]["hints"]
    assert len(found) == 3 == len(json.loads(Image.open("o.png").text["diffdiff"])["hints"])
    Path("jobs.csv").write_text(f"picture,map,prompt\na.png,m.png,{long}\n")
    assert main(["batch", "jobs.csv", "--out", "done", "--steps", "1"]) == 0
    assert "hints on 1 rows" in capsys.readouterr().err
    assert json.loads(Path("done/results.jsonl").read_text())["hints"] == found
