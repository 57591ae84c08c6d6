"""The restatement log: what a day's figures were when it ended, and all that moved them since, are its figures now."""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.figures.breakdowns import breakdown
from promosight.flows.figures.show_restatements import Before, Restatement, restatements
from promosight.flows.imports.publish import finish_import
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.withdraw import withdraw
from promosight.rules.facts import Assignment, assignment_from, event_from
from promosight.rules.instants import parse_instant
from promosight.rules.money import parse_amount
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.restatements import COUNTS
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.tx import Tx
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    begin_import,
    deliver,
    facts,
    open_workspace,
)

DAYS = ("2026-11-01", "2026-11-02")
"""The days of the facts, in Vienna; the second one begins at 23:00Z."""
ENDS_US = [parse_instant(f"{day}T23:00:00Z") for day in DAYS]
Told = dict[tuple[str, str], Counter[str]]
"""Figures by promotion and day."""


def told(figures: Any) -> Counter[str]:
    """Counts and amounts of a line, each amount under its currency or unit."""
    found: Counter[str] = Counter({name: getattr(figures, name) for name in COUNTS})
    for sums in ("reward_cost", "reward_units", "order_value"):
        for unit, amount in getattr(figures, sums).items():
            found[f"{sums} {unit}"] = parse_amount(amount)
    return Counter({name: value for name, value in found.items() if value})


def day_figures(store: Store, workspace: Workspace) -> Told:
    """Every promotion's figures by day."""
    found: Told = {}
    for promotion_id in PROMOTIONS:
        parts = store.read(partial(_broken_down, workspace.workspace_no, promotion_id))
        found |= {(promotion_id, line.key or ""): told(line) for line in parts.rows}
    return found


def _broken_down(number: int, promotion_id: str, tx: Tx) -> Any:
    return breakdown(tx, number, promotion_id, "day", date="redeemed")


def log_of(store: Store, workspace: Workspace, promotion_id: str) -> list[Restatement]:
    """The whole log, page by page, the newest first."""
    found: list[Restatement] = []
    before: Before | None = Before()
    while before is not None:
        page = partial(
            _page, number=workspace.workspace_no, promotion_id=promotion_id, before=before
        )
        items, before = store.read(page)
        found += items
    return found


def _page(tx: Tx, *, number: int, promotion_id: str, before: Before) -> Any:
    return restatements(tx, number, promotion_id, before=before, limit=7)


def restated(store: Store, workspace: Workspace) -> Told:
    """What the log says moved on days that had ended."""
    found: Told = {}
    for promotion_id in PROMOTIONS:
        for entry in log_of(store, workspace, promotion_id):
            for day in entry.days:
                if day.ended:
                    _add(found, (promotion_id, day.day), told(day))
    return found


def _add(sums: Told, key: tuple[str, str], more: Counter[str]) -> None:
    there = sums.setdefault(key, Counter())
    for name, value in more.items():
        there[name] += value


def define(
    store: Store, workspace: Workspace, promotion_id: str, now_us: int, **terms: Any
) -> None:
    definition = msgspec.convert(PROMOTIONS[promotion_id] | terms, Promotion)
    number = workspace.workspace_no
    store.change(lambda tx: put_promotion(tx, number, promotion_id, definition, now_us=now_us))


class Days:
    """Days go by: facts come in any order, and what a day showed at its end is kept."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.random = Random(seed)
        self.workspace = open_workspace(store)
        self.items: list[Any] = facts(seed) + facts(seed)[:20]
        self.random.shuffle(self.items)
        self.now_us = parse_instant("2026-11-01T22:00:00Z")
        self.first_told: Told = {}
        self.given: list[str] = []

    def report(self, steps: int, import_no: int = 0) -> None:
        for _ in range(steps):
            size = self.random.choice([1, 1, 2, 7])
            some, self.items = self.items[:size], self.items[size:]
            self.now_us += MINUTE_US
            deliver(self.store, self.workspace, some, import_no=import_no, received_us=self.now_us)
            self.given += [
                one.assignment_id
                for one in some
                if isinstance(one, Assignment) and one.assignment_id is not None
            ]

    def end(self, day: str) -> None:
        for (promotion_id, one), figures in day_figures(self.store, self.workspace).items():
            if one == day:
                self.first_told[promotion_id, one] = figures
        self.now_us = ENDS_US[DAYS.index(day)]

    def import_some(self, steps: int) -> None:
        import_no = begin_import(self.store, self.workspace)
        before = restated(self.store, self.workspace)
        self.report(steps, import_no)
        assert restated(self.store, self.workspace) == before
        number, now_us = self.workspace.workspace_no, self.now_us
        self.store.change(lambda tx: finish_import(tx, number, import_no, now_us=now_us))

    def withdraw_some(self) -> None:
        number, now_us = self.workspace.workspace_no, self.now_us
        for assignment_id in self.random.sample(self.given, min(4, len(self.given))):
            change = partial(
                withdraw, workspace_no=number, assignment_id=assignment_id, now_us=now_us
            )
            self.store.change(change)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_day_as_first_told_and_its_restatements_are_its_figures_now(
    store: Store, seed: int
) -> None:
    """P5, P6, S29: whatever came late, was reversed, withdrawn, imported or redefined, nothing moved unsaid."""
    days = Days(store, seed)
    for promotion_id in PROMOTIONS:
        status = "draft" if promotion_id == "personal" else PROMOTIONS[promotion_id]["status"]
        define(store, days.workspace, promotion_id, days.now_us, status=status)
    days.report(4)
    days.end(DAYS[0])
    days.report(5)
    define(store, days.workspace, "personal", days.now_us)
    days.import_some(4)
    days.end(DAYS[1])
    days.report(3)
    define(store, days.workspace, "tiered", days.now_us + 1, max_redemptions=1)
    days.withdraw_some()
    days.import_some(5)
    days.report(len(days.items))
    number = days.workspace.workspace_no
    expected = {key: value for key, value in day_figures(store, days.workspace).items() if value}
    log = restated(store, days.workspace)
    sums: Told = {}
    for part in (days.first_told, log):
        for key, figures in part.items():
            _add(sums, key, figures)
    found = {k: Counter({n: v for n, v in c.items() if v}) for k, c in sums.items()}
    found = {key: value for key, value in found.items() if value}
    assert {k: v for k, v in expected.items() if k[1] in DAYS} == found
    before = {p: log_of(store, days.workspace, p) for p in PROMOTIONS}
    store.change(lambda tx: rebuild(tx, number))
    assert {p: log_of(store, days.workspace, p) for p in PROMOTIONS} == before
    kinds = {entry.kind for entries in before.values() for entry in entries}
    assert {"late_report", "import"} <= kinds


def test_what_one_cause_moved_twice_while_an_import_ran_is_told_twice_at_its_end(
    store: Store,
) -> None:
    workspace = open_workspace(store)
    number, value = workspace.workspace_no, {"type": "amount", "currency": "EUR"}
    define(store, workspace, "global", NOW_US)
    given: Any = {"promotion_id": "global", "customer_id": "c1"}
    first = ReportedAssignment(**given, assigned_at="2026-11-02T08:00:00Z")
    told: list[Any] = [assignment_from(first, received_us=NOW_US)]
    told += [
        event_from(
            ReportedEvent(event_id=one, **given, redeemed_at="2026-11-02T09:00:00Z"),
            received_us=NOW_US,
            tracking_from_us=TRACKING_US,
        )
        for one in ("e1", "e2")
    ]
    deliver(store, workspace, told[:2])
    import_no = begin_import(store, workspace)
    deliver(store, workspace, told[2:], import_no=import_no)
    for minute, reward in enumerate(("6.00", "7.00"), start=1):
        now_us = NOW_US + minute * MINUTE_US
        define(store, workspace, "global", now_us, reward=value | {"value": reward})
    ended_us = NOW_US + 3 * MINUTE_US
    store.change(lambda tx: finish_import(tx, number, import_no, now_us=ended_us))
    terms = [one for one in log_of(store, workspace, "global") if one.kind == "terms"]
    assert [one.total.reward_cost["EUR"] for one in terms] == ["1.00", "1.00"]
