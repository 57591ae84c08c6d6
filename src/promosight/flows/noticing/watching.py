"""Watching the series of one workspace: each hour that was read is told to the watches of its promotions and
sources.

What a watch knows follows from the hours that are kept, so a server that starts tells them all again, and two
servers come to the same. Nothing here reads or writes: hours come in, and which series are strange comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from promosight.rules.anomalies import Found, Settings, Slot, Watch, threshold
from promosight.rules.expecting import BATCHES, HOURS, STEADY
from promosight.rules.exposure import Exposure
from promosight.rules.instants import HOUR_US, kept_instant, zone
from promosight.store.catalogue import Catalogue, Listed

REDEMPTIONS, STREAM, UNMATCHED = "redemptions", "stream", "unmatched"
KINDS = (REDEMPTIONS, STREAM, UNMATCHED)
FALSE_A_MONTH = 1.0
"""So many false alarms a month a workspace is to have at most, on average, however many promotions it has."""

_HOURLY = Settings(HOURS, least_slots=72, half_life=48)
_BATCHED = Settings(BATCHES, least_slots=14, half_life=14, slots_needed=1, settles_after=14)
_SHARES = Settings(STEADY, least_slots=72, half_life=48)
_SLOTS_A_MONTH = {_HOURLY: 720, _BATCHED: 30, _SHARES: 720}
_NOT_MATCHED = frozenset({"pending", "unassigned", "rejected"})
_BATCH = "daily"


class Key(NamedTuple):
    """A series: of a promotion (0: of none), of a source (empty: of all that report at once)."""

    kind: str
    promotion_no: int
    source: str


class Counts(NamedTuple):
    """What a promotion and a source counted in an hour."""

    assigned: int
    redeemed: int
    reported: int
    unassigned: int
    pending: int


class Hour(NamedTuple):
    """An hour as it was read: by promotion and source what was counted, by source how it was answered."""

    hour_us: int
    whole: bool
    counts: dict[tuple[int, str], Counts]
    answered: dict[str, dict[str, int]]
    imported: set[str]


class Strange(NamedTuple):
    """A series that is otherwise than expected."""

    key: Key
    found: Found
    watch: Watch
    batched: bool
    allowed: dict[int, float]
    """By promotion, how many times as much there may rightly be."""


class WorkspaceWatch:
    """The watches of one workspace."""

    def __init__(self) -> None:
        self.after_us = 0
        """The last hour that was told."""
        self.watches: dict[Key, Watch] = {}
        self.explained: dict[Key, frozenset[Key]] = {}
        """Strange series that another anomaly explains, with all that there were then."""
        self._kinds: dict[Key, Settings] = {}
        self._exposed: dict[tuple[int, bool], Exposure] = {}
        self._day = ""
        self._piled: dict[tuple[int, str], list[int]] = {}

    def tell(self, catalogue: Catalogue, cadences: dict[str, str], hours: Iterable[Hour]) -> None:
        """Takes hours in, the earliest first. `cadences`: of each source."""
        for hour in hours:
            self.after_us = hour.hour_us
            self._tell_batches(catalogue, cadences, hour)
            if hour.whole:
                self._tell_promotions(catalogue, cadences, hour)
                self._tell_sources(catalogue, cadences, hour)

    def strange(self) -> list[Strange]:
        """The series that are not as expected now: of sources first, which may explain those of promotions."""
        found = [
            Strange(
                key, watch.found, watch, self._kinds[key] is _BATCHED, self._allowed(watch.found)
            )
            for key, watch in self.watches.items()
            if watch.found is not None
        ]
        return sorted(found, key=lambda one: (one.key.kind == REDEMPTIONS, one.key))

    def _allowed(self, found: Found) -> dict[int, float]:
        at = 0 if found.direction == "drop" else 1
        return {no: one.bounds[at] for (no, batched), one in self._exposed.items() if not batched}

    def _tell_promotions(self, catalogue: Catalogue, cadences: dict[str, str], hour: Hour) -> None:
        place = _place_of_week(catalogue, hour.hour_us)
        sums: dict[int, list[int]] = {}
        skipped: set[int] = set()
        for (no, source), counts in hour.counts.items():
            if cadences.get(source) == _BATCH:
                continue
            if source in hour.imported:
                skipped.add(no)
            there = sums.setdefault(no, [0] * len(counts))
            there[:] = [one + other for one, other in zip(there, counts, strict=True)]
        known = {
            key.promotion_no for key in self.watches if key.kind == REDEMPTIONS and not key.source
        }
        for no in sorted(known | sums.keys()):
            counted = Counts(*sums.get(no, (0, 0, 0, 0, 0)))
            low, high = self._exposure(no, batched=False).tell(counted.assigned, counted.redeemed)
            key = Key(REDEMPTIONS, no, "")
            if not is_in_force(catalogue.by_no.get(no), hour.hour_us):
                self._let_go(key)
            elif no not in skipped and (no in known or counted.reported):
                slot = Slot(hour.hour_us, place, counted.reported, low=low, high=high)
                self._told(key, _HOURLY, slot)

    def _tell_sources(self, catalogue: Catalogue, cadences: dict[str, str], hour: Hour) -> None:
        place = _place_of_week(catalogue, hour.hour_us)
        sums: dict[str, int] = {}
        for (_, source), counts in hour.counts.items():
            sums[source] = sums.get(source, 0) + counts.reported + counts.pending
        known = {key.source for key in self.watches if key.kind == STREAM}
        for source in sorted(known | sums.keys()):
            at_once = cadences.get(source, _BATCH) != _BATCH and source not in hour.imported
            if at_once and (source in known or sums[source] > 0):
                slot = Slot(hour.hour_us, place, max(0, sums.get(source, 0)))
                self._told(Key(STREAM, 0, source), _HOURLY, slot)
        for source, answered in sorted(hour.answered.items()):
            total = sum(answered.values())
            if total and source not in hour.imported and cadences.get(source) != _BATCH:
                count = sum(answered.get(one, 0) for one in _NOT_MATCHED)
                slot = Slot(hour.hour_us, 0, count, weight=float(total), low=0.0)
                self._told(Key(UNMATCHED, 0, source), _SHARES, slot)

    def _tell_batches(self, catalogue: Catalogue, cadences: dict[str, str], hour: Hour) -> None:
        """Daily sources are judged by the day, once it is over, and only days on which they were heard."""
        day = catalogue.days.day(hour.hour_us)
        if day != self._day:
            self._judge_batches(catalogue, self._day)
            self._day, self._piled = day, {}
        for (no, source), counts in hour.counts.items():
            if cadences.get(source) == _BATCH:
                there = self._piled.setdefault((no, source), [0] * len(counts))
                there[:] = [one + other for one, other in zip(there, counts, strict=True)]

    def _judge_batches(self, catalogue: Catalogue, day: str) -> None:
        heard = {source for (_, source), counts in self._piled.items() if counts[2] + counts[4] > 0}
        if not heard:
            return
        start_us = catalogue.days.start_us(date.fromisoformat(day))
        place = date.fromisoformat(day).weekday()
        known = {(key.promotion_no, key.source) for key in self.watches if key.source in heard}
        for no, source in sorted(known | self._piled.keys()):
            if source not in heard or not no:
                continue
            counted = Counts(*self._piled.get((no, source), (0, 0, 0, 0, 0)))
            low, high = self._exposure(no, batched=True).tell(counted.assigned, counted.redeemed)
            key = Key(REDEMPTIONS, no, source)
            if not is_in_force(catalogue.by_no.get(no), start_us):
                self._let_go(key)
            elif key in self.watches or counted.reported:
                self._told(key, _BATCHED, Slot(start_us, place, counted.reported, 1.0, low, high))

    def _exposure(self, no: int, *, batched: bool) -> Exposure:
        return self._exposed.setdefault((no, batched), Exposure(3 if batched else 72))

    def _told(self, key: Key, settings: Settings, slot: Slot) -> None:
        watch = self.watches.get(key)
        if watch is None:
            watch = self.watches[key] = Watch(settings)
            self._kinds[key] = settings
        series, slots = len(self.watches), _SLOTS_A_MONTH[settings]
        watch.tell(slot, threshold(series, slots, false_a_month=FALSE_A_MONTH))

    def _let_go(self, key: Key) -> None:
        self.watches.pop(key, None)
        self._kinds.pop(key, None)


def _place_of_week(catalogue: Catalogue, hour_us: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=hour_us)
    local = moment.astimezone(zone(catalogue.workspace.time_zone))
    return local.weekday() * 24 + local.hour


def is_in_force(listed: Listed | None, at_us: int) -> bool:
    """Whether a promotion may well be redeemed in an hour: one that has ended is no anomaly."""
    if listed is None or listed.definition is None or listed.definition.status != "active":
        return False
    starts_at, ends_at = listed.definition.starts_at, listed.definition.ends_at
    if starts_at is not None and kept_instant(starts_at) > at_us:
        return False
    return ends_at is None or kept_instant(ends_at) >= at_us + HOUR_US


def hours_of(
    hours: Iterable[tuple[int, int]],
    rows: Iterable[tuple[int, int, str, int, int, int, int, int]],
    answered: Iterable[tuple[str, int, str, int]],
    imported: Iterable[tuple[str, int]],
) -> Iterator[Hour]:
    """Hours as they were read, from the rows of the statements."""
    made = {hour_us: Hour(hour_us, bool(whole), {}, {}, set()) for hour_us, whole in hours}
    for hour_us, no, source, *counts in rows:
        if hour_us in made:
            made[hour_us].counts[no, source] = Counts(*counts)
    for source, hour_us, outcome, items in answered:
        if hour_us in made:
            made[hour_us].answered.setdefault(source, {})[outcome] = items
    for source, hour_us in imported:
        if hour_us in made:
            made[hour_us].imported.add(source)
    yield from made.values()
