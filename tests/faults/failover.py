"""A failover run: senders at work while the primary of a replicated PostgreSQL dies again and again; the reckoning.

`./dev failover --minutes 10 --seed 7`. Two servers of ours with the addresses of both; whatever happens, nobody touches
them. Where Patroni and etcd are installed (and we are root) they look after PostgreSQL, as in earnest; elsewhere a
supervisor of our own does (`pair.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.api.server import client_of, new_workspace, promotion
from tests.faults.checking import faults
from tests.faults.facts import PROMOTIONS
from tests.faults.ledger import Ledger
from tests.faults.pair import pair_in
from tests.faults.patroni import can_run, patroni_in
from tests.faults.replicated import Replicated
from tests.faults.sending import HOST, started
from tests.faults.servers import Servers
from tools.system import say


@dataclass(frozen=True)
class Report:
    """What a run came to. `silences`: for each failover, its trouble, and the longest time without an answer."""

    seed: int
    seconds: float
    acknowledged: int
    given_up: int
    silences: list[tuple[str, float]]
    answers: Counter[str]
    server_starts: int
    wrong: list[str]


def fail_over(
    replicated: Replicated,
    seed: int,
    seconds: float,
    *,
    times: int = 1,
    senders: int = 6,
    rest_s: float = 0.0,
) -> Report:
    """Failovers for so long, and at least so many; then peace, then the reckoning."""
    key, ledger = new_workspace(replicated.url), Ledger()
    with tempfile.TemporaryDirectory(prefix="failover-") as folder:
        servers = Servers(replicated.url, 2, Path(folder))
        began = time.monotonic()
        try:
            servers.start_ended()
            with client_of(f"http://{HOST}:{servers.ports[0]}", key) as client:
                for number in range(PROMOTIONS):
                    promotion(client, f"promotion-{number}")
            stop = started(senders, seed, key, servers.ports, ledger, rest_s=rest_s)
            try:
                silences = _befall(replicated, ledger, random.Random(seed), seconds, times)
            finally:
                stop()
        finally:
            servers.stop()
        spent_s = time.monotonic() - began
        wrong = faults(replicated.url, seed, ledger)
        return Report(
            seed,
            spent_s,
            ledger.acknowledgements,
            len(ledger.sent) - ledger.acknowledgements,
            silences,
            ledger.answers,
            servers.starts,
            [*wrong, servers.said()] if wrong else [],
        )


def _befall(
    replicated: Replicated, ledger: Ledger, drawn: random.Random, seconds: float, times: int
) -> list[tuple[str, float]]:
    """Troubles one after the other, each kind in turn, with a little work between."""
    began, silences = time.monotonic(), list[tuple[str, float]]()
    possible = list(replicated.troubles().items())
    drawn.shuffle(possible)
    while len(silences) < times or time.monotonic() - began < seconds:
        time.sleep(drawn.uniform(1.0, 3.0))
        name, befall = possible[len(silences) % len(possible)]
        since = time.monotonic()
        befall(drawn)
        time.sleep(1.0)
        silences.append((name, ledger.longest_silence(since)))
        say(f"{name}: {silences[-1][1]:.1f} s; {ledger.acknowledgements:,} acknowledged")
    return silences


def told(report: Report) -> str:
    """A report in words."""
    by_trouble: dict[str, list[float]] = {}
    for name, silence in report.silences:
        by_trouble.setdefault(name, []).append(silence)
    lines = [
        f"seed {report.seed}: {report.seconds / 60:.1f} minutes, {len(report.silences)} failovers, "
        f"{report.acknowledged:,} facts acknowledged, {report.given_up:,} given up; "
        f"server processes started: {report.server_starts}",
        *(f"    {len(some):3} {name}: {_spread(some)}" for name, some in by_trouble.items()),
        f"    all: {_spread([silence for _, silence in report.silences])}",
        "    answers: " + ", ".join(f"{name} {n:,}" for name, n in report.answers.most_common()),
    ]
    if report.wrong:
        return "\n".join([*lines, "    WRONG:", *(f"      {one}" for one in report.wrong)])
    return "\n".join([*lines, "    0 lost, 0 counted twice, figures as counted, verify clean"])


def _spread(silences: list[float]) -> str:
    return f"writes resumed after {statistics.median(silences):.1f} s (median), {max(silences):.1f} s (worst)"


@contextlib.contextmanager
def _looked_after(*, synchronous: bool) -> Iterator[Replicated]:
    folder = Path(tempfile.mkdtemp(prefix="promosight-failover-"))
    try:
        if can_run():
            say("Patroni and etcd look after PostgreSQL")
            with patroni_in(folder, synchronous=synchronous) as replicated:
                yield replicated
            return
        say("no Patroni and etcd here (or not root): a supervisor of our own; one kind of trouble")
        with pair_in(folder) as pair:
            yield pair
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Runs it; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="./dev failover", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="(1)")
    parser.add_argument("--times", type=int, default=1, help="failovers at least (1)")
    parser.add_argument("--seed", type=int, default=None, help="(by the clock; printed)")
    parser.add_argument(
        "--asynchronous",
        action="store_true",
        help="no commit waits for the standby (with Patroni): shows what is lost then",
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    with _looked_after(synchronous=not chosen.asynchronous) as replicated:
        report = fail_over(replicated, seed, chosen.minutes * 60, times=chosen.times)
    print(told(report), flush=True)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
