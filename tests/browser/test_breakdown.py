"""The breakdown: what stands behind a percentage, for whom it is high or low, and who they are."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.files import kept
from tests.browser.shop import assign, redeem, redemption

TIERS = [
    {"tier_id": "gold", "name": "Gold", "reward_value": "10.00"},
    {"tier_id": "silver", "name": "Silver", "reward_value": "5.00"},
    {"tier_id": "bronze", "name": "Bronze", "reward_value": "1.00"},
]


@pytest.fixture(scope="module", autouse=True)
def brand(server: httpx.Client) -> None:
    """A promotion at 32%, one with tiers that differ, and one that nobody has used."""
    promotion(server, "SPRING20")
    assign(server, "SPRING20", range(200), segment="loyal", channel="email")
    redeem(server, "SPRING20", range(64))
    promotion(server, "CASHBACK", kind="tiered", tiers=TIERS)
    assign(server, "CASHBACK", range(100), tier_id="gold", segment="vip")
    assign(server, "CASHBACK", range(100, 200), tier_id="silver", segment="regular")
    assign(server, "CASHBACK", range(200, 210), tier_id="bronze", segment="=1+1")
    redeem(server, "CASHBACK", range(20, 130))
    promotion(server, "QUIET")
    assign(server, "QUIET", range(5))
    promotion(server, "TENTH", reward={"type": "percentage", "value": "10"})
    assign(server, "TENTH", range(3))
    held = {"promotion_id": "SPINS", "customer_id": "c-9"}
    promotion(server, "SPINS", reward={"type": "unit", "unit": "spins", "value": "20"})
    assign(server, "SPINS", range(2))
    redeem(server, "SPINS", range(1))
    assert server.post("/v1/reservations", json=held | {"ttl_seconds": 86_400}).is_success
    promotion(server, "DONE")
    assign(server, "DONE", range(2))
    redeem(server, "DONE", range(2))


def opened(page: Page, address: str) -> Locator:
    """The drawer at an address, with its figures there."""
    page.goto(address)
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name="Funnel")).to_be_visible()
    return drawer


def rows(page: Page, link: Locator) -> list[dict[str, str]]:
    """The customers that a click brings as a file."""
    with page.expect_download() as download:
        link.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_percentage_opens_a_breakdown_that_adds_up_to_it(signed_in: SignedIn) -> None:
    """S18, S22: the funnel, and the total of every table, are the figures of the cell."""
    page = signed_in("viewer")
    cell = page.get_by_role("link", name="SPRING20:")
    expect(cell).to_have_text("32%")
    cell.click()
    drawer = page.get_by_role("dialog", name="SPRING20")
    expect(drawer).to_contain_text("64 of 200 assignments redeemed")
    expect(drawer).to_contain_text("95% interval 25.9% to 38.8%")
    funnel = drawer.get_by_role("table", name="What became of the assignments")
    expect(funnel.get_by_role("row", name="Assigned 200 100%")).to_be_visible()
    expect(funnel.get_by_role("row", name="Redeemed 64 32%", exact=False).first).to_be_visible()
    for group in ("Segment", "Channel", "Campaign", "Source"):
        drawer.get_by_role("tab", name=group).click()
        table = drawer.get_by_role("table", name=f"SPRING20 by {group.lower()}")
        total = table.get_by_role("row", name="Total")
        expect(total).to_contain_text("32%")
        expect(total.get_by_role("cell", name="200", exact=True)).to_be_visible()
        expect(total.get_by_role("cell", name="64", exact=True).first).to_be_visible()


def test_who_received_who_acted_and_who_did_not_are_audiences(signed_in: SignedIn) -> None:
    """S25, S26, S27, S38: each part of the funnel is a file of customers for the next campaign."""
    page = signed_in("marketer", None)
    drawer = opened(page, "/promotions/CASHBACK")
    sizes = {"assigned": 210, "redeemed": 110, "not redeemed": 100, "open": 100}
    for name, size in sizes.items():
        link = drawer.get_by_role("link", name=f"Export customers: {name}")
        assert len(rows(page, link)) == size, name
    expect(drawer.get_by_role("link", name="Export customers: expired")).to_have_count(0)


@pytest.mark.parametrize(
    ("promotion_id", "sentence"),
    [
        (
            "SPRING20",
            "Still open: \N{EURO SIGN}680.00 promised in 136 rewards, not yet used or expired.",
        ),
        (
            "CASHBACK",
            "Still open: \N{EURO SIGN}560.00 promised in 100 rewards, not yet used or expired.",
        ),
        (
            "TENTH",
            "Still open: 3 rewards, not yet used or expired. What they cost is known once they are used.",
        ),
        (
            "SPINS",
            "Still open: 40 spins promised in 1 reward and 1 reservation, not yet used or expired.",
        ),
        ("DONE", "Nothing is still open: every reward is used or expired."),
    ],
)
def test_what_is_still_promised_stands_below_the_funnel(
    signed_in: SignedIn, promotion_id: str, sentence: str
) -> None:
    """P7, S24: the liability in words, in money to the cent or in units; of a percentage only the number."""
    drawer = opened(signed_in("viewer", None), f"/promotions/{promotion_id}")
    expect(drawer.get_by_text(sentence)).to_be_visible()


def test_an_audience_can_be_one_group(signed_in: SignedIn) -> None:
    """S38: those of one segment who have not redeemed."""
    page = signed_in("marketer", None)
    drawer = opened(page, "/promotions/CASHBACK?by=segment")
    drawer.get_by_role("button", name="Export customers: vip").click()
    found = rows(page, page.get_by_role("menuitem", name="Not redeemed"))
    assert {row["customer_id"] for row in found} == {f"c-{n}" for n in range(20)}
    assert {row["segment"] for row in found} == {"vip"}


def test_tiers_are_ranked_by_how_much_they_are_taken_up(signed_in: SignedIn) -> None:
    """S34: sorted by rate; a tier of ten assignments is not compared, the others say how they differ."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK")
    table = drawer.get_by_role("table", name="CASHBACK by tier")
    table.get_by_role("button", name="Redemption rate").click()
    names = table.get_by_role("rowheader")
    expect(names).to_contain_text(["Total", "Gold", "Silver", "Bronze"])
    expect(table.get_by_role("row", name="Gold")).to_contain_text("Above the total: 80%")
    expect(table.get_by_role("row", name="Silver")).to_contain_text("Below the total: 30%")
    expect(table.get_by_role("row", name="Bronze")).to_contain_text("Too few to compare")


def test_segments_show_who_redeemed(signed_in: SignedIn) -> None:
    """S37: every segment with its own denominator."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK")
    drawer.get_by_role("tab", name="Segment").click()
    table = drawer.get_by_role("table", name="CASHBACK by segment")
    expect(table.get_by_role("row", name="vip")).to_contain_text("80%")
    expect(table.get_by_role("row", name="regular")).to_contain_text("30%")


def test_generosity_is_held_against_the_rate(signed_in: SignedIn) -> None:
    """S39: what a larger reward brings, and that it need not be the reason."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK#generosity")
    chart = drawer.get_by_role("figure", name="Redemption rate by reward value of the tier")
    expect(chart).to_be_in_viewport()
    said = "The most generous tier is taken up more: Gold (€10.00) at 80%, Silver (€5.00) at 30%."
    expect(drawer).to_contain_text(said)


def test_what_is_shown_over_time_can_be_read_as_a_table(signed_in: SignedIn) -> None:
    """P21, P24: all assigned on one day, all redeemed on the next."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK")
    expect(drawer.get_by_role("figure", name="Redemptions by day")).to_be_visible()
    drawer.get_by_text("Rate by assignment date").click()
    drawer.get_by_text("Month", exact=True).click()
    drawer.get_by_role("button", name="Show as table").click()
    table = drawer.get_by_role("table", name="CASHBACK by month of assignment")
    expect(table.get_by_role("row", name="Total")).to_contain_text("52.4%")
    expect(table.get_by_role("row")).to_have_count(3)


def test_a_table_leaves_as_a_file_that_no_spreadsheet_calculates(signed_in: SignedIn) -> None:
    """P24."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK?by=segment")
    groups = drawer.get_by_role("region", name="By group", exact=True)
    found = rows(page, groups.get_by_role("button", name="Save as CSV"))
    assert [(row["segment"], row["assigned"], row["redeemed"]) for row in found] == [
        ("'=1+1", "10", "0"),
        ("regular", "100", "30"),
        ("vip", "100", "80"),
        ("", "210", "110"),
    ]


def test_the_funnel_and_its_weeks_leave_as_files(signed_in: SignedIn) -> None:
    """P24: exact, and named after the table and the day."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/CASHBACK")
    funnel = kept(page, drawer.get_by_role("button", name="Save as CSV: funnel"))
    assert re.fullmatch(r"CASHBACK-funnel-\d{4}-\d\d-\d\d\.csv", funnel.name)
    assert [row["number"] for row in funnel.rows[:2]] == ["210", "110"]
    assert funnel.rows[1]["share_of_assigned"] == str(110 / 210)
    (liability,) = [row for row in funnel.rows if row["figure"] == "liability"]
    assert (liability["amount"], liability["amount_in"]) == ("560.00", "EUR")
    drawer.get_by_text("By week of assignment: redeemed").click()
    weeks = kept(page, drawer.get_by_role("button", name="Save as CSV: weekly cohorts"))
    assert weeks.name.startswith("CASHBACK-weekly-cohorts-20")
    assert sum(int(row["assigned"]) for row in weeks.rows) == 210
    assert sum(int(row["redeemed"]) for row in weeks.rows) == 110


def test_the_link_of_what_one_sees_shows_it_to_others(signed_in: SignedIn) -> None:
    """P24: tab, dates and period are part of the address."""
    page = signed_in("viewer", None)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drawer = opened(page, "/promotions/CASHBACK")
    drawer.get_by_role("tab", name="Segment").click()
    drawer.get_by_text("Rate by assignment date").click()
    drawer.get_by_text("Week", exact=True).click()
    drawer.get_by_role("button", name="Copy link").click()
    expect(drawer.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("/")
    drawer = opened(page, link)
    expect(drawer.get_by_role("tab", name="Segment")).to_have_attribute("aria-selected", "true")
    expect(drawer.get_by_role("radio", name="Rate by assignment date")).to_be_checked()
    expect(drawer.get_by_role("radio", name="Week")).to_be_checked()


def test_the_keyboard_opens_it_and_is_back_where_it_was(signed_in: SignedIn) -> None:
    """P21: Enter opens, Escape closes; the list is as it was left."""
    page = signed_in("viewer", "/promotions?q=SPRING")
    cell = page.get_by_role("link", name="SPRING20: 32%")
    cell.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="SPRING20")
    expect(drawer.get_by_role("heading", name="SPRING20")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(cell).to_be_focused()
    expect(page).to_have_url("/promotions?q=SPRING")


def test_it_moves_while_it_is_open(signed_in: SignedIn, server: httpx.Client) -> None:
    """S12: the figures above, the funnel and the rows below, without a reload."""
    promotion(server, "MOVING")
    assign(server, "MOVING", range(40), segment="loyal")
    redeem(server, "MOVING", range(10))
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/MOVING?by=segment")
    expect(drawer).to_contain_text("10 of 40 assignments redeemed")
    expect(page.get_by_role("status", name="Live:", include_hidden=True)).to_be_attached()
    server.post("/v1/redemptions", json=redemption("MOVING", 20))
    expect(drawer).to_contain_text("11 of 40 assignments redeemed")
    funnel = drawer.get_by_role("table", name="What became of the assignments")
    expect(funnel.get_by_role("row", name="Redeemed 11 27.5%").first).to_be_visible()
    table = drawer.get_by_role("table", name="MOVING by segment")
    expect(table.get_by_role("row", name="loyal")).to_contain_text("27.5%")


def test_a_dash_says_why_and_what_to_do(signed_in: SignedIn) -> None:
    """S20: nothing was reported yet."""
    page = signed_in("admin", None)
    drawer = opened(page, "/promotions/QUIET")
    expect(drawer).to_contain_text("No redemption was ever reported for this promotion")
    drawer.get_by_role("link", name="Set up an integration").click()
    expect(page).to_have_url("/integrations/new")


def test_an_unknown_promotion_is_told_with_a_way_back(
    signed_in: SignedIn, faults: list[str]
) -> None:
    page = signed_in("viewer", "/promotions/NOWHERE")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("There is no promotion NOWHERE")
    drawer.get_by_role("link", name="To the promotions").click()
    expect(drawer).to_have_count(0)
    assert all("/v1/promotions/NOWHERE was answered 404" in fault for fault in faults)
    faults.clear()


def test_only_those_who_may_edit_are_offered_to(signed_in: SignedIn) -> None:
    """P14."""
    page = signed_in("viewer", None)
    drawer = opened(page, "/promotions/SPRING20")
    expect(drawer.get_by_role("link", name="Edit")).to_have_count(0)
    drawer = opened(signed_in("marketer", None), "/promotions/SPRING20")
    expect(drawer.get_by_role("link", name="Edit")).to_be_visible()
