"""A PostgreSQL that also listens on loopback: Medusa's driver knows no folder of a socket."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tools.postgres import cluster_in


@contextmanager
def databases(*names: str) -> Iterator[dict[str, str]]:
    """The URL of an empty database of each name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="promosight-peers-"))
    settings = {"listen_addresses": "'127.0.0.1'", "port": str(port), "max_connections": "200"}
    try:
        with cluster_in(folder, **settings):
            base = f"postgresql://postgres@127.0.0.1:{port}"
            with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
                for name in names:
                    connection.execute(f'CREATE DATABASE "{name}"'.encode())
            yield {name: f"{base}/{name}" for name in names}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
