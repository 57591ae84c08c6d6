"""When the store itself fails: senders read one clear sentence, and nothing stays half done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from promosight.errors import StoreError
from promosight.store.engine import Store, open_store
from promosight.store.tx import SqliteTx, Tx


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url, now_us=0)
    yield opened
    opened.close()


def add(tx: Tx, numbers: list[int]) -> list[int]:
    """A flow: notes customers of these numbers, under ids long enough to need room."""
    tx.run_many("add_customers", [(no, 1, "c" * 5_000, 0) for no in numbers])
    return numbers


def count(tx: Tx) -> int:
    return len(tx.all_for("customers_of", [(no,) for no in range(1_000)]))


def limit(store: Store, pages: int) -> None:
    """Lets the store grow to this many pages and no further, as a full disk would."""

    def set_limit(tx: Tx) -> None:
        assert isinstance(tx, SqliteTx)
        tx.connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    store.change(set_limit)


def fill(store: Store) -> None:
    for no in range(2, 900):
        store.write(add, no)


def test_a_full_disk_is_said_so_and_the_store_goes_on_once_there_is_room(store: Store) -> None:
    assert store.write(add, 1) == 1
    limit(store, 1)  # SQLite takes what is there already as the least
    with pytest.raises(StoreError, match="the disk is full"):
        fill(store)
    there = store.read(count)
    limit(store, 100_000)
    assert store.read(count) == there
    assert store.write(add, 999) == 999
    assert store.read(count) == there + 1


def test_a_damaged_file_is_said_so(sqlite_url: str) -> None:
    store = open_store(sqlite_url, now_us=0)
    for no in range(400):  # more than the schema itself takes, which opening reads
        store.write(add, no)
    store.close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes([0x5A]) * (len(content) - len(content) // 2)
    path.write_bytes(content)
    damaged = open_store(sqlite_url, now_us=0)
    try:
        with pytest.raises(StoreError, match="damaged"):
            damaged.read(count)
    finally:
        damaged.close()
