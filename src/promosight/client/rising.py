"""Ids that rise with time, so that what was reported later also sorts later: UUIDs of version 7 (RFC 9562).

Within a millisecond, and while a clock goes backwards, the next id is the one before plus a random step.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from uuid import UUID

_TAIL_BITS = 74
_LOW_BITS = 62
_STEP_BITS = 32


class RisingIds:
    """Each call is a new id, higher than all before it. `now` is seconds since the epoch."""

    def __init__(
        self, now: Callable[[], float], bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._now = now
        self._bits = bits
        self._lock = threading.Lock()
        self._at_ms = -1
        self._tail = 0

    def __call__(self) -> str:
        """A new id, 36 characters."""
        with self._lock:
            self._move_on(int(self._now() * 1000))
            at_ms, tail = self._at_ms, self._tail
        high, low = tail >> _LOW_BITS, tail & ((1 << _LOW_BITS) - 1)
        return str(UUID(int=at_ms << 80 | 7 << 76 | high << 64 | 2 << 62 | low))

    def _move_on(self, now_ms: int) -> None:
        if now_ms <= self._at_ms:
            self._tail += 1 + self._bits(_STEP_BITS)
            if self._tail >> _TAIL_BITS == 0:
                return
            now_ms = self._at_ms + 1
        self._at_ms = now_ms
        self._tail = self._bits(_TAIL_BITS - 1)  # the top bit is room for steps
