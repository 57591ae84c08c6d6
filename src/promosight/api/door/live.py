"""Live figures: who listens in this process, and the one task that looks at the store for all of them.

There is a channel for each workspace that somebody listens to. After a commit of this process, and every 200 ms for
what others did, a thread with a connection of its own looks at what changed; while nobody listens nobody looks.
How often is bounded three ways: an idle channel is looked at once, a busy one ten times a second, and what is costly
to look at less often.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import NamedTuple, TypeVar

from promosight.api.door.channel import AT_ONCE, Channel, Listener
from promosight.errors import Overloaded
from promosight.flows.figures.of_promotions import page_after
from promosight.flows.figures.watch_figures import Moved
from promosight.store.engine import Store
from promosight.store.tx import Tx

R = TypeVar("R")

MAX_LISTENERS = 5_000
"""Listeners of one process; further ones are told to come again later."""

_POLLED_S = 0.2
"""How soon what other processes did is seen."""
_BETWEEN_S = 0.1
"""Events of a channel are so far apart, unless none came for so long."""
_ASKED_S = 0.02
"""So far apart are questions to the store that find nothing."""
_SHARE = 10
"""A look is followed by so many times its own CPU time without one, so that looking takes a tenth of a core."""
_RESTED_S = 1.0
"""The longest time so, and the time after a failure."""
_LISTS_S = 1.0
"""How often the lists beside the figures are looked at."""
_KEPT_S = 300.0
"""A channel is kept so long after its last listener has left, so that one who comes back is told what it missed."""

_PAGES_S = 2.0
"""A page that was read for one listener is given to others for so long: after a restart all come at once."""

_Read = tuple[list[bytes], str | None]
_log = logging.getLogger("promosight")


class Live:
    """The channels of one process. Belongs to its event loop."""

    def __init__(self, store: Store, *, clock: Callable[[], int], token: str) -> None:
        self._store = store
        self._clock = clock
        self._token = token
        self._serials = count(1)
        self._channels: dict[int, Channel] = {}
        self._watching: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "promosight-live")
        self._reader = store.steady_reader()
        self._pages: dict[tuple[str, str], tuple[int, asyncio.Future[_Read]]] = {}
        self._bell = asyncio.Event()
        self._rung = False
        self._poll_at = 0.0
        self._failed = False

    @asynccontextmanager
    async def listening(self, workspace_no: int, listener: Listener) -> AsyncIterator[Channel]:
        """The channel of a workspace, looked at just now if nobody listened before."""
        channel = self._channels.get(workspace_no)
        if channel is None:
            channel = Channel(workspace_no, f"{self._token}.{next(self._serials)}")
            self._channels[workspace_no] = channel
        if not channel.listeners:
            channel.looked.clear()
        channel.listeners.add(listener)
        try:
            self._ring()
            if self._watching is None:
                self._watching = asyncio.ensure_future(self._watch())
            await channel.looked.wait()
            yield channel
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners:
                channel.left_at = asyncio.get_running_loop().time()
                asyncio.get_running_loop().call_later(_KEPT_S + 1, self._forget, channel)

    def check_room(self) -> None:
        """Raises Overloaded when no more may listen."""
        if sum(len(one.listeners) for one in self._channels.values()) >= MAX_LISTENERS:
            raise Overloaded("too many listen to this server")

    async def page(self, channel: Channel, after: str) -> Page:
        """The promotions by id after one. Whoever asks soon after another gets the same page."""
        asked = self._pages.get((channel.token, after))
        if asked is None:
            question = partial(
                page_after,
                workspace_no=channel.workspace_no,
                after=after,
                limit=AT_ONCE,
                now_us=self._clock(),
            )
            asked = channel.number, asyncio.ensure_future(self._read(question))
            self._pages[channel.token, after] = asked
            loop = asyncio.get_running_loop()
            loop.call_later(_PAGES_S, self._pages.pop, (channel.token, after), None)
        number, reading = asked
        return Page(*await asyncio.shield(reading), number)

    async def _read(self, question: Callable[[Tx], R]) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._reader.read, question)

    async def close(self) -> None:
        """Ends looking. To be called when nobody listens any more, and before the store is closed."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait((self._watching,))
        await asyncio.get_running_loop().run_in_executor(self._thread, self._reader.close)
        self._thread.shutdown()

    def _forget(self, channel: Channel) -> None:
        """Forgets a channel that nobody has come back to."""
        left = asyncio.get_running_loop().time() >= channel.left_at + _KEPT_S
        if not channel.listeners and left and self._channels.get(channel.workspace_no) is channel:
            del self._channels[channel.workspace_no]
            if not self._channels:
                self._thread.submit(self._reader.close)

    def _ring(self) -> None:
        """Something may have changed."""
        for channel in self._channels.values():
            channel.is_stale = True
        self._bell.set()

    async def _watch(self) -> None:
        """Looks for every channel that somebody listens to, until there is none."""
        loop = asyncio.get_running_loop()

        def committed() -> None:  # in the thread that made the commit
            if not self._rung:
                self._rung = True
                with contextlib.suppress(
                    RuntimeError
                ):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(self._ring)

        stop = self._store.tell(committed)
        try:
            while channels := [one for one in self._channels.values() if one.listeners]:
                await self._turn(loop.time(), channels)
        finally:
            stop()
            self._watching = None

    async def _turn(self, now: float, channels: list[Channel]) -> None:
        """Looks for those whose time it is, or waits for it."""
        if now >= self._poll_at:
            self._poll_at = now + _POLLED_S
            self._ring()
        stale = [one for one in channels if one.is_stale]
        if due := [one for one in stale if one.look_at <= now]:
            await self._look(now, due)
            return
        self._bell.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(min([self._poll_at, *(one.look_at for one in stale)])):
                await self._bell.wait()

    async def _look(self, now: float, channels: list[Channel]) -> None:
        self._rung = False  # what is committed from here on rings again
        for channel in channels:
            channel.is_stale = False
        asked = [(one, one.lists_at <= now) for one in channels]
        try:
            found = await self._read(partial(_look, asked, self._clock()))
            for (channel, lists), (moved, changed) in zip(asked, found.moved, strict=True):
                self._take(channel, channel.take(moved, changed), now, found.spent_s)
                if lists:
                    channel.lists_at = now + _LISTS_S
            self._failed = False
        except Exception as error:  # noqa: BLE001 - listeners wait until the store is back
            self._fail(error)
            for channel in channels:
                channel.is_stale, channel.look_at = True, now + _RESTED_S

    def _take(self, channel: Channel, tells: bool, now: float, spent_s: float) -> None:
        """Says when a channel may be looked at again. The first look, which reads everything, is soon followed."""
        least = _BETWEEN_S if tells else _ASKED_S
        most = _RESTED_S if channel.looked.is_set() else _BETWEEN_S
        channel.look_at = now + max(least, min(most, _SHARE * spent_s))
        channel.looked.set()

    def _fail(self, error: Exception) -> None:
        if not self._failed:
            _log.error("live figures cannot be read", exc_info=error)
        self._failed = True


class Page(NamedTuple):
    """A part of all promotions, encoded; the id to go on after; and the number up to which changes are in it."""

    items: list[bytes]
    following: str | None
    number: int


class _Found(NamedTuple):
    """What a look found for each channel, and the CPU time it took."""

    moved: list[tuple[Moved | None, set[str]]]
    spent_s: float


def _look(channels: list[tuple[Channel, bool]], now_us: int, tx: Tx) -> _Found:
    """Runs in the thread that looks."""
    began = time.thread_time()
    moved = [
        (channel.figures.look(tx, now_us=now_us), channel.lists.look(tx) if lists else set())
        for channel, lists in channels
    ]
    return _Found(moved, time.thread_time() - began)
