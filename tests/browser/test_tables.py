"""Tables of the page leave as CSV files, from the server and whole."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Request, expect

from tests.api.server import promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.settling import put_in
from tests.browser.shop import assign, redeem

TABLES = {
    "/settings?tab=users": "users",
    "/settings?tab=keys": "keys",
    "/settings?tab=webhooks": "webhooks",
    "/integrations": "sources",
    "/integrations/default": "activity",
    "/batches": "batches",
    "/customers/c-1": "timeline",
}


@pytest.fixture(scope="module", autouse=True)
def brand(server: httpx.Client) -> None:
    """Something of everything that is listed."""
    promotion(server, "TEA")
    assign(server, "TEA", range(10))
    redeem(server, "TEA", range(3))
    server.post(
        "/v1/webhooks", json={"url": "https://hooks.example/a", "events": ["anomaly.found"]}
    )
    sent = server.post(
        "/v1/imports",
        params={"kind": "customers", "name": "people.csv"},
        content="customer_id\nann\n",
        headers={"Content-Type": "text/csv"},
    )
    assert sent.status_code == 202, sent.text


def test_what_is_listed_leaves_as_a_file(
    signed_in: SignedIn, loading: set[Request], faults: list[str]
) -> None:
    """P24, P21: a CSV beside each list, wide and narrow, light and dark."""
    page = signed_in("admin", None)
    for address, of in TABLES.items():
        page.goto(address)
        link = page.get_by_role("link", name=f"CSV of {of}")
        expect(link).to_be_visible()
        href = link.get_attribute("href")
        assert href is not None
        answer = page.request.get(href)
        assert answer.status == 200, href
        assert answer.headers["content-type"].startswith("text/csv")
        assert len(answer.text().splitlines()) > 1, address
        page.set_viewport_size({"width": 390, "height": 844})
        put_in(page, "dark", loading)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert violations(page) == [], address
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert faults == []
