"""The ways into the product, measured: files by `promosight import`, requests to `promosight serve`.

After each the outcomes must add up to what was generated, the figures must be the expected ones and the same as
after every other way, and `promosight verify` must find nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bench.bodies import Plan
from bench.expected import Expected, faults_of_figures, faults_of_outcomes
from bench.measure import Meter, await_rest
from bench.product import Imported, Product, figures_only, promotions
from bench.results import Measurement, Stored
from bench.run import Run
from bench.senders import Sent, send
from bench.servers import Server
from bench.stores import Stores

SINGLE = "HTTP single, 64 senders"


@dataclass(frozen=True)
class Bodies:
    """Batches over HTTP by 4 senders; those that bring assignments too begin with an empty store."""

    form: str
    events: int
    assignments: bool

    @property
    def way(self) -> str:
        """What its rows are called."""
        return f"HTTP {self.events:,} {'NDJSON' if self.form == 'ndjson' else 'JSON'}"


BATCHES = (
    Bodies("json", 1_000, False),
    Bodies("ndjson", 1_000, False),
    Bodies("json", 10_000, True),
    Bodies("ndjson", 10_000, True),
)


def import_way(form: str) -> str:
    """What the rows of an import are called."""
    return f"import {'Parquet' if form == 'parquet' else form.upper()}"


def measure_import(run: Run, stores: Stores, form: str) -> None:
    """All assignments, then all redemptions, from files of one form."""
    product = run.empty(stores).copied("import")
    way = import_way(form)
    before = stores.size(product.place)
    for kind in ("assignments", "redemptions"):
        imported = product.take(kind, run.written.file(kind, form))
        after = stores.size(product.place)
        _add_import(run, stores, way, kind, imported)
        rows = imported.rows - imported.outcomes.get("duplicate", 0)
        run.results.stored.append(
            Stored(
                round=run.round,
                store=stores.name,
                way=way,
                kind=kind,
                rows=rows,
                bytes=after - before,
            )
        )
        before = after
        expected = _all(run, kind)
        where = f"{stores.name} {way} {kind}"
        run.results.check(where, faults_of_outcomes(imported.outcomes, expected))
    with product.serving() as server:
        _check_all(run, stores, way, server)
    _verify(run, stores, way, product)
    stores.drop(product.place)


def measure_batches(run: Run, stores: Stores, bodies: Bodies) -> None:
    """All redemptions in bodies of one size and form."""
    start = run.empty(stores) if bodies.assignments else run.loaded(stores)
    product = start.copied("http")
    kinds = ("assignments", "redemptions") if bodies.assignments else ("redemptions",)
    with product.serving(run.workers_on(stores)) as server:
        complete = True
        for kind in kinds:
            plan = Plan(
                port=server.port,
                path=f"/v1/{kind}",
                key=server.key,
                senders=4,
                file=str(run.written.file(kind)),
                count=run.written.count(kind),
                per_body=bodies.events,
                form=bodies.form,
                seconds=run.seconds,
            )
            sent = _send(run, stores, server, plan, bodies.way, kind)
            complete = complete and sent.complete
            if complete:
                where = f"{stores.name} {bodies.way} {kind}"
                faults = faults_of_outcomes(sent.outcomes, _all(run, kind))
                run.results.check(where, faults)
        if complete:
            _check_all(run, stores, bodies.way, server)
    _verify(run, stores, bodies.way, product)
    stores.drop(product.place)


def measure_singles(run: Run, stores: Stores) -> None:
    """Single events of now by 64 senders, into a store that has seen half of the redemptions; the server is at rest."""
    product = run.until_now(stores).copied("single")
    first = run.size.redemptions // 2
    last = first + run.size.singles
    with product.serving(run.workers_on(stores)) as server:
        await_rest(server.pid)
        plan = Plan(
            port=server.port,
            path="/v1/redemptions",
            key=server.key,
            file=str(run.live.file("redemptions")),
            start=first,
            count=run.size.singles,
            seconds=run.seconds,
        )
        sent = _send(run, stores, server, plan, SINGLE, "redemptions")
        if sent.complete:
            where, expected = f"{stores.name} {SINGLE}", run.live.expected
            before, after = Counter(expected[first]), Counter(expected[last])
            after.subtract(before)
            run.results.check(where, faults_of_outcomes(sent.outcomes, dict(after)))
            found = promotions(server)
            run.results.check(where, faults_of_figures(found, run.live.work, expected[last]))
    _verify(run, stores, SINGLE, product)
    stores.drop(product.place)


def _send(run: Run, stores: Stores, server: Server, plan: Plan, way: str, kind: str) -> Sent:
    with Meter(server.pid, stores.cpu_s).measuring() as usage:
        sent = send(plan)
    run.results.add_sent(sent, usage, round_=run.round, store=stores.name, way=way, kind=kind)
    return sent


def _add_import(run: Run, stores: Stores, way: str, kind: str, imported: Imported) -> None:
    run.results.add(
        Measurement(
            round=run.round,
            store=stores.name,
            way=way,
            kind=kind,
            events=imported.rows,
            cpu_s=imported.usage.cpu_s,
            wall_s=imported.usage.wall_s,
            peak_bytes=imported.usage.peak_bytes,
        )
    )


def _all(run: Run, kind: str) -> Expected:
    if kind == "redemptions":
        return run.written.expected[run.size.redemptions]
    count = run.size.assignments
    return {"received": count, "duplicate": 0, "pending": 0, "taken": count}


def _check_all(run: Run, stores: Stores, way: str, server: Server) -> None:
    items = promotions(server)
    expected = run.written.expected[run.size.redemptions]
    where = f"{stores.name} {way}"
    run.results.check(where, faults_of_figures(items, run.written.work, expected))
    figures = figures_only(items)
    first = run.figures.setdefault("all ways", figures)
    faults = [] if first == figures else ["the figures are not those of the first way"]
    run.results.check(where, faults)


def _verify(run: Run, stores: Stores, way: str, product: Product) -> None:
    if run.verify:
        different = product.differences()
        faults = [f"verify finds {different:,} differences"] if different else []
        run.results.check(f"{stores.name} {way} verify", faults)
