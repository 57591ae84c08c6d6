"""The storm: the same set of facts, however delivered, gives the same figures to the last byte (N1, P6).

Facts come one by one or in batches of any size, shuffled, each delivered twice, before or after their
assignments, and even before their promotions are defined.
"""

from __future__ import annotations

from functools import partial
from random import Random

import msgspec
import pytest

from promosight.flows.figures.breakdowns import DIMENSIONS, Breakdown, breakdown
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.ledger.rematch import rebuild
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    in_order,
    open_workspace,
    shown,
)

SEEDS = (1, 2, 3, 4)
COUNTED = tuple(by for by in DIMENSIONS if by != "code")
"""Codes are as many as customers and have no counters: that breakdown reads facts as they are."""


def _broken_down(workspace_no: int, promotion_id: str, by: str, tx: Tx) -> Breakdown:
    return breakdown(tx, workspace_no, promotion_id, by)


def _shuffled(store: Store, seed: int, shuffle: int) -> bytes:
    random = Random(shuffle)
    workspace = open_workspace(store)
    items = facts(seed) * 2
    random.shuffle(items)
    steps: list[object] = list(PROMOTIONS)
    while items:
        size = random.choice([1, 1, 2, 7, 40])
        steps.insert(random.randrange(len(steps) + 1), items[:size])
        items = items[size:]
    for step in steps:
        if isinstance(step, list):
            deliver(store, workspace, step)
        else:
            define(store, workspace, str(step))
    return shown(store, workspace)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_any_cadence_twice_over_gives_the_same_bytes(store: Store, seed: int) -> None:
    """S14, S15, P3, P6, N1: single events in order on SQLite are the yardstick for every other way."""
    expected = in_order(seed)
    assert _shuffled(store, seed, shuffle=seed * 31) == expected


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_rebuilding_from_the_facts_changes_nothing(store: Store, seed: int) -> None:
    """Facts are kept, figures derived: counting anew gives what was counted one by one."""
    before = _shuffled(store, seed, shuffle=9)
    number = store.read(lambda tx: tx.all("workspaces"))[0][0]
    store.change(lambda tx: rebuild(tx, number))
    workspace_items = store.read(lambda tx: list_promotions(tx, number, now_us=NOW_US))
    assert msgspec.json.encode(workspace_items) in before


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_rows_sum_to_the_total_and_the_total_to_the_list(store: Store, seed: int) -> None:
    """S22: every breakdown reconciles with the cell it explains, in every dimension."""
    _shuffled(store, seed, shuffle=5)
    number = store.read(lambda tx: tx.all("workspaces"))[0][0]
    items = store.read(lambda tx: list_promotions(tx, number, now_us=NOW_US))
    measures = ("assigned", "redeemed", "redemptions", "excess", "unassigned", "reversed")
    for item in items:
        for by in DIMENSIONS:
            parts = store.read(partial(_broken_down, number, item["promotion_id"], by))
            for measure in measures:
                total = getattr(parts.total, measure)
                assert total == item["figures"][measure], (item["promotion_id"], by, measure)
                rows = sum(getattr(row, measure) for row in parts.rows)
                assert rows == total, (item["promotion_id"], by, measure)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_an_import_shows_nothing_until_its_end_and_then_the_same_figures(
    store: Store, seed: int
) -> None:
    """S6, S13: readers see the figures before a batch, then those after it, never between."""
    expected = in_order(seed)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = facts(seed)
    Random(seed).shuffle(items)
    third = len(items) // 3
    deliver(store, workspace, items[:third])
    before = shown(store, workspace, COUNTED)
    import_no = begin_import(store, workspace)
    for start in range(third, 2 * third, 10):
        deliver(store, workspace, items[start : start + 10], import_no=import_no)
        assert shown(store, workspace, COUNTED) == before
    end_import(store, workspace, import_no)
    assert shown(store, workspace, COUNTED) != before
    deliver(store, workspace, items[third:])
    assert shown(store, workspace) == expected
