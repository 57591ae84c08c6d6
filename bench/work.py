"""The generated work: what campaigns and tills would report, told line by line from a seed.

Promotions start one after the other over 60 days and run for 30. Each is sent to a list of customers in
ascending order, as a campaign tool sends it; every 20th customer gets a second assignment two hours later.
Tills report redemptions in the order of time over the promotions then running. Of all redemption lines 10% are
repeated deliveries, 2% name an unknown promotion or customer; about 1% come from customers without an
assignment and about 1% are uses too many. Nothing is drawn: every row follows from its number, so memory stays
constant and the right answer is known (`bench.expected`).

With `random_keys` ids are random hexadecimal and assignments come in random order: the worst case for an index.

All of it lies in the past, as what is loaded in bulk does. What is reported one by one happens now: `live` moves the
whole calendar so that the redemptions from some line on are made at this moment, in the promotions that run.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate, count, islice
from typing import Any, NamedTuple

Record = dict[str, Any]

TRACKING_FROM = "2025-01-01T00:00:00Z"
_START_S = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
_HOUR_S, _DAY_S = 3_600, 86_400
_STARTS_OVER_S = 60 * _DAY_S
_RUNS_S = 30 * _DAY_S
_STEP = 20
"""Every promotion is given to one customer in 20 of the whole base."""

_TIERS = (("gold", "15.00"), ("silver", "10.00"), ("bronze", "5.00"))
_SEGMENTS = ("new", "active", "vip", "dormant", "lapsed")
_SENT_BY = ("email", "push", "sms")
_USED_IN = ("store", "web", "app")
_TILLS = 500
_REPEATED_EVERY = 9  # distinct lines; one repeat for nine of them makes 10% of all
_MASK = (1 << 64) - 1


class Line(NamedTuple):
    """A redemption line: what it is and, where it uses an assignment, the promotion and place in its list."""

    record: Record
    what: str
    promotion: int = -1
    place: int = -1


_Moment = tuple[int, int, int]
"""When which promotion is used, and for which time."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """So many assignments and redemption lines (duplicates included) over so many promotions."""

    assignments: int
    redemptions: int
    promotions: int = 200
    seed: int = 7
    random_keys: bool = False
    assignment_ids: bool = True
    begins_s: int = _START_S
    live_from: int | None = None
    now_s: int = 0
    """When distinct redemptions from number `live_from` on are made."""

    def live(self, now_s: int, line: int) -> Work:
        """The same work at another time: from this line on redemptions are made at `now_s`, when all campaigns
        have begun."""
        told = islice(self.redemption_lines(), line)
        first = sum(one.what != "duplicate" for one in told)
        before_s = next(islice(self._moments_of_all(), first - 1, None))[0]
        at_s = max(before_s, self.begins_s + _STARTS_OVER_S + 6 * _HOUR_S)
        begins_s = self.begins_s + now_s - at_s
        return replace(self, begins_s=begins_s, live_from=first, now_s=now_s)

    @cached_property
    def given(self) -> list[int]:
        """Assignments of each promotion."""
        return _shares(self.assignments, self.promotions)

    def second(self, promotion: int) -> int:
        """How many customers of a promotion's list get it a second time."""
        return self.given[promotion] // (_STEP + 1)

    def listed(self, promotion: int) -> int:
        """How many customers a promotion is given to."""
        return self.given[promotion] - self.second(promotion)

    @property
    def distinct(self) -> int:
        """Redemption lines that are not repeats of an earlier one."""
        return self.redemptions - self.redemptions // (_REPEATED_EVERY + 1)

    def promotion_records(self) -> Iterator[Record]:
        """Every promotion, as `promosight import promotions` reads it."""
        for number in range(self.promotions):
            record: Record = {
                "promotion_id": promotion_id(number),
                "name": f"Promotion {number}",
                "kind": "tiered" if number % 3 == 1 else "global",
                "status": "active",
                "reward": {"type": "amount", "currency": "EUR", "value": "5.00"},
            }
            if number % 3 == 1:
                record["tiers"] = [
                    {"tier_id": tier, "name": tier.title(), "reward_value": value}
                    for tier, value in _TIERS
                ]
            yield record

    def assignment_records(self) -> Iterator[Record]:
        """Every assignment, campaign by campaign."""
        if self.random_keys:
            ends = list(accumulate(self.given))
            for place in _scattered(self.assignments, self.seed):
                promotion = bisect_right(ends, place)
                yield self._assignment(promotion, place - ends[promotion] + self.given[promotion])
            return
        for promotion, rows in enumerate(self.given):
            for row in range(rows):
                yield self._assignment(promotion, row)

    def redemption_lines(self) -> Iterator[Line]:
        """Every redemption line in the order of its arrival, repeats a little or much later."""
        waiting: list[tuple[int, int, Line]] = []
        left = self.redemptions - self.distinct
        for number, line in enumerate(self._distinct_lines()):
            yield line
            if number % _REPEATED_EVERY == 0 and left:
                left -= 1
                spread = 50 if mixed(self.seed, number) & 1 else 20_000
                due = number + 1 + mixed(self.seed + 1, number) % spread
                heapq.heappush(waiting, (due, number, Line(line.record, "duplicate")))
            while waiting and waiting[0][0] <= number:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _distinct_lines(self) -> Iterator[Line]:
        turns = [0] * _TILLS
        moments = islice(self._moments_of_all(), self.live_from)
        if self.live_from is not None:
            moments = islice(self._until_now(moments), self.distinct)
        for number, (at_s, promotion, turn) in enumerate(moments):
            till = mixed(self.seed + 2, number) % _TILLS
            turns[till] += 1
            event_id = f"pos-{till:06d}-{turns[till]:06d}"
            if self.random_keys:
                event_id = f"{mixed(self.seed + 3, number):016x}{number & 0xFFFF_FFFF:08x}"
            yield self._redemption(number, at_s, promotion, turn, event_id)

    def _moments_of_all(self) -> Iterator[_Moment]:
        quotas = _shares(self.distinct, self.promotions)
        return heapq.merge(*(self._moments(number, quota) for number, quota in enumerate(quotas)))

    def _until_now(self, passed: Iterator[_Moment]) -> Iterator[_Moment]:
        """What has passed; then, without end, what happens now in the promotions that run."""
        used, now_s = [0] * self.promotions, self.now_s
        for at_s, promotion, turn in passed:
            used[promotion] = turn + 1
            yield at_s, promotion, turn
        starts = [self._starts_s(promotion) for promotion in range(self.promotions)]
        running = [no for no, s in enumerate(starts) if s + 5 * _HOUR_S <= now_s < s + _RUNS_S]
        for number in count():
            promotion = running[number % len(running)]
            yield now_s, promotion, used[promotion]
            used[promotion] += 1

    def _moments(self, promotion: int, quota: int) -> Iterator[_Moment]:
        """When a promotion is used: from its fifth hour on, at first more often."""
        begins = self._starts_s(promotion) + 5 * _HOUR_S
        for turn in range(quota):
            passed = ((turn + 0.5) / quota) ** 1.5
            yield begins + int(passed * (_RUNS_S - 6 * _HOUR_S)), promotion, turn

    def _starts_s(self, promotion: int) -> int:
        return self.begins_s + promotion * _STARTS_OVER_S // self.promotions

    def _customer(self, promotion: int, place: int, aside: int = 0) -> str:
        number = (promotion + aside) % _STEP + place * _STEP
        if self.random_keys:
            return f"{mixed(self.seed + 4, number):016x}"
        return f"c-{number:08d}"

    def _assignment(self, promotion: int, row: int) -> Record:
        listed = self.listed(promotion)
        wave, place = divmod(row, listed)  # the second wave goes to every 20th of the list
        place = place * _STEP if wave else place
        starts_s = self._starts_s(promotion)
        sent_s = starts_s + wave * 2 * _HOUR_S + place * _HOUR_S // listed
        record: Record = {
            "promotion_id": promotion_id(promotion),
            "customer_id": self._customer(promotion, place),
            "assigned_at": written(sent_s),
            "campaign_id": f"mail-{promotion:04d}-{wave + 1}",
            "segment": _SEGMENTS[place % 5],
            "channel": _SENT_BY[promotion % 3],
        }
        if self.assignment_ids:
            record["assignment_id"] = self._assignment_id(promotion, row)
        if promotion % 3 == 1:
            tier, value = _TIERS[place % 3]
            record |= {"tier_id": tier, "reward_value": value, "currency": "EUR"}
        if promotion % 2 == 0:
            record["expires_at"] = written(starts_s + _RUNS_S)
        return record

    def _assignment_id(self, promotion: int, row: int) -> str:
        if self.random_keys:
            return f"{mixed(self.seed + 5, promotion << 32 | row):016x}"
        return f"a-{promotion:04d}-{row:07d}"

    def _redemption(self, number: int, at_s: int, promotion: int, turn: int, event_id: str) -> Line:
        listed = self.listed(promotion)
        too_many = number % 100 == 66 and turn > 0
        # A stride visits every customer of the list once, far from the one before.
        place = (turn - too_many) * _stride(listed) % listed
        named, customer, what = promotion_id(promotion), self._customer(promotion, place), "real"
        if number % 90 == 7:
            named, what = f"GONE-{number % 5}", "unknown_promotion"
        elif number % 90 == 52:
            customer, what = f"guest-{number:08d}", "unknown_customer"
        elif number % 100 == 33:
            customer, what = self._customer(promotion, max(0, place - 1), aside=1), "unassigned"
        record = {
            "event_id": event_id,
            "promotion_id": named,
            "customer_id": customer,
            "redeemed_at": written(at_s),
            "channel": _USED_IN[number % 3],
            "reward_value": _TIERS[place % 3][1] if promotion % 3 == 1 else "5.00",
            "currency": "EUR",
            "order_id": f"o-{number:09d}",
            "order_value": f"{10 + number * 7_919 % 120}.{number % 100:02d}",
        }
        return Line(record, what, promotion, place)


def promotion_id(number: int) -> str:
    """The id of a promotion by its number."""
    return f"PROMO-{number:04d}"


def written(at_s: int) -> str:
    """Seconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def mixed(seed: int, number: int) -> int:
    """64 bits that look random; a different number gives different bits."""
    bits = (number + seed * 0x9E37_79B9_7F4A_7C15) & _MASK
    bits = (bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9 & _MASK
    bits = (bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB & _MASK
    return bits ^ (bits >> 31)


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (number < total % parts) for number in range(parts)]


def _stride(count: int) -> int:
    step = max(1, int(count * 0.618034))
    while math.gcd(step, count) != 1:
        step += 1
    return step


def _scattered(count: int, seed: int) -> Iterator[int]:
    """Every number below `count` once, in an order without neighbours."""
    step, first = _stride(count), mixed(seed, count) % count
    return ((first + row * step) % count for row in range(count))
