"""An overload run: four times of what the server can take, for a minute, then the reckoning.

`./dev overload --stores sqlite,postgresql --seconds 60`. Single events first, then batches. Capacity is what closed
senders get through (each sends when it is answered), with the same generators on the same cores. Normal is half of
it, by schedule; then four times of it, by schedule, whether the server keeps up or not.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tests.api.server import client_of, new_workspace, promotion, started
from tests.faults.checking import faults
from tests.faults.facts import PROMOTIONS
from tests.faults.ledger import Ledger
from tests.faults.offering import Offered, Plan, names_of, started_offer, what_came
from tools.postgres import temporary_postgres
from tools.system import say

STORES = ("sqlite", "postgresql")
TIMES = 4
SETTLES_WITHIN_S = 5.0
"""That there is too much is seen when it has come; what came until then is told apart."""


@dataclass(frozen=True)
class Kind:
    """A kind of request: facts in each, and the connections of all generators together."""

    name: str
    size: int
    closed: int
    connections: int


SINGLES = Kind("single events", 1, 64, 4_000)
BATCHES = Kind("batches of 1,000", 1_000, 8, 400)
KINDS = {"singles": SINGLES, "batches": BATCHES}


@dataclass
class Phase:
    """What one phase came to, all generators together."""

    seconds: float
    offered: int
    accepted: int
    p50_ms: float
    p99_ms: float
    settled_p99_ms: float
    by_second: list[tuple[int, float]]
    """Of those due in each second, how many were accepted, and their p99 in milliseconds."""
    since_sent_p99_ms: float
    refused: int
    refused_p99_ms: float
    answers: Counter[str]
    without_retry_after: int
    late_ms: float
    generators_cpu: float
    wrong: list[str]


@dataclass
class Report:
    """What a run on one store and kind came to."""

    store: str
    kind: Kind
    capacity: float
    normal: Phase
    overload: Phase
    rss_mb: list[float] = field(default_factory=list)
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)


class Pressure:
    """A running server under generators, with the books of all they told."""

    def __init__(self, port: int, pid: int, key: str, seed: int, generators: int) -> None:
        self._port, self._pid, self._key, self._seed = port, pid, key, seed
        self._generators = generators
        self._first = 0
        self.ledger = Ledger()

    def phase(self, kind: Kind, rate: float, seconds: float, connections: int) -> Phase:
        """Has all generators work for so long; `rate` is of requests, of all together, 0 for closed senders."""
        share = self._generators
        plans = [
            Plan(
                self._port,
                self._key,
                self._seed,
                number,
                rate / share,
                seconds,
                kind.size,
                connections // share,
                self._first,
            )
            for number in range(share)
        ]
        running = [started_offer(plan) for plan in plans]
        came = [what_came(one) for one in running]
        for plan, one in zip(plans, came, strict=True):
            self._note(plan, one)
        self._first += (max(one.told for one in came) // 2 + 1) * kind.size
        return _together(came, seconds)

    def _note(self, plan: Plan, came: Offered) -> None:
        for number in range(came.told):
            self.ledger.told(names_of(plan, number))
        for number in came.acknowledged:
            names = names_of(plan, number)
            self.ledger.acknowledged(names, {"outcomes": {"taken": len(names)}})

    @contextlib.contextmanager
    def memory(self) -> Iterator[list[float]]:
        """The server's resident memory in MB, every second."""
        seen: list[float] = []
        stopped = Event()

        def look() -> None:
            while not stopped.wait(1.0):
                seen.append(_resident_mb(self._pid))

        thread = Thread(target=look)
        thread.start()
        try:
            yield seen
        finally:
            stopped.set()
            thread.join()


def overload(
    url: str, kind: Kind, seed: int, seconds: float, *, warm_s: float = 8.0, generators: int = 2
) -> Report:
    """Capacity, normal, overload, reckoning, on one store."""
    key = new_workspace(url)
    process, port = started(url)
    pressure = Pressure(port, process.pid, key, seed, generators)
    try:
        with client_of(f"http://127.0.0.1:{port}", key) as client:
            for number in range(PROMOTIONS):
                promotion(client, f"promotion-{number}")
        closed = pressure.phase(kind, 0.0, warm_s, kind.closed)
        capacity = closed.accepted / warm_s
        normal = pressure.phase(kind, capacity / 2, warm_s, kind.connections)
        with pressure.memory() as rss_mb:
            over = pressure.phase(kind, TIMES * capacity, seconds, kind.connections)
    finally:
        process.terminate()
        process.wait(60)
    report = Report(url.split(":")[0], kind, capacity, normal, over, rss_mb)
    report.acknowledged = pressure.ledger.acknowledgements
    report.wrong = [*closed.wrong, *normal.wrong, *over.wrong]
    report.wrong += faults(url, seed, pressure.ledger)
    return report


def told(report: Report) -> str:
    """A report in words."""
    size, over, normal = report.kind.size, report.overload, report.normal
    rss = report.rss_mb
    lines = [
        f"{report.store}, {report.kind.name}: capacity {report.capacity * size:,.0f} events/s",
        f"    at half of it: accepted {normal.accepted * size:,}, p50 {normal.p50_ms:.0f} ms, "
        f"p99 {normal.p99_ms:.0f} ms, refused {normal.refused * size:,}",
        f"    at {TIMES} times for {over.seconds:.0f} s: offered {over.offered * size:,}, "
        f"accepted {over.accepted * size:,} ({over.accepted * size / over.seconds:,.0f}/s), "
        f"p50 {over.p50_ms:.0f} ms, p99 {over.p99_ms:.0f} ms "
        f"({over.settled_p99_ms:.0f} ms but for the first {SETTLES_WITHIN_S:.0f} s; "
        f"{over.since_sent_p99_ms:.0f} ms since it was sent); refused {over.refused * size:,} "
        f"(p99 {over.refused_p99_ms:.0f} ms), without Retry-After {over.without_retry_after}; "
        f"a request was sent {over.late_ms:.0f} ms late at the most; "
        f"generators took {over.generators_cpu:.2f} of a core",
        "    accepted and their p99 by the second: "
        + ", ".join(f"{n * size:,} {ms:.0f}" for n, ms in over.by_second),
        "    answers: " + ", ".join(f"{name} {n:,}" for name, n in sorted(over.answers.items())),
        f"    memory in MB, each second: {' '.join(f'{one:.0f}' for one in rss)}",
    ]
    if report.wrong:
        return "\n".join([*lines, "    WRONG:", *(f"      {one}" for one in report.wrong[:20])])
    return "\n".join(
        [*lines, f"    {report.acknowledged:,} acknowledged, all there once, verify clean"]
    )


def _together(came: list[Offered], seconds: float) -> Phase:
    accepted = sorted(one for some in came for one in some.accepted_ms)
    settled = sorted(
        ms
        for some in came
        for due, ms in zip(some.accepted_due, some.accepted_ms, strict=True)
        if due > SETTLES_WITHIN_S
    )
    since_sent = sorted(
        ms
        for some in came
        for due, ms in zip(some.accepted_due, some.accepted_since_sent_ms, strict=True)
        if due > SETTLES_WITHIN_S
    )
    refused = sorted(one for some in came for one in some.refused_ms)
    answers = sum((Counter(one.answers) for one in came), Counter[str]())
    wrong = [said for one in came for said in one.wrong]
    if unanswered := sum(one.unanswered for one in came):
        wrong.append(f"{unanswered} requests were never answered")
    return Phase(
        seconds,
        answers.total(),
        len(accepted),
        _of(accepted, 0.50),
        _of(accepted, 0.99),
        _of(settled, 0.99),
        _by_second(came, seconds),
        _of(since_sent, 0.99),
        len(refused),
        _of(refused, 0.99),
        answers,
        sum(one.without_retry_after for one in came),
        max(one.late_ms for one in came),
        sum(one.cpu_s for one in came) / seconds,
        wrong,
    )


def _by_second(came: list[Offered], seconds: float) -> list[tuple[int, float]]:
    found: list[list[float]] = [[] for _ in range(int(seconds) + 1)]
    for some in came:
        for due, ms in zip(some.accepted_due, some.accepted_ms, strict=True):
            found[int(due)].append(ms)
    return [(len(one), _of(sorted(one), 0.99)) for one in found if one]


def _of(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _resident_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1_024 for line in status if line.startswith("VmRSS"))


@contextlib.contextmanager
def _store(name: str) -> Iterator[str]:
    if name == "postgresql":
        with temporary_postgres() as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="overload-") as folder:
        yield f"sqlite:///{Path(folder)}/promosight.db"


def main() -> int:
    """Runs what was asked for; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="./dev overload", description=__doc__)
    parser.add_argument("--stores", default=",".join(STORES), metavar="A,B", help="(both)")
    parser.add_argument("--kinds", default=",".join(KINDS), metavar="A,B", help="(both)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of overload (60)")
    parser.add_argument("--seed", type=int, default=7, help="of when requests come (7)")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    right = True
    for store in chosen.stores.split(","):
        for kind in (KINDS[name] for name in chosen.kinds.split(",")):
            say(f"{store}, {kind.name}")
            with _store(store) as url:
                report = overload(url, kind, chosen.seed, chosen.seconds)
            print(told(report), flush=True)
            right = right and not report.wrong
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
