"""A chaos run: senders at work against the real server while it is killed, paused and starved, then the reckoning.

`./dev chaos --minutes 10 --seed 7` runs it on both stores and prints the report; `tests/faults/test_chaos.py` runs
a short one. The seed decides what is told, how the senders misbehave and which troubles come in which order. When
a trouble meets a request is decided by the machine: the same seed may find another interleaving, never other facts.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tqdm import tqdm

from tests.api.server import client_of, new_workspace, promotion
from tests.faults.checking import faults
from tests.faults.clusters import adopt_orphans
from tests.faults.facts import PROMOTIONS
from tests.faults.ledger import Ledger
from tests.faults.sending import HOST, started
from tests.faults.servers import Servers, small_disk
from tests.faults.troubles import Troubles
from tools.postgres import Cluster, cluster_in

STORES = ("sqlite", "postgresql")
_PROCESSES = {"sqlite": 1, "postgresql": 2}
_DISK_MEGABYTES = {"sqlite": 4_000, "postgresql": 6_000}
_LONGER_S = 120.0
"""For so long more a run goes on that has not come to enough."""


@dataclass(frozen=True)
class Report:
    """What a run came to."""

    store: str
    seed: int
    seconds: float
    acknowledged: int
    given_up: int
    kills: int
    troubles: Counter[str]
    answers: Counter[str]
    wrong: list[str]


@dataclass(frozen=True)
class Place:
    """A store of its own: its address, its disk where it has one, and its PostgreSQL where it is one."""

    url: str
    disk: Path | None
    cluster: Cluster | None


def storm(
    store: str,
    seed: int,
    seconds: float,
    *,
    senders: int = 6,
    rest_s: float = 0.0,
    kills: int = 0,
    facts: int = 0,
) -> Report:
    """One run on one store: troubles for so long, then peace, then the reckoning.

    A slow machine goes on until there were so many kills and facts acknowledged.
    """
    with _place(store) as place, tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        key = new_workspace(place.url)
        servers = Servers(place.url, _PROCESSES[store], Path(folder))
        troubles, ledger = Troubles(servers, place.disk, place.cluster), Ledger()
        try:
            servers.start_ended()
            _define(servers, key)
            stop = started(senders, seed, key, servers.ports, ledger, rest_s=rest_s)

            def is_enough() -> bool:
                return troubles.kills >= kills and ledger.acknowledgements >= facts

            try:
                drawn = random.Random(f"{seed}/troubles")
                spent_s = _befall(troubles, ledger, drawn, seconds, is_enough)
            finally:
                stop()
        finally:
            servers.stop()
        wrong = faults(place.url, seed, ledger)
        return Report(
            store,
            seed,
            spent_s,
            ledger.acknowledgements,
            len(ledger.sent) - ledger.acknowledgements,
            troubles.kills,
            troubles.came,
            ledger.answers,
            [*wrong, servers.said()] if wrong else [],
        )


def _befall(
    troubles: Troubles,
    ledger: Ledger,
    drawn: random.Random,
    seconds: float,
    is_enough: Callable[[], bool],
) -> float:
    """Troubles, one after the other with a little work between."""
    began = time.monotonic()
    whole_s = round(seconds)
    with tqdm(total=whole_s, unit=" s", disable=None, leave=False) as bar:
        while (spent_s := time.monotonic() - began) < seconds or (
            not is_enough() and spent_s < seconds + _LONGER_S
        ):
            bar.update(min(round(spent_s), whole_s) - round(bar.n))
            name = troubles.befall(drawn)
            bar.set_postfix_str(f"{ledger.acknowledgements:,} acknowledged, {name}")
            time.sleep(drawn.uniform(0.1, 1.5))
    return time.monotonic() - began


def _define(servers: Servers, key: str) -> None:
    with client_of(f"http://{HOST}:{servers.ports[0]}", key) as client:
        _put_all(client)


def _put_all(client: httpx.Client) -> None:
    for number in range(PROMOTIONS):
        promotion(client, f"promotion-{number}")


@contextmanager
def _place(store: str) -> Iterator[Place]:
    """A store on a small disk of its own, where this machine lets us make one."""
    folder = Path(tempfile.mkdtemp(prefix="promosight-chaos-"))
    folder.rmdir()
    try:
        with small_disk(folder, _DISK_MEGABYTES[store]) as mounted:
            disk = folder if mounted else None
            if store == "sqlite":
                yield Place(f"sqlite:///{folder}/promosight.db", disk, None)
                return
            adopt_orphans()
            with cluster_in(folder, max_wal_size="1GB") as cluster:
                yield Place(cluster.url, disk, cluster)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(report: Report) -> str:
    """A report in words."""
    lines = [
        f"{report.store}, seed {report.seed}: {report.seconds / 60:.1f} minutes, "
        f"{report.acknowledged:,} facts acknowledged, {report.given_up:,} given up, {report.kills} kills",
        *(f"    {times:5} {name}" for name, times in report.troubles.most_common()),
        "    answers: " + ", ".join(f"{name} {n:,}" for name, n in report.answers.most_common()),
    ]
    if report.wrong:
        return "\n".join([*lines, "    WRONG:", *(f"      {one}" for one in report.wrong)])
    return "\n".join([*lines, "    0 lost, 0 counted twice, figures as counted, verify clean"])


def main() -> int:
    """Runs the storms that were asked for; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="on each store (1)")
    parser.add_argument("--seed", type=int, default=None, help="(by the clock; printed)")
    parser.add_argument("--stores", default=",".join(STORES), metavar="A,B", help="(both)")
    chosen = parser.parse_args()
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    right = True
    for store in chosen.stores.split(","):
        report = storm(store, seed, chosen.minutes * 60)
        print(told(report), flush=True)
        right = right and not report.wrong
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
