"""P18: what names people is kept no longer than the workspace says, and no figure moves for it."""

from __future__ import annotations

import secrets
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from promosight.flows.people.retention import retention_of
from promosight.rules.instants import DAY_US
from promosight.serve import now_us
from promosight.store.engine import open_store
from promosight.worker.retention import Keeper
from tests.api.server import new_workspace, promotion, serving
from tests.api.test_erasure import ANNA, dumped, is_clean, redemption, send, shown
from tests.api.test_shops import charge, outcomes, reason, session, shop
from tests.api.test_shops import send as send_message
from tests.cli.program import ask

AT = "2026-11-19T10:00:00Z"
SETTINGS = {
    "refused_days": 10,
    "answers_days": 10,
    "traces_days": 10,
    "payments_days": 40,
    "customers_days": 30,
}


def lives(client: httpx.Client) -> None:
    """Anna has a part in a promotion that ends soon, Ben also in one that goes on; something was refused."""
    soon = datetime.now(UTC) + timedelta(days=5)
    promotion(client, "p", ends_at=soon.isoformat())
    promotion(client, "q")
    about = {"attributes": {"email": ANNA}, "segments": ["vip"]}
    assert client.put(f"/v1/customers/{ANNA}", json=about).status_code == 201
    given = [
        {"promotion_id": "p", "customer_id": ANNA, "segment": "vip"},
        {"promotion_id": "p", "customer_id": "ben-4711"},
        {"promotion_id": "q", "customer_id": "ben-4711"},
    ]
    send(client, "assignments", [one | {"assigned_at": AT} for one in given])
    told = [redemption("e1"), redemption("e2", customer_id="ben-4711")]
    send(client, "redemptions", [*told, redemption("e4", redeemed_at="never")])
    client.post("/v1/redemptions?dry_run=true", json=redemption("e9"))
    held = {"promotion_id": "p", "customer_id": ANNA}
    answer = client.post("/v1/reservations", json=held, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 201, answer.text
    asked = {"customer_id": "ben-4711", "decision_id": "d1"}
    assert client.post("/v1/decisions", json=asked).status_code == 200


def let_time_pass(store_url: str, days: int) -> None:
    """What a server does so many days from now."""
    store = open_store(store_url, now_us=0)
    try:
        keeper = Keeper(store, clock=lambda: now_us() + days * DAY_US, fresh=secrets.token_urlsafe)
        keeper.go_round(1, store.read(lambda tx: retention_of(tx, 1)))
    finally:
        store.close()


def forgotten(client: httpx.Client) -> dict[str, int]:
    """What the log says was forgotten."""
    items = client.get("/v1/audit?actor=retention").json()["items"]
    return {one["target"]: one["after"]["forgotten"] for one in items}


def test_what_is_old_names_nobody_any_more_and_every_figure_stays(
    client: httpx.Client, store_url: str
) -> None:
    """P18, N12: refused payloads, answers, the words of decisions, customers of promotions long ended."""
    lives(client)
    before = shown(client)
    assert is_clean(store_url)
    assert client.put("/v1/workspace/retention", json=SETTINGS).json() == SETTINGS
    let_time_pass(store_url, 5)
    assert forgotten(client) == {}
    reasons = client.get("/v1/decisions/d1").json()["reasons"]
    let_time_pass(store_url, 60)
    counts = {"refused": 2, "answers": 1, "customers": 1}
    assert forgotten(client) == counts | ({"traces": 1} if reasons else {})
    assert ANNA not in dumped(store_url)
    assert "ben-4711" in dumped(store_url)
    assert shown(client) == before
    assert is_clean(store_url)
    let_time_pass(store_url, 60)
    assert forgotten(client) == counts | ({"traces": 1} if reasons else {})
    check_what_is_left(client)


def check_what_is_left(client: httpx.Client) -> None:
    """Problems are listed with their reason, decisions are explained, a retry is known by its id."""
    problems = client.get("/v1/problems").json()["items"]
    assert problems
    assert client.get("/v1/decisions/d1").status_code == 200
    assert send(client, "redemptions", [redemption("e1")]) == ["duplicate"]
    assert client.post("/v1/problems/replay", json={}).status_code < 500


def test_what_was_emptied_keeps_its_reason_when_all_is_sent_through_again(
    client: httpx.Client, store_url: str
) -> None:
    """P10, P18: that something was refused, when, why, and its event id stay, also of a person who was erased."""
    promotion(client, "p")
    wrong = [redemption(f"old{n}", redeemed_at="never") for n in range(3)]
    send(client, "redemptions", [*wrong, redemption("older", redeemed_at="2020-01-01T00:00:00Z")])
    settings = dict.fromkeys(SETTINGS) | {"refused_days": 10}
    assert client.put("/v1/workspace/retention", json=settings).status_code == 200
    let_time_pass(store_url, 11)
    wrong = [redemption(f"new{n}", customer_id="carla-42", redeemed_at="never") for n in range(2)]
    send(client, "redemptions", [*wrong, redemption("ben", customer_id="ben", redeemed_at="never")])
    assert client.delete("/v1/customers/carla-42").status_code == 204
    before = client.get("/v1/problems").json()
    assert len(before["items"]) == 7
    mended = client.post("/v1/problems/replay", json={}).json()
    assert (mended["replayed"], mended["left"]) == (1, 0)
    after = client.get("/v1/problems").json()
    (again,) = [one for one in after["items"] if one["times"] == 2]
    assert again["event_id"] == "ben"
    again["times"] = 1
    assert after == before


def test_what_shops_said_of_payments_is_kept_as_long_as_any_of_it_is_new(
    client: httpx.Client, store_url: str
) -> None:
    """P18, P22: a refund within the days finds its redemption; what was redeemed stays for ever."""
    promotion(client, "p", code="SPRING")
    path = shop(client, "stripe")
    for one in (session(1), session(2)):
        assert send_message(client, path, ("", one)).status_code == 200
    settings = dict.fromkeys(SETTINGS) | {"payments_days": 40}
    assert client.put("/v1/workspace/retention", json=settings).json() == settings
    let_time_pass(store_url, 39)
    assert forgotten(client) == {}
    noted_before(store_url, 30, "pi_%")
    assert outcomes(send_message(client, path, ("", charge(1, 500)))) == {"counted": 1}
    before = shown(client)
    let_time_pass(store_url, 11)
    assert forgotten(client) == {"payments": 1}
    assert shown(client) == before
    late = send_message(client, path, ("", charge(1, 900, 500)))
    assert outcomes(late) == {"counted": 1, "duplicate": 1}
    assert reason(send_message(client, path, ("", charge(2, 500)))) == "no_code_yet"
    assert is_clean(store_url)


def noted_before(store_url: str, days: int, payments: str) -> None:
    """Makes notes of payments older."""
    store = open_store(store_url, now_us=0)
    try:
        text = f"UPDATE payment_note SET noted_us = noted_us - {days * DAY_US} WHERE payment LIKE '{payments}'"
        store.change(lambda tx: tx.connection.execute(text))  # type: ignore[attr-defined]
    finally:
        store.close()


def test_a_running_server_forgets_by_itself(sqlite_url: str) -> None:
    """P18: soon after the settings were made, here on the command line; the log says who made them."""
    with serving(sqlite_url, new_workspace(sqlite_url)) as client:
        promotion(client, "p")
        send(client, "redemptions", [redemption("e4", redeemed_at="never")])
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as store:
            store.execute("UPDATE rejection SET received_us = received_us - 2 * 86400000000")
            store.commit()
        made = ask("retention", "--refused-days", "1", "--database", sqlite_url)
        assert made == {name: 1 if name == "refused_days" else None for name in SETTINGS}
        until = time.monotonic() + 60
        while not forgotten(client) and time.monotonic() < until:
            time.sleep(0.2)
        assert forgotten(client) == {"refused": 1}
        assert ANNA not in dumped(sqlite_url)
        actions = client.get("/v1/audit").json()["items"]
        assert [one["actor"][:4] for one in actions if one["action"] == "retention.change"] == [
            "cli:"
        ]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"refused_days": 0}, "/refused_days"),
        ({"answers_days": -1}, "/answers_days"),
        ({"traces_days": "many"}, "/traces_days"),
        ({"payments_days": 29}, "/payments_days"),
        ({"customers_days": 40}, "/refused_days"),
        ({"customers_days": 40, "refused_days": 40, "answers_days": 41}, "/answers_days"),
        ({"customers_days": 7, "refused_days": 7, "answers_days": 7}, "/customers_days"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_named(
    client: httpx.Client, said: dict[str, Any], pointer: str
) -> None:
    """P16: and nothing is changed."""
    answer = client.put("/v1/workspace/retention", json=said)
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert set(client.get("/v1/workspace/retention").json().values()) == {None}
