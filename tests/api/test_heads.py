"""Heads of requests that do not end: they cost neither memory nor a connection for long (P16)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse

import pytest

from promosight.api.connections.joined import JoinedHttp
from promosight.api.connections.patient import HEAD_SECONDS
from promosight.api.door.problems import MEDIA_TYPE, document
from tests.api.server import new_workspace, serving_here

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HURRY_S = 0.4


class Hurried(JoinedHttp):
    """The protocol as it is, but with less time for heads."""

    head_seconds = HURRY_S


@contextmanager
def hurried(url: str) -> Iterator[int]:
    """The port of a server that is in a hurry."""
    Hurried.head_seconds = HURRY_S
    new_workspace(url)
    with serving_here(url, http=Hurried) as (_, port):
        yield port


def test_a_head_that_does_not_come_or_does_not_end_is_not_waited_for(sqlite_url: str) -> None:
    """P16: neither on a fresh connection nor on one that was used; a whole request is answered meanwhile."""
    with hurried(sqlite_url) as port:
        for begun in (b"", b"GET /healthz HTTP/1.1\r\nX: "):
            with closing(opened(port)) as line:
                line.sendall(begun)
                assert is_ended(line)
        # Where we ourselves took too long for a whole request, nothing was seen, and there is more time for it.
        assert any(is_kept_while_idle(port, seconds) for seconds in (HURRY_S, 3.0, 12.0))


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def is_ended(line: socket.socket) -> bool:
    """Whether the server ends a connection on which nothing whole was said, long before it would without a hurry."""
    began = time.monotonic()
    return line.recv(65_536) == b"" and time.monotonic() - began < HEAD_SECONDS - 2


def is_kept_while_idle(port: int, seconds: float) -> bool:
    """Whether one that was used may stay longer than a head may take: also for another, which is not waited for."""
    Hurried.head_seconds = seconds
    with closing(opened(port)) as line:
        line.sendall(HEALTH)
        if not line.recv(65_536):
            return False
        Hurried.head_seconds = HURRY_S
        for _ in range(2):
            time.sleep(seconds * 0.75)
            line.sendall(HEALTH)
            assert b"200" in line.recv(65_536)
        line.sendall(b"GET /he")
        assert is_ended(line)
    return True


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /healthz HTTP/1.1\r\nX: ",
        b"GET /",
        b"POST /v1/redemptions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
    ids=["a header", "an address", "a trailer"],
)
def test_a_head_without_end_is_refused_before_it_fills_the_memory(
    sqlite_url: str, begun: bytes
) -> None:
    """P16: 431, or an answer to the request it belongs to, and an end of the connection."""
    with (
        hurried(sqlite_url) as port,
        closing(opened(port)) as line,
    ):
        line.sendall(begun)
        with pytest.raises(ConnectionError):
            _pour(line)


def _pour(line: socket.socket) -> None:
    """Twenty megabytes, as long as they are taken."""
    for _ in range(2_000):
        line.sendall(b"x" * 10_000)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "unreadable"),
        (b"POST /v1/redemptions HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, "unreadable"),
    ],
    ids=["a method", "a length"],
)
def test_what_is_no_request_is_answered_by_a_problem_document(
    sqlite_url: str, sent: bytes, status: int, code: str
) -> None:
    """P16: as everything else that is refused."""
    new_workspace(sqlite_url)
    with serving_here(sqlite_url) as (_, port), closing(opened(port)) as line:
        line.sendall(sent)
        answer = HTTPResponse(line)
        answer.begin()
        told = json.loads(answer.read())
    assert (answer.status, answer.getheader("content-type")) == (status, MEDIA_TYPE)
    assert (told["status"], told["code"]) == (status, code)
    assert told.keys() == json.loads(document(status, code, "why")).keys()
