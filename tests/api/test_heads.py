"""Heads of requests that do not end: they cost neither memory nor a connection for long (P16)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from promosight.api.joined import JoinedHttp
from tests.api.server import new_workspace, serving_here


class Hurried(JoinedHttp):
    """The protocol as it is, but with less time for heads."""

    head_seconds = 0.4


@contextmanager
def hurried(url: str) -> Iterator[int]:
    """The port of a server that is in a hurry."""
    new_workspace(url)
    with serving_here(url, http=Hurried) as (_, port):
        yield port


def test_a_head_that_does_not_come_or_does_not_end_is_not_waited_for(sqlite_url: str) -> None:
    """P16: neither on a fresh connection nor on one that was used; a whole request is answered meanwhile."""
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with hurried(sqlite_url) as port:
        for before, said in (
            (b"", b""),
            (b"", b"GET /healthz HTTP/1.1\r\nX: "),
            (health, b"GET /he"),
        ):
            with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
                line.sendall(before)
                assert not before or b"200" in line.recv(65_536)
                line.sendall(said)
                began = time.monotonic()
                assert line.recv(65_536) == b""
                assert time.monotonic() - began < 5
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
            for _ in range(3):  # used now and then, it may stay longer than that
                line.sendall(health)
                assert b"200" in line.recv(65_536)
                time.sleep(0.3)


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
        closing(socket.create_connection(("127.0.0.1", port))) as line,
    ):
        line.settimeout(10)
        line.sendall(begun)
        with pytest.raises(ConnectionError):
            _pour(line)


def _pour(line: socket.socket) -> None:
    """Twenty megabytes, as long as they are taken."""
    for _ in range(2_000):
        line.sendall(b"x" * 10_000)
