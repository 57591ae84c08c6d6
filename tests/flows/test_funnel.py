"""The funnel and the customers behind a bar agree with the published figures, whatever the world and the hour.

What a marketer sees in a bar is what is exported for it, row by row; and what has expired, which no counter
knows, is what a patient count of the facts finds.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest

from promosight.flows.figures import exports, unredeemed
from promosight.flows.figures.bars import BARS, Bar
from promosight.flows.figures.breakdowns import breakdown
from promosight.flows.figures.exports import Member, Place, customers
from promosight.flows.figures.funnel import Funnel, funnel
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.reporting.withdraw import withdraw
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.identity import BUCKETS
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace, load
from promosight.store.engine import Store
from promosight.store.rows import AssignmentRow, EventRow
from promosight.store.tx import Tx
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    open_workspace,
)

HOURS_US = tuple(
    parse_instant(text)
    for text in ("2026-11-01T22:30:00Z", "2026-11-01T23:25:00Z", "2026-11-23T12:00:00Z")
)
"""Before, while and after the assignments of the worlds expire."""
TIMES = ("day", "week", "month")
COUNTED = ("global", "tiered", "personal")
"""Promotions in force; of others nothing is redeemed."""


def world(store: Store, seed: int) -> Workspace:
    """A dense world told by two sources, some of its assignments withdrawn."""
    random = Random(seed)
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = facts(seed)
    random.shuffle(items)
    split = len(items) // 2
    deliver(store, workspace, items[:split])
    deliver(store, workspace, items[split:], source="till")
    given = [one for one in items if isinstance(one, Assignment) and one.assignment_id]
    for one in random.sample(given, 4):
        withdrawn(store, workspace, str(one.assignment_id))
    return workspace


def withdrawn(store: Store, workspace: Workspace, assignment_id: str, now_us: int = NOW_US) -> None:
    number = workspace.workspace_no
    store.change(lambda tx: withdraw(tx, number, assignment_id, now_us=now_us))


def counted_patiently(tx: Tx, promotion_no: int, now_us: int) -> tuple[int, int, int]:
    """Assigned, redeemed and expired unredeemed, from every fact of a promotion."""
    keys: list[tuple[int, int, int]] = []
    for bucket in range(BUCKETS):
        where = {"bucket": bucket, "promotion_no": promotion_no, "after": -1, "limit": 1_000}
        keys += [(bucket, promotion_no, row[0]) for row in tx.all("groups_of_promotion", **where)]
    events = [EventRow(*row) for row in tx.all_for("events_of_groups", keys)]
    taken = {(e.customer_no, e.slot) for e in events if e.live and e.slot is not None}
    assigned = redeemed = expired = 0
    for a in (AssignmentRow(*row) for row in tx.all_for("assignments_of_groups", keys)):
        if a.control or a.withdrawn_us is not None or a.assigned_us < TRACKING_US:
            continue
        assigned += 1
        if (a.customer_no, a.slot) in taken:
            redeemed += 1
        elif a.expires_us is not None and a.expires_us <= now_us:
            expired += 1
    return assigned, redeemed, expired


def audience(
    tx: Tx, workspace_no: int, promotion_id: str, status: str, bar: Bar | None, now_us: int = NOW_US
) -> list[Member]:
    """Every row of an export."""
    found: list[Member] = []
    place: Place | None = Place()
    while place is not None:
        page, place = customers(
            tx, workspace_no, promotion_id, status, place=place, now_us=now_us, bar=bar
        )
        found += page
    return found


def unlike_their_bars(tx: Tx, workspace_no: int, dimensions: tuple[str, ...] = BARS) -> list[Any]:
    """Every bar of every breakdown, and every total, for which as many rows are not exported as it counts."""
    wrong: list[Any] = []
    for promotion_id in COUNTED:
        for by in dimensions:
            for date in ("assigned", "redeemed") if by in TIMES else ("assigned",):
                shown = breakdown(tx, workspace_no, promotion_id, by, date=date)
                bars = [(Bar(by, row.key or "", date), row) for row in shown.rows]
                for bar, row in [*bars, (None, shown.total)]:
                    own_days = bar is not None and date == "redeemed"
                    statuses = ("redeemed", "excess") if own_days else ("assigned", "redeemed")
                    for status in statuses:
                        rows = audience(tx, workspace_no, promotion_id, status, bar)
                        if len(rows) != getattr(row, status):
                            wrong.append((promotion_id, bar, status, getattr(row, status), rows))
    return wrong


@pytest.mark.parametrize("seed", [11, 12])
def test_the_funnel_is_what_a_patient_count_finds(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """S19, S22, S27: assigned = redeemed + open + expired, equal to the list's cell, at any hour."""
    number = world(store, seed).workspace_no

    def look(tx: Tx) -> None:
        listed = {item["promotion_id"]: item["figures"] for item in shown(tx)}
        for promotion_id in PROMOTIONS:
            promotion_no = load(tx, number).by_id[promotion_id].promotion_no
            for now_us in HOURS_US:
                found = funnel(tx, number, promotion_id, now_us=now_us)
                patiently = counted_patiently(tx, promotion_no, now_us)
                assert (found.assigned, found.redeemed, found.expired) == patiently, promotion_id
                assert found.open == found.assigned - found.redeemed - found.expired >= 0
                assert found.liability.assignments == found.open
                for name in set(Funnel.__struct_fields__) & listed[promotion_id].keys():
                    assert getattr(found, name) == listed[promotion_id][name], name
                for status in ("open", "expired", "unredeemed"):
                    rows = audience(tx, number, promotion_id, status, None, now_us)
                    unredeemed = found.open + found.expired
                    assert len(rows) == getattr(found, status, unredeemed)

    def shown(tx: Tx) -> list[dict[str, Any]]:
        return list_promotions(tx, number, now_us=NOW_US)

    def at_all_hours(tx: Tx) -> list[dict[str, Funnel]]:
        return [funnels_of(tx, number, at) for at in HOURS_US]

    store.read(look)
    # The same from the table read end to end, as for promotions that have most of it.
    counted = store.read(at_all_hours)
    monkeypatch.setattr(unredeemed, "_FEW", 0)
    monkeypatch.setattr(unredeemed, "_SHARE", 1_000)
    assert store.read(at_all_hours) == counted


@pytest.mark.parametrize("seed", [11, 12])
def test_a_bar_counts_the_very_customers_exported_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """S22, S26, S27, S38: for every row of every breakdown, by assignment and by redemption, page by page."""
    monkeypatch.setattr(exports, "PAGE_ROWS", 7)
    number = world(store, seed).workspace_no
    assert store.read(lambda tx: unlike_their_bars(tx, number)) == []


def test_pages_cut_anywhere_give_every_row_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also redemptions too many of one customer at the same moment."""
    workspace = world(store, 12)
    number = workspace.workspace_no
    fact = next(f for f in facts(12) if isinstance(f, Assignment) and f.promotion_id == "global")
    again = [e for e in facts(13) if isinstance(e, Event) and e.reverses is None][:5]
    for count, one in enumerate(again):
        one.event_id, one.promotion_id, one.promo_code = f"again-{count}", "global", None
        one.customer_id, one.redeemed_us = fact.customer_id, NOW_US
        one.assignment_id = one.campaign_id = None
    deliver(store, workspace, list(again))

    def exported(tx: Tx) -> list[list[Member]]:
        return [
            audience(tx, number, "global", status, None)
            for status in ("assigned", "unredeemed", "excess")
        ]

    whole = store.read(exported)
    for rows in (1, 2, 3):
        monkeypatch.setattr(exports, "PAGE_ROWS", rows)
        assert store.read(exported) == whole
    events = Counter(member.event_id for member in whole[2])
    assert len(events) == len(whole[2]) >= 4


@pytest.mark.parametrize("seed", [21, 22])
def test_while_an_import_runs_funnel_and_customers_are_those_published(
    store: Store, seed: int
) -> None:
    """S13: groups the import touches stand as before, beside real-time facts that count at once or with it."""
    random = Random(seed)
    workspace = open_workspace(store)
    number = workspace.workspace_no
    for promotion_id in PROMOTIONS:
        define(store, workspace, promotion_id)
    items = facts(seed)
    random.shuffle(items)
    # Codes an import issues reach into groups it does not touch; those differ until it ends.
    items.sort(key=lambda one: not (isinstance(one, Assignment) and one.promo_code))
    third = len(items) // 3
    deliver(store, workspace, items[:third], received_us=NOW_US - 1_000)
    before = store.read(lambda tx: funnels_of(tx, number))
    import_no = begin_import(store, workspace)
    loaded, given = items[third : 2 * third], ids_of(items[:third])
    for step, start in enumerate(range(0, third, 12)):
        moment_us = NOW_US + step * 10
        batch = loaded[start : start + 12]
        deliver(store, workspace, batch, import_no=import_no, received_us=moment_us)
        if step == 0:
            assert store.read(lambda tx: funnels_of(tx, number)) == before
        live = items[2 * third + start : 2 * third + start + 12]
        deliver(store, workspace, live, received_us=moment_us + 5)
        withdrawn(store, workspace, given[step], moment_us + 6)
        assert store.read(lambda tx: split_otherwise(tx, number)) == []
    assert store.read(lambda tx: unlike_their_bars(tx, number, ("tier", "day"))) == []
    assert store.read(lambda tx: split_otherwise(tx, number)) == []
    end_import(store, workspace, import_no)
    assert store.read(lambda tx: funnels_of(tx, number)) != before
    assert store.read(lambda tx: split_otherwise(tx, number)) == []


def test_what_an_import_brings_leaves_the_funnel_as_it_was_until_its_end(store: Store) -> None:
    """S13: a first redemption, a reversal, and one that came before its redemption did."""
    workspace = open_workspace(store)
    number = workspace.workspace_no
    define(store, workspace, "global")
    deliver(
        store, workspace, [assigned("ann"), assigned("bob"), assigned("cat"), assigned("cat", 2)]
    )
    deliver(store, workspace, [used("b", "bob")])
    import_no = begin_import(store, workspace)
    late = [used("a", "ann"), undone("b"), undone("c", "1.00")]
    deliver(store, workspace, late, import_no=import_no, received_us=NOW_US + 1)
    assert split(store, number) == (4, 1, 3)
    # This one counts at once, for nothing the import brought lies in its group yet.
    deliver(store, workspace, [used("d", "cat")], received_us=NOW_US + 2)
    assert split(store, number) == (4, 2, 2)
    deliver(store, workspace, [used("c", "cat")], received_us=NOW_US + 3)
    deliver(store, workspace, [used("e", "ann")], received_us=NOW_US + 3)
    assert split(store, number) == (4, 2, 2)
    end_import(store, workspace, import_no)
    assert split(store, number) == (4, 3, 1)


def split(store: Store, workspace_no: int) -> tuple[int, int, int]:
    """Assigned, redeemed, expired; and nobody is open who is not exported as such."""
    found = store.read(lambda tx: funnel(tx, workspace_no, "global", now_us=NOW_US))
    assert found.open == 0
    assert store.read(lambda tx: split_otherwise(tx, workspace_no, ("global",))) == []
    return found.assigned, found.redeemed, found.expired


def test_a_count_of_very_many_is_kept_for_some_seconds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cost is bounded; what counters know moves at once, and the sum holds."""
    monkeypatch.setattr(unredeemed, "MANY", 2)
    keeping = unredeemed._KEEPING._replace(us_each=1_000, moved=2)
    monkeypatch.setattr(unredeemed, "_KEEPING", keeping)
    workspace = open_workspace(store)
    number = workspace.workspace_no
    define(store, workspace, "global")
    people = [f"c{n}" for n in range(10)]
    deliver(store, workspace, [assigned(one) for one in people])

    def look(after_us: int) -> tuple[int, int, int, int]:
        seen = store.read(lambda tx: funnel(tx, number, "global", now_us=EXPIRES_US + after_us))
        return seen.assigned, seen.redeemed, seen.open, seen.expired

    assert look(-1) == (10, 0, 10, 0)
    assert look(1) == (10, 0, 10, 0)
    deliver(store, workspace, [used(one, one) for one in people[:2]])
    assert look(2) == (10, 2, 8, 0)
    assert look(10_000) == (10, 2, 0, 8)
    deliver(store, workspace, [used(one, one) for one in people[2:4]])
    assert look(10_001) == (10, 4, 0, 6)
    deliver(store, workspace, [assigned(f"d{n}") for n in range(10)])
    assert look(10_002) == (20, 4, 0, 16)


EXPIRES_US = parse_instant("2026-11-02T00:00:00Z")


def assigned(customer_id: str, day: int = 1) -> Assignment:
    """One that expires at the end of the first day of November."""
    fact = assignment_from(
        ReportedAssignment(
            promotion_id="global",
            customer_id=customer_id,
            assigned_at=f"2026-10-0{day}T12:00:00Z",
            expires_at=format_instant(EXPIRES_US),
        ),
        received_us=NOW_US,
    )
    assert isinstance(fact, Assignment)
    return fact


def used(event_id: str, customer_id: str) -> Event:
    """A redemption while the assignments hold."""
    return told(event_id=event_id, customer_id=customer_id, promotion_id="global")


def undone(event_id: str, reward_value: str | None = None) -> Event:
    """A reversal of the redemption of that id, or of a part of it."""
    return told(
        event_id=f"r-{event_id}", type="reversal", reverses=event_id, reward_value=reward_value
    )


def told(**said: str | None) -> Event:
    fact = event_from(
        msgspec.convert(said | {"redeemed_at": "2026-11-01T12:00:00Z"}, ReportedEvent),
        received_us=NOW_US,
        tracking_from_us=TRACKING_US,
    )
    assert isinstance(fact, Event)
    return fact


def split_otherwise(tx: Tx, workspace_no: int, ids: tuple[str, ...] = COUNTED) -> list[Any]:
    """Funnels that are split into open and expired otherwise than the customers exported."""
    return [
        (promotion_id, found, status)
        for now_us in HOURS_US[1:]
        for promotion_id, found in funnels_of(tx, workspace_no, now_us, ids).items()
        for status in ("redeemed", "open", "expired")
        if len(audience(tx, workspace_no, promotion_id, status, None, now_us))
        != getattr(found, status)
        or found.liability.assignments != found.open
    ]


def funnels_of(
    tx: Tx, workspace_no: int, now_us: int = NOW_US, ids: tuple[str, ...] = COUNTED
) -> dict[str, Funnel]:
    return {one: funnel(tx, workspace_no, one, now_us=now_us) for one in ids}


def ids_of(items: list[Assignment | Event]) -> list[str]:
    return [one.assignment_id for one in items if isinstance(one, Assignment) and one.assignment_id]
