"""Names that one process of several holds for a moment, and that nobody holds once it is dead.

A note in a table says that somebody began, and not whether he lives. These locks belong to the process: the system lets
go of them when it ends, however it ends, so nobody has to guess after how long a silent holder is a dead one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from promosight.errors import StoreError
from promosight.rules.identity import stable_hash

if TYPE_CHECKING:  # a heavy import that a store on SQLite never needs
    from collections.abc import Callable

    import psycopg

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || %s, 0))"
_GIVE = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || ' ' || %s, 0))"


class Claims(ABC):
    """The names this process holds; of others it learns only that a name is taken. Any thread may ask."""

    def __init__(self) -> None:
        self._mine: set[str] = set()
        self._turn = threading.Lock()

    def take(self, name: str) -> bool:
        """Whether the name is ours now; False while somebody has it, here or elsewhere. Raises StoreError."""
        with self._turn:
            if name in self._mine or not self._taken(name):
                return False
            self._mine.add(name)
            return True

    def give(self, name: str) -> None:
        """Lets go of a name of ours."""
        with self._turn:
            self._mine.discard(name)
            self._given(name)

    @abstractmethod
    def close(self) -> None:
        """Lets go of all of them."""

    @abstractmethod
    def _taken(self, name: str) -> bool: ...

    @abstractmethod
    def _given(self, name: str) -> None: ...


class FileClaims(Claims):
    """Beside the embedded store: each name is a byte of an empty file, which the system locks for a process."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: int | None = None

    def close(self) -> None:
        """Lets go of all of them."""
        with self._turn:
            if self._file is not None:
                os.close(self._file)
            self._file = None

    def _taken(self, name: str) -> bool:
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, stable_hash(name) >> 1)
        except (BlockingIOError, PermissionError):  # POSIX leaves it to the system which of them
            if self._file is None:
                raise StoreError(f"cannot open {self._path}") from None
            return False
        except OSError as error:
            raise StoreError(f"cannot lock {self._path}: {error}") from error
        return True

    def _given(self, name: str) -> None:
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, stable_hash(name) >> 1)


class SessionClaims(Claims):
    """On PostgreSQL: advisory locks of one session, which end with it. A session that was lost is made anew, with the
    names that are still ours."""

    def __init__(self, connect: Callable[[], psycopg.Connection[tuple[bool]]]) -> None:
        super().__init__()
        self._connect = connect
        self._session: psycopg.Connection[tuple[bool]] | None = None

    def close(self) -> None:
        """Lets go of all of them."""
        with self._turn:
            self._drop()

    def _taken(self, name: str) -> bool:
        import psycopg

        if self._session is not None:
            try:
                return self._ask(self._session, name)
            except psycopg.Error:  # lost, or what was prepared on it is
                self._drop()
        try:
            self._session = self._connect()
            for one in self._mine:
                self._ask(self._session, one)
            return self._ask(self._session, name)
        except psycopg.Error as error:
            self._drop()
            raise StoreError(f"PostgreSQL does not answer: {error}") from error

    def _ask(self, session: psycopg.Connection[tuple[bool]], name: str) -> bool:
        found = session.execute(_TAKE, [name]).fetchone()
        return found is not None and found[0]

    def _given(self, name: str) -> None:
        import psycopg

        if self._session is not None:
            try:
                self._session.execute(_GIVE, [name])
            except psycopg.Error:
                self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            with contextlib.suppress(Exception):
                self._session.close()
        self._session = None
