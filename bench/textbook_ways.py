"""The textbook, measured: events one by one from 64 senders, and again in bodies from 4."""

from __future__ import annotations

from bench.bodies import Plan
from bench.expected import faults_of_outcomes
from bench.measure import Meter
from bench.run import Run
from bench.senders import send
from bench.servers import module, serving
from bench.stores import Stores

SINGLE = "textbook single, 64 senders"
BATCH = "textbook in bodies"


def measure_textbook(run: Run, stores: Stores) -> None:
    """A sample from the beginning: the first events one by one, those after them in eight bodies."""
    place = stores.copy(run.textbook(stores), "textbook_run")
    count = run.size.textbook
    with serving(module("bench.textbook", "serve", place.url, "PORT"), ready="/docs") as server:
        for way, path, per_body in (
            (SINGLE, "/v1/redemptions", 1),
            (BATCH, "/v1/redemptions/batch", max(1, count // 8)),
        ):
            plan = Plan(
                port=server.port,
                path=path,
                senders=64 if per_body == 1 else 4,
                file=str(run.written.file("redemptions")),
                start=0 if way == SINGLE else count,
                count=count,
                per_body=per_body,
                seconds=run.seconds,
            )
            with Meter(server.pid, stores.cpu_s).measuring() as usage:
                sent = send(plan)
            run.results.add_sent(
                sent, usage, round_=run.round, store=stores.name, way=way, kind="redemptions"
            )
            if way == SINGLE and sent.complete:
                faults = faults_of_outcomes(sent.outcomes, run.written.expected[count])
                run.results.check(f"{stores.name} {way}", faults)
    stores.drop(place)
