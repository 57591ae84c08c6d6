"""The matured rate counts the very assignments of the funnel and of the breakdown by week, whatever the world."""

from __future__ import annotations

from random import Random

import pytest

from promosight.flows.figures import maturing, unredeemed
from promosight.flows.figures.breakdowns import breakdown
from promosight.flows.figures.funnel import funnel
from promosight.flows.figures.maturing import Maturity, maturity
from promosight.rules.instants import HOUR_US
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import NOW_US, PROMOTIONS, define, deliver, facts, open_workspace

COUNTED = ("global", "tiered", "personal")
"""Promotions in force; of others nothing is redeemed."""


def test_cohorts_add_up_to_the_funnel_and_are_the_weeks_of_the_breakdown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N3: open, expired and redeemed by cohort, in the workspace's zone; read by key, from end to end, and kept."""
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    everything = facts(11)
    Random(11).shuffle(everything)
    deliver(store, workspace, everything)
    number = workspace.workspace_no

    def look(tx: Tx) -> list[Maturity]:
        return [agreed(tx, number, promotion_id) for promotion_id in COUNTED]

    found = store.read(look)
    assert any(one.cohorts for one in found)
    monkeypatch.setattr(unredeemed, "_FEW", 0)
    monkeypatch.setattr(unredeemed, "_SHARE", 1_000)
    assert store.read(look) == found
    monkeypatch.setattr(maturing, "MANY", 0)
    assert store.read(look) == found == store.read(look)


def agreed(tx: Tx, workspace_no: int, promotion_id: str) -> Maturity:
    """What is said of a promotion, which agrees with what else is said of it."""
    now_us = NOW_US + HOUR_US
    found = maturity(tx, workspace_no, promotion_id, now_us=now_us)
    parts = funnel(tx, workspace_no, promotion_id, now_us=now_us)
    for name in ("assigned", "redeemed", "open", "expired"):
        assert getattr(found, name) == getattr(parts, name), (promotion_id, name)
        if found.cohorts:
            assert sum(getattr(week, name) for week in found.cohorts) == getattr(found, name)
    weeks = breakdown(tx, workspace_no, promotion_id, "week").rows
    if found.cohorts:
        assert [(week.from_, week.assigned, week.redeemed) for week in found.cohorts] == [
            (row.key, row.assigned, row.redeemed) for row in weeks if row.assigned
        ]
    return found
