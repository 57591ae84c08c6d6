"""The floors, measured: bare tables on each store, a handler that only reads the body, and both of them together."""

from __future__ import annotations

from bench.bodies import Plan as Sending
from bench.expected import faults_of_rows
from bench.floor import Part, Plan, insert
from bench.floor_tables import DRIVERS as TABLES
from bench.measure import Meter
from bench.results import Measurement, Stored
from bench.run import Run
from bench.senders import send
from bench.servers import module, serving
from bench.stores import Place, PostgresqlStores, Stores

KINDS = ("assignments", "redemptions")
DRIVERS = {"sqlite": ("sqlite3", "apsw"), "postgresql": ("postgresql",)}
ROW = "bare handler and row, single"
"""The way of single events that are written down and nothing else."""
DECODING = "bare handler and decoding, single"
"""The way of single events that are decoded and forgotten."""
BODIES = {1: "single", 1_000: "1,000 a body", 10_000: "10,000 a body"}


def table_way(driver: str) -> str:
    """What the rows of a driver's bare table are called."""
    return "bare table, " + ("COPY" if driver == "postgresql" else driver)


def measure_table(run: Run, stores: Stores, driver: str) -> None:
    """All assignments, then all redemptions, into bare tables."""
    place = stores.fresh(f"floor_{driver}")
    before = stores.size(place)
    for kind in KINDS:
        parts = [Part(kind, str(run.written.file(kind)), 0, run.written.count(kind))]
        (found,) = insert(plan(stores, place, driver, parts))
        after = stores.size(place)
        way = table_way(driver)
        run.results.add(
            Measurement(
                round=run.round,
                store=stores.name,
                way=way,
                kind=kind,
                events=found.lines,
                cpu_s=found.cpu_s,
                wall_s=found.wall_s,
            )
        )
        run.results.stored.append(
            Stored(
                round=run.round,
                store=stores.name,
                way=way,
                kind=kind,
                rows=found.rows,
                bytes=after - before,
            )
        )
        before = after
    stores.drop(place)


def plan(stores: Stores, place: Place, driver: str, parts: list[Part]) -> Plan:
    """How to insert parts into a place."""
    if isinstance(stores, PostgresqlStores):
        return Plan(driver=driver, target=place.url, postmaster=stores.postmaster, parts=parts)
    assert place.path is not None
    return Plan(driver=driver, target=str(place.path / "floor.db"), parts=parts)


def measure_handler(run: Run, per_body: int) -> None:
    """The redemptions, read and answered."""
    _measure_handler(run, "bench.bare_handler", f"bare handler, {BODIES[per_body]}", per_body)


def measure_decoding(run: Run) -> None:
    """The single events, read, decoded and answered."""
    _measure_handler(run, "bench.decoding_handler", DECODING, 1)


def _measure_handler(run: Run, handler: str, way: str, per_body: int) -> None:
    with serving(module(handler, "PORT")) as server:
        meter = Meter(server.pid, lambda: 0.0)
        with meter.measuring() as usage:
            sent = send(
                Sending(
                    port=server.port,
                    path="/",
                    senders=64 if per_body == 1 else 4,
                    file=str(run.written.file("redemptions")),
                    count=run.size.singles if per_body == 1 else run.size.redemptions,
                    per_body=per_body,
                    seconds=run.seconds,
                )
            )
    run.results.add_sent(sent, usage, round_=run.round, store="none", way=way, kind="redemptions")


def measure_row_handler(run: Run, stores: Stores) -> None:
    """The single events of now, written down and answered, over what lies beneath ours."""
    place = stores.copy(_until_now(run, stores), "floor_run")
    driver, first = DRIVERS[stores.name][-1], run.size.redemptions // 2
    target = plan(stores, place, driver, []).target
    with (
        serving(module("bench.row_handler", "PORT", driver, target)) as server,
        Meter(server.pid, stores.cpu_s).measuring() as usage,
    ):
        sent = send(
            Sending(
                port=server.port,
                path="/",
                file=str(run.live.file("redemptions")),
                start=first,
                count=run.size.singles,
                seconds=run.seconds,
            )
        )
    run.results.add_sent(
        sent, usage, round_=run.round, store=stores.name, way=ROW, kind="redemptions"
    )
    if sent.complete:
        table = TABLES[driver](target)
        expected = run.live.expected[first + run.size.singles]
        run.results.check(
            f"{stores.name} {ROW}", faults_of_rows(table.count("redemptions"), expected)
        )
        table.close()
    stores.drop(place)


def _until_now(run: Run, stores: Stores) -> Place:
    """Bare tables with all assignments of the live work and the redemption lines before now; made once."""
    if stores.name not in run.floors:
        run.results.begin(f"{stores.name}: filling bare tables")
        place = stores.fresh("floor_until_now")
        counts = run.live.work.assignments, run.size.redemptions // 2
        parts = [
            Part(kind, str(run.live.file(kind)), 0, count)
            for kind, count in zip(KINDS, counts, strict=True)
        ]
        insert(plan(stores, place, DRIVERS[stores.name][-1], parts))
        run.floors[stores.name] = place
    return run.floors[stores.name]
