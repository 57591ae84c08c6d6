"""Reading connections: lent to whoever asks a question, taken back afterwards, never more than a few.

Threads come and go (a server's pool lets idle ones end), so connections belong to nobody in particular.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from promosight.errors import StoreError
from promosight.store.database import Database
from promosight.store.tx import Tx

R = TypeVar("R")

MAX_READERS = 16
"""Questions answered at once; further ones wait for a connection."""


def _asked_anew(
    database: Database, ask: Callable[[], R], before: Callable[[], None] = lambda: None
) -> R:
    """Asks, and once more, after `before`, where the connection had forgotten what was prepared on it."""
    try:
        return ask()
    except Exception as error:
        if not database.has_forgotten(error):
            raise
    before()
    return ask()


class Readers:
    """The reading connections of one store."""

    def __init__(self, db: Database) -> None:
        self._database = db
        self._idle: list[Tx] = []
        self._room = threading.BoundedSemaphore(MAX_READERS)
        self._closed = False

    def read(self, question: Callable[[Tx], R]) -> R:
        """The answer to a question, from one consistent snapshot. Raises StoreError, or what the question raises.

        It is asked anew where the connection has forgotten what was prepared on it.
        """
        return _asked_anew(self._database, lambda: self._read(question), self.renew)

    def _read(self, question: Callable[[Tx], R]) -> R:
        with self.reading() as tx:
            return question(tx)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Tx]:
        """A transaction that sees one consistent snapshot. Raises StoreError when closed or not to be opened."""
        with self._room:
            tx = self._begin()
            try:
                yield tx
            finally:
                self._end(tx)

    def close(self) -> None:
        """Closes what is idle now, and the others as they come back."""
        self._closed = True
        self.renew()

    def renew(self) -> None:
        """Closes what is idle now: what comes next has a connection made for it."""
        with contextlib.suppress(IndexError):
            while True:
                self._discard(self._idle.pop())

    def _begin(self) -> Tx:
        if self._closed:
            raise StoreError("the store is closed")
        while True:
            tx, fresh = self._idle_or_new()
            try:
                self._database.begin(tx, write=False)
            except Exception as error:
                self._discard(tx)
                # The server may have ended the connection while it lay idle: another will do.
                if fresh or not self._database.may_retry(error):
                    raise
            else:
                return tx

    def _idle_or_new(self) -> tuple[Tx, bool]:
        # The one used last is taken first; its cache is the warmest.
        with contextlib.suppress(IndexError):
            return self._idle.pop(), False
        return self._database.connect(write=False), True

    def _end(self, tx: Tx) -> None:
        try:
            self._database.end(tx, commit=True)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not used again
            self._discard(tx)
            return
        self._idle.append(tx)
        if self._closed:
            self.close()

    def _discard(self, tx: Tx) -> None:
        with contextlib.suppress(Exception):
            self._database.close(tx)


class SteadyReader:
    """One connection that the same asker keeps, so that it remembers what it was asked before.

    Opened when it is first needed, and anew after any failure. One question at a time.
    """

    def __init__(self, db: Database) -> None:
        self._database = db
        self._tx: Tx | None = None

    def read(self, question: Callable[[Tx], R]) -> R:
        """The answer to a question, from one consistent snapshot. Raises StoreError, or what the question raises.

        It is asked anew where the connection has forgotten what was prepared on it.
        """
        return _asked_anew(self._database, lambda: self._read(question))

    def _read(self, question: Callable[[Tx], R]) -> R:
        try:
            tx = self._begin()
            answer = question(tx)
            self._database.end(tx, commit=True)
        except Exception:
            self.close()
            raise
        return answer

    def close(self) -> None:
        """Closes the connection; a further question opens another one."""
        if self._tx is not None:
            with contextlib.suppress(Exception):
                self._database.close(self._tx)
            self._tx = None

    def _begin(self) -> Tx:
        if self._tx is not None:
            try:
                self._database.begin(self._tx, write=False)
            except Exception as error:
                self.close()
                # The server may have ended the connection while it lay idle: another will do.
                if not self._database.may_retry(error):
                    raise
            else:
                return self._tx
        self._tx = self._database.connect(write=False)
        self._database.begin(self._tx, write=False)
        return self._tx
