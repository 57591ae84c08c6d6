"""Stores that are there and empty, for tests that do not look at how a store comes to be.

Making one costs more than most tests do with it, so a process makes it once. On SQLite every test has a copy of its
file. On PostgreSQL tests have the same schemas one after another, emptied in between.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from promosight.store.engine import open_store

LONG_AGO_US = 0
"""When these stores were made."""
_SHAPE = """
SELECT a.attrelid::regclass::text, a.attname::text, a.atttypid::bigint::text, a.attnotnull::text
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indkey::text, i.indisvalid::text
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT t.tgname::text, t.tgrelid::regclass::text, 'trigger', t.tgenabled::text
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT f.proname::text, 'function', f.prosrc, ''
FROM pg_proc AS f WHERE f.pronamespace = current_schema()::regnamespace
UNION ALL SELECT v.name, 'applied', v.digest, v.applied_us::text
FROM schema_version AS v
"""
"""What makes a schema what it is, beside what is in its tables."""
_WRITTEN_TO = """
SELECT quote_ident(c.relname), pg_relation_size(c.oid) FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace
AND c.relkind = 'r' AND c.relname <> 'schema_version' AND pg_relation_size(c.oid) > 0
"""
_SMALL = 65_536
"""Up to so many bytes rows are deleted: to give a table and its indexes new files takes longer."""


# --- SQLite ----------------------------------------------------------------------------------


def made_sqlite(folder: Path) -> str:
    """The URL of an empty embedded store in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "promosight.db").write_bytes(_file())
    return f"sqlite:///{folder}/promosight.db"


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        open_store(f"sqlite:///{folder}/promosight.db", now_us=LONG_AGO_US).close()
        return Path(folder, "promosight.db").read_bytes()


# --- PostgreSQL ------------------------------------------------------------------------------


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The URL of a database of this process on a server, dropped at the end.

    Advisory locks are a database's: in one for all, the tests of one process would wait for those of another.
    """
    name = f"test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
        )
    yield _written(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Schemas:
    """Schemas in a PostgreSQL database, each for one test at a time.

    Schemas and not databases: making one takes a millisecond instead of a tenth of a second.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._left: list[str] = []
        self._shape: list[Any] = []
        self._line: psycopg.Connection[Any] | None = None

    @contextmanager
    def blank(self) -> Iterator[str]:
        """The URL of a schema without a store, dropped at the end."""
        schema = self._create()
        yield _with_search_path(self._server, schema)
        self._drop(schema)

    @contextmanager
    def made(self) -> Iterator[str]:
        """The URL of an empty store. One that is no longer what it was, but for its rows, is dropped at the end."""
        schema = self._left.pop() if self._left else self._make()
        yield _with_search_path(self._server, schema)
        if self._emptied(schema):
            self._left.append(schema)
        else:
            self._drop(schema)

    def drop_all(self) -> None:
        """Drops those that no test will have any more."""
        while self._left:
            self._drop(self._left.pop())
        if self._line is not None:
            self._line.close()

    def _create(self) -> str:
        schema = f"test_{os.getpid()}_{next(self._numbers)}"
        self._line_in().execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        return schema

    def _make(self) -> str:
        schema = self._create()
        open_store(_with_search_path(self._server, schema), now_us=LONG_AGO_US).close()
        if not self._shape:
            self._shape = _shape(self._line_in(schema))
        return schema

    def _emptied(self, schema: str) -> bool:
        line = self._line_in(schema)
        if _shape(line) != self._shape:
            return False
        written = line.execute(_WRITTEN_TO).fetchall()
        if written:
            with line.transaction():
                line.execute(_emptying(dict(written)), prepare=False)
        return True

    def _drop(self, schema: str) -> None:
        self._line_in().execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))

    def _line_in(self, schema: str = "public") -> psycopg.Connection[Any]:
        """Our line to the server, kept from test to test, now in a schema."""
        if self._line is None or self._line.closed:
            self._line = psycopg.connect(self._server, autocommit=True)
            # A test that leaves a transaction open would make us wait for ever; say so instead.
            self._line.execute("SET lock_timeout = '10s'")
        self._line.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        return self._line


def _emptying(written: dict[str, int]) -> bytes:
    """What empties tables of so many bytes. Locked as a whole: nobody may have begun to write to one."""
    lines = [f"LOCK TABLE {', '.join(written)}"]
    lines += [f"DELETE FROM {name}" for name, size in written.items() if size <= _SMALL]
    large = ", ".join(name for name, size in written.items() if size > _SMALL)
    if large:
        lines.append(f"TRUNCATE {large}")
    return "; ".join(lines).encode()


def _shape(connection: psycopg.Connection[Any]) -> list[Any]:
    return sorted(connection.execute(_SHAPE).fetchall())


def _with_search_path(url: str, schema: str) -> str:
    """`url` with a search path of `schema` only, beside any options it already carries.

    A server of many tests may be slow to take connections; the product would rather look for another one.
    """
    parts = urlsplit(url)
    query = {"connect_timeout": "60"} | dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -csearch_path={schema}".strip()
    return _written(parts._replace(query=urlencode(query, quote_via=quote)))


def _written(parts: SplitResult) -> str:
    # urlunsplit alone would drop the empty host of `postgresql:///name?host=...`.
    return f"{parts.scheme}://{parts.netloc}{urlunsplit(parts._replace(scheme='', netloc=''))}"
