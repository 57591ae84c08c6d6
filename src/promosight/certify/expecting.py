"""What the API must show of a promotion: figures and breakdowns, made of the independent count.

A row of a breakdown is what its assignments came to; what took no assignment counts under its own words, which in these
worlds carry none. By code a redemption counts under the code it was used with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from promosight.certify.counting import ZERO, Counted, Standing, promised
from promosight.certify.facts import Assignment, moment

DIMENSIONS = (
    *("tier", "segment", "channel", "campaign", "source"),
    *("code", "outcome", "day", "week", "month"),
)
COUNTS = (
    *("assigned", "redeemed", "redemptions", "excess"),
    *("unassigned", "flagged", "pending", "reversed"),
)
AMOUNTS = ("reward_cost", "reward_units", "order_value")
_WEEKDAYS = {"monday": 0, "saturday": 5, "sunday": 6}
_Z = 1.959963984540054
Row = dict[str, Any]


def figures(counted: Counted) -> Row:
    """Counts and amounts of a promotion."""
    outcomes = Counter(one.outcome for one in counted.standings if one.live)
    customers = {a.customer_id for a in counted.rated}
    redeemers = {a.customer_id for a in counted.rated if a.assignment_id in counted.redeemed}
    cost = sum((one.cost for one in counted.costing), ZERO)
    orders = sum((one.event.order_value or ZERO for one in counted.costing), ZERO)
    unit = counted.terms.unit
    return {
        "assigned": len(counted.rated),
        "redeemed": len(counted.redeemed),
        "redemptions": len(counted.costing),
        "excess": outcomes["excess"],
        "unassigned": outcomes["unassigned"],
        "flagged": outcomes["flagged"],
        "pending": outcomes["pending"],
        "reversed": sum(not one.live for one in counted.standings),
        "customers assigned": len(customers),
        "customers redeemed": len(redeemers),
        "reward_cost": ZERO if unit else cost,
        "reward_units": cost if unit else ZERO,
        "order_value": orders,
    }


def found_figures(told: Mapping[str, Any]) -> Row:
    """The same of what the server shows."""
    customers = told.get("customers") or {}
    found = {name: told.get(name) for name in COUNTS}
    found |= {f"customers {name}": customers.get(name) for name in ("assigned", "redeemed")}
    return found | {name: amount(told.get(name)) for name in AMOUNTS}


def amount(told: Any) -> Any:
    """An amount by currency: there is one at most in these worlds, and zero may be left out."""
    try:
        values = [Decimal(value) for value in dict(told or {}).values()]
    except (InvalidOperation, TypeError, ValueError):
        return told
    present = [value for value in values if value]
    return sum(present, ZERO) if len(present) < 2 else told


def usage(counted: Counted) -> dict[str, tuple[Decimal, Decimal]]:
    """Committed and redeemed of a lifetime limit, by measure (semantics, section 4)."""
    committed = sum((promised(counted.terms, a) or ZERO for a in counted.rated), ZERO)
    redemptions = Decimal(len(counted.costing))
    return {
        "reward": (committed, sum((one.cost for one in counted.costing), ZERO)),
        "assignments": (Decimal(len(counted.rated)), Decimal(len(counted.redeemed))),
        "redemptions": (redemptions, redemptions),
    }


def rows(counted: Counted, by: str, zone: ZoneInfo, week_start: str) -> dict[str | None, Row]:
    """The rows of a breakdown by key: assigned, redeemed, redemptions and amounts, where any is not zero."""
    if by == "outcome":
        return _by_outcome(counted)
    key = _key(by, zone, week_start)
    found: dict[str | None, Row] = {}
    for a in counted.rated:
        row = found.setdefault(key(a, None), _nothing())
        row["assigned"] += 1
        row["redeemed"] += a.assignment_id in counted.redeemed
    for one in counted.costing:
        row = found.setdefault(key(one.taken, one), _nothing())
        _add(row, one)
    return {key: row for key, row in found.items() if any(row.values())}


def _by_outcome(counted: Counted) -> dict[str | None, Row]:
    found: dict[str | None, Row] = {}
    for one in counted.costing:
        _add(found.setdefault(one.outcome, _nothing()), one)
    if counted.redeemed:
        found["counted"]["assigned"] = found["counted"]["redeemed"] = len(counted.redeemed)
    left = len(counted.rated) - len(counted.redeemed)
    return found | ({"not_redeemed": _nothing() | {"assigned": left}} if left else {})


def _nothing() -> Row:
    return {"assigned": 0, "redeemed": 0, "redemptions": 0, "cost": ZERO, "order_value": ZERO}


def _add(row: Row, one: Standing) -> None:
    row["redemptions"] += 1
    row["cost"] += one.cost
    row["order_value"] += one.event.order_value or ZERO


def found_rows(told: Any) -> dict[str | None, Row]:
    """The same of what the server shows."""
    found = {}
    for one in told if isinstance(told, list) else ():
        row = {name: one.get(name) for name in ("assigned", "redeemed", "redemptions")}
        cost = amount({**(one.get("reward_cost") or {}), **(one.get("reward_units") or {})})
        row |= {"cost": cost, "order_value": amount(one.get("order_value"))}
        if any(row.values()):
            found[one.get("key")] = row
    return found


_Key = Callable[[Assignment | None, Standing | None], str | None]


def _key(by: str, zone: ZoneInfo, week_start: str) -> _Key:
    if by in ("day", "week", "month"):
        return lambda a, one: _period(_local_day(a, one, zone), by, week_start)
    return lambda a, one: _word(by, a, one)


def _word(by: str, a: Assignment | None, one: Standing | None) -> str | None:
    if by == "code":
        said = None if one is None else one.event.promo_code
        return said or (None if a is None else a.promo_code)
    if a is None:
        return one.event.campaign_id if one is not None and by == "campaign" else None
    if by == "channel":
        return "+".join(a.channels) or None
    return {"tier": a.tier_id, "segment": a.segment, "campaign": a.campaign_id}[by]


def _local_day(a: Assignment | None, one: Standing | None, zone: ZoneInfo) -> date:
    if a is not None:
        return moment(a.assigned_us).astimezone(zone).date()
    assert one is not None
    return moment(one.event.redeemed_us).astimezone(zone).date()


def _period(day: date, by: str, week_start: str) -> str:
    if by == "month":
        return f"{day:%Y-%m}"
    if by == "week":
        day -= timedelta(days=(day.weekday() - _WEEKDAYS.get(week_start, 0)) % 7)
    return day.isoformat()


def display(redeemed: int, assigned: int) -> str:
    """The rate as it is shown (semantics, section 2)."""
    if not assigned:
        return "-"
    if redeemed == assigned:
        return "100%"
    if redeemed and Decimal(redeemed) / assigned < Decimal("0.001"):
        return "<0.1%"
    tenths = (Decimal(redeemed * 1000) / assigned).quantize(Decimal(1), "ROUND_HALF_UP")
    shown = min(tenths, Decimal(999)) / 10
    return f"{shown:.1f}".removesuffix(".0") + "%"


def wilson(redeemed: int, assigned: int) -> tuple[float, float]:
    """The 95% Wilson interval, as the textbooks write it."""
    p, n, z2 = redeemed / assigned, assigned, _Z * _Z
    middle = p + z2 / (2 * n)
    reach = _Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (middle - reach) / (1 + z2 / n), (middle + reach) / (1 + z2 / n)
