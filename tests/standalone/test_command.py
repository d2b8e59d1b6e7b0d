"""`python -m diffdiff`, for real: the packaged model, a painted picture, files on disk."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from diffdiff.cli.main import main
from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene

ROOT = Path(__file__).parents[2]


def command(*words: str) -> subprocess.CompletedProcess:
    given = [sys.executable, "-m", "diffdiff", *words]
    return subprocess.run(given, cwd=ROOT, capture_output=True, text=True, timeout=300)


def in_process(*words: str) -> SimpleNamespace:
    """Run the command here, without another start of Python and its libraries."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = main(list(words))
    return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=errors.getvalue())


@pytest.fixture
def files(tmp_path):
    """A summer noon of 150x150 pixels, which the model's size does not fit, and a map."""
    Image.fromarray(paint(Scene(seed=3), 150)).save(tmp_path / "noon.png")
    made = in_process(
        "map", "--kind", "gradient", "--size", "300x200", "--out", f"{tmp_path}/map.png"
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


def test_a_picture_is_edited_and_says_how(files):
    out = files / "night.png"
    done = command(
        "edit",
        str(files / "noon.png"),
        "--map",
        str(files / "map.png"),
        "--out",
        str(out),
        "--prompt",
        "a winter night",
        "--steps",
        "6",
        "--black",
        "0.5",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    picture = Image.open(out)
    assert picture.size == (128, 128)
    own = {"seed": 0, "strength": 1.0}  # of this picture
    assert json.loads(picture.text["diffdiff"]) == told["settings"] | own
    assert (
        "Steps: 6" in picture.text["parameters"] and "DD black: 0.5" in picture.text["parameters"]
    )
    before = Image.open(files / "noon.png").resize((128, 128), Image.Resampling.LANCZOS)
    before, after = np.asarray(before.convert("RGB")), np.asarray(picture)
    assert np.array_equal(before[:, :64], after[:, :64])
    assert not np.array_equal(before[:, 120:], after[:, 120:])
    # a run of few steps: two levels between them
    assert told["steps"] == 6 and told["calls"] + told["skipped"] == 6 + 2
    assert told["settings"]["levels"][0]["calls"] == 6


@pytest.mark.parametrize("run", [command, in_process])
def test_a_missing_file_is_one_line_and_leaves_nothing(files, run):
    out = files / "out.png"
    done = run("edit", str(files / "noon.png"), "--map", "no-such.png", "--out", str(out))
    assert done.returncode == 2
    assert "map: no-such.png cannot be read" in done.stderr
    assert done.stderr.strip().count("\n") == 0 and not out.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "no-such-model"], "model: there is no no-such-model"),
        (["--scheduler", "Nonsense"], "scheduler: "),
        (["--steps", "0"], "steps: 0 is not allowed"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(files, words, said):
    given = ["--map", str(files / "map.png"), "--out", str(files / "out.png"), *words]
    done = in_process("edit", str(files / "noon.png"), *given)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.strip().count("\n") == 0
    assert not (files / "out.png").exists()


def test_the_exported_checkpoint_loads_again(files):
    out = files / "toyworld.safetensors"
    assert in_process("models", "export", str(out)).returncode == 0
    given = ["--map", str(files / "map.png"), "--prompt", "night", "--steps", "4"]
    made = []
    for name in ("toyworld", str(out)):
        png = files / f"{Path(name).stem}-edit.png"
        size = ["--width", "128", "--height", "128"]
        told = in_process(
            "edit",
            str(files / "noon.png"),
            *given,
            *size,
            "--out",
            str(png),
            "--model",
            name,
            "--config",
            "diffdiff/toyworld/model",
        )
        assert told.returncode == 0, told.stderr
        made.append(np.asarray(Image.open(png)).astype(int))
    assert np.abs(made[0] - made[1]).max() <= 1


def test_the_docs_own_lines_run(tmp_path, monkeypatch):
    readme = (ROOT / "docs" / "standalone.md").read_text()
    blocks = [part.split("```")[0] for part in readme.split("```python\n")[1:]]
    (block,) = [b for b in blocks if "engine = load(" in b]
    monkeypatch.chdir(tmp_path)
    Image.fromarray(paint(Scene(seed=3))).save("noon.png")
    exec(compile(block, "standalone.md", "exec"), {})
    before, after = (np.asarray(Image.open(f"{n}.png")).astype(int) for n in ("noon", "night"))
    change = np.abs(before - after).mean((0, 2))
    assert change[:3].max() == 0 and change[-32:].mean() > 20
