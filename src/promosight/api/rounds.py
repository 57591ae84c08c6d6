"""For how long what is read now may have waited unread, while a server has more to do than it can.

An event loop goes in rounds: it reads what has come on all connections, then does what follows from it. What comes
meanwhile waits in the system's buffers, where nobody sees it. But a loop that has much to do reads in every round, and
then nothing that it reads can have waited for longer than since it began to read in the round before. Where a
round brings nothing to read, the loop is not behind.
"""

from __future__ import annotations

import asyncio
import time


class Rounds:
    """The rounds of one event loop in which something was read."""

    def __init__(self) -> None:
        self._reading = False  # something was read in this round
        self._behind = False  # something was read in the round before
        self._since = self._began = 0.0
        self.number = 0
        """Which round this is."""

    def note(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something is read now."""
        if self._reading:
            return
        self._reading = True
        self.number += 1
        now = time.perf_counter()
        self._since = self._began if self._behind else now
        self._began = now
        if not self._behind:
            self._behind = True
            loop.call_soon(self._end, loop)

    def since(self, now: float) -> float:
        """Nothing that was read in this round had come before that."""
        return self._since if self._behind else now

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """After what a round has brought: the next one shows whether more has come meanwhile."""
        self._behind = self._reading
        self._reading = False
        if self._behind:
            loop.call_soon(self._end, loop)
