"""The command line: what it writes, what it refuses, and how it says so."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_folder import made, refused, small_folder
from PIL import Image

from diffdiff.cli.main import main
from diffdiff.errors import FieldError
from diffdiff.images.read import decode

ROOT = Path(__file__).parents[2]

folder = pytest.fixture(small_folder)


def edit(*more):
    return main(["edit", "in.png", "--map", "map.png", "--out", "out.png", *more])


# edit


def test_an_edit_is_written_with_its_settings(folder, engine, capsys):
    assert edit("--prompt", "a winter night", "--steps", "3", "--gamma", "2", "--no-skip") == 0
    picture = Image.open("out.png")
    assert picture.size == (16, 12)
    assert picture.text["parameters"].startswith("a winter night\nSteps: 3, Sampler: DDIM, ")
    assert "DD gamma: 2, DD skip: False" in picture.text["parameters"]
    assert json.loads(picture.text["diffdiff"])["dd_gamma"] == 2
    seen = engine.seen
    assert (seen.run.prompt, seen.run.steps) == ("a winter night", 3)
    assert (seen.args.gamma, seen.args.skip, seen.args.paste_back) == (2, False, True)
    assert np.array_equal(seen.change_map, decode(Path("map.png").read_bytes()))
    told = capsys.readouterr()
    assert told.out == "out.png\n"
    assert "3/3" in told.err
    assert "3 model calls, 0 of 3 steps skipped" in told.err
    assert made(folder) == {"out.png"}


def test_several_pictures_are_numbered(folder, engine, capsys):
    assert edit("--count", "3", "--seed", "7", "--quiet") == 0
    assert made(folder) == {"out-0.png", "out-1.png", "out-2.png"}
    assert capsys.readouterr() == ("", "")
    for i in range(3):
        text = Image.open(f"out-{i}.png").text
        assert f"Seed: {7 + i}," in text["parameters"]
        assert json.loads(text["diffdiff"])["seed"] == 7 + i


def test_json_is_one_object(folder, engine, capsys):
    assert edit("--json", "--steps", "2") == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["files"] == ["out.png"]
    assert (answer["calls"], answer["skipped"], answer["steps"]) == (2, 0, 2)
    assert answer["settings"]["model"] == "toyworld"
    assert answer["seconds"] > 0
    assert told.err == ""


def test_the_models_flags_reach_the_loader(folder, engine):
    flags = ["--model", "m", "--dtype", "float16", "--device", "cuda", "--offload", "model"]
    assert edit(*flags, "--slicing", "--config", "c", "--second", "r", "--quiet") == 0
    assert engine.asked == {
        "source": "m",
        "dtype": "float16",
        "device": "cuda",
        "offload": "model",
        "slicing": True,
        "config": "c",
        "second": "r",
    }


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["edit", "no.png"], "image: no.png cannot be read (No such file"),
        (["edit", "."], "image: . cannot be read (Is a directory)"),
        (["edit", "notes.heic"], "image: notes.heic is HEIC, which is not read. Use a PNG"),
        (["edit", "cut.png"], "image: cut.png is damaged or truncated"),
        (["edit", "in.png", "--map", "no.png"], "map: no.png cannot be read"),
        (["edit", "in.png", "--map", "dot.png"], "map: the picture is 1x1 pixels"),
        (["edit", "in.png", "--map", "notes.heic"], "map: this is HEIC, which is not read"),
        (["edit", "in.png", "--map", ""], "map: there is no change map. Give --map"),
        (["edit", "in.png", "--out", ""], "out: there is no file to write"),
        (["edit", "in.png", "--out", "o.jpg"], "out: o.jpg is not a PNG. Name a file that ends"),
        (["edit", "in.png", "--out", "no/o.png"], "out: the folder"),
        (["edit", "in.png", "--out", "in.png/o.png"], "is not a folder"),
        (["edit", "in.png", "--out", "."], "out: . is a folder"),
        (["edit", "in.png", "--out", "in.png"], "out: in.png is an input of this run"),
        (["edit", "in.png", "--out", "map.png"], "out: map.png is an input of this run"),
        (["edit", "in.png", "--steps", "0"], "steps: 0 is not allowed"),
        (["edit", "in.png", "--steps", "many"], "steps: 'many' is not allowed"),
        (["edit", "in.png", "--strength", "nan"], "strength: nan is not allowed"),
        (["edit", "in.png", "--gamma", "99"], "gamma: 99.0 is not allowed"),
        (["edit", "in.png", "--scale", "tiny"], "Use one of: relative, absolute."),
        (["edit", "in.png", "--black", "0.8", "--white", "0.2"], "black: 0.8 is not below white"),
        (["edit", "in.png", "--soften-radius"], "soften_radius: expected one argument"),
        (["edit", "in.png", "--dtype", "int4"], "dtype: invalid choice"),
        (["edit", "in.png", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["edit", "in.png", "--prom", "x"], "unrecognized arguments: --prom"),
        (["edit"], "the following arguments are required: IN"),
        (["paint"], "command: invalid choice: 'paint'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_is_told_in_one_line_before_the_model_runs(argv, words, folder, engine, capsys):
    Path("notes.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    Path("cut.png").write_bytes(Path("in.png").read_bytes()[:200])
    Image.new("L", (1, 1)).save("dot.png")
    before = made(folder)
    if argv[:1] == ["edit"]:
        given = {"--map": "map.png", "--out": "out.png"}
        argv += [
            word for flag, value in given.items() if flag not in argv for word in (flag, value)
        ]
    assert main(argv) == 2
    assert words in refused(capsys)
    assert made(folder) == before
    assert engine.seen is None


def test_a_folder_that_cannot_be_written_is_found_first(folder, engine, capsys, monkeypatch):
    def no(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", no)
    assert edit() == 2
    assert "Permission denied" in refused(capsys)
    assert engine.seen is None


def test_errors_of_the_engine_in_words_and_in_json(folder, engine, capsys):
    engine.fails = FieldError("scheduler", "DDIM does not fit this model", "Use one of: Euler")
    assert edit("--quiet") == 2
    assert "scheduler: DDIM does not fit this model. Use one of: Euler." in refused(capsys)
    assert edit("--json") == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["error"] == {
        "field": "scheduler",
        "problem": "DDIM does not fit this model",
        "remedy": "Use one of: Euler",
    }
    assert told.err == ""


def test_a_wrong_scheduler_is_told_before_the_model_is_loaded(folder, engine, capsys):
    assert edit("--scheduler", "Nonsense") == 2
    assert "scheduler: 'Nonsense' is not known. Use one of: " in refused(capsys)
    assert not hasattr(engine, "asked")
    assert edit("--scheduler", "Euler", "--quiet") == 0
    assert engine.asked["source"] == "toyworld"


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (MemoryError(), 3, "--offload"),
        (RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"), 3, "--dtype float16"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), 3, "--slicing"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ModuleNotFoundError("No module", name="accelerate"), 2, "pip install accelerate"),
    ],
)
def test_what_ends_a_run_leaves_nothing_behind(error, code, word, folder, engine, capsys):
    engine.fails = error
    assert edit("--quiet") == code
    assert word in refused(capsys)
    assert edit("--json") == code
    assert set(json.loads(capsys.readouterr().out)["error"]) == {"field", "problem", "remedy"}
    assert made(folder) == set()


def test_a_mistake_of_ours_is_not_hidden(folder, engine):
    engine.fails = RuntimeError("shape mismatch")
    with pytest.raises(RuntimeError, match="shape mismatch"):
        edit("--quiet")


def test_what_is_there_stays_until_the_new_picture_is_complete(folder, engine, monkeypatch):
    Path("out.png").write_bytes(b"old")
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    assert edit("--quiet") == 2
    assert Path("out.png").read_bytes() == b"old"
    monkeypatch.undo()
    assert made(folder) == {"out.png"}


# models, serve, and all of them


def test_models_lists_what_there_is(capsys):
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    for word in ("toyworld", "Stable Diffusion 1.x", "DDIM", "EulerDiscrete"):
        assert word in told
    assert main(["models", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"packaged", "families", "schedulers"}


def test_models_export_writes_what_the_exporter_says(tmp_path, monkeypatch, capsys):
    def export(folder, out):
        assert folder.parts[-3:] == ("diffdiff", "toyworld", "model")
        return [out, out.with_suffix(".yaml")]

    monkeypatch.setattr("diffdiff.toyworld.export.export", export)
    out = tmp_path / "toy.safetensors"
    assert main(["models", "export", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n{out.with_suffix('.yaml')}\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["export"], "out: there is no file to write"),
        (["export", "toy.ckpt"], "out: toy.ckpt is not a checkpoint"),
        (["export", "toy.safetensors", "--model", "no"], "model: no is not a folder"),
        (["list", "toy.safetensors"], "out: toy.safetensors has no effect with list"),
    ],
)
def test_models_refuses(argv, words, folder, capsys):
    assert main(["models", *argv]) == 2
    assert words in refused(capsys)


def test_serve_checks_its_address_before_the_model_is_loaded(engine, capsys):
    assert main(["serve", "--port", "99999"]) == 2
    assert "port: 99999 is not a port" in refused(capsys)
    assert main(["serve", "--host", "no such host"]) == 2
    assert "port: no such host:7870 cannot be used" in refused(capsys)


@pytest.mark.parametrize(
    "command", [[], *([name] for name in "edit fan sheet map diffedit models serve".split())]
)
def test_help_is_there(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([*command, "--help"])
    assert done.value.code == 0
    assert "usage: diffdiff" in capsys.readouterr().out


def test_every_setting_is_a_flag(capsys):
    from diffdiff.cli.main import HOST_ONLY
    from diffdiff.settings.run import RunArgs
    from diffdiff.settings.schema import fields

    with pytest.raises(SystemExit):
        main(["edit", "--help"])
    told = capsys.readouterr().out
    names = [*fields(RunArgs), *fields()]
    hidden = {"enabled", *HOST_ONLY}  # a WebUI's, or other commands'
    for name in names:
        assert (f"--{name.replace('_', '-')} " in told.replace(",", " ")) == (name not in hidden)


@pytest.mark.parametrize("argv", [["--help"], ["map", "--kind", "radial", "--out", "m.png"]])
def test_light_commands_import_nothing_heavy(argv, folder):
    code = (
        "import sys\nfrom diffdiff.cli.main import main\n"
        f"try: main({argv!r})\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'gradio'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "diffdiff", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout.startswith("diffdiff ")
