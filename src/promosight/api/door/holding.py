"""Bodies on their way in: how many bytes this process holds at once, and how long a sender may take.

Both are bounded, so that neither many large bodies nor many that stop half-way can grow the process or
keep others out. The clock of the slow is one sweep a second over whoever is still sending: a timer for
each request would cost more than the rest of its reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from promosight.api.door.bodies import MAX_BYTES
from promosight.connectors.spool import Incoming
from promosight.errors import Overloaded, TooLarge, TooSlow, Unreadable

_WRITTEN_AT_ONCE = 1024 * 1024
_LEAST_OF_A_FILE = 64 * 1024
"""Bytes of a file that come in the time a body has: a sender slower than that holds a place for nothing."""
Receive = Callable[[], Awaitable[Any]]


class Limits(NamedTuple):
    """Bytes of bodies held in one process, and the seconds a body may take to come."""

    held_bytes: int = 256 * 1024 * 1024
    seconds: float = 60.0


class Holding:
    """The bodies one process holds at the moment. Belongs to one event loop."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.held = 0
        self._sending: dict[asyncio.Task[Any], float] = {}  # until when; the earliest is the first
        self._late: set[asyncio.Task[Any]] = set()
        self._sweeping = False

    def take(self, size: int) -> None:
        """Makes room for so many bytes. Raises Overloaded while there is none."""
        if self.held + size > self.limits.held_bytes:
            raise Overloaded("too many large bodies are being taken in")
        self.held += size

    def give_back(self, size: int) -> None:
        """So many bytes are not needed any more."""
        self.held -= size

    async def received(self, receive: Receive, share: Share) -> bytes:
        """The body, never more of it than may be. Raises TooLarge, TooSlow, Unreadable, Overloaded."""
        task = asyncio.current_task()
        assert task is not None
        self._begin(task)
        chunks: list[bytes] = []
        size, more = 0, True
        try:
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Unreadable("the connection ended within the body")
                chunk = message.get("body", b"")
                more = message.get("more_body", False)
                size += len(chunk)
                share.cover(size)
                chunks.append(chunk)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise TooSlow(f"the body did not come within {self.limits.seconds:g} seconds") from None
        finally:
            self._late.discard(task)
            del self._sending[task]
        return b"".join(chunks)

    def _begin(self, task: asyncio.Task[Any]) -> None:
        loop = task.get_loop()
        self._sending[task] = loop.time() + self.limits.seconds
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(min(1.0, self.limits.seconds), self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, until in self._sending.items():
            if until > now:
                break
            self._late.add(task)
            task.cancel()
        self._sweeping = bool(self._sending)
        if self._sweeping:
            loop.call_later(min(1.0, self.limits.seconds), self._sweep, loop)


async def spooled(receive: Receive, incoming: Incoming, seconds: float) -> None:
    """Writes a body that is a file to the spool folder, in constant memory; within so long, some of it has to come.

    Raises TooSlow, Unreadable, NoRoom.
    """
    chunks: list[bytes] = []
    size, more = 0, True
    clock = asyncio.get_running_loop().time
    looked_at, came = clock(), 0
    while more:
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            raise TooSlow(f"nothing of the body came for {seconds:g} seconds") from None
        if message["type"] != "http.request":
            raise Unreadable("the connection ended within the body")
        more = message.get("more_body", False)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        came += len(chunks[-1])
        if more and clock() - looked_at > seconds:
            if came < _LEAST_OF_A_FILE:
                raise TooSlow(f"{came} bytes of the body came within {seconds:g} seconds")
            looked_at, came = clock(), 0
        if size >= _WRITTEN_AT_ONCE or (size and not more):
            await asyncio.to_thread(incoming.write, b"".join(chunks))
            chunks, size = [], 0


class Share:
    """One body's part of what is held: as much as it says it has, or as has come of it."""

    __slots__ = ("_at_most", "_holding", "size")

    def __init__(self, holding: Holding, at_most: int = MAX_BYTES) -> None:
        self._holding = holding
        self._at_most = at_most
        self.size = 0

    def cover(self, size: int) -> None:
        """Grows to a size. Raises TooLarge, Overloaded."""
        if size <= self.size:
            return
        if size > self._at_most:
            raise TooLarge(f"the body is larger than {self._at_most} bytes; send a smaller batch")
        self._holding.take(size - self.size)
        self.size = size

    def end(self) -> None:
        """Gives all of it back."""
        self._holding.give_back(self.size)
        self.size = 0
