"""Answers that nobody takes: the connection ends, and what lay ready for it goes (P16)."""

from __future__ import annotations

import asyncio
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


LITTLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


class Hurried(JoinedHttp):
    """The protocol as it is, but with less time for whoever takes nothing, and little that the system keeps."""

    answer_seconds = 1.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        super().connection_made(transport)


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


@pytest.mark.parametrize("answers", [120, 300, 2_000])
def test_the_last_of_an_answer_is_not_waited_for_for_ever_either(port: int, answers: int) -> None:
    """P16: of what is ready when a connection ends, too little to be waited with, or all but the last is taken."""
    asked = (LITTLE + b"\r\n") * (answers - 1) + LITTLE + b"Connection: close\r\n\r\n"
    with closing(asking(port, asked)) as line:
        left = answers * length_of_an_answer(port) - 30_000
        while left > 0:
            left -= len(line.recv(2_048))
        assert has_ended(line)
    assert is_answered(port)


def length_of_an_answer(port: int) -> int:
    with closing(asking(port, LITTLE + b"\r\n")) as line:
        return len(line.recv(65_536))


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
