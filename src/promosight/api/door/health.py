"""Whether this process can be sent requests: by doing what requests do, and by saying when it is about to end.

Ready is who reads the store, whose schema this program knows, and makes a change durable in it through the one writer
that everybody's changes go through: a full disk, a writer that ended and a database that only reads are no hope for a
sender. What was found is good for a second, so that whoever asks often writes once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from promosight.store import migrate
from promosight.store.engine import Store
from promosight.store.tx import Tx

_GOOD_FOR_US = 1_000_000
_PATIENCE_S = 5.0
_log = logging.getLogger("promosight")


class Found(NamedTuple):
    """What was found: why it is not ready, "" where it is, and how many workspaces there are."""

    why: str
    workspaces: int = 0


class Health:
    """What one process says of itself. Belongs to one event loop."""

    def __init__(self, store: Store, *, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._found: Found | None = None
        self._found_us = 0
        self._looking = asyncio.Lock()
        self.leaving = False
        """Set when it was told to stop: it still answers, and wants no more."""

    async def found(self) -> Found:
        """Whether it is ready now."""
        if self.leaving:
            return Found("this server is about to stop")
        async with self._looking:
            if self._found is None or not 0 <= self._clock() - self._found_us < _GOOD_FOR_US:
                self._found = await self._looked()
                self._found_us = self._clock()
            return self._found

    async def _looked(self) -> Found:
        try:
            found = await asyncio.to_thread(self._store.read, _read)
            if found.why:
                return found
            now_us = self._clock()
            written = self._store.submit(_write, now_us)
            await asyncio.wait_for(asyncio.wrap_future(written), _PATIENCE_S)
        except TimeoutError:
            return Found("the store takes no changes in time")
        except Exception as error:  # noqa: BLE001 - whatever it is, the store does not answer
            _log.warning("the store does not answer", exc_info=error)
            return Found("the store does not answer, or takes no changes")
        return found


def _read(tx: Tx) -> Found:
    if unknown := migrate.unknown(tx):
        return Found(f"the store has schema {unknown[-1]}, newer than this program")
    return Found("", len(tx.all("workspaces")))


def _write(tx: Tx, moments: list[int]) -> list[None]:
    tx.run("write_probe", written_us=max(moments))
    return [None for _ in moments]
