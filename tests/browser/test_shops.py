"""Connecting a shop without a line of code: its address pasted there, its secret brought back, its orders landing."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from promosight.rules.shop_signatures import shopify_signature
from tests.api.server import figures, promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.settling import put_in, settled
from tests.browser.shop import ago, assign
from tests.browser.test_accessibility import LOOKS

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module", autouse=True)
def offer(server: httpx.Client) -> None:
    """A promotion with a code, which three customers got and nobody has used."""
    promotion(server, "SPRING", code="SPRING")
    assign(server, "SPRING", range(3))


def test_shopify_is_connected_from_nothing_to_its_first_order(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """P22, N15: a wrong secret is seen to be wrong, a test to be one, and an order to count."""
    page = signed_in("developer")
    page.goto("/integrations/new")
    page.get_by_role("radio", name=re.compile("^Shopify")).click()
    go_on(page)
    go_on(page)
    page.get_by_role("button", name="Make the address for Shopify").click()
    address = page.get_by_label("The address", exact=True).inner_text()
    expect(page.get_by_role("list", name="Events to choose")).to_contain_text("Order update")
    expect(page.get_by_role("button", name="Continue")).to_be_disabled()
    settled(page, loading)
    assert violations(page) == []
    set_secret(page, "pasted-by-mistake", "Set it")
    go_on(page)
    expect(page.get_by_text("Waiting for Shopify")).to_be_visible()

    landed = page.get_by_role("region", name="The last message")
    assert send(address, order(test=True)).status_code == 401
    expect(landed).to_contain_text("The signature does not fit the secret")
    page.get_by_role("button", name="Back").click()
    set_secret(page, SECRET, "Replace it")
    expect(page.get_by_text("The one before is good until")).to_be_visible()
    go_on(page)
    assert send(address, order(test=True)).status_code == 200
    expect(landed).to_contain_text("A test has arrived, and its signature is right")
    go_on(page)
    page.get_by_role("button", name="Mark it live").click()
    expect(page.get_by_role("heading", name="Shopify is live")).to_be_visible()

    assert send(address, order()).json()["outcomes"] == {"counted": 1}
    page.get_by_role("link", name="Look at Shopify").click()
    expect(landed).to_contain_text("is in the figures")
    assert figures(server, "SPRING")["redeemed"] == 1
    assert SECRET not in page.content()
    keeps_the_rules(page, loading)


def test_a_shop_is_read_otherwise_and_its_address_is_removed(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """P22: by what a customer goes is chosen; nothing is taken at an address that was removed."""
    server.post("/v1/sources", json={"name": "Payments"})
    made = server.post("/v1/shops", json={"source": "Payments", "kind": "stripe"}).json()
    page = signed_in("developer")
    page.goto("/integrations/Payments")
    page.get_by_role("combobox", name="A customer goes by").click()
    page.get_by_role("option", name=re.compile("^client_reference_id")).click()
    expect(page.get_by_text("Messages are read so from now on")).to_be_visible()
    (shop,) = [s for s in server.get("/v1/shops").json()["items"] if s["source"] == "Payments"]
    assert shop["customer_from"] == "client_reference_id"
    page.get_by_role("button", name="Remove the address").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("region", name="Stripe webhooks")).to_have_count(0)
    assert server.post(made["path"], json={}).status_code == 404


def test_a_marketer_sees_a_shop_report_and_not_its_address(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """P14."""
    server.post("/v1/sources", json={"name": "Outlet"})
    server.post("/v1/shops", json={"source": "Outlet", "kind": "shopify"})
    page = signed_in("marketer")
    page.goto("/integrations/Outlet")
    expect(page.get_by_role("heading", name="Outlet")).to_be_visible()
    expect(page.get_by_text("/v1/shops/")).to_have_count(0)


def keeps_the_rules(page: Page, loading: set[Request]) -> None:
    """P21: in light and in dark, wide and narrow."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for look in LOOKS:
            put_in(page, look, loading)
            assert violations(page) == [], (look, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def set_secret(page: Page, secret: str, doing: str) -> None:
    page.get_by_label(re.compile("igning secret")).fill(secret)
    page.get_by_role("button", name=doing).click()
    expect(page.get_by_text("A secret is set")).to_be_visible()


def order(**more: Any) -> dict[str, Any]:
    """An order of the second customer, paid a moment ago."""
    return {
        "id": 1,
        "created_at": ago(),
        "financial_status": "paid",
        "currency": "EUR",
        "customer": {"id": "c-1"},
        "discount_codes": [{"code": "SPRING", "amount": "5.00"}],
        **more,
    }


def send(address: str, said: dict[str, Any]) -> httpx.Response:
    """An order as Shopify sends it."""
    body = json.dumps(said).encode()
    signed = shopify_signature(SECRET, body)
    headers = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": signed}
    return httpx.post(address, content=body, headers=headers, timeout=60)
