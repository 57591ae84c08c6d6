"""What nobody asks about is sent along with what comes next: in its order, whole or not at all, and never lost."""

import contextlib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from promosight.store.database import PostgresDatabase
from promosight.store.engine import Store, open_store
from promosight.store.tx import PostgresTx, Tx
from tests.certificates import Authority
from tests.store.over_tls import Terminating


def customer(no: int, name: str | None = "c") -> tuple[Any, ...]:
    return no, 1, name, 0


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(20)]))


def test_who_asks_sees_what_was_sent_before(store: Store) -> None:
    """S12."""

    def sends(tx: Tx) -> list[list[int]]:
        tx.send_many("add_customers", [customer(1)])
        tx.send_many("add_customers", [customer(2)])
        seen = [stored(tx)]
        tx.send_many("forget_customers", [(1,)])
        tx.send_many("add_customers", [customer(1), customer(3)])
        return [*seen, stored(tx)]

    assert store.change(sends) == [[1, 2], [1, 2, 3]]
    assert store.read(stored) == [1, 2, 3]


def test_what_is_asked_ahead_is_answered_as_of_then(store: Store) -> None:
    """S12: what was sent before is in it, and what was sent after is not; whether or not it is looked at at once."""

    def asks(tx: Tx) -> list[list[int]]:
        tx.send_many("add_customers", [customer(1)])
        asked = tx.ask_for("customers_of", [(no,) for no in range(20)])
        tx.send_many("add_customers", [customer(2)])
        seen = stored(tx)
        last = tx.ask_for("customers_of", [(1,), (2,), (3,)])
        return [[row[0] for row in asked()], seen, sorted(row[0] for row in last())]

    assert store.change(asks) == [[1], [1, 2], [1, 2]]


def test_what_is_asked_behind_a_failure_is_never_answered(store: Store) -> None:
    """S5."""

    def fails(tx: Tx) -> list[Any]:
        tx.send_many("add_customers", [customer(2, None)])
        return tx.ask("any_ahead")()

    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.change(fails)
    assert store.read(stored) == []


def test_what_was_sent_last_is_there_when_the_answer_comes(store: Store) -> None:
    """S5."""
    store.change(lambda tx: tx.send_many("add_customers", [customer(1)]))
    assert store.read(stored) == [1]


@pytest.mark.parametrize("asks", [False, True])
def test_nothing_is_kept_where_something_that_was_sent_fails(store: Store, asks: bool) -> None:
    """S5: whether somebody asks afterwards or not; the next change finds nothing of it under way."""

    def fails(tx: Tx) -> list[int]:
        tx.send_many("add_customers", [customer(1)])
        tx.send_many("add_customers", [customer(2, None)])
        tx.send_many("add_customers", [customer(3)])
        return stored(tx) if asks else []

    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.change(fails)
    assert store.read(stored) == []
    assert store.change(lambda tx: tx.run_many("add_customers", [customer(4)])) == 1
    assert store.read(stored) == [4]


def test_what_is_sent_is_dropped_with_its_transaction(store: Store) -> None:
    def gives_up(tx: Tx) -> None:
        tx.send_many("add_customers", [customer(1)])
        raise ValueError("thought better of it")

    with pytest.raises(ValueError, match="thought better"):
        store.change(gives_up)
    store.change(lambda tx: tx.send_many("add_customers", [customer(2)]))
    assert store.read(stored) == [2]


def test_much_may_be_sent_together(store: Store) -> None:
    """More than lies between two processes at a time: neither waits for the other to take it first."""

    def sends(tx: Tx) -> int:
        for no in range(8):
            tx.send_many("add_customers", [customer(no, f"{no}" * 1_000_000)])
        return len(stored(tx))

    assert store.change(sends) == 8


def test_what_is_tried_out_fails_as_it_would(store: Store) -> None:
    """What is undone in the end is not left out before."""

    def fails(tx: Tx, payloads: list[int]) -> list[int]:
        tx.send_many("add_customers", [customer(1, None)])
        return payloads

    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.rehearse(fails, 1).result()
    assert store.write(lambda tx, numbers: numbers, 2) == 2


def test_no_commit_is_answered_for_where_a_failure_went_unheard(postgresql_url: str) -> None:
    """P4: the server answers such a COMMIT, too, and rolls back."""
    store = open_store(postgresql_url, now_us=0)

    def overhears(tx: Tx) -> str:
        tx.send_many("add_customers", [customer(1)])
        tx.send_many("add_customers", [customer(2, None)])
        with contextlib.suppress(psycopg.Error):
            stored(tx)
        return "all is well"

    try:
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            store.change(overhears)
        assert store.read(stored) == []
        store.change(lambda tx: tx.send_many("add_customers", [customer(3)]))
        assert store.read(stored) == [3]
    finally:
        store.close()


def test_a_race_that_is_lost_by_what_was_sent_is_run_again(postgresql_url: str) -> None:
    """S5: as one that is lost by what somebody waits for."""
    store = open_store(postgresql_url, now_us=0)
    tries: list[int] = []

    def races(tx: Tx) -> int:
        tries.append(tx.attempt)
        tx.send_many("add_customers", [customer(tx.attempt)])
        if tx.attempt == 1:
            assert isinstance(tx, PostgresTx)
            for _ in range(2):
                tx.prepared.send(
                    "INSERT INTO customer (customer_no, workspace_no, customer_id, known)"
                    " VALUES (9, 1, 'c', 0)"
                )
        return tx.attempt

    try:
        assert store.change(races) == 2
        assert tries == [1, 2]
        assert store.read(stored) == [2]
    finally:
        store.close()


def test_a_statement_that_takes_too_long_is_told_and_nothing_of_it_stays(
    postgresql_url: str,
) -> None:
    """P4: the database's own limit; the connection goes on afterwards."""
    store = open_store(postgresql_url, now_us=0)
    tries: list[int] = []

    def dawdles(tx: Tx) -> int:
        assert isinstance(tx, PostgresTx)
        tries.append(tx.prepared._library.backend_pid)
        tx.send_many("add_customers", [customer(1)])
        if len(tries) == 1:
            tx.prepared.send("SET LOCAL statement_timeout = '50ms'")
            tx.prepared.send("SELECT pg_sleep(5)")
        return len(stored(tx))

    try:
        assert store.change(dawdles) == 1
        assert len(tries) == 2
        assert len(set(tries)) == 1
    finally:
        store.close()


@pytest.mark.parametrize("size", range(30_000, 33_000, 300))
def test_answers_of_any_size_come_over_tls(postgresql_url: str, tmp_path: Path, size: int) -> None:
    """P4: what the library has taken in and not handed over is not waited for."""
    with Terminating(postgresql_url, Authority.made(tmp_path).server("127.0.0.1")) as url:
        store = open_store(url, now_us=0)

        def sends(tx: Tx) -> list[int]:
            tx.send_many("add_customers", [customer(no, "c" * (size // 19)) for no in range(1, 20)])
            return stored(tx)

        try:
            assert store.submit(lambda tx, _: [sends(tx)], None).result(60.0) == [*range(1, 20)]
        finally:
            store.close()


def test_a_connection_that_is_lost_with_what_was_sent_costs_nothing(postgresql_url: str) -> None:
    """P4: the change is made once, on another connection."""
    store = open_store(postgresql_url, now_us=0)
    tries: list[int] = []

    def sends(tx: Tx) -> list[int]:
        assert isinstance(tx, PostgresTx)
        before = stored(tx)
        tx.send_many("add_customers", [customer(1)])
        if not tries:
            _end(postgresql_url, tx.connection.info.backend_pid)
            tx.send_many("add_customers", [customer(2)])
        tries.append(1)
        return before

    try:
        assert store.change(sends) == []
        assert tries == [1, 1]
        assert store.read(stored) == [1]
    finally:
        store.close()


def _end(url: str, pid: int) -> None:
    tx = PostgresDatabase(url).connect(write=False)
    assert isinstance(tx, PostgresTx)
    tx.connection.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
    tx.close()
