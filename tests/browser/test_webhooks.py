"""P11: webhooks in the settings: set up, tried out, followed and mended by who may, with a real receiver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.api.server import new_workspace, promotion, serving
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.people import Role
from tests.browser.settling import put_in
from tests.browser.shop import assign, redemption
from tests.receiving import Receiver, receiving

ADDRESS = "/settings?tab=webhooks"
COUNTED = "redemption.counted"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that may tell receivers beside it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"
    with serving(url, new_workspace(url), "--webhooks-private") as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def none_left(server: httpx.Client) -> Iterator[None]:
    """Each test begins with no webhook."""
    yield
    for one in server.get("/v1/webhooks").json()["items"]:
        server.delete(f"/v1/webhooks/{one['webhook_id']}")


def made(server: httpx.Client, url: str, *events: str) -> dict[str, Any]:
    """A webhook that is there already."""
    answer = server.post("/v1/webhooks", json={"url": url, "events": events or [COUNTED]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(page: Page, hook: dict[str, Any]) -> Locator:
    """What was sent to a webhook, on the page."""
    page.goto(f"{ADDRESS}&webhook={hook['webhook_id']}")
    return page.get_by_role("region", name=f"Deliveries to {hook['url']}")


def ask(page: Page, hook: dict[str, Any], what: str) -> None:
    """Chooses what is to be done with a webhook."""
    page.get_by_role("button", name=f"Actions of {hook['url']}").click()
    page.get_by_role("menuitem", name=what).click()


def test_a_webhook_is_added_and_tried_out(signed_in: SignedIn, receiver: Receiver) -> None:
    page = signed_in("developer", ADDRESS)
    expect(page.get_by_text("No system is told anything yet")).to_be_visible()
    page.get_by_role("button", name="Add a webhook").click()
    dialog = page.get_by_role("dialog", name="Add a webhook")
    add = dialog.get_by_role("button", name="Add the webhook")
    dialog.get_by_label("Address").fill(receiver.url)
    expect(add).to_be_disabled()
    dialog.get_by_role("checkbox", name="Redemption counted").check()
    dialog.get_by_role("checkbox", name="Source overdue").check()
    dialog.get_by_label("Description").fill("Loyalty")
    add.click()
    secret = page.get_by_label("The secret", exact=True).inner_text()
    page.get_by_role("button", name="I have kept it").click()
    row = page.get_by_role("listitem").filter(has_text="Loyalty. Redemptions that count, overdue")
    expect(row).to_contain_text("Nothing sent yet")
    row.get_by_role("button", name="Send a test").click()
    (test,) = receiver.wait_for(lambda all_of: len(all_of) == 1)
    assert test.is_signed_by(secret)
    deliveries = page.get_by_role("region", name="Deliveries to")
    expect(deliveries.get_by_role("listitem")).to_contain_text("Delivered")
    expect(deliveries).to_contain_text("Answered 204 in")
    expect(page.get_by_text(secret)).to_have_count(0)


def test_what_is_wrong_stands_at_the_field(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    page = signed_in("admin", ADDRESS)
    page.get_by_role("button", name="Add a webhook").click()
    address = page.get_by_label("Address")
    address.fill("ftp://shop.example")
    page.get_by_role("checkbox", name="Limit passed").check()
    page.get_by_role("button", name="Add the webhook").click()
    expect(address).to_have_accessible_description(re.compile("Must begin with https://"))
    expect(page.get_by_role("alert")).to_have_count(0)
    assert faults == ["POST /v1/webhooks was answered 422"]
    faults.clear()
    assert server.get("/v1/webhooks").json()["items"] == []


def test_a_webhook_is_changed_disabled_enabled_and_deleted(
    signed_in: SignedIn, server: httpx.Client, receiver: Receiver
) -> None:
    page, hook = signed_in("admin", None), made(server, receiver.url)
    deliveries = opened(page, hook)
    ask(page, hook, "Edit")
    page.get_by_role("checkbox", name="Redemption reversed").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Redemptions that count, reversals")).to_be_visible()
    ask(page, hook, "Disable")
    page.get_by_role("button", name="Disable the webhook").click()
    expect(deliveries).to_contain_text("Disabled: by a user or a key")
    expect(deliveries.get_by_role("button", name="Send a test")).to_be_disabled()
    deliveries.get_by_role("button", name="Enable").click()
    expect(deliveries.get_by_role("button", name="Send a test")).to_be_enabled()
    kept = server.get(f"/v1/webhooks/{hook['webhook_id']}").json()
    assert kept["events"] == [COUNTED, "redemption.reversed"]
    assert kept["enabled"]
    ask(page, hook, "Delete")
    page.get_by_role("button", name="Delete the webhook").click()
    expect(page.get_by_text("No system is told anything yet")).to_be_visible()
    assert server.get("/v1/webhooks").json()["items"] == []


def test_a_new_secret_signs_beside_the_one_before(
    signed_in: SignedIn, server: httpx.Client, receiver: Receiver
) -> None:
    page, hook = signed_in("admin", None), made(server, receiver.url)
    deliveries = opened(page, hook)
    ask(page, hook, "New secret")
    dialog = page.get_by_role("dialog", name="New secret")
    expect(dialog).to_contain_text("The old one signs beside it for 24 hours")
    dialog.get_by_role("button", name="Make a new secret").click()
    secret = dialog.get_by_label("The secret", exact=True).inner_text()
    dialog.get_by_role("button", name="I have kept it").click()
    expect(deliveries).to_contain_text("The secret before signs as well until")
    ask(page, hook, "Send a test")
    (test,) = receiver.wait_for(lambda all_of: len(all_of) == 1)
    assert secret != hook["secret"]
    assert test.is_signed_by(secret)
    assert test.is_signed_by(hook["secret"])


def test_what_failed_is_seen_and_sent_again(
    signed_in: SignedIn, server: httpx.Client, receiver: Receiver
) -> None:
    receiver.answer = lambda _: (503, {"Retry-After": "600"})
    page, hook = signed_in("admin", None), made(server, receiver.url)
    promotion(server, "HOOKED")
    assign(server, "HOOKED", range(1, 2))
    answer = server.post("/v1/redemptions", json=redemption("HOOKED", 1))
    assert answer.json()["outcome"] == "counted", answer.text
    deliveries = opened(page, hook)
    line = deliveries.get_by_role("listitem")
    expect(line).to_contain_text("Event HOOKED-1 from default")
    expect(line).to_contain_text(re.compile("Waiting.*Answered 503 in"))
    expect(page.get_by_text("It has taken nothing since")).to_be_visible()
    expect(line).to_contain_text("Next attempt in")
    receiver.answer = lambda _: 204
    deliveries.get_by_role("button", name="Send now: Redemption counted HOOKED-1").click()
    expect(line).to_contain_text("Delivered")
    expect(page.get_by_text("It has taken nothing since")).to_have_count(0)
    deliveries.get_by_text("Failed", exact=True).click()
    expect(deliveries).to_contain_text("None.")
    deliveries.get_by_text("Delivered", exact=True).first.click()
    expect(line).to_have_count(1)


def test_deliveries_come_page_by_page(
    signed_in: SignedIn, server: httpx.Client, receiver: Receiver
) -> None:
    page, hook = signed_in("admin", None), made(server, receiver.url)
    for _ in range(21):
        server.post(f"/v1/webhooks/{hook['webhook_id']}/test")
    deliveries = opened(page, hook)
    expect(deliveries.get_by_role("listitem")).to_have_count(20)
    deliveries.get_by_role("button", name="Show more").click()
    expect(deliveries.get_by_role("listitem")).to_have_count(21)


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_who_may(signed_in: SignedIn, role: Role) -> None:
    page = signed_in(role, "/settings")
    page.get_by_role("tab", name="Webhooks").click()
    expect(page.get_by_text("Developers and administrators set up webhooks")).to_be_visible()
    expect(page.get_by_role("button", name="Add a webhook")).to_have_count(0)


def test_it_is_worked_by_keyboard(
    signed_in: SignedIn, server: httpx.Client, receiver: Receiver
) -> None:
    page, hook = signed_in("admin"), made(server, receiver.url)
    page.goto(ADDRESS)
    toggle = page.get_by_role("button", name=hook["url"], exact=True)
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Send a test")).to_be_focused()
    page.keyboard.press("Enter")
    receiver.wait_for(lambda all_of: len(all_of) == 1)
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("width", [1280, 390])
def test_webhooks_keep_the_rules(
    signed_in: SignedIn,
    server: httpx.Client,
    receiver: Receiver,
    loading: set[Request],
    width: int,
) -> None:
    """P21: in light and in dark, wide and narrow, the list and the form."""
    receiver.answer = lambda one: 204 if one.said["type"] == "ping" else 500
    page, hook = signed_in("admin", None), made(server, receiver.url)
    off = made(server, f"https://shop.example/{'long' * 40}", "source.overdue")
    server.patch(f"/v1/webhooks/{off['webhook_id']}", json={"enabled": False})
    server.post(f"/v1/webhooks/{hook['webhook_id']}/test")
    page.set_viewport_size({"width": width, "height": 844})
    for one in (hook, off):
        expect(opened(page, one)).to_be_visible()
        keeps_the_rules(page, loading, width)
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    keeps_the_rules(page, loading, width)


def keeps_the_rules(page: Page, loading: set[Request], width: int) -> None:
    """Looks at the page in both colours."""
    for look in ("light", "dark"):
        put_in(page, look, loading)
        assert violations(page) == [], look
    assert page.evaluate("document.documentElement.scrollWidth") <= width
