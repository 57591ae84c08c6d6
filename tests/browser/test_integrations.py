"""Connecting systems: the wizard from nothing to a source that is live, and how each stands afterwards."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.server import figures, promotion
from tests.browser.conftest import SignedIn
from tests.browser.files import kept
from tests.browser.shop import ago, assign, redemption


@pytest.fixture(scope="module", autouse=True)
def offer(server: httpx.Client) -> None:
    """A promotion that three customers got and nobody has used."""
    promotion(server, "SPRING20")
    assign(server, "SPRING20", range(3))


def test_a_system_is_connected_from_nothing_to_live(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N15, S4, S40, S41: name, cadence, key, a test event seen landing, live; then data appears by itself."""
    page = signed_in("developer")
    page.get_by_role("link", name="Integrations").click()
    page.get_by_role("link", name="Connect a system").click()
    page.get_by_role("radio", name=re.compile("^Checkout")).click()
    go_on(page)
    page.get_by_role("radio", name=re.compile("^Hourly")).click()
    go_on(page)
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("The key", exact=True).inner_text()
    go_on(page)
    expect(page.get_by_text("Waiting for your test event")).to_be_visible()
    expect(page.get_by_role("region", name="curl")).to_contain_text(key)

    sent = report(server, key, redemption("SPRING20", 1), dry_run="true")
    landed = page.get_by_role("region", name="Your test event")
    expect(landed).to_contain_text("has landed")
    expect(landed).to_contain_text("Counted")
    expect(landed).to_contain_text(sent["event_id"])
    assert figures(server, "SPRING20")["state"] == "no_data"

    go_on(page)
    expect(page.get_by_text("Redemptions are tracked from")).to_be_visible()
    page.get_by_role("button", name="Mark it live").click()
    expect(page.get_by_role("heading", name="Checkout is live")).to_be_visible()
    expect(page.get_by_role("region", name="curl")).not_to_contain_text("dry_run")
    report(server, key, redemption("SPRING20", 1))
    page.get_by_role("link", name="Go to promotions").click()
    expect(page.get_by_role("link", name=re.compile("^SPRING20: 33.3% redeemed"))).to_be_visible()


def test_a_test_event_is_sent_from_the_page_and_explained(signed_in: SignedIn) -> None:
    """S40: what it would come to, what that means and what to do; nothing of it is counted."""
    page = signed_in("developer", None)
    set_up(page, "Bonus engine", step="key")
    page.get_by_role("button", name="Make the key").click()
    go_on(page)
    page.get_by_label("Customer").fill("nobody-knows-me")
    page.get_by_role("button", name="Send a test event from here").click()
    landed = page.get_by_role("region", name="Your test event")
    expect(landed).to_contain_text("Pending")
    expect(landed).to_contain_text("it would wait until this customer is known")
    expect(landed).to_contain_text("nobody-knows-me")


def test_a_test_event_says_what_of_it_is_kept_nowhere(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N15: a name in another spelling would be lost without a word; what was meant stands beside it."""
    page = signed_in("developer", None)
    set_up(page, "Web shop", step="key")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("The key", exact=True).inner_text()
    go_on(page)
    landed = page.get_by_role("region", name="Your test event")
    event = redemption("SPRING20", 2)
    report(server, key, event | {"rewardValue": "5.00"}, dry_run="true")
    expect(landed).to_contain_text("rewardValue: is no field here; did you mean reward_value?")
    report(server, key, event | {"reward_value": "5.00"}, dry_run="true")
    expect(landed).not_to_contain_text("rewardValue")
    expect(landed).not_to_contain_text("kept nowhere")


def test_there_is_nothing_to_set_up_for_what_promosight_itself_decides(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """Its source is never live, so that nobody waits to hear of it; that is no set-up somebody left."""
    source = {"name": "decisioning", "cadence": "realtime", "live": False}
    assert server.post("/v1/sources", json=source).status_code == 201
    page = signed_in("developer", "/integrations")
    row = page.get_by_role("listitem").filter(has_text="decisioning")
    expect(row).to_contain_text("Built in")
    row.get_by_role("link", name="Open decisioning").click()
    expect(page.get_by_role("heading", name="decisioning")).to_be_visible()
    expect(page.get_by_text("What Promosight decides")).to_be_visible()
    expect(page.get_by_role("link", name="Continue set-up")).to_have_count(0)
    expect(page.get_by_role("button", name="Make a key")).to_have_count(0)


def test_a_snippet_is_there_in_four_languages(signed_in: SignedIn) -> None:
    """S5, S6: the address of this server, a promotion and one of its customers stand in each."""
    page = signed_in("developer", None)
    set_up(page, "Data pipeline", step="key")
    page.get_by_role("button", name="Make the key").click()
    go_on(page)
    expect(page.get_by_label("Customer")).to_have_value(re.compile("c-[0-2]"))
    for language in ("curl", "Python", "JavaScript", "File"):
        page.get_by_role("tab", name=language).click()
        snippet = page.get_by_role("region", name=language)
        for part in (page.url.split("/integrations")[0], "ps_", "SPRING20", "dry_run"):
            expect(snippet).to_contain_text(part)
        expect(page).to_have_url(re.compile(f"with={language.lower()}"))


def test_a_set_up_that_was_left_is_taken_up_again(signed_in: SignedIn) -> None:
    """N15: the source waits, and a key that was lost is replaced by another."""
    page = signed_in("developer", None)
    set_up(page, "Till", step="key")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("This key is shown once")).to_be_visible()
    page.get_by_role("link", name="Leave").click()
    line = source(page, "Till")
    expect(line).to_contain_text("Setting up")
    line.get_by_role("link", name="Continue set-up").click()
    go_on(page)
    expect(page.get_by_text("This source has a key already")).to_be_visible()
    page.get_by_role("button", name="Make another key").click()
    expect(page.get_by_text("This key is shown once")).to_be_visible()


def test_a_name_that_is_taken_leads_to_the_source(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    server.post("/v1/sources", json={"name": "Warehouse"})
    page = signed_in("developer", "/integrations/new")
    page.get_by_label("Name of the source").fill("warehouse")
    expect(page.get_by_role("button", name="Continue")).to_be_disabled()
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", name="Warehouse")).to_be_visible()


def test_the_cadence_is_changed_at_any_time(signed_in: SignedIn, server: httpx.Client) -> None:
    """S7: and no figure with it."""
    server.post("/v1/sources", json={"name": "Store", "cadence": "daily"})
    page = signed_in("developer", "/integrations/Store")
    page.get_by_role("combobox", name="Cadence").click()
    page.get_by_role("option", name="Real-time").click()
    expect(page.get_by_text("No figure has changed")).to_be_visible()
    assert cadence(server, "Store") == "realtime"


def test_what_a_source_sent_is_shown_by_outcome(signed_in: SignedIn, server: httpx.Client) -> None:
    """P24: with how fresh it was; as a chart and as a table, by hour or day; the address says which."""
    told = redemption("SPRING20", 2) | {"event_id": "seen"}
    report(server, key_of(server, "App"), told)
    page = signed_in("viewer", "/integrations/App?by=day")
    expect(page.get_by_role("figure", name="What App sent")).to_be_visible()
    expect(page.get_by_role("figure", name="For how long App had been silent")).to_be_visible()
    expect(page.get_by_text("never overdue (6 hours are allowed)")).to_be_visible()
    fresh = kept(page, page.get_by_role("button", name="CSV: freshness"))
    assert fresh.name.startswith("App-freshness-20")
    assert (fresh.rows[-1]["silent_hours"], fresh.rows[-1]["overdue"]) == ("0", "false")
    page.get_by_text("Table", exact=True).click()
    expect(page).to_have_url(re.compile("view=table"))
    expect(page.get_by_role("columnheader", name="Counted")).to_be_visible()


def test_what_a_source_said_it_reported_is_shown_with_the_difference_as_a_file(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N4: how to begin; then the receipts, the latest first, and the events in which the two sides differ."""
    key = key_of(server, "Night job")
    page = signed_in("viewer", "/integrations/Night%20job")
    receipts = page.get_by_role("region", name="Reconciliation", exact=True)
    expect(receipts.get_by_role("region", name="Reconcile a day")).to_contain_text(
        "promosight reconcile events.csv"
    )
    told = redemption("SPRING20", 0) | {"event_id": "night-1"}
    report(server, key, told)
    day = {"day": str(told["redeemed_at"])[:10]}
    door = "/v1/sources/Night%20job/reconciliations"
    assert server.post(door, json=day | {"redemptions": 1}).json()["outcome"] == "equal"
    other = server.post(door, json=day | {"redemptions": 2, "reversals": 0}).json()
    page.reload()
    rows = receipts.get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("Not narrowed down yet")
    expect(rows.nth(2)).to_contain_text("Equal")
    missing = {"event_id": "night-2"}
    path = f"{door}/{other['reconciliation_id']}/events"
    assert server.post(path, json=[{"event_id": "night-1"}, missing]).status_code == 200
    page.reload()
    expect(rows.nth(1)).to_contain_text("2 redemptions, 0 reversals")
    expect(rows.nth(1)).to_contain_text("1 never received")
    with page.expect_download() as begun:
        rows.nth(1).get_by_role("link", name="CSV").click()
    assert "night-2,missing_here" in begun.value.path().read_text()


def test_nothing_redeemed_is_declared(signed_in: SignedIn, server: httpx.Client) -> None:
    """A dash becomes 0% where a source says that it reported everything."""
    server.post("/v1/sources", json={"name": "Quiet till", "cadence": "daily"})
    today = ago()[:10]
    page = signed_in("admin", "/integrations/Quiet%20till")
    page.get_by_label("From").fill(today)
    page.get_by_label("To, inclusive").fill(today)
    page.get_by_role("button", name="Declare it covered").click()
    expect(page.get_by_text("Quiet till has reported everything")).to_be_visible()


def test_the_reference_and_the_schemas_are_one_click_away(signed_in: SignedIn) -> None:
    """S3."""
    page = signed_in("viewer", "/integrations")
    links = page.get_by_role("navigation", name="For developers").get_by_role("link")
    expect(links).to_have_count(4)
    for link in links.all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.ok, link.inner_text()


def test_a_marketer_is_told_who_connects_systems(signed_in: SignedIn) -> None:
    """P14."""
    page = signed_in("marketer", "/integrations/new")
    expect(page.get_by_text("Developers and administrators do")).to_be_visible()
    expect(page.get_by_label("Name of the source")).to_have_count(0)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def set_up(page: Page, name: str, *, step: str) -> None:
    """Names a source and goes to a step."""
    page.goto("/integrations/new")
    page.get_by_label("Name of the source").fill(name)
    go_on(page)
    expect(page.get_by_role("heading", name=f"When will {name} report?")).to_be_visible()
    page.goto(f"{page.url.split('?')[0]}?step={step}")


def source(page: Page, name: str) -> Locator:
    """The line of a source in the list."""
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_role("main").get_by_role("listitem").filter(has=heading)


def key_of(server: httpx.Client, name: str) -> str:
    """Makes a live source, and a key for it."""
    assert server.post("/v1/sources", json={"name": name}).status_code == 201
    wanted = {"name": name, "scopes": ["redemptions:write"], "source": name}
    return str(server.post("/v1/keys", json=wanted).json()["key"])


def report(server: httpx.Client, key: str, event: dict[str, Any], **query: str) -> dict[str, Any]:
    """Sends an event as a system does, with its own key."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = server.post("/v1/redemptions", json=event, params=query, headers=headers)
    assert answer.json()["outcome"] == "counted", answer.text
    return event


def cadence(server: httpx.Client, name: str) -> str:
    """What a source's cadence is by now."""
    items = server.get("/v1/sources").json()["items"]
    return str(next(one["cadence"] for one in items if one["name"] == name))


def test_a_source_that_was_never_connected_is_said_so(signed_in: SignedIn) -> None:
    page = signed_in("developer", "/integrations/nobody")
    expect(page.get_by_role("heading", name="There is no source with this name")).to_be_visible()
    expect(page.get_by_text("A system that reports to this workspace.")).to_have_count(0)
    page.get_by_role("link", name="All integrations").click()
    expect(page.get_by_role("heading", name="Integrations", exact=True)).to_be_visible()
