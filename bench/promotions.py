"""`./dev bench promotions`: what the list of promotions and its stream cost a server with 10,000 of them.

The brand is made by imports, every promotion with assignments and redemptions over the last weeks and most with
limits. Then a served list is asked for in several ways, and single events come at 50 a second while nobody, one
reader or hundreds listen. Everything is CPU time of the server (and its PostgreSQL); readers and senders are here.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import machine
from bench.followers import Followers
from bench.measure import Meter, Usage
from bench.product import Product, ProductFailed
from bench.servers import Server, get
from bench.stores import NAMES, Stores, opened
from tools.ports import HOST

_WAYS = {
    "by id": "limit=50",
    "by -rate": "limit=50&sort=-rate",
    "by -usage": "limit=50&sort=-usage",
    "search": "limit=50&q=autumn+offer+1",
    "with trends of 30 days": "limit=50&trend=30",
    "a page far behind": "limit=50&offset=9000",
    "CSV of all": "format=csv",
}
_EVENTS_A_SECOND = 50
_CUSTOMERS = 20
_REPEATS = 10


@dataclass(frozen=True)
class Brand:
    """So many promotions, each given to 20 customers."""

    promotions: int
    now: datetime

    def records(self, kind: str) -> Iterator[dict[str, Any]]:
        """What `promosight import KIND` reads."""
        for number in range(self.promotions):
            if kind == "promotions":
                yield self._promotion(number)
            elif kind == "assignments":
                yield from (self._assignment(number, place) for place in range(_CUSTOMERS))
            else:  # a third of them at the most, so that the rest can still redeem
                used = range(0, number % _CUSTOMERS, 3)
                yield from (self.redemption(number, place, self._at(place)) for place in used)

    def redemption(self, number: int, place: int, at: datetime) -> dict[str, Any]:
        """One customer's redemption of one promotion."""
        return {
            "event_id": f"e-{number}-{place}",
            "promotion_id": f"promo-{number:05}",
            "customer_id": f"c-{number * 7 + place}",
            "redeemed_at": at.isoformat(),
            "order_value": "20.00",
        }

    def _promotion(self, number: int) -> dict[str, Any]:
        season = ("Spring", "Summer", "Autumn", "Winter")[number % 4]
        limits = [{"measure": "reward", "window": "lifetime", "amount": "5000"}]
        if number % 5 == 3:
            limits += [{"measure": "assignments", "window": "weekly", "amount": "500"}]
        return {
            "promotion_id": f"promo-{number:05}",
            "name": f"{season} offer {number}",
            "status": "active",
            "code": f"CODE{number}",
            "reward": {"type": "amount", "currency": "EUR", "value": "5.00"},
            "limits": limits if number % 5 else [],
        }

    def _assignment(self, number: int, place: int) -> dict[str, Any]:
        return {
            "promotion_id": f"promo-{number:05}",
            "customer_id": f"c-{number * 7 + place}",
            "assigned_at": (self._at(place) - timedelta(days=9)).isoformat(),
            "segment": ("new", "loyal")[place % 2],
            "channel": "email",
        }

    def _at(self, place: int) -> datetime:
        return self.now - timedelta(days=_CUSTOMERS - place, hours=1)


def main() -> int:
    """Runs the benchmark and prints what it found."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped on the way out
    arguments = _parsed()
    found: dict[str, dict[str, float]] = {}
    versions = []
    brand = Brand(arguments.promotions, datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in arguments.stores.split(","):
            with opened(name, Path(folder)) as stores:
                versions.append(stores.version())
                found[name] = _measured(brand, stores, Path(folder), arguments)
    _print(brand, found, machine.described(versions))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    return 0


def _measured(
    brand: Brand, stores: Stores, folder: Path, arguments: argparse.Namespace
) -> dict[str, float]:
    product = Product(stores, stores.fresh("promotions")).initialised()
    for kind in ("promotions", "assignments", "redemptions"):
        file = folder / f"{kind}.ndjson"
        file.write_text("".join(json.dumps(one) + "\n" for one in brand.records(kind)))
        product.take(kind, file)
    found: dict[str, float] = {}
    with product.serving() as server:
        for name, query in _WAYS.items():
            found[f"GET, {name}: ms"] = _asked(server, stores, query)
        sending = _Sending(server, brand, arguments.seconds)
        alone = sending.measured(stores)
        found["events alone: % of a core"] = _share(alone)
        for readers in (1, arguments.readers):
            with Followers(server, readers) as followers:
                usage = sending.measured(stores)
                followers.check(sending.latest)
            found[f"{readers} listening: % of a core"] = _share(usage)
            found[f"{readers} listening: events each a second"] = followers.rate(usage.wall_s)
            found[f"{readers} listening: ms behind, median"] = followers.behind_ms(sending.told)
    return found


def _share(usage: Usage) -> float:
    return usage.cpu_s / usage.wall_s * 100


def _asked(server: Server, stores: Stores, query: str) -> float:
    """CPU milliseconds of one answer, warm."""
    times = []
    for repeat in range(_REPEATS + 2):
        meter = Meter(server.pid, stores.cpu_s)
        with meter.measuring() as usage:
            status, body = get(server, f"/v1/promotions?{query}")
        if status != 200:
            raise ProductFailed(f"GET /v1/promotions?{query}: {status} {body[:300]!r}")
        if repeat >= 2:
            times.append(usage.cpu_s * 1_000)
    return statistics.median(times)


class _Sending:
    """Single events, evenly over promotions and time. `told` is when each was acknowledged, by promotion."""

    def __init__(self, server: Server, brand: Brand, seconds: float) -> None:
        self._server = server
        self._brand = brand
        self._seconds = seconds
        self._sent = 0
        self.told: dict[str, float] = {}
        self.latest = ""

    def measured(self, stores: Stores) -> Usage:
        """What the server takes while they come."""
        self.told.clear()
        connection = http.client.HTTPConnection(HOST, self._server.port, timeout=60)
        meter = Meter(self._server.pid, stores.cpu_s)
        with meter.measuring() as usage:
            began = time.monotonic()
            for number in range(int(self._seconds * _EVENTS_A_SECOND)):
                time.sleep(max(0.0, began + number / _EVENTS_A_SECOND - time.monotonic()))
                self._send(connection)
        connection.close()
        return usage

    def _send(self, connection: http.client.HTTPConnection) -> None:
        number = self._sent * 37 % self._brand.promotions
        self._sent += 1
        event = self._brand.redemption(number, _CUSTOMERS - 1, datetime.now(UTC))
        event["event_id"] = f"till-{self._sent}"
        headers = {
            "Authorization": f"Bearer {self._server.key}",
            "Content-Type": "application/json",
        }
        connection.request("POST", "/v1/redemptions", json.dumps(event), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body)["outcome"] not in ("counted", "excess"):
            raise ProductFailed(f"POST /v1/redemptions: {answer.status} {body[:300]!r}")
        self.latest = str(event["promotion_id"])
        self.told[self.latest] = time.monotonic()


def _print(brand: Brand, found: dict[str, dict[str, float]], about: dict[str, str]) -> None:
    for name, value in about.items():
        print(f"{name}: {value}")
    print(f"\n{brand.promotions:,} promotions, {_EVENTS_A_SECOND} single events a second\n")
    print(f"{'':48}" + "".join(f"{name:>12}" for name in found))
    for row in next(iter(found.values())):
        print(f"{row:48}" + "".join(f"{values[row]:12.1f}" for values in found.values()))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench promotions", description=__doc__)
    parser.add_argument("--promotions", type=int, default=10_000, metavar="N", help="(10,000)")
    parser.add_argument("--seconds", type=float, default=20, metavar="S", help="of events (20)")
    parser.add_argument("--readers", type=int, default=400, metavar="N", help="who listen (400)")
    parser.add_argument("--stores", default=",".join(NAMES), metavar="A,B", help="(both)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="what was measured, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
