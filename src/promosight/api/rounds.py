"""The rounds of an event loop: it reads what has come on all connections, then does what follows from it.

What is read in one round knows nothing of what is read beside it: none of it is under way before all of it is read.
Whoever counts what is let in has to count by rounds, too.
"""

from __future__ import annotations

import asyncio


class Rounds:
    """The rounds of one event loop in which something was read."""

    def __init__(self) -> None:
        self.number = 0
        """Which round this is."""
        self._reading = False

    def note(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something is read now."""
        if not self._reading:
            self._reading = True
            self.number += 1
            loop.call_soon(self._end)

    def _end(self) -> None:
        self._reading = False
