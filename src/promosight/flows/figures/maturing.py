"""The matured rate: a promotion's assignments by age, life and delay, read in one scan, and what to expect of them.

Only facts know how long after its assignment a redemption came. Those of the published figures are read; while an
import runs, groups it has touched may stand here as they stand now, until it ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from promosight.flows.figures.kept import Keeping, kept
from promosight.flows.figures.of_promotions import Counted, View
from promosight.flows.figures.unredeemed import is_many
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import DAY_US, format_instant, week_of, zone
from promosight.rules.maturing import LEVEL, Cell, Cohort, outlook
from promosight.store.catalogue import Catalogue, Workspace
from promosight.store.tx import Row, Tx

MANY = 20_000
"""With so many assignments an answer is kept for a while: reading a million takes some eight seconds."""

_KEEPING = Keeping(us_each=100, slower=3, moved=100)
"""Two seconds for twenty thousand, two minutes for a million."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

_NO_RATE = {
    "no_data": "no redemption data was reported yet",
    "no_assignments": "nothing is assigned",
    "not_tracked": "the promotion ended before tracking began",
}


class MaturityCohort(msgspec.Struct):
    """The assignments of one week, which begins on the day `from`; assigned = redeemed + open + expired."""

    from_: str = msgspec.field(name="from")
    assigned: int
    redeemed: int
    open: int
    expired: int
    rate: float | None
    expected: float | None
    interval: tuple[float, float] | None


class Maturity(msgspec.Struct):
    """The redemption rate so far, and what is expected once nobody can redeem any more.

    `state`: `matured` (nothing is open), `estimated`, `not_enough` (`reason` says why), or where there is no rate yet
    the state of the rate. The interval holds the final rate with the probability `level`.
    """

    promotion_id: str
    state: str
    reason: str | None
    assigned: int
    redeemed: int
    open: int
    expired: int
    rate: float | None
    expected: float | None
    interval: tuple[float, float] | None
    level: float
    cohorts: list[MaturityCohort]
    as_of: str


def maturity(tx: Tx, workspace_no: int, promotion_id: str, *, now_us: int) -> Maturity:
    """What is expected of a promotion's rate. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    view = View(tx, workspace_no, now_us=now_us)
    (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    assigned, workspace = one.sums["assigned"], view.catalogue.workspace
    if assigned < MANY:
        return _found(tx, view.catalogue, one, now_us)
    return kept(
        tx,
        ("maturity", one.listed.promotion_no),
        workspace,
        lambda _held: _found(tx, view.catalogue, one, now_us),
        keeping=_KEEPING,
        assigned=assigned,
        now_us=now_us,
    )


def _found(tx: Tx, catalogue: Catalogue, one: Counted, now_us: int) -> Maturity:
    return shown_maturity(one, _cells(tx, catalogue, one, now_us), now_us)


def shown_maturity(one: Counted, cells: list[Cell], now_us: int) -> Maturity:
    """What is expected of a promotion by the lives of its assignments."""
    seen = outlook(cells)
    whole, tracked = seen.whole, one.state == "tracked"
    return Maturity(
        promotion_id=one.listed.promotion_id,
        state=seen.state if tracked else one.state,
        reason=seen.reason if tracked else _NO_RATE.get(one.state),
        assigned=whole.assigned,
        redeemed=whole.redeemed,
        open=whole.open,
        expired=whole.expired,
        rate=_rate(whole) if tracked else None,
        expected=whole.expected if tracked else None,
        interval=whole.interval if tracked else None,
        level=LEVEL,
        cohorts=[_cohort(week) for week in seen.cohorts] if tracked else [],
        as_of=format_instant(now_us),
    )


def _cohort(week: Cohort) -> MaturityCohort:
    return MaturityCohort(
        from_=week.week,
        assigned=week.assigned,
        redeemed=week.redeemed,
        open=week.open,
        expired=week.expired,
        rate=_rate(week),
        expected=week.expected,
        interval=week.interval,
    )


def _rate(cohort: Cohort) -> float | None:
    return cohort.redeemed / cohort.assigned if cohort.assigned else None


def _cells(tx: Tx, catalogue: Catalogue, one: Counted, now_us: int) -> list[Cell]:
    workspace = catalogue.workspace
    before_us, after_us = week_shifts(workspace, now_us)
    rows = tx.all(
        "lives_of_many" if is_many(tx, one.sums["assigned"]) else "lives_of_few",
        promotion_no=one.listed.promotion_no,
        tracking_from_us=workspace.tracking_from_us,
        published_import_no=workspace.published_import_no,
        now_us=now_us,
        before_us=before_us,
        after_us=after_us,
    )
    return [cell_of(catalogue, row) for row in rows]


def cell_of(catalogue: Catalogue, row: Row) -> Cell:
    """A row as the rule wants it; clocks that run ahead may have brought tomorrow's assignments."""
    age, _, _, life, delay, expired, assigned_us, past_s, assignments = row
    part = past_s * 1_000_000 / (assignments * DAY_US)
    return Cell(
        week=week_of(catalogue.days.day(assigned_us), catalogue.workspace.week_start),
        age=max(age, 0),
        part=min(max(part, 0.0), 1.0),
        life=None if life is None else max(life, 0),
        delay=None if delay is None else max(delay, 0),
        expired=bool(expired),
        assignments=assignments,
    )


def week_shifts(workspace: Workspace, now_us: int) -> tuple[int, int]:
    """What to add to an instant so that whole weeks begin where local ones do: in winter, and in summer."""
    year = datetime.fromtimestamp(now_us / 1_000_000, UTC).year
    days = (_EPOCH_WEEKDAY - _WEEKDAYS.index(workspace.week_start)) % 7
    here = zone(workspace.time_zone)
    offsets = [datetime(year, month, 1, tzinfo=here).utcoffset() for month in (1, 7)]
    winter, summer = (
        days * DAY_US + (offset or timedelta()) // timedelta(microseconds=1) for offset in offsets
    )
    return winter, summer
