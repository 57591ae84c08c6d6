"""Thousands of redemptions by code say and count what settling every group would, whatever a code means by then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from promosight.errors import PromosightError
from promosight.flows.checking.verify import verify
from promosight.flows.figures.show_restatements import Before, restatements
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.people.erase import erase
from promosight.flows.promotions.manage_promotions import change_promotion, load_codes
from promosight.flows.reporting import many
from promosight.flows.reporting.intake import Delivery, Receipt
from promosight.flows.reporting.report import report
from promosight.flows.reporting.withdraw import withdraw
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.instants import format_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from promosight.store.tx import Row
from tests.flows.test_plain import settled, sheeted
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    define,
    open_workspace,
    shown,
)

CUSTOMERS = 12
EVENTS = 70
KINDS = ("global", "tiered", "personal", "cashback")
SHARED = ("SPRING", "SUMMER", "LADDER", "LAST")
POOLED = tuple(f"L-{n}" for n in range(6))
OTHERS = (*SHARED, *SHARED, *POOLED, "VIP", "NOPE", "spring", "p-0-1", "LATER")
OWN = tuple(f"P-{customer}-{n}" for customer in range(CUSTOMERS) for n in range(2))

Step = Callable[..., object]


@pytest.fixture(autouse=True)
def _many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "MANY", 1)


class World:
    """Seeded draws: who is given what, and who comes with which code."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.given: list[str] = []

    def assignment(self, number: int) -> Any:
        """Now and then with a code of its customer, of many, of the pool, of everybody, or of another promotion."""
        draw = self.random
        customer = draw.randrange(CUSTOMERS)
        own = draw.choice(OWN)
        if draw.random() < 0.8:
            own = f"P-{customer}-{draw.randrange(2)}"
        code = draw.choice([None, None, own, own, own, "VIP", draw.choice(POOLED), "SPRING"])
        self.given.append(f"a-{number}")
        told: dict[str, Any] = {
            "promotion_id": draw.choice(["personal", "personal", *KINDS]),
            "customer_id": f"c-{customer}",
            "assigned_at": at(draw.randrange(30)),
            "assignment_id": f"a-{number}",
            "campaign_id": draw.choice([None, "k1"]),
            "promo_code": code,
            "reward_value": draw.choice([None, None, "3.00"]),
            "expires_at": draw.choice([None, None, at(50)]),
            "max_redemptions": draw.choice([None, None, 2]),
            "control": draw.random() < 0.05,
        }
        return assignment_from(ReportedAssignment(**told), received_us=NOW_US)

    def event(self) -> Any:
        """Most name a code, some a promotion beside it; some come again, with the same content or another."""
        draw = self.random
        number = draw.randrange(EVENTS)
        told = redeemed(Random(f"{number} {draw.randrange(12) // 11}"))
        if draw.random() < 0.06:
            told = {"type": "reversal", "reverses": f"e-{number}"}
        kind = "r" if "reverses" in told else "e"
        reported = ReportedEvent(event_id=f"{kind}-{number}", **told)
        return event_from(reported, received_us=NOW_US, tracking_from_us=TRACKING_US)

    def some(self, turn: int) -> tuple[list[Any], type[Any]]:
        """Assignments or events, few or many."""
        draw = self.random
        if draw.random() < 0.3:
            return [self.assignment(turn * 100 + n) for n in range(draw.choice([1, 9]))], Assignment
        return [self.event() for _ in range(draw.choice([1, 8, 40]))], Event

    def change(self) -> Step:
        """Something that changes what codes mean."""
        draw = self.random
        some = draw.sample(POOLED, 2)
        changes: list[Step] = [
            partial(load_codes, workspace_no=1, promotion_id="personal", codes=some),
            partial(load_codes, workspace_no=1, promotion_id="cashback", codes=["LATER"]),
            partial(withdraw, workspace_no=1, assignment_id=draw.choice(self.given or ["a"])),
            partial(
                change_promotion,
                workspace_no=1,
                promotion_id=draw.choice(KINDS),
                change=draw.choice(["deactivate", "activate"]),
            ),
            partial(change_promotion, workspace_no=1, promotion_id="cashback", change="archive"),
            partial(
                erase,
                workspace_no=1,
                customer_id=f"c-{draw.randrange(CUSTOMERS)}",
                random=f"{draw.randrange(1 << 24):06x}",
            ),
        ]
        return draw.choice(changes)


def redeemed(draw: Random) -> dict[str, Any]:
    """A redemption by anybody, mostly by whom the code was issued to."""
    code = draw.choice([None, draw.choice(OTHERS), draw.choice(OWN), draw.choice(OWN)])
    customer = draw.randrange(CUSTOMERS + 2)
    if code in OWN and draw.random() < 0.8:
        customer = int(code.split("-")[1])
    named = draw.choice([*KINDS, "personal", "draft", "none"])
    return {
        "promotion_id": None if code and draw.random() < 0.6 else named,
        "promo_code": code,
        "customer_id": f"c-{customer}",
        "redeemed_at": at(draw.randrange(60)),
        "assignment_id": draw.choice([None, None, None, "a-0", "a-1"]),
        "campaign_id": draw.choice([None, None, None, "k1"]),
        "reward_value": draw.choice([None, "5.00"]),
        "order_value": draw.choice([None, "12.50"]),
    }


def at(minute: int) -> str:
    return format_instant(TRACKING_US + 40 * 1_440 * MINUTE_US + minute * MINUTE_US)


def opened_with_codes(store: Store) -> Workspace:
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    define(store, workspace, "tiered", code="LADDER", fallback_code="LAST")
    return workspace


def move_code(store: Store, workspace: Workspace) -> None:
    """The first promotion's code goes to another one, and it gets a new one."""
    define(store, workspace, "global", code="SUMMER")
    define(store, workspace, "tiered", code="SPRING", fallback_code="LAST")


def send(store: Store, flow: Any, items: Any, import_no: int, minute: int) -> list[tuple[Any, ...]]:
    arrival = Arrival(1, 1, import_no, NOW_US + minute * MINUTE_US)
    answers: list[Receipt] = store.write(flow, Delivery(arrival, items, True))
    return [(r.outcome, r.reason) for r in answers]


def kept(store: Store) -> list[Row]:
    """Every event as it is stored, with all that was told and derived."""
    ids = [f"{kind}-{n}" for kind in "er" for n in range(EVENTS)]
    asked = [(1, one) for one in sorted(ids)]
    return sorted(
        store.read(lambda tx: tx.all_for("events_by_identity", asked)), key=lambda row: row[5]
    )


def tried(store: Store, step: Step, now_us: int) -> str:
    """What a change came to; some cannot be."""
    try:
        store.change(lambda tx: step(tx, now_us=now_us))
    except PromosightError as error:
        return type(error).__name__
    return ""


def begun(store: Store) -> int:
    """The number of an import that begins to run."""
    return store.change(
        lambda tx: start_import(tx, 1, 1, kind="redemptions", name="a", now_us=NOW_US)
    )


def restated(store: Store) -> dict[tuple[str, ...], int]:
    """What the restatement log of every promotion adds up to; which of several facts it names as causes may differ."""
    sums: dict[tuple[str, ...], int] = {}
    for promotion_id in KINDS:
        asked: Any = {"promotion_id": promotion_id, "before": Before(), "limit": 1_000}
        for one in store.read(partial(restatements, workspace_no=1, **asked))[0]:
            for day in one.days:
                for name in ("assigned", "redeemed", "redemptions", "unassigned", "pending"):
                    where = promotion_id, day.day, day.tier_id or "", name
                    sums[where] = sums.get(where, 0) + getattr(day, name)
    return {where: count for where, count in sums.items() if count}


@pytest.mark.parametrize("seed", range(51, 55))
def test_codes_by_column_mean_what_they_mean_one_by_one(
    store: Store, other: Store, seed: int
) -> None:
    """N1, S35: shared and personal codes, of the pool, of nobody, of others, in contradiction; whatever changes."""
    world, both = World(seed), (store, other)
    workspaces = list(map(opened_with_codes, both))
    running = [0, 0]
    for turn in range(30):
        now_us = NOW_US + turn * MINUTE_US + 1
        if world.random.random() < 0.2:
            step = world.change()
            assert tried(store, step, now_us) == tried(other, step, now_us)
        items, kind = world.some(turn)
        told = send(store, report, sheeted(kind, items), running[0], turn)
        assert told == send(other, settled, items, running[1], turn)
        if turn == 10:
            running = list(map(begun, both))
        if turn == 15:
            list(map(move_code, both, workspaces))
        if turn == 20:
            for one, import_no in zip(both, running, strict=True):
                finish = partial(finish_import, workspace_no=1, import_no=import_no, now_us=now_us)
                one.change(finish)
            running = [0, 0]
    assert kept(store) == kept(other)
    assert shown(store, workspaces[0]) == shown(other, workspaces[1])
    assert restated(store) == restated(other)
    assert verify(store, None).differences == []
