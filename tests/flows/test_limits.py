"""Limits of tiers and windows: what they say is what a count of the facts made anew says, and grants keep to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import NamedTuple

import msgspec
import pytest

from promosight.errors import PromosightError
from promosight.flows.checking.verify import verify
from promosight.flows.figures.of_promotions import list_promotions
from promosight.flows.figures.raise_alerts import AlertWatch, raise_alerts
from promosight.flows.figures.show_alerts import AlertPlace, Sought, list_alerts
from promosight.flows.figures.usage_over_time import usage_over_time
from promosight.flows.figures.watch_figures import WatchedFigures
from promosight.flows.imports.publish import finish_import, start_import
from promosight.flows.ledger import counters
from promosight.flows.ledger.counters import fold
from promosight.flows.ledger.recounting import recount_what_is_due
from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.intake import Delivery
from promosight.flows.reporting.report import report
from promosight.flows.reserving.granting import Reserve
from promosight.flows.reserving.reservations import change_reservations
from promosight.rules.facts import Assignment, Event, Rejection, assignment_from, event_from
from promosight.rules.instants import DAY_US, LocalDays, format_instant, parse_instant
from promosight.rules.promotions import Limit, Promotion, Reward, Tier
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.windows import window_of
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.rows import Arrival, Reservation
from promosight.store.tx import Tx
from tests.flows.worlds import MINUTE_US, NOW_US, TRACKING_US, open_workspace, source_number

TIERS = {"gold": 10, "tin": 2}
WINDOWS = ("daily", "weekly", "monthly", "lifetime")
MEASURES = ("reward", "assignments", "redemptions")
SHOWN_US = parse_instant("2026-11-03T22:30:00Z")
"""Half an hour before a midnight in Vienna, on a Tuesday, days after the clocks were changed."""
LIMITS = [
    Limit(measure=measure, amount="60", window=window, tier_id=tier)
    for measure in MEASURES
    for window in WINDOWS
    for tier in (None, *TIERS)
]


class Use(NamedTuple):
    """One customer's reward: when it was given and, perhaps, used and undone."""

    number: int
    tier: str
    assigned_us: int
    redeemed_us: int | None
    reversed: bool


class Brand:
    """A workspace with one tiered promotion, and the truth about it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.workspace: Workspace = open_workspace(store)
        self.number = self.workspace.workspace_no
        self.source_no = source_number(store, self.workspace)
        self.days = LocalDays(self.workspace.time_zone)
        self.there: list[Use] = []

    def define(self, limits: list[Limit], status: str = "active") -> None:
        tiers = [Tier(tier_id=one, reward_value=str(value)) for one, value in TIERS.items()]
        reward = Reward(currency="EUR", value="1")
        p = Promotion(
            name="p", kind="tiered", status=status, tiers=tiers, limits=limits, reward=reward
        )
        self.store.change(lambda tx: put_promotion(tx, self.number, "p", p, now_us=SHOWN_US - 1))

    def draw(self, lot: Random, number: int) -> Use:
        assigned_us = SHOWN_US + DAY_US - lot.randrange(20 * DAY_US)
        used = lot.random() < 0.6
        redeemed_us = assigned_us + lot.randrange(3 * DAY_US) if used else None
        return Use(number, lot.choice(list(TIERS)), assigned_us, redeemed_us, lot.random() < 0.2)

    def report(self, uses: list[Use], import_no: int = 0) -> None:
        facts = [fact for use in uses for fact in _facts(use) if not isinstance(fact, Rejection)]
        arrival = Arrival(self.number, self.source_no, import_no, NOW_US)
        self.store.change(lambda tx: report(tx, [Delivery(arrival, [*facts])]))
        self.there += uses

    def usage(self, now_us: int = SHOWN_US) -> list[dict[str, object]]:
        (shown,) = self.store.read(
            lambda tx: list_promotions(tx, self.number, now_us=now_us, ids={"p"})
        )
        found: list[dict[str, object]] = shown["figures"]["usage"]
        return found

    def counted(self, limit: Limit, now_us: int = SHOWN_US) -> tuple[str, str]:
        """Committed and redeemed, by nothing but what was reported."""

        def within(at_us: int) -> bool:
            days = [self.days.day(one) for one in (at_us, now_us)]
            return len({window_of(day, limit.window, "monday") for day in days}) == 1

        mine = [use for use in self.there if limit.tier_id in (None, use.tier)]
        given = [use for use in mine if within(use.assigned_us)]
        used = [
            use
            for use in mine
            if use.redeemed_us is not None and not use.reversed and within(use.redeemed_us)
        ]
        if limit.measure == "reward":
            sums = [sum(TIERS[use.tier] for use in uses) for uses in (given, used)]
            return f"{sums[0]}.00", f"{sums[1]}.00"
        count = len(used)
        return str(len(given) if limit.measure == "assignments" else count), str(count)

    def on(self, limit: Limit, day: str) -> tuple[Decimal, Decimal]:
        """What was committed and redeemed on a day, by nothing but what was reported."""
        mine = [use for use in self.there if limit.tier_id in (None, use.tier)]
        given = [use for use in mine if self.days.day(use.assigned_us) == day]
        used = [
            use
            for use in mine
            if use.redeemed_us is not None
            and not use.reversed
            and self.days.day(use.redeemed_us) == day
        ]
        sides = (used if limit.measure == "redemptions" else given, used)
        worth = TIERS if limit.measure == "reward" else dict.fromkeys(TIERS, 1)
        committed, redeemed = (Decimal(sum(worth[use.tier] for use in side)) for side in sides)
        return committed, redeemed

    def check(self, limits: list[Limit]) -> None:
        shown = [(one["committed"], one["redeemed"]) for one in self.usage()]
        assert shown == [self.counted(one) for one in limits]


def _facts(use: Use) -> list[Assignment | Event | Rejection]:
    name = f"c{use.number}"
    given = ReportedAssignment(
        promotion_id="p",
        customer_id=name,
        assigned_at=format_instant(use.assigned_us),
        assignment_id=f"a{use.number}",
        tier_id=use.tier,
    )
    found: list[Assignment | Event | Rejection] = [assignment_from(given, received_us=NOW_US)]
    if use.redeemed_us is None:
        return found
    told = ReportedEvent(
        event_id=f"e{use.number}",
        promotion_id="p",
        customer_id=name,
        redeemed_at=format_instant(use.redeemed_us),
    )
    found.append(event_from(told, received_us=NOW_US, tracking_from_us=TRACKING_US))
    if use.reversed:
        undone = ReportedEvent(
            event_id=f"r{use.number}",
            type="reversal",
            reverses=told.event_id,
            redeemed_at=format_instant(use.redeemed_us + MINUTE_US),
        )
        found.append(event_from(undone, received_us=NOW_US, tracking_from_us=TRACKING_US))
    return found


@pytest.fixture
def brand(store: Store) -> Brand:
    return Brand(store)


@pytest.mark.parametrize("seed", range(2))
def test_every_limit_says_what_the_facts_say(
    brand: Brand, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7, S24: each measure, window and tier; single events, batches, imports, folded counters, a recount."""
    monkeypatch.setattr(counters, "LARGE", 12)
    monkeypatch.setattr(counters, "MAX_OUTSTANDING", 30)
    brand.define(LIMITS)
    lot = Random(seed)
    numbers = iter(range(10_000))
    sizes: list[Callable[[], int]] = [lambda: 1, lambda: lot.randrange(2, 6), lambda: 40]
    for _ in range(10):
        brand.report([brand.draw(lot, next(numbers)) for _ in range(lot.choice(sizes)())])
        if lot.random() < 0.3:
            brand.store.change(lambda tx: fold(tx, brand.number))
        brand.check(LIMITS)
    store, number = brand.store, brand.number

    def start() -> int:
        return store.change(
            lambda tx: start_import(
                tx, number, brand.source_no, kind="redemptions", name="a", now_us=NOW_US
            )
        )

    import_no, before = start(), list(brand.there)
    brand.report([brand.draw(lot, next(numbers)) for _ in range(30)], import_no)
    after, brand.there = brand.there, before
    brand.check(LIMITS)
    store.change(lambda tx: finish_import(tx, number, import_no, now_us=NOW_US))
    brand.there = after
    brand.check(LIMITS)
    assert verify(store, number).different == 0


def test_usage_over_time_comes_to_what_is_used(brand: Brand) -> None:
    """P24, P7: of each limit every day says what the facts say, adds up within its window, and ends at the list's."""
    brand.define(LIMITS)
    lot = Random(3)
    brand.report([brand.draw(lot, one) for one in range(150)])
    asked = (brand.number, "p")
    told = brand.store.read(lambda tx: usage_over_time(tx, *asked, now_us=SHOWN_US))
    assert [msgspec.to_builtins(one.usage) for one in told.limits] == brand.usage()
    for limit, one in zip(LIMITS, told.limits, strict=True):
        days = [date.fromisoformat(day.day) for day in one.days]
        assert days == [days[0] + timedelta(n) for n in range(len(days))]
        whole = {"": (Decimal(0), Decimal(0))}
        for day in one.days:
            on_it = brand.on(limit, day.day)
            assert (Decimal(day.committed), Decimal(day.redeemed)) == on_it
            window = window_of(day.day, limit.window, "monday")
            before = whole.get(window, (Decimal(0), Decimal(0)))
            whole[window] = (before[0] + on_it[0], before[1] + on_it[1])
            said = Decimal(day.committed_so_far), Decimal(day.redeemed_so_far)
            assert said == whole[window], (limit, day)
        this = whole[window_of(brand.days.day(SHOWN_US), limit.window, "monday")]
        assert this == (Decimal(one.usage.committed), Decimal(one.usage.redeemed))
        assert one.currency == ("EUR" if limit.measure == "reward" else None)


def test_a_limit_is_right_at_once_for_what_came_before_it(brand: Brand) -> None:
    """P7: a tier's week, added when thousands could have come already."""
    brand.define([])
    lot = Random(5)
    brand.report([brand.draw(lot, one) for one in range(120)])
    brand.define(LIMITS)
    brand.check(LIMITS)


def test_grants_keep_to_a_tiers_day_beside_what_is_reported(brand: Brand) -> None:
    """P7, P8, N7: three were reported of five a day, so two are granted; the other tier has room."""
    brand.define([Limit(measure="assignments", amount="5", window="daily", tier_id="gold")])
    uses = [Use(one, "gold", SHOWN_US - MINUTE_US * one, None, reversed=False) for one in range(3)]
    brand.report([*uses, Use(9, "tin", SHOWN_US, None, reversed=False)])

    def ask(number: int, tier: str, now_us: int) -> Reservation | PromosightError:
        wish = Reserve(
            brand.number, "p", f"x{number}", tier, 15 * MINUTE_US, f"r{number}{tier}", now_us
        )
        return brand.store.change(lambda tx: change_reservations(tx, [wish]))[0]

    answers = [ask(one, "gold", SHOWN_US) for one in range(4)]
    assert [isinstance(one, Reservation) for one in answers] == [True, True, False, False]
    assert isinstance(ask(1, "tin", SHOWN_US), Reservation)
    assert brand.usage()[0]["committed"] == "5"
    assert brand.usage()[0]["alert"] == 100
    assert isinstance(ask(5, "gold", SHOWN_US + 30 * MINUTE_US), Reservation)  # the next day


def test_a_store_of_an_older_version_is_counted_anew_once(brand: Brand) -> None:
    """P7: what had a tier before the days of tiers were counted."""
    brand.define(LIMITS)
    lot = Random(7)
    brand.report([brand.draw(lot, one) for one in range(60)])
    with_tier_days = brand.usage()
    store = brand.store
    store.change(lambda tx: fold(tx, brand.number))
    store.change(lambda tx: _as_before(tx, brand.number))
    assert verify(store, brand.number).different > 0
    assert recount_what_is_due(store) == [brand.number]
    assert recount_what_is_due(store) == []
    assert verify(store, brand.number).different == 0
    assert brand.usage() == with_tier_days


def _as_before(tx: Tx, workspace_no: int) -> None:
    """What an older version leaves behind: no days of tiers, and a note of the schema's that they are missing."""
    connection = tx.connection  # type: ignore[attr-defined]
    connection.execute("DELETE FROM tally WHERE dimension IN (9, 10)")
    connection.execute(f"INSERT INTO recount_due VALUES ({workspace_no})")


def _alerts(brand: Brand) -> list[tuple[str, str, int, str]]:
    items, following = brand.store.read(
        lambda tx: list_alerts(tx, brand.number, Sought("p", 0), place=AlertPlace(), limit=100)
    )
    assert following is None
    return [(one.window, one.window_name, one.threshold, one.used) for one in items]


def test_each_threshold_is_told_once_in_each_window(brand: Brand) -> None:
    """P7: by two processes that watch, on two days; what is used up says since when."""
    daily = Limit(measure="assignments", amount="10", window="daily")
    brand.define([daily, Limit(measure="reward", amount="1000")])
    watches = [AlertWatch(brand.number), AlertWatch(brand.number)]
    readers = [brand.store.steady_reader() for _ in watches]

    def look(now_us: int) -> int:
        found = [
            reader.read(partial(watch.look, now_us=now_us))
            for watch, reader in zip(watches, readers, strict=True)
        ]
        assert len(found[0]) == len(found[1])
        return sum(brand.store.change(partial(raise_alerts, rows=rows)) for rows in found)

    assert look(SHOWN_US) == 0
    at = SHOWN_US - MINUTE_US
    brand.report([Use(one, "tin", at, None, reversed=False) for one in range(8)])
    assert (look(SHOWN_US), look(SHOWN_US + 1)) == (2, 0)
    brand.report([Use(one, "tin", at, None, reversed=False) for one in range(8, 12)])
    assert look(SHOWN_US + 2 * MINUTE_US) == 2
    (today, _) = brand.usage(SHOWN_US + 3 * MINUTE_US)
    assert today["alert"] == 100
    assert today["forecast"] == {
        "reached_at": "2026-11-03T22:32:00Z",
        "pace_per_day": "12.13",
        "basis_days": 1,
    }
    tomorrow = SHOWN_US + 40 * MINUTE_US
    assert look(tomorrow) == 0
    assert brand.usage(tomorrow)[0]["alert"] is None
    brand.report([Use(one, "tin", tomorrow, None, reversed=False) for one in range(20, 25)])
    assert look(tomorrow + 1) == 1
    newest, *others = _alerts(brand)
    assert newest == ("daily", "2026-11-04", 50, "5")
    assert set(others[:2]) == {
        ("daily", "2026-11-03", 90, "12"),
        ("daily", "2026-11-03", 100, "12"),
    }
    assert set(others[2:]) == {("daily", "2026-11-03", 50, "8"), ("daily", "2026-11-03", 80, "8")}
    for reader in readers:
        reader.close()


def test_who_follows_hears_of_forecasts_and_of_limits_seen_used_up(brand: Brand) -> None:
    """P7, P9: a quarter of an hour later the forecast is another one; an alert says since when."""
    brand.define([Limit(measure="assignments", amount="10", window="weekly")])
    uses = [
        Use(one, "tin", SHOWN_US - one * DAY_US // 4, None, reversed=False) for one in range(12)
    ]
    brand.report(uses)
    watched, reader = WatchedFigures(brand.number), brand.store.steady_reader()
    watch = AlertWatch(brand.number)
    now_us = SHOWN_US

    def told() -> int:
        moved = reader.read(lambda tx: watched.look(tx, now_us=now_us))
        return 0 if moved is None else len(moved.items)

    assert told() == 0
    now_us += 15 * MINUTE_US
    assert (told(), told()) == (1, 0)
    brand.report([Use(one, "tin", SHOWN_US, None, reversed=False) for one in range(20, 30)])
    assert told() == 1
    rows = brand.store.read(lambda tx: watch.look(tx, now_us=now_us))
    brand.store.change(lambda tx: raise_alerts(tx, rows))
    assert (told(), told()) == (1, 0)
    reader.close()
