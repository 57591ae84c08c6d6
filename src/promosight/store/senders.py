"""The senders of one event loop, and how they hear what became of their changes.

A change may be done by any thread; its sender hears of it on its loop. The loop comes to it when it has read all that
has come, which under overload is a tenth of a second. So what is known waits here, and whoever keeps the loop from it
can have it told at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable


class Senders:
    """Those who wait on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._known: deque[Callable[[], None]] = deque()

    def answer(self, tellings: Iterable[Callable[[], None]]) -> None:
        """Has each sender told on the loop, which is woken once for all of them. Called by any thread."""
        self._known.extend(tellings)
        with contextlib.suppress(RuntimeError):  # closed: nobody there waits any more
            self.loop.call_soon_threadsafe(self.tell)

    def tell(self) -> None:
        """Tells all who are to be told by now. Called on the loop."""
        while self._known:
            self._known.popleft()()
