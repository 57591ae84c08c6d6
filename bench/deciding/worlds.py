"""Simulated worlds: customers, promotions that come and go, and the true probability of every offer at every decision.

All of a world is drawn from its seed before anyone decides: who comes when, what each offer would have been worth, and
the random number by which it is redeemed or not. So all policies live through the same world, luck included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promosight.rules.features import (
    DAY_US,
    History,
    Offer,
    Record,
    customer_features,
    promotion_offers,
)
from promosight.rules.promotions import Promotion, Reward

Floats = NDArray[np.float64]
TYPES = ("amount", "unit", "percentage")
COSTS = (1.0, 0.5, 0.8)
"""What a unit of reward of each type costs."""
DELAYS = (2.0, 4.0, 8.0)
"""Mean days to a redemption, by type."""
EXPIRY = 14.0
REVERSED = 0.06
"""For each redemption that stays, so many that are reversed."""
BACK = 3.0
"""Days until they are."""
CUSTOMERS = 20_000
SEGMENTS = 5
FIRST, LATER, LEAVING = 18, 12, 6
NEW = 1_500
"""For so many decisions a promotion counts as new."""
KINDS = ("logistic", "trees", "flat")


@dataclass(frozen=True)
class World:
    """One world. Rows are decisions, columns promotions."""

    kind: str
    seed: int
    day: Floats
    """When each decision is made."""
    features: list[dict[str, float]]
    """The customer of each decision, by the product's feature map."""
    offers: list[Offer]
    likely: Floats
    """The true probability of a redemption that stays."""
    there: NDArray[np.bool_]
    """Which promotions can be offered."""
    value: Floats
    """What a redemption is worth, net of its reward: known to all."""
    starts: NDArray[np.intp]
    luck: Floats
    """Whether a chosen offer is redeemed: if this is below its probability."""
    delay: Floats
    """Days from the decision to a redemption, by type, in time before the offer expires."""
    who: NDArray[np.intp]
    """The customer of each decision."""
    people: People
    promotions: Promotions
    reversed: float = REVERSED

    @property
    def length(self) -> int:
        """How many decisions."""
        return len(self.day)

    @property
    def worth(self) -> Floats:
        """The expected worth of each offer; what is not there is worth nothing."""
        found: Floats = np.where(self.there, self.likely * self.value, 0.0)
        return found

    def new(self) -> NDArray[np.bool_]:
        """Decisions at which the best offer is a new one."""
        best = np.where(self.there, self.likely * self.value, -np.inf).argmax(axis=1)
        age = np.arange(self.length) - self.starts[best]
        found: NDArray[np.bool_] = (self.starts[best] > 0) & (age < NEW)
        return found


@dataclass
class People:
    """What customers are like, and what they did before."""

    segment: NDArray[np.intp]
    level: NDArray[np.intp]
    basket: Floats
    idle: Floats
    taste: Floats
    """What they like of each type; nobody sees it, but what they redeemed before shows it."""
    assigned: NDArray[np.intp]
    redeemed: NDArray[np.intp]


@dataclass
class Promotions:
    """What is offered."""

    type: NDArray[np.intp]
    level: NDArray[np.intp]
    reward: Floats
    value: Floats
    quality: Floats
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]


def world(kind: str, seed: int, length: int = 12_000, days: float = 60.0) -> World:
    """A world of a kind: `logistic`, `trees` or `flat` (no personal differences)."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    people, promotions = _people(rng), _promotions(rng, length)
    who = rng.integers(CUSTOMERS, size=length)
    day = np.sort(rng.random(length)) * days
    odds = _ODDS[kind](rng, people, promotions, who)
    if kind != "flat":
        odds += _drift(rng, promotions, day / days)
    at = np.arange(length)[:, None]
    likely = 1 / (1 + np.exp(-odds))
    return World(
        kind=kind,
        seed=seed,
        day=day,
        features=[_features(people, i, d) for i, d in zip(who, day, strict=True)],
        offers=[_offer(promotions, i) for i in range(len(promotions.type))],
        likely=likely,
        there=(at >= promotions.starts) & (at < promotions.ends),
        value=promotions.value,
        starts=promotions.starts,
        luck=rng.random(length),
        delay=_delays(rng, length)[:, promotions.type],
        who=who,
        people=people,
        promotions=promotions,
    )


def _people(rng: np.random.Generator) -> People:
    segment = rng.integers(SEGMENTS, size=CUSTOMERS)
    taste = rng.normal(0, 0.7, (CUSTOMERS, 3)) + rng.normal(0, 0.7, (SEGMENTS, 3))[segment]
    assigned = rng.poisson(rng.gamma(2.0, 2.0, (CUSTOMERS, 1)), (CUSTOMERS, 3))
    rate = 1 / (1 + np.exp(2.6 - taste))
    return People(
        segment=segment,
        level=rng.integers(4, size=CUSTOMERS),
        basket=rng.lognormal(3.6, 0.6, CUSTOMERS),
        idle=rng.exponential(25.0, CUSTOMERS),
        taste=taste,
        assigned=assigned,
        redeemed=rng.binomial(assigned, rate),
    )


def _promotions(rng: np.random.Generator, length: int) -> Promotions:
    count = FIRST + LATER
    type_, level = rng.integers(3, size=count), rng.integers(4, size=count)
    reward = np.array([2.0, 4.0, 7.0, 11.0])[level] * rng.lognormal(0, 0.15, count)
    starts, ends = np.zeros(count, np.intp), np.full(count, length)
    starts[FIRST:] = np.sort(rng.integers(length // 10, length * 8 // 10, LATER))
    gone = rng.choice(FIRST, LEAVING, replace=False)
    ends[gone] = rng.integers(length // 4, length * 9 // 10, LEAVING)
    brings = rng.lognormal(3.3, 0.15, count)
    return Promotions(
        type=type_,
        level=level,
        reward=reward,
        value=np.round(brings - reward * np.array(COSTS)[type_], 2),
        quality=rng.normal(0, 0.3, count),
        starts=starts,
        ends=ends,
    )


def _logistic(
    rng: np.random.Generator, people: People, promotions: Promotions, who: NDArray[np.intp]
) -> Floats:
    """Tastes, a liking of each segment for each promotion, a reward that draws, tiers that should fit."""
    segment, count = people.segment[who], len(promotions.type)
    basket, reward = _standard(np.log(people.basket))[who], _standard(np.log(promotions.reward))
    odds = people.taste[who][:, promotions.type] + promotions.quality - 2.8
    odds += rng.normal(0, 0.4, (SEGMENTS, count))[segment]
    odds += 0.3 * reward - 0.35 * basket[:, None] * reward
    odds -= 0.55 * np.abs(people.level[who][:, None] - promotions.level)
    found: Floats = odds - 0.25 * _standard(np.log1p(people.idle))[who][:, None]
    return found


def _trees(
    rng: np.random.Generator, people: People, promotions: Promotions, who: NDArray[np.intp]
) -> Floats:
    """A sum of random trees over what can be seen of customer and promotion, and a promotion's quality."""
    rate = (people.redeemed + 0.2) / (people.assigned + 2.0)
    seen = [people.segment, people.level, people.basket, people.idle, *rate.T]
    shown = [promotions.type, promotions.level, promotions.reward]
    odds = np.zeros((len(who), len(promotions.type)))
    for _ in range(30):
        values = [np.asarray(seen[i], float)[who][:, None] for i in rng.choice(len(seen), 2)]
        values.append(np.asarray(shown[rng.integers(len(shown))], float)[None, :])
        leaf = np.zeros(odds.shape, np.intp)
        for each in values:
            leaf = 2 * leaf + (each > rng.choice(each.ravel()))
        odds += rng.normal(0, 0.3, 8)[leaf]
    odds -= odds.mean() + 0.7 * (odds.mean(axis=0) - odds.mean())
    return odds + promotions.quality - 3.3


def _flat(
    rng: np.random.Generator, people: People, promotions: Promotions, who: NDArray[np.intp]
) -> Floats:
    """All customers alike."""
    reward = _standard(np.log(promotions.reward))
    pull = promotions.quality * 1.3 + 0.45 * reward + rng.normal(0, 0.4, 3)[promotions.type]
    return np.tile(pull - 2.8, (len(who), 1)) + 0.0 * people.taste[who][:, :1]


_ODDS = {"logistic": _logistic, "trees": _trees, "flat": _flat}


def _drift(rng: np.random.Generator, promotions: Promotions, part: Floats) -> Floats:
    """Every type and every promotion gains and loses favour over time."""
    found = np.zeros((len(part), len(promotions.type)))
    for size, group in ((0.35, promotions.type), (0.25, np.arange(len(promotions.type)))):
        phase = rng.random(group.max() + 1)[group]
        turns = rng.uniform(0.5, 1.5, group.max() + 1)[group]
        found += size * np.sin(2 * np.pi * (part[:, None] * turns + phase))
    return found


def _features(people: People, who: int, day: float) -> dict[str, float]:
    now = int((day + 400) * DAY_US)
    records = [
        Record("global", name, int(people.assigned[who, k]), int(people.redeemed[who, k]))
        for k, name in enumerate(TYPES)
    ]
    last = now - int(people.idle[who] * DAY_US)
    value = float(people.basket[who] * people.redeemed[who].sum())
    records.append(Record("global", "amount", value=value, last_redeemed_us=last))
    return customer_features(History(records), {}, told_of(people, who), now)


def told_of(people: People, who: int) -> dict[str, str | float]:
    """What is said of a customer when a decision is asked for."""
    return {
        "segment": f"s{people.segment[who]}",
        "level": f"l{people.level[who]}",
        "basket": float(people.basket[who]),
        "channel": "app" if who % 3 else "mail",
    }


def _offer(promotions: Promotions, at: int) -> Offer:
    reward = Reward(type=TYPES[promotions.type[at]], value=f"{promotions.reward[at]:.2f}")
    return promotion_offers(f"promotion-{at:02}", Promotion(name=str(at), reward=reward))[0]


def _delays(rng: np.random.Generator, length: int) -> Floats:
    """Exponential for each type, given that it comes before expiry."""
    means = np.array(DELAYS)
    part = rng.random((length, 1)) * -np.expm1(-EXPIRY / means)
    found: Floats = -means * np.log1p(-part)
    return found


def _standard(values: Floats) -> Floats:
    found: Floats = (values - values.mean()) / values.std()
    return found
