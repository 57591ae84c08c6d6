"""Where a benchmark stores: fresh places on SQLite and PostgreSQL, their size, and what their processes spent.

A place is a folder with files in it, or a database of a PostgreSQL cluster of our own. Places can be copied, so
that every way of sending redemptions starts from the same assignments without loading them again.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.measure import parent_of, tree_cpu
from tools.postgres import temporary_postgres

NAMES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Place:
    """One empty or filled store: a folder (`path`) or a database (`url`)."""

    name: str
    path: Path | None
    url: str


class Stores(ABC):
    """Places of one kind."""

    name: str

    @abstractmethod
    def fresh(self, name: str) -> Place:
        """An empty place; what was there under that name is gone."""

    @abstractmethod
    def copy(self, place: Place, name: str) -> Place:
        """A place that holds what another holds. Nobody may have the other one open."""

    @abstractmethod
    def drop(self, place: Place) -> None:
        """Removes a place."""

    @abstractmethod
    def size(self, place: Place) -> int:
        """Bytes it takes, after a checkpoint. Nobody may have it open."""

    @abstractmethod
    def cpu_s(self) -> float:
        """CPU seconds the store's own processes have spent so far; 0 where it has none."""

    @abstractmethod
    def version(self) -> str:
        """What it is, with its version."""


class SqliteStores(Stores):
    """Folders of SQLite files."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fresh(self, name: str) -> Place:
        """An empty folder."""
        path = self._folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return Place(name, path, f"sqlite:///{path}/store.db")

    def copy(self, place: Place, name: str) -> Place:
        """A copy of the folder, its write-ahead logs folded in."""
        copied, source = self.fresh(name), _path(place)
        _checkpoint(source)
        shutil.copytree(source, _path(copied), dirs_exist_ok=True)
        return copied

    def drop(self, place: Place) -> None:
        """Removes the folder."""
        shutil.rmtree(_path(place), ignore_errors=True)

    def size(self, place: Place) -> int:
        """Bytes of its files."""
        _checkpoint(_path(place))
        return sum(file.stat().st_size for file in _path(place).rglob("*") if file.is_file())

    def cpu_s(self) -> float:
        """SQLite has no processes of its own."""
        return 0.0

    def version(self) -> str:
        """The library of the standard module."""
        return f"SQLite {sqlite3.sqlite_version} (sqlite3)"


class PostgresqlStores(Stores):
    """Databases of one cluster."""

    name = "postgresql"

    def __init__(self, url: str, settings: Mapping[str, str]) -> None:
        self._url = url
        with psycopg.connect(url) as connection:
            self.postmaster = parent_of(connection.info.backend_pid)
            self._version = connection.info.parameter_status("server_version")
            self._settings = ", ".join(f"{one} {_shown(connection, one)}" for one in settings)

    def fresh(self, name: str) -> Place:
        """An empty database."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._run("CREATE DATABASE {}", name)
        self._run_settled()
        return self._place(name)

    def copy(self, place: Place, name: str) -> Place:
        """A copy of the database's files."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, place.name)
        self._run_settled()
        return self._place(name)

    def drop(self, place: Place) -> None:
        """Drops the database."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", place.name)

    def size(self, place: Place) -> int:
        """Bytes of the database's files, without the log."""
        self._run_settled()
        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT pg_database_size(%s)", [place.name]).fetchone()
        assert row is not None
        return int(row[0])

    def cpu_s(self) -> float:
        """Of every process of the cluster: backends, writers, vacuum, also those that ended."""
        return tree_cpu(self.postmaster)

    def version(self) -> str:
        """The server's version, and what it is set to that it does not come with."""
        return f"PostgreSQL {self._version} ({self._settings or 'as it comes'})"

    def _place(self, name: str) -> Place:
        parts = urlsplit(self._url)  # urlunsplit would drop the empty host
        return Place(name, None, f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}")

    def _run_settled(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            named = sql.SQL(statement).format(*map(sql.Identifier, names))
            connection.execute(named)


@contextmanager
def opened(
    name: str, folder: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Stores]:
    """The stores of a name (`sqlite`, `postgresql`); a PostgreSQL of our own is stopped at the end.

    `settings` are PostgreSQL's. Raises `CannotContinue` where it does not start with them.
    """
    if name == "sqlite":
        yield SqliteStores(folder / "sqlite")
        return
    quoted = {one: f"'{value}'" for one, value in settings.items()}
    with temporary_postgres(**quoted) as url:
        yield PostgresqlStores(url, settings)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """`--postgres NAME=VALUE ...`, as the mapping that `opened` takes."""
    parser.add_argument(
        "--postgres",
        nargs="+",
        action=_Settings,
        default={},
        metavar="NAME=VALUE",
        help="settings of its configuration file, such as `shared_buffers=2GB max_wal_size=8GB` (as it comes)",
    )


class _Settings(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option: str | None = None,
    ) -> None:
        found = dict(getattr(namespace, self.dest))
        for word in values:
            name, equals, value = word.partition("=")
            if not (name and equals and value):
                parser.error(f"--postgres: {word!r} is not NAME=VALUE")
            found[name] = value
        setattr(namespace, self.dest, found)


def _shown(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def _path(place: Place) -> Path:
    assert place.path is not None
    return place.path


def _checkpoint(folder: Path) -> None:
    for file in folder.rglob("*.db"):
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
