"""Creating and changing promotions on the page, from an empty workspace on; keyboard where one would use it."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.shop import assign, redemption


def definition(server: httpx.Client, promotion_id: str) -> dict[str, Any]:
    answer = server.get(f"/v1/promotions/{promotion_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def form(page: Page, address: str) -> Locator:
    """The drawer with the form at an address."""
    page.goto(address)
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_label("Name").first).to_be_visible()
    return drawer


def menu(page: Page, name: str, action: str) -> None:
    """Chooses an action of a row by keyboard."""
    page.get_by_role("button", name=f"Actions for {name}", exact=True).press("Enter")
    # A menu takes the focus a moment after it is seen: an Enter that overtakes it would be pressed on no item.
    expect(page.get_by_role("menu").locator(":focus")).to_have_count(1)
    page.get_by_role("menuitem", name=action).press("Enter")


def test_an_empty_workspace_says_what_to_do_next(signed_in: SignedIn, server: httpx.Client) -> None:
    """S31, S40: set an integration up, create a promotion or import some; here a global one is created."""
    page = signed_in("admin")
    notice = page.get_by_text("Redemption rates appear once an integration is set up.")
    expect(notice).to_be_visible()
    link = page.get_by_role("link", name="Set up an integration")
    expect(link).to_have_attribute("href", "/integrations/new")
    expect(page.get_by_role("link", name="or import a file")).to_be_visible()
    page.get_by_role("link", name="Create your first promotion").press("Enter")
    drawer = page.get_by_role("dialog", name="New promotion")
    expect(drawer.get_by_label("Name").first).to_be_focused()
    page.keyboard.type("Spring 20%")
    expect(drawer.get_by_label("Id", exact=False).first).to_have_value("SPRING-20")
    drawer.get_by_label("Code").fill("SPRING20")
    drawer.get_by_label("Value").fill("5.00")
    drawer.get_by_role("button", name="Add a limit").press("Enter")
    drawer.get_by_label("At most").fill("50000")
    drawer.get_by_label("Starts").fill("2099-12-01T09:00")
    drawer.get_by_role("button", name="Create and activate").press("Enter")
    expect(page.get_by_text("Spring 20% is active.")).to_be_visible()
    expect(page.get_by_role("row", name="Spring 20%")).to_contain_text("Active")
    made = definition(server, "SPRING-20")
    assert (made["kind"], made["status"], made["code"]) == ("global", "active", "SPRING20")
    assert made["starts_at"].startswith("2099-12-01T09:00")  # the workspace is in UTC
    assert made["limits"][0]["amount"] == "50000"


def test_the_notice_goes_once_a_source_was_heard(signed_in: SignedIn, server: httpx.Client) -> None:
    """S41."""
    promotion(server, "HEARD")
    assign(server, "HEARD", range(2))
    server.post("/v1/redemptions", json=redemption("HEARD", 0))
    page = signed_in("viewer")
    expect(page.get_by_role("link", name="HEARD:")).to_have_text("50%")
    expect(page.get_by_text("Redemption rates appear once")).to_have_count(0)


def test_tiers_are_ordered_by_keyboard_and_freeze(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S32."""
    page = signed_in("marketer", None)
    drawer = form(page, "/promotions/new")
    drawer.get_by_label("Name").first.fill("Cashback")
    drawer.get_by_label("Tiered").check()
    for tier in ("silver", "gold"):
        drawer.get_by_role("button", name="Add a tier").press("Enter")
        drawer.get_by_label("Tier id").last.fill(tier)
    drawer.get_by_label("Tier id").last.press("Alt+ArrowUp")
    expect(drawer.get_by_label("Tier id").first).to_have_value("gold")
    expect(drawer.get_by_label("Tier id").first).to_be_focused()
    drawer.get_by_role("button", name="Create and activate").click()
    expect(page.get_by_text("Cashback is active.")).to_be_visible()
    tiers = definition(server, "CASHBACK")["tiers"]
    assert [one["tier_id"] for one in tiers] == ["gold", "silver"]
    drawer = form(page, "/promotions/CASHBACK/edit")
    expect(drawer).to_contain_text("Tiers are frozen since the first activation.")
    expect(drawer.get_by_role("button", name="Add a tier")).to_have_count(0)


def test_personal_codes_are_pasted(signed_in: SignedIn, server: httpx.Client) -> None:
    """S33: on the way in, and more of them later; doubles are told."""
    page = signed_in("marketer", None)
    drawer = form(page, "/promotions/new")
    drawer.get_by_label("Name").first.fill("Birthday")
    drawer.get_by_label("Personalized").check()
    drawer.get_by_role("textbox", name="Codes").fill("HAPPY-1\nHAPPY-2\n")
    drawer.get_by_role("button", name="Create as draft").click()
    said = "Birthday is a draft. 2 codes received, 2 new."
    expect(page.get_by_text(said)).to_be_visible()
    drawer = form(page, "/promotions/BIRTHDAY/edit")
    drawer.get_by_role("textbox", name="Codes").fill("HAPPY-2\nHAPPY-3")
    drawer.get_by_role("button", name="Add 2 codes").click()
    expect(drawer.get_by_text("2 received, 1 new")).to_be_visible()


def test_what_cannot_be_is_said_at_its_field(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """The API's own words; nothing is lost meanwhile, and no promotion is replaced."""
    promotion(server, "TAKEN", name="As it was")
    page = signed_in("marketer", None)
    drawer = form(page, "/promotions/new")
    drawer.get_by_role("button", name="Create as draft").click()
    expect(drawer.get_by_text("A promotion needs a name")).to_be_visible()
    drawer.get_by_label("Name").first.fill("Taken")
    drawer.get_by_role("button", name="Create as draft").click()
    expect(drawer.get_by_text("There is already a promotion TAKEN")).to_be_visible()
    assert definition(server, "TAKEN")["name"] == "As it was"
    drawer.get_by_label("Id", exact=False).first.fill("FREE")
    drawer.get_by_label("Value").fill("five")
    drawer.get_by_role("button", name="Create as draft").click()
    expect(drawer.get_by_text("Must be a decimal number such as 5.00")).to_be_visible()
    expect(drawer.get_by_label("Value")).to_be_focused()
    assert faults == ["PUT /v1/promotions/FREE was answered 422"]
    faults.clear()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stay here").press("Enter")
    drawer.get_by_label("Value").fill("5.00")
    drawer.get_by_role("button", name="Create as draft").click()
    expect(page.get_by_text("Taken is a draft.")).to_be_visible()


def test_only_what_was_changed_is_sent(signed_in: SignedIn, server: httpx.Client) -> None:
    promotion(server, "EDITED", name="Before", starts_at="2026-10-01T07:30:15Z", code="KEEP")
    page = signed_in("marketer", None)
    drawer = form(page, "/promotions/EDITED/edit?sort=-rate")
    expect(drawer.get_by_role("button", name="Save changes")).to_be_disabled()
    drawer.get_by_label("Name").first.fill("After")
    with page.expect_request("**/v1/promotions/EDITED") as sent:
        drawer.get_by_label("Name").first.press("Enter")
    assert sent.value.post_data_json == {"name": "After"}
    expect(page.get_by_text("After is saved.")).to_be_visible()
    expect(page).to_have_url("/promotions?sort=-rate")


def test_a_promotion_lives_and_ends_by_its_menu(signed_in: SignedIn, server: httpx.Client) -> None:
    """By keyboard: activated, deactivated, duplicated, and archived for good after a question."""
    promotion(server, "LIFE", name="Life", status="draft")
    page = signed_in("marketer", "/promotions?q=life")
    life = page.get_by_role("row").filter(has=page.get_by_role("link", name="Life:"))
    menu(page, "Life", "Activate")
    expect(life).to_contain_text("Active")
    menu(page, "Life", "Deactivate")
    expect(life).to_contain_text("Deactivated")
    menu(page, "Life", "Archive")
    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page.get_by_role("button", name="Actions for Life")).to_be_focused()
    menu(page, "Life", "Archive")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.get_by_role("button", name="Archive for good").press("Enter")
    expect(page.get_by_text("Life is archived")).to_be_visible()
    expect(page.get_by_role("heading", name="No promotion matches")).to_be_visible()
    page.goto("/promotions?q=life&status=archived")
    menu(page, "Life", "Duplicate")
    expect(page).to_have_url(re.compile("/promotions/LIFE-copy/edit"))
    assert definition(server, "LIFE-copy")["status"] == "draft"
