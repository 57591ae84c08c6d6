"""What a failover run needs of a replicated PostgreSQL, whoever looks after it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Protocol

import psycopg
from psycopg.rows import tuple_row

_WITHIN_S = 150.0


class Replicated(Protocol):
    """Two servers of PostgreSQL, one following the other."""

    url: str
    """Of both, so that whoever connects comes to the one that takes changes."""

    def troubles(self) -> dict[str, Callable[[random.Random], None]]:
        """What can befall the primary, by name: each ends with the other one primary, and the first its standby."""
        ...


def asked(url: str, question: str) -> list[tuple[Any, ...]]:
    """The rows of a question to one server; none when it does not answer."""
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=2, row_factory=tuple_row
        ) as connection:
            cursor = connection.execute(question.encode())
            return cursor.fetchall() if cursor.description else []
    except psycopg.Error:
        return []


def is_primary(url: str) -> bool:
    """Whether a server takes changes."""
    return asked(url, "SELECT pg_is_in_recovery()") == [(False,)]


def is_followed(url: str, *, synchronous: bool) -> bool:
    """Whether a server has a standby that has all of it: one that each commit waits for, where that is asked."""
    wanted = "sync_state = 'sync'" if synchronous else "state = 'streaming'"
    return asked(url, f"SELECT count(*) > 0 FROM pg_stat_replication WHERE {wanted}") == [(True,)]


def await_true(what: str, check: Callable[[], bool]) -> None:
    """Waits until something is so. Raises AssertionError when it does not become so by itself."""
    deadline = time.monotonic() + _WITHIN_S
    while not check():
        assert time.monotonic() < deadline, f"not within {_WITHIN_S:g} s: {what}"
        time.sleep(0.1)
