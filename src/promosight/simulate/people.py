"""The customers: who they are, what they lean to, and how the brand's records describe them.

A person is told from the world's seed and an index, so a million customers need no memory. Leanings
(`affinity`) are latent: nothing exported mentions them, they only show in what people redeem.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from promosight.simulate.catalogue import SEGMENTS, THEMES
from promosight.simulate.chance import PERSON, chance
from promosight.simulate.settings import World
from promosight.simulate.written import DAY_S, instant, money

_SEGMENT_BORDERS = (0.22, 0.56, 0.76, 0.82)
_FLAVOURS = (("retail",), ("igaming",), ("retail", "igaming"))
_FLAVOUR_BORDERS = (0.55, 0.83)
_COUNTRIES = ("AT", "DE", "DE", "ES", "FR", "IT", "NL", "SE")
_SPEND_OF_SEGMENT = dict(zip(SEGMENTS, (0.7, 1.0, 1.3, 2.6, 0.8), strict=True))


@dataclass(frozen=True, slots=True)
class Person:
    """One customer. `luck` (0 to 1) decides who is control; `spend` multiplies orders."""

    index: int
    customer_id: str
    flavours: tuple[str, ...]
    segment: str
    former_segment: str
    changed_s: int
    spend: float
    affinity: tuple[float, ...]
    opt_outs: tuple[str, ...]
    country: str
    joined_s: int
    luck: float

    def segment_at(self, second: int) -> str:
        """The segment at that moment; some people moved to another one within the window."""
        return self.former_segment if second < self.changed_s else self.segment

    def tier_at(self, second: int) -> str:
        """Gold, silver or bronze, by segment and spending."""
        segment = self.segment_at(second)
        if segment == "vip" or self.spend > 2.4:
            return "gold"
        return "silver" if segment == "loyal" or self.spend > 1.1 else "bronze"


def customer_id(index: int) -> str:
    """The caller's id of the customer with that index."""
    return f"c-{index + 1:06d}"


def person(world: World, index: int) -> Person:
    """The customer with that index (from 0)."""
    random = chance(world.seed, PERSON, index)
    segment = SEGMENTS[bisect(_SEGMENT_BORDERS, random.random())]
    moved = random.random() < 0.12
    return Person(
        index=index,
        customer_id=customer_id(index),
        flavours=_FLAVOURS[bisect(_FLAVOUR_BORDERS, random.random())],
        segment=segment,
        former_segment=_neighbour(segment, random) if moved else segment,
        changed_s=world.at(random.random()),
        spend=_SPEND_OF_SEGMENT[segment] * random.lognormvariate(0, 0.35),
        affinity=tuple([random.gauss(0, 0.8) for _ in THEMES]),
        opt_outs=tuple([one for one in ("email", "sms", "push") if random.random() < 0.05]),
        country=_COUNTRIES[int(random.random() * len(_COUNTRIES))],
        joined_s=world.start_s - int(random.expovariate(1 / 400) * DAY_S),
        luck=random.random(),
    )


def _neighbour(segment: str, random: Random) -> str:
    step = 1 if random.random() < 0.5 else -1
    return SEGMENTS[(SEGMENTS.index(segment) + step) % len(SEGMENTS)]


class People:
    """The customers of a world, the last ones asked for remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._remembered = lru_cache(maxsize=20_000)(self._told)

    def __len__(self) -> int:
        return self._world.customers

    def __getitem__(self, index: int) -> Person:
        """The customer with that index. Raises IndexError beyond the last."""
        if not 0 <= index < self._world.customers:
            raise IndexError(index)
        return self._remembered(index)

    def _told(self, index: int) -> Person:
        return person(self._world, index)


def customer_record(one: Person) -> dict[str, Any]:
    """The customer as `PUT /v1/customers/{customer_id}` takes it, with its id."""
    return {
        "customer_id": one.customer_id,
        "attributes": {
            "country": one.country,
            "joined_at": instant(one.joined_s),
            "average_order": money(int(one.spend * 5_000)),
            "plays": "igaming" in one.flavours,
            "shops": "retail" in one.flavours,
        },
        "segments": [one.segment],
        "opt_outs": list(one.opt_outs),
    }
