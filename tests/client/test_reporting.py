"""A checkout reports and goes on; the server has it once, whatever happens in between."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from promosight.client.errors import Closed, Invalid, NotAllowed, OutboxFull, Problem
from promosight.client.line import Timing
from promosight.client.outbox import Bound, RefusedEvent
from promosight.client.promosight import Promosight
from tests.api.server import client_of, new_workspace, promotion
from tests.cli.program import clean_environment
from tests.client.served import PATIENT_S, Served, coming_up, redeem
from tests.client.tills import said, till
from tests.client.troubles import BUSY, LOST, PORTAL, TOO_LARGE, UNANSWERED, Troubled
from tools.ports import kept_port

CUSTOMERS = [f"c-{number}" for number in range(20)]
AT_ONCE = Timing(random=lambda: 0.0)
"""Without pauses between attempts, but for those the server asks for."""


def test_what_was_reported_while_the_server_was_down_arrives_once_it_is_up(
    store_url: str, tmp_path: Path
) -> None:
    """P17: a process reports and ends while nobody listens; the next one on its outbox delivers all."""
    key = new_workspace(store_url)
    keeper, port = kept_port()
    address, outbox = f"http://127.0.0.1:{port}", tmp_path / "outbox.db"
    with keeper:
        with Promosight(address, key, outbox) as client:
            ids = redeem(client, "p", *CUSTOMERS)
            assert not client.flush(0.1)
        with Promosight(address, key, outbox, timing=AT_ONCE) as client:
            assert client.waiting() == 2 * len(CUSTOMERS)
            with coming_up(store_url, port):
                assert client.flush(PATIENT_S)
                assert client.waiting() == 0
                with client_of(address, key) as http:
                    promotion(http, "p")  # it came last, which is nothing new to the server
                served = Served(store_url, address, key)
                assert served.events("p") == len(CUSTOMERS)
                assert client.redemption(ids[3])["outcome"] == "counted"


def test_a_till_that_is_killed_loses_nothing_it_was_told_is_kept(
    server: Served, tmp_path: Path
) -> None:
    """P17: kill -9 while it reports and sends at once; what lies there goes to the server later, once."""
    name, outbox = server.promotion(), tmp_path / "outbox.db"
    ids: list[str] = []
    for turn in range(3):
        with till(server.address, server.key, outbox, name, f"till-{turn}") as process:
            ids += said(process, at_least=50 * (turn + 1))
        ids += said(process)
    assert len(ids) >= 300
    with Promosight(server.address, server.key, outbox) as client:
        assert client.flush(PATIENT_S)
        outcomes = {client.redemption(one)["outcome"] for one in ids}
    assert outcomes == {"counted"}
    assert len(ids) <= server.events(name) <= len(ids) + 3, (
        "one of each till may not have been said"
    )


def test_two_tills_on_one_outbox_do_no_harm(server: Served, tmp_path: Path) -> None:
    """P17: each sends what either reported, and nothing is counted twice."""
    name, outbox = server.promotion(), tmp_path / "outbox.db"
    words = (server.address, server.key, outbox, name)
    with till(*words, "left") as left, till(*words, "right") as right:
        ids = [*said(left, at_least=100), *said(right, at_least=100)]
    ids += [*said(left), *said(right)]
    with Promosight(server.address, server.key, outbox) as client:
        assert client.flush(PATIENT_S)
        assert client.refused() == []
    assert len(set(ids)) == len(ids)
    assert len(ids) <= server.events(name) <= len(ids) + 2


def test_lost_requests_and_lost_answers_make_no_difference(server: Served, tmp_path: Path) -> None:
    """P17: the same events with the same ids again; the server calls them duplicates."""
    name = server.promotion()
    line = Troubled([LOST, UNANSWERED, PORTAL, UNANSWERED, BUSY])
    waited = Waits()
    with Promosight(
        server.address, server.key, tmp_path / "o.db", transport=line, timing=waited.timing
    ) as client:
        ids = redeem(client, name, *CUSTOMERS)
        assert client.flush(PATIENT_S)
        assert [one for one in waited.delays if one >= 7] != [], "as the server had asked"
        assert client.redemption(ids[0])["outcome"] == "counted"
    assert server.events(name) == len(CUSTOMERS)


class Waits:
    """A timing that sleeps for no failure, and remembers how long it was to."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.timing = Timing(random=lambda: 0.0, wait=self._wait)

    def _wait(self, event: threading.Event, seconds: float) -> bool:
        self.delays.append(seconds)
        return event.wait(min(seconds, 0.5))


def test_a_refused_event_is_kept_and_told(server: Served, tmp_path: Path) -> None:
    """P17: a till whose clock is years behind. Its neighbours are counted; it can be mended by hand, then let go."""
    name, told = server.promotion(), list[RefusedEvent]()
    outbox = tmp_path / "o.db"
    with Promosight(server.address, server.key, outbox, on_problem=told.append) as client:
        redeem(client, name, "ann", "bob")
        early = client.report_redemption(
            promotion_id=name, customer_id="cid", redeemed_at="1999-01-01T00:00:00Z"
        )
        assert client.flush(PATIENT_S)
        (refused,) = client.refused()
        until(lambda: told == [refused])
        assert (refused.event_id, refused.reason) == (early, "backdated")
        assert (refused.pointer, refused.event["customer_id"]) == ("/redeemed_at", "cid")
    assert server.events(name) == 2
    with Promosight(server.address, server.key, outbox) as client:
        assert client.send_again([early]) == 1
        assert client.flush(PATIENT_S)
        assert [one.event_id for one in client.refused()] == [early], "as it was, so again"
        assert client.forget([early]) == 1
        assert client.refused() == []


def test_what_was_refused_on_its_way_is_sent_again(server: Served, tmp_path: Path) -> None:
    """P17: by a proxy that took nothing, not even an event alone, until it was mended."""
    name, line = server.promotion(), Troubled([TOO_LARGE])
    with Promosight(server.address, server.key, tmp_path / "o.db", transport=line) as client:
        one = client.report_redemption(promotion_id=name, customer_id="ann")
        assert client.flush(PATIENT_S)
        assert [(each.event_id, each.reason) for each in client.refused()] == [(one, "http_413")]
        assert client.send_again([one]) == 1
        assert client.flush(PATIENT_S)
        assert client.refused() == []
        assert client.redemption(one)["event_id"] == one


def test_a_callback_that_fails_stops_nothing(server: Served) -> None:
    def fail(_: RefusedEvent) -> None:
        raise RuntimeError("in the caller's code")

    name = server.promotion()
    with Promosight(server.address, server.key, on_problem=fail) as client:
        client.report_redemption(
            promotion_id=name, customer_id="ann", redeemed_at="1999-01-01T00:00:00Z"
        )
        assert client.flush(PATIENT_S)
        redeem(client, name, "ann")
        assert client.flush(PATIENT_S)
        assert [one.reason for one in client.refused()] == ["backdated"]
    assert server.events(name) == 1


def until(it_is_so: Callable[[], bool]) -> None:
    """Waits for what a thread is about to do."""
    while not it_is_so():
        time.sleep(0.01)


def is_stopped(client: Promosight) -> bool:
    return client.stopped is not None


def test_a_revoked_key_stops_the_sending_and_keeps_everything(
    server: Served, tmp_path: Path
) -> None:
    """P17: it is told once; reporting goes on, and another key sends it all."""
    name, told = server.promotion(), list[Problem]()
    with server.admin() as http:
        scopes = ["redemptions:write", "assignments:write"]
        made = http.post("/v1/keys", json={"name": "till", "scopes": scopes}).json()
        assert http.delete(f"/v1/keys/{made['key_id']}").status_code in (200, 204)
    with Promosight(
        server.address, made["key"], tmp_path / "o.db", on_stopped=told.append
    ) as client:
        redeem(client, name, *CUSTOMERS[:3])
        assert not client.flush(PATIENT_S), "at once, for nobody would answer"
        redeem(client, name, *CUSTOMERS[3:])
        assert client.waiting() == 2 * len(CUSTOMERS)
        assert is_stopped(client)
        until(lambda: told != [])
        (why,) = told
        assert isinstance(why, NotAllowed)
        assert (why.status, why.code) == (401, "unauthenticated")
        client.resume(server.key)
        assert client.flush(PATIENT_S)
        assert not is_stopped(client)
    assert server.events(name) == len(CUSTOMERS)


def test_a_batch_that_is_too_large_goes_in_halves(server: Served, tmp_path: Path) -> None:
    """P17: a proxy in between takes less at once than the server."""
    name, down = server.promotion(), Troubled([LOST] * 1000)
    with Promosight("http://127.0.0.1:9", "k", tmp_path / "o.db", transport=down) as client:
        for customer in CUSTOMERS:
            client.report_redemption(promotion_id=name, customer_id=customer)
    line = Troubled([TOO_LARGE] * 3)
    with Promosight(server.address, server.key, tmp_path / "o.db", transport=line) as client:
        assert client.flush(PATIENT_S)
        assert client.refused() == []
    assert line.sizes[0] == 2
    assert sum(line.sizes) == len(CUSTOMERS)


def test_a_full_outbox_refuses_what_is_new_and_says_so(server: Served) -> None:
    """P17: nothing is dropped to make room. What is left in memory is lost, and close says how much."""
    name, down = server.promotion(), Troubled([LOST] * 1000)
    client = Promosight(server.address, server.key, transport=down, bound=Bound(2, 10_000))
    client.report_redemption(promotion_id=name, customer_id="ann")
    client.report_redemption(promotion_id=name, customer_id="bob")
    with pytest.raises(OutboxFull):
        client.report_redemption(promotion_id=name, customer_id="cid")
    assert client.close(timeout_seconds=0.1) == 2
    assert client.close() == 0
    with pytest.raises(Closed):
        client.report_redemption(promotion_id=name, customer_id="cid")


def test_a_program_that_forgets_to_close_ends_and_is_told_what_is_lost(tmp_path: Path) -> None:
    """P17: with a file nothing is, and nothing is said."""
    said = (
        "import sys; from promosight.client.promosight import Promosight;"
        "client = Promosight('http://127.0.0.1:9', 'k', sys.argv[1] if sys.argv[1:] else None);"
        "client.report_redemption(promotion_id='p', customer_id='ann')"
    )
    for words, lost in (([], True), ([str(tmp_path / "o.db")], False)):
        command = [sys.executable, "-c", said, *words]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=clean_environment()
        )
        assert ("1 events were not sent and are lost" in done.stderr) == lost
    with Promosight("http://127.0.0.1:9", "k", tmp_path / "o.db") as client:
        assert client.waiting() == 1


def test_a_mistake_is_raised_where_it_was_made_and_nothing_is_kept(server: Served) -> None:
    with Promosight(server.address, server.key) as client:
        with pytest.raises(Invalid) as fault:
            client.report_redemption(promotion_id="p", customer_id="ann", currency="euros")
        assert fault.value.pointer == "/currency"
        assert client.waiting() == 0
    for url, key in (("promosight.example", "k"), ("https://promosight.example", "k\n")):
        with pytest.raises(Invalid):
            Promosight(url, key)


def test_a_reversal_undoes_and_assignments_keep_their_identity(server: Served) -> None:
    """P17: what the caller names it keeps, so that an assignment said twice is one."""
    name = server.promotion()
    with Promosight(server.address, server.key) as client:
        for _ in range(2):
            at = "2026-11-01T08:00:00Z"
            client.assign(promotion_id=name, customer_id="ann", occurrence="w-44", assigned_at=at)
            client.assign(
                promotion_id=name, customer_id="ann", assignment_id=f"{name}-2", assigned_at=at
            )
        assert client.flush(PATIENT_S)
        event_id = client.report_redemption(
            promotion_id=name, customer_id="ann", event_id=f"{name}-e", reward_value="2.50"
        )
        client.report_reversal(reverses=event_id)
        assert event_id == f"{name}-e"
        assert client.flush(PATIENT_S)
        assert client.refused() == []
    figures = server.figures(name)
    assert (figures["assigned"], figures["redeemed"], figures["reversed"]) == (2, 0, 1)


def test_a_server_that_never_answers_holds_up_neither_reporting_nor_the_end(
    tmp_path: Path,
) -> None:
    """P17: the line is open and silent."""
    entered, leave = threading.Event(), threading.Event()

    class Silent(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            entered.set()
            leave.wait(PATIENT_S)
            raise httpx.ReadTimeout("at last")

    client = Promosight("http://127.0.0.1:9", "k", tmp_path / "o.db", transport=Silent())
    redeem(client, "p", "ann")
    assert entered.wait(PATIENT_S)
    redeem(client, "p", "bob")
    assert not client.flush(0.1)
    assert client.close(timeout_seconds=0.1) == 4
    leave.set()
    client._sender._thread.join()
    client._line.close()
    client._outbox.close()
