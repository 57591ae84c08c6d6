"""What a limit counts: the measures and days of its two sides, what is held for it, how its amounts are written."""

from __future__ import annotations

from promosight.flows.ledger.held import Part
from promosight.flows.ledger.outstanding import CellsByKey
from promosight.rules.measures import MEASURES
from promosight.rules.money import MICROS, format_amount
from promosight.rules.promotions import Limit
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    REDEEMED_DAY,
)
from promosight.store.catalogue import Listed

ASSIGNED, REDEEMED, _REDEMPTIONS, _COMMITTED, _COST = (
    MEASURES.index(name)
    for name in ("assigned", "redeemed", "redemptions", "committed_micros", "cost_micros")
)
_COUNTED = {
    "reward": (_COMMITTED, _COST),
    "assignments": (ASSIGNED, REDEEMED),
    "redemptions": (_REDEMPTIONS, _REDEMPTIONS),
}
"""The measures that are committed and redeemed of a limit, by their places in a cell."""
DATED = {
    "reward": (ASSIGNED_DAY, REDEEMED_DAY),
    "assignments": (ASSIGNED_DAY, REDEEMED_DAY),
    "redemptions": (REDEEMED_DAY, REDEEMED_DAY),
}
"""The days on which they are."""


def sum_of(listed: Listed, limit: Limit, cells: CellsByKey, place: int) -> int:
    """What is committed (place 0) or redeemed (1) in cells; a reward in the promotion's own currency."""
    measure = _COUNTED[limit.measure][place]
    if limit.measure != "reward":
        return sum(values[measure] for values in cells.values())
    currency = listed.terms.currency
    return sum(values[measure] for key, values in cells.items() if key[1] == currency)


def micros_of(limit: Limit, used: int) -> int:
    """The same in millionths, as a limit's amount is compared."""
    return used if limit.measure == "reward" else used * MICROS


def written(listed: Listed, limit: Limit, used: int) -> str:
    """As the contract tells it: a decimal text."""
    return format_amount(used, listed.terms.currency) if limit.measure == "reward" else str(used)


def held_for(listed: Listed, limit: Limit, part: Part) -> int:
    """What grants that are held come to in a limit's measure; nothing where they are of another tier."""
    if limit.tier_id not in (None, part.tier_id):
        return 0
    if limit.measure == "reward":
        return part.micros if part.currency == listed.terms.currency else 0
    return part.grants
