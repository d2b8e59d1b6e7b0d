"""The page over HTTP, as a browser sends it, and what comes along with it."""

import posixpath
import re
import urllib.request
from types import SimpleNamespace
from urllib.parse import urljoin

import numpy as np
import pytest

from diffdiff.images.data_url import sixteen_bits
from diffdiff.maps import shapes
from diffdiff.settings.source_registry import title_of

pytest.importorskip("gradio", reason="no Gradio")
page_module = pytest.importorskip("diffdiff.page.page")


def test_upload_and_edit_as_a_browser_does(engine, tmp_path, monkeypatch, sent):
    """Over HTTP, on this computer only: a 16-bit map must arrive as it was sent."""
    from gradio_client import Client, handle_file

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    page = page_module.Page(engine, tmp_path)
    blocks = page.build()
    blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, **page_module.how())
    try:
        client = Client(blocks.local_url, verbose=False, download_files=str(tmp_path / "got"))
        endpoint = client.view_api(return_format="dict")["named_endpoints"]["/edit"]
        names = {control.label: name for name, control in page.controls.items()}
        order = [names[parameter["label"]] for parameter in endpoint["parameters"]]
        (tmp_path / "sent.png").write_bytes(sent["image"])
        sent["image"] = handle_file(tmp_path / "sent.png")
        sent["scheduler"] = ""  # the choice of a list, not an empty box
        sent |= {"source": title_of("luminance"), "layers": "", "other_image": None}
        answer = client.predict(*(sent[name] for name in order), api_name="/edit")
        values = sixteen_bits(shapes.gradient(12, 16)) / np.float64(65535)
        assert np.array_equal(engine.seen.change_map, values.astype(np.float32))
        assert "20 model calls" in answer[5]
        sent["black"] = 1
        with pytest.raises(Exception, match=r"Black point: 1(\.0)? is not below"):
            client.predict(*(sent[name] for name in order), api_name="/edit")
        sent["black"] = 0  # and the page goes on
        assert client.predict(*(sent[name] for name in order), api_name="/edit")[5] == answer[5]
    finally:
        blocks.close(verbose=False)


def test_the_painter_comes_along(engine, tmp_path):
    """The entry that the page names is served as a script, and so is what it imports."""
    blocks = page_module.Page(engine, tmp_path).build()
    blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, **page_module.how())
    try:
        (entry,) = re.findall(r"<script type='module' src='(.*?)'>", page_module.how()["head"])
        for name in ("", "/../hosts/bridge.mjs", "/../painter/document/document.mjs"):
            address = urljoin(blocks.local_url, posixpath.normpath(entry + name))
            with urllib.request.urlopen(address) as answer:
                assert answer.headers.get_content_type().endswith("javascript")
                assert answer.read().strip()
        page = urllib.request.urlopen(blocks.local_url).read().decode()
        assert entry in page
        sheets = re.findall(r"<link rel='stylesheet' href='(.*?)'>", page_module.how()["head"])
        for address in sheets:  # linked: Gradio's css= would drop their @container rules
            with urllib.request.urlopen(urljoin(blocks.local_url, address)) as answer:
                assert answer.headers.get_content_type() == "text/css"
                served = answer.read().decode()
            assert address in page and ("@container" in served or "#run" in served)
    finally:
        blocks.close(verbose=False)


def test_nothing_is_fetched_from_elsewhere(engine, tmp_path):
    theme = page_module.how()["theme"]
    assert theme._stylesheets == []
    assert "http" not in page_module.assets.PAGE.read_text()


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [(None, None), ("data:image/png;base64,AA==", "data:image/png;base64,AA==")],
)
def test_an_upload_reaches_the_decoder_untouched(payload, wanted, tmp_path):
    from diffdiff.ui.controls import as_sent

    assert as_sent(payload) == wanted
    path = tmp_path / "a.bin"
    path.write_bytes(b"\1\2")
    assert as_sent(SimpleNamespace(path=str(path))) == b"\1\2"
