"""The rounds of an event loop: it reads what has come on all connections, then does what follows from it.

What is read in one round knows nothing of what is read beside it: none of it is under way before all of it is read.
Whoever counts what is let in has to count by rounds, too. And a round may last: to read and refuse what thousands of
connections bring takes a tenth of a second, in which those who were let in wait for their commit and its answer. So
what is due is done in the middle of a long round, too. In one that lasts, refusals leave at its end: whoever is refused
at once asks again at once, and then a round need not end for seconds. (Not in every one: a connection that was just
read is at hand, and to come back to thousands of them costs as much again.)
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable

_LONG_S = 0.01
"""After so long a part of a round it is seen what is due."""
_LASTS_S = 0.1
"""A round of so many seconds is to come to its end."""


class Rounds:
    """The rounds of one event loop in which something was read."""

    def __init__(self, meanwhile: Callable[[asyncio.AbstractEventLoop], None]) -> None:
        self.number = 0
        """Which round this is."""
        self.lasts = False
        """Whether it is to come to its end."""
        self._meanwhile = meanwhile
        self._reading = False
        self._began = self._since = 0.0
        self._leaving: deque[Callable[[], None]] = deque()

    def note(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something is read now."""
        if not self._reading:
            self._reading = True
            self.number += 1
            self.lasts = False
            self._began = self._since = time.perf_counter()
            loop.call_soon(self._end, loop)
        elif time.perf_counter() - self._since > _LONG_S:
            self._see(loop)

    def at_end(self, leaves: Callable[[], None]) -> None:
        """Has something done when all has been read. Called while something is read."""
        self._leaving.append(leaves)

    def _see(self, loop: asyncio.AbstractEventLoop) -> None:
        self._since = math.inf  # what is done now may read, too
        self._meanwhile(loop)
        self._since = time.perf_counter()
        self.lasts = self._since - self._began > _LASTS_S

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._leaving:
            self._leaving.popleft()()
            if time.perf_counter() - self._since > _LONG_S:
                self._see(loop)
        self._reading = False
