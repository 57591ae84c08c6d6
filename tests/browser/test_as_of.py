"""What was known then, in the breakdown: last month's figure beside today's, and why it moved."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.api.server import promotion
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.settling import put_in
from tests.browser.shop import ago, assign, redeem

TIERS = [{"tier_id": "gold", "name": "Gold"}, {"tier_id": "silver", "name": "Silver"}]
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DASH = "\u2013"
_reported: dict[str, str] = {}
"""When the report was written, by promotion."""


def moment() -> str:
    """Now: everything that was acknowledged has come before."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module", autouse=True)
def brand(server: httpx.Client) -> None:
    """A ladder that was reported at 40 of 100, of which two were refunded since, ten came late, and twenty are new."""
    promotion(server, "LADDER", kind="tiered", tiers=TIERS)
    assign(server, "LADDER", range(60), tier_id="gold", segment="vip")
    assign(server, "LADDER", range(60, 100), tier_id="silver", segment="loyal")
    redeem(server, "LADDER", range(40))
    _reported["LADDER"] = moment()
    refund(server, "LADDER", 0)
    refund(server, "LADDER", 1)
    assign(server, "LADDER", range(100, 110), tier_id="gold", segment="new")
    redeem(server, "LADDER", range(60, 80))
    promotion(server, "STILL")
    before = moment()
    assign(server, "STILL", range(50), segment="loyal")
    redeem(server, "STILL", range(10))
    _reported.update({"STILL": moment(), "NOTHING": before})


def refund(server: httpx.Client, promotion_id: str, customer: int) -> None:
    reversal: dict[str, Any] = {"event_id": f"refund-{promotion_id}-{customer}", "type": "reversal"}
    reversal |= {"reverses": f"{promotion_id}-{customer}", "redeemed_at": ago(seconds=1)}
    assert server.post("/v1/redemptions", json=reversal).status_code == 200


def groups(page: Page, address: str) -> Locator:
    """The section By group of a breakdown at an address."""
    page.goto(address)
    section = page.get_by_role("dialog").get_by_role("region", name="By group", exact=True)
    expect(section.get_by_role("table")).to_be_visible()
    return section


def row(section: Locator, name: str) -> list[str]:
    """The figures of a row: rate, redeemed and assigned; each then, now and the change."""
    cells = section.get_by_role("row", name=name).get_by_role("cell")
    expect(cells).to_have_count(9)
    return cells.all_inner_texts()


def test_last_months_figure_stands_beside_todays_with_the_difference(signed_in: SignedIn) -> None:
    """N5, S29: of every row and of the total; the total is what the report said."""
    page = signed_in("viewer", None)
    section = groups(page, f"/promotions/LADDER?by=tier&as_of={_reported['LADDER']}")
    expect(section).to_contain_text("the rate was known as 40% (40 of 100)")
    expect(section).to_contain_text("Now it is 52.7% (58 of 110), +12.7 pp.")
    total = ["40%", "52.7%", "+12.7 pp", "40", "58", "+18", "100", "110", "+10"]
    assert row(section, "Total") == total
    assert row(section, "Gold")[3:] == ["40", "38", "-2", "60", "70", "+10"]
    assert row(section, "Silver")[3:] == ["0", "20", "+20", "40", "40", "0"]
    section.get_by_role("tab", name="Segment").click()
    new = section.get_by_role("table", name="LADDER by segment, then and now")
    expect(new.get_by_role("row", name="new")).to_be_visible()
    assert row(section, "new") == [DASH, "0%", DASH, "0", "0", "0", "0", "10", "+10"]


def test_it_is_said_why_the_figure_moved(signed_in: SignedIn) -> None:
    """N5: what was restated by its kind, and what is simply new; together they are the difference."""
    page = signed_in("viewer", None)
    section = groups(page, f"/promotions/LADDER?as_of={_reported['LADDER']}")
    why = section.get_by_role("list").filter(has_text="Reversal")
    expect(why).to_contain_text("Reversal, 2 times: -2 redeemed")
    expect(why).to_contain_text(re.compile(r"Late report.*: \+10 assigned"))
    # What was redeemed a minute ago is late, too, in the first minute of a day.
    expect(why).to_contain_text(re.compile(r"(Newly reported:|assigned,) \+20 redeemed"))
    section.get_by_role("link", name="See them in the restatement log").click()
    expect(page.get_by_role("heading", name="Restatements")).to_be_focused()
    expect(page.get_by_role("region", name="Restatement log")).to_be_in_viewport()


def test_a_moment_is_chosen_by_hand_and_is_part_of_the_link(signed_in: SignedIn) -> None:
    """N5, P24: a colleague sees the same two columns; going back to now leaves the moment out."""
    page = signed_in("viewer", None)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    section = groups(page, "/promotions/STILL")
    opener = section.get_by_role("button", name="Known on …")
    opener.focus()
    page.keyboard.press("Enter")
    expect(section.get_by_role("form", name="As known on")).to_be_visible()
    field = section.get_by_label("Known on (UTC, UTC+00:00)")
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    field.fill(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    page.keyboard.press("Enter")
    expect(section).to_contain_text("Nothing has moved")
    expect(page).to_have_url(re.compile(r"as_of=20\d\d-\d\d-\d\dT"))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    section = groups(page, link)
    expect(section).to_contain_text("every figure below is as it was known on")
    assert row(section, "loyal") == ["20%", "20%", "0 pp", "10", "10", "0", "50", "50", "0"]
    section.get_by_role("button", name="Back to now").click()
    expect(section.get_by_role("button", name="Known on …")).to_be_focused()
    expect(section.get_by_role("table", name="STILL by segment")).to_contain_text("as in the list")
    expect(page).not_to_have_url(re.compile("as_of"))


def test_where_nothing_had_been_reported_it_says_so(signed_in: SignedIn) -> None:
    """N5: no rate is claimed of then."""
    page = signed_in("viewer", None)
    section = groups(page, f"/promotions/STILL?as_of={_reported['NOTHING']}")
    expect(section).to_contain_text("Nothing had been reported by")
    assert row(section, "Total") == [DASH, "20%", DASH, "0", "10", "+10", "0", "50", "+50"]


def test_a_moment_of_which_nothing_is_known_is_refused_in_words_with_a_way_out(
    signed_in: SignedIn, faults: list[str]
) -> None:
    """N5: said at the field; what is known now stays, and the earliest moment is one click away."""
    page = signed_in("viewer", None)
    section = groups(page, "/promotions/STILL?as_of=2026-10-05T06:00:00Z")
    field = section.get_by_label("Known on (UTC")
    expect(section.get_by_role("alert")).to_contain_text("There was no workspace yet.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("no workspace yet"))
    expect(section.get_by_role("table", name="STILL by segment")).to_contain_text("as in the list")
    # No day before the promotion was defined is offered.
    expect(section.get_by_role("button", name="A week ago")).to_have_count(0)
    section.get_by_role("button", name="Show the earliest").click()
    expect(section).to_contain_text("Nothing had been reported by")
    for wrong, said in {
        "2999-01-01T00:00:00Z": "This moment is still to come.",
        "yesterday": "The address of this page names no moment.",
        "2026-09-01T00:00:00Z": "Redemptions were not tracked yet.",
    }.items():
        section = groups(page, f"/promotions/STILL?as_of={wrong}")
        expect(section.get_by_role("alert")).to_contain_text(said)
    assert faults
    assert all("/v1/promotions/STILL/breakdown was answered 422" in fault for fault in faults)
    faults.clear()


def test_while_it_is_counted_the_page_says_so_and_shows_what_is_known_now(
    signed_in: SignedIn,
) -> None:
    """N5: counting facts may take seconds."""
    page = signed_in("viewer", None)
    held: list[Route] = []
    page.route("**/breakdown?*as_of*", lambda route: held.append(route))
    section = groups(page, f"/promotions/STILL?as_of={_reported['STILL']}")
    status = section.get_by_role("status")
    expect(status).to_contain_text("Counting what was known on")
    expect(section.get_by_role("row", name="loyal")).to_contain_text("20%")
    expect(section.get_by_role("button", name="Save as CSV")).to_be_disabled()
    held[0].continue_()
    expect(section).to_contain_text("Nothing has moved")
    expect(status).to_contain_text("Counted what was known on")


def test_what_was_known_stays_while_what_is_known_moves(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N5, S12: the past is asked for once."""
    promotion(server, "MOVING")
    assign(server, "MOVING", range(40), segment="loyal")
    redeem(server, "MOVING", range(10))
    page = signed_in("viewer", None)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "as_of=" in one.url else None)
    section = groups(page, f"/promotions/MOVING?as_of={moment()}")
    expect(section).to_contain_text("Nothing has moved")
    expect(page.get_by_role("status", name="Live:", include_hidden=True)).to_be_attached()
    redeem(server, "MOVING", range(10, 20))
    expect(section).to_contain_text("Now it is 50% (20 of 40), +25.0 pp.")
    assert row(section, "loyal")[:6] == ["25%", "50%", "+25.0 pp", "10", "20", "+10"]
    assert len([url for url in asked if "/breakdown?" in url]) == 1


def test_the_table_leaves_as_a_file_with_then_and_now(signed_in: SignedIn) -> None:
    """N5, P24: exact, a column for each."""
    page = signed_in("viewer", None)
    section = groups(page, f"/promotions/LADDER?by=tier&as_of={_reported['LADDER']}")
    expect(section).to_contain_text("the rate was known as")
    with page.expect_download() as download:
        section.get_by_role("button", name="Save as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    found = {one["name"]: one for one in csv.DictReader(text.splitlines())}
    total = found["Total"]
    assert (total["assigned_then"], total["assigned_now"], total["assigned_change"]) == (
        "100",
        "110",
        "10",
    )
    assert (total["rate_then"], total["reversed_then"], total["reversed_now"]) == ("0.4", "0", "2")
    assert found["Gold"]["redeemed_change"] == "-2"
    assert total["known_on"] == _reported["LADDER"]
    assert (total["reward_cost_EUR_then"], total["reward_cost_EUR_now"]) == ("200.00", "290.00")


def test_a_restatement_leads_to_what_was_known_before_it(signed_in: SignedIn) -> None:
    """N5: the last but one refund is looked at from just before it came."""
    page = signed_in("viewer", "/promotions/LADDER#restatements")
    log = page.get_by_role("region", name="Restatement log")
    first = log.get_by_role("row").filter(has_text="LADDER-0 was reversed")
    first.get_by_role("link", name="What was known before it: Reversal").click()
    section = page.get_by_role("region", name="By group", exact=True)
    expect(section).to_contain_text("the rate was known as 40% (40 of 100)")
    expect(page.get_by_role("heading", name="By group")).to_be_focused()
    expect(section).to_be_in_viewport()


def test_over_time_it_is_told_day_by_day(signed_in: SignedIn) -> None:
    """N5: as a table, by redemption and by assignment."""
    page = signed_in(
        "viewer", f"/promotions/LADDER?time=table&unit=month&as_of={_reported['LADDER']}"
    )
    section = page.get_by_role("region", name="Over time", exact=True)
    table = section.get_by_role("table", name="LADDER by month of redemption, then and now")
    months = table.get_by_role("row", name=re.compile(r"^\w+ 20\d\d "))
    expect(months).to_have_count(1)
    assert months.get_by_role("cell").all_inner_texts() == ["40", "58", "+18", "40", "58", "+18"]
    section.get_by_text("Rate by assignment date").click()
    table = section.get_by_role("table", name="LADDER by month of assignment, then and now")
    expect(table.get_by_role("row", name="Total")).to_contain_text("+12.7 pp")


def test_rows_by_code_are_told_up_to_where_both_pages_reach(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N5: codes that came since push those of now to later pages; none is lost or told twice."""
    promotion(server, "CODES", kind="personalized")
    for n in range(0, 80, 2):
        assign(server, "CODES", range(n, n + 1), promo_code=f"CODE-{n:03}")
    at = moment()
    for n in range(1, 80, 2):
        assign(server, "CODES", range(n, n + 1), promo_code=f"CODE-{n:03}")
    page = signed_in("viewer", None)
    section = groups(page, f"/promotions/CODES?by=code&as_of={at}")
    names = section.get_by_role("rowheader", name="CODE-")
    expect(names).to_have_count(50)
    expect(names.last).to_contain_text("CODE-049")
    expect(section.get_by_role("row", name="CODE-001")).to_contain_text("+1")
    section.get_by_role("button", name="Next codes").click()
    expect(names.first).to_contain_text("CODE-050")
    expect(names).to_have_count(30)


@pytest.mark.parametrize("width", [1440, 390])
def test_then_and_now_keeps_the_rules(
    signed_in: SignedIn, loading: set[Request], faults: list[str], width: int
) -> None:
    """P21: light and dark, wide and narrow; the page is never scrolled sideways."""
    page = signed_in("marketer", None)
    page.set_viewport_size({"width": width, "height": 900})
    for at in (_reported["LADDER"], "2026-10-05T06:00:00Z"):
        section = groups(page, f"/promotions/LADDER?as_of={at}")
        expect(section.get_by_text(re.compile("was known as|no workspace yet"))).to_be_visible()
        for look in LOOKS:
            put_in(page, look, loading)
            assert violations(page) == [], (at, look)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    faults.clear()


def test_the_whole_list_is_told_as_of_a_moment_and_leads_back_to_now(signed_in: SignedIn) -> None:
    """N5: rates, promotions and the table as they were; a promotion opened from there, too."""
    page = signed_in("viewer", None)
    page.goto(f"/promotions?known={_reported['LADDER']}")
    bar = page.get_by_role("region", name="As known on")
    expect(bar).to_contain_text("As known on")
    table = page.get_by_role("table").first
    ladder = table.get_by_role("row", name="LADDER")
    expect(ladder).to_contain_text("40%")
    expect(table.get_by_role("row", name="STILL")).to_have_count(0)  # nobody had defined it
    export = page.get_by_role("link", name="Export CSV").get_attribute("href")
    assert export is not None
    assert "as_of=20" in export
    ladder.get_by_role("link").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("40 of 100 assignments redeemed")
    groups_section = drawer.get_by_role("region", name="By group", exact=True)
    expect(groups_section).to_contain_text("Now it is 52.7% (58 of 110)")
    drawer.get_by_role("button", name="Back to now").first.click()
    expect(drawer).to_contain_text("58 of 110 assignments redeemed")
    drawer.get_by_role("button", name="Close the breakdown").click()
    expect(table.get_by_role("row", name="STILL")).to_be_visible()
    expect(page).not_to_have_url(re.compile("known"))


def test_the_moment_of_the_list_is_chosen_by_keyboard_and_refused_in_words(
    signed_in: SignedIn, faults: list[str]
) -> None:
    """N5, P21: what cannot be told is said at the field."""
    page = signed_in("viewer", None)
    page.goto("/promotions")
    page.get_by_role("button", name="Known on …").press("Enter")
    bar = page.get_by_role("region", name="As known on")
    field = bar.get_by_label("Known on (UTC, UTC+00:00)")
    field.fill("2020-01-01T00:00")
    field.press("Enter")
    expect(bar.get_by_role("alert")).to_contain_text("not tracked yet")
    faults.clear()
    field.fill(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    field.press("Enter")
    expect(bar.get_by_role("status")).to_contain_text("As known on")
    expect(page.get_by_role("table").first.get_by_role("row", name="LADDER")).to_contain_text(
        "52.7%"
    )
    bar.get_by_role("button", name="Back to now").click()
    expect(bar).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_list_as_of_a_moment_is_accessible(
    signed_in: SignedIn, loading: set[Request], faults: list[str], width: int
) -> None:
    """N5, P21: wide and narrow, light and dark."""
    page = signed_in("viewer", None)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/promotions?known={_reported['LADDER']}")
    expect(page.get_by_text("40%").first).to_be_visible()
    for look in LOOKS:
        put_in(page, look, loading)
        assert violations(page) == [], look
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults == []
