"""The demo's decisions: six weeks of them told when the server is first up, then one every few seconds.

Each day some customers come by and the server is asked which offer they get, as of that day; those whom the offer
suits redeem it some days later. So the Decisioning page has something to show within a minute, made by the same calls
as a brand makes. A workspace that was made without `sandbox` takes no past decisions and begins with today's.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from promosight.cli.demo_calls import Caller, NotReached
from promosight.cli.demo_offers import BY_ID, OFFERS, SETTINGS, definition
from promosight.cli.demo_orders import Orders
from promosight.simulate.people import People, customer_id
from promosight.simulate.settings import World

_A_DAY = 260
"""Customers who come by each day of the past."""
_OPEN_HOURS = 13.0
_PAUSE_SECONDS = 4.0
_LEARNING_TRIES = 10
_Event = dict[str, Any]


class Desk:
    """The desk where customers come by: asks what each gets, and reports what they redeem, from its own thread."""

    def __init__(
        self,
        brand: Caller,
        till: Caller,
        world: World,
        *,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._brand = brand
        self._till = till
        self._world = world
        self._people = People(world)
        self._now = now
        self._random = random
        self._due: list[tuple[datetime, str, _Event]] = []
        self._orders = Orders(world.currency, random)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="demo-decisions", daemon=True)

    def start(self) -> None:
        """Begins as soon as the server answers."""
        self._thread.start()

    def stop(self) -> None:
        """Stops asking."""
        self._stopped.set()

    def tell_past(self) -> None:
        """Tells six weeks of decisions, unless there are some already."""
        found = self._brand.call("GET", "/v1/decisioning")
        if found is None or found["decisions"]:
            return
        for offer in OFFERS:
            body = definition(offer, self._world.starts_at, self._world.currency)
            self._brand.call("PUT", f"/v1/promotions/{offer.promotion_id}", body)
        self._brand.call("PATCH", "/v1/decisioning", SETTINGS)
        workspace = self._brand.call("GET", "/v1/workspace")
        if workspace is None or not workspace["sandbox"]:
            return
        day = (self._world.starts_at + timedelta(days=2)).replace(hour=7, minute=0, second=0)
        while day < self._now() - timedelta(hours=2) and not self._stopped.is_set():
            self._tell_day(day)
            day += timedelta(days=1)

    def _work(self) -> None:
        told = False
        while not self._stopped.wait(1.0 if not told else self._pause()):
            try:
                if told:
                    self._decide([self._visit(self._name())])
                    self._redeem(self._now())
                else:
                    self.tell_past()
                    told = True
            except NotReached:
                continue

    def _pause(self) -> float:
        return self._random.expovariate(1 / _PAUSE_SECONDS)

    def _tell_day(self, day: datetime) -> None:
        hours = sorted(self._random.random() * _OPEN_HOURS for _ in range(_A_DAY))
        visits = [
            self._visit(f"{day:%m%d}-{n:03d}", day + timedelta(hours=hour))
            for n, hour in enumerate(hours)
        ]
        self._decide([one for one in visits if one["as_of"] < self._now().isoformat()])
        self._redeem(min(day + timedelta(days=1), self._now()))
        for _ in range(_LEARNING_TRIES):
            found = self._brand.call("GET", "/v1/decisioning")
            if found is None or not found["learned"]["waiting"] or self._stopped.wait(0.1):
                return

    def _name(self) -> str:
        return f"{self._now():%m%d%H%M%S}-{self._random.getrandbits(24):06x}"

    def _visit(self, name: str, as_of: datetime | None = None) -> _Event:
        channel = self._random.choice(("app", "web", "shop"))
        who = customer_id(int(self._random.random() * self._world.customers))
        visit: _Event = {
            "customer_id": who,
            "decision_id": f"visit-{name}",
            "context": {"channel": channel},
        }
        return visit if as_of is None else visit | {"as_of": as_of.isoformat()}

    def _decide(self, visits: list[_Event]) -> None:
        candidates = [one.promotion_id for one in OFFERS]
        body = {"decisions": visits, "candidates": candidates}
        answer = self._brand.call("POST", "/v1/decisions/batch", body)
        moments = {one["decision_id"]: one.get("as_of") for one in visits}
        for one in answer["decisions"] if answer else ():
            told = moments[one["decision_id"]]
            at = self._now() if told is None else datetime.fromisoformat(told)
            segment = self._segment(one["customer_id"])
            self._orders.visit(one["decision_id"], one["customer_id"], segment, at)
            if one["choice"] is not None and one["assignment_id"] is not None:
                self._take(one, segment, at, is_past=told is not None)

    def _segment(self, customer: str) -> str:
        return self._people[int(customer.removeprefix("c-")) - 1].segment

    def _take(self, decision: _Event, segment: str, at: datetime, *, is_past: bool) -> None:
        """The customer may come back and redeem; of the past within days, now within a minute or two."""
        offer = BY_ID[decision["choice"]["promotion_id"]]
        if self._random.random() >= offer.rate(segment):
            return
        lapse = self._random.expovariate(1.0)
        wait = timedelta(days=min(lapse, 4.5)) if is_past else timedelta(seconds=5 + 40 * lapse)
        order = offer.brings * (1.6 + self._random.random())
        event = {
            "event_id": f"order-{decision['decision_id']}",
            "promotion_id": offer.promotion_id,
            "customer_id": decision["customer_id"],
            "assignment_id": decision["assignment_id"],
            "redeemed_at": (at + wait).isoformat(),
            "channel": "web",
            "order_id": f"o-{decision['decision_id']}",
            "order_value": f"{order:.2f}",
        }
        heapq.heappush(self._due, (at + wait, event["event_id"], event))
        self._orders.with_offer(event, at + wait)

    def _redeem(self, until: datetime) -> None:
        """Reports what was redeemed up to then, and now and then that it was sent back."""
        told = []
        while self._due and self._due[0][0] <= until:
            event = heapq.heappop(self._due)[2]
            told.append(event)
            if event.get("type") is None and self._random.random() < 0.03:
                self._send_back(event)
        if told:
            self._till.call("POST", "/v1/redemptions", told)
        if orders := self._orders.until(until):
            self._brand.call("POST", "/v1/outcomes", orders)

    def _send_back(self, event: _Event) -> None:
        at = datetime.fromisoformat(event["redeemed_at"]) + timedelta(hours=20)
        reversal = {
            "event_id": f"return-{event['order_id']}",
            "type": "reversal",
            "reverses": event["event_id"],
            "promotion_id": event["promotion_id"],
            "customer_id": event["customer_id"],
            "redeemed_at": at.isoformat(),
        }
        heapq.heappush(self._due, (at, reversal["event_id"], reversal))
