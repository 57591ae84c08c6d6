"""What a fact adds to the counters.

A breakdown never scans facts: each fact adds to a handful of cells, one for each dimension. A cell is
keyed by (dimension, key, currency) within a promotion and bucket; counts and amounts sit side by side,
and a sum over currencies gives the count. When a fact's standing changes, what it added is subtracted
and what it adds now is added, so the cells are always the sum over the facts as they stand.
"""

from __future__ import annotations

from typing import NamedTuple

TOTAL, TIER, SEGMENT, CHANNEL, CAMPAIGN, SOURCE, ASSIGNED_DAY, REDEEMED_DAY, OUTCOME = range(9)
DIMENSIONS = (
    "total",
    "tier",
    "segment",
    "channel",
    "campaign",
    "source",
    "day",
    "redeemed_day",
    "outcome",
)
"""Names of the dimensions, at the index stored in the `dimension` column."""

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
    _ASSIGNED,
    _REDEEMED,
    _CUSTOMERS_ASSIGNED,
    _CUSTOMERS_REDEEMED,
    _REDEMPTIONS,
    _EXCESS,
    _UNASSIGNED,
    _FLAGGED,
    _PENDING,
    _REVERSED,
    _REPORTED,
    _COMMITTED,
    _COST,
    _ORDER,
) = range(len(MEASURES))
_BY_OUTCOME = {"excess": _EXCESS, "unassigned": _UNASSIGNED, "flagged": _FLAGGED}


class Place(NamedTuple):
    """Where an assignment counts: the keys it carries. Empty text stands for none."""

    tier: str
    segment: str
    channel: str
    campaign: str
    source: str
    day: str


class AssignmentStanding(NamedTuple):
    """An assignment that is in the rate: where, whether redeemed, and what it commits."""

    place: Place
    redeemed: bool
    redeemed_day: str
    committed_micros: int
    currency: str


class RedemptionStanding(NamedTuple):
    """A redemption as it stands: the place of the assignment it took (or its own words), its source and day."""

    place: Place
    source: str
    day: str
    outcome: str
    live: bool
    cost_micros: int
    currency: str
    order_micros: int
    order_currency: str


CellKey = tuple[int, int, int, str, str]
"""(bucket, promotion_no, dimension, key, currency)"""


Assigned = tuple[int, str, str, str, str, str, str, int, str]
"""(promotion_no, tier, segment, channel, campaign, source, day, committed_micros, currency)"""


FirstUse = tuple[
    tuple[int, str, str, str, str, str, str],
    str | None,
    tuple[str, str, str],
    tuple[str, str],
    tuple[int, int, int],
]
"""A live redemption that is the first of its assignment and its customer in a promotion:
(promotion_no, tier, segment, channel, campaign, source and day of the assignment); its currency, None where it
is not in the rate; (source, redeemed_day, outcome); (currency, order_currency); (cost, order value, redeemed_us).
"""


class Cells:
    """A difference to the counters, collected and then applied in one statement."""

    def __init__(self) -> None:
        self.values: dict[CellKey, list[int]] = {}
        self.last_event_us: dict[tuple[int, int], int] = {}

    def assignment(self, bucket: int, promotion_no: int, a: AssignmentStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one assignment in the rate."""
        p = a.place
        for dimension, key in (
            (TOTAL, ""),
            (TIER, p.tier),
            (SEGMENT, p.segment),
            (CHANNEL, p.channel),
            (CAMPAIGN, p.campaign),
            (SOURCE, p.source),
            (ASSIGNED_DAY, p.day),
        ):
            cell = self._cell(bucket, promotion_no, dimension, key, a.currency)
            cell[_ASSIGNED] += sign
            cell[_COMMITTED] += sign * a.committed_micros
            cell[_REDEEMED] += sign * a.redeemed
        day = self._cell(bucket, promotion_no, REDEEMED_DAY, p.day, a.currency)
        day[_ASSIGNED] += sign
        day[_COMMITTED] += sign * a.committed_micros
        if a.redeemed:
            self._cell(bucket, promotion_no, REDEEMED_DAY, a.redeemed_day, a.currency)[
                _REDEEMED
            ] += sign

    def redemption(self, bucket: int, promotion_no: int, r: RedemptionStanding, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) one redemption; rejected ones add nothing."""
        if r.outcome == "rejected":
            return
        p = r.place
        keys = (
            (TOTAL, ""),
            (TIER, p.tier),
            (SEGMENT, p.segment),
            (CHANNEL, p.channel),
            (CAMPAIGN, p.campaign),
            (SOURCE, r.source),
            (ASSIGNED_DAY, p.day or r.day),
            (REDEEMED_DAY, r.day),
            (OUTCOME, r.outcome if r.live or r.outcome == "pending" else "reversed"),
        )
        for dimension, key in keys:
            cell = self._cell(bucket, promotion_no, dimension, key, r.currency)
            if r.outcome == "pending":
                cell[_PENDING] += sign
                continue
            cell[_REPORTED] += sign
            if not r.live:
                cell[_REVERSED] += sign
                continue
            cell[_REDEMPTIONS] += sign
            cell[_COST] += sign * r.cost_micros
            if r.outcome != "counted":
                cell[_BY_OUTCOME[r.outcome]] += sign
            if r.order_micros:
                order = self._cell(bucket, promotion_no, dimension, key, r.order_currency)
                order[_ORDER] += sign * r.order_micros

    def add_assignments(self, assigned: list[Assigned]) -> None:
        """Adds many assignments in the rate that nobody has redeemed."""
        for promotion_no, *place, committed, currency in assigned:
            self.assignment(
                0,
                promotion_no,
                AssignmentStanding(Place(*place), False, "", committed, currency),
                1,
            )

    def add_first_uses(self, uses: list[FirstUse]) -> None:
        """Adds many redemptions, each the first of an assignment, and of its customer if that is in the rate."""
        for (no, *words), currency, (source, day, outcome), currencies, numbers in uses:
            place = Place(*words)
            if currency is not None:
                self.assignment(0, no, AssignmentStanding(place, False, "", 0, currency), -1)
                self.assignment(0, no, AssignmentStanding(place, True, day, 0, currency), 1)
                self.customer(0, no, "", 0, 1)
            cost, order, at = numbers
            self.redemption(
                0,
                no,
                RedemptionStanding(
                    place, source, day, outcome, True, cost, currencies[0], order, currencies[1]
                ),
                1,
            )
            self.seen(0, no, at)

    def customer(
        self, bucket: int, promotion_no: int, currency: str, assigned: int, redeemed: int
    ) -> None:
        """Moves the distinct customers of a promotion by these differences."""
        cell = self._cell(bucket, promotion_no, TOTAL, "", currency)
        cell[_CUSTOMERS_ASSIGNED] += assigned
        cell[_CUSTOMERS_REDEEMED] += redeemed

    def seen(self, bucket: int, promotion_no: int, redeemed_us: int) -> None:
        """Notes the time of an accepted event; the latest one is kept."""
        key = (bucket, promotion_no)
        self.last_event_us[key] = max(self.last_event_us.get(key, 0), redeemed_us)

    def _cell(
        self, bucket: int, promotion_no: int, dimension: int, key: str, currency: str
    ) -> list[int]:
        where = (bucket, promotion_no, dimension, key, currency)
        cell = self.values.get(where)
        if cell is None:
            cell = self.values[where] = [0] * len(MEASURES)
        return cell
