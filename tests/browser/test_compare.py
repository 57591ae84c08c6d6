"""Promotions side by side: which of them works, and for whom."""

from __future__ import annotations

import re
from itertools import combinations

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.files import kept
from tests.browser.settling import settled
from tests.browser.shop import assign, redeem


@pytest.fixture(scope="module", autouse=True)
def brand(server: httpx.Client) -> None:
    """Three promotions; two of them reached the segment `loyal`."""
    for name, segment in (("SPRING20", "loyal"), ("SUMMER10", "loyal"), ("WELCOME", "new")):
        promotion(server, name)
        assign(server, name, range(100), segment=segment)
    assign(server, "SUMMER10", range(100, 140), segment="vip")
    redeem(server, "SPRING20", range(32))
    redeem(server, "SUMMER10", range(56))
    redeem(server, "WELCOME", range(5))


def add(page: Page, text: str, name: str) -> None:
    """Looks a promotion up and adds it."""
    page.get_by_role("combobox", name="Add a promotion").fill(text)
    page.get_by_role("option", name=name).click()


def test_promotions_are_compared_on_one_scale(signed_in: SignedIn) -> None:
    """S28: their rates and counts in rows, and each leads to its breakdown."""
    page = signed_in("viewer", "/compare?id=SPRING20&id=SUMMER10")
    figures = page.get_by_role("region", name="Figures", exact=True)
    spring = figures.get_by_role("row", name="SPRING20")
    expect(spring).to_contain_text("32%")
    expect(spring).to_contain_text("23.7% to 41.7%")
    expect(figures.get_by_role("row", name="SUMMER10")).to_contain_text("40%")
    spring.get_by_role("link", name="SPRING20: 32%. Open the breakdown").click()
    expect(page.get_by_role("dialog", name="SPRING20")).to_contain_text("32 of 100")


def test_promotions_are_added_by_name_and_taken_out(signed_in: SignedIn) -> None:
    """S28: the choice is in the address; whoever adds one after another goes on typing in the same field."""
    page = signed_in("viewer", "/compare")
    expect(page.get_by_role("heading", name="Choose promotions to compare")).to_be_visible()
    add(page, "spr", "SPRING20")
    page.keyboard.type("wel")
    expect(page.get_by_role("option")).to_have_text([re.compile("WELCOME")])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/compare?id=SPRING20&id=WELCOME")
    chart = page.get_by_role("figure", name="Redemption rate by week of assignment")
    expect(chart).to_be_visible()
    page.get_by_role("button", name="Remove SPRING20").click()
    expect(page).to_have_url("/compare?id=WELCOME")
    expect(page.get_by_text("Add another promotion to compare it with.")).to_be_visible()


def test_the_same_group_is_compared_across_promotions(signed_in: SignedIn) -> None:
    """S28, S37: only segments that all of them have, unless one wants to see every one."""
    page = signed_in("viewer", "/compare?id=SPRING20&id=SUMMER10")
    table = page.get_by_role("table", name="Redemption rate by segment")
    expect(table.get_by_role("rowheader")).to_have_text(["loyal"])
    cell = table.get_by_role("link", name=re.compile("^SUMMER10, loyal: 56%"))
    page.get_by_role("switch", name="Only groups all of them have").click()
    expect(table.get_by_role("rowheader")).to_have_text(["loyal", "vip"])
    cell.click()
    table = page.get_by_role("dialog").get_by_role("table", name="SUMMER10 by segment")
    expect(table.get_by_role("row", name="loyal")).to_contain_text("56%")


def test_what_is_compared_leaves_as_files(signed_in: SignedIn) -> None:
    """P24: the matrix by group and the weeks, a column for each promotion; rewards and rates as they were told."""
    page = signed_in("viewer", "/compare?id=SPRING20&id=SUMMER10&time=table")
    groups = page.get_by_role("region", name="By group", exact=True)
    file = kept(page, groups.get_by_role("button", name="Save as CSV"))
    assert file.name.startswith("redemption-rate-by-segment-20")
    (loyal,) = file.rows
    assert (loyal["segment"], loyal["SPRING20 rate"], loyal["SUMMER10 redeemed"]) == (
        *("loyal", "0.32", "56"),
    )
    weeks = page.get_by_role("region", name="Rate by week of assignment")
    (week,) = kept(page, weeks.get_by_role("button", name="Save as CSV")).rows
    assert (week["SPRING20 assigned"], week["SUMMER10 rate"]) == ("100", "0.4")
    page.get_by_text("Show the numbers").click()
    given = kept(page, page.get_by_role("button", name="Save as CSV: generosity"))
    assert {(one["reward"], one["reward_in"]) for one in given.rows} == {("5.00", "EUR")}


def test_promotions_without_a_common_group_say_so(signed_in: SignedIn) -> None:
    page = signed_in("viewer", "/compare?id=SPRING20&id=WELCOME")
    expect(page.get_by_text("There is no segment that all of them have.")).to_be_visible()
    page.get_by_role("button", name="Show all 2").click()
    table = page.get_by_role("table", name="Redemption rate by segment")
    expect(table.get_by_role("rowheader")).to_have_text(["loyal", "new"])


def test_promotions_are_ordered_by_effect_and_never_by_a_number_there_is_not(
    signed_in: SignedIn,
) -> None:
    """S28, S29: by rate first, then by ROI; without a control group the reason stands there."""
    page = signed_in("viewer", "/compare")
    effect = page.get_by_role("region", name="Promotions by effect")
    names = effect.locator("tbody th a")
    expect(names).to_have_text(["SUMMER10", "SPRING20", "WELCOME"])
    page.get_by_role("radiogroup", name="Order by").get_by_text("ROI").click()
    expect(page).to_have_url("/compare?order=roi")
    row = effect.get_by_role("row", name="SPRING20")
    expect(row.get_by_text("Not computable: no control group").last).to_be_visible()
    expect(effect.get_by_role("columnheader", name="Cost per redemption")).to_contain_text(
        "not causal"
    )


def test_generosity_is_drawn_against_the_rate(signed_in: SignedIn) -> None:
    """S39: a scatter of promotions, and the same as a table."""
    page = signed_in("viewer", "/compare?id=SPRING20&id=SUMMER10")
    expect(page.get_by_role("figure", name="Redemption rate by reward")).to_be_visible()
    page.get_by_text("Show the numbers").click()
    table = page.get_by_role("region", name="Rewards and rates").get_by_role("table")
    expect(table.get_by_role("row", name="SPRING20")).to_contain_text("32%")


def test_names_of_points_that_lie_close_do_not_lie_on_each_other(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """P24: offers of nearly the same reward and rate can be told apart."""
    names = ("A cup of tea", "A cup of coffee", "A piece of cake")
    for name, value in zip(names, ("5.00", "6.00", "5.50"), strict=True):
        promotion(server, name, reward={"type": "amount", "currency": "EUR", "value": value})
        assign(server, name, range(100), segment="guests")
        redeem(server, name, range(30))
    page = signed_in("viewer", "/compare?" + "&".join(f"id={name}" for name in names))
    figure = page.get_by_role("figure", name="Redemption rate by reward")
    expect(figure).to_be_visible()
    settled(page, loading)
    boxes = []
    for name in names:
        label = figure.get_by_text(name, exact=True)
        expect(label).to_be_visible()
        box = label.bounding_box()
        assert box is not None
        boxes.append(box)
    for one, other in combinations(boxes, 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        assert apart, (one, other)
