"""How long a connection may take until the head of its request is whole, how much may come before that, and how long it
may leave its answer untaken.

The HTTP parser keeps all it is told of a head, for as long as it lasts. So whoever opens a connection, or begins a
request on one, has some seconds until its head is whole, or the rest of a body that was answered already; and what
comes without being a part of a body (a head without end, trailers behind a body) may only be so long. Bodies have
bounds of their own (`holding`).

An answer lies here until it is taken, and an export's file with it. Whoever takes nothing of it for minutes has gone to
sleep or means no good, and TCP would wait for ever.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
ANSWER_SECONDS = 600.0
"""Long enough for a person who reads an export page by page."""
_AT_ONCE = struct.pack("ii", 1, 0)
MOST_AROUND = 64 * 1024
"""Bytes of a head, or around a body, beside those that come in one piece with its end."""


def _refusal(status: int, phrase: str, code: str, detail: str) -> bytes:
    """An answer to what no request is known of yet: a problem document, as everywhere, and the end."""
    kind = f"urn:promosight:problem:{code}"
    said = {"type": kind, "title": phrase, "status": status, "detail": detail, "code": code}
    body = msgspec.json.encode(said | {"errors": []})
    head = f"HTTP/1.1 {status} {phrase}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n"
    return b"%bcontent-length: %d\r\n\r\n%b" % (head.encode(), len(body), body)


_TOO_LARGE = _refusal(
    431, "Request Header Fields Too Large", "head_too_large", "the head of the request is too large"
)
_UNREADABLE = _refusal(
    400, "Bad Request", "unreadable", "this is no HTTP request that is understood here"
)


class PatientHttp(HttpToolsProtocol):
    """The server's HTTP protocol with bounds on heads, and on answers that nobody takes."""

    head_seconds = HEAD_SECONDS
    answer_seconds = ANSWER_SECONDS
    _around = 0
    _whole = True
    """Whether nothing is missing of what was begun."""
    _is_last = False
    """Whether the sender of what was begun wants no other answer on this connection."""
    _late: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection has come."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection has gone."""
        self._head_is_there()
        self._is_taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """So much of an answer lies here that no more of it is made."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """Some of it was taken. Where it was the last answer the rest is waited for as long."""
        self._is_taken()
        super().resume_writing()
        self._await_rest()

    def on_response_complete(self) -> None:
        """An answer is made."""
        super().on_response_complete()
        self._await_rest()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody has asked anything more. What lies here still may be taken, in its time."""
        super().timeout_keep_alive_handler()
        self._await_rest()

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        self._around += len(data)
        super().data_received(data)
        cycle: Any = self.cycle  # None before the first request
        if self.transport.is_closing():
            return
        if self._around > MOST_AROUND:
            self._refuse(answered=cycle is None or cycle.response_complete)
        elif not self._whole and self._late is None and (cycle is None or cycle.response_complete):
            self._await_head()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it is the same each time
        """What has come is no HTTP."""
        self.transport.write(_UNREADABLE)
        self._end()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._around, self._whole = 0, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._head_is_there()
        super().on_headers_complete()
        cycle: Any = self.cycle
        if cycle is not None and not cycle.keep_alive:
            # Closed amid a body, the line would be reset, and an answer of before its end lost with it.
            cycle.keep_alive = self._is_last = True

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._whole = True
        self._head_is_there()
        super().on_message_complete()
        if self._is_last:
            self._end_after(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Some of a body has come."""
        self._around = 0
        super().on_body(body)

    def _end_after(self, cycle: Any) -> None:
        """Of a request that is whole, and after whose answer nothing more is to come."""
        self._is_last = cycle.keep_alive = False
        if cycle.response_complete and not self.transport.is_closing():
            self._end()

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_is_there(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _await_taking(self) -> None:
        """Looks again later: whoever has taken none of what lies here by then is given up."""
        left = self.transport.get_write_buffer_size()
        self._untaken = self.loop.call_later(self.answer_seconds, self._look_again, left)

    def _await_rest(self) -> None:
        """Of a connection that ends once all is taken, so that nothing of it is ever paused or resumed again."""
        is_last = self._untaken is None and self.transport.is_closing()
        if is_last and self.transport.get_write_buffer_size():
            self._await_taking()

    def _look_again(self, left: int) -> None:
        self._untaken = None
        if 0 < left <= self.transport.get_write_buffer_size():
            # The system has some of it, too, and would go on offering that.
            line = self.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()
        else:
            self._await_taking()

    def _is_taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _give_up(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self._end()

    def _refuse(self, *, answered: bool) -> None:
        """Ends the connection; with a word where no other answer is on its way."""
        if answered:
            self.transport.write(_TOO_LARGE)
        self._end()

    def _end(self) -> None:
        self.transport.close()
        self._await_rest()
