"""Writes of one moment leave together: an answer's head and body in one call to the system, not two.

The server writes the two apart and the loop sends each at once; the second send costs as much as all the
parsing of a request, and the receiver wakes twice. And what must be refused because there is no room is refused here,
before it is parsed (`turning_away`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from promosight.api.patient import PatientHttp

_LARGE = 16_384
"""A piece of this size is sent at once: holding it would only fill memory."""
_PATIENCE_S = 1.0
"""How long a stream's reader may take over its end when the server stops."""


class JoinedHttp(PatientHttp):
    """The server's HTTP protocol over a transport that joins what is written in one turn of the loop."""

    _between = True
    """Whether the next byte begins a request, and is not in the middle of one."""

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        cycle: Any = self.cycle  # None before the first request
        app: Any = self.app
        app.rounds.note(self.loop)
        if self._between and (cycle is None or cycle.response_complete):
            turned_away = app.turning_away.answer(data)
            if turned_away is not None:
                self._stays_open()
                self.transport.write(turned_away)
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

    def _stays_open(self) -> None:
        """The connection was used: whoever keeps it has the whole time again."""
        self._head_is_there()
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection has come."""
        super().connection_made(_Joining(transport, self.loop))

    def shutdown(self) -> None:
        """The server stops. An answer without an end of its own is ended here, whether it is read or not."""
        super().shutdown()
        cycle: Any = self.cycle  # None before the first request
        stop = None if cycle is None else cycle.scope["state"].get("stop")
        if stop is not None and not cycle.response_complete:
            stop()
            self.loop.call_later(_PATIENCE_S, self.transport.abort)


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
