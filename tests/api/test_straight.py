"""Single events that go straight to the store are answered as all others are, in the order they came in."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import closing
from typing import Any

import httpx

from promosight.api.door.door import Door
from promosight.api.routes import ROUTES
from promosight.api.straight import Straight
from promosight.serve import now_us
from promosight.store.engine import open_store
from tests.api.server import figures, new_workspace, promotion

Said = tuple[int, dict[str, str], dict[str, Any]]
"""Status, headers and body of an answer."""


def event(event_id: str, **more: object) -> bytes:
    given = {"promotion_id": "P1", "customer_id": "c-1", "redeemed_at": "2026-11-20T10:00:00Z"}
    return json.dumps({"event_id": event_id, **given, **more}).encode()


def request(body: bytes, key: str, *lines: str, first: str = "POST /v1/redemptions") -> bytes:
    about = ["Host: here", f"Authorization: Bearer {key}", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([f"{first} HTTP/1.1", *about, "", ""]).encode() + body


def key_of(client: httpx.Client) -> str:
    return client.headers["authorization"].removeprefix("Bearer ")


def line_to(client: httpx.Client) -> socket.socket:
    assert client.base_url.port is not None
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=20)


def answers(line: socket.socket, number: int) -> list[Said]:
    """The next answers on a connection."""
    found: list[Said] = []
    data = b""
    while len(found) < number:
        more = line.recv(65_536)
        assert more, "the connection was closed"
        data += more
        while b"\r\n\r\n" in data:
            head, rest = data.split(b"\r\n\r\n", 1)
            status, *lines = head.decode().split("\r\n")
            headers = dict(one.split(": ", 1) for one in lines)
            length = int(headers["content-length"])
            if len(rest) < length:
                break
            found.append((int(status.split()[1]), headers, json.loads(rest[:length])))
            data = rest[length:]
    assert not data
    return found


def alike(said: Said, name: str) -> tuple[object, ...]:
    """An answer without what differs between the two: its moment and the ids of everything."""
    status, headers, body = said
    text = json.dumps(body | {"received_at": ""}).replace(name, "NAME")
    assert headers["x-request-id"]
    assert int(headers["content-length"]) > 0
    return status, sorted(headers), headers["content-type"], text


def sent(line: socket.socket, body: bytes, key: str, first: str, *, parted: bool) -> Said:
    """The answer to a request that is sent whole, or with its body behind its head."""
    head, whole = request(body, key, first=first).removesuffix(body), b""
    if parted:
        line.sendall(head)
        time.sleep(0.01)
    else:
        whole = head
    line.sendall(whole + body)
    return answers(line, 1)[0]


def question(decision_id: str, **more: object) -> bytes:
    return json.dumps({"decision_id": decision_id, "customer_id": "c-1", **more}).encode()


def test_an_event_in_one_piece_is_answered_like_one_in_two(client: httpx.Client) -> None:
    """Whole, it goes straight; with its body behind its head, it is parsed: all they are told is the same."""
    told: dict[str, list[tuple[object, ...]]] = {}
    for name, parted in (("whole", False), ("split", True)):
        given = {"promotion_id": name, "customer_id": f"c-{name}"}
        promotion(client, name)
        assigned = {"assignment_id": f"a-{name}", "assigned_at": "2026-11-01T00:00:00Z"}
        client.post("/v1/assignments", json=given | assigned)
        bodies = (
            event(f"{name}-1", **given),
            event(f"{name}-1", **given),
            event(f"{name}-1", **given, order_id="another"),
            event(f"{name}-2", **given),
            event(f"{name}-3", **given | {"promotion_id": f"no {name}"}),
            event(f"{name}-4", **given | {"redeemed_at": "yesterday"}),
            b"{",
        )
        with closing(line_to(client)) as line:
            for body in bodies:
                one = sent(line, body, key_of(client), "POST /v1/redemptions", parted=parted)
                told.setdefault(name, []).append(alike(one, name))
    assert told["whole"] == told["split"]
    assert [one[0] for one in told["whole"]] == [200, 200, 409, 200, 200, 422, 400]
    said = "".join(str(one[3]) for one in told["whole"])
    assert all(f'"{one}"' in said for one in ("counted", "duplicate", "excess", "pending"))
    with closing(line_to(client)) as line:  # P19: so is a question for a decision
        for body, status in (
            (question("d-1"), 200),
            (question("d-1", assign=False), 409),
            (question("d-2", as_of="yesterday"), 422),
            (question(""), 422),
        ):
            both = [
                sent(line, body, key_of(client), "POST /v1/decisions", parted=parted)
                for parted in (False, True)
            ]
            assert both[0][0] == both[1][0] == status
            assert alike(both[0], "?") == alike(both[1], "?")


def test_events_sent_before_the_answer_wait_their_turn(client: httpx.Client) -> None:
    """Answers come in the order of the requests, whichever way each of them goes; the head's words are heard."""
    promotion(client, "P1")
    given = {"promotion_id": "P1", "customer_id": "c-1", "assigned_at": "2026-11-01T00:00:00Z"}
    client.post("/v1/assignments", json=given)
    key = key_of(client)
    sent = [
        request(event("e-1"), key, "X-Request-Id: mine-1"),
        request(event("e-2"), key, "X-Request-Id: mine-2", "Content-Type: application/json"),
        request(b"", key, "X-Request-Id: mine-3", first="GET /v1/promotions/P1"),
        request(event("e-4"), "no such key", "X-Request-Id: mine-4"),
        request(event("e-5"), key, "X-Request-Id: mine-5", "Connection: close"),
    ]
    with closing(line_to(client)) as line:
        line.sendall(sent[0])
        for one in sent[1:]:
            line.sendall(one)
        said = answers(line, 5)
        assert line.recv(10) == b""
    assert [headers["x-request-id"] for _, headers, _ in said] == [f"mine-{n}" for n in range(1, 6)]
    assert [status for status, *_ in said] == [200, 200, 200, 401, 200]
    assert figures(client, "P1")["redemptions"] == 3


class Line:
    """A connection that keeps what it is told."""

    def __init__(self) -> None:
        self.client: tuple[str, int] | None = ("127.0.0.1", 1)
        self.loop = asyncio.get_running_loop()
        self.paid: asyncio.Future[int] = self.loop.create_future()

    def owes(self) -> None:
        pass

    def pays(self, status: int, lines: bytes, body: bytes) -> None:
        self.paid.set_result(status)


def test_what_is_less_plain_is_left_to_the_ordinary_way(sqlite_url: str) -> None:
    """P16: what might be more or other than one whole event from somebody known is nobody's to take unparsed."""
    key = new_workspace(sqlite_url)
    store = open_store(sqlite_url, now_us=0)

    async def send() -> None:
        at_us = now_us()  # and it stays then: a caller is known for two seconds only
        door = Door(store, clock=lambda: at_us, fresh=str)
        straight = Straight(door, ROUTES)
        plain = request(event("e-1"), key)
        assert not straight.take(Line(), plain)  # who is it?
        await door.keys.caller(key, now_us=at_us)
        for odd in (
            *(request(event("e-1"), key, more) for more in UNUSUAL),
            request(event("e-1"), key).replace(b"Content-Length", b"Content-Length "),
            request(event("e-1"), key).replace(b"\r\nHost", b"\nHost"),
            request(event("e-1"), key).replace(b"Host: here", b"Host: here\r\n  there"),
            request(event("e-1"), key).replace(b"Host: here", b"Host: \x00here"),
            request(event("e-1"), key, first="POST /v1/redemptions?dry_run=true"),
            request(event("e-1"), key).replace(b"HTTP/1.1", b"HTTP/1.0"),
            request(b"[" + event("e-1") + b"]", key),
            request(event("e-1", redeemed_at="yesterday"), key),
            request(event("e-1"), "another"),
            plain[:-1],
            plain + b"G",
        ):
            assert not straight.take(Line(), odd), odd
        for _ in range(2):
            line = Line()
            assert straight.take(line, plain)
            assert await line.paid == 200
        asks, line = "POST /v1/decisions", Line()
        assert not straight.take(line, request(question("d-1", as_of="soon"), key, first=asks))
        assert straight.take(line, request(question("d-1"), key, first=asks))
        assert await line.paid == 200
        door.allowance.per_minute = 10
        assert not straight.take(Line(), plain)

    try:
        asyncio.run(send())
    finally:
        store.close()


UNUSUAL = (
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Connection: close",
    "Content-Length: 1",
    "Content-Encoding: gzip",
    "Content-Type: text/csv",
    "Idempotency-Key: once",
    "Upgrade: websocket",
)
