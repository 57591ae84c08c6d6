"""The thread that commits what event loops have begun.

A pool of one thread would do, but whatever it makes for each call so that somebody may wait for its result (and nobody
does) costs as much as a tenth of the commit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

_log = logging.getLogger("promosight")


class CommitThread:
    """Does what it is given, one thing after the other."""

    def __init__(self) -> None:
        self._given: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False
        self._door = threading.Lock()  # nothing is given behind the last
        self._thread = threading.Thread(target=self._work, name="promosight-commit", daemon=True)
        self._thread.start()

    def do(self, act: Callable[[], None]) -> None:
        """Has something done. Raises RuntimeError after `close`."""
        with self._door:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._given.put(act)

    def close(self) -> None:
        """Waits until all that was given is done."""
        with self._door:
            self._closed = True
            self._given.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (act := self._given.get()) is not None:
            try:
                act()
            except Exception:  # noqa: BLE001 - no end to the thread: others wait for it
                _log.exception("a commit went wrong in an unknown way")
