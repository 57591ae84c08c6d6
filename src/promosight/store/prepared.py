"""Statements on PostgreSQL, each prepared once on a connection and then run by one blocking call of its library.

The driver's cursors serve any program: they look at each parameter's type, wait in Python and may be interrupted.
A transaction of a few events is a dozen statements, and that cost it more than the database. Here a statement's
types are the server's own business, parameters and rows travel in binary where that is cheaper, and waiting is
done in C with other threads running.

Each way there and back wakes both sides once. What nobody waits for (BEGIN, what is written without being asked about)
is kept until something is asked, and travels along with that in one go (libpq's pipeline mode). So does a question
whose answer is looked at later (`ask`).
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

from promosight.store.arrays import Numbers, Texts, pack_numbers, pack_texts
from promosight.store.races import LostRace

Row = tuple[Any, ...]
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_DONE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_LOOKS_AGAIN_MS = 20
"""What is waited for may have come already: over TLS the library of some versions leaves part of a record unread, of
which the socket says nothing."""


class _Said(NamedTuple):
    """A statement with its parameters as they travel."""

    name: bytes
    packed: list[Any]
    formats: list[pq.Format]
    asked: Asked | None = None
    """Who wants to know, where that is not whoever waits now."""


class Asked:
    """A question that travels along with the next one; its rows, once they are looked at."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self.heard: list[Row] | None = None

    def __call__(self) -> list[Row]:
        """The rows. Where nothing has been asked since, they are waited for now."""
        if self.heard is None:
            self._prepared.arrive()
        assert self.heard is not None, "what was asked was undone"
        return self.heard


class Prepared:
    """The prepared statements of one connection. One thread uses it at a time; errors are psycopg's, or LostRace."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._library = connection.pgconn
        self._loading = Transformer(connection)
        self._names: dict[str, bytes] = {}
        self._own = token_hex(4)
        """Behind a pooler a session may know statements of others: a name of theirs would be another statement."""
        self._kept: list[_Said] = []
        """What travels with the next statement."""
        self._lost: str | None = None
        """Why the connection is of no use any more: whatever is tried with it then would say less."""
        self._answers = select.poll()
        self._answers.register(self._library.socket, select.POLLIN)

    def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        """The rows of a statement whose parameters are `$1`, `$2` ..."""
        return self._rows_of(self._run(text, values))

    def count(self, text: str, values: Sequence[Any]) -> int:
        """Runs a statement; the number of rows it changed."""
        return self._run(text, values).command_tuples or 0

    def send(self, text: str, values: Sequence[Any] = ()) -> None:
        """Has a statement travel along with the next one, which raises what goes wrong here."""
        self._kept.append(self._said(text, values))

    def ask(self, text: str, values: Sequence[Any]) -> Asked:
        """Has a question travel along with the next statement."""
        asked = Asked(self)
        self._kept.append(self._said(text, values)._replace(asked=asked))
        return asked

    def order(self, text: str) -> None:
        """Runs something without parameters or rows, such as DISCARD PLANS."""
        self._ordered(text)

    def commit(self) -> None:
        """Commits. Where a statement had failed, whoever heard of that, the server says it has rolled back instead:
        that is an error here, for whoever asks for a commit answers for it."""
        if self._ordered("COMMIT").command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction was rolled back")

    def _ordered(self, text: str) -> pq.abc.PGresult:
        if self._kept:
            return self._run(text, ())
        self._is_of_use()
        return self._checked(self._library.exec_(text.encode()))

    def arrive(self) -> None:
        """Waits for what was sent. Whoever uses the connection itself calls this before."""
        if self._kept:
            last = self._kept.pop()
            self._checked(self._answer(last))

    def undo(self) -> None:
        """Drops what was to travel and rolls back what has begun. Fails on a lost connection."""
        self._kept.clear()
        if self._library.transaction_status != pq.TransactionStatus.IDLE:
            self.order("ROLLBACK")

    def _run(self, text: str, values: Sequence[Any]) -> pq.abc.PGresult:
        return self._checked(self._answer(self._said(text, values)))

    def _said(self, text: str, values: Sequence[Any]) -> _Said:
        self._is_of_use()
        name = self._names.get(text) or self._prepare(text)
        packed: list[Any] = []  # NULL is None, which the declared type forgets
        formats: list[pq.Format] = []
        for value in values:
            data, form = _packed(value)
            packed.append(data)
            formats.append(form)
        return _Said(name, packed, formats)

    def _answer(self, said: _Said) -> pq.abc.PGresult:
        """What the server says to this statement, or to one that travelled along and failed."""
        together = [*self._kept, said]
        self._kept.clear()
        results = self._answers_to(together)
        failed = next((one for one in results if one.status not in _DONE), None)
        if failed is not None:
            return failed
        for one, result in zip(together, results, strict=True):
            if one.asked is not None:
                one.asked.heard = self._rows_of(result)
        return results[-1]

    def _rows_of(self, result: pq.abc.PGresult) -> list[Row]:
        self._loading.set_pgresult(result)
        rows = self._loading.load_rows(0, result.ntuples, tuple)
        self._loading.set_pgresult(None)  # or it stays in memory until the next
        return rows

    def _answers_to(self, together: list[_Said]) -> list[pq.abc.PGresult]:
        """What the server says to statements that travel together. One alone is a call of its own."""
        if len(together) == 1:
            return [self._library.exec_prepared(*together[0][:3], _BINARY)]
        try:
            return self._one_by_one(together)
        except psycopg.OperationalError as error:  # some answers are missing, and always will be
            raise self._is_lost(str(error)) from error

    def _one_by_one(self, together: list[_Said]) -> list[pq.abc.PGresult]:
        self._library.enter_pipeline_mode()
        for one in together:
            self._library.send_query_prepared(*one[:3], _BINARY)
        self._library.pipeline_sync()
        self._leave()
        results = [self._next() for _ in together]
        self._next()  # the end of all of them, which comes after a failure, too
        self._library.exit_pipeline_mode()
        return results

    def _leave(self) -> None:
        """Has all of it leave, and takes in what comes meanwhile: else both sides could wait for each other."""
        while self._library.flush():
            self._answers.modify(self._library.socket, select.POLLIN | select.POLLOUT)
            self._answers.poll()
            self._answers.modify(self._library.socket, select.POLLIN)
            self._library.consume_input()

    def _next(self) -> pq.abc.PGresult:
        """The next answer. It is waited for with other threads running, which `get_result` does not let."""
        while True:
            while self._library.is_busy():
                self._answers.poll(_LOOKS_AGAIN_MS)
                self._library.consume_input()
            if (result := self._library.get_result()) is not None:
                return result
            if (
                self._library.status == pq.ConnStatus.BAD
            ):  # else it was the end of a statement's answers
                raise psycopg.OperationalError(self._library.get_error_message())

    def _prepare(self, text: str) -> bytes:
        name = f"promosight_{self._own}_{len(self._names)}".encode()
        self._checked(self._library.prepare(name, text.encode()))
        self._names[text] = name
        return name

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _DONE:
            return result
        # Where there is no code it is not the server that speaks: it is gone.
        told = result.error_field(pq.DiagnosticField.SQLSTATE) is not None
        if not told or self._library.status == pq.ConnStatus.BAD:
            raise self._is_lost(self._library.get_error_message())
        error = psycopg.errors.error_from_result(result)
        if isinstance(error, psycopg.errors.UniqueViolation):
            raise LostRace from error
        raise error

    def _is_lost(self, why: str) -> psycopg.OperationalError:
        """The error of a connection that is lost, in one line; whoever tries again hears the same."""
        self._lost = f"the connection was lost: {' '.join(why.split())}"
        return psycopg.OperationalError(self._lost)

    def _is_of_use(self) -> None:
        if self._lost is not None:
            raise psycopg.OperationalError(self._lost)


def _packed(value: Any) -> tuple[bytes | None, pq.Format]:
    """One parameter. Texts go as bytes with a length: in the other form they would end at a NUL."""
    if isinstance(value, str):
        return value.encode(), _BINARY
    if isinstance(value, bytes):  # an array, packed already
        return value, _BINARY
    if isinstance(value, Numbers):
        return pack_numbers(value), _BINARY
    if isinstance(value, Texts):
        return pack_texts(value), _BINARY
    return (None if value is None else str(value).encode()), _TEXT
