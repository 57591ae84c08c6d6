"""Plan > Promotions: every promotion with its Redemption Rate and what it uses of its limits, at a glance."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.shop import assign, open_shop, redeem, redemption

DASH = "\N{EN DASH}"


@pytest.fixture(scope="module", autouse=True)
def shop(server: httpx.Client) -> None:
    """The shop, where SPRING20 stands at 32 of 100, VIP at 30 of 100, and QUIET was never redeemed."""
    open_shop(server)


def expect_in_order(page: Page, *names: str) -> None:
    """Waits until these promotions are shown in this order, whatever else is between them."""
    for before, after in pairwise(names):
        below = row(page, before).locator("xpath=following-sibling::tr")
        link = page.get_by_role("link", name=f"{after}:")
        expect(below.filter(has=link)).to_have_count(1)


def expect_alone(page: Page, name: str) -> None:
    """Waits until this is the only promotion shown."""
    links = page.get_by_role("table").get_by_role("link", name=re.compile("Open the breakdown"))
    expect(links).to_have_count(1)
    expect(links).to_have_accessible_name(re.compile(f"^{name}:"))


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=f"{name}:"))


def test_rates_and_limits_stand_side_by_side(signed_in: SignedIn) -> None:
    """S16, S17, S18, S21, S24, S25: the columns, and 32 of 100 is 32%."""
    page = signed_in("viewer")
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
    headers = page.get_by_role("columnheader")
    for name in ("Redemption Rate", "Budget & Cap Usage", "Assigned", "Redemptions", "Reward cost"):
        expect(headers.filter(has_text=name).first).to_be_visible()
    spring = row(page, "SPRING20")
    expect(spring.get_by_role("link", name="SPRING20: 32% redeemed")).to_be_visible()
    expect(spring.get_by_role("cell", name="100", exact=True)).to_be_visible()
    expect(spring.get_by_role("cell", name="€160")).to_be_visible()
    expect(spring.get_by_role("button", name="Budget used up: 500%")).to_be_visible()
    expect(row(page, "QUIET")).to_contain_text("No limit")


def test_the_largest_sum_there_may_be_stays_in_its_column(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S24: short in the table, whole where it is pointed at."""
    promotion(server, "DEAR")
    assign(server, "DEAR", range(30), reward_value="9999999999.99", currency="EUR")
    redeem(server, "DEAR", range(30))
    page = signed_in("viewer")
    cell = row(page, "DEAR").get_by_title("€299,999,999,999.70")
    expect(cell).to_have_text("€300B")


def test_the_rate_says_what_stands_behind_it(signed_in: SignedIn) -> None:
    """S18: numerator, denominator and interval, by pointer and by keyboard."""
    page = signed_in("viewer")
    rate = page.get_by_role("link", name="SPRING20:")
    rate.focus()
    expect(page.get_by_text("32 of 100 assignments redeemed")).to_be_visible()
    expect(page.get_by_text("95% interval: 23.7% to 41.7%")).to_be_visible()
    expect(rate).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("32 of 100 assignments redeemed")).to_have_count(0)
    rate.press("Enter")
    expect(page).to_have_url("/promotions/SPRING20")


def test_a_dash_becomes_a_percentage_while_one_looks(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S12, S19, S20: nothing was reported, then one of four is redeemed, then two."""
    promotion(server, "DASHED")
    assign(server, "DASHED", range(4))
    page = signed_in("viewer")
    rate = page.get_by_role("link", name="DASHED:")
    expect(rate).to_have_text(DASH)
    expect(rate).to_have_accessible_name(re.compile("No redemption was ever reported"))
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    server.post("/v1/redemptions", json=redemption("DASHED", 0))
    expect(rate).to_have_text("25%")
    server.post("/v1/redemptions", json=redemption("DASHED", 1))
    expect(rate).to_have_text("50%")


def test_the_best_redeemed_come_first_when_sorted_by_rate(signed_in: SignedIn) -> None:
    """S23: highest first, dashes last; the order is in the address and said to those who do not see it."""
    page = signed_in("viewer")
    header = page.get_by_role("columnheader", name="Redemption Rate")
    header.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"\?sort=-rate$"))
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("table")).to_have_attribute("aria-busy", "false")
    expect_in_order(page, "SPRING20", "VIP", "QUIET")
    header.get_by_role("button").press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile(r"\?sort=rate$"))


def test_a_view_is_its_address(signed_in: SignedIn) -> None:
    """S23: search and filters narrow the list, stay after a reload, and come off at once."""
    page = signed_in("viewer")
    expect(row(page, "VIP")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("vip")
    expect(page).to_have_url("/promotions?q=vip")
    expect(page.get_by_role("status").filter(has_text="1 promotion")).to_be_visible()
    page.get_by_role("button", name="Kind: all").click()
    page.get_by_role("checkbox", name="Tiered").check()
    expect(page).to_have_url("/promotions?q=vip&kind=tiered")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_label("Search promotions")).to_have_value("vip")
    expect(row(page, "VIP")).to_be_visible()
    expect_alone(page, "VIP")
    page.goto("/promotions?q=nobody+has+this")
    expect(page.get_by_role("heading", name="No promotion matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    expect(page).to_have_url("/promotions")
    expect(row(page, "VIP")).to_be_visible()


def test_views_are_kept_by_name(signed_in: SignedIn) -> None:
    page = signed_in("viewer", "/promotions?status=draft")
    expect(row(page, "SOON")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("To be finished")
    page.get_by_role("button", name="Save view").click()
    page.goto("/promotions")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="To be finished").click()
    expect(page).to_have_url("/promotions?status=draft")
    expect(page.get_by_role("row")).to_have_count(2)
    expect_alone(page, "SOON")


def test_columns_are_chosen_and_stay(signed_in: SignedIn) -> None:
    """S24: in this browser, and in the address for those it is sent to."""
    page = signed_in("viewer")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Excess").check()
    page.get_by_role("checkbox", name="Kind").uncheck()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("columns=name,status|columns=name%2Cstatus"))
    page.goto("/promotions")
    expect(page.get_by_role("columnheader", name="Excess")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Kind")).to_have_count(0)


def test_many_promotions_come_page_by_page(signed_in: SignedIn, server: httpx.Client) -> None:
    """P22."""
    for number in range(60):
        promotion(server, f"MANY-{number:02}", name=f"Many {number:02}", status="archived")
    page = signed_in("viewer", "/promotions?status=archived&size=25")
    expect(page.get_by_text("1 to 25 of 60")).to_be_visible()
    page.get_by_role("button", name="Page 3").click()
    expect(page.get_by_text("51 to 60 of 60")).to_be_visible()
    expect(page).to_have_url("/promotions?status=archived&size=25&page=3")
    expect(row(page, "Many 59")).to_be_visible()
    page.goto("/promotions?status=archived&size=25&page=99")
    expect(page.get_by_text("51 to 60 of 60")).to_be_visible()


def test_a_view_of_the_workspace_is_everybodys_and_forgotten_by_who_may(
    signed_in: SignedIn,
) -> None:
    """P24, P14: saved by a marketer, gone to by a viewer, who cannot take it away."""
    page = signed_in("marketer", "/promotions?status=active&sort=-rate&columns=name,rate")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save view").click()
    page.get_by_label("Name").fill("Team board")
    page.get_by_label("For everybody in the workspace").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("button", name="Team board")).to_be_visible()
    page = signed_in("viewer", "/promotions")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Team board").click()
    expect(page).to_have_url(re.compile("sort=-rate"))
    page.get_by_role("button", name="Team board").click()
    expect(page.get_by_role("menuitem", name="Copy link")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Forget Team board")).to_have_count(0)
    page = signed_in("marketer", "/promotions?status=active&sort=-rate&columns=name,rate")
    page.get_by_role("button", name="Team board").click()
    page.get_by_role("menuitem", name="Forget Team board").click()
    expect(page.get_by_role("button", name="Views")).to_be_visible()


def test_the_view_leaves_as_a_file(signed_in: SignedIn) -> None:
    """P24: with the same filter and order, all pages."""
    page = signed_in("viewer", "/promotions?kind=tiered&sort=-rate")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    found = list(csv.DictReader(text.splitlines()))
    assert [one["promotion_id"] for one in found] == ["VIP"]


def test_a_column_says_what_it_counts(signed_in: SignedIn) -> None:
    """S17, S21: on its header, for the pointer, the keyboard and those who listen."""
    page = signed_in("viewer")
    for column, meaning in (
        ("Redemption Rate", "The share of assignments that were redeemed"),
        ("Budget & Cap Usage", "its dark part is redeemed, its light part committed"),
    ):
        header = page.get_by_role("columnheader").get_by_role("button", name=column)
        expect(header).to_have_attribute("aria-description", re.compile(meaning))
        header.focus()
        expect(page.get_by_text(meaning)).to_be_visible()


def test_a_long_name_is_told_from_its_neighbour(server: httpx.Client, signed_in: SignedIn) -> None:
    """Names differ in their last words: they take two lines, and all of one is there to point at."""
    name = "Black Friday early access"
    promotion(server, "LONG", name=name)
    page = signed_in("viewer")
    link = page.get_by_role("table").get_by_role("link", name=name, exact=True)
    expect(link).to_have_attribute("title", name)
    assert link.evaluate("(one) => one.scrollWidth <= one.clientWidth"), "nothing is cut off"


def test_a_breakdown_is_printed_whole_and_alone(signed_in: SignedIn) -> None:
    """On paper: every section instead of what was in sight, no buttons, and no list beneath."""
    page = signed_in("viewer", "/promotions/SPRING20")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name="Restatements")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_hidden()
    expect(drawer.get_by_role("heading", name="Restatements")).to_be_visible()
    assert drawer.evaluate("(one) => one.scrollHeight <= one.clientHeight"), "nothing is cut off"
    colours = page.locator("html")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(colours).to_have_attribute("data-mantine-color-scheme", "light")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(colours).to_have_attribute("data-mantine-color-scheme", "dark")


def test_selected_promotions_are_compared(signed_in: SignedIn) -> None:
    """S28: kept while one searches; six are the most."""
    page = signed_in("viewer")
    page.get_by_role("checkbox", name="Select SPRING20").check()
    page.get_by_label("Search promotions").fill("vip")
    page.get_by_role("checkbox", name="Select VIP").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page).to_have_url("/compare?id=SPRING20&id=VIP")


def test_a_viewer_may_look_but_not_change(signed_in: SignedIn) -> None:
    """P14."""
    page = signed_in("viewer")
    expect(page.get_by_role("link", name="New promotion")).to_have_count(0)
    page.get_by_role("button", name="Actions for VIP").click()
    expect(page.get_by_role("menuitem", name="Open breakdown")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Edit")).to_have_count(0)
    page.goto("/promotions/VIP/edit")
    expect(page.get_by_role("dialog")).to_contain_text("Your role may look at promotions")


def test_a_telephone_shows_cards(signed_in: SignedIn, server: httpx.Client) -> None:
    """S23: the rate large, the limit, and the same actions."""
    promotion(server, "POCKET")
    assign(server, "POCKET", range(10))
    redeem(server, "POCKET", range(5))
    page = signed_in("marketer")
    page.set_viewport_size({"width": 390, "height": 844})
    card = page.get_by_role("article", name="POCKET")
    expect(card.get_by_role("link", name="POCKET: 50%")).to_be_visible()
    expect(card).to_contain_text("5 of 10 redeemed")
    card.get_by_role("button", name="Actions for POCKET").click()
    page.get_by_role("menuitem", name="Deactivate").click()
    expect(card).to_contain_text("Deactivated")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
