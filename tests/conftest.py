"""Shared by all rings of tests: properties, samplers, hosts, browser."""

import os

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")


def pytest_collection_modifyitems(items):
    """Tests of a running WebUI are skipped, with the reason printed, where none is named."""
    if not os.environ.get("WEBUI_URL"):
        skip = pytest.mark.skip(reason="no WebUI: set WEBUI_URL, e.g. http://127.0.0.1:7860")
        for item in items:
            if "host" in item.keywords:
                item.add_marker(skip)
