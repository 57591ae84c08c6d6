"""`./dev bench storm`: a flash sale, and redemptions racing their reversals; with `--peers` against other engines too.

64 threads ask for reservations of a promotion that has room for 100: exactly 100 must be granted. Then they report
redemptions, reversals and duplicates of both at once: every figure must be what the facts say, and `promosight verify`
clean. Two server processes on PostgreSQL, one on SQLite. It fails when anything is not exact. CPU is that of the
servers and their PostgreSQL. The threads here take CPU of the same machine, and are not counted.

`--peers DIR` installs django-oscar and Medusa's promotion module there (some minutes, 700 MB; kept for the next time)
and lets the same number of callers do the same to them.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import machine
from bench.doors import Doors
from bench.measure import Usage, tree_cpu
from bench.peers.install import CannotRun, django_oscar, medusa
from bench.peers.tcp import databases
from bench.product import Product, ProductFailed
from bench.racing import Raced, race
from bench.servers import Server
from bench.stores import NAMES, Stores, opened

_CAP = 100
_THREADS = 64
_PROCESSES = {"sqlite": 1, "postgresql": 2}


def main() -> int:
    """Runs the storm and prints what came of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped on the way out
    arguments = _parsed()
    versions, lines, exact = [], [], True
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in arguments.stores.split(","):
            with opened(name, Path(folder)) as stores:
                versions.append(stores.version())
                answers, usage = _stormed(stores, arguments.attempts)
                raced, different = _raced(stores, arguments.redemptions)
            exact = exact and answers == {201: _CAP, 409: arguments.attempts - _CAP}
            exact = exact and raced.is_exact and not different
            lines += [_line(name, answers, usage), _race_line(name, raced, different)]
    for what, value in machine.described(versions).items():
        print(f"{what}: {value}")
    print(f"\n{arguments.attempts:,} attempts by {_THREADS} threads on a cap of {_CAP}\n")
    print("\n".join(lines))
    if arguments.peers:
        print("\n".join(_peers(Path(arguments.peers), arguments.peer_attempts)))
    return 0 if exact else 1


def _race_line(name: str, raced: Raced, different: int) -> str:
    verdict = "every figure exact" if raced.is_exact else f"WRONG: {raced.shown}, not {raced.truth}"
    return (
        f"{name}: {raced.requests:,} redemptions, reversals and duplicates racing, "
        f"{raced.requests / raced.usage.wall_s:,.0f} a second: {verdict}; verify: {different} different"
    )


def _raced(stores: Stores, redemptions: int) -> tuple[Raced, int]:
    product = Product(stores, stores.fresh("race")).initialised()
    with ExitStack() as stack:
        servers = [stack.enter_context(product.serving()) for _ in range(_PROCESSES[stores.name])]
        raced = race(servers, redemptions, redemptions // 5, _THREADS)
    return raced, product.differences()


def _peers(folder: Path, attempts: int) -> Iterator[str]:
    """Lines of what became of the same storms elsewhere, or why they could not be run."""
    folder.mkdir(parents=True, exist_ok=True)
    yield f"\nthe same of others: {attempts:,} attempts by {_THREADS} callers on a cap of {_CAP}\n"
    with databases("oscar", "medusa") as urls:
        for url, install in ((urls["oscar"], django_oscar), (urls["medusa"], medusa)):
            try:
                peer = install(folder.resolve())
                yield json.dumps(peer.storms(url, _THREADS, attempts), indent=1)
            except CannotRun as error:
                yield f"{install.__name__} could not be run: {error}"


def _line(name: str, answers: Counter[int], usage: Usage) -> str:
    attempts = answers.total()
    return (
        f"{name}, {_PROCESSES[name]} process(es): {answers[201]} granted, "
        f"{attempts / usage.wall_s:,.0f} attempts a second, "
        f"{usage.cpu_s / attempts * 1e6:,.0f} us of CPU each; answers {dict(answers)}"
    )


def _stormed(stores: Stores, attempts: int) -> tuple[Counter[int], Usage]:
    product = Product(stores, stores.fresh("storm")).initialised()
    with ExitStack() as stack:
        servers = [stack.enter_context(product.serving()) for _ in range(_PROCESSES[stores.name])]
        doors = Doors(servers)
        _define(doors)
        for number in range(len(doors)):
            _reserved(doors, number, "other")
        before_s, began = _spent(stores, servers), time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as threads:
            answers = Counter(threads.map(partial(_reserved, doors), range(attempts)))
        wall_s = time.perf_counter() - began
        return answers, Usage(_spent(stores, servers) - before_s, wall_s)


def _spent(stores: Stores, servers: list[Server]) -> float:
    return stores.cpu_s() + sum(tree_cpu(server.pid) for server in servers)


def _define(doors: Doors) -> None:
    for promotion_id, cap in (("sale", _CAP), ("other", 1)):
        definition = {
            "name": promotion_id,
            "status": "active",
            "reward": {"type": "amount", "value": "5.00"},
            "limits": [{"measure": "assignments", "amount": str(cap)}],
        }
        status = doors.ask(0, "PUT", f"promotions/{promotion_id}", definition)
        if status != 201:
            raise ProductFailed(f"PUT /v1/promotions/{promotion_id}: {status}")


def _reserved(doors: Doors, number: int, promotion_id: str = "sale") -> int:
    """One attempt of one customer; the status of its answer."""
    body = {"promotion_id": promotion_id, "customer_id": f"c-{number}"}
    return doors.ask(number, "POST", "reservations", body)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench storm", description=__doc__)
    parser.add_argument("--attempts", type=int, default=2_000, metavar="N", help="(2,000)")
    parser.add_argument("--redemptions", type=int, default=5_000, metavar="N", help="(5,000)")
    parser.add_argument("--peers", metavar="DIR", help="compare with others, installed in DIR")
    parser.add_argument("--peer-attempts", type=int, default=1_000, metavar="N", help="(1,000)")
    parser.add_argument("--stores", default=",".join(NAMES), metavar="A,B", help="(both)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
