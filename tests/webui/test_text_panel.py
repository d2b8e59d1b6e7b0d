"""The panel in txt2img: its controls, what is pasted into it, and what the page tells of a run."""

import importlib

import pytest

from diffdiff.settings.schema import fields

TAB = {
    "steps": 20,
    "hires_steps": 0,
    "denoising": 0.5,
    "width": 512,
    "height": 768,
    "hires_scale": 2,
    "sampler": "Euler",
    "hires_sampler": "Use same sampler",
    "scheduler": "Karras",
    "hires_scheduler": "Use same scheduler",
}


@pytest.fixture
def page(host):
    return importlib.import_module("diffdiff.webui.host_page")


def test_it_has_every_control(host):
    controls, pasted, *_ = host.panel.build(lambda name: f"text_{name}", True)
    assert list(controls) == list(fields())
    assert len(pasted) == len(host.panel.build(lambda name: f"image_{name}")[1])
    assert set(host.panel.OF_IMG2IMG) < set(controls)


def readers(host, is_text):
    controls, pasted, *_ = host.panel.build(lambda name: f"{is_text}_{name}", is_text)
    names = {id(control): name for name, control in controls.items()}
    return {names[id(control)]: read for control, read in pasted}


def test_each_tab_takes_its_own_parameters(host):
    """A picture of hires fix does not switch img2img's panel on, nor the other way round."""
    ours = {"DD enabled": "True", "DD gamma": "2.0"}
    second = {**ours, "DD pass": "hires"}
    for is_text, mine, other in ((False, ours, second), (True, second, ours)):
        read = readers(host, is_text)
        assert read["enabled"](mine) is True and read["gamma"](mine) == 2
        assert read["enabled"](other) is False and read["gamma"](other) is None
        assert read["enabled"]({}) is False and read["gamma"]({}) is None


def test_a_dropped_map_goes_into_either_painter(host):
    metadata = importlib.import_module("diffdiff.webui.png_metadata")
    read = readers(host, True)["map"]
    assert getattr(read, "inner", None) is metadata.reader


def test_the_run_of_the_second_pass(page):
    told = page.of_second(TAB)
    assert told["steps"] == 40, "all 20 hires steps, at half of the strength"
    assert (told["width"], told["height"]) == (1024, 1536)
    assert (told["first_width"], told["first_height"]) == (512, 768)
    assert (told["sampler"], told["scheduler"]) == ("Euler", "Karras")
    own = {"hires_steps": 7, "denoising": 1, "hires_sampler": "DDIM", "hires_scheduler": "Uniform"}
    told = page.of_second({**TAB, **own})
    assert (told["steps"], told["sampler"], told["scheduler"]) == (7, "DDIM", "Uniform")
    assert page.of_second({**TAB, "denoising": 0})["steps"] == 20
    assert page.of_second({"hires_steps": None})["steps"] == 0


def test_img2img_is_as_it_was(page):
    told = {"steps": 20, "denoising": 0.5, "width": 512}
    assert page.of_second(told) is told


def test_the_components_of_each_tab(page):
    from types import SimpleNamespace

    both = {
        "img2img_steps": (True, "steps"),
        "txt2img_steps": (False, "steps"),
        "hr_sampler": (False, "hires_sampler"),
    }
    for elem_id, (is_img2img, name) in both.items():
        component = SimpleNamespace(elem_id=elem_id)
        assert page.name_of(component, is_img2img) == name
        assert page.name_of(component, not is_img2img) is None
    last = SimpleNamespace(elem_id="generation_info_txt2img")
    assert page.is_last(last, False) and not page.is_last(last, True)
