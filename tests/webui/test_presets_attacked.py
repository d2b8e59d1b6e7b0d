"""Names of presets and JSON of layers that were written to break out of their place."""

import importlib
import json

import pytest

from diffdiff.errors import FieldError
from diffdiff.maps import layers


def preset(name, **more):
    return json.dumps({"name": name, "layers": [{"source": "luminance", **more}]})


@pytest.fixture
def presets(host, tmp_path, monkeypatch):
    module = importlib.import_module("diffdiff.webui.panel.presets")
    monkeypatch.setattr(module, "FOLDER", tmp_path / "presets")
    (tmp_path / "presets").mkdir()
    (tmp_path / "secret.json").write_text(preset("secret"))
    return module


@pytest.mark.parametrize(
    "name",
    [
        "../../secret",
        "..\\..\\secret",
        "/etc/passwd",
        "C:\\x",
        "a/../../b",
        "~root",
        "%2e%2e%2f",
        "CON",
        "nul",
        "com1",
        ".hidden",
        "<img src=x onerror=alert(1)>",
        '"></option><script>',
        "'; drop --",
        "\N{GOTHIC LETTER AHSA}" * 80,
        "名前" * 40,
        "$(touch x)",
        "a|b",
        "e\u0301\u0301",
    ],
)
def test_a_name_is_a_name_and_never_a_path(presets, tmp_path, name):
    before = (tmp_path / "secret.json").read_bytes()
    assert presets.save(preset(name)) == name
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2 and (tmp_path / "secret.json").read_bytes() == before
    (made,) = (tmp_path / "presets" / "own").iterdir()
    assert made.name.endswith(".json") and not made.name.startswith(".")
    assert made.stem not in ("con", "nul", "com1") and len(made.name.encode()) < 255
    assert list(presets.listed()) == [name]
    assert layers.loads(presets.load(name)).name == name
    presets.delete(name)
    assert not presets.listed()


@pytest.mark.parametrize("name", ["../secret", "../../secret.json", "/etc/passwd", "", "__proto__"])
def test_only_what_is_listed_is_loaded_or_deleted(presets, tmp_path, name):
    for call in (presets.load, presets.delete):
        with pytest.raises(FieldError, match="preset"):
            call(name)
    with pytest.raises(FieldError, match="preset"):
        presets.load(["../secret"])
    assert (tmp_path / "secret.json").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 2**20, "1048576 characters"),
        ("a\u202egpj.exe", "cannot be seen"),
        ("\u2066a", "cannot be seen"),
        ("a\x00b", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("\x1b[2J", "cannot be seen"),
        ("...", "needs a name"),
        (" ", "needs a name"),
    ],
)
def test_names_that_no_list_can_show_are_refused(presets, name, why):
    with pytest.raises(FieldError, match=why) as problem:
        presets.save(preset(name))
    assert problem.value.field == "layers" and len(str(problem.value)) < 200
    assert not presets.listed()


def test_names_in_files_from_elsewhere_are_cleaned(presets, tmp_path):
    own = tmp_path / "presets" / "own"
    own.mkdir()
    (own / "a.json").write_text(preset("a\u202eb\x00" + "x" * 10**6), encoding="utf-8")
    (own / "b.json").write_text("[" * 10**5)
    (own / "c.json").write_text('{"name": {"x": 1}}')
    (name, other) = presets.listed()
    assert len(name) == 80 and name.startswith("abx") and other == "{'x': 1}"
    assert presets.load(name)
    with pytest.raises(FieldError):
        presets.load(other)


def test_another_name_with_the_same_letters_keeps_its_file(presets):
    for name in ("My sky", "my-sky!", "MY SKY?"):
        presets.save(preset(name))
    presets.save(preset("my-sky!", opacity=0.5))
    assert sorted(presets.listed()) == ["MY SKY?", "My sky", "my-sky!"]
    assert layers.loads(presets.load("my-sky!")).layers[0].opacity == 0.5
    assert layers.loads(presets.load("My sky")).layers[0].opacity == 1
    presets.delete("my-sky!")
    assert sorted(presets.listed()) == ["MY SKY?", "My sky"]


@pytest.mark.parametrize(
    "text",
    [
        '{"__proto__": {"x": 1}, "name": "p", "layers": [{"source": "luminance"}]}',
        '{"layers": [{"source": "luminance", "__proto__": {"opacity": 0}}]}',
        '{"layers": [{"source": "</option><img src=x onerror=alert(1)>"}]}',
        '{"layers": [{"source": "luminance", "<script>": 1}]}',
        '{"layers": [{"source": "luminance", "opacity": ' + "9" * 5000 + "}]}",
        '{"layers": [{"source": "luminance", "opacity": NaN}]}',
        "[" * 10**5,
        "{" * 10**5,
        '{"name": "a\\ud800", "layers": [{"source": "luminance"}]}',
    ],
)
def test_layers_are_refused_with_a_line_that_a_page_can_show(presets, text):
    preview = importlib.import_module("diffdiff.webui.panel.preview")
    with pytest.raises(FieldError) as problem:
        presets.save(text)
    shown = preview.error_html(problem.value)
    assert "<img" not in shown and "<script" not in shown and "</option" not in shown
    assert len(shown) < 1500
