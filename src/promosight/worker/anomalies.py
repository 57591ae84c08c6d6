"""Noticing anomalies: one thread of each server process reads the counters when an hour has ended, and judges it.

Between the ends of hours a look is one question for each workspace. After a start the hours that are kept are told
again, some at a time, and it rests many times as long as it worked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from promosight.flows.noticing.keep_anomalies import (
    Read,
    find_news,
    hours_after,
    keep_news,
)
from promosight.flows.noticing.pace import keep_pace, read_pace
from promosight.flows.noticing.watching import WorkspaceWatch
from promosight.store.catalogue import load
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.beside import Beside

_LOOKS_EVERY_S = 2.0
_LONGEST_REST_S = 10.0
_SHARE = 10
"""It rests so many times as long as a look took, within bounds."""
_SETTLES_S = 2
"""What was sent in the last moment of an hour is committed by then."""
_AT_ONCE = 12
"""So many hours are told before it rests."""


class Noticer(Beside):
    """The thread that watches the workspaces of a store, until `stop`."""

    def __init__(self, store: Store, *, clock: Callable[[], int]) -> None:
        super().__init__("promosight-noticer", trouble="anomalies cannot be looked for")
        self._store = store
        self._clock = clock
        self._watches: dict[int, WorkspaceWatch] = {}

    def once(self) -> int:
        """Reads and judges all that there is by now; how many anomalies are new."""
        found = 0
        for workspace_no in self._store.read(_workspaces):
            found += self._notice(workspace_no)
        return found

    def _look(self) -> None:
        self.once()

    def _rest_s(self, took_s: float) -> float:
        return max(_LOOKS_EVERY_S, min(_LONGEST_REST_S, _SHARE * took_s))

    def _after_trouble(self) -> None:
        self._watches.clear()

    def _notice(self, workspace_no: int) -> int:
        now_us = self._clock() - _SETTLES_S * 1_000_000
        watch = self._watches.setdefault(workspace_no, WorkspaceWatch())
        tick = self._store.read(partial(read_pace, workspace_no=workspace_no, now_us=now_us))
        if tick is not None:
            self._store.change(partial(keep_pace, tick=tick))
            if tick.past is not None:
                watch = self._watches[workspace_no] = WorkspaceWatch()
        if not self._tell_all(workspace_no, watch) or self._stopping.is_set():
            return 0
        news = self._store.read(lambda tx: find_news(tx, workspace_no, watch, now_us=self._clock()))
        return self._store.change(partial(keep_news, news=news)) if news.is_any else 0

    def _tell_all(self, workspace_no: int, watch: WorkspaceWatch) -> bool:
        """Whether there were hours to tell."""
        any_told = False
        while not self._stopping.is_set():
            told = self._store.read(
                partial(hours_after, workspace_no=workspace_no, after_us=watch.after_us)
            )
            if not told.hours:
                break
            any_told = True
            self._tell(workspace_no, watch, told)
        return any_told

    def _tell(self, workspace_no: int, watch: WorkspaceWatch, told: Read) -> None:
        catalogue = self._store.read(partial(load, workspace_no=workspace_no))
        for start in range(0, len(told.hours), _AT_ONCE):
            began = time.thread_time()
            watch.tell(catalogue, told.cadences, told.hours[start : start + _AT_ONCE])
            spent_s = time.thread_time() - began
            if spent_s > 0.005 and self._stopping.wait(min(1.0, _SHARE * spent_s)):
                return


def _workspaces(tx: Tx) -> list[int]:
    return [row[0] for row in tx.all("workspaces")]
