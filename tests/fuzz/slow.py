"""Connections that say something and then nothing, or a byte a second: how long a server holds each of them.

They are opened together, and while they are held somebody who asks properly is answered.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from tests.faults.sending import HOST

_EACH = 20
_MUST_BE_FREE_S = 85.0
"""The longest bound: an idle connection that was used is closed after 75 seconds."""
_WAKES_EVERY_S = 1.0


def ways(key: str) -> dict[str, tuple[bytes, bytes]]:
    """What each kind says, and what it goes on saying, a byte a second."""
    let_in = f"Host: x\r\nAuthorization: Bearer {key}\r\n".encode()
    post = b"POST /v1/redemptions HTTP/1.1\r\n" + let_in
    file = b"POST /v1/imports?kind=redemptions HTTP/1.1\r\n" + let_in
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    return {
        "nothing": (b"", b""),
        "half a head": (b"GET /v1/promotions HTTP/1.1\r\nX: ", b""),
        "a head, a byte a second": (b"GET /v1/promotions HTTP/1.1\r\nX: ", b"x"),
        "half a body": (post + b"Content-Length: 90\r\n\r\n{", b""),
        "a body, a byte a second": (post + b"Content-Length: 900\r\n\r\n{", b" "),
        "chunks without an end": (post + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b""),
        "half a file": (file + b"Content-Length: 90\r\n\r\n{", b""),
        "a file, a byte a second": (file + b"Content-Length: 900\r\n\r\n{", b" "),
        "a body nobody asked for": (
            b"POST /v1/redemptions HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{",
            b" ",
        ),
        "an answered request": (health, b""),
    }


def held_for(port: int, key: str, is_healthy: Callable[[], bool]) -> dict[str, float]:
    """For how many seconds connections of each kind were held; infinite where they still are, or others waited."""
    began = time.monotonic()
    lines: dict[socket.socket, tuple[str, bytes]] = {}
    for name, (first, more) in ways(key).items():
        for _ in range(_EACH):
            line = socket.create_connection((HOST, port), timeout=10)
            line.sendall(first)
            lines[line] = name, more
    found = dict.fromkeys(ways(key), 0.0)
    while lines and time.monotonic() - began < _MUST_BE_FREE_S:
        for line in _ended(lines):
            found[lines.pop(line)[0]] = time.monotonic() - began
            line.close()
        _go_on(lines)
        if not is_healthy():
            found["somebody who asks properly"] = float("inf")
    for line, (name, _) in lines.items():
        found[name] = float("inf")
        line.close()
    return found


def _ended(lines: dict[socket.socket, tuple[str, bytes]]) -> list[socket.socket]:
    """Those that the server has closed, within the next second."""
    ready, _, _ = select.select([*lines], [], [], _WAKES_EVERY_S)
    time.sleep(0.2)  # an answer and its end come together
    return [line for line in ready if _is_at_its_end(line)]


def _is_at_its_end(line: socket.socket) -> bool:
    try:
        return line.recv(65_536) == b""
    except ConnectionError:
        return True


def _go_on(lines: dict[socket.socket, tuple[str, bytes]]) -> None:
    for line, (_, more) in lines.items():
        try:
            line.sendall(more)
        except ConnectionError:
            continue  # it is closed; the next look tells
