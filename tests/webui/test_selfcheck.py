"""What a host lacks is found when it starts, and said in one line."""

import importlib
import sys
from types import SimpleNamespace

import pytest

from diffdiff.errors import FieldError


@pytest.fixture
def check(host, monkeypatch):
    """The self-check on a stand-in with all that is needed, and what it said."""
    module = importlib.import_module("diffdiff.webui.selfcheck")
    for name in {n.split(":")[0] for names in module.NEEDS.values() for n in names}:
        if name not in sys.modules:
            monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    for names in module.NEEDS.values():
        for name in names:
            where, _, path = name.partition(":")
            owner = sys.modules[where]
            for part in path.split("."):
                if not hasattr(owner, part):
                    monkeypatch.setattr(owner, part, type(part, (), {}), raising=False)
                owner = getattr(owner, part)
    said = []
    monkeypatch.setattr(module.logger, "error", lambda text, *args: said.append(text % args))
    module.missing.cache_clear()
    yield module, said
    module.missing.cache_clear()


def test_a_host_with_everything_is_asked_for_nothing(check):
    module, said = check
    assert module.missing() == {} and said == []
    module.check({name: "mode" for name in module.NEEDS})


def test_what_is_missing_switches_off_only_what_needs_it(check, monkeypatch):
    module, said = check
    monkeypatch.delattr(sys.modules["modules.masking"], "fill")
    assert list(module.missing()) == ["soft inpaint"]
    assert said == [
        "Differential Diffusion: soft inpaint is switched off, because this WebUI has "
        "no modules.masking.fill"
    ]
    module.check({"sheet": "mode"})
    with pytest.raises(FieldError, match=r"masking\.fill") as refused:
        module.check({"soft inpaint": "mode"})
    assert refused.value.field == "mode"


def test_a_job_that_asks_for_it_is_refused(check, monkeypatch, host, job, run):
    monkeypatch.delattr(sys.modules["modules.scripts"], "ScriptRunner")
    p = job()
    p.prompt, p.styles, p.override_settings = "a prompt", [], {}
    with pytest.raises(FieldError) as refused:
        run(p, {"source": "diffedit", "reference": "summer"})
    assert refused.value.field == "source"


def test_a_hold_that_fails_switches_the_extension_off(check, monkeypatch):
    module, said = check
    monkeypatch.setattr(module, "held_once", lambda: 1 / 0)
    assert "the panel" in module.missing() and len(said) == 1
    start = importlib.import_module("diffdiff.webui.start")
    assert start.load() is None


def test_an_unknown_host_is_one_line(host, monkeypatch, caplog):
    start = importlib.import_module("diffdiff.webui.start")
    monkeypatch.setitem(sys.modules, "diffdiff.webui.host_hooks", None)  # its import fails
    with caplog.at_level("ERROR", "diffdiff"):
        assert start.load() is None
    (line,) = [r.getMessage() for r in caplog.records]
    assert "switched off" in line


def test_both_ranks_are_held():
    module = importlib.import_module("diffdiff.webui.selfcheck")
    module.held_once()


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ((), []),
        (("img2img_scheduler",), ["uses a default, because this WebUI's page has no img2img_sch"]),
        (
            ("resize_mode", "generation_info_img2img"),
            [
                "switched off, because this WebUI's page has "
                "no resize_mode and no generation_info_img2img"
            ],
        ),
        (("hr_sampler",), ["uses a default, because this WebUI's page has no hr_sampler"]),
    ],
)
def test_what_the_page_lacks_is_one_line(host, caplog, lacking, said):
    page = importlib.import_module("diffdiff.webui.host_page")
    text = {*page.TEXT_TAB, page.TEXT_LAST}
    ids = {*page.TAB, page.LAST, *text, "another", None} - set(lacking)
    blocks = {i: SimpleNamespace(elem_id=name) for i, name in enumerate(ids)}
    with caplog.at_level("ERROR", "diffdiff"):
        page.look(SimpleNamespace(blocks=blocks))
        page.look(None)  # a host without a page
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(said) and all(want in line for want, line in zip(said, lines))
