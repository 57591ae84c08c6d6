"""SQLite's log: it starts over while writing goes on, also when questions overlap, and nothing in it is lost."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as all_threads

import pytest

from promosight.store import log
from promosight.store.engine import Store, open_store
from promosight.store.tx import Row, Tx

PAGE = 8_192
SOON = 30.0
AT_ONCE = 50


@pytest.fixture
def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(log, "COPY_PAGES", 50)
    monkeypatch.setattr(log, "LONG_PAGES", 500)
    opened = open_store(sqlite_url, now_us=0)
    yield opened
    opened.close()


def add(tx: Tx, rows: list[Row]) -> list[Row]:
    """A flow: notes customers."""
    tx.run_many("add_customers", rows)
    return rows


def log_pages(url: str) -> int:
    return Path(url.removeprefix("sqlite:///") + "-wal").stat().st_size // PAGE


def write(store: Store, commits: int, first: int = 0) -> list[Row]:
    """So many commits of a row each, wherever in the table it falls; each needs two to four pages.

    Now and then a copy under way is waited for: a busy machine may leave its thread behind as long as it likes.
    """
    chance = random.Random(first)
    rows: list[Row] = [
        (chance.getrandbits(40), 1, "c" * 2_000, first + no) for no in range(commits)
    ]
    for done, row in enumerate(rows, start=1):
        store.write(add, row)
        if done % AT_ONCE == 0:
            let_copy()
    return rows


def let_copy() -> None:
    while any(one.name.endswith(f"({log._copy.__name__})") for one in all_threads()):
        time.sleep(0.001)


def stored(store: Store, rows: list[Row]) -> int:
    return len(store.read(lambda tx: tx.all_for("customers_of", [row[:1] for row in rows])))


def test_the_log_stays_short_however_long_the_writing_lasts(store: Store, sqlite_url: str) -> None:
    rows = write(store, 600)
    assert log_pages(sqlite_url) < 500  # 600 commits of at least two pages would be 1,200
    assert stored(store, rows) == 600


def test_questions_that_overlap_without_end_do_not_let_the_log_grow(
    store: Store, sqlite_url: str
) -> None:
    """There is always somebody reading, yet nobody reads for ever."""
    stop = Event()

    def ask() -> None:
        while not stop.is_set():
            store.read(lambda tx: (tx.all("schema_versions"), stop.wait(0.002)))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        rows = write(store, 1_000)
    finally:
        stop.set()
        for thread in threads:
            thread.join(SOON)
    assert log_pages(sqlite_url) < 1_000
    assert stored(store, rows) == 1_000


def test_a_long_question_stops_no_writer_and_the_log_starts_over_after_it(
    store: Store, sqlite_url: str
) -> None:
    started, release = Event(), Event()

    def long_question(tx: Tx) -> int:
        count = len(tx.all("schema_versions"))
        started.set()
        assert release.wait(SOON)
        return count

    asking = Thread(target=store.read, args=(long_question,))
    asking.start()
    assert started.wait(SOON)
    rows = write(store, 400)
    grown = log_pages(sqlite_url)
    release.set()
    asking.join(SOON)
    rows += write(store, 600, first=400)
    # It is tried again when it is half as long again, and copying takes so many commits at most. Else it had come to
    # 2,000 pages.
    assert log_pages(sqlite_url) < grown + grown // 2 + 4 * AT_ONCE < 2_000
    assert stored(store, rows) == 1_000


def test_what_lies_in_the_log_outlives_the_writer(sqlite_url: str) -> None:
    """S5: a second opening finds everything that was acknowledged, copied or not."""
    first = open_store(sqlite_url, now_us=0)
    rows = write(first, 50)
    second = open_store(sqlite_url, now_us=0)
    assert stored(second, rows) == 50
    first.close()
    assert stored(second, rows) == 50
    second.close()
