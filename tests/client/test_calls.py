"""Asking the server directly: answers as the API documents them, refusals as exceptions, retries done once."""

from __future__ import annotations

import pytest

from promosight.client.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, Unreachable
from promosight.client.line import Timing
from promosight.client.promosight import Promosight
from tests.client.served import PATIENT_S, Served, redeem
from tests.client.troubles import BUSY, LOST, PORTAL, UNANSWERED, Troubled

AT_ONCE = Timing(random=lambda: 0.0, wait=lambda event, _: event.wait(0.01))


def test_figures_and_breakdowns_are_asked_for(server: Served) -> None:
    """P17: as over the API."""
    name = server.promotion()
    with Promosight(server.address, server.key) as client:
        redeem(client, name, "ann", "bob")
        assert client.flush(PATIENT_S)
        assert client.get_promotion(name)["figures"]["redeemed"] == 2
        (item,) = client.get_promotions(q=name)["items"]
        assert item["promotion_id"] == name
        rows = client.breakdown(name, by="tier")["rows"]
        assert sum(row["redeemed"] for row in rows) == 2


def test_a_reservation_whose_answer_was_lost_is_held_once(server: Served) -> None:
    """P17, P8: the request comes again with its key, and gets the first answer."""
    name, line = server.promotion(), Troubled([UNANSWERED, LOST, BUSY])
    with Promosight(server.address, server.key, transport=line, timing=AT_ONCE) as client:
        first = client.reserve(name, "ann", ttl_seconds=600)
        second = client.reserve(name, "bob")
        assert first["state"] == "held"
        confirmed = client.confirm(first["reservation_id"], f"{name}-a")
        assert confirmed["assignment_id"] == f"{name}-a"
        assert client.release(second["reservation_id"])["state"] == "released"
        assert client.get_promotion(name)["figures"]["assigned"] == 1
        with pytest.raises(Conflict) as fault:
            client.release(first["reservation_id"])
        assert (fault.value.status, fault.value.code) == (409, "reservation_confirmed")


def test_a_decision_asked_for_twice_is_one(server: Served) -> None:
    """P17, P19: the id is made once, before the first attempt."""
    name, line = server.promotion(), Troubled([UNANSWERED])
    with Promosight(server.address, server.key, transport=line, timing=AT_ONCE) as client:
        made = client.decide("ann", candidates=[name])
        again = client.decide("ann", decision_id=made["decision_id"], candidates=[name])
        assert again == made


def test_a_day_is_reconciled_down_to_the_missing_event(server: Served) -> None:
    """N4, P17: an answer that was lost leaves one receipt; what was missing is reported, and the day is equal."""
    name, line = server.promotion(), Troubled([UNANSWERED, LOST, BUSY])
    day = {"begin": "2026-10-05T00:00:00Z", "until": "2026-10-06T00:00:00+00:00"}
    events: list[dict[str, object]] = [
        {"event_id": f"{name}-{n}", "redeemed_at": f"2026-10-05T10:{n:02}:00Z", "order_value": n}
        for n in range(3)
    ]
    with (
        server.admin() as http,
        Promosight(server.address, server.key, transport=line, timing=AT_ONCE) as client,
    ):
        told = [{"promotion_id": name, "customer_id": "ann", "currency": "EUR"} | e for e in events]
        http.post("/v1/redemptions", json=told[:2])
        done = client.reconcile("default", events, **day)
        assert not done.is_equal
        assert [(one["event_id"], one["state"]) for one in done.differences] == [
            (f"{name}-2", "missing_here")
        ]
        http.post("/v1/redemptions", json=told)
        assert client.reconcile("default", told, **day).is_equal
        assert len(client.receipts("default")["items"]) == 2
        with pytest.raises(Invalid, match="offset"):
            client.reconcile("default", [], begin="2026-10-05", until=day["until"])


def test_refusals_are_exceptions_that_name_the_field(server: Served) -> None:
    with Promosight(server.address, server.key) as client:
        with pytest.raises(NotFound):
            client.get_promotion("no such/promotion")
        with pytest.raises(Problem) as fault:
            client.reserve(server.promotion(), "ann", ttl_seconds=-1)
        assert fault.value.pointer == "/ttl_seconds"
        assert (fault.value.status, fault.value.code) == (422, "invalid")
        assert fault.value.detail
    with Promosight(server.address, "nobody") as client, pytest.raises(NotAllowed):
        client.get_promotions()


def test_a_server_that_is_not_reached_is_said_in_time() -> None:
    line = Troubled([LOST] * 1000)
    with (
        Promosight("http://127.0.0.1:9", "k", transport=line, patience_seconds=0) as client,
        pytest.raises(Unreachable, match="nobody there"),
    ):
        client.get_promotions()
    portal = Troubled([PORTAL])
    with (
        Promosight("http://127.0.0.1:9", "k", transport=portal) as client,
        pytest.raises(Problem, match="not by Promosight"),
    ):
        client.get_promotions()
