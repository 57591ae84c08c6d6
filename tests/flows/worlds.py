"""Small dense worlds for the storm tests, and the bytes by which two stores are compared.

Dense means: few customers, few promotions, much of everything that makes matching hard, so that nearly
every group has several assignments, reversals, codes and references that contradict each other.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from promosight.flows.figures.breakdowns import DIMENSIONS, breakdown
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.intake import Delivery, Receipt
from promosight.flows.reporting.report import report
from promosight.flows.set_up.workspaces import NewWorkspace, create_source, create_workspace
from promosight.rules.facts import Assignment, Event, Rejection, assignment_from, event_from
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store, open_store
from promosight.store.rows import Arrival

NOW_US = parse_instant("2026-11-23T12:00:00Z")
TRACKING_US = parse_instant("2026-10-01T00:00:00Z")
MINUTE_US = 60_000_000

EVENTS = """
SELECT source_no, event_id, promotion_no, customer_no, outcome, reason, slot, live, cost_micros, currency FROM event
ORDER BY source_no, event_id
"""
"""What a store says of events: SQL."""
GIVEN = """
SELECT promotion_no, customer_no, slot, place_no, committed_micros, currency FROM assignment
ORDER BY promotion_no, customer_no, slot
"""
"""The same of assignments."""

PROMOTIONS: dict[str, dict[str, Any]] = {
    "global": {
        "name": "Spring",
        "status": "active",
        "code": "SPRING",
        "reward": {"type": "amount", "currency": "EUR", "value": "5.00"},
        "limits": [{"measure": "reward", "amount": "500"}],
    },
    "tiered": {
        "name": "Ladder",
        "kind": "tiered",
        "status": "active",
        "max_redemptions": 2,
        "reward": {"type": "amount", "currency": "EUR", "value": "1.00"},
        "tiers": [
            {"tier_id": "gold", "reward_value": "10.00"},
            {"tier_id": "silver", "reward_value": "4.00"},
        ],
        "limits": [{"measure": "assignments", "window": "daily", "amount": "7"}],
    },
    "personal": {
        "name": "For you",
        "kind": "personalized",
        "status": "active",
        "reward": {"type": "unit", "unit": "spins", "value": "20"},
    },
    "cashback": {"name": "Cashback", "status": "deactivated", "reward": {"type": "percentage"}},
    "draft": {"name": "Not yet", "status": "draft"},
    "past": {"name": "Long ago", "status": "active", "ends_at": "2026-09-01T00:00:00Z"},
}


class Source:
    """Seeded draws of facts about a handful of customers."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.redemptions: list[str] = []

    def assignment(self, number: int) -> dict[str, Any]:
        """One assignment; now and then without an id, withheld as control, or before tracking."""
        draw = self.random
        minute = draw.choice([-5, draw.randrange(40), draw.randrange(40), draw.randrange(40)])
        promotion = draw.choice([*PROMOTIONS, "unheard"])
        return {
            "promotion_id": promotion,
            "customer_id": f"c{draw.randrange(6)}",
            "assigned_at": _at(minute),
            "assignment_id": draw.choice([f"a{number}", f"a{number}", None]),
            "campaign_id": draw.choice([None, "k1", "k2"]),
            "occurrence": f"run-{number}",
            "tier_id": draw.choice([None, "gold", "silver"]),
            "segment": draw.choice([None, "new", "vip"]),
            "channel": draw.choice([None, "email", "sms"]),
            "promo_code": f"P{number}" if promotion == "personal" else None,
            "reward_value": draw.choice([None, None, "7.50"]),
            "expires_at": draw.choice([None, _at(minute + 25)]),
            "max_redemptions": draw.choice([None, None, 1, 3]),
            "control": draw.random() < 0.1,
        }

    def redemption(self, number: int, assignments: list[dict[str, Any]]) -> dict[str, Any]:
        """One redemption; often of a real assignment, sometimes naming it, or by code alone."""
        draw = self.random
        given = draw.choice(assignments)
        code = given["promo_code"] or draw.choice([None, None, "SPRING", "NOBODYS"])
        by_code = code is not None and draw.random() < 0.5
        event_id = f"e{number}"
        self.redemptions.append(event_id)
        return {
            "event_id": event_id,
            "promotion_id": None if by_code else given["promotion_id"],
            "promo_code": code,
            "customer_id": given["customer_id"]
            if draw.random() < 0.85
            else f"c{draw.randrange(9)}",
            "redeemed_at": _at(draw.randrange(60)),
            "assignment_id": draw.choice([None, None, given["assignment_id"], "theirs"]),
            "campaign_id": draw.choice([None, None, given["campaign_id"]]),
            "tier_id": draw.choice([None, "gold"]),
            "reward_value": draw.choice([None, None, "3.25"]),
            "order_value": draw.choice([None, "64.90"]),
        }

    def reversal(self, number: int) -> dict[str, Any]:
        """A full or partial reversal of any redemption, or of one that never comes."""
        draw = self.random
        return {
            "event_id": f"r{number}",
            "type": "reversal",
            "reverses": draw.choice([*self.redemptions, "never"]),
            "redeemed_at": _at(61),
            "reward_value": draw.choice([None, "1.00", "3.25"]),
            "customer_id": draw.choice([None, None, "c1", "c2"]),
            "promotion_id": draw.choice([None, None, "tiered"]),
            "promo_code": draw.choice([None, "SPRING", f"P{draw.randrange(40)}"]),
        }


def facts(seed: int, assignments: int = 40, redemptions: int = 60) -> list[Assignment | Event]:
    """The well-formed facts of a dense world; none is rejected on its own account."""
    source = Source(seed)
    given = [source.assignment(n) for n in range(assignments)]
    used = [source.redemption(n, given) for n in range(redemptions)]
    # S26: some were carried by a second channel, which is told by itself.
    given += [one | {"channel": "push"} for one in given[:: source.random.choice([3, 4, 7])]]
    undone = [source.reversal(n) for n in range(redemptions // 6)]
    checked: list[Assignment | Event | Rejection] = [
        assignment_from(msgspec.convert(one, ReportedAssignment), received_us=NOW_US)
        for one in given
    ]
    checked += [
        event_from(
            msgspec.convert(one, ReportedEvent), received_us=NOW_US, tracking_from_us=TRACKING_US
        )
        for one in (*used, *undone)
    ]
    return [one for one in checked if not isinstance(one, Rejection)]


def open_workspace(store: Store) -> Workspace:
    """A workspace in Vienna with two sources, tracking since October."""
    wanted = NewWorkspace(
        workspace_id="storm",
        name="Storm",
        time_zone="Europe/Vienna",
        tracking_from_us=TRACKING_US,
        created_us=TRACKING_US,
    )
    return store.change(lambda tx: create_workspace(tx, wanted))


def source_number(store: Store, workspace: Workspace, name: str = "default") -> int:
    """The number of a source, made when missing."""
    return store.change(
        lambda tx: create_source(tx, workspace.workspace_no, name, "realtime", now_us=TRACKING_US)
    ).source_no


def define(store: Store, workspace: Workspace, promotion_id: str, **changes: Any) -> None:
    """PUTs one of the world's promotions, with changes."""
    definition = msgspec.convert(PROMOTIONS[promotion_id] | changes, Promotion)
    store.change(
        lambda tx: put_promotion(
            tx, workspace.workspace_no, promotion_id, definition, now_us=TRACKING_US
        )
    )


def deliver(
    store: Store,
    workspace: Workspace,
    items: list[Any],
    *,
    import_no: int = 0,
    source: str = "default",
    received_us: int = NOW_US,
) -> list[Receipt]:
    """Reports items as one delivery of a source."""
    source_no = source_number(store, workspace, source)
    arrival = Arrival(workspace.workspace_no, source_no, import_no, received_us)
    return [*store.write(report, Delivery(arrival, items))]


def begin_import(store: Store, workspace: Workspace) -> int:
    """The number of an import that begins to run."""
    source_no = source_number(store, workspace)
    number = workspace.workspace_no
    return store.change(
        lambda tx: start_import(
            tx, number, source_no, kind="redemptions", name="night.csv", now_us=NOW_US
        )
    )


def end_import(store: Store, workspace: Workspace, import_no: int) -> None:
    """Publishes an import."""
    number = workspace.workspace_no
    store.change(lambda tx: finish_import(tx, number, import_no, now_us=NOW_US))


def shown(store: Store, workspace: Workspace, dimensions: tuple[str, ...] = DIMENSIONS) -> bytes:
    """Everything a reader sees of the workspace's promotions, as bytes."""

    def look(tx: Any) -> Any:
        items = list_promotions(tx, workspace.workspace_no, now_us=NOW_US)
        parts = [
            breakdown(tx, workspace.workspace_no, item["promotion_id"], by, date=date)
            for item in items
            for by in dimensions
            for date in ("assigned", "redeemed")
        ]
        return items, parts

    return msgspec.json.encode(store.read(look))


def _at(minute: int) -> str:
    """Minutes around a midnight in Vienna, so that days differ; before tracking when negative."""
    start = TRACKING_US if minute < 0 else parse_instant("2026-11-01T22:40:00Z")
    return format_instant(start + minute * MINUTE_US)


@cache
def in_order(seed: int) -> bytes:
    """The yardstick: single events in order, on SQLite. The same for every way and engine."""
    with (
        TemporaryDirectory() as folder,
        closing(open_store(f"sqlite:///{folder}/promosight.db", now_us=NOW_US)) as store,
    ):
        workspace = open_workspace(store)
        for promotion_id in PROMOTIONS:
            define(store, workspace, promotion_id)
        for fact in facts(seed):
            deliver(store, workspace, [fact])
        return shown(store, workspace)
