"""GET /v1/stream: promotions as their figures change, as server-sent events, for as long as the reader listens.

A reader that comes back with the id of the last event it has seen is first told what it missed; one that comes with
an id nobody here gave is told everything.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.channel import Listener, event, figures_event
from promosight.api.door.door import Answer, Door, admitted
from promosight.errors import PromosightError
from promosight.rules.instants import format_instant

EVENTS = "text/event-stream"

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_ALLOWED = "reports:read"
_RETRY_MS = 2_000
"""How long a reader waits before it comes back after a lost connection."""
_QUIET_S = 15.0
"""After so long without an event a comment shows that the connection lives."""
_CHECKED_S = 3.0
"""How often it is asked whether the reader still may listen."""
_encode = msgspec.json.Encoder().encode


async def listen(door: Door, call: Call) -> Answer:
    """GET /v1/stream."""
    door.live.check_room()
    last = call.header(b"last-event-id") or call.query("last_event_id") or ""
    listener = Listener()
    call.scope["state"]["stop"] = listener.end
    body = _Telling(door, call, listener).events(last)
    return Answer(body, media_type=EVENTS, headers=_HEADERS)


class _Telling:
    """What one reader is told, from hello to the end."""

    def __init__(self, door: Door, call: Call, listener: Listener) -> None:
        self._door = door
        self._call = call
        self._listener = listener
        self._clock = asyncio.get_running_loop().time
        self._check_at = self._clock() + _CHECKED_S

    async def events(self, last: str) -> AsyncGenerator[bytes, None]:
        """Everything, as it comes; `last` is the id of the last event the reader has seen, "" for none."""
        live, workspace_no = self._door.live, self._call.workspace_no
        async with live.listening(workspace_no, self._listener) as channel:
            number = channel.number_of(last) if last else channel.number
            # Before all is told, an id that says so: who is cut off then begins anew.
            yield self._hello(channel.id_of(number or 0), resumed=bool(last and number))
            after = "" if number is None else None
            number = number or channel.number
            while after is not None and await self._goes_on():
                page = await live.page(channel, after)
                number, after = min(number, page.number), page.following
                event_id = channel.id_of(number) if after is None else None
                yield figures_event(page.items, [], event_id)
            quiet_at = self._clock() + _QUIET_S
            while await self._goes_on():
                if number < channel.number:
                    news, number = channel.since(number), channel.number
                    for one in news:
                        yield one
                elif self._clock() >= quiet_at:
                    yield b":\n\n"
                else:
                    await self._rest(quiet_at)
                    continue
                quiet_at = self._clock() + _QUIET_S

    def _hello(self, event_id: str, *, resumed: bool) -> bytes:
        said = {"resumed": resumed, "as_of": format_instant(self._door.clock())}
        return b"retry: %d\n%b" % (_RETRY_MS, event("hello", _encode(said), event_id))

    async def _goes_on(self) -> bool:
        """Whether the reader is there and still may listen."""
        self._listener.woken.clear()
        if self._clock() >= self._check_at:
            self._check_at = self._clock() + _CHECKED_S
            call, now_us = self._call, self._door.clock()
            try:
                await admitted(self._door, _ALLOWED, call.scope, call.headers, now_us=now_us)
            except PromosightError:
                return False  # it comes back, and is told why
        return not self._listener.ended

    async def _rest(self, until: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(min(until, self._check_at)):
                await self._listener.woken.wait()
