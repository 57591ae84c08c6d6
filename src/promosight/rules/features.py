"""The one feature map: what a model may know of a customer and of an offer, as a few named numbers.

`customer_features` is called when a decision is made and its result is stored with the decision; learning reads what
is stored. So both see the same, and nothing from after a decision can leak into it. Every number lies in [-2, 2] and
is a multiple of 1/64: that is what makes the sums of rules/evidence.py exact. docs/decisioning.md lists the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import copysign, exp, isfinite, log1p
from typing import Any, NamedTuple

from promosight.rules.promotions import Promotion

STEPS = 64
"""A feature is a whole number of this fraction of one."""
BOUND = 2.0
MOST = 32
"""No more features than these; the history's own come first, then the others by name."""
BIAS = "1"
DAY_US = 86_400_000_000
_LONGEST = 48


class Record(NamedTuple):
    """What one customer did with one promotion before the decision."""

    kind: str
    reward_type: str
    assigned: int = 0
    redeemed: int = 0
    """Redemptions that count: reversed ones are not among them."""
    reversed: int = 0
    value: float = 0.0
    """The sum of the order values of the counted redemptions."""
    last_assigned_us: int | None = None
    last_redeemed_us: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one customer before the decision, one record per promotion; their order does not matter."""

    records: Sequence[Record] = ()


NOTHING_KNOWN = History()


@dataclass(frozen=True)
class Offer:
    """A promotion and one of its tiers (or none), with what a model may know of it."""

    promotion: str
    tier: str
    """Empty without a tier."""
    features: tuple[tuple[str, float], ...]
    """Sorted by name."""

    def __hash__(self) -> int:
        """Kept: offers are looked up thirty at a time."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.promotion, self.tier, self.features))

    def __reduce__(self) -> tuple[type[Offer], tuple[Any, ...]]:
        """Sent to another process, where the hash of a text is another number."""
        return Offer, (self.promotion, self.tier, self.features)


def customer_features(
    history: History,
    profile: Mapping[str, object],
    context: Mapping[str, object],
    now_us: int,
) -> dict[str, float]:
    """The named features of one customer; what the context says goes before what the profile says."""
    found = _of_history(history.records, now_us) if history.records else {}
    told = dict(_told({**profile, **context}))
    for name in sorted(told)[: MOST - len(found)]:
        found[name] = told[name]
    return found


def promotion_offers(promotion_id: str, promotion: Promotion) -> list[Offer]:
    """The offers that a promotion is: one for each of its tiers, or itself."""
    value = promotion.reward.value
    if not promotion.tiers:
        return [made_offer(promotion_id, None, _of_reward(promotion, value))]
    last = max(1, len(promotion.tiers) - 1)
    return [
        made_offer(
            promotion_id,
            tier.tier_id,
            _of_reward(promotion, tier.reward_value or value)
            | {"tier": stepped(1 - 2 * at / last)},
        )
        for at, tier in enumerate(promotion.tiers)
    ]


def _of_reward(promotion: Promotion, value: str | None) -> dict[str, float]:
    """The named features of an offer, from the promotion's definition and the value of its reward alone."""
    worth = stepped(log1p(abs(_number(value))) / 3 - 1)
    found = {f"reward={promotion.reward.type}": 1.0, f"kind={promotion.kind}": 1.0}
    return {**found, "worth": worth, "worth2": stepped(worth * worth)}


def made_offer(promotion_id: str, tier: str | None, features: Mapping[str, float]) -> Offer:
    """An offer with these features, rounded like all features."""
    kept = {name: stepped(value) for name, value in features.items()}
    return Offer(promotion_id, tier or "", tuple(sorted(kept.items())))


def stepped(value: float) -> float:
    """The nearest feature value there is: bounded, a multiple of 1/64, and 0 for what is no number."""
    if -BOUND <= value <= BOUND:
        return round(value * STEPS) / STEPS
    return copysign(BOUND, value) if isfinite(value) else 0.0


def _of_history(records: Iterable[Record], now_us: int) -> dict[str, float]:
    assigned = redeemed = undone = 0
    value = 0.0
    given_us: int | None = None
    used_us: int | None = None
    kinds: dict[str, list[int]] = {}
    rewards: dict[str, list[int]] = {}
    for kind, reward, given, used, taken_back, worth, last_us, last_used_us in records:
        assigned += given
        redeemed += used
        undone += taken_back
        value += worth
        given_us = _later(given_us, last_us)
        used_us = _later(used_us, last_used_us)
        for groups, name in ((kinds, kind), (rewards, reward)):
            sums = groups.get(name)
            if sums is None:
                groups[name] = [given, used]
            else:
                sums[0] += given
                sums[1] += used
    rate = (redeemed + 0.2) / (assigned + 2)
    found = {
        "assigned": stepped(log1p(assigned) / 3),
        "basket": stepped(log1p(value / max(1, redeemed)) / 4),
        "just_assigned": stepped(_nearness(given_us, now_us, 3)),
        "rate": stepped(2 * rate),
    }
    for what, groups in (("rate:kind=", kinds), ("rate:reward=", rewards)):
        for name in sorted(groups):
            given, used = groups[name]
            found[what + name] = stepped(3 * (used - rate * given) / (given + 3))
    found["recency"] = stepped(_nearness(used_us, now_us, 30))
    found["redeemed"] = stepped(log1p(redeemed))
    found["reversed"] = stepped(undone / (undone + redeemed + 1))
    return found


def _later(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else max(one, other)


def _nearness(then_us: int | None, now_us: int, days: float) -> float:
    """1 for just now, falling to 0 over so many days; 0 for never."""
    return 0.0 if then_us is None else exp(-max(0, now_us - then_us) / DAY_US / days)


_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d")
_NUMERAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def _told(values: Mapping[str, object]) -> Iterable[tuple[str, float]]:
    """Numbers as `key=#` on a logarithmic scale, words and yes-or-no as one feature `key=word` for each word.

    Money comes as text and is a number; a date would be a word of its own for everybody, and is left out.
    """
    for key, value in values.items():
        if isinstance(value, str):
            named = _named(key, value)
        elif isinstance(value, bool):
            named = _word(key, str(value))
        elif isinstance(value, int | float):
            named = _numeral(key, value)
        else:
            continue
        if named is not None:
            yield named


@lru_cache(4_096)
def _named(key: str, text: str) -> tuple[str, float] | None:
    """The feature of a text. Kept: most say one of a few words."""
    if _DATE.match(text):
        return None
    if _NUMERAL.fullmatch(bare := text.strip()):
        return _numeral(key, float(bare))
    return _word(key, text)


def _word(key: str, text: str) -> tuple[str, float]:
    return f"{key}={text.strip().lower()}"[:_LONGEST], 1.0


def _numeral(key: str, value: float) -> tuple[str, float]:
    number = _number(value)
    return f"{key}=#"[-_LONGEST:], stepped(copysign(log1p(abs(number)) / 3, number))


def _number(value: object) -> float:
    """A finite float, 0 for anything else."""
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number is caught
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if isfinite(number) else 0.0
