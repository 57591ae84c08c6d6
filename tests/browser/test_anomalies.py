"""N13 on the page: the bell tells of an anomaly, its page shows counted against expected, somebody says it was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Request, expect

from promosight.flows.noticing.keep_anomalies import Changed, News, Raised, keep_news
from promosight.flows.noticing.watching import REDEMPTIONS, Key
from promosight.rules.instants import DAY_US, HOUR_US
from promosight.serve import now_us
from promosight.store.catalogue import load
from promosight.store.engine import open_store
from promosight.store.tx import Tx
from tests.api.anomalous import an_anomaly
from tests.api.server import new_workspace, promotion, serving
from tests.browser.axe import violations
from tests.browser.conftest import SignedIn
from tests.browser.files import kept
from tests.browser.settling import settled

_DETAILS: dict[str, Any] = {
    "expected": 51.0,
    "actual": 6,
    "cause": [["source", ["till"]]],
    "share": 0.75,
    "others": [],
    "batched": False,
    "scale": 1.0,
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The store beneath the server."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"


@pytest.fixture(scope="module")
def server(url: str) -> Iterator[httpx.Client]:
    """A server over a store that a test can reach."""
    with serving(url, new_workspace(url)) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def stopped(server: httpx.Client) -> None:
    """Redemptions of STOPPED came every hour for five days, and then none; of QUIET there was never one."""
    an_anomaly(server, "STOPPED")
    promotion(server, "QUIET")


def test_a_marketer_is_led_from_the_bell_to_what_dropped(
    signed_in: SignedIn, server: httpx.Client, loading: set[Request]
) -> None:
    """N13, P24: in a sentence, with a chart and its numbers; and it says who has seen it."""
    (found,) = server.get("/v1/anomalies").json()["items"]
    page = signed_in("marketer")
    expect(page).to_have_url("/promotions")  # the list of alerts closes when the address changes
    page.get_by_role("button", name="Alerts, 1 new").click()
    alerts = page.get_by_role("dialog", name="Alerts")
    line = alerts.get_by_role("link", name="Drop of")
    expect(line).to_contain_text("everywhere alike")
    file = kept(page, alerts.get_by_role("link", name="CSV of anomalies"))
    assert [one["anomaly_id"] for one in file.rows] == [found["anomaly_id"]]
    line.click()
    card = page.get_by_role("article", name="Drop of")
    expect(card).to_contain_text(found["said"])
    expect(card).to_contain_text("Goes on")
    figure = card.get_by_role("figure", name="Counted and expected by hour")
    expect(figure).to_be_visible()
    expect(figure.locator("path[stroke-dasharray]")).to_have_count(1)  # what was expected
    expect(page.get_by_text("No surprise")).to_be_visible()
    card.get_by_text("Show the numbers").click()
    numbers = kept(page, card.get_by_role("button", name="Save as CSV"))
    assert numbers.name.startswith("STOPPED-drop-of-redemptions-by-hour-20")
    assert [(one["at"], float(one["expected"])) for one in numbers.rows] == [
        (one["at"], one["expected"]) for one in found["slots"]
    ]
    settled(page, loading)
    assert violations(page) == []
    card.get_by_role("button", name="I have seen it").click()
    expect(card).to_contain_text("Seen by")


def test_where_nothing_was_found_it_says_what_is_looked_at(signed_in: SignedIn) -> None:
    page = signed_in("viewer")
    page.goto("/promotions/QUIET#anomalies")
    expect(page.get_by_text("Nothing was otherwise than expected")).to_be_visible()


def test_anomalies_are_drawn_one_after_the_other(
    signed_in: SignedIn, url: str, loading: set[Request]
) -> None:
    """P24: both on the band in which redemptions were expected, above what is said of each."""
    store = open_store(url, now_us=now_us())
    store.change(two_that_are_over)
    store.close()
    page = signed_in("viewer", "/promotions/QUIET#anomalies")
    expect(page.get_by_role("article", name="Drop of redemptions")).to_have_count(2)
    drawn = page.get_by_role("figure", name="Anomalies over time: Redemptions, by hour")
    expect(drawn.locator("svg")).to_be_visible()
    expect(page.get_by_text("In an anomaly", exact=True)).to_be_visible()
    groups = kept(page, page.get_by_role("button", name="CSV: drop of redemptions by group").first)
    assert groups.rows == [
        {"dimension": "source", "word": "till", "expected": "8.5", "counted": "1", "share": "0.75"}
    ]
    settled(page, loading)
    assert violations(page) == []


def two_that_are_over(tx: Tx) -> None:
    """Keeps two drops of QUIET, of a few hours each, days apart."""
    catalogue = load(tx, tx.all("workspaces")[0][0])
    key = Key(REDEMPTIONS, catalogue.by_id["QUIET"].promotion_no, "")
    for number, days in enumerate((20, 10)):
        began_us = now_us() // HOUR_US * HOUR_US - days * DAY_US
        hours = [(began_us + n * HOUR_US, 1 if n >= 0 else 9, 8.5, 3, 15) for n in range(-24, 6)]
        line = {"dimension": "source", "word": "till", "expected": 8.5, "actual": 1, "share": 0.75}
        details = _DETAILS | {"since_us": began_us, "chart": hours, "lines": [[*line.values()]]}
        text = json.dumps(details)
        raised = Raised(number + 1, key, "drop", began_us, began_us + 6 * HOUR_US, text)
        over = Changed(number + 1, text, began_us + 6 * HOUR_US)
        keep_news(tx, News(catalogue.workspace.workspace_no, [raised], []))
        keep_news(tx, News(catalogue.workspace.workspace_no, [], [over]))
