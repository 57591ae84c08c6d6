"""A shop whose redemptions come by the hour, told as facts; what goes wrong with them is that some are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from promosight.flows.noticing.show_anomalies import (
    Anomaly,
    AnomalyPlace,
    SoughtAnomalies,
    list_anomalies,
)
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.instants import HOUR_US, format_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.worker.anomalies import Noticer
from tests.flows.worlds import NOW_US, TRACKING_US, define, deliver, open_workspace

DAYS = 12
BEGAN_US = NOW_US - DAYS * 24 * HOUR_US
EACH_HOUR = 8


class Use(NamedTuple):
    """A redemption to come: of whom, when, and with which words."""

    number: int
    at_us: int
    source: str
    tier: str
    segment: str


class Shop:
    """A workspace with one tiered promotion that two sources report, and a noticer with a clock of ours."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.workspace: Workspace = open_workspace(store)
        define(store, self.workspace, "tiered", limits=[])
        self.now_us = NOW_US + 5_000_000
        self._random = Random(5)
        self._numbers = 0

    @property
    def no(self) -> int:
        return self.workspace.workspace_no

    def noticer(self, store: Store | None = None) -> Noticer:
        return Noticer(store or self.store, clock=lambda: self.now_us)

    def uses(self, from_us: int, until_us: int, each_hour: int = EACH_HOUR) -> list[Use]:
        """What redemptions a time brings, more or less evenly."""
        found = []
        for hour_us in range(from_us, until_us, HOUR_US):
            for _ in range(each_hour + self._random.choice((-1, 0, 0, 1))):
                self._numbers += 1
                found.append(
                    Use(
                        self._numbers,
                        hour_us + self._random.randrange(HOUR_US),
                        self._random.choice(("web", "app")),
                        self._random.choice(("gold", "silver")),
                        self._random.choice(("new", "vip")),
                    )
                )
        return found

    def happen(
        self,
        uses: Iterable[Use],
        told: Callable[[Use], bool] = lambda _: True,
        *,
        unused: bool = True,
        assigned_us: int | None = None,
    ) -> None:
        """Rewards are given for all of them, and used; of the uses only some are `told`."""
        uses = list(uses)
        if not uses:
            return
        given = [_given(one, assigned_us) for one in uses]
        given += [_given(one, assigned_us) for one in (self._unused(uses) if unused else [])]
        for start in range(0, len(given), 2_000):
            deliver(self.store, self.workspace, given[start : start + 2_000], source="web")
        for source in ("web", "app"):
            items = [used_again(one) for one in uses if one.source == source and told(one)]
            for start in range(0, len(items), 2_000):
                self.report(source, items[start : start + 2_000])

    def _unused(self, uses: list[Use]) -> list[Use]:
        """As many rewards again that nobody uses, and those that will be used after the last of these."""
        self._numbers += len(uses)
        last_us = max(one.at_us for one in uses)
        early = [one for one in uses if one.at_us > last_us - 30 * HOUR_US]
        again = [one._replace(number=one.number + 1_000_000) for one in uses]
        late = [
            one._replace(number=one.number + 2_000_000, at_us=one.at_us + 30 * HOUR_US)
            for one in early
        ]
        return again + late

    def report(self, source: str, items: list[Event]) -> None:
        deliver(self.store, self.workspace, items, source=source, received_us=self.now_us)

    def hour_later(
        self, told: Callable[[Use], bool] = lambda _: True, each: int = EACH_HOUR
    ) -> None:
        """An hour passes in which this is told."""
        from_us = self.now_us // HOUR_US * HOUR_US
        self.now_us += HOUR_US
        self.happen(self.uses(from_us, from_us + HOUR_US, each), told)

    def anomalies(self, **sought: Any) -> list[Anomaly]:
        items, _ = self.store.read(
            lambda tx: list_anomalies(
                tx, self.no, SoughtAnomalies(**sought), place=AnomalyPlace(), limit=100
            )
        )
        return items


def _given(one: Use, assigned_us: int | None) -> Assignment:
    found = assignment_from(
        ReportedAssignment(
            promotion_id="tiered",
            customer_id=f"c{one.number}",
            assigned_at=format_instant(assigned_us or max(TRACKING_US, one.at_us - 30 * HOUR_US)),
            tier_id=one.tier,
            segment=one.segment,
        ),
        received_us=one.at_us,
    )
    assert isinstance(found, Assignment)
    return found


def used_again(one: Use, **words: Any) -> Event:
    """The redemption as a till tells it, perhaps in other words."""
    said = {"promotion_id": "tiered", "customer_id": f"c{one.number}", "event_id": f"e{one.number}"}
    said["redeemed_at"] = format_instant(one.at_us)
    found = event_from(
        ReportedEvent(**(said | words)),
        received_us=one.at_us + 5 * HOUR_US,
        tracking_from_us=TRACKING_US,
    )
    assert isinstance(found, Event), found
    return found
