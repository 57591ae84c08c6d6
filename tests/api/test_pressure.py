"""How many reports are let in: a burst passes, a line that stands does not grow, refusals are cheap and complete."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from promosight.api.connections.joined import JoinedHttp
from promosight.api.connections.rounds import Rounds
from promosight.api.connections.unread import unread_s
from promosight.api.door import pressure as pressures
from promosight.api.door.door import Door
from promosight.api.door.pressure import Pressure, Stay, Terms
from promosight.api.door.turning_away import TurningAway
from promosight.api.routes import ROUTES
from promosight.errors import Overloaded
from promosight.store.engine import open_store
from tests.api.server import new_workspace, serving_here

HOST = "127.0.0.1"


class Clock:
    """Time that passes when we say so."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pressures, "time", made)
    return made


def arrive(pressure: Pressure, times: int, size: int = 100) -> list[Stay]:
    """So many reports that come now and are let in."""
    let_in = []
    for _ in range(times):
        try:
            pressure.check(size)
        except Overloaded:
            continue
        let_in.append(pressure.begin(size))
    return let_in


def fresh(**terms: Terms) -> Pressure:
    """The reports of a server to which nothing has come yet."""
    return Pressure(Rounds(lambda _: None), **terms)


def test_of_a_burst_so_many_are_let_in_as_can_be_answered_in_time(clock: Clock) -> None:
    """P1: some hundreds before anything is known; where they were quick, twice as many of the next one."""
    pressure = fresh()
    let_in = []
    for _ in range(3):
        burst = arrive(pressure, 5_000)
        clock.now += 0.04
        for one in burst:
            one.end(served=True)
        let_in.append(len(burst))
        clock.now += 2
    assert let_in[0] == 256
    assert let_in[1] > 256


def overfill(pressure: Pressure, clock: Clock, *, seconds: int = 3) -> int:
    """1,000 come every second and 250 are answered, the first ones first; how many were let in at last."""
    waiting: list[Stay] = []
    let_in = 0
    for _ in range(seconds * 100):
        came = arrive(pressure, 10)
        let_in = len(waiting) + len(came)
        waiting += came
        clock.now += 0.01
        for one in waiting[:2]:
            one.end(served=True)
        del waiting[:2]
    for one in waiting:
        one.end(served=False)
    return let_in


def test_where_a_line_stands_so_many_are_let_in_as_can_be_answered_in_time(clock: Clock) -> None:
    """200 a second are answered and should take 0.06 seconds: twelve, or the least there is (64)."""
    pressure = fresh()
    assert overfill(pressure, clock, seconds=8) <= 70


def test_who_has_stood_in_line_for_too_long_makes_room(clock: Clock) -> None:
    """P1: late for one is late for all behind; refused when it is its turn, and nothing was done."""
    pressure = fresh(single=Terms(0.25, 0.5, 4, 256))
    waiting = arrive(pressure, 100)
    clock.now += 0.6
    assert not arrive(pressure, 100)  # nothing was answered for longer than it should take
    waiting[0].end(served=True)
    with pytest.raises(Overloaded):
        waiting[1].check()
    for one in waiting[1:]:
        one.end(served=False)
    assert len(arrive(pressure, 4)) == 4


def test_what_room_there_is_goes_to_those_who_have_not_lain_unread(clock: Clock) -> None:
    """P1: while not all can be answered in time; with few under way, or no line, everybody is welcome."""
    pressure = fresh(single=Terms(0.25, 0.5, 40, 256))
    assert pressure.lets_in(100, lambda: 9.0)
    overfill(pressure, clock)
    assert pressure.is_felt
    assert pressure.lets_in(100, lambda: 9.0)
    arrive(pressure, 20)
    assert not pressure.lets_in(100, lambda: 0.2)
    assert not pressure.lets_in(100, lambda: 0.1)  # read a moment later: it is not asked again
    clock.now += 0.001
    assert pressure.lets_in(100, lambda: 0.1)


class Reader(asyncio.Protocol):
    """Notes for how long what came had lain unread."""

    def __init__(self) -> None:
        self.found: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.found.set_result(unread_s(self.transport))


async def lain_unread(seconds: float) -> float:
    """What a reader finds who had other things to do for so long."""
    reader = Reader()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: reader, HOST) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await asyncio.sleep(0.05)
        writer.write(b"x")
        time.sleep(seconds)
        found = await reader.found
        writer.close()
    return found


def test_the_system_knows_how_long_something_has_lain_unread() -> None:
    """On Linux."""
    assert 0.1 < asyncio.run(lain_unread(0.15)) < 10


def test_a_limit_that_nothing_confirms_is_lifted(clock: Clock) -> None:
    pressure = fresh()
    overfill(pressure, clock)
    assert pressure.is_felt
    clock.now += 11
    assert len(arrive(pressure, 3_000)) == 256


def test_batches_are_counted_apart_and_a_few_are_always_let_in(clock: Clock) -> None:
    """However large they are and however long they take: else nobody could send large ones at all."""
    pressure = fresh()
    batches = arrive(pressure, 3, size=2_000_000)
    clock.now += 30
    assert len(arrive(pressure, 2, size=2_000_000)) == 1
    assert len(arrive(pressure, 200)) == 200  # single events
    assert len(batches) == 3


def full(door: Door) -> Door:
    """A door where there is no room: a limit of nothing, and as many under way as are let in at least."""
    door.pressure = fresh(single=Terms(0.0, 0.0, 1, 0), batch=Terms(0.0, 0.0, 1, 0))
    for size in (10, 100_000):
        door.pressure.begin(size)
        with pytest.raises(Overloaded):
            door.pressure.check(size)
    return door


@pytest.fixture
def turning_away(sqlite_url: str) -> Iterator[TurningAway]:
    store = open_store(sqlite_url, now_us=0)
    yield TurningAway(full(Door(store, clock=lambda: 0, fresh=str)), ROUTES)
    store.close()


def request(
    *lines: str, body: bytes = b"{}", first: str = "POST /v1/redemptions HTTP/1.1"
) -> bytes:
    head = "\r\n".join([first, "Host: here", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


def test_a_refusal_before_parsing_says_the_same_as_any_other(turning_away: TurningAway) -> None:
    """P1, P16: 503, a problem document, Retry-After and an id."""
    said = turning_away.answer(request("Connection: keep-alive"), lambda: 0.0)
    assert said is not None
    head, _, body = said.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert headers["retry-after"] == "1"
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body)
    assert headers["x-request-id"]
    assert msgspec.json.decode(body)["code"] == "overloaded"


@pytest.mark.parametrize(
    "data",
    [
        request("Transfer-Encoding: chunked"),
        request("Expect: 100-continue"),
        request("Connection: close"),
        request("X-Request-Id: mine"),
        request(first="GET /v1/redemptions HTTP/1.1"),
        request(first="POST /v1/promotions HTTP/1.1"),
        request(first="POST /v1/redemptions HTTP/1.0"),
        request()[:-1],
        request() + b"GET / HTTP/1.1\r\n",
        request().replace(b"Content-Length: 2\r\n", b""),
        b"\x00\xff",
    ],
)
def test_what_is_not_plain_is_parsed_first(turning_away: TurningAway, data: bytes) -> None:
    """What might be something else than one whole report is nobody's to answer unread."""
    assert turning_away.answer(data, lambda: 0.0) is None


class Hurried(JoinedHttp):
    """The protocol as it is, but with less time for heads."""

    head_seconds = 0.25


@contextmanager
def running(url: str) -> Iterator[tuple[Door, int, str]]:
    """A server in this process, whose door we hold; its port and a key."""
    key = new_workspace(url)
    with serving_here(url, http=Hurried) as (door, port):
        yield door, port, key


def asked(connection: socket.socket, data: bytes) -> tuple[int, str | None]:
    """Status of an answer, and when to come again."""
    connection.sendall(data)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status, answer.headers["Retry-After"]


def test_a_connection_goes_on_after_refusals_and_the_middle_of_a_body_is_no_request(
    sqlite_url: str,
) -> None:
    """P1, P16: every refusal carries Retry-After; when there is room again the same connection is served. One on which
    all was refused has not been silent: it stays open beyond the time for a head."""
    with running(sqlite_url) as (door, port, key):
        event = b'{"event_id":"e","promotion_id":"p","customer_id":"c","redeemed_at":"2026-11-03T12:00:00Z"}'
        report = request(f"Authorization: Bearer {key}", body=event)
        full(door)
        with (
            socket.create_connection((HOST, port), timeout=30) as refused,
            socket.create_connection((HOST, port), timeout=30) as sender,
        ):
            assert asked(refused, report) == (503, "1")
            for plain in (report, report, report.replace(b"Host", b"X-Request-Id: x\r\nHost")):
                assert asked(sender, plain) == (503, "1")
            door.pressure = fresh()
            assert asked(sender, report) == (200, None)
            full(door)
            inner = request()
            begun = request(body=inner, first="POST /v1/promotions HTTP/1.1")
            at = len(begun) - len(inner)
            assert asked(sender, begun[:at]) == (405, None)  # answered before its body is here
            assert asked(sender, begun[at:] + request()) == (503, "1")
            sender.settimeout(0.3)
            with pytest.raises(TimeoutError):
                sender.recv(1)  # one answer and not two
            assert asked(refused, report) == (503, "1")


def test_every_way_to_report_is_bounded() -> None:
    """P22: whoever reports in another system's form waits, and is refused, like everybody."""
    reporting = {route.path.removeprefix("/v1/") for route in ROUTES if route.reports}
    from_shops = "shops/{shop_id:str}/messages"
    assert reporting == {"redemptions", "assignments", "outcomes", "track", "batch", from_shops}
