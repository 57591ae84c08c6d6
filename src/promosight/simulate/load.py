"""A load of exact size: N assignments and M redemptions, plain and quick, for benchmarks.

No people and no leanings here, only arithmetic on row numbers: any row can be told by itself,
memory stays constant at any size, and the right answer is known without counting. Assignments fill
the first quarter of the window, redemptions the rest, at first many and then fewer; both are in the
order of time. With M <= N exactly M assignments are redeemed once; with more, each up to ceil(M/N)
times.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from promosight.errors import Invalid
from promosight.simulate.catalogue import SEGMENTS
from promosight.simulate.chance import mixed
from promosight.simulate.people import customer_id
from promosight.simulate.reports import Delivery, Record
from promosight.simulate.written import DAY_S, instant, money, personal_code, seconds_of

_KINDS = ("global", "tiered", "personalized")
_TIERS = (("gold", 15_00), ("silver", 10_00), ("bronze", 5_00))
_CHANNELS = ("web", "store", "app")
_GIVEN_BY = ("email", "push", "sms")
_DUPLICATE_AFTER = 97
_REVERSED_AFTER = 1_009


@dataclass(frozen=True, kw_only=True)
class Load:
    """The size and the few dirty shares of a load that ends at `ends_at` (aware).

    `by_code`: every promotion is personalized and every redemption names its personal code alone.
    `duplicates`, `reversals`: extra events, as a share of the redemptions, spread evenly.
    Raises Invalid naming the setting that cannot be.
    """

    ends_at: datetime
    assignments_count: int
    redemptions_count: int
    seed: int = 7
    promotions_count: int = 10
    days: int = 45
    currency: str = "EUR"
    by_code: bool = False
    duplicates: float = 0.0
    reversals: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could only fail later and further away."""
        if self.ends_at.tzinfo is None:
            raise Invalid("needs an offset", pointer="/ends_at")
        least = {"assignments_count": 1, "redemptions_count": 0, "promotions_count": 1, "days": 7}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise Invalid(f"must be at least {value}", pointer=f"/{name}")
        for name in ("duplicates", "reversals"):
            if not 0 <= getattr(self, name) <= 1:
                raise Invalid("must be a share from 0 to 1", pointer=f"/{name}")

    @property
    def start_s(self) -> int:
        """The first second of the window, a good start of tracking."""
        return seconds_of(self.ends_at) - self.days * DAY_S

    @property
    def max_redemptions(self) -> int:
        """How often each assignment may be used."""
        return max(1, math.ceil(self.redemptions_count / self.assignments_count))

    @property
    def customers_count(self) -> int:
        """How many customers it takes, one assignment each of every promotion."""
        return math.ceil(self.assignments_count / self.promotions_count)

    def promotions(self) -> Iterator[Record]:
        """Every promotion as PUT takes it, with its id."""
        return (self._promotion(number) for number in range(self.promotions_count))

    def customers(self) -> Iterator[Record]:
        """Every customer as PUT takes it, with its id."""
        for index in range(self.customers_count):
            yield {"customer_id": customer_id(index), "segments": [self._segment(index)]}

    def assignments(self) -> Iterator[Record]:
        """Exactly `assignments_count` assignments, in the order of time."""
        return (self._assignment(row) for row in range(self.assignments_count))

    def redemptions(self) -> Iterator[Record]:
        """Exactly `redemptions_count` redemptions, with the duplicates and reversals asked for."""
        return (delivery.record for delivery in self.redemption_deliveries())

    def deliveries(self) -> Iterator[Delivery]:
        """Assignments, redemptions and reversals as they would all arrive at one door."""
        streams = self.assignment_deliveries(), self.redemption_deliveries()
        return heapq.merge(*streams, key=lambda delivery: delivery.at_s)

    def assignment_deliveries(self) -> Iterator[Delivery]:
        """Assignments with the moment of their delivery."""
        for row, record in enumerate(self.assignments()):
            yield Delivery(self._assigned_s(row), "assignments", "campaigns", "given", record)

    def redemption_deliveries(self) -> Iterator[Delivery]:
        """Redemptions and reversals with the moment and reason of their delivery."""
        count = self.redemptions_count
        last = count + (_REVERSED_AFTER if self.reversals else _DUPLICATE_AFTER)
        for row in range(last if self.reversals or self.duplicates else count):
            at_s = self._redeemed_s(min(row, count - 1))
            if row < count:
                yield _event(at_s, "redeemed", self._redemption(row))
            again, undone = row - _DUPLICATE_AFTER, row - _REVERSED_AFTER
            if 0 <= again < count and _falls_on(again, self.duplicates):
                yield _event(at_s, "duplicate", self._redemption(again))
            if 0 <= undone < count and _falls_on(undone, self.reversals):
                yield _event(at_s, "reversed", self._reversal(undone, at_s))

    def _promotion(self, number: int) -> Record:
        kind = self._kind(number)
        record: Record = {
            "promotion_id": f"LOAD-{number:03d}",
            "name": f"Load {number}",
            "kind": kind,
            "status": "active",
            "reward": {"type": "amount", "value": "5.00", "currency": self.currency},
            "max_redemptions": self.max_redemptions,
        }
        if kind == "tiered":
            record["tiers"] = [
                {"tier_id": one, "name": one.title(), "reward_value": money(value)}
                for one, value in _TIERS
            ]
        return record

    def _kind(self, promotion: int) -> str:
        return "personalized" if self.by_code else _KINDS[promotion % 3]

    def _segment(self, index: int) -> str:
        return SEGMENTS[mixed(self.seed, index) % len(SEGMENTS)]

    def _assigned_s(self, row: int) -> int:
        return self.start_s + row * (self.days * DAY_S // 4) // self.assignments_count

    def _redeemed_s(self, row: int) -> int:
        quarter = self.days * DAY_S // 4
        passed = ((row + 1) / (self.redemptions_count + 1)) ** 1.7
        return self.start_s + quarter + int(3 * quarter * passed)

    def _assignment(self, row: int) -> Record:
        customer, promotion = divmod(row, self.promotions_count)
        kind = self._kind(promotion)
        record: Record = {
            "promotion_id": f"LOAD-{promotion:03d}",
            "customer_id": customer_id(customer),
            "assigned_at": instant(self._assigned_s(row)),
            "assignment_id": f"a-{row:09d}",
            "campaign_id": "load",
            "segment": self._segment(customer),
            "channel": _GIVEN_BY[row % 3],
        }
        if kind == "tiered":
            record["tier_id"] = _TIERS[customer % 3][0]
        elif kind == "personalized":
            record["promo_code"] = personal_code("LOAD", row, self.seed)
        return record

    def _redemption(self, row: int) -> Record:
        turn, place = divmod(row, self.assignments_count)
        step, first = _stride(self.assignments_count), mixed(self.seed)
        assignment = (place * step + first) % self.assignments_count
        customer, promotion = divmod(assignment, self.promotions_count)
        kind = self._kind(promotion)
        value = _TIERS[customer % 3][1] if kind == "tiered" else 5_00
        record: Record = {"event_id": f"e-{assignment:09d}-{turn}"}
        if not self.by_code:
            record["promotion_id"] = f"LOAD-{promotion:03d}"
        if kind == "personalized":
            record["promo_code"] = personal_code("LOAD", assignment, self.seed)
        return record | {
            "customer_id": customer_id(customer),
            "redeemed_at": instant(self._redeemed_s(row)),
            "channel": _CHANNELS[row % 3],
            "reward_value": money(value),
            "currency": self.currency,
            "order_id": f"o-{row:09d}",
            "order_value": money(1_000 + row * 7_919 % 12_000),
        }

    def _reversal(self, row: int, at_s: int) -> Record:
        original = self._redemption(row)
        names = ("promotion_id", "promo_code", "customer_id")
        return {
            "event_id": f"{original['event_id']}-r",
            "type": "reversal",
            "reverses": original["event_id"],
            **{name: original[name] for name in names if name in original},
            "redeemed_at": instant(at_s),
        }


def _event(at_s: int, why: str, record: Record) -> Delivery:
    return Delivery(at_s, "redemptions", "checkout", why, record)


def _falls_on(row: int, share: float) -> bool:
    """Whether an evenly spread share hits this row."""
    return int((row + 1) * share) > int(row * share)


def _stride(count: int) -> int:
    """A step that visits every assignment once, far from the one before."""
    step = max(1, int(count * 0.618034))
    while math.gcd(step, count) != 1:
        step += 1
    return step
