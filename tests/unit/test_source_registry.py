"""The registry of sources: titles and values, and that every door knows each source."""

from diffdiff.edit.request import request_of
from diffdiff.settings import modes
from diffdiff.settings.schema import EditArgs, fields
from diffdiff.settings.source_registry import (
    LAYER,
    REGISTRY,
    REQUEST,
    SOURCES,
    request_fields,
    title_of,
    value_of,
)
from diffdiff.settings.sources import DiffEditArgs


def test_every_source_has_one_name_and_one_title():
    assert len(SOURCES) == len(REGISTRY)
    assert list(REQUEST) == fields()["source"]["choices"]
    titles = [title_of(name) for name in REQUEST]
    assert all(titles) and len(set(titles)) == len(titles)
    assert all(value_of(title_of(name)) == name for name in REQUEST)
    assert not set(titles) & set(REQUEST)
    assert set(LAYER) == {source.name for source in REGISTRY if source.layer}


def test_every_input_of_a_request_is_a_field():
    known = set(fields(EditArgs)) - set(fields(DiffEditArgs))
    own = [name for source in REQUEST for name in request_fields(source)]
    assert set(own) <= known and len(own) == len(set(own))


def test_a_panel_sends_titles_and_a_script_values():
    at = list(fields()).index("source")
    values = [info["default"] for info in fields().values()]
    for value in REQUEST:
        for sent in (value, title_of(value)):
            values[at] = sent
            assert request_of(tuple(values))["source"] == value
    values[at] = ["none"]  # refused where settings are checked
    assert request_of(tuple(values))["source"] == ["none"]


def test_every_field_of_a_mode_is_a_field():
    own = {name for mode in modes.REGISTRY for name in mode.fields}
    assert own <= set(fields()) and set(modes.OF_SEVERAL) <= own
    assert list(modes.NAMES) == fields()["mode"]["choices"]
    assert set(modes.idle("fan")) == {"combine", "mask_channel", "sheet_batch"}
