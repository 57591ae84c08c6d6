"""What a promotion brought, as the drawer says it: a number with its interval, or plainly none and what to do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn

GIVEN, ACTED = "2026-10-05T08:00:00Z", "2026-10-09T12:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def brand(server: httpx.Client) -> None:
    """One promotion with a control group and outcomes, one given to everybody."""
    for name in ("TESTED", "UNTESTED"):
        promotion(server, name)
        given = [assignment(name, n, control=name == "TESTED" and n >= 60) for n in range(100)]
        assert server.post("/v1/assignments", json=given).is_success
    acted = [outcome(n) for n in (*range(0, 60, 2), *range(60, 100, 10))]
    assert server.post("/v1/outcomes", json=acted).json()["outcomes"] == {"counted": 34}
    used = {"event_id": "e", "promotion_id": "TESTED", "customer_id": "c-0", "redeemed_at": ACTED}
    assert server.post("/v1/redemptions", json=used).is_success


def assignment(promotion_id: str, n: int, *, control: bool) -> dict[str, Any]:
    return {
        "promotion_id": promotion_id,
        "customer_id": f"c-{n}",
        "assigned_at": GIVEN,
        "control": control,
    }


def outcome(n: int) -> dict[str, Any]:
    return {
        "outcome_id": f"o-{n}",
        "customer_id": f"c-{n}",
        "occurred_at": ACTED,
        "measure": "order_value",
        "value": "60.00",
        "currency": "EUR",
    }


def test_the_drawer_says_what_a_promotion_brought(signed_in: SignedIn) -> None:
    """S28, S29, N2: uplift with its interval and ROI; what is not causal says so."""
    page = signed_in("viewer", "/promotions/TESTED")
    section = page.get_by_role("region", name="Return")
    uplift = section.locator("div", has=page.get_by_text("Uplift per customer", exact=True)).last
    expect(uplift).to_contain_text("€24.00")
    expect(uplift).to_contain_text("95% interval")
    expect(section).to_contain_text("+28,700%")
    expect(section).to_contain_text("Would have acted anyway")
    expect(section.get_by_text("not causal")).to_have_count(2)
    section.get_by_label("Measure of the return").select_option("Margin")
    expect(section).to_contain_text("Not computable: no outcomes")


def test_without_a_control_group_the_drawer_says_what_to_do(signed_in: SignedIn) -> None:
    """S30: no number, the reason, and the next step."""
    page = signed_in("viewer", "/promotions/UNTESTED")
    section = page.get_by_role("region", name="Return")
    expect(section).to_contain_text("Not computable: no control group")
    expect(section).to_contain_text("control: true")
    expect(section.get_by_text("Uplift per customer")).to_have_count(0)
