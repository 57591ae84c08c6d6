"""Signing in and out, and the frame around every page."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignedIn
from tests.browser.people import PASSWORD, email_of, make_user


def test_people_sign_in_by_keyboard(page: Page, server: httpx.Client) -> None:
    """S16: and stand before Plan > Promotions."""
    make_user(server, "marketer")
    page.goto("/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type(email_of("marketer"))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
    plan = page.get_by_role("navigation", name="Main")
    expect(plan.get_by_text("Plan")).to_be_visible()
    expect(plan.get_by_role("link", name="Promotions")).to_have_attribute("aria-current", "page")


def test_a_wrong_password_is_said_plainly(
    page: Page, server: httpx.Client, faults: list[str]
) -> None:
    make_user(server, "viewer")
    page.goto("/")
    page.get_by_label("Email").fill(email_of("viewer"))
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    assert faults == ["POST /v1/session was answered 401"]
    faults.clear()


def test_signing_out_ends_the_session(signed_in: SignedIn) -> None:
    page = signed_in("viewer")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto("/promotions")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_dark_stays_dark(signed_in: SignedIn) -> None:
    page = signed_in("viewer")
    page.get_by_role("button", name="Dark colours").click()
    page.reload()
    expect(page.get_by_role("button", name="Light colours")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"


def test_an_address_that_leads_nowhere_says_so(signed_in: SignedIn) -> None:
    page = signed_in("viewer", "/nowhere")
    page.get_by_role("link", name="To the promotions").click()
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
