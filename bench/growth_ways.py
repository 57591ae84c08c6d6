"""Growth, measured at one size on one store: the load, then probes of writing and reading on top of it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.bodies import Plan
from bench.expected import faults_of_figures
from bench.floor import Part, insert
from bench.floors import DRIVERS, KINDS, plan, table_way
from bench.forms import Written
from bench.measure import Meter, Usage
from bench.product import Product, promotions
from bench.results import Measurement, Results, Stored
from bench.senders import send
from bench.servers import Server
from bench.stores import Stores
from bench.work import promotion_id

BATCH = "HTTP 10,000 JSON"
IMPORT = "import NDJSON"
SINGLE = "HTTP single, 64 senders"
LOAD = "import NDJSON, the whole load"
LIST = "GET promotions"
READS = "reads"
DIMENSIONS = (
    "tier",
    "segment",
    "channel",
    "campaign",
    "source",
    "code",
    "outcome",
    "day",
    "week",
    "month",
)
_LISTS, _BREAKDOWNS = 200, 100
_SECONDS = 900.0


@dataclass(frozen=True)
class Growth:
    """One size on one store: `at` rows of each kind are loaded, then `probe` or `singles` events sent."""

    written: Written
    results: Results
    stores: Stores
    round: int
    at: int
    probe: int
    singles: int

    def add(self, way: str, kind: str, events: int, usage: Usage) -> None:
        """Keeps what a program run to its end took."""
        self.results.add(
            Measurement(
                round=self.round,
                store=self.stores.name,
                way=way,
                kind=kind,
                events=events,
                cpu_s=usage.cpu_s,
                wall_s=usage.wall_s,
                peak_bytes=usage.peak_bytes,
                at=self.at,
            )
        )

    def add_bytes(self, way: str, kind: str, rows: int, grown: int) -> None:
        """Keeps how much a load added to the store."""
        self.results.stored.append(
            Stored(
                round=self.round,
                store=self.stores.name,
                way=way,
                kind=kind,
                rows=rows,
                bytes=grown,
                at=self.at,
            )
        )


def measure_floor(growth: Growth) -> None:
    """The load and as many rows as all probes bring, into the bare table."""
    driver = DRIVERS[growth.stores.name][0]
    place = growth.stores.fresh("floor")
    before = growth.stores.size(place)
    for kind in KINDS:
        file = str(growth.written.file(kind))
        load = plan(growth.stores, place, driver, [Part(kind, file, 0, growth.at)])
        (loaded,) = insert(load)
        after = growth.stores.size(place)
        growth.add_bytes(table_way(driver), kind, loaded.rows, after - before)
        probe = plan(growth.stores, place, driver, [Part(kind, file, growth.at, 2 * growth.probe)])
        (found,) = insert(probe)
        usage = Usage(found.cpu_s, found.wall_s)
        growth.add(table_way(driver), kind, found.lines, usage)
        before = growth.stores.size(place)
    growth.stores.drop(place)


def measure_product(growth: Growth) -> None:
    """The load and the probes, into the product; then what readers ask for, and the proof."""
    stores, written = growth.stores, growth.written
    product = Product(stores, stores.fresh("product")).initialised()
    product.take("promotions", written.file("promotions"))
    for kind in KINDS:
        before = stores.size(product.place)
        part = written.part(kind, 0, growth.at)
        loaded = product.take(kind, part)
        part.unlink()
        growth.add(LOAD, kind, loaded.rows, loaded.usage)
        rows = loaded.rows - loaded.outcomes.get("duplicate", 0)
        growth.add_bytes(LOAD, kind, rows, stores.size(product.place) - before)
        _probe_import(growth, product, kind)
        with product.serving() as server:
            _probe_http(growth, server, kind)
    with product.serving() as server:
        _probe_reads(growth, server)
        items = promotions(server)
    where = f"{stores.name} at {growth.at:,}"
    expected = written.expected[written.work.redemptions]
    growth.results.check(where, faults_of_figures(items, written.work, expected))
    different = product.differences()
    faults = [f"verify finds {different:,} differences"] if different else []
    growth.results.check(where, faults)
    stores.drop(product.place)


def _probe_import(growth: Growth, product: Product, kind: str) -> None:
    """Without the program's start, which is measured on a file of one line that is there already."""
    again = growth.written.part(kind, 0, 1)
    start = product.take(kind, again).usage
    again.unlink()
    part = growth.written.part(kind, growth.at, growth.probe)
    found = product.take(kind, part)
    part.unlink()
    usage = Usage(
        max(0.0, found.usage.cpu_s - start.cpu_s),
        max(1e-9, found.usage.wall_s - start.wall_s),
        found.usage.peak_bytes,
    )
    growth.add(IMPORT, kind, found.rows, usage)


def _probe_http(growth: Growth, server: Server, kind: str) -> None:
    first = growth.at + growth.probe
    for way, start, count, per_body in (
        (BATCH, first, growth.probe, 10_000),
        (SINGLE, first + growth.probe, growth.singles, 1),
    ):
        sending = Plan(
            port=server.port,
            path=f"/v1/{kind}",
            key=server.key,
            senders=4 if per_body > 1 else 64,
            file=str(growth.written.file(kind)),
            start=start,
            count=count,
            per_body=per_body,
            seconds=_SECONDS,
        )
        _send(growth, server, sending, way, kind)


def _probe_reads(growth: Growth, server: Server) -> None:
    few = growth.at < 10_000  # a smoke test
    asked = [(LIST, "/v1/promotions?limit=1000", _LISTS)]
    for by in DIMENSIONS:
        path = f"/v1/promotions/{promotion_id(1)}/breakdown?by={by}"
        asked.append((f"GET breakdown by {by}", path, _BREAKDOWNS))
    for way, path, count in asked:
        sending = Plan(
            port=server.port,
            path=path,
            key=server.key,
            senders=1,
            count=5 if few else count,
            seconds=_SECONDS,
        )
        _send(growth, server, sending, way, READS)


def _send(growth: Growth, server: Server, sending: Plan, way: str, kind: str) -> None:
    with Meter(server.pid, growth.stores.cpu_s).measuring() as usage:
        sent = send(sending)
    growth.results.add_sent(
        sent,
        usage,
        round_=growth.round,
        store=growth.stores.name,
        way=way,
        kind=kind,
        at=growth.at,
    )
