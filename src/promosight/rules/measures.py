"""The additive columns of a cell: their names and places, what an outcome adds to, and how sums lie in the store."""

from __future__ import annotations

from collections.abc import Sequence

from promosight.rules.wide import BILLION

MEASURES = (
    "assigned",
    "redeemed",
    "customers_assigned",
    "customers_redeemed",
    "redemptions",
    "excess",
    "unassigned",
    "flagged",
    "pending",
    "reversed",
    "reported",
    "committed_micros",
    "cost_micros",
    "order_micros",
)
"""The additive columns of a cell, in the order of their values. `reported` counts accepted events, reversed or not."""

(
    ASSIGNED,
    REDEEMED,
    CUSTOMERS_ASSIGNED,
    CUSTOMERS_REDEEMED,
    REDEMPTIONS,
    EXCESS,
    UNASSIGNED,
    FLAGGED,
    PENDING,
    REVERSED,
    REPORTED,
    COMMITTED,
    COST,
    ORDER,
) = range(len(MEASURES))
COUNTED_AS = {
    "counted": (REPORTED, REDEMPTIONS),
    "excess": (REPORTED, REDEMPTIONS, EXCESS),
    "unassigned": (REPORTED, REDEMPTIONS, UNASSIGNED),
    "flagged": (REPORTED, REDEMPTIONS, FLAGGED),
    "reversed": (REPORTED, REVERSED),
    "pending": (PENDING,),
}
"""What a redemption of each outcome adds one to."""
WITHOUT_AMOUNTS = ("pending", "reversed")


def add_counted(cell: list[int], n: int, cost_micros: int, order_micros: int) -> None:
    """Adds redemptions that count."""
    cell[REPORTED] += n
    cell[REDEMPTIONS] += n
    cell[COST] += cost_micros
    cell[ORDER] += order_micros


def in_halves(values: list[int]) -> list[int]:
    """The MEASURES as the columns of a tally: `wide.halves` of the amounts, the lower ones in their places."""
    *counts, committed, cost, order = values
    low = [committed % BILLION, cost % BILLION, order % BILLION]
    return [*counts, *low, committed // BILLION, cost // BILLION, order // BILLION]


def in_whole(columns: Sequence[int]) -> list[int]:
    """The MEASURES, of the columns of a tally."""
    values = list(columns[: len(MEASURES)])
    committed, cost, order = columns[len(MEASURES) :]
    if committed or cost or order:
        values[COMMITTED] += committed * BILLION
        values[COST] += cost * BILLION
        values[ORDER] += order * BILLION
    return values
