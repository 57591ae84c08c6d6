"""Raising alerts: which thresholds of limits are crossed that nobody has been told of yet.

A look costs a few numbers while nothing moves, and then only the promotions that moved are judged. Every process
looks, and each crossing has a number that is the same in all of them: the store's key decides who raised it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from promosight.flows.figures.of_promotions import Counted, View
from promosight.flows.figures.usage import Crossed
from promosight.flows.ledger.announcing import announce_alerts
from promosight.flows.ledger.held import Held
from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.outstanding import Remembered
from promosight.rules.instants import LocalDays
from promosight.rules.thresholds import alert_no
from promosight.rules.windows import borders_us
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.tx import Row, Tx

_WATCHED = ("active", "deactivated")
_NEVER_US = 2**62


class _Seen(NamedTuple):
    """What was seen in one look."""

    mark: Any
    defined: list[Listed]
    sums: Remembered
    rounds: int
    held: Held


class AlertWatch:
    """The limits of one workspace as they were last seen. One thread looks at a time, by one connection."""

    def __init__(self, workspace_no: int) -> None:
        self._workspace_no = workspace_no
        self._limited: tuple[list[Listed], list[Listed]] = ([], [])
        self._seen: _Seen | None = None
        self._judged_by: dict[int, Any] = {}
        self._raised: dict[int, set[int]] = {}

    def look(self, tx: Tx, *, now_us: int) -> list[Row]:
        """Alerts to be raised, in the columns of `add_alerts`; none for what was found before."""
        catalogue = load(tx, self._workspace_no)
        if not self._watched(catalogue):
            return []
        row = tx.one("figures_mark", workspace_no=self._workspace_no, now_us=now_us)
        mark = (catalogue.workspace, catalogue.days.day(now_us), row)
        if self._seen is not None and mark == self._seen.mark:
            return []
        view = View(tx, self._workspace_no, now_us=now_us)
        found = view.counted(self._may_have_moved(view, mark))
        moved = [one for one in found if self._has_moved(view, one)]
        return [row for one in moved for row in self._judged(view, one, now_us)]

    def _watched(self, catalogue: Catalogue) -> list[Listed]:
        """The promotions that have limits and may raise alerts."""
        defined = catalogue.defined
        if self._limited[0] is not defined:
            self._limited = defined, [one for one in defined if _is_watched(one)]
        return self._limited[1]

    def _may_have_moved(self, view: View, mark: Any) -> list[Listed]:
        """The promotions that movements or reservations have touched; all where one cannot tell."""
        before, sums, held = self._seen, view.remembered, view.windows.held
        catalogue = view.catalogue
        self._seen = _Seen(mark, catalogue.defined, sums, sums.rounds, held)
        if (
            before is None
            or before.mark[:2] != mark[:2]
            or before.sums is not sums
            or before.defined is not catalogue.defined
        ):
            return self._watched(catalogue)
        nos = sums.touched_since(before.rounds)
        nos |= {
            no for no in held.keys() | before.held.keys() if held.get(no) != before.held.get(no)
        }
        found = [catalogue.by_no.get(no) for no in sorted(nos)]
        return [one for one in found if one is not None and _is_watched(one)]

    def _has_moved(self, view: View, one: Counted) -> bool:
        now = (one.listed, one.by_currency, view.windows.judged_by(one.listed))
        if self._judged_by.get(one.listed.promotion_no) == now:
            return False
        self._judged_by[one.listed.promotion_no] = now
        return True

    def _judged(self, view: View, one: Counted, now_us: int) -> list[Row]:
        listed, catalogue = one.listed, view.catalogue
        raised = self._raised.get(listed.promotion_no, set())
        rows = {
            row[1]: row
            for crossed in view.windows.crossed(listed, one.sums)
            for row in _rows(catalogue, listed, crossed, now_us)
        }
        self._raised[listed.promotion_no] = set(rows)
        return [row for number, row in rows.items() if number not in raised]


def raise_alerts(tx: Tx, rows: list[Row]) -> int:
    """Keeps alerts; returns how many of them are new."""
    _announce(tx, rows)
    return tx.run_many("add_alerts", sorted(rows, key=lambda row: row[:2]))


def _announce(tx: Tx, rows: list[Row]) -> None:
    """Leaves word of those that nobody has raised yet, for webhooks."""
    raised_us = {row[:2]: row[10] for row in rows}
    for workspace_no in sorted({row[0] for row in rows}):
        workspace = load(tx, workspace_no).workspace
        if not workspace.announced:
            continue
        wanted = sorted(key for key in raised_us if key[0] == workspace_no)
        there = set(tx.all_for("alerts_there", wanted))
        new = [key for key in wanted if key not in there]
        if new:
            numbers = [number for _, number in new]
            announce_alerts(tx, workspace, numbers, now_us=raised_us[new[0]])


def _is_watched(listed: Listed) -> bool:
    return (
        has_limits(listed)
        and listed.definition is not None
        and listed.definition.status in _WATCHED
    )


def _rows(catalogue: Catalogue, listed: Listed, crossed: Crossed, now_us: int) -> list[Row]:
    limit, name = crossed.limit, crossed.window_name
    return [
        (
            catalogue.workspace.workspace_no,
            alert_no(listed.promotion_no, limit, name, threshold),
            listed.promotion_no,
            limit.measure,
            limit.window,
            limit.tier_id,
            limit.amount,
            name,
            threshold,
            crossed.used,
            now_us,
            _ends_us(catalogue.days, name, limit.window),
        )
        for threshold in crossed.thresholds
    ]


def _ends_us(days: LocalDays, name: str, window: str) -> int:
    borders = borders_us(days, name, window)
    return _NEVER_US if borders is None else borders[1]
