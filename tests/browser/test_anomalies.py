"""N13 on the page: the bell tells of an anomaly, its page shows counted against expected, somebody says it was seen."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.anomalous import an_anomaly
from tests.api.server import promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn


@pytest.fixture(scope="module", autouse=True)
def stopped(server: httpx.Client) -> None:
    """Redemptions of STOPPED came every hour for five days, and then none; of QUIET there was never one."""
    an_anomaly(server, "STOPPED")
    promotion(server, "QUIET")


def test_a_marketer_is_led_from_the_bell_to_what_dropped(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N13: in a sentence, with a chart; and it says who has seen it."""
    (found,) = server.get("/v1/anomalies").json()["items"]
    page = signed_in("marketer")
    expect(page).to_have_url("/promotions")  # the list of alerts closes when the address changes
    page.get_by_role("button", name="Alerts, 1 new").click()
    alerts = page.get_by_role("dialog", name="Alerts")
    line = alerts.get_by_role("link", name="Drop of")
    expect(line).to_contain_text("everywhere alike")
    line.click()
    card = page.get_by_role("article", name="Drop of")
    expect(card).to_contain_text(found["said"])
    expect(card).to_contain_text("Goes on")
    expect(card.get_by_role("figure", name="Counted and expected by hour")).to_be_visible()
    assert violations(page) == []
    card.get_by_role("button", name="I have seen it").click()
    expect(card).to_contain_text("Seen by")


def test_where_nothing_was_found_it_says_what_is_looked_at(signed_in: SignedIn) -> None:
    page = signed_in("viewer")
    page.goto("/promotions/QUIET#anomalies")
    expect(page.get_by_text("Nothing was otherwise than expected")).to_be_visible()
