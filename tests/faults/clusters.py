"""Servers of PostgreSQL that were killed: another starts in their place once the last of their processes has ended."""

from __future__ import annotations

import time

import psycopg

from tools.postgres import Cluster
from tools.system import CannotContinue

_STARTS_WITHIN_S = 60.0


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
