"""Watching: who follows the changes has at every moment what the list shows, and is not told what did not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from promosight.flows.figures.of_promotions import page_after
from promosight.flows.figures.watch_figures import Moved, WatchedFigures
from promosight.flows.figures.watch_lists import WatchedLists
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.ledger import counters
from promosight.flows.ledger.counters import fold
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.set_up.workspaces import Settings, change_workspace, cover
from promosight.rules.instants import DAY_US, parse_instant
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Workspace, load
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import NOW_US, PROMOTIONS, define, deliver, facts, open_workspace
from tests.flows.worlds import source_number as number_of

EVENING_US = parse_instant("2026-11-01T22:50:00Z")
"""Shortly before a midnight in Vienna, amid the facts of the world."""


class Follower:
    """Keeps a list of promotions by nothing but the changes it is told."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store = store
        self.number = workspace.workspace_no
        self.now_us = EVENING_US
        self.reader = store.steady_reader()
        self.watched = WatchedFigures(self.number)
        self.lists = WatchedLists(self.number)
        assert self.reader.read(self._look) is None
        assert self.reader.read(self.lists.look) == set()
        self.known = self.listed()

    def _look(self, tx: Tx) -> Moved | None:
        return self.watched.look(tx, now_us=self.now_us)

    def listed(self) -> dict[str, bytes]:
        """What the list shows to a connection that remembers nothing."""

        def ask(tx: Tx) -> tuple[list[bytes], str | None]:
            return page_after(tx, self.number, "", 1_000, now_us=self.now_us)

        fresh = self.store.steady_reader()
        items, following = fresh.read(ask)
        fresh.close()
        assert following is None
        return {item.split(b'"')[3].decode(): item for item in items}

    def follow(self) -> set[str]:
        """Looks; which promotions really changed."""
        moved = self.reader.read(self._look)
        told = dict(moved.items) if moved is not None else {}
        changed = {one for one, text in told.items() if self.known.get(one) != text}
        self.known |= told
        assert self.known == self.listed()
        return changed


@pytest.fixture
def follower(store: Store) -> Iterator[Follower]:
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    followed = Follower(store, workspace)
    yield followed
    followed.reader.close()


@pytest.mark.parametrize("seed", range(3))
def test_who_follows_has_what_the_list_shows(
    follower: Follower, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S5, S13, N1: events and batches, running imports, folded counters, other days, settings and connections."""
    monkeypatch.setattr(counters, "LARGE", 12)
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", 30)
    store, draw = follower.store, Random(seed)
    workspace, items = _workspace(follower), facts(seed, assignments=60, redemptions=90)
    draw.shuffle(items)
    importing = 0

    def start() -> None:
        nonlocal importing
        source_no = number_of(store, workspace)
        importing = store.change(
            lambda tx: start_import(
                tx, follower.number, source_no, kind="redemptions", name="a", now_us=NOW_US
            )
        )

    def finish() -> None:
        store.change(lambda tx: finish_import(tx, follower.number, importing, now_us=NOW_US))

    happenings: list[Callable[[], object]] = [
        start,
        *(lambda: store.change(lambda tx: fold(tx, follower.number)),) * 4,
        lambda: define(store, workspace, "tiered", name="Steps"),
        lambda: _define_unheard(follower),
        follower.reader.close,
        lambda: _change(follower, week_start="sunday"),
        lambda: _change(follower, time_zone="Asia/Tokyo"),
        finish,
        lambda: _change(follower, currency="USD"),
        lambda: store.change(lambda tx: rebuild(tx, follower.number)),
        follower.reader.close,
    ]
    while items:
        size = draw.choice((1, 1, 1, 5, 20))
        batch, items = items[:size], items[size:]
        deliver(store, workspace, batch, import_no=importing if draw.random() < 0.3 else 0)
        if draw.random() < 0.5:
            follower.follow()
        if happenings and draw.random() < 0.4:
            happenings.pop(0)()
            follower.now_us += draw.choice((0, DAY_US // 48))
            follower.follow()
    for happening in happenings:
        happening()
        follower.follow()


def _define_unheard(follower: Follower) -> None:
    """Defines the promotion that facts have named before."""
    terms = Promotion(name="Heard now", status="active")
    follower.store.change(
        lambda tx: put_promotion(tx, follower.number, "unheard", terms, now_us=NOW_US)
    )


def _workspace(follower: Follower) -> Workspace:
    return follower.store.read(lambda tx: load(tx, follower.number).workspace)


def _change(follower: Follower, **settings: str) -> None:
    follower.store.change(lambda tx: change_workspace(tx, follower.number, Settings(**settings)))


def test_only_what_changed_is_told(follower: Follower) -> None:
    """S12: the promotions of an event, and no others."""
    store, workspace = follower.store, _workspace(follower)
    assert follower.follow() == set()
    items = facts(1)
    deliver(store, workspace, items)
    assert follower.follow() >= {"global", "tiered", "personal"}
    deliver(store, workspace, items)
    store.change(lambda tx: fold(tx, follower.number))
    store.change(lambda tx: rebuild(tx, follower.number))
    assert follower.follow() == set()
    define(store, workspace, "cashback", name="Money back")
    assert follower.follow() == {"cashback"}


def test_a_new_day_moves_the_windows_of_limits(follower: Follower) -> None:
    """S21, P7: usage by day begins anew at midnight, though nothing was reported; a forecast is another one then."""
    deliver(follower.store, _workspace(follower), facts(1))
    follower.follow()
    follower.now_us += DAY_US
    assert follower.follow() == {"global", "tiered"}


def test_a_covered_period_turns_a_dash_into_zero(follower: Follower) -> None:
    """S20: a source's word that nothing was redeemed is told like an event."""
    number_of(follower.store, _workspace(follower))
    follower.now_us += DAY_US
    follower.follow()
    follower.store.change(
        lambda tx: cover(
            tx,
            follower.number,
            "default",
            from_us=EVENING_US,
            to_us=follower.now_us,
            now_us=follower.now_us,
        )
    )
    assert "global" in follower.follow()


def test_lists_are_told_of_when_they_move(follower: Follower) -> None:
    """P10: sources heard, problems that come and go, imports that start and end."""
    store, workspace, look = follower.store, _workspace(follower), follower.lists.look
    source_no = number_of(store, workspace, "till")
    assert follower.reader.read(look) == {"sources"}
    deliver(store, workspace, [one for one in facts(1) if one.promotion_id == "unheard"])
    assert "sources" in follower.reader.read(look)
    moved = follower.reader.read(follower._look)
    assert moved is not None
    assert moved.waiting  # assignments of a promotion that nobody has defined
    assert follower.reader.read(look) == set()
    number = store.change(
        lambda tx: start_import(
            tx, follower.number, source_no, kind="redemptions", name="a", now_us=NOW_US
        )
    )
    assert follower.reader.read(look) == {"imports"}
    store.change(lambda tx: finish_import(tx, follower.number, number, now_us=NOW_US + 1))
    assert follower.reader.read(look) == {"imports"}
