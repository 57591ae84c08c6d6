"""The lines before the writer: bounded, light changes not behind heavy ones, event loops woken once a commit."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context
from functools import partial
from threading import Event, Thread, Timer
from typing import Any, NamedTuple, TypeVarTuple

import pytest

from promosight.errors import Overloaded, StoreError
from promosight.store import waiting
from promosight.store.engine import Store, open_store
from promosight.store.races import LostRace
from promosight.store.tx import Tx
from promosight.store.waiting import Later

Ts = TypeVarTuple("Ts")
SOON = 30.0  # seconds after which a test gives up waiting


def add(tx: Tx, numbers: list[int]) -> list[int]:
    """A flow: notes customers of these numbers."""
    tx.run_many("add_customers", [(no, 1, f"c-{no}", 0) for no in numbers])
    return numbers


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(300)]))


class HeldUp:
    """A store whose writer stands still until the block ends, so that everybody waits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._started, self._release = Event(), Event()

    def __enter__(self) -> None:
        self._holding = self._store.submit(self._hold, None)
        assert self._started.wait(SOON)

    def __exit__(self, *_: object) -> None:
        self._release.set()
        self._holding.result(SOON)

    def _hold(self, tx: Tx, payloads: list[None]) -> list[None]:
        self._started.set()
        assert self._release.wait(SOON)
        return payloads


class Noted:
    """A flow that notes what it was given together, a transaction at a time."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []

    def __call__(self, tx: Tx, numbers: list[int]) -> list[int]:
        self.turns.append(numbers)
        return add(tx, numbers)


class Come(NamedTuple):
    """A number that comes while a batch is read; one of a kind is read by the writer, too."""

    no: int
    kind: str | None = "numbers"
    weight: int = 10_000


def read_while_these_come(
    store: Store, noted: Noted, *them: Come, kind: str | None = "numbers"
) -> list[int]:
    """What a batch of a kind, the number 0, and those that come while it is read, are answered."""
    came: list[Future[int]] = []

    def read() -> int:
        for one in them:
            payload: Any = one.no if one.kind is None else Later(partial(int, one.no), one.kind)
            came.append(store.submit(noted, payload, weight=one.weight))
        return 0

    late: Any = Later(read, kind)
    answers = [store.submit(noted, late, weight=10_000).result(SOON)]
    return answers + [one.result(SOON) for one in came]


def test_light_changes_pass_heavy_ones_and_both_are_served_in_turns(store: Store) -> None:
    noted = Noted()
    with HeldUp(store):
        heavy = [store.submit(noted, no, weight=4_000) for no in range(4)]
        light = [store.submit(noted, 100 + no) for no in range(3)]
    assert [answer.result(SOON) for answer in light + heavy] == [100, 101, 102, 0, 1, 2, 3]
    # The one that held the writer up was light, so a heavy one is next; while light ones come too, heavy
    # ones are taken singly, and together once no more light ones come.
    assert noted.turns == [[0], [100, 101, 102], [1], [2, 3]]
    assert store.read(stored) == [0, 1, 2, 3, 100, 101, 102]


def test_heavy_changes_are_not_starved_by_light_ones_that_never_end(store: Store) -> None:
    """A light change that calls for the next forever: the heavy one is served after one turn of them."""
    noted = Noted()
    more: list[Future[int]] = []

    def and_another(tx: Tx, numbers: list[int]) -> list[int]:
        noted.turns.append(numbers)
        if len(noted.turns) < 20:
            more.append(store.submit(and_another, len(noted.turns)))
        return numbers

    with HeldUp(store):
        more.append(store.submit(and_another, 0))
        heavy = store.submit(noted, 200, weight=50_000)
    assert heavy.result(SOON) == 200
    for answer in more:  # grows while it is read
        answer.result(SOON)
    assert len(noted.turns) == 20
    assert noted.turns.index([200]) <= 2


def test_one_transaction_takes_so_much_and_no_more(store: Store) -> None:
    noted = Noted()
    with HeldUp(store):
        answers = [store.submit(noted, no, weight=10_000) for no in range(5)]
    assert [answer.result(SOON) for answer in answers] == [0, 1, 2, 3, 4]
    assert all(len(turn) <= 2 for turn in noted.turns)
    assert [no for turn in noted.turns for no in turn] == [0, 1, 2, 3, 4]


def test_batches_that_come_while_the_first_is_read_share_its_transaction(store: Store) -> None:
    """As many as a transaction should have; what it would change twice it writes once."""
    noted = Noted()
    assert read_while_these_come(store, noted, *map(Come, range(1, 6))) == [*range(6)]
    assert noted.turns == [[0, 1, 2, 3], [4, 5]]


def test_nobody_joins_a_batch_where_a_light_change_waits(store: Store) -> None:
    noted = Noted()
    assert read_while_these_come(store, noted, Come(1), Come(100, None, weight=1)) == [0, 1, 100]
    assert noted.turns == [[0], [100], [1]]


def test_batches_of_one_kind_share_a_transaction_whoever_stands_between_them(store: Store) -> None:
    """Those of another kind could not be taken together with them, and would make all of them dear."""
    noted = Noted()
    them = Come(1, "words"), Come(2), Come(3, "words"), Come(4)
    assert read_while_these_come(store, noted, *them) == [0, 1, 2, 3, 4]
    assert noted.turns == [[0, 2, 4], [1, 3]]


def test_batches_that_are_not_read_by_the_writer_or_of_no_kind_join_nobody(store: Store) -> None:
    noted = Noted()
    assert read_while_these_come(store, noted, Come(1, None), Come(2)) == [0, 1, 2]
    assert noted.turns == [[0, 2], [1]]
    assert read_while_these_come(store, noted, Come(11, None), kind=None) == [0, 11]
    assert noted.turns[2:] == [[0], [11]]
    assert read_while_these_come(store, noted, Come(21, None), Come(22), kind="words") == [
        0,
        21,
        22,
    ]
    assert noted.turns[4:] == [[0], [21], [22]]


def test_who_cannot_be_read_is_told_so_and_the_others_are_taken(store: Store) -> None:
    noted = Noted()
    came: list[Future[int]] = []

    def first() -> int:
        late: list[Any] = [Later(partial(int, said), "numbers") for said in ("no number", "2")]
        came.extend(store.submit(noted, one, weight=10_000) for one in late)
        return 0

    late: Any = Later(first, "numbers")
    assert store.submit(noted, late, weight=10_000).result(SOON) == 0
    with pytest.raises(ValueError, match="no number"):
        came[0].result(SOON)
    assert came[1].result(SOON) == 2
    assert noted.turns == [[0, 2]]


def test_too_much_weight_is_turned_away_and_the_light_still_get_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P15: what was let in is done, what was turned away is not, and memory stays bounded."""
    monkeypatch.setattr(waiting, "MAX_WAITING_WEIGHT", 1_000)
    with HeldUp(store):
        kept = [store.submit(add, no, weight=400) for no in range(2)]
        with pytest.raises(Overloaded):
            store.submit(add, 2, weight=400)
        kept.append(store.submit(add, 3))
        kept.append(store.submit(add, 4, weight=200))
    assert [answer.result(SOON) for answer in kept] == [0, 1, 3, 4]
    assert store.read(stored) == [0, 1, 3, 4]
    # What is heavier than everything that may wait is let in when nobody else waits there.
    assert store.submit(add, 5, weight=5_000).result(SOON) == 5


def test_the_first_try_is_told_from_the_next(store: Store) -> None:
    """P4: a flow is bold at first, and careful once it has lost a race."""
    attempts: list[int] = []

    def unlucky(tx: Tx) -> int:
        attempts.append(tx.attempt)
        if tx.attempt < 3:
            raise LostRace
        return tx.attempt

    assert store.change(unlucky) == 3
    assert store.change(lambda tx: tx.attempt) == 1
    assert attempts == [1, 2, 3]


def test_large_ones_beside_one_that_lost_a_race_are_taken_as_if_nobody_had(store: Store) -> None:
    """Being careful costs many times as much: only the one that has to be is, and after the others."""
    tries: list[tuple[list[int], int]] = []

    def loses_at_three(tx: Tx, numbers: list[int]) -> list[int]:
        tries.append((numbers, tx.attempt))
        if 3 in numbers and tx.attempt == 1:
            raise LostRace
        return add(tx, numbers)

    with HeldUp(store):
        answers = [store.submit(loses_at_three, no, weight=1_000) for no in (1, 3, 4)]
    assert [answer.result(SOON) for answer in answers] == [1, 3, 4]
    assert tries == [([1, 3, 4], 1), ([1], 1), ([3], 1), ([4], 1), ([3], 2)]
    assert store.read(stored) == [1, 3, 4]


def test_what_is_committed_apart_is_no_first_try(store: Store) -> None:
    attempts: dict[int, list[int]] = {}

    def fails_at_three(tx: Tx, numbers: list[int]) -> list[int]:
        for no in numbers:
            attempts.setdefault(no, []).append(tx.attempt)
        if 3 in numbers:
            raise ValueError
        return add(tx, numbers)

    with HeldUp(store):
        answers = [store.submit(fails_at_three, no) for no in range(4)]
    assert [type(answer.exception(SOON)) for answer in answers] == [type(None)] * 3 + [ValueError]
    assert all(tries == [1] + [2] * (len(tries) - 1) for tries in attempts.values())


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts how often other threads woke it."""

    woken = 0

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        self.woken += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


def test_an_event_loop_is_woken_once_for_all_of_a_commit(store: Store) -> None:
    loop = CountingLoop()

    async def send() -> list[int]:
        with HeldUp(store):
            answers = [store.submit_from(loop, add, no) for no in range(50)]
        return await asyncio.gather(*answers)

    try:
        assert loop.run_until_complete(send()) == list(range(50))
        assert loop.woken == 1
        assert store.read(stored) == list(range(50))
    finally:
        loop.close()


def test_every_sender_on_an_event_loop_gets_its_own_answer(store: Store) -> None:
    def add_even(tx: Tx, numbers: list[int]) -> list[int]:
        if any(no % 2 for no in numbers):
            raise ValueError(f"odd among {numbers}")
        return add(tx, numbers)

    async def send() -> list[int | BaseException]:
        loop = asyncio.get_running_loop()
        answers = [store.submit_from(loop, add_even, no) for no in range(6)]
        assert await asyncio.to_thread(store.write, add, 7) == 7
        return await asyncio.gather(*answers, return_exceptions=True)

    answers = asyncio.run(send())
    assert answers[::2] == [0, 2, 4]
    assert [type(one) for one in answers[1::2]] == [ValueError] * 3
    assert store.read(stored) == [0, 2, 4, 7]


def test_a_sender_that_hangs_up_and_a_loop_that_is_gone_do_not_stop_the_writer(
    store: Store,
) -> None:
    loop = asyncio.new_event_loop()
    with HeldUp(store):
        hung_up, late = (store.submit_from(loop, add, no) for no in (1, 2))
        hung_up.cancel()
        loop.close()
    assert store.write(add, 3) == 3
    assert not late.done()
    # Where a loop works off its own changes, what nobody was told of goes with the loop.
    assert store.read(stored) == ([3] if store.database.runs_here else [2, 3])


def test_a_sender_that_hangs_up_during_its_commit_hurts_nobody(store: Store) -> None:
    async def send() -> tuple[int, bool]:
        loop = asyncio.get_running_loop()
        started, release = Event(), Event()

        def slowly(tx: Tx, numbers: list[int]) -> list[int]:
            started.set()
            assert release.wait(SOON)
            return add(tx, numbers)

        # So heavy that it is worked off by the thread, also where single events are not.
        hangs_up = store.submit_from(loop, slowly, 1, weight=1_000)
        assert await asyncio.to_thread(started.wait, SOON)
        stays = store.submit_from(loop, add, 2)
        hangs_up.cancel()
        release.set()
        return await stays, hangs_up.cancelled()

    assert asyncio.run(send()) == (2, True)
    assert store.read(stored) == [1, 2]


def test_who_comes_after_the_close_is_told(store_url: str) -> None:
    store = open_store(store_url, now_us=0)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.submit(add, 1, weight=1_000)
    with pytest.raises(StoreError, match="closed"):
        store.read(stored)


def test_questions_of_many_threads_share_a_few_connections(store: Store) -> None:
    """Threads that end leave no connection behind, and never are more open than may be."""
    seen: set[int] = set()

    def ask() -> None:
        store.read(lambda tx: seen.add(id(tx)))

    for _ in range(50):
        thread = Thread(target=ask)
        thread.start()
        thread.join(SOON)
    assert len(seen) == 1


def test_those_just_answered_are_waited_for_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who came during a transaction shares the next one with those whom it answered, if these come again at once."""
    line = waiting.Waiting()

    def come(number: int, weight: int = 1) -> None:
        for _ in range(number):
            line.add(waiting.Job(add, 0, weight, None))

    come(10)
    began = time.perf_counter()
    assert len(line.turn(20, 0.005)) == 10
    assert time.perf_counter() - began >= waiting.SOON_S
    monkeypatch.setattr(waiting, "LONGEST_WAIT_S", SOON)
    line = waiting.Waiting()  # that one was in vain, and the next would not be made
    for others, together in (((20, 1), 30), ((1, 4_000), 1)):  # all of them; one that is in a hurry
        come(10)
        coming = Timer(0.005, come, others)
        coming.start()
        assert len(line.turn(20, SOON)) == together
        coming.join()


def test_the_rest_is_waited_for_only_where_some_came_soon_and_most_a_little_later() -> None:
    """What comes by a clock of its own fills a wait in the end, too: that says nothing of those who were answered."""
    patience = waiting.Patience()
    assert [stage.seconds for stage in patience.stages(0.001)] == [0.001]
    assert [stage.seconds for stage in patience.stages(0.004)] == [0.002, 0.002]
    some, *later = patience.stages(0.04)
    assert [stage.seconds for stage in (some, *later)] == pytest.approx([0.01, 0.01, 0.02])
    assert [some.is_met(came, of=20) for came in (0, 2, 3, 20)] == [False, False, True, True]
    for most in (*later, *patience.stages(0.001)):
        assert [most.is_met(came, of=20) for came in (0, 14, 15, 20)] == [False, False, True, True]


def test_those_who_do_not_come_again_at_once_are_waited_for_more_and_more_rarely() -> None:
    """Where customers come by a clock of their own, waiting for those answered would only add to how long it takes."""
    patience = waiting.Patience()
    assert patience.seconds(waiting.AWAITED - 1, 0.005) == 0
    waited = []
    for commit in range(100):
        if patience.seconds(20, 0.005):
            waited.append(commit)
            patience.ended(came=False)
    assert waited == [0, 2, 6, 14, 30, 62, 94]
    while not patience.seconds(20, 0.005):
        pass
    patience.ended(came=True)
    assert patience.seconds(20, 0.005) == 0.005
