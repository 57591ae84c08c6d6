"""What nobody asks about is sent along with what comes next: in its order, whole or not at all, and never lost."""

from typing import Any

import pytest

from promosight.store.database import PostgresDatabase
from promosight.store.engine import Store, open_store
from promosight.store.tx import PostgresTx, Tx


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
