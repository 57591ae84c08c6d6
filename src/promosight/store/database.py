"""The two databases: how each is opened, how a transaction begins, and which failures deserve another try."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from promosight.errors import StoreError
from promosight.store.claims import Claims, FileClaims, SessionClaims
from promosight.store.log import KEPT_BYTES, Log
from promosight.store.other_writers import wait_for_others
from promosight.store.races import LostRace, OutOfTurn
from promosight.store.statements import load
from promosight.store.tx import PostgresTx, Row, SqliteTx, Tx

if TYPE_CHECKING:  # a heavy import that a store on SQLite never needs
    import psycopg

STATEMENTS_KEPT = 500
"""Prepared statements a connection keeps; all texts of `sql/` in the sizes in use fit."""


class Database(ABC):
    """One database by URL. A `Tx` it makes holds a connection of its own; one thread uses it at a time."""

    engine: str
    runs_here: bool
    """Whether statements run in this process, so that nothing is gained by waiting for them in a thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.statements = load(self.engine)

    @abstractmethod
    def connect(self, *, write: bool) -> Tx:
        """A new connection, wrapped. Raises StoreError when the database cannot be opened."""

    @abstractmethod
    def begin(self, tx: Tx, *, write: bool, at_once: bool = False) -> None:
        """Begins a transaction: a consistent snapshot to read, or the right to write.

        `at_once`: raises an error that deserves another try rather than wait for another process.
        """

    @abstractmethod
    def end(self, tx: Tx, *, commit: bool) -> None:
        """Commits, or rolls back and empties the cache."""

    @abstractmethod
    def claims(self) -> Claims:
        """The names that this process holds, of all that have this database. One for each process."""

    def rest(self, tx: Tx) -> None:
        """What is to be done between two transactions of the writer, after their senders are answered."""
        return

    @abstractmethod
    def close(self, tx: Tx) -> None:
        """Closes the connection."""

    @abstractmethod
    def script(self, tx: Tx, text: str) -> None:
        """Runs DDL inside the transaction begun."""

    @abstractmethod
    def may_retry(self, error: Exception) -> bool:
        """Whether the whole transaction may be run again: a lost race or a lost connection."""

    def turned_away(self, error: Exception) -> bool:
        """Whether the server takes no changes (any more), so that only another connection helps."""
        return False

    def has_forgotten(self, error: Exception) -> bool:
        """Whether the connection is not what it was: what was prepared on it, or set, is gone. Another one helps."""
        return False

    def explain(self, error: Exception) -> Exception:
        """What to tell who asked: a StoreError when the store itself has failed, else the error as it is."""
        return error

    def give_up(self, error: Exception) -> Exception:
        """What to tell who asked when trying again has not helped."""
        return self.explain(error)


# SQLite keeps account of the memory it takes, behind a lock: a twentieth of a batch's CPU, and nobody asks. This can
# be said only before it is started, and importing apsw starts it.
apsw.shutdown()
apsw.config(apsw.SQLITE_CONFIG_MEMSTATUS, False)
apsw.initialize()

_PRAGMAS = {
    "page_size": "4096",
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "temp_store": "MEMORY",
    "journal_size_limit": str(KEPT_BYTES),
}
_CACHE_KB, _CACHE_OF_SINGLES_KB, _CACHE_OF_READERS_KB = 65_536, 32_768, 16_384
"""What a connection keeps of the store. Where pages of an index were divided, SQLite looks at each page it has when it
commits: with the whole cache, that is a tenth of what single events cost, and nothing beside a batch. Twice as much, or
eight times, made batches no cheaper: the system has what is not here."""
_SINGLES_IN_A_ROW = 64
"""After so many transactions of single events none but these is expected."""
_BROKEN: dict[type[Exception], str] = {
    apsw.FullError: "the disk is full",
    apsw.IOError: "the disk does not read or write",
    apsw.ReadOnlyError: "the store cannot be written",
    apsw.CantOpenError: "the store cannot be opened",
    apsw.NotADBError: "this is no database of SQLite",
    apsw.CorruptError: "the file is damaged; restore a backup",
}
"""Failures of the store itself, as SQLite names them, and what to tell people."""


class SqliteDatabase(Database):
    """A file. Write-ahead log, every commit synced: an acknowledged event survives a power cut."""

    engine = "sqlite"
    runs_here = True

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.path = Path(url.removeprefix("sqlite:///"))

    def connect(self, *, write: bool) -> Tx:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = apsw.Connection(str(self.path), statementcachesize=STATEMENTS_KEPT)
            wait_for_others(connection)
            # A plan is made from a statement's text alone. Otherwise SQLite may look at the values too, and then it
            # parses and plans the statement anew for every other value.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            for name, value in _PRAGMAS.items():
                connection.execute(f"PRAGMA {name} = {value}").fetchall()
            _keep(connection, _CACHE_KB if write else _CACHE_OF_READERS_KB)
            if not write:
                connection.execute("PRAGMA query_only = ON")
        except (apsw.Error, OSError) as error:
            folder = self.path.parent  # a store is written to even by who only reads
            why = "; its folder cannot be written to" if not os.access(folder, os.W_OK) else ""
            raise StoreError(f"cannot open {self.path}: {error}{why}") from error
        tx = SqliteTx(connection, self.statements, {})
        if write:
            tx.log = Log(connection, self.path)
        return tx

    def begin(self, tx: Tx, *, write: bool, at_once: bool = False) -> None:
        assert isinstance(tx, SqliteTx)
        connection = tx.connection
        if not at_once:
            if tx.singles_in_a_row >= _SINGLES_IN_A_ROW:
                _keep(connection, _CACHE_KB)
            tx.singles_in_a_row = 0
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            return
        tx.singles_in_a_row += 1
        if tx.singles_in_a_row == _SINGLES_IN_A_ROW:
            _keep(connection, _CACHE_OF_SINGLES_KB)
        connection.set_busy_timeout(0)
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            wait_for_others(connection)

    def end(self, tx: Tx, *, commit: bool) -> None:
        connection = _sqlite(tx)
        if commit:
            connection.execute("COMMIT")
            return
        tx.cache.clear()
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")

    def claims(self) -> Claims:
        return FileClaims(self.path.with_name(f"{self.path.name}-claims"))

    def rest(self, tx: Tx) -> None:
        assert isinstance(tx, SqliteTx)
        if tx.log is not None:
            tx.log.keep_short()

    def close(self, tx: Tx) -> None:
        assert isinstance(tx, SqliteTx)
        if tx.log is not None:
            tx.log.close()
        tx.connection.close()

    def script(self, tx: Tx, text: str) -> None:
        for statement in text.split(";\n"):
            if statement.strip():
                _sqlite(tx).execute(statement)

    def may_retry(self, error: Exception) -> bool:
        return isinstance(error, LostRace | apsw.BusyError | apsw.LockedError)

    def explain(self, error: Exception) -> Exception:
        if isinstance(error, tuple(_BROKEN)):
            what = next(said for kind, said in _BROKEN.items() if isinstance(error, kind))
            return StoreError(f"{self.path}: {what} ({error})")
        return error

    def give_up(self, error: Exception) -> Exception:
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            what = "another program is writing to it, and has not ended in a minute; try again"
            return StoreError(f"{self.path}: {what}")
        return self.explain(error)


_WRITER_PLANS = {
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "enable_memoize": "off",
}
"""How the writer's statements are planned: for few rows, and row by row through an index.

Whatever the writer does with a batch is to look up its rows by key, so what a planner that knows little of new
tables would choose instead is switched off. The order of a join cannot be forced so, and for an empty table the
planner reads that first and compares each of its rows with the batch; therefore plans are not kept for long
(`PostgresTx.plan_anew`).
"""
_READER_PLANS = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
"""Questions differ in what they touch: each is planned by its parameters and by the tables as they are."""
_PLANS_KEPT_SECONDS = 1.0
"""How long the writer keeps its plans: another process may have filled a table meanwhile."""

_CONNECTING: dict[str, str | int] = {
    "target_session_attrs": "read-write",
    "connect_timeout": 3,
    "tcp_user_timeout": 6_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""How we connect where the URL says nothing else: to whichever of its hosts takes changes, and never waiting for one
that has gone silent. (A standby is no place to read either: it answers with what was true a moment ago.)"""
_SESSION = {
    "timezone": "'UTC'",
    "tcp_user_timeout": "20000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "'5min'",
}
"""How long the server believes in us: the locks of a machine that fell silent must not keep all others waiting."""

_NO_ROOM = ("53000", "53100", "53200")
"""Codes of a full disk or memory, which waiting some milliseconds does not mend."""


class PostgresDatabase(Database):
    """PostgreSQL 15 or newer, by a libpq URL, which may name several hosts: one of them takes changes."""

    engine = "postgresql"
    runs_here = False

    def connect(self, *, write: bool) -> Tx:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        settings = _SESSION | (_WRITER_PLANS if write else _READER_PLANS)
        try:
            said = make_conninfo("", **_CONNECTING | conninfo_to_dict(self.url))
            connection: psycopg.Connection[Row] = psycopg.connect(
                said, autocommit=True, client_encoding="UTF8"
            )
            texts = [f"SET {name} = {value}" for name, value in settings.items()]
            connection.execute("; ".join(texts).encode())
        except psycopg.Error as error:
            raise StoreError(f"cannot connect to PostgreSQL: {error}") from error
        return PostgresTx(connection, self.statements, {})

    def begin(self, tx: Tx, *, write: bool, at_once: bool = False) -> None:
        assert isinstance(tx, PostgresTx)
        if not write:
            tx.prepared.order("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        if time.monotonic() > tx.planned_at + _PLANS_KEPT_SECONDS:
            tx.plan_anew()
        tx.begin()

    def end(self, tx: Tx, *, commit: bool) -> None:
        assert isinstance(tx, PostgresTx)
        if commit:
            tx.prepared.commit()
            return
        tx.cache.clear()
        # Fails on a lost connection, which tells the caller to replace it.
        tx.prepared.undo()

    def claims(self) -> Claims:
        return SessionClaims(lambda: _postgres(self.connect(write=False)))

    def close(self, tx: Tx) -> None:
        assert isinstance(tx, PostgresTx)
        tx.close()

    def script(self, tx: Tx, text: str) -> None:
        text = text.replace(" WITHOUT ROWID", "").replace(" TEXT", ' TEXT COLLATE "C"')
        _postgres(tx).execute(text.encode())

    def may_retry(self, error: Exception) -> bool:
        import psycopg

        return isinstance(
            error,
            LostRace
            | psycopg.errors.DeadlockDetected
            | psycopg.errors.SerializationFailure
            | psycopg.errors.UniqueViolation
            | psycopg.errors.ReadOnlySqlTransaction
            | psycopg.errors.IdleInTransactionSessionTimeout
            | psycopg.errors.InvalidSqlStatementName
            | psycopg.OperationalError,
        )

    def turned_away(self, error: Exception) -> bool:
        import psycopg

        return isinstance(error, psycopg.errors.ReadOnlySqlTransaction)

    def has_forgotten(self, error: Exception) -> bool:
        """As after DISCARD ALL, which a pooler says between two clients: settings and locks are gone, too."""
        import psycopg

        return isinstance(error, psycopg.errors.InvalidSqlStatementName)

    def explain(self, error: Exception) -> Exception:
        import psycopg

        if getattr(error, "sqlstate", None) in _NO_ROOM:
            assert isinstance(error, psycopg.Error)
            return StoreError(f"PostgreSQL has no room: {error.diag.message_primary}")
        return error

    def give_up(self, error: Exception) -> Exception:
        import psycopg

        told = self.explain(error)
        if told is not error:
            return told
        if self.turned_away(error):
            return StoreError("PostgreSQL takes no changes here: it is read-only, or a standby")
        if isinstance(error, OutOfTurn | psycopg.errors.DeadlockDetected):
            return StoreError("other writers were first again and again; try again")
        if self.has_forgotten(error):
            return StoreError(
                f"PostgreSQL has lost what was prepared ({error}); a pooler must keep a session for its client"
            )
        gone = psycopg.OperationalError | psycopg.errors.IdleInTransactionSessionTimeout
        if isinstance(error, gone):
            return StoreError(f"PostgreSQL does not answer: {error}")
        return error


def database(url: str) -> Database:
    """The database a URL names: `sqlite:///path` or `postgresql://...`. Raises StoreError for any other."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(url)
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(url)
    raise StoreError("a database is named sqlite:///path or postgresql://host/name")


def _keep(connection: apsw.Connection, kilobytes: int) -> None:
    connection.execute(f"PRAGMA cache_size = {-kilobytes}")


def _sqlite(tx: Tx) -> apsw.Connection:
    assert isinstance(tx, SqliteTx)
    return tx.connection


def _postgres(tx: Tx) -> psycopg.Connection[Any]:
    assert isinstance(tx, PostgresTx)
    return tx.connection
