"""The words of a panel's list of sources, and the values behind them."""

from diffdiff.edit.request import request_of
from diffdiff.settings.schema import fields
from diffdiff.settings.source_names import VALUES, WORDS, listed, value_of

SOURCES = fields()["source"]["choices"]


def test_every_source_has_words_of_its_own():
    assert list(WORDS) == SOURCES
    assert len(VALUES) == len(SOURCES)
    assert all(value_of(listed(value)) == value for value in SOURCES)
    assert not set(VALUES) & set(SOURCES)


def test_a_panel_sends_words_and_a_script_values():
    at = list(fields()).index("source")
    values = [info["default"] for info in fields().values()]
    for value in SOURCES:
        for sent in (value, listed(value)):
            values[at] = sent
            assert request_of(tuple(values))["source"] == value
    values[at] = ["none"]  # refused where settings are checked
    assert request_of(tuple(values))["source"] == ["none"]
