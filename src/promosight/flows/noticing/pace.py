"""Reading the counters at the end of every hour: by how much each promotion and source moved in it.

A look costs one question while the hour is not over. At its end the cells by source are read, for the promotions
that moved, and the differences are kept in one short transaction, by whichever server is first. Nothing is counted
while facts are taken in. A workspace whose counters were never read begins with what its facts say of the last
weeks.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.instants import DAY_US, HOUR_US, LocalDays
from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    SOURCE,
)
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

KEPT_FOR_US = 36 * DAY_US
"""Five weeks and a day: what is expected is learned from these."""
_COUNTED = ("assigned", "redeemed", "reported", "unassigned", "pending")
_PLACES = tuple(MEASURES.index(one) for one in _COUNTED)
_NOT, _WHOLE, _PROVISIONAL = 0, 1, 2
"""What was counted in an hour is not known; is; or follows, as that of all hours before, from the facts of its end."""
_LATE_US = 3 * 60_000_000
"""Read later than this after its end, an hour is no whole hour."""
MOST_FACTS = 2_000_000
"""Of more facts the past is not read: it would take too long for what it says."""

PaceKey = tuple[int, str]
"""(promotion_no, source)"""


class Tick(NamedTuple):
    """The counters as they were read at the end of an hour. `last_us`: the hour they had been read for before."""

    workspace_no: int
    hour_us: int
    taken_us: int
    last_us: int
    whole: int
    moved: list[Row]
    read: list[Row]
    past: list[int] | None
    """Hours before, of which facts said what was counted; their rows are in `moved`, and all that was there goes."""


def read_pace(tx: Tx, workspace_no: int, *, now_us: int) -> Tick | None:
    """What is to be kept of the hour that ended last; None while it has been, or nothing was ever counted."""
    catalogue = load(tx, workspace_no)
    border_us = catalogue.days.hour_us(now_us)
    hour_us = catalogue.days.hour_us(border_us - 1)
    last = tx.one("last_pace_hour", workspace_no=workspace_no)
    if last is not None and last[0] >= hour_us:
        return None
    cells = _cells(tx, workspace_no)
    if last is None and not cells:
        return None
    known = {(no, source): counts for no, source, *counts in _known(tx, workspace_no)}
    changed = {key: counts for key, counts in cells.items() if known.get(key) != counts}
    whole, past = _NOT, None
    if last is None or last[2] == _PROVISIONAL:
        # Whoever comes from another tool sends the past in several pieces: it is asked for once more.
        whole = _PROVISIONAL if last is None else _WHOLE
        moved, past = _past(tx, catalogue, border_us, sum(counts[2] for counts in cells.values()))
    else:
        if _is_whole(catalogue.days, last, hour_us, border_us, now_us):
            whole = _WHOLE
        # Of an hour that is not whole, days still want to know what was counted.
        moved = [
            (workspace_no, hour_us, *key, *_less(counts, known.get(key)))
            for key, counts in changed.items()
        ]
    read = [(workspace_no, *key, *counts) for key, counts in sorted(changed.items())]
    last_us = -1 if last is None else last[0]
    return Tick(workspace_no, hour_us, now_us, last_us, whole, sorted(moved), read, past)


def keep_pace(tx: Tx, tick: Tick) -> bool:
    """Keeps it, unless another server was first; whether it was kept."""
    no, before_us = tick.workspace_no, tick.hour_us - KEPT_FOR_US
    kept = tx.run(
        "add_pace_hour",
        workspace_no=no,
        hour_us=tick.hour_us,
        taken_us=tick.taken_us,
        last_us=tick.last_us,
        whole=tick.whole,
    )
    if not kept:
        return False
    if tick.past is not None:
        before_us = tick.hour_us
        tx.run("forget_pace_hours", workspace_no=no, before_us=before_us)
        tx.run("forget_pace", workspace_no=no, before_us=before_us + 1)
        hours = [(no, hour_us, tick.taken_us, 1) for hour_us in tick.past]
        tx.run_many("add_past_pace_hours", hours)
    else:
        tx.run("forget_pace_hours", workspace_no=no, before_us=before_us)
        tx.run("forget_pace", workspace_no=no, before_us=before_us)
    tx.run_many("add_pace", tick.moved)
    tx.run_many("set_pace_read", tick.read)
    return True


def _less(counts: list[int], before: list[int] | None) -> list[int]:
    if before is None:
        return counts
    return [one - other for one, other in zip(counts, before, strict=True)]


def _known(tx: Tx, workspace_no: int) -> list[Row]:
    return tx.all("pace_read", workspace_no=workspace_no)


def _is_whole(days: LocalDays, last: Row, hour_us: int, border_us: int, now_us: int) -> bool:
    """Whether the hour before was read at its end, and this one is."""
    before_us, taken_us, _ = last
    return (
        before_us == days.hour_us(hour_us - 1)
        and taken_us - hour_us <= _LATE_US
        and now_us - border_us <= _LATE_US
    )


def _cells(tx: Tx, workspace_no: int) -> dict[PaceKey, list[int]]:
    """What every promotion counts by source, over all currencies."""
    outstanding = Outstanding(tx, workspace_no)
    first_keys = dict.fromkeys(outstanding.totals(), "")
    found: dict[PaceKey, list[int]] = {}
    for (no, _), cells in outstanding.several(first_keys, (SOURCE,)).items():
        for (source, _), values in cells.items():
            counts = found.setdefault((no, source), [0] * len(_PLACES))
            for at, place in enumerate(_PLACES):
                counts[at] += values[place]
    return {key: counts for key, counts in found.items() if any(counts)}


def _past(tx: Tx, catalogue: Catalogue, border_us: int, facts: int) -> tuple[list[Row], list[int]]:
    """What facts say of the hours before this one, by the time they happened; nothing where there are too many."""
    workspace, days = catalogue.workspace, catalogue.days
    from_us = days.hour_us(max(border_us - KEPT_FOR_US + DAY_US, workspace.tracking_from_us))
    if facts > MOST_FACTS or not facts or from_us >= border_us:
        return [], []
    asked = {
        "workspace_no": workspace.workspace_no,
        "from_us": from_us,
        "until_us": border_us,
        "published_import_no": workspace.published_import_no,
    }
    found: dict[tuple[int, int, str], list[int]] = {}
    for no, source_no, quarter_us, *counts in tx.all("pace_of_events", **asked):
        _add(found, (days.hour_us(quarter_us), no, catalogue.sources[source_no]), [0, *counts])
    for no, source_no, quarter_us, assigned in tx.all("pace_of_assignments", **asked):
        counts = [assigned, 0, 0, 0, 0]
        _add(found, (days.hour_us(quarter_us), no, catalogue.sources[source_no]), counts)
    first_us = min(hour_us for hour_us, _, _ in found) if found else border_us
    rows: list[Row] = [(workspace.workspace_no, *key, *counts) for key, counts in found.items()]
    return rows, hours_between(days, first_us, border_us)


def hours_between(days: LocalDays, from_us: int, until_us: int) -> list[int]:
    """The hours of a time, each by its beginning."""
    found: list[int] = []
    hour_us = days.hour_us(from_us)
    while hour_us < until_us:
        if not found or found[-1] != hour_us:
            found.append(hour_us)
        hour_us = days.hour_us(hour_us + HOUR_US)
    return found


def _add(
    found: dict[tuple[int, int, str], list[int]], key: tuple[int, int, str], by: list[int]
) -> None:
    there = found.setdefault(key, [0] * len(by))
    there[:] = [one + other for one, other in zip(there, by, strict=True)]
