"""Answers that nobody takes: the connection ends, and what lay ready for it goes (P16)."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from promosight.api.connections.joined import JoinedHttp
from tests.api.server import new_workspace, serving_here

DESCRIPTION = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
MANY = 200
"""More answers than the system's own buffers hold."""


class Hurried(JoinedHttp):
    """The protocol as it is, but with less time for whoever takes nothing."""

    answer_seconds = 1.0


@pytest.fixture
def port(sqlite_url: str) -> Iterator[int]:
    """The port of a server that is in a hurry."""
    new_workspace(sqlite_url)
    with serving_here(sqlite_url, http=Hurried) as (_, port):
        yield port


def test_who_takes_nothing_of_an_answer_is_not_waited_for_for_ever(port: int) -> None:
    """P16: the server ends the connection, and others are answered meanwhile and afterwards."""
    with closing(asking(port, DESCRIPTION * MANY)) as line:
        assert is_answered(port)
        assert has_ended(line)
    assert is_answered(port)


def asking(port: int, what: bytes) -> socket.socket:
    """A connection on which something was asked, that has little room for what comes."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.settimeout(60)
    line.connect(("127.0.0.1", port))
    line.sendall(what)
    return line


def is_answered(port: int) -> bool:
    with closing(asking(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) as line:
        return b"200" in line.recv(65_536)


def has_ended(line: socket.socket) -> bool:
    """Whether the other side gives the connection up, within a minute, though nothing was taken here."""
    end = select.poll()
    end.register(line, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
    return bool(end.poll(60_000))
