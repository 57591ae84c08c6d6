"""Limits on the page: a bell tells of thresholds that were crossed, usage says in words how near its end is."""

from __future__ import annotations

import re
from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import Request, expect

from tests.api.server import promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.files import kept
from tests.browser.settling import put_in, settled
from tests.browser.shop import ago, assign, redemption

CAP = {"measure": "assignments", "window": "lifetime"}


@pytest.fixture(scope="module", autouse=True)
def offers(server: httpx.Client) -> None:
    """NEAR stands at 18 of 20, used on three days, WEEKLY at 5 of 20 in each week; nothing was used of the others."""
    promotion(server, "NEAR", limits=[CAP | {"amount": "20"}])
    promotion(server, "FAR", limits=[CAP | {"amount": "1000"}])
    promotion(server, "UNUSED", limits=[CAP | {"amount": "1000"}])
    for days in range(3):
        told = [
            {"promotion_id": "NEAR", "customer_id": f"c{days}-{n}", "assigned_at": ago(days=days)}
            for n in range(6)
        ]
        taken = server.post("/v1/assignments", json=told).json()
        assert taken["outcomes"] == {"counted": 6}, taken
    promotion(server, "WEEKLY", limits=[CAP | {"window": "weekly", "amount": "20"}])
    for weeks in range(3):
        told = [
            {"promotion_id": "WEEKLY", "customer_id": f"c{n}", "assigned_at": ago(days=7 * weeks)}
            for n in range(5)
        ]
        assert server.post("/v1/assignments", json=told).json()["outcomes"] == {"counted": 5}


def test_a_marketer_is_told_of_a_limit_that_is_nearly_used_up(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """P7: the bell counts what is new, by itself; a click leads to the promotion; what was seen is seen.

    Also what came while the list was open.
    """
    page = signed_in("marketer")
    expect(page).to_have_url("/promotions")  # the list of alerts closes when the address changes
    bell = page.get_by_role("button", name="Alerts, 1 new")
    expect(bell).to_be_visible()
    bell.click()
    alerts = page.get_by_role("dialog", name="Alerts")
    line = alerts.get_by_role("link", name="NEAR")
    expect(line).to_contain_text("90% of the assignments, 20")
    expect(alerts.get_by_role("link", name="CSV of alerts")).to_have_attribute(
        "href", "/v1/alerts?format=csv"
    )
    settled(page, loading)
    # What lies half under the list is small there, and is not to be pressed meanwhile.
    assert not [one for one in violations(page) if not one.startswith("target-size: ")]
    line.click()
    expect(page.get_by_role("dialog").get_by_text("Budget & Cap Usage")).to_be_visible()
    expect(page).to_have_url("/promotions/NEAR")
    page.goto("/promotions")
    expect(page.get_by_role("button", name="Alerts", exact=True)).to_be_visible()
    assign(server, "FAR", range(500))
    page.get_by_role("button", name="Alerts, 1 new").click()
    assign(server, "FAR", range(500, 850))
    expect(alerts.get_by_role("link", name="FAR")).to_contain_text("80% of the assignments")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Alerts", exact=True)).to_be_visible()


def test_usage_says_in_words_when_a_limit_is_reached(signed_in: SignedIn) -> None:
    """P7, S24: not by colour alone; at the pace of three days, by keyboard, in the list and in the drawer."""
    page = signed_in("viewer")
    usage = page.get_by_role("button", name="Assignments nearly used up: 90%")
    usage.focus()
    expect(page.get_by_text("Reached on").first).to_be_visible()
    page.goto("/promotions/NEAR")
    expect(page.get_by_role("dialog").get_by_text("at today's pace").first).to_be_visible()


def test_how_a_limit_came_to_be_used_is_drawn_with_its_forecast(
    signed_in: SignedIn, loading: set[Request]
) -> None:
    """P24, P7, P21: day by day against the limit, as a chart, in words, as a table and as a file; on small screens."""
    page = signed_in("viewer", "/promotions/NEAR#usage")
    drawer = page.get_by_role("dialog")
    section = drawer.get_by_role("region", name="Limits over time")
    expect(section.get_by_role("figure", name="Assignments: used over time")).to_be_visible()
    expect(section.get_by_text("Limit 20", exact=True)).to_be_visible()
    expect(section.get_by_text("Forecast", exact=True)).to_be_visible()
    expect(section).to_contain_text("Reached on")
    page.set_viewport_size({"width": 390, "height": 844})
    put_in(page, "dark", loading)
    section.get_by_role("button", name="Show as table").click()
    expect(section.get_by_role("row")).to_have_count(4)
    expect(section.get_by_role("row").nth(1)).to_contain_text("90%")
    file = kept(page, section.get_by_role("button", name="Save as CSV"))
    assert file.name.startswith("NEAR-assignments-by-day-20")
    assert [one["committed_so_far"] for one in file.rows] == ["6", "12", "18"]
    assert {one["limit"] for one in file.rows} == {"20"}
    settled(page, loading)
    assert violations(page) == []
    page.goto("/promotions/UNUSED")
    expect(page.get_by_role("heading", name="Nothing of it was used yet")).to_be_visible()


def test_at_the_end_of_its_window_a_limit_is_free_again_at_once(
    signed_in: SignedIn, loading: set[Request]
) -> None:
    """P24: the line falls upright, and does not slant into the next week; each day says its own numbers."""
    page = signed_in("viewer", "/promotions/WEEKLY#usage")
    section = page.get_by_role("dialog").get_by_role("region", name="Limits over time")
    figure = section.get_by_role("figure", name="Assignments this week: used over time")
    expect(figure.get_by_text("Limit 20", exact=True)).to_be_visible()
    settled(page, loading)
    drawn = figure.locator("svg path[fill=none]").evaluate_all(
        "all => all.map((a) => a.getAttribute('d'))"
    )
    assert sum(map(_falls, drawn)) >= 2
    figure.hover(position={"x": 300, "y": 150})
    expect(figure.get_by_text("that day").first).to_be_visible()


def test_the_limits_of_a_promotion_are_linked_to_by_their_name(signed_in: SignedIn) -> None:
    """An address of before leads there, too."""
    page = signed_in("viewer", None)
    for address in ("/promotions/NEAR#limits", "/promotions/NEAR#usage"):
        page.goto(address)
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_role("heading", name="Limits over time")).to_be_in_viewport()
        limits = drawer.get_by_role("link", name="Limits")
        expect(limits).to_have_attribute("aria-current", "true")
        expect(limits).to_have_attribute("href", re.compile("#limits$"))


def test_an_axis_of_a_small_cap_counts_in_whole_numbers(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """P24: a cap of one is drawn from 0 to 1, and not as 0, 0, 1, 1."""
    promotion(server, "ONCE", limits=[CAP | {"amount": "1"}])
    assign(server, "ONCE", range(1))
    page = signed_in("viewer", "/promotions/ONCE#limits")
    figure = page.get_by_role("figure", name="Assignments: used over time")
    expect(figure.get_by_text("Limit 1", exact=True)).to_be_visible()
    settled(page, loading)
    numbers = [text for text in figure.locator("svg text").all_text_contents() if text.isdigit()]
    assert sorted(numbers) == ["0", "1"]


def test_of_a_percentage_nothing_is_said_to_be_committed(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S24: what it costs is not known before it is redeemed."""
    budget = {"measure": "reward", "window": "lifetime", "amount": "100"}
    promotion(
        server,
        "FIFTH",
        reward={"type": "percentage", "currency": "EUR", "value": "20"},
        limits=[budget],
    )
    assign(server, "FIFTH", range(4))
    worth = {"reward_value": "10.00", "currency": "EUR"}
    assert server.post("/v1/redemptions", json=redemption("FIFTH", 1) | worth).status_code == 200
    page = signed_in("viewer", "/promotions/FIFTH#limits")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("€10.00 redeemed of €100.00")).to_be_visible()
    section = drawer.get_by_role("region", name="Limits over time")
    section.get_by_role("button", name="Show as table").click()
    expect(section.get_by_role("columnheader", name="Redeemed so far")).to_be_visible()
    expect(section.get_by_role("columnheader", name="Committed")).to_have_count(0)


def _falls(path: str) -> int:
    """How often a line falls upright, and far."""
    numbers = [float(one) for one in re.findall(r"-?[0-9.]+", path)]
    points = list(zip(numbers[::2], numbers[1::2], strict=False))
    return sum(x == then and below - y > 20 for (x, y), (then, below) in pairwise(points))
