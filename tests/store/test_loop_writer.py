"""Single events worked off on the loop that brought them: together, in turns with the writer's thread, none lost."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any

import apsw
import pytest

from promosight.store import loop_writer, waiting
from promosight.store.engine import Store, open_store
from promosight.store.races import LostRace
from promosight.store.tx import Tx
from promosight.store.waiting import SMALL_WEIGHT, Later


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "promosight.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{path}", now_us=0)
    yield opened
    opened.close()


def add(tx: Tx, numbers: list[int]) -> list[tuple[int, str]]:
    """Adds a customer for each; answers how many came together and where that was done."""
    tx.add_new("add_customers", [(no, 1, f"c-{no}", 0) for no in numbers])
    return [(len(numbers), current_thread().name)] * len(numbers)


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(2_000)]))


def test_senders_that_come_in_one_round_share_a_transaction_on_their_loop(store: Store) -> None:
    async def send() -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(store.submit_from(loop, add, no) for no in range(100)))

    assert set(asyncio.run(send())) == {(100, "MainThread")}
    assert store.read(stored) == list(range(100))


@pytest.mark.parametrize(("comes_after_s", "together"), [(0.0, 20), (0.1, 1)])
def test_whoever_comes_first_after_twenty_were_answered_waits_for_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, comes_after_s: float, together: int
) -> None:
    """But not where nobody has come for so long that they do not come again at once."""
    monkeypatch.setattr(waiting, "SOON_S", 10.0)
    monkeypatch.setattr(waiting, "LONGEST_WAIT_S", 10.0)  # but the first must come as soon as ever

    def add_slowly(tx: Tx, numbers: list[int]) -> list[tuple[int, str]]:
        time.sleep(0.5)  # for as long others are waited for
        return add(tx, numbers)

    async def send() -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(store.submit_from(loop, add_slowly, no) for no in range(20)))
        await asyncio.sleep(comes_after_s)
        first = store.submit_from(loop, add, 20)
        await asyncio.sleep(0.02)
        rest = [store.submit_from(loop, add, no) for no in range(21, 40)]
        return [await first, *await asyncio.gather(*rest)]

    assert asyncio.run(send())[0] == (together, "MainThread")
    assert store.read(stored) == list(range(40))


def test_a_thousand_are_worked_off_in_parts_and_none_is_lost(store: Store) -> None:
    async def send() -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(store.submit_from(loop, add, no) for no in range(1_000)))

    assert {size for size, _ in asyncio.run(send())} == {256, 232}
    assert store.read(stored) == list(range(1_000))


@pytest.mark.parametrize(
    ("weight", "looks", "where"),
    [
        (1, 1_000_000, "MainThread"),  # something small: it is waited for on the loop
        (1, 50, "promosight-writer"),  # unless it takes long
        (SMALL_WEIGHT + 1, 50, "promosight-writer"),
    ],
)
def test_while_the_thread_writes_single_events_wait_for_their_turn(
    store: Store, weight: int, looks: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_writer, "_LOOKS", looks)
    started, release = Event(), Event()

    def hold(_: Tx, held: list[None]) -> list[None]:
        started.set()
        assert release.wait(60)
        return held

    async def send() -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        held = store.submit(hold, None, weight=weight)
        await loop.run_in_executor(None, started.wait)
        waiting = [store.submit_from(loop, add, no) for no in range(3)]
        await asyncio.sleep(0.01)
        while where != "MainThread" and store.waiting < len(waiting):  # not in the thread's line
            await asyncio.sleep(0.001)
        assert not any(one.done() for one in waiting)
        release.set()
        held.result()
        return await asyncio.gather(*waiting)

    assert asyncio.run(send()) == [(3, where)] * 3


def test_while_the_thread_makes_what_it_will_write_single_events_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for no batch that is only being read."""
    monkeypatch.setattr(loop_writer, "_LOOKS", 20_000)  # however long a commit's thread is held up
    started, release = Event(), Event()

    def made() -> int:
        started.set()
        assert release.wait(60)
        return 7

    async def send() -> list[list[tuple[int, str]]]:
        loop = asyncio.get_running_loop()
        late: Any = Later(made)  # a number, when it is its turn
        batch = store.submit_from(loop, add, late, weight=SMALL_WEIGHT + 1)
        await loop.run_in_executor(None, started.wait)
        rounds = [await asyncio.gather(*(store.submit_from(loop, add, no) for no in (1, 2)))]
        rounds += [await asyncio.gather(*(store.submit_from(loop, add, no) for no in (3, 4)))]
        assert not batch.done()
        release.set()
        return [*rounds, [await batch]]

    singles = [(2, "MainThread")] * 2
    assert asyncio.run(send()) == [singles, singles, [(1, "promosight-writer")]]
    assert store.read(stored) == [1, 2, 3, 4, 7]


def test_while_another_process_writes_the_loop_goes_on(store: Store, path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")

    async def send() -> tuple[int, str]:
        loop = asyncio.get_running_loop()
        waiting = store.submit_from(loop, add, 1)
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not waiting.done()
        other.execute("COMMIT")
        return await waiting

    assert asyncio.run(send()) == (1, "promosight-writer")
    assert store.read(stored) == [1]


def test_a_lost_race_and_a_failure_are_settled_by_the_thread(store: Store) -> None:
    tries: list[tuple[int, str]] = []

    def bold_then_careful(tx: Tx, numbers: list[int]) -> list[int]:
        tries.append((tx.attempt, current_thread().name))
        tx.add_new("add_customers", [(no, 1, f"c-{no}", 0) for no in numbers])
        if len(tries) == 1:
            raise LostRace
        if 13 in numbers:
            raise ValueError("13")
        return numbers

    async def send() -> list[int | BaseException]:
        loop = asyncio.get_running_loop()
        sent = [store.submit_from(loop, bold_then_careful, no) for no in (12, 13, 14)]
        return await asyncio.gather(*sent, return_exceptions=True)

    answers = asyncio.run(send())
    assert [answers[0], answers[2]] == [12, 14]
    assert isinstance(answers[1], ValueError)
    assert tries[0] == (1, "MainThread")
    assert {where for _, where in tries[1:]} == {"promosight-writer"}
    assert store.read(stored) == [12, 14]


def test_a_sender_that_hangs_up_before_the_commit_hurts_nobody(store: Store) -> None:
    async def send() -> tuple[tuple[int, str], bool]:
        loop = asyncio.get_running_loop()

        def and_hang_up(tx: Tx, numbers: list[int]) -> list[tuple[int, str]]:
            hangs_up.cancel()
            return add(tx, numbers)

        hangs_up, stays = (store.submit_from(loop, and_hang_up, no) for no in (1, 2))
        return await stays, hangs_up.cancelled()

    assert asyncio.run(send()) == ((2, "MainThread"), True)
    assert store.read(stored) == [1, 2]


def test_another_thread_joins_those_of_a_loop(store: Store) -> None:
    """One commit for all, and its own flow, which goes first."""

    async def send() -> list[str]:
        loop = asyncio.get_running_loop()
        await store.submit_from(loop, add, 0)
        joined = loop.run_in_executor(
            None, store.join, lambda tx: (stored(tx), current_thread().name)
        )
        sent = asyncio.gather(*(store.submit_from(loop, add, no) for no in range(1, 40)))
        found, where = await joined
        assert len(found) in (1, 40)
        assert where == "MainThread"
        return [where for _, where in await sent]

    assert set(asyncio.run(send())) == {"MainThread"}
    assert store.join(stored) == list(range(40)), "also where the loop has ended"


def test_who_joins_those_of_whom_one_fails_is_written(store: Store) -> None:
    """The writer's thread takes them over, and goes on afterwards."""

    def fail(_: Tx, numbers: list[int]) -> list[int]:
        raise ValueError(numbers)

    async def send() -> list[object]:
        loop = asyncio.get_running_loop()
        await store.submit_from(loop, add, 0)
        joined = loop.run_in_executor(None, store.join, lambda tx: add(tx, [1]))
        await asyncio.sleep(0)
        failing = [store.submit_from(loop, fail, 0) for _ in range(40)]
        return await asyncio.gather(joined, *failing, return_exceptions=True)

    joined, *failed = asyncio.run(send())
    assert isinstance(joined, list), joined
    assert all(isinstance(one, ValueError) for one in failed)
    assert store.write(add, 2)[0] == 1
    assert store.read(stored) == [0, 1, 2]


def test_who_joins_a_loop_that_waits_for_them_is_answered(store: Store) -> None:
    """As a server does that stops: its loop waits for the learner's thread."""

    async def send() -> list[int]:
        loop = asyncio.get_running_loop()
        await store.submit_from(loop, add, 0)
        found: list[int] = []
        joining = Thread(target=lambda: found.extend(store.join(stored)))
        joining.start()
        joining.join()  # the loop does not turn
        return found

    assert asyncio.run(send()) == [0]
