"""A world told as records, in the order of delivery: who was given what, and who used it.

Waves are told by launch, each over all customers, and what they deliver passes a bounded heap. So
the order is exact while no more than `held` deliveries wait, close to it beyond, and memory never
grows with the size of the world. Every call of an iterator starts over and tells the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

from promosight.simulate.catalogue import Offer
from promosight.simulate.chance import OFFERED, SENT, USED, chance
from promosight.simulate.dirt import Cast, stray_deliveries
from promosight.simulate.people import customer_record
from promosight.simulate.reports import Delivery, Record, honest_deliveries
from promosight.simulate.settings import World
from promosight.simulate.stories import Story, assignment_record, reward_text
from promosight.simulate.written import DAY_S, instant


class Brand:
    """The records of one world. Its iterators are independent and may be left half read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._cast = Cast(world)

    def promotions(self) -> Iterator[Record]:
        """Every promotion as PUT takes it, with its id."""
        return (promotion_record(self.world, offer) for offer in self.world.offers)

    def customers(self) -> Iterator[Record]:
        """Every customer as PUT takes it, with its id."""
        return (customer_record(one) for one in self._cast.everyone())

    def assignments(self) -> Iterator[Record]:
        """Assignments in the order of delivery."""
        return (delivery.record for delivery in self.assignment_deliveries())

    def redemptions(self) -> Iterator[Record]:
        """Redemptions and reversals, dirt included, in the order of delivery."""
        return (delivery.record for delivery in self.redemption_deliveries())

    def deliveries(self) -> Iterator[Delivery]:
        """Assignments, redemptions and reversals as they would all arrive at one door."""
        streams = self.assignment_deliveries(), self.redemption_deliveries()
        return heapq.merge(*streams, key=lambda delivery: delivery.at_s)

    def assignment_deliveries(self) -> Iterator[Delivery]:
        """Assignments with the moment, source and reason of their delivery."""
        return self._in_order(one for told in self._cast.stories() for one in self._given(told))

    def redemption_deliveries(self) -> Iterator[Delivery]:
        """Redemptions and reversals with the moment, source and reason of their delivery."""
        return self._in_order(
            one for told in self._cast.stories() if told.uses for one in self._used(told)
        )

    def _given(self, told: Story) -> Iterator[Delivery]:
        random = chance(self.world.seed, SENT, OFFERED, told.wave.ordinal, told.person.index)
        at_s, why = told.assigned_s + 1 + int(random.random() * 60), "given"
        if random.random() < self.world.dirt.late_assignment:
            why = "late_assignment"
            at_s += 6 * 3_600 + int(random.random() * 3 * DAY_S)
        # Late or not, the brand knows of all it gave by the end.
        at_s = max(min(at_s, self.world.end_s), told.assigned_s)
        record = assignment_record(self.world, told)
        yield Delivery(at_s, "assignments", "campaigns", why, record)
        if random.random() < self.world.dirt.duplicate:
            again_s = min(at_s + int(random.random() * DAY_S), self.world.end_s)
            yield Delivery(again_s, "assignments", "campaigns", "duplicate", record)

    def _used(self, told: Story) -> Iterator[Delivery]:
        random = chance(self.world.seed, SENT, USED, told.wave.ordinal, told.person.index)
        for use in range(len(told.uses)):
            honest = honest_deliveries(self.world, told, use, random)
            yield from honest
            yield from stray_deliveries(self._cast, told, use, honest[0], random)

    def _in_order(self, deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
        end_s, held = self.world.end_s, self.world.held
        waiting: list[tuple[int, int, Delivery]] = []
        for number, delivery in enumerate(deliveries):
            if delivery.at_s > end_s:
                continue
            heapq.heappush(waiting, (delivery.at_s, number, delivery))
            if len(waiting) > held:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]


def promotion_record(world: World, offer: Offer) -> Record:
    """The promotion as `PUT /v1/promotions/{promotion_id}` takes it, with its id."""
    record: Record = {
        "promotion_id": offer.promotion_id,
        "name": offer.name,
        "kind": offer.kind,
        "status": offer.status,
    }
    if offer.code is not None:
        record["code"] = offer.code
    if offer.launches:
        record["starts_at"] = instant(_midnight(world.at(min(offer.launches))))
    if offer.ends is not None:
        record["ends_at"] = instant(_midnight(world.at(offer.ends)))
    record["reward"] = _reward(world, offer)
    record["max_redemptions"] = offer.max_redemptions
    if offer.tiers:
        record["tiers"] = [
            {"tier_id": one, "name": one.title(), "reward_value": reward_text(offer, value)}
            for one, value in offer.tiers
        ]
    record["limits"] = [
        {"measure": measure, "window": window, "amount": str(_scaled(world, amount))}
        for measure, window, amount in offer.limits
    ]
    return record


def _reward(world: World, offer: Offer) -> dict[str, Any]:
    reward = {"type": offer.reward, "value": reward_text(offer, offer.value)}
    if offer.unit is not None:
        return reward | {"unit": offer.unit}
    return reward | {"currency": world.currency}


def _midnight(second: int) -> int:
    return second // DAY_S * DAY_S


def _scaled(world: World, per_thousand: int) -> int:
    return max(1, per_thousand * world.customers // 1_000)
