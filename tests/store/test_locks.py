"""Servers that share a PostgreSQL keep each other out by locks, and never wait for each other in a circle."""

from collections.abc import Iterator
from threading import Event

import pytest

from promosight.errors import StoreError
from promosight.store.engine import Store, by_flow, open_store
from promosight.store.tx import Tx
from promosight.store.waiting import Job

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
    """N12: one holds 9 and wants 2, the other holds 2 and waits for 9. The first one gives way, and starts over kind by
    kind; the server never has to find out that both would wait for ever, after which one would be careful."""
    here, there = servers
    held_here, held_there, begun, go_on = Event(), Event(), Event(), Event()
    told: list[tuple[str, int]] = []

    def before_them(_: Tx, payloads: list[None]) -> list[None]:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return payloads

    def late(tx: Tx, payloads: list[None]) -> list[None]:
        tx.lock(WORKSPACE, [9])
        held_here.set()
        assert held_there.wait(PATIENCE_SECONDS)
        told.append(("late", tx.attempt))
        return payloads

    def early(tx: Tx, payloads: list[None]) -> list[None]:
        tx.lock(WORKSPACE, [2])
        told.append(("early", tx.attempt))
        return payloads

    def across(tx: Tx) -> None:
        tx.lock(WORKSPACE, [2])
        held_there.set()
        assert held_here.wait(PATIENCE_SECONDS)
        tx.lock(WORKSPACE, [9])
        told.append(("across", tx.attempt))

    here.submit(before_them, None)
    assert begun.wait(PATIENCE_SECONDS)
    both = [here.submit(late, None), here.submit(early, None)]  # they wait together
    go_on.set()
    there.change(across)
    for one in both:
        one.result()
    assert sorted(told) == [("across", 1), ("early", 1), ("late", 1), ("late", 1)]


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


def test_changes_that_start_over_kind_by_kind_keep_their_order() -> None:
    """N12."""

    def report(_: Tx, payloads: list[int]) -> list[int]:
        return payloads

    def decide(_: Tx, payloads: list[int]) -> list[int]:
        return payloads

    jobs = [
        Job(flow, number, 1, None)
        for number, flow in enumerate((report, decide, report, decide, report))
    ]
    assert [[job.payload for job in some] for some in by_flow(jobs)] == [[0, 2, 4], [1, 3]]
