"""Servers of PostgreSQL that are killed: another starts in their place once the last of their processes has ended.

PostgreSQL takes a server that was killed but that nobody buried for one that still runs, and does not start. Whoever
started it has ended long ago, and the first process of a container buries nobody: so we do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

import psycopg

from tools.postgres import Cluster
from tools.system import CannotContinue

_STARTS_WITHIN_S = _ENDS_WITHIN_S = 60.0
_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """What a program of ours leaves behind, as pg_ctl does a server, is ours from now on, to `kill` and to bury."""
    assert ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def kill(*processes: int) -> None:
    """Ends processes at once, and buries those that are ours."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + _ENDS_WITHIN_S
    for process in processes:
        while Path(f"/proc/{process}").exists():
            assert time.monotonic() < deadline, f"process {process} was killed and is still there"
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)
            time.sleep(0.01)


def start_again(cluster: Cluster, url: str) -> None:
    """Starts a server that was stopped or killed, as a service manager would; `url` is where it answers then."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while not _answers(url):
        try:
            cluster.start()
        except CannotContinue:  # the processes of the one that was killed have not all ended
            assert time.monotonic() < deadline, "PostgreSQL does not come back"
            time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5):
            return True
    except psycopg.Error:
        return False
