"""What is dear of learning, done by a process of its own: the same to the last bit, and no loss where it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from promosight.flows.decisioning.boards import Board, Marked, Sums, board_of, marked_board
from promosight.flows.decisioning.deciding import Decide, decide
from promosight.flows.decisioning.decisions_kept import packed, unpacked_at
from promosight.flows.decisioning.learning import relearn, take_news, write_lesson
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.rules.promotions import Promotion, Reward
from promosight.store.catalogue import load
from promosight.store.engine import Store, open_store
from promosight.store.tx import Tx
from promosight.worker import learning
from promosight.worker.apart import Apart
from promosight.worker.learning import Learner
from promosight.worker.study import Study
from tests.flows.worlds import NOW_US, TRACKING_US, open_workspace

PATIENCE_S = 60.0


def decided(store: Store, workspace_no: int, kind: str, number: int) -> list[object]:
    """So many customers are decided on."""
    minds = Minds()
    asked = [
        Decide(
            *(workspace_no, f"{kind}{n}", f"c{n}", None, {"plan": ("gold", "tin")[n % 2]}, True),
            *(NOW_US, NOW_US, n, minds),
        )
        for n in range(number)
    ]
    return list(store.change(lambda tx: decide(tx, asked)))


def offered(store: Store) -> int:
    """The number of a workspace with offers."""
    workspace = open_workspace(store)
    for n in range(3):
        reward = Reward(type="amount", value=str(n + 1))
        one = Promotion(name=f"o{n}", status="active", reward=reward)
        store.change(partial(_put, number=workspace.workspace_no, name=f"o{n}", definition=one))
    return workspace.workspace_no


def _put(tx: Tx, *, number: int, name: str, definition: Promotion) -> None:
    put_promotion(tx, number, name, definition, now_us=TRACKING_US)


def soon(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_one_of_many_numbers_is_read_as_it_was_kept() -> None:
    """P19: to the last bit, wherever it stands."""
    for count in range(1, 8):
        numbers = [1 / (3 + place) for place in range(count)]
        assert [unpacked_at(packed(numbers), place) for place in range(count)] == numbers


def test_another_process_learns_the_same_to_the_last_bit(store_url: str) -> None:
    """P19: the lesson, and what the next decision asks the model for first, also where offers are looked up by hash."""
    store = open_store(store_url, now_us=0)
    number = offered(store)
    decided(store, number, "d", 60)
    store.change(partial(take_news, workspace_no=number, taken="here"))
    here, apart = Study(store.read), Apart(store.database.url)
    try:
        soon(apart.is_ready)
        lesson = here.lesson(number, "here", kept=False)
        assert apart.lesson(number, "here", kept=False) == lesson
        assert len(lesson.labels) > 30
        assert store.change(lambda tx: write_lesson(tx, number, lesson, "here", now_us=NOW_US))
        mine, theirs = here.solved(number, kept=True), apart.solved(number, kept=True)
        assert mine.revision == theirs.revision == lesson.revision
        (menu,) = mine.snapshot._menus.values()
        prepared = theirs.snapshot._menus[menu._offers]
        assert theirs.snapshot.menu(menu._offers) is prepared
        assert (prepared.weights == menu.weights).all()
        for scale, draws in menu._draws.items():
            assert (prepared._draws[scale] == draws).all()
    finally:
        apart.end()
        store.close()


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="Linux groups sessions")
def test_it_gives_way_to_the_server_also_where_sessions_share_the_cores_evenly(
    sqlite_url: str,
) -> None:
    """P19: its session is a group of its own to the scheduler, to which the niceness of members counts for nothing."""
    store = open_store(sqlite_url, now_us=0)
    apart = Apart(store.database.url)
    try:
        soon(apart.is_ready)
        group = Path(f"/proc/{apart._process.pid}/autogroup").read_text()
        assert int(group.rsplit("nice", 1)[1]) > 0
    finally:
        apart.end()
        store.close()


def test_a_board_is_the_same_made_anew_or_of_the_one_before(sqlite_url: str) -> None:
    """P19: what offers are worth, from sums that came with a solved model, and as a decision works it out itself."""
    store = open_store(sqlite_url, now_us=0)
    number = offered(store)
    study = Study(store.read)

    def board(tx: Tx, sums: dict[int, Sums], before: Marked | None) -> Marked:
        return marked_board(load(tx, number), rules_of(tx, number).settings, 1, sums, before)

    def itself(tx: Tx) -> Board:
        return board_of(tx, load(tx, number), rules_of(tx, number).settings, 1)

    decided(store, number, "first", 1)  # names the source of decisions, too
    few = study.solved(number, kept=False).sums
    early = store.read(lambda tx: board(tx, few, None))
    decided(store, number, "d", 40)
    sums = study.solved(number, kept=False).sums
    assert sum(one.assigned for one in sums.values()) > 20
    anew = store.read(lambda tx: board(tx, sums, None))
    after = store.read(lambda tx: board(tx, sums, early))
    alone = store.read(itself)
    assert anew.board.rate != early.board.rate
    assert (after.board.text, after.board.rate) == (anew.board.text, anew.board.rate)
    assert (alone.text, alone.rate) == (anew.board.text, anew.board.rate)
    assert after.board.places[0].offer is early.board.places[0].offer
    _put_one_more(store, number)
    more = store.read(lambda tx: board(tx, sums, early))
    assert len(more.board.places) == len(early.board.places) + 1
    store.close()


def _put_one_more(store: Store, number: int) -> None:
    one = Promotion(name="more", status="active", reward=Reward(type="amount", value="9"))
    store.change(partial(_put, number=number, name="more", definition=one))


def test_where_it_ends_the_learner_goes_on_alone(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """P19: what was to be learned when the process was killed is learned, and once."""
    monkeypatch.setattr(learning, "_MUCH", 5)
    store = open_store(sqlite_url, now_us=0)
    number = offered(store)
    learner = Learner(store, Minds(), clock=lambda: NOW_US, name="here")
    learner.start()

    def state() -> str:
        row = store.read(lambda tx: tx.one("learned", workspace_no=number))
        assert row is not None
        return str(row[1])

    try:
        decided(store, number, "a", 20)
        soon(lambda: learner._apart is not None and learner._apart.is_ready())
        apart = learner._apart
        assert apart is not None
        apart.kill()
        decided(store, number, "b", 20)
        soon(lambda: learner._apart is None)
        soon(lambda: store.read(lambda tx: tx.all("workspaces_with_news")) == [])
    finally:
        learner.stop()
    known = state()
    assert store.change(lambda tx: relearn(tx, number, now_us=NOW_US)) >= 30
    assert state() == known
    store.close()
