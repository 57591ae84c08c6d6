"""A small made-up world for the tests of the model: customers, offers, decisions and what became of them."""

from __future__ import annotations

import random

from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import DAY_US, Offer, made_offer

HALF_LIFE_US = 30 * DAY_US


def offers(count: int = 6) -> list[Offer]:
    """Offers of three reward types; the last two are tiers of one promotion."""
    kinds = ("amount", "unit", "percentage")
    made = [
        made_offer(f"p{i}", None, {f"reward={kinds[i % 3]}": 1.0, "worth": i / count - 0.5})
        for i in range(count - 2)
    ]
    return made + [
        made_offer("tiered", t, {"reward=amount": 1.0, "tier": v}) for t, v in (("a", 1), ("b", -1))
    ]


def customer(rng: random.Random) -> dict[str, float]:
    """Some features, as the feature map would give them."""
    row = {"rate": round(rng.gauss(0, 0.5) * 64) / 64, "basket": round(rng.gauss(0, 0.5) * 64) / 64}
    row[f"plan={rng.choice(['gold', 'blue', 'none'])}"] = 1.0
    return {name: max(-2.0, min(2.0, value)) for name, value in row.items()}


def decisions(
    count: int, seed: int = 1, days: float = 400.0, known: int = 0
) -> list[tuple[Decided, bool]]:
    """Decisions with whether they were redeemed: amounts by gold customers mostly.

    `known`: each knows so many more decisions on its offer than the one before.
    """
    rng, menu = random.Random(seed), offers()
    made = []
    for i in range(count):
        x, offer = customer(rng), rng.choice(menu)
        likely = 0.4 if "plan=gold" in x and ("reward=amount", 1.0) in offer.features else 0.05
        when = int(rng.random() * days * DAY_US)
        one = Decided(x, offer, rng.uniform(0.01, 0.4), when, nth=known * i)
        made.append((one, rng.random() < likely))
    return made


def learned(made: list[tuple[Decided, bool]]) -> Evidence:
    """The evidence of these."""
    evidence = Evidence(HALF_LIFE_US)
    for decided, redeemed in made:
        evidence.add(decided, redeemed=redeemed)
    return evidence


def learned_in_pieces(
    made: list[Decided],
    redeemed: set[int],
    gone: set[int],
    rng: random.Random,
    half_life_us: int = HALF_LIFE_US,
) -> Evidence:
    """What forty decisions teach in any order: merged of two halves, some redeemed, some of these reversed and some
    taken back, kept and read between."""
    steps = [("came", i) for i in redeemed] + [("reversed", i) for i in redeemed & gone]
    steps += [("gone", i) for i in gone]
    rng.shuffle(steps)
    order = rng.sample(range(40), 40)
    evidence, other = Evidence(half_life_us), Evidence(half_life_us)
    evidence.add_all([made[i] for i in order[:20]])
    for i in order[20:]:
        other.add(made[i])
    evidence.merge(other)
    for at, (what, i) in enumerate(steps):
        if at % 7 == 0:
            evidence = Evidence.decode(evidence.encode(), evidence.latest_us)
        if what == "gone":
            evidence.remove(made[i])
        else:
            evidence.relabel(made[i], redeemed=what == "came")
    return evidence
