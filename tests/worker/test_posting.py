"""P11: one message is sent: bounded in time and bytes whatever the other side does, never to where it may not go."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from promosight.rules.instants import DAY_US, HOUR_US, SECOND_US, parse_instant
from promosight.rules.webhooks import Attempt, secret_of, signatures
from promosight.worker import posting
from promosight.worker.posting import Post, post
from tests.receiving import receiving
from tests.tidy.tree import ROOT

NOW_US = parse_instant("2026-11-23T12:00:00Z")
Other = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def posted(other: Other, *, private: bool = True) -> Attempt:
    """What comes of sending something to another side that does this."""

    async def run() -> Attempt:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await other(reader, writer)
            except OSError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            message = Post(f"http://localhost:{port}/x", {}, b"{}", private)
            return await post(message, now_us=NOW_US)
        finally:
            server.close()

    return asyncio.run(run())


def says(text: str) -> Other:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode("latin-1"))
        await writer.drain()

    return other


@pytest.mark.parametrize(
    ("text", "attempt"),
    [
        ("HTTP/1.1 200 OK\r\n\r\nand a body", Attempt(200, None)),
        ("HTTP/1.0 204 \r\n\r\n", Attempt(204, None)),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\n\r\n", Attempt(201, None)),
        ("HTTP/1.1 500 Oh\r\n\r\n", Attempt(500, None)),
        (
            "HTTP/1.1 301 Over there\r\nLocation: http://127.0.0.1/\r\n\r\n",
            Attempt(301, "a redirect is not followed"),
        ),
        ("HTTP/1.1 503 \r\nretry-after: 120\r\n\r\n", Attempt(503, None, 120 * SECOND_US)),
        (
            "HTTP/1.1 503 \r\nRetry-After: Mon, 23 Nov 2026 13:00:00 GMT\r\n\r\n",
            Attempt(503, None, HOUR_US),
        ),
        ("HTTP/1.1 429 \r\nRetry-After: 999999999\r\n\r\n", Attempt(429, None, DAY_US)),
        ("HTTP/1.1 429 \r\nRetry-After: soon\r\n\r\n", Attempt(429, None)),
        ("SSH-2.0-nothing\r\n\r\n", Attempt(None, "what it answered is no HTTP")),
        ("HTTP/1.1 200 OK\r\n", Attempt(None, "what it answered is no HTTP")),
        ("", Attempt(None, "what it answered is no HTTP")),
        ("HTTP/1.1 100 \r\n\r\n" * 9, Attempt(None, "what it answered is no HTTP")),
    ],
)
def test_what_is_answered_is_told_in_a_word(text: str, attempt: Attempt) -> None:
    assert posted(says(text)) == attempt


def test_a_head_without_end_is_not_read_to_its_end() -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: " + b"x" * 60_000 + b"\r\n")
            await writer.drain()

    assert posted(other).error == "what it answered is no HTTP"


def test_who_does_not_answer_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "WAITED_S", 0.3)

    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert posted(drips) == Attempt(None, "no answer within 0.3 seconds")


def test_nobody_listening_or_no_such_name_is_an_answer_too() -> None:
    async def at(url: str) -> Attempt:
        return await post(Post(url, {}, b"{}", True), now_us=NOW_US)

    refused = asyncio.run(at("http://127.0.0.1:9/"))
    assert (refused.status, (refused.error or "")[:14]) == (None, "no connection:")
    assert asyncio.run(at("http://no-such-name.invalid/")).status is None


def test_nothing_is_connected_to_where_it_may_not_go() -> None:
    """The name is good, what it leads to is not."""
    met: list[Any] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(reader)

    async def run() -> Attempt:
        server = await asyncio.start_server(other, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            message = Post(f"https://localhost:{port}/", {}, b"{}", False)
            return await post(message, now_us=NOW_US)
        finally:
            server.close()

    assert asyncio.run(run()).error == "the URL leads into a private network"
    assert met == []


def test_the_ten_lines_of_the_page_verify_what_is_sent() -> None:
    """P11: docs/webhooks.md, as an integrator copies it."""
    page = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    known: dict[str, Any] = {}
    exec(found[1], known)
    secret, body = secret_of(b"a secret"), b'{"type":"ping"}'
    at_s = int(known["time"].time())
    with receiving() as receiver:
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(at_s),
            "webhook-signature": signatures([secret_of(b"new"), secret], "msg_1", at_s, body),
        }
        attempt = asyncio.run(post(Post(receiver.url, headers, body, True), now_us=NOW_US))
        assert attempt == Attempt(204, None)
        (came,) = receiver.received
    verified = known["verified"]
    assert verified(secret, came.headers, came.body)
    assert not verified(secret, came.headers, came.body + b" ")
    assert not verified(secret_of(b"another"), came.headers, came.body)
    assert not verified(secret, came.headers | {"webhook-id": "msg_2"}, came.body)
    assert not verified(secret, came.headers | {"webhook-timestamp": "1"}, came.body)
