"""Watching limits: one thread of each server process raises alerts within seconds of what crossed a threshold.

It is woken by the commits of its process and looks once a second for what others did. After a look it rests many
times as long as the look took, so that it never takes more than a small part of a core.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from promosight.flows.figures.raise_alerts import AlertWatch, raise_alerts
from promosight.store.engine import Store
from promosight.store.tx import Row, Tx

_POLLED_S = 1.0
_RESTED_S = 0.25
_LONGEST_REST_S = 3.0
_SHARE = 20
"""A look is followed by so many times its CPU time without one."""
_log = logging.getLogger("promosight")


class AlertWorker:
    """The thread that looks at the limits of every workspace, until `stop`."""

    def __init__(self, store: Store, *, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._watches: dict[int, AlertWatch] = {}
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._work, name="promosight-alerts", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the look that is going on."""
        self._stopping.set()
        self._bell.set()
        self._thread.join()

    def _work(self) -> None:
        stop_telling = self._store.tell(self._bell.set)
        reader = self._store.steady_reader()
        try:
            while not self._stopping.is_set():
                self._bell.clear()
                began = time.thread_time()
                self._guarded(lambda: self._raise(reader.read(self._look)))
                spent_s = time.thread_time() - began
                rest_s = max(_RESTED_S, min(_LONGEST_REST_S, _SHARE * spent_s))
                if not self._stopping.wait(rest_s):
                    self._bell.wait(_POLLED_S)
        finally:
            stop_telling()
            reader.close()

    def _guarded(self, action: Callable[[], None]) -> None:
        """Does something; of a failure, said once, everything is looked at anew."""
        try:
            action()
            self._failed = False
        except Exception as error:  # noqa: BLE001 - there is nobody else to tell
            self._watches.clear()
            if not self._failed and not self._stopping.is_set():
                _log.error("alerts cannot be raised", exc_info=error)
            self._failed = True

    def _look(self, tx: Tx) -> list[Row]:
        now_us = self._clock()
        found: list[Row] = []
        for (workspace_no,) in (row[:1] for row in tx.all("workspaces")):
            watch = self._watches.setdefault(workspace_no, AlertWatch(workspace_no))
            found += watch.look(tx, now_us=now_us)
        return found

    def _raise(self, rows: list[Row]) -> None:
        if rows:
            self._store.change(partial(raise_alerts, rows=rows))
