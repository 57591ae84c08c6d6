"""Servers that share a PostgreSQL keep each other out by locks, and never wait for each other in a circle."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from promosight.errors import StoreError
from promosight.store.engine import Store, each_alone, open_store
from promosight.store.tx import PostgresTx, Tx

WORKSPACE = 7_001
"""Tests share a database, and with it these locks: nobody else has this workspace."""
PATIENCE_SECONDS = 30


@pytest.fixture
def servers(postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    stores = open_store(postgresql_url, now_us=0), open_store(postgresql_url, now_us=0)
    yield stores
    for store in stores:
        store.close()


def test_changes_whose_locks_cross_are_made_without_waiting_in_a_circle(
    servers: tuple[Store, Store],
) -> None:
    """N12: one holds 9 and wants 2, the other holds 2 and waits for 9. The first one gives way, and each of its changes
    starts over alone; the server never has to find out that both would wait for ever, after which they were careful."""
    here, there = servers
    held_here, held_there, begun, go_on = Event(), Event(), Event(), Event()
    told: list[tuple[int, int]] = []

    def before_them(_: Tx, payloads: list[None]) -> list[None]:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return payloads

    def locks(tx: Tx, payloads: list[int]) -> list[int]:
        for lock in payloads:
            tx.lock(WORKSPACE, [lock])
            held_here.set()
            assert held_there.wait(PATIENCE_SECONDS)
            told.append((lock, tx.attempt))
        return payloads

    def across(tx: Tx) -> None:
        tx.lock(WORKSPACE, [2])
        held_there.set()
        assert held_here.wait(PATIENCE_SECONDS)
        tx.lock(WORKSPACE, [9])
        told.append((29, tx.attempt))

    here.submit(before_them, None)
    assert begun.wait(PATIENCE_SECONDS)
    both = [here.submit(locks, 9), here.submit(locks, 2)]  # they wait together
    go_on.set()
    there.change(across)
    for one in both:
        one.result()
    assert sorted(told) == [(2, 1), (9, 1), (9, 1), (29, 1)]


def test_changes_of_several_flows_share_no_transaction_between_servers(
    servers: tuple[Store, Store],
) -> None:
    """N12: one changed a source and then news, on the other server it was the other way round."""
    here, _ = servers
    begun, go_on = Event(), Event()
    numbers: list[int] = []

    def before_them(_: Tx, payloads: list[None]) -> list[None]:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return payloads

    def noted(tx: Tx) -> None:
        assert isinstance(tx, PostgresTx)
        (found,) = tx.connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
        numbers.append(found[0])

    def report(tx: Tx, payloads: list[None]) -> list[None]:
        noted(tx)
        return payloads

    number: Callable[[Tx], Any] = noted
    here.submit(before_them, None)
    assert begun.wait(PATIENCE_SECONDS)
    waiting = [
        here.submit(report, None),
        here.submit(each_alone, number),
        here.submit(report, None),
        here.submit(each_alone, number),
    ]
    go_on.set()
    for one in waiting:
        one.result()
    assert len(numbers) == len(set(numbers)) == 3


def test_a_lock_out_of_order_is_had_at_once_or_not_at_all(servers: tuple[Store, Store]) -> None:
    """N12."""
    here, there = servers
    free: list[bool] = []

    def out_of_order(tx: Tx) -> None:
        tx.lock(WORKSPACE, [5])
        tx.lock(WORKSPACE, [5, 4])
        free.append(True)
        with pytest.raises(StoreError, match="other writers were first"):
            there.change(lambda other: (other.lock(WORKSPACE, [6]), other.lock(WORKSPACE, [4])))

    here.change(out_of_order)
    assert free == [True]
    there.change(lambda tx: (tx.lock(WORKSPACE, [6]), tx.lock(WORKSPACE, [4])))
