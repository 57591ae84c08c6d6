"""A connection that says exactly the bytes it is given, and reads what comes back, within a bound."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from typing import NamedTuple

from tests.faults.sending import HOST

ANSWER_WITHIN_S = 20.0
_ENDLESS = "text/event-stream"


class Reply(NamedTuple):
    """An answer: of one that does not end, the beginning."""

    status: int
    headers: dict[str, str]
    body: bytes
    took_s: float


class Line:
    """A connection to a server, opened when it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, data: bytes, method: str) -> Reply | None:
        """The answer to a request, None where the server closed without one. Raises TimeoutError for a hang."""
        began = time.monotonic()
        for _ in range(2):
            fresh = self._socket is None
            reply = self._asked(data, method, began)
            if reply is not None or fresh:
                return reply
        return None  # a connection that was kept may have been closed meanwhile; a fresh one says what is so

    def close(self) -> None:
        """Ends the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _asked(self, data: bytes, method: str, began: float) -> Reply | None:
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=ANSWER_WITHIN_S)
        try:
            self._say(data)
            return self._read(method, began)
        except (ConnectionError, http.client.HTTPException):
            self.close()
            return None

    def _say(self, data: bytes) -> None:
        assert self._socket is not None
        with contextlib.suppress(ConnectionError):  # an answer may have come before all was said
            self._socket.sendall(data)

    def _read(self, method: str, began: float) -> Reply:
        assert self._socket is not None
        answer = http.client.HTTPResponse(self._socket, method=method)
        try:
            answer.begin()
            headers = {name.lower(): text for name, text in answer.getheaders()}
            endless = headers.get("content-type", "").startswith(_ENDLESS)
            body = answer.read1(4_096) if endless else answer.read()
        finally:
            answer.close()
        if endless or answer.will_close:
            self.close()
        return Reply(answer.status, headers, body, time.monotonic() - began)
