"""Running the files that came over HTTP: one thread beside the server, one file after the other.

A file that another process runs, or whose workspace has an import running, waits. When the server is stopped
the file goes back among those that wait; when it is killed, the file is found still running and is taken up
anew. Either way it is read again from its start, and what is there already is told by its identity.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial

from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import opened
from promosight.connectors.reading import Reading
from promosight.connectors.spool import Spool
from promosight.errors import Conflict, PromosightError, StoreError
from promosight.flows.imports.publish import (
    Received,
    give_up_import,
    has_ended,
    run_received,
    unfinished_imports,
)
from promosight.flows.imports.run_import import SMALL_PIECE_ROWS, RunningImport
from promosight.store.catalogue import load
from promosight.store.engine import Store

SHOWN = "the file"
"""What a file is called in what people are told: its name here is nobody's business."""

_LOOKS_EVERY_SECONDS = 30.0
_LOOKS_AGAIN_SECONDS = 1.0
_log = logging.getLogger("promosight")


class Stopped(Exception):
    """The server is being stopped."""


class ImportWorker:
    """The thread that runs files of a spool folder, until `stop`."""

    def __init__(self, store: Store, spool: Spool, *, clock: Callable[[], int]) -> None:
        self._store = store
        self._spool = spool
        self._clock = clock
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="promosight-imports", daemon=True)

    def start(self) -> None:
        """Begins, also with what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the pieces that are being taken in."""
        self._stopping = True
        self._spool.arrived.set()
        self._thread.join()

    def _work(self) -> None:
        self._guarded(self._tidy)
        while not self._stopping:
            self._spool.arrived.clear()
            waiting = self._guarded(self._run_all)
            seconds = _LOOKS_AGAIN_SECONDS if waiting else _LOOKS_EVERY_SECONDS
            self._spool.arrived.wait(seconds)

    def _guarded(self, action: Callable[[], bool]) -> bool:
        """Does something; a fault of ours, or of the store, is logged, and the thread goes on."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - there is nobody else to tell
            if not self._stopping:
                _log.error("running imports failed", exc_info=error)
            return True

    def _tidy(self) -> bool:
        """Removes what a killed process left: files that were never whole, files that have ended."""
        self._spool.remove_broken()
        for import_id in self._spool.ids():
            if self._store.read(partial(has_ended, import_id=import_id)):
                self._spool.remove(import_id)
        return False

    def _run_all(self) -> bool:
        """Runs what can be run, in each workspace until one has to wait; whether something still waits."""
        busy: set[int] = set()
        waiting = False
        for received in self._store.read(unfinished_imports):
            if self._stopping or received.workspace_no in busy:
                continue
            with self._spool.held(received.import_id) as ours:
                if ours:
                    if not self._run(received):
                        busy.add(received.workspace_no)
                elif self._spool.path(received.import_id).exists():
                    waiting = True
                else:
                    self._give_up(received)
        return waiting or bool(busy)

    def _run(self, received: Received) -> bool:
        """Runs one file; False when it has to wait."""
        taking = self._reading(received)
        try:
            running = RunningImport(
                self._store,
                lambda tx: run_received(tx, received, now_us=self._clock()),
                workspace_no=received.workspace_no,
                source_no=received.source_no,
                kind=received.kind,
                clock=self._clock,
                piece_rows=SMALL_PIECE_ROWS,
            )
        except Conflict:
            return False
        try:
            self._take(running, received, taking)
        except Stopped:
            running.leave()
            return False
        except StoreError:
            raise  # as if the server had been killed: it is run again when the store is back
        except (PromosightError, OSError) as error:
            running.finish("failed", _said(error))
        except Exception as error:  # noqa: BLE001 - one file's fault is not the others'
            _log.error("an import failed", exc_info=error, extra={"import_id": received.import_id})
            running.finish("failed", "this is our fault; the log says more")
        else:
            running.finish()
        self._spool.remove(received.import_id)
        return True

    def _take(self, running: RunningImport, received: Received, taking: Reading) -> None:
        with opened(str(self._spool.path(received.import_id)), shown=SHOWN) as file:
            pieces = pieces_of(file, received.form, received.kind, taking)
            with closing(running.take(SHOWN, pieces)) as taken:
                for _ in taken:
                    running.report.bytes_read = file.bytes_read
                    if self._stopping:
                        raise Stopped

    def _reading(self, received: Received) -> Reading:
        """As of the time the file came, so that every run of it judges its rows alike."""
        workspace = self._store.read(lambda tx: load(tx, received.workspace_no).workspace)
        return Reading(received.received_us, workspace.tracking_from_us)

    def _give_up(self, received: Received) -> None:
        """A file that is gone from this very folder; one of another machine is not ours to judge."""
        if received.spool != self._spool.name:
            return
        detail = "the file is gone from the spool folder; send it again"
        self._store.change(lambda tx: give_up_import(tx, received, detail, now_us=self._clock()))


def _said(error: PromosightError | OSError) -> str:
    if isinstance(error, PromosightError):
        return error.detail
    return f"{SHOWN} cannot be read: {error.strerror}"
