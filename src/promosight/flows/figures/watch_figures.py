"""Watching figures: which promotions' figures or definitions changed since somebody last looked.

A look first reads a mark of a few numbers, and ends there while they are the same. Otherwise the connection, which
remembers the sums it has read, says which of them movements have touched since; where it had to read the sums
anew, those of all promotions are compared. Only the promotions that moved are encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from promosight.flows.figures.of_promotions import Coverage, View
from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.outstanding import Remembered
from promosight.rules.forecasts import quarter_of
from promosight.store.catalogue import Listed, Workspace, load
from promosight.store.tx import Tx


class Moved(NamedTuple):
    """What a look found."""

    items: list[tuple[str, bytes]]
    """The promotions that changed: id, and JSON as the list shows it."""
    removed: list[str]
    """Ids of promotions that are there no more."""
    waiting: bool
    """Whether something moved of a promotion that nobody has defined."""


class WatchedFigures:
    """The figures of one workspace as they were last seen. One thread looks at a time, by one connection."""

    def __init__(self, workspace_no: int) -> None:
        self._workspace_no = workspace_no
        self._seen: _Seen | None = None

    def look(self, tx: Tx, *, now_us: int) -> Moved | None:
        """What changed since the look before; None for nothing, and the first time."""
        workspace_no, before = self._workspace_no, self._seen
        catalogue = load(tx, workspace_no)
        row = tx.one("figures_mark", workspace_no=workspace_no, now_us=now_us)
        mark = _Mark(catalogue.workspace, quarter_of(now_us), row)
        if before is not None and before.mark == mark:
            return None
        view = View(tx, workspace_no, now_us=now_us)
        if before is None:
            self._seen = _Seen(view, mark, _windowed(view, view.catalogue.defined))
            return None
        moved, seen = _compared(before, view, mark)
        self._seen = seen
        return moved


class _Mark(NamedTuple):
    workspace: Workspace
    quarter_us: int
    numbers: Any

    @property
    def calendar(self) -> tuple[int, str]:
        """What the windows and forecasts of limits depend on beside the counters."""
        return self.quarter_us, self.workspace.week_start


class _Seen:
    """What was seen in one look. Nothing is copied: what the connection remembers says itself what moved since."""

    def __init__(self, view: View, mark: _Mark, windows: dict[int, Any]) -> None:
        self.mark = mark
        self.sums = view.remembered
        self.rounds = self.sums.rounds
        self.defined = view.catalogue.defined
        self.coverage = view.coverage
        self.windows = windows
        self.held = view.windows.held
        self.reached = view.windows.reached


def _compared(before: _Seen, view: View, mark: _Mark) -> tuple[Moved, _Seen]:
    catalogue = view.catalogue
    moved = _sums_moved(before, view.remembered)
    windows = _windows_asked(before, view, mark, moved)
    moved |= {no for no, cells in windows.items() if before.windows.get(no) != cells}
    moved |= _differing(before.held, view.windows.held)
    moved |= _differing(before.reached, view.windows.reached)
    moved |= _coverage_moved(before.coverage, view)
    redefined, removed = _definitions_moved(before.defined, catalogue.defined)
    found = [catalogue.by_no.get(no) for no in sorted(moved | redefined)]
    page = [one for one in found if one is not None and one.definition is not None]
    items = [
        (listed.promotion_id, bytes(text))
        for listed, text in zip(page, view.show(page), strict=True)
    ]
    seen = _Seen(view, mark, before.windows | windows)
    return Moved(items, removed, waiting=len(page) < len(found)), seen


def _sums_moved(before: _Seen, now: Remembered) -> set[int]:
    """The promotions whose sums or latest events moved."""
    moved = before.sums.touched_since(before.rounds)
    if now is not before.sums:
        for here, there in (
            (now.totals, before.sums.totals),
            (now.last_event_us, before.sums.last_event_us),
        ):
            moved.update(_differing(here, there))
    return moved


def _differing(here: Mapping[int, Any], there: Mapping[int, Any]) -> set[int]:
    return {no for no in here.keys() | there.keys() if here.get(no) != there.get(no)}


def _windows_asked(before: _Seen, view: View, mark: _Mark, moved: set[int]) -> dict[int, Any]:
    """What limits look at, of the promotions where it may have changed."""
    listed = view.catalogue.defined
    if mark.calendar == before.mark.calendar and view.remembered is before.sums:
        listed = [one for no in moved if (one := view.catalogue.by_no.get(no)) is not None]
    return _windowed(view, listed)


def _windowed(view: View, promotions: list[Listed]) -> dict[int, Any]:
    wanted = [one for one in promotions if has_limits(one)]
    view.windows.want(wanted)
    return {one.promotion_no: view.windows.looked_at(one) for one in wanted}


def _coverage_moved(before: Coverage, view: View) -> set[int]:
    if before.periods == view.coverage.periods:
        return set()
    return {
        one.promotion_no
        for one in view.catalogue.defined
        if before.covers(one) != view.coverage.covers(one)
    }


def _definitions_moved(before: list[Listed], now: list[Listed]) -> tuple[set[int], list[str]]:
    """The promotions defined anew, and the ids of those that are gone."""
    if before is now:
        return set(), []
    known = {one.promotion_no: one for one in before}
    redefined = {one.promotion_no for one in now if known.pop(one.promotion_no, None) is not one}
    return redefined, sorted(one.promotion_id for one in known.values())
