"""Writing what concerns money into files for the second engine: limits, reservations, outcomes, and what is told.

Usage and return are not stored: they are worked out when somebody asks. So they are asked for here, by the functions
that answer everybody, in the same snapshot that the facts are written from, and every number of the answers is written
beside the facts. While an import runs its facts are there and its figures are held back; then nothing is written
and nothing compared.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from promosight.flows.checking.extract import Row, slice_folders, write_rows, write_slices
from promosight.flows.figures.of_promotions import View
from promosight.flows.figures.promotion_return import HORIZON_DAYS, Told, told_of
from promosight.flows.ledger.published import import_runs
from promosight.rules.identity import bucket_of
from promosight.rules.instants import DAY_US
from promosight.rules.money import MICROS
from promosight.rules.promotions import Limit
from promosight.rules.uplift import Arm
from promosight.store.catalogue import Catalogue, Listed
from promosight.store.tx import Tx

_PRIME = 999_999_999_999_999_989
"""By the remainder of this the second engine knows a sum of squares: all of its digits would be too many for it."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def extract_money(
    tx: Tx, catalogue: Catalogue, folder: Path, *, now_us: int, slices: int = 1
) -> None:
    """Writes the files of usage and return as of a moment, unless an import runs."""
    workspace_no = catalogue.workspace.workspace_no
    reservations = tx.each("verify_reservations", workspace_no=workspace_no)
    write_rows(folder, "ledger_reservation", reservations)
    if import_runs(tx, catalogue.workspace):
        return
    write_rows(folder, "moment", [(now_us, HORIZON_DAYS * DAY_US)])
    outcomes = tx.each("verify_outcomes", workspace_no=workspace_no)
    outcomes = ((bucket_of(row[0]), *row) for row in outcomes)
    write_slices(slice_folders(folder, slices), "ledger_outcome", outcomes, customer=1)
    measures = tx.all("told_measures", workspace_no=workspace_no)
    write_rows(folder, "outcome_measure", measures)
    limits: list[Row] = []
    told = [
        *_usage(tx, catalogue, limits, now_us),
        *_returns(tx, catalogue, [row[0] for row in measures], now_us),
    ]
    write_rows(folder, "term_limit", limits)
    write_rows(folder, "told_amount", told)


def _usage(tx: Tx, catalogue: Catalogue, limits: list[Row], now_us: int) -> Iterator[Row]:
    """What is told of each limit; the limits themselves go to `limits`."""
    view = View(tx, catalogue.workspace.workspace_no, now_us=now_us)
    today = date.fromisoformat(catalogue.days.day(now_us))
    for counted in view.counted([one for one in catalogue.defined if _limits(one)]):
        no = counted.listed.promotion_no
        told = zip(_limits(counted.listed), counted.usage, strict=True)
        for place, (limit, usage) in enumerate(told, start=1):
            both = _both(limit, usage.committed, usage.redeemed)
            if both is None:
                continue  # it is not told, so there is nothing to compare
            name = f"limit {place}, {limit.window} {limit.measure}"
            first, last = _window(today, limit.window, catalogue.workspace.week_start)
            limits.append(
                (no, name, limit.measure, limit.tier_id, first.isoformat(), last.isoformat())
            )
            yield no, name, "committed", both[0]
            yield no, name, "redeemed", both[1]


def _limits(listed: Listed) -> list[Limit]:
    return [] if listed.definition is None else listed.definition.limits


def _window(today: date, window: str, week_start: str) -> tuple[date, date]:
    """The first and the last day of the window that a day lies in; worked out apart from `rules`, on purpose."""
    if window == "daily":
        return today, today
    if window == "weekly":
        back = (today.weekday() - _WEEKDAYS.index(week_start)) % 7
        return today - timedelta(back), today + timedelta(6 - back)
    if window == "monthly":
        return today.replace(day=1), today.replace(day=monthrange(today.year, today.month)[1])
    return date.min, date.max


def _both(limit: Limit, committed: str | None, redeemed: str | None) -> tuple[int, int] | None:
    """What is told of a limit as whole numbers: millionths of a reward, or a count."""
    if committed is None or redeemed is None:
        return None
    unit = 1 if limit.measure == "reward" else MICROS
    return _micros_of(committed) // unit, _micros_of(redeemed) // unit


def _micros_of(told: str) -> int:
    """Millionths of a sum, which may pass what one amount may be."""
    return int(Fraction(told) * MICROS)


def _returns(tx: Tx, catalogue: Catalogue, measures: list[str], now_us: int) -> Iterator[Row]:
    """What is told of every promotion's return, by each measure that anything was told of."""
    workspace = catalogue.workspace
    for no in sorted(catalogue.by_no) if measures else ():
        costs: dict[str, int] = {}
        for measure in measures:
            told = told_of(tx, workspace, no, measure, HORIZON_DAYS, now_us=now_us)
            costs = told.costs  # the same by every measure
            yield from _arms(no, measure, told)
        for currency, micros in costs.items():
            yield no, "return, cost", currency, micros


def _arms(promotion_no: int, measure: str, told: Told) -> Iterator[Row]:
    for name, arm in (("treated", told.treated), ("control", told.control)):
        for word, number in _numbers(arm).items():
            yield promotion_no, f"return by {measure}, {name}", word, number


def _numbers(arm: Arm) -> dict[str, int]:
    return {
        "customers": arm.customers,
        "acted": arm.acted,
        "total": round(arm.total),
        "squares": round(arm.squares) % _PRIME,
    }
