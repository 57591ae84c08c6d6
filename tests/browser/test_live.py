"""Figures move on the page as events arrive, in every tab, and catch up after a lost connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.api.server import promotion
from tests.browser.conftest import PATIENCE_MS, SignedIn
from tests.browser.shop import assign, redeem, redemption

_WATCH = """link => {
  window.seen = [];
  const look = () => window.seen.at(-1) !== link.textContent && window.seen.push(link.textContent);
  look();
  new MutationObserver(look).observe(link, {subtree: true, childList: true, characterData: true});
}"""


_LATE_STREAM = """
const begun = new Promise((begin) => { window.beginStream = begin; });
const ask = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, options, work) => ask(name, options, () => begun.then(work));
"""
"""The page waits with its stream until it is told to begin."""


def test_a_redemption_moves_the_rate_while_one_looks(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S12, S19, S20, S41: the dash becomes a percentage by itself, and then another."""
    promotion(server, "LIVE")
    assign(server, "LIVE", range(4))
    page = signed_in("viewer")
    rate = page.get_by_role("link", name="LIVE:")
    expect(rate).to_have_text("\N{EN DASH}")
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    server.post("/v1/redemptions", json=redemption("LIVE", 0))
    expect(rate).to_have_text("25%")
    server.post("/v1/redemptions", json=redemption("LIVE", 1))
    expect(rate).to_have_text("50%")


def test_an_answer_that_was_overtaken_does_not_put_back_what_was(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S12: made before a redemption, and there only after the stream has told of it."""
    promotion(server, "SLOW")
    assign(server, "SLOW", range(4))
    redeem(server, "SLOW", range(1))
    page = signed_in("viewer")
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    expect(page.get_by_role("link", name="SLOW:")).to_have_text("25%")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if len(held) == 2:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route(re.compile(r"/v1/promotions/SLOW(/funnel)?$"), hold)
    page.get_by_role("link", name="SLOW:").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("1 of 4 assignments redeemed")  # as the list knows it
    _await(page, lambda: len(held) == 2)
    server.post("/v1/redemptions", json=redemption("SLOW", 1))
    expect(page.get_by_role("link", name="SLOW:", include_hidden=True)).to_have_text("50%")
    for route, answer in held:
        route.fulfill(response=answer)
    expect(drawer).to_contain_text("2 of 4 assignments redeemed")
    funnel = drawer.get_by_role("table", name="What became of the assignments")
    expect(funnel.get_by_role("row", name="Redeemed 2 50%").first).to_be_visible()


def test_what_lands_before_the_stream_begins_reaches_the_page(
    page: Page, signed_in: SignedIn, server: httpx.Client
) -> None:
    """S12: figures and lists, where the first answers are older than what happened, and the stream begins after it."""
    promotion(server, "EARLY")
    assign(server, "EARLY", range(4))
    page.add_init_script(_LATE_STREAM)
    signed_in("viewer")
    rate = page.get_by_role("link", name="EARLY:")
    problems = page.get_by_role("navigation", name="Main").get_by_role("link", name="Problems")
    expect(rate).to_have_text("\N{EN DASH}")
    expect(problems).to_have_text("Problems")
    server.post("/v1/redemptions", json=[redemption("EARLY", 0), redemption("NOBODY-KNOWS", 1)])
    page.evaluate("window.beginStream()")
    expect(rate).to_have_text("25%")
    expect(problems).to_have_text("Problems1 to look at")


def test_what_nobody_changed_is_not_sent_again_when_the_stream_begins(
    page: Page, signed_in: SignedIn, server: httpx.Client
) -> None:
    """The first answers are made sure of: each is asked about once more and answered by its head alone."""
    promotion(server, "STILL")
    page.add_init_script(_LATE_STREAM)
    answers = _Answers(page)
    signed_in("viewer")
    expect(page.get_by_role("link", name="STILL:")).to_be_visible()
    lists = ("/v1/promotions?", "/v1/problems?", "/v1/sources", "/v1/alerts?")
    _await(page, lambda: all(answers.of(one) == [200] for one in lists))
    page.evaluate("window.beginStream()")
    _await(page, lambda: all(len(answers.of(one)) == 2 for one in lists))
    assert [answers.of(one) for one in lists] == [[200, 304]] * len(lists)


class _Answers:
    """How what the page asks is answered, as it comes over the wire, from a cache that holds nothing yet."""

    def __init__(self, page: Page) -> None:
        self._urls: dict[str, str] = {}
        self._statuses: list[tuple[str, int]] = []
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.clearBrowserCache")
        wire.on("Network.requestWillBeSent", self._asked)
        wire.on("Network.responseReceivedExtraInfo", self._answered)

    def of(self, path: str) -> list[int]:
        """The statuses so far of what begins so."""
        urls = [(self._urls.get(number, ""), status) for number, status in self._statuses]
        return [status for url, status in urls if url.startswith(path)]

    def _asked(self, event: Any) -> None:
        url = httpx.URL(event["request"]["url"])
        self._urls[event["requestId"]] = url.raw_path.decode()

    def _answered(self, event: Any) -> None:
        self._statuses.append((event["requestId"], event["statusCode"]))


def _await(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_MS // 20):
        if is_so():
            return
        page.wait_for_timeout(20)
    assert is_so()


def test_a_batch_moves_the_rate_once_at_its_end(signed_in: SignedIn, server: httpx.Client) -> None:
    """S13: never between what was before the batch and what is after it."""
    promotion(server, "BATCH")
    assign(server, "BATCH", range(2_000))
    redeem(server, "BATCH", range(200))
    page = signed_in("viewer")
    rate = page.get_by_role("link", name="BATCH:")
    expect(rate).to_have_text("10%")
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    rate.evaluate(_WATCH)
    redeem(server, "BATCH", range(200, 1_000))
    expect(rate).to_have_text("50%")
    page.wait_for_timeout(500)
    assert page.evaluate("window.seen") == ["10%", "50%"]


def test_nine_tabs_move_by_one_stream(signed_in: SignedIn, server: httpx.Client) -> None:
    """More tabs than a browser opens connections to a host; when the reading one closes, another goes on."""
    promotion(server, "TABS")
    assign(server, "TABS", range(10))
    first = signed_in("viewer")
    expect(first.get_by_role("status", name="Live:")).to_be_visible()
    streams: list[str] = []
    first.context.on("request", lambda r: streams.append(r.url) if "/v1/stream" in r.url else None)
    others = [first.context.new_page() for _ in range(8)]
    for tab in others:
        tab.goto("/promotions")
        expect(tab.get_by_role("status", name="Live:")).to_be_visible()
    server.post("/v1/redemptions", json=redemption("TABS", 0))
    for tab in (first, *others):
        expect(tab.get_by_role("link", name="TABS:")).to_have_text("10%")
    assert streams == []  # the first tab's is read by all
    first.close()
    server.post("/v1/redemptions", json=redemption("TABS", 1))
    for tab in others:
        expect(tab.get_by_role("link", name="TABS:")).to_have_text("20%")
    assert len(streams) == 1


def test_what_was_missed_is_caught_up(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """A lost connection is shown, and so is what happened meanwhile, once it is back."""
    promotion(server, "LOST")
    assign(server, "LOST", range(10))
    page = signed_in("viewer")
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("status", name="Reconnecting:")).to_be_visible()
    server.post("/v1/redemptions", json=redemption("LOST", 0))
    page.context.set_offline(False)
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    expect(page.get_by_role("link", name="LOST:")).to_have_text("10%")
    page.close()
    faults.clear()  # the connection we cut


def test_a_page_that_cannot_be_loaded_leaves_the_frame_and_comes_once_the_server_is_back(
    signed_in: SignedIn, faults: list[str]
) -> None:
    """P21: opened while the server is away; one can still go elsewhere, and nothing has to be loaded by hand.

    A page that no other test of this file opens: what the browser has already it does not ask for.
    """
    page = signed_in("viewer")
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("status", name="Reconnecting:")).to_be_visible()
    page.get_by_role("link", name="Customers").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This page could not be loaded")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("The server cannot be reached")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Find a customer")).to_be_visible()
    page.close()
    faults.clear()  # the connection we cut


def test_what_is_done_while_the_server_is_away_is_told_and_the_page_stays(
    signed_in: SignedIn, server: httpx.Client, faults: list[str]
) -> None:
    """P21: the first message of a page, too, and nothing of it is done later, unseen."""
    promotion(server, "KEPT")
    page = signed_in("marketer")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="KEPT:"))
    row.get_by_role("button", name="Actions").click()
    deactivate = page.get_by_role("menuitem", name="Deactivate")
    expect(deactivate).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("status", name="Reconnecting:")).to_be_visible()
    deactivate.click()
    told = page.get_by_role("alert").filter(has_text="KEPT could not be deactivated")
    expect(told).to_contain_text("The server cannot be reached")
    expect(page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
    told.click()
    expect(told).to_have_count(0)
    page.context.set_offline(False)
    expect(page.get_by_role("status", name="Live:")).to_be_visible()
    expect(row).to_contain_text("Active")
    assert server.get("/v1/promotions/KEPT").json()["status"] == "active"
    page.close()
    faults.clear()  # the connection we cut
