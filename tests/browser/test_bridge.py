"""The painter and the box that carries its map to the page."""

import base64

import numpy as np
import pytest
from painter_desk import png_of

from diffdiff.images.read import decode

pytestmark = pytest.mark.browser

CONNECT = """async (map) => {
    const { connect } = await import("/javascript/hosts/bridge.mjs");
    const root = document.createElement("div");
    document.body.prepend(root);
    const holder = document.createElement("div");
    holder.id = "carrier";
    holder.innerHTML = "<textarea></textarea>";
    document.body.append(holder);
    holder.firstChild.value = map;
    const image = picture(160, 120);
    const bridge = connect(root, "carrier", {
        runs: "#none", waits: "", picture: () => ({ key: "one", image: () => image }),
        run: () => null, mask: null, results: "#results",
    });
    window.bridge = bridge;
    window.carrier = holder.firstChild;
}"""


def test_a_map_that_is_being_read_is_not_wiped_out(desk):
    ramp = np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))
    url = "data:image/png;base64," + base64.b64encode(png_of(ramp)).decode()
    desk.page.evaluate(CONNECT, url)
    desk.page.evaluate("Promise.all([bridge.flush(), bridge.flush(), bridge.flush()])")
    desk.page.wait_for_function("bridge.painter.document.width === 160")
    desk.page.evaluate("bridge.flush()")
    assert np.allclose(decode(desk.page.evaluate("carrier.value")), ramp / 255, atol=1e-6)
    assert not desk.page.evaluate("bridge.painter.isEmpty")


def test_what_was_painted_goes_into_the_box(desk):
    desk.page.evaluate(CONNECT, "")
    desk.page.wait_for_function("bridge.painter.document.width === 160")
    desk.page.evaluate("bridge.painter.document.fill(65535)")
    desk.page.evaluate("Promise.all([bridge.flush(), bridge.flush()])")
    assert (decode(desk.page.evaluate("carrier.value")) == 1).all()
    desk.page.evaluate("bridge.painter.document.fill(0)")
    desk.page.evaluate("bridge.flush()")
    assert desk.page.evaluate("carrier.value") == ""


RESULTS = """() => {
    const low = document.createElement("div");
    low.id = "results";
    low.style.marginTop = "3000px";
    low.innerHTML = "<button>first</button><button>second</button>";
    document.body.append(low);
}"""


def test_results_that_take_the_focus_leave_the_painter_in_sight(desk):
    """As Gradio's gallery does with each new picture."""
    page = desk.page
    page.evaluate(CONNECT, "")
    page.wait_for_function("bridge.painter.document.width === 160")
    page.evaluate(RESULTS)
    painter = page.locator(".diffdiff-painter").first
    painter.get_by_role("button", name="Invert").first.click()
    page.evaluate("document.querySelector('#results button').focus()")
    page.wait_for_function("document.activeElement.ariaLabel === 'Invert'")
    assert page.evaluate("scrollY") == 0
    page.locator("#results button").nth(1).click()  # a person goes there
    page.evaluate("document.querySelector('#results button').focus()")
    page.wait_for_timeout(100)
    assert page.evaluate("scrollY > 1000 && document.activeElement.textContent === 'first'")


BARE = '<script type="module" src="/javascript/diffdiff.mjs"></script>'


def test_the_modules_wait_for_their_place(browser, address):
    """Over a hundred requests at once would keep the host's own late scripts waiting."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    bare = f"{address}/bare.html"
    page.route(bare, lambda route: route.fulfill(body=BARE, content_type="text/html"))
    page.goto(bare)
    page.wait_for_timeout(500)
    modules = [url for url in asked if url.endswith(".mjs")]
    assert [url.rsplit("/", 1)[1] for url in modules] == ["diffdiff.mjs"]
    page.evaluate("""() => {
        const place = document.createElement("div");
        place.className = "diffdiff-layers";
        document.body.append(place);
    }""")
    page.wait_for_function(
        "performance.getEntriesByType('resource').some((one) => one.name.endsWith('row.mjs'))"
    )
    page.close()
