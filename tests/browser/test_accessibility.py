"""P21: every page and drawer keeps to WCAG 2.2 A and AA, in light and in dark, wide and narrow."""

from __future__ import annotations

from typing import Literal

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from tests.api.server import promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.settling import put_in, settled
from tests.browser.shop import open_shop

Look = Literal["light", "dark"]
LOOKS: tuple[Look, Look] = ("light", "dark")
PAGES = {
    "/promotions": "Promotions",
    "/promotions/VIP": "VIP",
    "/promotions/QUIET": "QUIET",
    "/promotions/new": "New promotion",
    "/promotions/VIP/edit": "VIP",
    "/decisioning": "Decisioning",
    "/decisioning?tab=decisions": "Decisioning",
    "/decisioning?tab=what-if": "Decisioning",
    "/decisioning?tab=versions": "Decisioning",
    "/decisioning?tab=settings": "Decisioning",
    "/decisioning/decisions/visit-1": "visit-1",
    "/customers": "Customers",
    "/customers/c-1": "c-1",
    "/compare?id=SPRING20&id=VIP": "Compare",
    "/integrations": "Integrations",
    "/integrations/new": "Connect",
    "/integrations/default": "default",
    "/integrations/Night%20job": "Night job",
    "/problems": "Problems",
    "/batches": "Batches",
    "/settings": "Settings",
    "/settings?tab=users": "Settings",
    "/settings?tab=keys": "Settings",
    "/settings?tab=webhooks": "Settings",
    "/settings?tab=privacy": "Settings",
    "/settings?tab=audit": "Settings",
    "/nowhere": "no page",
}
"""Every address, and a word of its heading."""
NARROW = (
    *("/promotions", "/promotions/VIP", "/problems", "/integrations"),
    "/integrations/Night%20job",
    *("/decisioning", "/decisioning/decisions/visit-1", "/customers/c-1"),
)


PARTS = 3
"""A test looks at every third page, so that no other test waits for this one at the end."""


@pytest.fixture(scope="module", autouse=True)
def shop(server: httpx.Client) -> None:
    open_shop(server)
    asked = {"customer_id": "c-1", "decision_id": "visit-1", "candidates": ["QUIET", "VIP", "SOON"]}
    assert server.post("/v1/decisions", json=asked).status_code == 200
    assert server.post("/v1/sources", json={"name": "Night job"}).status_code == 201
    door, day = "/v1/sources/Night%20job/reconciliations", {"day": "2026-11-20"}
    assert server.post(door, json=day | {"redemptions": 0}).status_code == 201
    made = server.post(door, json=day | {"redemptions": 2, "order_value": {"EUR": "9"}}).json()
    told = f"{door}/{made['reconciliation_id']}/events"
    assert server.post(told, json=[{"event_id": "n-1"}]).status_code == 200


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_keeps_the_rules(signed_in: SignedIn, loading: set[Request], part: int) -> None:
    page = signed_in("admin", None)
    page.emulate_media(reduced_motion="reduce")
    wrong = {}
    for address, heading in list(PAGES.items())[part::PARTS]:
        page.goto(address)
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        for look in LOOKS:
            put_in(page, look, loading)
            wrong[address, look] = violations(page)
    assert not {where: found for where, found in wrong.items() if found}


def test_the_narrow_page_keeps_the_rules(signed_in: SignedIn, loading: set[Request]) -> None:
    page = signed_in("marketer", None)
    page.set_viewport_size({"width": 390, "height": 844})
    for address in NARROW:
        page.goto(address)
        for look in LOOKS:
            put_in(page, look, loading)
            assert violations(page) == [], (address, look)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{address} is {width} wide"


@pytest.mark.parametrize("look", LOOKS)
def test_the_front_door_keeps_the_rules(page: Page, loading: set[Request], look: Look) -> None:
    page.emulate_media(color_scheme=look)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    settled(page, loading)
    assert violations(page) == []


def test_whoever_follows_a_link_goes_on_in_the_page_it_leads_to(signed_in: SignedIn) -> None:
    """P21: by keyboard, where the link has gone with its page."""
    page = signed_in("viewer", "/nowhere")
    page.get_by_role("link", name="To the promotions").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
    expect(page.get_by_role("main")).to_be_focused()


def test_ids_and_names_without_a_blank_are_broken_and_not_the_page(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """P21: nothing is pushed out of a narrow window by the longest words there may be."""
    word = "W" * 255
    promotion(server, word, name=word)
    given = {"promotion_id": word, "customer_id": word, "assigned_at": "2026-10-01T10:00:00Z"}
    assert server.post("/v1/assignments", json=given).status_code == 200
    page = signed_in("marketer", None)
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (f"/promotions/{word}", f"/promotions/{word}/edit", f"/customers/{word}"):
        page.goto(address)
        heading = page.get_by_role("heading", name=word).first
        expect(heading).to_be_visible()
        settled(page, loading)
        box = heading.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390, address
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
