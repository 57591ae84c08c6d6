"""What a server does with more than it can hold, with senders that stop half-way, and when it is stopped."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from promosight.api.door.holding import Limits
from promosight.connectors.spool import Spool
from tests.api.server import (
    ENDS_WITHIN_S,
    figures,
    new_workspace,
    promotion,
    serving,
    serving_here,
    started,
)

REDEMPTION = {
    "promotion_id": "p",
    "customer_id": "ann",
    "redeemed_at": "2026-11-03T12:00:00Z",
}


class Sender:
    """A connection on which a request is written piece by piece."""

    def __init__(self, port: int, key: str) -> None:
        self.key = key
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.read = self.socket.makefile("rb")

    def head(self, *lines: str, path: str = "/v1/redemptions", body: bytes = b"") -> None:
        """Sends the head of a report, and what is to come with it of its body."""
        text = [f"POST {path} HTTP/1.1", "Host: here", f"Authorization: Bearer {self.key}", *lines]
        self.socket.sendall("\r\n".join([*text, "", ""]).encode() + body)

    def begin(self, size: int, *lines: str, path: str = "/v1/redemptions") -> None:
        """Sends the head of a report of so many bytes, and waits until the server asks for the body."""
        self.head(f"Content-Length: {size}", "Expect: 100-continue", *lines, path=path)
        assert self.read.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert self.read.readline() == b"\r\n"

    def report(self, event_id: str) -> None:
        """Sends a whole report."""
        body = body_of(event_id)
        self.head(f"Content-Length: {len(body)}", body=body)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of the next answer."""
        status = int(self.read.readline().split()[1])
        headers: dict[str, str] = {}
        for line in iter(self.read.readline, b"\r\n"):
            name, _, value = line.decode().strip().partition(": ")
            headers[name.lower()] = value
        return status, headers, json.loads(self.read.read(int(headers["content-length"])))

    def close(self) -> None:
        """Hangs up."""
        self.read.close()
        self.socket.close()


Senders = Callable[[], Sender]


def body_of(event_id: str) -> bytes:
    """A report of one redemption; ids of the same length give bodies of the same length."""
    return json.dumps(REDEMPTION | {"event_id": event_id}).encode()


@contextmanager
def senders(port: int, key: str) -> Iterator[Senders]:
    """Connections that are closed at the end."""
    opened: list[Sender] = []

    def another() -> Sender:
        opened.append(Sender(port, key))
        return opened[-1]

    try:
        yield another
    finally:
        for one in opened:
            one.close()


@contextmanager
def limited(url: str, limits: Limits, spool: Spool | None = None) -> Iterator[Senders]:
    """A server with other limits, and connections to it."""
    key = new_workspace(url)
    with (
        serving_here(url, limits=limits, spool=spool) as (_, port),
        senders(port, key) as another,
    ):
        yield another


def test_a_body_that_finds_no_room_is_sent_away_before_it_comes(sqlite_url: str) -> None:
    """P1, P16: 503 with Retry-After and nothing done; when the others are through, there is room again."""
    body = body_of("e1")
    with limited(sqlite_url, Limits(held_bytes=len(body) + 10)) as another:
        first, second = another(), another()
        first.begin(len(body))
        second.head("Content-Length: 200", "Expect: 100-continue")
        status, headers, problem = second.answer()
        assert (status, problem["code"]) == (503, "overloaded")
        assert headers["retry-after"] == "1"
        assert headers["content-type"] == "application/problem+json"
        first.socket.sendall(body)
        assert first.answer()[0] == 200
        third = another()
        third.begin(len(body))
        third.socket.sendall(body)
        assert third.answer()[2]["outcome"] == "duplicate"


def test_a_body_without_a_length_counts_as_it_comes(sqlite_url: str) -> None:
    """P1: chunks are bounded like everything else."""
    body = body_of("e1")
    with limited(sqlite_url, Limits(held_bytes=len(body))) as another:
        for more, expected in ((b"", 200), (b" " * 1_000, 503), (b"", 200)):
            one = another()
            one.head("Transfer-Encoding: chunked")
            for chunk in (body[:20], body[20:] + more):
                one.socket.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            one.socket.sendall(b"0\r\n\r\n")
            assert one.answer()[0] == expected


def test_who_stops_half_way_is_told_so_and_holds_nothing(sqlite_url: str) -> None:
    """P1: 408 and an end of the connection; the room is free for others, and who hangs up frees it at once."""
    body = body_of("e1")
    with limited(sqlite_url, Limits(held_bytes=len(body), seconds=0.5)) as another:
        slow = another()
        slow.head(f"Content-Length: {len(body)}", body=body[:20])
        status, headers, problem = slow.answer()
        assert (status, problem["code"], headers["connection"]) == (408, "too_slow", "close")
        assert slow.read.read() == b""
        gone = another()
        gone.begin(len(body))
        gone.close()
        for _ in range(1_000):
            one = another()
            one.report("e1")
            status, _, _ = one.answer()
            if status != 503:  # the server has not seen it yet
                break
            time.sleep(0.02)
        assert status == 200


def test_a_file_that_comes_byte_by_byte_is_given_up_and_leaves_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    """P1: 408; who sends that slowly would hold one of few places for files for as long as they like."""
    spool = Spool(tmp_path / "spool")
    with limited(sqlite_url, Limits(seconds=0.5), spool) as another:
        slow = another()
        slow.begin(1_000_000, path="/v1/imports?kind=customers")
        with suppress(ConnectionError):  # it is not listened to any more
            for _ in range(10):
                slow.socket.sendall(b" ")
                time.sleep(0.1)
        status, _, problem = slow.answer()
        assert (status, problem["code"]) == (408, "too_slow")
        assert [*spool.folder.iterdir()] == []


def test_what_was_accepted_is_answered_though_the_server_stops(store_url: str) -> None:
    """P1, P3: a report half-way in is taken, answered and kept; an idle connection is closed."""
    key = new_workspace(store_url)
    process, port = started(store_url)
    with senders(port, key) as another:
        idle, busy = another(), another()
        idle.report("e1")
        assert idle.answer()[0] == 200
        body = body_of("e2")
        busy.begin(len(body))
        process.terminate()
        assert idle.read.read() == b""
        busy.socket.sendall(body)
        status, headers, receipt = busy.answer()
        assert (status, receipt["event_id"]) == (200, "e2")
        assert headers["connection"] == "close"
    assert process.wait(ENDS_WITHIN_S) in (0, -15)
    with serving(store_url, key) as client:
        for event_id in ("e1", "e2"):
            assert client.get(f"/v1/events/{event_id}").json()["event_id"] == event_id


def test_several_processes_take_reports_side_by_side(postgresql_url: str) -> None:
    """P1, P3: on PostgreSQL a server may be many processes; each event is taken once, by whichever it reaches."""
    key = new_workspace(postgresql_url)
    with serving(postgresql_url, key, "--workers", "2") as client:
        promotion(client, "p")
        port = client.base_url.port
        assert port is not None
        with senders(port, key) as another:
            waiting = [another() for _ in range(16)]
            for number, one in enumerate(waiting):
                one.report(f"e{number // 2}")
            outcomes = Counter(one.answer()[2]["outcome"] for one in waiting)
        assert outcomes == {"pending": 8, "duplicate": 8}
        assert figures(client, "p")["pending"] == 8


def test_reports_written_at_once_are_answered_in_their_order(client: httpx.Client) -> None:
    """P1: a connection serves many reports, also those sent before the answers to earlier ones."""
    promotion(client, "p")
    key = client.headers["authorization"].removeprefix("Bearer ")
    port = client.base_url.port
    assert port is not None
    with senders(port, key) as another:
        one = another()
        for number in range(20):
            one.report(f"e{number}")
        said = [one.answer()[2]["event_id"] for _ in range(20)]
    assert said == [f"e{number}" for number in range(20)]
    assert figures(client, "p")["pending"] == 20


def test_a_report_is_answered_alike_whichever_way_it_comes_in(client: httpx.Client) -> None:
    """P1, P16: a slash at the end takes another way through the server, to the same answer."""
    promotion(client, "p")
    client.post("/v1/redemptions", json=REDEMPTION | {"event_id": "e"})
    known: list[tuple[bytes, dict[str, str]]] = [
        (body_of("e"), {"X-Request-Id": "mine"}),
        (b"[" + body_of("e") + b", {}]", {"Accept": "*/*"}),
        (body_of("e"), {"Authorization": "Bearer wrong"}),
        (body_of("e"), {"Content-Type": "application/xml"}),
        (body_of("e"), {"Content-Encoding": "br"}),
        (b"{", {"X-Request-Id": "not a word"}),
        (b" " * 10_485_761, {}),
    ]
    for content, headers in known:
        said = []
        for path in ("/v1/redemptions", "/v1/redemptions/"):
            answer = client.post(path, content=content, headers=headers)
            kept = {n: v for n, v in answer.headers.items() if n != "date"}
            named = kept.pop("x-request-id")
            assert (named == "mine") == ("mine" in headers.values())
            said.append((answer.status_code, answer.content, kept))
        assert said[0] == said[1] or "Idempotency-Key" in headers, content[:50]
        assert said[0] == said[1], content[:50]


def test_server_processes_leave_when_the_main_one_is_killed(postgresql_url: str) -> None:
    """P20: nobody is left behind who would keep the port from the next server."""
    process, port = started(postgresql_url, "--workers", "2")
    process.kill()
    process.wait()
    until = time.monotonic() + ENDS_WITHIN_S
    with suppress(ConnectionRefusedError):
        while time.monotonic() < until:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
            time.sleep(0.05)
        raise AssertionError("somebody listens still")
    again, _ = started(postgresql_url, "--workers", "2")
    again.terminate()
    assert again.wait(ENDS_WITHIN_S) in (0, -15)
