"""Restatements: figures of a day that had ended, or of facts that were told before, which moved afterwards.

A *line* is a difference on one day: of assignments, those given on it; of redemptions, those made on it. That is how a
breakdown by day of redemption counts, so the figures of a day as they were when it ended, and the lines of that day in
every restatement since, add up to its figures now.
"""

from __future__ import annotations

from operator import add, sub

from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    REDEEMED_DAY,
    Cells,
    Pile,
    Redeemed,
    Used,
)

COUNTS = (
    "assigned",
    "redeemed",
    "redemptions",
    "excess",
    "unassigned",
    "flagged",
    "pending",
    "reversed",
)
"""The counts of a line, in the order of its values; the cost and the order value follow, in millionths."""

LineKey = tuple[str, str | None, str]
"""(day, tier, currency); the tier is None where no tier is known."""
Lines = dict[LineKey, list[int]]

_ASSIGNED, _REDEEMED, _REDEMPTIONS, _EXCESS, _UNASSIGNED, _FLAGGED, _PENDING, _REVERSED = range(8)
_COST, _ORDER = 8, 9
_COUNTED_AS = {
    "counted": (_REDEMPTIONS,),
    "excess": (_REDEMPTIONS, _EXCESS),
    "unassigned": (_REDEMPTIONS, _UNASSIGNED),
    "flagged": (_REDEMPTIONS, _FLAGGED),
    "reversed": (_REVERSED,),
    "pending": (_PENDING,),
}
_NEVER = "~"
"""Later than every day."""
_KEPT = [MEASURES.index(name) for name in (*COUNTS, "cost_micros", "order_micros")]


def lines_of(cells: Cells, before: str | None = None) -> dict[int, Lines]:
    """What a difference adds on each day, by promotion; with `before`, only on days before that one.

    Where thousands of facts were counted together, the tier of each is not known any more.
    """
    found: dict[int, Lines] = {}
    assigned, taken, redeemed, used, piles = cells.collected
    until = before or _NEVER
    # Looked at for every transaction, so that days are compared before anything else is done.
    for given, n in assigned.items():
        if given[6] < until and n:
            no, tier, *_, day, _, currency = given
            _line(found, no, (day, tier or None, currency))[_ASSIGNED] += n
    for use, n in taken.items():
        if use[7] < until and n:
            no, tier, *_, day, currency = use
            _line(found, no, (day, tier or None, currency))[_REDEEMED] += n
    for key, numbers in redeemed.items():
        if key[7] < until:
            _add_redeemed(found, key, *numbers)
    for one, numbers in used.items():
        if one[8] < until:
            _add_used(found, one, *numbers)
    _add_piles(found, piles, until)
    return found


def _add_piles(found: dict[int, Lines], piles: dict[int, Pile], until: str) -> None:
    for no, pile in piles.items():
        for (dimension, currency, keys), values in pile.items():
            if dimension == REDEEMED_DAY and keys[0] < until:
                add_line(found.setdefault(no, {}), (keys[0], None, currency), kept(values))


def _add_redeemed(
    found: dict[int, Lines], key: Redeemed, n: int, cost_micros: int, order_micros: int
) -> None:
    no, tier, *_, day, outcome, currency, paid_in = key
    line = _line(found, no, (day, tier or None, currency))
    for measure in _COUNTED_AS[outcome]:
        line[measure] += n
    if outcome not in ("pending", "reversed"):
        line[_COST] += cost_micros
        if order_micros:
            _line(found, no, (day, tier or None, paid_in))[_ORDER] += order_micros


def _add_used(
    found: dict[int, Lines], used: Used, n: int, cost_micros: int, order_micros: int
) -> None:
    no, tier, *_, day, currency = used
    line = _line(found, no, (day, tier or None, currency))
    line[_REDEEMED] += n
    line[_REDEMPTIONS] += n
    line[_COST] += cost_micros
    line[_ORDER] += order_micros


def kept(values: list[int]) -> list[int]:
    """The values of a line, of a cell's."""
    return [values[place] for place in _KEPT]


def add_line(lines: Lines, key: LineKey, values: list[int]) -> None:
    """Adds to a line."""
    there = lines.get(key)
    lines[key] = values if there is None else list(map(add, there, values))


def without(lines: Lines, others: Lines, before: str) -> Lines:
    """What is left of lines when others of days before one are taken away; without tiers where they have none."""
    left = dict(lines)
    has_tiers = any(tier for _, tier, _ in lines)
    for (day, tier, currency), values in others.items():
        if day < before:
            key = (day, tier if has_tiers else None, currency)
            left[key] = list(map(sub, left.get(key, [0] * len(values)), values))
    return left


def told(lines: Lines) -> Lines:
    """Those that say something."""
    return {key: values for key, values in lines.items() if any(values)}


def facts_of(lines: Lines) -> int:
    """How many facts lines add, at least one."""
    number = sum(
        values[_ASSIGNED] + values[_REDEMPTIONS] + values[_PENDING] + values[_REVERSED]
        for values in lines.values()
    )
    return max(number, 1)


def reason(kind: str, event_id: str, about: str | None, facts: int) -> str:
    """Why figures moved, in words."""
    many = f"{facts:,} facts" if facts > 1 else "1 fact"
    said = {
        "reversal": f"redemption {about} was reversed in full",
        "partial_reversal": f"a part of redemption {about} was reversed",
        "late_assignment": f"assignment {event_id} came after redemptions: they were matched anew",
        "late_redemption": f"redemption {event_id} came after others: they were matched anew",
        "withdrawal": f"assignment {event_id} was withdrawn",
        "terms": "the terms of the promotion changed: everything was matched anew",
        "mapped": f"{event_id} was said to mean this promotion",
        "unmapped": f"{event_id} is not said to mean this promotion any more",
        "identified": f"event {event_id} had waited for its customer, code or promotion",
        "late_report": f"{many} of days that had ended came late, the first was {event_id}",
        "import": f"{many} of days that had ended came with {event_id}",
    }
    return said[kind]


WHY = {
    "new": "came since, while its day still ran",
    "reversal": "redemptions were reversed in full",
    "partial_reversal": "parts of redemptions were reversed",
    "late_assignment": "assignments came after redemptions that they take",
    "late_redemption": "redemptions came after others of their customer",
    "late_report": "facts of days that had ended came late",
    "import": "facts of days that had ended came with a file",
    "withdrawal": "assignments were withdrawn",
    "terms": "the terms of the promotion changed",
    "mapped": "a word was said to mean this promotion",
    "unmapped": "a word was not said to mean this promotion any more",
    "identified": "events had waited for their customer, code or promotion",
    "unexplained": "no entry of the restatement log says why",
}
"""Why figures moved, by the kinds of restatements, and what is none."""


def _line(found: dict[int, Lines], promotion_no: int, key: LineKey) -> list[int]:
    lines = found.setdefault(promotion_no, {})
    line = lines.get(key)
    if line is None:
        line = lines[key] = [0] * len(_KEPT)
    return line
