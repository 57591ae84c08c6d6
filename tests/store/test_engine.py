"""The one writer: who waits together commits together, and nobody pays for a neighbour's fault."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import Any

import apsw
import pytest

from promosight.errors import Overloaded, StoreError
from promosight.store import waiting
from promosight.store.database import database
from promosight.store.engine import Store, open_store
from promosight.store.races import LostRace
from promosight.store.tx import PostgresTx, Row, SqliteTx, Tx

SOON = 30.0  # seconds after which a test gives up waiting


def add(tx: Tx, numbers: list[int]) -> list[int]:
    """A flow: notes customers of these numbers."""
    tx.run_many("add_customers", [(no, 1, f"c-{no}", 0) for no in numbers])
    return numbers


def add_even(tx: Tx, numbers: list[int]) -> list[int]:
    """A flow that writes first and then finds fault with odd numbers."""
    add(tx, numbers)
    if any(no % 2 for no in numbers):
        raise ValueError(f"odd among {numbers}")
    return numbers


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(200)]))


def together(store: Store, submit: Callable[[], list[Future[Any]]]) -> list[Future[Any]]:
    """Submits while the writer is held up, so that everything waits for the same commit."""
    started, release = Event(), Event()

    def hold(tx: Tx, payloads: list[None]) -> list[None]:
        started.set()
        assert release.wait(SOON)
        return payloads

    holding = store.submit(hold, None)
    assert started.wait(SOON)
    waiting = submit()
    release.set()
    holding.result(SOON)
    return waiting


def hang_up(tx: Tx) -> None:
    """Lets the server end the connection, as it does when it is restarted."""
    assert isinstance(tx, PostgresTx)
    tx.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def transient(store: Store) -> Exception:
    """What this database says when a whole transaction deserves another try."""
    if store.database.engine == "sqlite":
        return apsw.BusyError("database is locked")
    return LostRace()


def test_what_is_written_is_there_when_the_answer_comes(store: Store) -> None:
    """S5, S12: visible at once; the figure has moved before the event is acknowledged."""
    for no in range(5):
        assert store.write(add, no) == no
        assert store.read(stored) == list(range(no + 1))


def test_senders_that_wait_together_are_worked_off_together(store: Store) -> None:
    sizes: list[int] = []

    def counted(tx: Tx, numbers: list[int]) -> list[int]:
        sizes.append(len(numbers))
        return add(tx, numbers)

    answers = together(store, lambda: [store.submit(counted, no) for no in range(50)])
    assert [answer.result(SOON) for answer in answers] == list(range(50))
    assert sizes == [50]
    assert store.read(stored) == list(range(50))


def test_a_failing_job_does_not_fail_its_neighbours(store: Store) -> None:
    """P2: only the culprit is refused, and nothing of it stays."""
    answers = together(store, lambda: [store.submit(add_even, no) for no in range(10)])
    for no, answer in enumerate(answers):
        if no % 2:
            with pytest.raises(ValueError, match=rf"odd among \[{no}\]"):
                answer.result(SOON)
        else:
            assert answer.result(SOON) == no
    assert store.read(stored) == [0, 2, 4, 6, 8]


def test_a_job_that_breaks_a_statement_does_not_fail_other_kinds_of_jobs(store: Store) -> None:
    """On PostgreSQL an error spoils the transaction; the others are committed all the same."""

    def add_nothing(tx: Tx, payloads: list[None]) -> list[int]:
        return [tx.run("add_coverage", source_no=no, from_us=no, to_us=no) for no in payloads]

    answers = together(
        store,
        lambda: [
            store.submit(add, 1),
            store.submit(add_nothing, None),
            store.submit(add, 2),
            store.submit(add_even, 3),
            store.submit(add, 4),
        ],
    )
    assert [answer.exception(SOON) is None for answer in answers] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert store.read(stored) == [1, 2, 4]


def test_a_flow_that_answers_too_few_is_a_fault_and_not_a_silence(store: Store) -> None:
    def forgetful(tx: Tx, numbers: list[int]) -> list[int]:
        return add(tx, numbers)[1:]

    with pytest.raises(ValueError, match="zip"):
        store.write(forgetful, 1)
    assert store.read(stored) == []


def test_jobs_run_again_after_a_lost_race(store: Store) -> None:
    """P4: the transaction is run anew as a whole, and what it wrote before is gone."""
    tries: list[list[int]] = []

    def unlucky(tx: Tx, numbers: list[int]) -> list[int]:
        tries.append(stored(tx))
        add(tx, numbers)
        tx.cache["seen"] = len(tries)
        if len(tries) < 3:
            raise transient(store)
        return numbers

    answers = together(
        store, lambda: [store.submit(add, 1), store.submit(unlucky, 2), store.submit(add, 3)]
    )
    assert [answer.result(SOON) for answer in answers] == [1, 2, 3]
    # On PostgreSQL both of the other flow come before it, in a transaction of their own.
    before = [1] if store.database.runs_here else [1, 3]
    assert tries == [before, before, before]
    assert store.read(stored) == [1, 2, 3]


def test_a_rehearsal_is_answered_and_undone_and_its_neighbours_stay(store: Store) -> None:
    """P4, N15: it sees what is committed, and nobody sees it."""
    seen: list[list[int]] = []

    def look(tx: Tx, numbers: list[int]) -> list[int]:
        add(tx, numbers)
        seen.append(stored(tx))
        tx.cache["rehearsed"] = True
        return [len(seen[-1])]

    answers = together(
        store,
        lambda: [
            store.submit(add, 1),
            store.rehearse(look, 2),
            store.rehearse(look, 3),
            store.rehearse(add_even, 5),
            store.submit(add, 4),
        ],
    )
    assert [answers[place].result(SOON) for place in (0, 1, 2, 4)] == [1, 3, 3, 4]
    with pytest.raises(ValueError, match=r"^odd among \[5\]$"):
        answers[3].result(SOON)
    assert seen == [[1, 2, 4], [1, 3, 4]]
    assert store.read(stored) == [1, 4]
    assert "rehearsed" not in store.change(lambda tx: dict(tx.cache))


def test_a_rehearsal_is_run_again_after_a_lost_race(store: Store) -> None:
    tries = []

    def unlucky(tx: Tx, numbers: list[int]) -> list[int]:
        tries.append(tx.attempt)
        add(tx, numbers)
        if len(tries) < 3:
            raise transient(store)
        return numbers

    assert store.rehearse(unlucky, 7).result(SOON) == 7
    assert tries == [1, 2, 3]
    assert store.read(stored) == []


def test_a_rolled_back_transaction_takes_its_cache_along(store: Store) -> None:
    def remember(tx: Tx) -> None:
        tx.cache["number"] = 1
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        store.change(remember)
    assert store.change(lambda tx: dict(tx.cache)) == {}


def test_a_race_that_is_never_won_is_answered_and_the_store_goes_on(store: Store) -> None:
    def hopeless(tx: Tx) -> None:
        raise transient(store)

    with pytest.raises((StoreError, LostRace)):
        store.change(hopeless)
    assert store.write(add, 1) == 1


def test_a_real_race_between_two_writers_is_settled(postgresql_url: str) -> None:
    """P4: another process commits the same key in between; the second try sees it."""
    mine, rival = (open_store(postgresql_url, now_us=0) for _ in range(2))
    key = {"name": "9999_race.sql", "digest": "", "applied_us": 0}
    seen: list[bool] = []

    def note(tx: Tx) -> str:
        names = [row[0] for row in tx.all("schema_versions")]
        seen.append(key["name"] in names)
        if seen[-1]:
            return "was there"
        rival.change(lambda other: other.run("add_schema_version", **key))
        tx.run("add_schema_version", **key)
        return "added"

    try:
        assert mine.change(note) == "was there"
        assert seen == [False, True]
    finally:
        mine.close()
        rival.close()


def test_a_lost_connection_is_replaced(postgresql_url: str) -> None:
    """P4: the server ends a connection under its user; the change is made all the same, and reading goes on."""
    store = open_store(postgresql_url, now_us=0)
    broken: list[int] = []

    def broken_once(tx: Tx, numbers: list[int]) -> list[int]:
        if not broken:
            broken.append(1)
            hang_up(tx)
        return add(tx, numbers)

    try:
        assert store.write(broken_once, 1) == 1
        assert store.write(add, 2) == 2
        with pytest.raises(StoreError, match="does not answer"):
            store.read(hang_up)
        assert store.read(stored) == [1, 2]
    finally:
        store.close()


def test_a_failure_in_going_about_a_failure_is_answered_and_does_not_end_the_writer(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the server would go on taking requests and never answer them."""
    store = open_store(store_url, now_us=0)

    def fails(*_: object) -> list[int]:
        raise ValueError("the change fails")

    def fails_too(_: Exception) -> Exception:
        raise OSError("and so does whoever goes about it")

    try:
        with monkeypatch.context() as patched:
            patched.setattr(store.database, "explain", fails_too)
            with pytest.raises(OSError, match="and so does"):
                store.write(fails, 1)
        assert store.write(add, 2) == 2
        assert store.read(stored) == [2]
    finally:
        store.close()


def test_close_works_off_the_queue(store_url: str) -> None:
    """Whoever was promised an answer gets it; whoever comes later is told."""
    store = open_store(store_url, now_us=0)
    closing = Thread(target=store.close)

    def submit() -> list[Future[Any]]:
        waiting = [store.submit(add, no) for no in range(100)]
        closing.start()
        return waiting

    answers = together(store, submit)
    closing.join(SOON)
    assert not closing.is_alive()
    assert [answer.result(0) for answer in answers] == list(range(100))
    with pytest.raises(StoreError, match="closed"):
        store.submit(add, 1)
    reopened = open_store(store_url, now_us=0)
    assert reopened.read(stored) == list(range(100))
    reopened.close()


def test_a_sender_that_hangs_up_does_not_stop_the_writer(store: Store) -> None:
    """A cancelled future must not break the thread that all others depend on."""

    def submit() -> list[Future[Any]]:
        waiting = [store.submit(add, no) for no in range(3)]
        assert waiting[1].cancel()
        return waiting

    answers = together(store, submit)
    assert [answer.result(SOON) for answer in answers if not answer.cancelled()] == [0, 2]
    assert store.write(add, 4) == 4
    assert store.read(stored) == [0, 2, 4]


def test_too_many_waiting_are_turned_away_and_nothing_of_theirs_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P15: better a refusal at once than an answer too late."""
    monkeypatch.setattr(waiting, "MAX_WAITING", 5)

    def submit() -> list[Future[Any]]:
        waiting = [store.submit(add, no) for no in range(5)]
        with pytest.raises(Overloaded):
            store.submit(add, 5)
        return waiting

    answers = together(store, submit)
    assert [answer.result(SOON) for answer in answers] == [0, 1, 2, 3, 4]
    assert store.read(stored) == [0, 1, 2, 3, 4]


def test_a_question_sees_one_moment_even_while_others_write(store: Store) -> None:
    """S13: before a batch or after it, never between."""

    def twice(tx: Tx) -> tuple[list[int], list[int]]:
        before = stored(tx)
        store.write(add, 1)
        return before, stored(tx)

    assert store.read(twice) == ([], [])
    assert store.read(stored) == [1]


def test_a_question_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only"):
        store.read(lambda tx: add(tx, [1]))
    assert store.read(stored) == []


def test_rows_are_streamed_one_by_one(store: Store) -> None:
    store.change(
        lambda tx: [
            tx.run("add_schema_version", name=f"9999_{n}", digest="", applied_us=0)
            for n in range(20)
        ]
    )

    def names(tx: Tx) -> list[Row]:
        return [row for row in tx.each("schema_versions") if row[0].startswith("9999")]

    assert len(store.read(names)) == 20


def test_a_run_of_single_events_keeps_less_of_the_store_than_a_batch(sqlite_url: str) -> None:
    """SQLite looks at all that it keeps at each commit, which is dear where these are small."""
    db = database(sqlite_url)
    tx = db.connect(write=True)
    assert isinstance(tx, SqliteTx)

    def kept() -> list[tuple[Any, ...]]:
        return tx.connection.execute("PRAGMA cache_size").fetchall()

    usual = kept()
    for _ in range(100):
        db.begin(tx, write=True, at_once=True)
        db.end(tx, commit=True)
    of_singles = kept()
    db.begin(tx, write=True)
    db.end(tx, commit=True)
    assert of_singles[0] > usual[0]  # negative: in kilobytes
    assert kept() == usual
    db.close(tx)
