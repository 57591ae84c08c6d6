"""SQLite's log, kept short while the writer goes on.

Commits are appended to a log beside the file and must be copied into the file now and then. Left to itself
SQLite does that inside a commit, whose senders then wait for some thousand pages. Here a thread copies on
a connection of its own while further commits are made; when it is done the writer, between two
transactions, copies the few pages that came meanwhile, and the log starts over from its beginning.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

import apsw

from promosight.store.other_writers import wait_for_others

COPY_PAGES = 20_000
"""The length at which the log is copied. Longer costs less (a page changed often is copied once), up to a point."""
LONG_PAGES = 80_000
"""From here on questions that are being answered are waited for: while they look at the log it cannot start over."""
LONG_WAIT_MS = 100
KEPT_BYTES = 128 * 1024 * 1024
"""What the log may keep of the disk once it has started over."""
_NICE = 10
"""The thread that copies gives way to those that answer."""


class Log:
    """The log as one writing connection sees it; used by its thread only."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._pages = 0
        self._copy_at = COPY_PAGES
        self._copying: threading.Thread | None = None
        connection.set_wal_hook(self._committed)

    def keep_short(self) -> None:
        """To be called between two transactions; takes no time worth mentioning in most cases."""
        if self._copying is None:
            if self._pages >= self._copy_at:
                self._copying = threading.Thread(target=_copy, args=(self._path,), daemon=True)
                self._copying.start()
        elif not self._copying.is_alive():
            self._copying = None
            self._finish()

    def close(self) -> None:
        """Waits for a copy under way."""
        if self._copying is not None:
            self._copying.join()

    def _committed(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self._pages:
            self._copy_at = COPY_PAGES  # it has started over
        self._pages = pages
        return apsw.SQLITE_OK

    def _finish(self) -> None:
        long = self._pages >= LONG_PAGES
        mode = apsw.SQLITE_CHECKPOINT_RESTART if long else apsw.SQLITE_CHECKPOINT_PASSIVE
        self._connection.set_busy_timeout(LONG_WAIT_MS if long else 0)
        # Whatever hinders it (another process copies, a question takes long, a full disk): the log holds
        # everything, and the next copy is not far. The wait for a question that does not end is made rarer
        # and rarer.
        with contextlib.suppress(apsw.Error):
            self._connection.wal_checkpoint(mode=mode)
        wait_for_others(self._connection)
        self._copy_at = self._pages + (self._pages // 2 if long else COPY_PAGES)


_COPIES = 3
"""Each takes what was written during the one before, so that little is left for the one that writers wait for."""


def _copy(path: Path) -> None:
    if sys.platform == "linux":  # elsewhere no single thread can be told to give way
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    with contextlib.suppress(apsw.Error):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.execute("PRAGMA synchronous = FULL")
        with contextlib.closing(connection):
            for _ in range(_COPIES):
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
