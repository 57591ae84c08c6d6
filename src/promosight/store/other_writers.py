"""Waiting on SQLite for another process that writes: with a look so often that one with much to do keeps nobody out.

SQLite's own way is to look ever more seldom, ten times a second in the end. An import of a file commits as often and
begins its next transaction at once, so that whoever looked so seldom found it at work for seconds.
"""

from __future__ import annotations

import time

import apsw

BUSY_SECONDS = 60.0
"""How long a writer waits for one of another process, at least."""
_LOOKED_SECONDS = 0.001


def wait_for_others(connection: apsw.Connection) -> None:
    """Has a connection wait where another process writes, instead of failing at once."""
    connection.set_busy_handler(_has_time)


def _has_time(looks: int) -> bool:
    if looks * _LOOKED_SECONDS >= BUSY_SECONDS:
        return False
    time.sleep(_LOOKED_SECONDS)
    return True
