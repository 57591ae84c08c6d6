"""Writes of one moment leave together: an answer's head and body in one call to the system, not two.

The server writes the two apart and the loop sends each at once; the second send costs as much as all the
parsing of a request, and the receiver wakes twice. And what need not be parsed is not: a plain event goes straight to
the store (`straight`), and what must be refused because there is no room is refused here (`turning_away`).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from promosight.api.connections.patient import PatientHttp
from promosight.api.connections.rounds import Rounds
from promosight.api.connections.unread import unread_s

_LARGE = 16_384
"""A piece of this size is sent at once: holding it would only fill memory."""
_PATIENCE_S = 1.0
"""How long a stream's reader may take over its end when the server stops."""


class JoinedHttp(PatientHttp):
    """The server's HTTP protocol over a transport that joins what is written in one turn of the loop."""

    _between = True
    """Whether the next byte begins a request, and is not in the middle of one."""
    _owing = False
    """Whether an answer is owed to a request that went straight to the store."""
    _ahead = b""
    """What came before that answer."""
    _last = False
    """Whether that answer is to be the last."""
    _used_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        if self._owing:
            self._ahead += data
            self.flow.pause_reading()
            return
        cycle: Any = self.cycle  # None before the first request
        app: Any = self.app
        app.rounds.note(self.loop)
        if self._between and (cycle is None or cycle.response_complete):
            turned_away = app.turning_away.answer(data, partial(unread_s, self.transport))
            if turned_away is not None:
                self._stays_open()
                if app.rounds.lasts:
                    self._joining.hold(turned_away, app.rounds)
                else:
                    self._joining.send(turned_away)
                return
            if not self.flow.write_paused and app.straight.take(self, data):
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request is here as a whole."""
        self._between = True
        super().on_message_complete()

    def owes(self) -> None:
        """An answer will come; until then nothing else is answered here."""
        self._head_is_there()
        self._owing = True

    def pays(self, status: int, lines: bytes, body: bytes) -> None:
        """The answer that was owed. `lines`: headers of its own, each with its end."""
        self._owing = False
        if self.transport.is_closing():
            return
        self.server_state.total_requests += 1
        every = _EVERY.lines(self.server_state.default_headers)
        ends = b"connection: close\r\n\r\n" if self._last else b"\r\n"
        self._joining.send(
            b"%bcontent-length: %d\r\n%b%b%b%b"
            % (STATUS_LINE[status], len(body), every, lines, ends, body)
        )
        if self._last:
            self.transport.close()
            return
        self._is_used()
        if self._ahead:
            data, self._ahead = self._ahead, b""
            self.flow.resume_reading()
            self.data_received(data)

    def _is_used(self) -> None:
        """Whoever keeps the connection has the whole time again; a timer that runs already finds out at its end."""
        self._used_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_use(self.timeout_keep_alive)

    def _await_use(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """The time is over in which a connection must be used, unless it was used meanwhile."""
        left = self._used_at + self.timeout_keep_alive - self.loop.time()
        if self._owing:
            left = self.timeout_keep_alive
        if left > 0:
            self._await_use(left)
        else:
            super().timeout_keep_alive_handler()

    def _stays_open(self) -> None:
        """The connection was used, if only to be refused."""
        self._head_is_there()
        self._is_used()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection has come."""
        self._joining = _Joining(transport, self.loop)
        super().connection_made(self._joining)

    def shutdown(self) -> None:
        """The server stops. An answer without an end of its own is ended here, whether it is read or not."""
        if self._owing:
            self._last = True
            return
        super().shutdown()
        cycle: Any = self.cycle  # None before the first request
        stop = None if cycle is None else cycle.scope["state"].get("stop")
        if stop is not None and not cycle.response_complete:
            stop()
            self.loop.call_later(_PATIENCE_S, self.transport.abort)


class _Every:
    """The headers of every answer, which the server makes anew each second, as they are written."""

    def __init__(self) -> None:
        self._of: list[tuple[bytes, bytes]] = []
        self._lines = b""

    def lines(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Each with its end."""
        if headers is not self._of:
            self._lines = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
            self._of = headers
        return self._lines


_EVERY = _Every()


class _Joining(asyncio.Transport):
    """What the protocol asks of a transport, and nothing else."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        closing: bool = self._transport.is_closing()
        return closing

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def write(self, data: Any) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        if len(data) > _LARGE:
            self._flush()

    def hold(self, data: bytes, rounds: Rounds) -> None:
        """Writes something when all that has come is read."""
        if not self._held:
            rounds.at_end(self._flush)
        self._held.append(data)

    def send(self, data: bytes) -> None:
        """Writes what nothing follows: it need not wait for the end of the turn, which may be long."""
        self._flush()
        self._transport.write(data)

    def get_write_buffer_size(self) -> int:
        size: int = self._transport.get_write_buffer_size()
        return size

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            if not self._transport.is_closing():  # the receiver may have hung up meanwhile
                self._transport.writelines(held)
