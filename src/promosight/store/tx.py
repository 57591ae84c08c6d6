"""One transaction, as flows see it: named statements, with scalars or with a batch of rows.

The two subclasses differ in how a batch travels and in who must be kept out meanwhile. A flow may be run
again after a lost race, so it touches nothing but its `Tx`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import apsw

from promosight.rules.identity import BUCKETS
from promosight.store.arrays import COLUMN_TYPES, pack_array
from promosight.store.column_pieces import (
    Column,
    Columns,
    listed,
    same_throughout,
    sliced,
    told,
)
from promosight.store.log import Log
from promosight.store.orders import Orders, PostgresOrders
from promosight.store.races import LostRace
from promosight.store.statements import (
    COLUMN_SIZES,
    Copied,
    Statement,
    in_columns,
    inserted_in_columns,
    pieces_of,
)

if TYPE_CHECKING:  # a heavy import for a store on PostgreSQL
    import psycopg

Row = tuple[Any, ...]
Asked = Callable[[], list[Row]]
"""Rows that were asked for, and are looked at later."""
_STREAMED_ROWS = 5_000
LANES = 64
_PLANNED_ROWS = 5_000
"""Rows written with the same plans: after that a table may have become another one."""
_FEW_ROWS = 100
"""Fewer are cheaper by an INSERT that travels along than by COPY, which is two ways and half as dear a row."""
_PACKED_ROWS = 500
"""So many rows are worth packing by column, and loading numpy for it."""


class Tx(ABC):
    """The whole contract between flows and the store.

    `cache` outlives the transaction and is emptied when one is rolled back; what lies there must be
    checked against the store before use. `attempt` is 1 when a transaction is run for the first time and
    more when it is run again: a flow may then be bold at first, and careful after a lost race. `lane` is a number
    below LANES that hardly any other writer has at the same time: those who only add to a counter keep one for each
    lane, and do not wait for each other.
    """

    attempt = 1
    lane = 0

    def __init__(self, statements: dict[str, Statement], cache: dict[Any, Any]) -> None:
        self._statements = statements
        self.orders = Orders()
        self.cache = cache
        self.attempt = 1  # which try of the transaction this is

    @abstractmethod
    def all(self, name: str, /, **parameters: Any) -> list[Row]:
        """Every row of a named statement."""

    @abstractmethod
    def run(self, name: str, /, **parameters: Any) -> int:
        """Runs a named statement; returns the number of rows it changed."""

    @abstractmethod
    def each(self, name: str, /, **parameters: Any) -> Iterator[Row]:
        """The rows of a named statement, streamed in constant memory."""

    @abstractmethod
    def all_for(self, name: str, rows: Sequence[Row], /, **parameters: Any) -> list[Row]:
        """Every row of a named statement that reads `{{batch}}`."""

    @abstractmethod
    def run_many(self, name: str, rows: Sequence[Row], /) -> int:
        """Runs a named statement that writes from `{{batch}}`; returns the number of rows changed."""

    def send(self, name: str, /, **parameters: Any) -> None:
        """`run` where nobody asks how many rows it changed: it may travel with what comes next, and fail there."""
        self.run(name, **parameters)

    def send_many(self, name: str, rows: Sequence[Row], /) -> None:
        """`run_many` in the same way."""
        self.run_many(name, rows)

    def ask(self, name: str, /, **parameters: Any) -> Asked:
        """`all` where its rows are looked at later, by a call: the question may travel with the next one.

        It is answered as of now: nothing that is written after it is in it.
        """
        rows = self.all(name, **parameters)
        return lambda: rows

    def ask_for(self, name: str, rows: Sequence[Row], /, **parameters: Any) -> Asked:
        """`all_for` in the same way."""
        found = self.all_for(name, rows, **parameters)
        return lambda: found

    def arrive(self) -> None:
        """Waits for what was sent, and raises what went wrong with it."""
        return

    @abstractmethod
    def add_new(self, name: str, rows: Sequence[Row], /, **parameters: int) -> int:
        """Adds rows by a named `INSERT ... SELECT ... FROM {{batch}}`, known to be new; returns their number.

        `parameters` are the same in all of them. Much cheaper than `run_many` on PostgreSQL, where a few may travel
        with what comes next. Raises LostRace, here or there, and spoils the transaction, when one was there after all.
        """

    @abstractmethod
    def all_by_column(self, name: str, columns: Columns, /, **parameters: Any) -> list[Row]:
        """`all_for` for thousands of rows that lie as columns."""

    def found_by_column(
        self, name: str, columns: Columns, kinds: tuple[str, ...], /, **parameters: Any
    ) -> list[Any]:
        """What `all_by_column` finds as columns of these kinds, BIGINT or TEXT, not all of them TEXT.

        Numbers come as arrays, with NOTHING where one is missing; texts as lists, and none of them may be.
        """
        from promosight.rules.many_numbers import numbers_of
        from promosight.rules.numbers import NOTHING

        rows = self.all_by_column(name, columns, **parameters)
        found: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else repeat((), len(kinds))
        pairs = zip(found, kinds, strict=True)
        return [list(one) if kind == "TEXT" else numbers_of(one, NOTHING) for one, kind in pairs]

    @abstractmethod
    def add_columns(self, name: str, columns: Columns, /, **parameters: int) -> int:
        """`add_new` for thousands of rows that lie as columns. Raises LostRace, as that."""

    @abstractmethod
    def lock(self, workspace_no: int, buckets: Iterable[int] | None = None) -> None:
        """Keeps other writers out of these buckets (None: all) of a workspace until the end. Raises OutOfTurn."""

    def lock_first(self, workspace_no: int, buckets: Iterable[int] | None = None) -> None:
        """`lock` that may travel with the next question: it is held before that is answered, and not before."""
        self.lock(workspace_no, buckets)

    def one(self, name: str, /, **parameters: Any) -> Row | None:
        """The first row of a named statement, or None."""
        rows = self.all(name, **parameters)
        return rows[0] if rows else None


class SqliteTx(Tx):
    """On SQLite there is one writer at a time, so nobody needs to be locked out."""

    log: Log | None = None
    """The log to keep short; none on a connection that only reads."""
    singles_in_a_row = 0
    """How many transactions of single events there were since the last one of anything else."""

    def __init__(
        self,
        connection: apsw.Connection,
        statements: dict[str, Statement],
        cache: dict[Any, Any],
    ) -> None:
        super().__init__(statements, cache)
        self.connection = connection

    def all(self, name: str, /, **parameters: Any) -> list[Row]:
        return self.connection.execute(self._statements[name].text, parameters).fetchall()

    def run(self, name: str, /, **parameters: Any) -> int:
        before = self.connection.total_changes()
        self.connection.execute(self._statements[name].text, parameters)
        return self.connection.total_changes() - before

    def each(self, name: str, /, **parameters: Any) -> Iterator[Row]:
        yield from self.connection.execute(self._statements[name].text, parameters)

    def all_for(self, name: str, rows: Sequence[Row], /, **parameters: Any) -> list[Row]:
        found: list[Row] = []
        for text, values in self._pieces(name, rows, parameters):
            found += self.connection.execute(text, values)
        return found

    def run_many(self, name: str, rows: Sequence[Row], /) -> int:
        before = self.connection.total_changes()
        for text, values in self._pieces(name, rows, {}):
            self.connection.execute(text, values)
        return self.connection.total_changes() - before

    def add_new(self, name: str, rows: Sequence[Row], /, **parameters: int) -> int:
        if not rows:
            return 0
        statement = self._statements[name]
        scalars = tuple(parameters[one] for one in statement.scalars)
        text = inserted_in_columns(statement.text, statement.columns, statement.scalars, 1, ())
        with _losing_races():
            self.connection.executemany(text, [scalars + row for row in rows])
        return len(rows)

    def all_by_column(self, name: str, columns: Columns, /, **parameters: Any) -> list[Row]:
        found: list[Row] = []
        for text, pieces in self._pieces_of_columns(name, columns, parameters, in_columns):
            found += self.connection.executemany(text, pieces)
        return found

    def add_columns(self, name: str, columns: Columns, /, **parameters: int) -> int:
        columns = [told(column) for column in columns]
        with _losing_races():
            for text, pieces in self._pieces_of_columns(
                name, columns, parameters, inserted_in_columns
            ):
                self.connection.executemany(text, pieces)
        return len(columns[0])

    def _pieces(
        self, name: str, rows: Sequence[Row], parameters: dict[str, Any]
    ) -> Iterator[tuple[str, Row]]:
        """The rows cut into pieces of the sizes there are texts for, largest first; flat, behind the scalars."""
        statement = self._statements[name]
        scalars = [parameters[one] for one in statement.scalars]
        for start, size in pieces_of(len(rows)):
            values = chain.from_iterable(rows[start : start + size])
            yield statement.sized[size], (*scalars, *values)

    def _pieces_of_columns(
        self, name: str, columns: Columns, parameters: dict[str, Any], form: Callable[..., str]
    ) -> Iterator[tuple[str, Iterator[list[Any]]]]:
        """The same of columns, all pieces of a text together: a text of thousands of characters is looked up by all
        of them. Slices of columns lie one behind the other; what all rows share is told once."""
        statement, count = self._statements[name], len(columns[0])
        same = same_throughout(columns)
        varying = [column for place, column in enumerate(columns) if place not in same]
        scalars = (
            *[parameters[one] for one in statement.scalars],
            *[listed(columns[place][:1])[0] for place in same],
        )
        start = 0
        for size in COLUMN_SIZES:
            end = count - (count - start) % size
            if start < end:
                text = form(statement.text, statement.columns, statement.scalars, size, same)
                yield text, sliced(scalars, varying, range(start, end, size))
                start = end

    def lock(self, workspace_no: int, buckets: Iterable[int] | None = None) -> None:
        return


class PostgresTx(Tx):
    """On PostgreSQL writers of different processes meet; advisory locks keep a group to one of them."""

    def __init__(
        self,
        connection: psycopg.Connection[Row],
        statements: dict[str, Statement],
        cache: dict[Any, Any],
    ) -> None:
        from promosight.store.few_rows import FewRows
        from promosight.store.locks import Locks
        from promosight.store.prepared import Prepared

        super().__init__(statements, cache)
        self.orders = PostgresOrders()
        self._connection = connection
        self.prepared = Prepared(connection)
        self._locks = Locks(self.prepared)
        self.lane = connection.info.backend_pid % LANES
        self.planned_at = time.monotonic()
        self._written = 0
        self._few_rows = FewRows()

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """The connection itself, once everything that was sent has arrived."""
        self.prepared.arrive()
        return self._connection

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def begin(self) -> None:
        """Begins a transaction that may write, with the next statement."""
        self._locks.begin()
        self.prepared.send("BEGIN ISOLATION LEVEL READ COMMITTED")

    def plan_anew(self) -> None:
        """Has every statement planned anew when it is next used, for the tables as they are then.

        A plan made while a table was empty compares all its rows with all of a batch. It would be kept, and
        would cost a thousand times too much soon after; planning all statements takes a few milliseconds.
        """
        self.prepared.order("DISCARD PLANS")
        self.planned_at = time.monotonic()
        self._written = 0

    def all(self, name: str, /, **parameters: Any) -> list[Row]:
        return self.prepared.rows(*self._scalar(name, parameters))

    def run(self, name: str, /, **parameters: Any) -> int:
        return self.prepared.count(*self._scalar(name, parameters))

    def each(self, name: str, /, **parameters: Any) -> Iterator[Row]:
        import psycopg

        text, values = self._scalar(name, parameters)
        with psycopg.RawServerCursor(self.connection, name="each") as cursor:
            cursor.itersize = _STREAMED_ROWS
            cursor.execute(text.encode(), values)
            yield from cursor

    def all_for(self, name: str, rows: Sequence[Row], /, **parameters: Any) -> list[Row]:
        if not rows:
            return []
        text, scalars = self._scalar(name, parameters)
        return self.prepared.rows(text, scalars + self._arrays(name, rows))

    def send(self, name: str, /, **parameters: Any) -> None:
        self.prepared.send(*self._scalar(name, parameters))

    def send_many(self, name: str, rows: Sequence[Row], /) -> None:
        if rows:
            self.prepared.send(self._statements[name].text, self._arrays(name, rows))
            self._grown(len(rows))

    def ask(self, name: str, /, **parameters: Any) -> Asked:
        return self.prepared.ask(*self._scalar(name, parameters))

    def ask_for(self, name: str, rows: Sequence[Row], /, **parameters: Any) -> Asked:
        if not rows:
            return list
        text, scalars = self._scalar(name, parameters)
        return self.prepared.ask(text, scalars + self._arrays(name, rows))

    def arrive(self) -> None:
        self.prepared.arrive()

    def run_many(self, name: str, rows: Sequence[Row], /) -> int:
        if not rows:
            return 0
        changed = self.prepared.count(self._statements[name].text, self._arrays(name, rows))
        self._grown(len(rows))
        return changed

    def add_new(self, name: str, rows: Sequence[Row], /, **parameters: int) -> int:
        return self.add_columns(name, list(zip(*rows, strict=True)), **parameters) if rows else 0

    def all_by_column(self, name: str, columns: Columns, /, **parameters: Any) -> list[Row]:
        return self.prepared.rows(*self._by_column(name, columns, parameters))

    def found_by_column(
        self, name: str, columns: Columns, kinds: tuple[str, ...], /, **parameters: Any
    ) -> list[Any]:
        from promosight.store.fetching import apart, together

        text, values = self._by_column(name, columns, parameters)
        return apart(self.prepared.rows(together(text, kinds), values)[0], kinds)

    def add_columns(self, name: str, columns: Columns, /, **parameters: int) -> int:
        import psycopg

        into, count = self._statements[name].copied, len(columns[0])
        assert into is not None, f"{name} is no plain INSERT of a batch"
        if not count:
            return 0
        try:
            if count < _FEW_ROWS:
                self._insert(name, into, columns, parameters)
            elif count < _PACKED_ROWS:
                self._copy_by_row(name, into, columns, parameters)
            else:
                self._copy_by_column(name, into, columns, parameters)
        except psycopg.errors.UniqueViolation as error:
            raise LostRace from error
        self._grown(count)
        return count

    def _insert(
        self, name: str, into: Copied, columns: Columns, parameters: dict[str, int]
    ) -> None:
        text, said = self._few_rows.inserting(name, self._statements[name], columns)
        arrays = [_wrapped(kind, columns[at]) for at, kind in said]
        self.prepared.send(text, [*arrays, *_same(into, parameters)])

    def _copy_by_row(
        self, name: str, into: Copied, columns: Columns, parameters: dict[str, int]
    ) -> None:
        from promosight.store.few_rows import copy_by_row

        kinds = [kind for _, kind in self._statements[name].columns]
        copy_by_row(self.connection, into, kinds, columns, _same(into, parameters))

    def _copy_by_column(
        self, name: str, into: Copied, columns: Columns, parameters: dict[str, int]
    ) -> None:
        from promosight.store.copying import Field, packed

        kinds = [kind for _, kind in self._statements[name].columns]
        fields = list(map(Field, into.targets, kinds, columns))
        fields += [
            Field(target, _kind(one), one, same=True)
            for target, one in zip(
                into.targets[len(columns) :], _same(into, parameters), strict=True
            )
        ]
        targets, rows = packed(fields, len(columns[0]))
        with self.connection.cursor() as cursor, cursor.copy(into.text(targets).encode()) as copy:
            for some in rows:
                copy.write(some)

    def _grown(self, rows: int) -> None:
        self._written += rows
        if self._written >= _PLANNED_ROWS:
            self.plan_anew()

    def lock(self, workspace_no: int, buckets: Iterable[int] | None = None) -> None:
        self.lock_first(workspace_no, buckets)
        self.prepared.arrive()

    def lock_first(self, workspace_no: int, buckets: Iterable[int] | None = None) -> None:
        self._locks.take(workspace_no, range(BUCKETS) if buckets is None else buckets)

    def _scalar(self, name: str, parameters: dict[str, Any]) -> tuple[str, list[Any]]:
        statement = self._statements[name]
        return statement.text, [parameters[one] for one in statement.scalars]

    def _by_column(
        self, name: str, columns: Columns, parameters: dict[str, Any]
    ) -> tuple[str, list[Any]]:
        text, scalars = self._scalar(name, parameters)
        kinds = [kind for _, kind in self._statements[name].columns]
        return text, scalars + list(map(_wrapped, kinds, columns))

    def _arrays(self, name: str, rows: Sequence[Row]) -> list[Any]:
        kinds = [kind for _, kind in self._statements[name].columns]
        return list(map(_wrapped, kinds, zip(*rows, strict=True)))


@contextmanager
def _losing_races() -> Iterator[None]:
    """A row that is there already was written by somebody else first."""
    try:
        yield
    except apsw.ConstraintError as error:
        if not str(error).startswith("UNIQUE"):
            raise
        raise LostRace from error


def _wrapped(kind: str, column: Column) -> Any:
    """A column as an array of its type."""
    if isinstance(column, Sequence):
        return COLUMN_TYPES[kind](column)
    return pack_array(column)


def _same(into: Copied, parameters: dict[str, int]) -> Row:
    """What COPY writes with each row."""
    return tuple(
        parameters[one[1:]] if isinstance(one, str) and one.startswith(":") else one
        for one in into.constants
    )


def _kind(value: str | int) -> str:
    return "TEXT" if isinstance(value, str) else "BIGINT"
