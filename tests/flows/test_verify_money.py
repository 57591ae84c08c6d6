"""What is told of budgets and returns is what the second engine adds up from the facts; what is not is named.

Usage and return are worked out when somebody asks, so nothing stored could be wrong; what is held against the facts
are the answers themselves: windows of days, what reservations hold, who is in which arm, and whose horizon is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import pytest
from msgspec import structs

from promosight.flows.checking.extract import extract
from promosight.flows.checking.extract_money import extract_money
from promosight.flows.checking.verify import VerifyReport, compare, load_inputs, verify
from promosight.flows.ledger.counters import fold
from promosight.flows.ledger.rematch import rebuild
from promosight.flows.reporting.take_outcomes import OutcomeDelivery, take_outcomes
from promosight.flows.reserving.granting import Reserve
from promosight.flows.reserving.reservations import Confirm, Release, change_reservations
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.outcomes import Outcome, ReportedOutcome, outcome_from
from promosight.store.catalogue import Catalogue, Workspace, load
from promosight.store.engine import Store, open_store
from promosight.store.recount import Row, recount
from promosight.store.rows import Arrival, Reservation
from promosight.store.tx import Tx
from tests.flows.test_verify import by_hand, measures
from tests.flows.worlds import (
    MINUTE_US,
    NOW_US,
    PROMOTIONS,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    facts,
    open_workspace,
    source_number,
)

LIMITS = [
    {"measure": measure, "window": window, "amount": "1000"}
    for measure in ("reward", "assignments", "redemptions")
    for window in ("daily", "weekly", "monthly", "lifetime")
]
OF_GOLD = [limit | {"tier_id": "gold"} for limit in LIMITS]
MIDNIGHT_US = NOW_US // DAY_US * DAY_US
MOMENTS = (MIDNIGHT_US - 22 * DAY_US, MIDNIGHT_US - 21 * DAY_US, NOW_US, NOW_US + 10 * DAY_US)
"""The day of the world's facts, the next one, in the same month, and when all their horizons have closed."""


def acted(seed: int) -> list[Outcome]:
    """What the world's customers did around and after it, and strangers, too."""
    drawn = Random(seed)
    made = [
        ReportedOutcome(
            outcome_id=f"o{n}",
            customer_id=f"c{drawn.randrange(9)}",
            occurred_at=format_instant(
                NOW_US - 22 * DAY_US + drawn.choice([-1, 1]) * drawn.randrange(DAY_US)
            ),
            measure=drawn.choice(["order_value", "order_value", "margin"]),
            value=Decimal(f"{drawn.uniform(-20, 90):.2f}"),
            currency="EUR",
        )
        for n in range(60)
    ]
    judged = [outcome_from(one, received_us=NOW_US, tracking_from_us=TRACKING_US) for one in made]
    return [one for one in judged if isinstance(one, Outcome)]


def grants(store: Store, workspace: Workspace, seed: int) -> None:
    """Reservations on both evenings: held for long or shortly, confirmed, released."""
    number, source_no, drawn = workspace.workspace_no, source_number(store, workspace), Random(seed)
    for n in range(40):
        at_us = MOMENTS[n % 2] + drawn.randrange(-90, 90) * MINUTE_US
        promotion, tier = drawn.choice([("global", None), ("tiered", "gold"), ("tiered", "silver")])
        ttl_us = drawn.choice([15 * MINUTE_US, 60 * DAY_US])
        asked = Reserve(number, promotion, f"g{n}", tier, ttl_us, f"res{n}", at_us)
        (held,) = store.change(lambda tx, a=asked: change_reservations(tx, [a]))  # type: ignore[misc]
        assert isinstance(held, Reservation), held
        then = drawn.choice([None, None, "confirm", "release"])
        if then:
            change = (
                Confirm(number, source_no, f"res{n}", None, at_us + MINUTE_US)
                if then == "confirm"
                else Release(number, f"res{n}", at_us + MINUTE_US)
            )
            store.change(lambda tx, c=change: change_reservations(tx, [c]))  # type: ignore[misc]


def fill(store: Store, seed: int) -> Workspace:
    """A dense world with limits of every kind, reservations and outcomes."""
    workspace = open_workspace(store)
    for promotion_id in PROMOTIONS:
        more = OF_GOLD if promotion_id == "tiered" else []
        define(store, workspace, promotion_id, limits=[*LIMITS, *more])
    deliver(store, workspace, facts(seed))
    grants(store, workspace, seed)
    arrival = Arrival(workspace.workspace_no, source_number(store, workspace), 0, NOW_US)
    store.write(take_outcomes, OutcomeDelivery(arrival, list(acted(seed))))
    return workspace


@pytest.fixture
def store(store: Store) -> Store:
    """A store that holds a dense world."""
    fill(store, 1)
    return store


def test_usage_and_return_follow_from_the_facts_by_a_second_engine(store: Store) -> None:
    """S21, S29, P7, N1: limits of every measure and window, what is held, both arms, at several moments."""
    for now_us in MOMENTS:
        report = verify(store, None, now_us=now_us)
        assert report.differences == []
        assert report.amounts > 100
    assert verify(store, None).amounts == 0, "without a moment nothing of it is compared"


@pytest.mark.parametrize("seed", range(2, 8))
def test_they_do_in_other_worlds(tmp_path: Path, seed: int) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", now_us=NOW_US)
    try:
        fill(opened, seed)
        for now_us in MOMENTS:
            assert verify(opened, None, now_us=now_us).differences == []
    finally:
        opened.close()


def told(
    store: Store, folder: Path, now_us: int, change: Callable[[list[Row]], list[Row]]
) -> VerifyReport:
    """The comparison after `change` was made of what is told, number by number."""

    def ask_store(tx: Tx) -> Catalogue:
        catalogue, _ = extract(tx, 1, folder)
        extract_money(tx, catalogue, folder, now_us=now_us)
        return catalogue

    catalogue = store.read(ask_store)
    with duckdb.connect(":memory:") as connection:

        def ask(text: str) -> list[Row]:
            return connection.execute(text).fetchall()

        load_inputs(ask, folder, catalogue.days)
        rows = ask("SELECT promotion_no, place, measure, amount FROM told_amount ORDER BY ALL")
        ask("DELETE FROM told_amount")
        for row in change(rows):
            connection.execute("INSERT INTO told_amount VALUES (?, ?, ?, ?)", row)
        recount(ask)
        report = VerifyReport()
        compare(ask, catalogue, report)
    return report


def said(report: VerifyReport) -> VerifyReport:
    """All that a report says, but for the time it took: slices of customers say the same."""
    return structs.replace(report, seconds=0)


def test_any_number_told_otherwise_is_found_and_named(store: Store, tmp_path: Path) -> None:
    """Each of them is checked by something: one more of it, and it is named; nothing else is."""
    now_us = MOMENTS[3]
    seen: list[Row] = []

    def look(rows: list[Row]) -> list[Row]:
        seen.extend(rows)
        return rows

    assert told(store, tmp_path, now_us, look).differences == []
    places = {row[1].split(",")[-1].strip() + " " + row[2] for row in seen}
    assert {"treated squares", "control customers", "cost EUR", "weekly reward committed"} <= places
    off = [(*row[:3], row[3] + 1) for row in seen]
    found = told(store, tmp_path, now_us, lambda rows: off)
    assert measures(found) == {(row[1], row[2]) for row in seen}
    assert found.different == len(seen)
    assert all(int(one.stored or 0) == int(one.computed or 0) + 1 for one in found.differences)


def test_an_answer_left_out_is_found(store: Store, tmp_path: Path) -> None:
    assert told(store, tmp_path, MOMENTS[3], lambda rows: []).different > 100


def test_a_counter_or_cost_changed_by_hand_shows_in_what_rests_on_it(store: Store) -> None:
    """Rebuilding mends both."""
    store.change(lambda tx: fold(tx, 1))
    by_hand(store, "UPDATE tally SET committed_micros = committed_micros + 1 WHERE dimension = 0")
    by_hand(
        store, "UPDATE event SET cost_micros = cost_micros + 1 WHERE live = 1 AND cost_micros > 0"
    )
    report = verify(store, None, now_us=MOMENTS[3])
    assert {("limit 4, lifetime reward", "committed"), ("return, cost", "EUR")} <= measures(report)
    assert said(verify(store, None, now_us=MOMENTS[3], slices=5)) == said(report)
    store.change(lambda tx: rebuild(tx, 1))
    assert verify(store, None, now_us=MOMENTS[3]).differences == []


def test_a_confirmed_reservation_is_held_against_its_assignment(store: Store) -> None:
    """P8: what became of it must be what was granted, to the customer it was granted to."""
    first = "(SELECT MIN(reservation_id) FROM reservation WHERE state = 'confirmed')"
    by_hand(
        store,
        f"UPDATE reservation SET reward_micros = reward_micros + 1 WHERE reservation_id = {first}",
    )
    (difference,) = verify(store, None, now_us=NOW_US).differences
    assert difference.where.startswith("reservation res")
    assert difference.measure == "reward_micros"
    by_hand(store, f"UPDATE reservation SET assignment_id = 'none' WHERE reservation_id = {first}")
    report = verify(store, None, now_us=NOW_US)
    assert said(verify(store, None, now_us=NOW_US, slices=3)) == said(report)
    gone = report.differences
    assert ("assignment_id", None, "none") in {
        (one.measure, one.stored, one.computed) for one in gone
    }


def test_while_an_import_runs_only_counters_are_compared(store: Store) -> None:
    """S13: its facts are there and what people are told is from before it."""
    workspace = store.read(lambda tx: load(tx, 1).workspace)
    import_no = begin_import(store, workspace)
    deliver(store, workspace, facts(9), import_no=import_no, source="night")
    report = verify(store, None, now_us=NOW_US)
    assert (report.differences, report.amounts) == ([], 0)
    end_import(store, workspace, import_no)
    report = verify(store, None, now_us=NOW_US)
    assert report.differences == []
    assert report.amounts > 100
