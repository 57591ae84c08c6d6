"""The outbox: what was reported and not yet answered for, in a SQLite file, or in memory where there is no path.

What `add` returned for is on the disk (`synchronous=FULL`). An event is taken out in the transaction that knows its
outcome: gone if the server has it, among the refused if the server does not want it. Whoever sends claims events for
as long as sending them may take; a claim that ran out, because its process died, is anybody's. Two that send the same
event do no harm, for it bears its id: only one of them finds it still there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from promosight.client.errors import Closed, OutboxFailed, OutboxFull

_VERSION = 1
_WAITS_SECONDS = 10.0
"""How long a process waits for another one that is writing."""
_SCHEMA = """
CREATE TABLE waiting (place INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, event_id TEXT NOT NULL,
    body BLOB NOT NULL, claimed_until REAL NOT NULL DEFAULT 0, claimed_by TEXT NOT NULL DEFAULT '');
CREATE TABLE refused (place INTEGER PRIMARY KEY, kind TEXT NOT NULL, event_id TEXT NOT NULL, body BLOB NOT NULL,
    reason TEXT NOT NULL, pointer TEXT NOT NULL, detail TEXT NOT NULL, refused_at REAL NOT NULL);
CREATE TABLE held (one INTEGER PRIMARY KEY CHECK (one = 1), events INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO held VALUES (1, 0, 0);
"""
_COUNTED = """
CREATE TRIGGER {0}_comes AFTER INSERT ON {0} BEGIN
    UPDATE held SET events = events + 1, bytes = bytes + length(NEW.body); END;
CREATE TRIGGER {0}_goes AFTER DELETE ON {0} BEGIN
    UPDATE held SET events = events - 1, bytes = bytes - length(OLD.body); END;
"""
_SQL = {
    "held": "SELECT events, bytes FROM held",
    "add": "INSERT INTO waiting (kind, event_id, body) VALUES (:kind, :event_id, :body)",
    # A claim that ends later than one made now would was made by a clock that has been put back since.
    "free": "SELECT place, kind, event_id, body FROM waiting"
    " WHERE claimed_until <= :now OR claimed_until > :until ORDER BY place LIMIT :most",
    "claim": "UPDATE waiting SET claimed_until = :until, claimed_by = :by WHERE place = :place",
    "release": "UPDATE waiting SET claimed_until = 0 WHERE place = :place AND claimed_by = :by",
    "refuse": "INSERT INTO refused SELECT place, kind, event_id, body, :reason, :pointer, :detail, :now"
    " FROM waiting WHERE place = :place",
    "take_out": "DELETE FROM waiting WHERE place = :place",
    "again": "INSERT INTO waiting (kind, event_id, body) SELECT kind, event_id, body FROM refused"
    " WHERE event_id = :event_id ORDER BY place",
    "forget": "DELETE FROM refused WHERE event_id = :event_id",
    "refused": "SELECT kind, event_id, reason, pointer, detail, refused_at, body FROM refused ORDER BY place",
    "waiting": "SELECT count(*) FROM waiting",
    "last": "SELECT coalesce(max(place), 0) FROM waiting",
    "some_until": "SELECT EXISTS (SELECT 1 FROM waiting WHERE place <= :place)",
}


class Bound(NamedTuple):
    """As many events, and bytes of them, as may lie in an outbox, refused ones included."""

    events: int
    bytes: int


OF_A_FILE = Bound(1_000_000, 512 * 1024 * 1024)
OF_MEMORY = Bound(10_000, 16 * 1024 * 1024)


class Waiting(NamedTuple):
    """An event that was claimed, to be sent."""

    place: int
    kind: str
    event_id: str
    body: bytes


class Refusal(NamedTuple):
    """Why the server does not take an event: a stable reason, the field (JSON Pointer), a sentence."""

    reason: str
    pointer: str
    detail: str


class RefusedEvent(NamedTuple):
    """An event that the server did not take. `event` is what was sent."""

    kind: str
    event_id: str
    reason: str
    pointer: str
    detail: str
    refused_at: float
    event: dict[str, Any]


class Claim(NamedTuple):
    """Events to be sent, the oldest first, and whether more lie behind them."""

    events: list[Waiting]
    more: bool


class Outbox:
    """An outbox. Any thread may use it, and any number of processes the same file."""

    def __init__(self, path: str | os.PathLike[str] | None, bound: Bound | None = None) -> None:
        self._bound = bound or (OF_MEMORY if path is None else OF_A_FILE)
        self._lock = threading.RLock()
        self._name = uuid4().hex
        self._pid = os.getpid()
        self._is_open = True
        try:
            self._database = _opened(path)
        except (sqlite3.Error, OSError) as error:
            raise OutboxFailed(f"the outbox cannot be opened: {error}") from error

    def add(self, kind: str, event_id: str, body: bytes) -> None:
        """Keeps an event. Raises OutboxFull."""
        with self._change():
            events, size = self._run("held").fetchone()
            if events >= self._bound.events or size + len(body) > self._bound.bytes:
                raise OutboxFull(f"the outbox is full: {events} events, {size} bytes")
            self._run("add", kind=kind, event_id=event_id, body=body)

    def claim(self, most: int, most_bytes: int, now: float, lease_seconds: float) -> Claim:
        """Takes the oldest events that nobody else is sending; a single one whatever its size."""
        until = now + lease_seconds
        with self._change():
            found = [Waiting(*row) for row in self._run("free", now=now, until=until, most=most)]
            events = _within(found, most_bytes)
            claimed = [{"until": until, "by": self._name, "place": one.place} for one in events]
            self._database.executemany(_SQL["claim"], claimed)
        return Claim(events, len(found) == most or len(events) < len(found))

    def release(self, events: Sequence[Waiting]) -> None:
        """Lets events be claimed again at once, those among them that are still ours."""
        with self._change():
            ours = [{"by": self._name, "place": one.place} for one in events]
            self._database.executemany(_SQL["release"], ours)

    def settle(
        self, events: Sequence[Waiting], refusals: Mapping[int, Refusal], now: float
    ) -> list[RefusedEvent]:
        """Takes out events that were answered for; refusals by index are kept. Returns those that nobody kept yet."""
        refused = []
        with self._change():
            for index, why in sorted(refusals.items()):
                one = events[index]
                if self._run("refuse", place=one.place, now=now, **why._asdict()).rowcount:
                    told = json.loads(one.body)
                    refused.append(
                        RefusedEvent(
                            one.kind, one.event_id, why.reason, why.pointer, why.detail, now, told
                        )
                    )
            self._database.executemany(_SQL["take_out"], [{"place": one.place} for one in events])
        return refused

    def refused(self) -> list[RefusedEvent]:
        """What the server did not take, the oldest first."""
        with self._reading():
            rows = self._run("refused").fetchall()
        return [RefusedEvent._make([*row[:-1], json.loads(row[-1])]) for row in rows]

    def send_again(self, event_ids: Sequence[str]) -> int:
        """Has refused events wait again, as they were. Returns how many."""
        with self._change():
            moved = sum(self._run("again", event_id=one).rowcount for one in set(event_ids))
            self._forget(event_ids)
        return moved

    def forget(self, event_ids: Sequence[str]) -> int:
        """Lets refused events go for good. Returns how many."""
        with self._change():
            return self._forget(event_ids)

    def _forget(self, event_ids: Sequence[str]) -> int:
        return sum(self._run("forget", event_id=one).rowcount for one in event_ids)

    def waiting(self) -> int:
        """How many events wait for an answer."""
        return int(self._number("waiting"))

    def last(self) -> int:
        """The place of the event that was reported last, among those that wait."""
        return int(self._number("last"))

    def some_until(self, place: int) -> bool:
        """Whether any event up to a place still waits."""
        return bool(self._number("some_until", place=place))

    def close(self) -> None:
        """Closes the file. What lies there stays."""
        with self._lock:
            self._is_open = False
            self._database.close()

    def _number(self, name: str, **values: Any) -> Any:
        with self._reading():
            return self._run(name, **values).fetchone()[0]

    def _run(self, name: str, **values: Any) -> sqlite3.Cursor:
        return self._database.execute(_SQL[name], values)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        if os.getpid() != self._pid:  # a file of SQLite must not be carried over a fork, nor a lock
            raise Closed("this client was made before a fork; make one in each process")
        with self._lock:
            if not self._is_open:
                raise Closed("this client was closed")
            try:
                yield
            except sqlite3.Error as error:
                raise OutboxFailed(f"the outbox cannot be used: {error}") from error

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A transaction; when it ends well, it is on the disk."""
        with self._reading(), _transaction(self._database):
            yield


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _within(found: list[Waiting], most_bytes: int) -> list[Waiting]:
    """The first of these, up to a size, and at least one."""
    size = 0
    for index, one in enumerate(found):
        size += len(one.body)
        if size > most_bytes and index:
            return found[:index]
    return found


def _opened(path: str | os.PathLike[str] | None) -> sqlite3.Connection:
    if path is not None:
        # What customers redeemed is for its owner's eyes; SQLite gives its other files the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    where = ":memory:" if path is None else str(Path(path))
    database = sqlite3.connect(
        where, timeout=_WAITS_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    _write_ahead(database)
    database.execute("PRAGMA synchronous = FULL")
    with _transaction(database):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise OutboxFailed("the outbox was written by a newer client; use that one")
        if version < _VERSION:
            for statement in _statements():
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_VERSION}")


def _statements() -> Iterator[str]:
    """What makes a new outbox. (`executescript` would end the transaction.)"""
    yield from filter(None, map(str.strip, _SCHEMA.split(";")))
    for table in ("waiting", "refused"):
        for trigger in _COUNTED.format(table).split("END;"):
            if trigger.strip():
                yield trigger + "END"


def _write_ahead(database: sqlite3.Connection) -> None:
    """Turns on the write-ahead log; for this SQLite does not wait by itself while another process does the same."""
    until = time.monotonic() + _WAITS_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
