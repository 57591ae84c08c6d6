"""The restatement log in the breakdown: what moved figures afterwards, and why."""

from __future__ import annotations

import httpx
from playwright.sync_api import expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.shop import ago, assign, redeem


def test_a_reversal_is_told_in_the_breakdown(server: httpx.Client, signed_in: SignedIn) -> None:
    """P5, S29: what was taken back, and by what; where nothing moved, it says so."""
    promotion(server, "REFUNDED")
    promotion(server, "QUIET")
    assign(server, "REFUNDED", range(2))
    redeem(server, "REFUNDED", range(1))
    reversal = {"event_id": "refund-1", "type": "reversal", "reverses": "REFUNDED-0"}
    reversal["redeemed_at"] = ago(seconds=1)
    assert server.post("/v1/redemptions", json=reversal).status_code == 200
    page = signed_in("viewer", "/promotions/REFUNDED#restatements")
    log = page.get_by_role("dialog").get_by_role("region", name="Restatement log")
    row = log.get_by_role("row").nth(1)
    expect(row).to_contain_text("Redemption REFUNDED-0 was reversed in full.")
    expect(row).to_contain_text("-€5.00")
    page.goto("/promotions/QUIET#restatements")
    expect(page.get_by_text("Nothing was restated")).to_be_visible()
