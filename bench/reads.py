"""`./dev bench reads`: how long readers wait, with few and with very many facts beneath.

A store on SQLite is loaded for each size (as `growth` does it, 1,000 promotions) and kept in a folder, so that the
questions can be asked again at a quiet moment: loading ten million takes ten minutes. All stores are served at once
and asked in turns, question by question, so that what slows one slows the other; the table shows medians of rounds.
"""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench import forms, machine
from bench.bodies import Plan
from bench.floors import KINDS
from bench.growth_report import say_sizes
from bench.growth_ways import DIMENSIONS, READS
from bench.measure import Meter
from bench.product import Product
from bench.report import say_about
from bench.senders import send
from bench.servers import Server
from bench.stores import Place, SqliteStores
from bench.work import Work, promotion_id

_PROMOTIONS = 1_000
_LISTS, _BREAKDOWNS, _FIRST = 300, 200, 10
"""Questions of a round, and how many are asked before, untimed."""

Found = dict[tuple[str, int], list[tuple[float, float, float]]]
"""Of a question at a size, by round: ms of CPU, p50 and p99 in ms."""


def main() -> int:
    """Loads what is not there yet, asks, and prints what it found."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped on the way out
    arguments = _parsed()
    products = {at: _loaded(arguments.keep / str(at), at) for at in arguments.at}
    found: Found = {}
    with ExitStack() as stack:
        servers = {at: stack.enter_context(one.serving()) for at, one in products.items()}
        for _ in range(arguments.rounds):
            for question, path, count in _questions(arguments.promotion):
                for at, server in servers.items():
                    _asked(server, path, _FIRST)
                    found.setdefault((question, at), []).append(_asked(server, path, count))
    rows = [_row(key, rounds) for key, rounds in found.items()]
    about = machine.described([SqliteStores(arguments.keep).version()])
    say_about(about | {"rounds": str(arguments.rounds)})
    _say(rows)
    if arguments.json is not None:
        content = msgspec.json.encode({"machine": about, "rows": rows})
        arguments.json.write_bytes(msgspec.json.format(content))
    return 0


def _loaded(folder: Path, at: int) -> Product:
    """The store of a size: so many assignments and redemption lines; as it is if it was loaded before."""
    stores, key = SqliteStores(folder), folder / "key"
    place = Place("store", folder / "store", "")
    if key.is_file():
        return Product(stores, place, key.read_text())
    print(f"loading {at:,} of each kind into {folder}", file=sys.stderr)
    product = Product(stores, stores.fresh("store")).initialised()
    work = Work(assignments=at, redemptions=at, promotions=_PROMOTIONS)
    written = forms.write(work, folder / "work", forms=())
    product.take("promotions", written.file("promotions"))
    for kind in KINDS:
        product.take(kind, written.file(kind))
        written.file(kind).unlink()
    key.write_text(product.key)
    return product


def _questions(number: int) -> list[tuple[str, str, int]]:
    """What is asked, its path, and how often in a round."""
    breakdowns = [
        (f"breakdown by {by}", f"/v1/promotions/{promotion_id(number)}/breakdown?by={by}")
        for by in DIMENSIONS
    ]
    return [
        ("promotions, 1,000", "/v1/promotions?limit=1000", _LISTS),
        *((name, path, _BREAKDOWNS) for name, path in breakdowns),
    ]


def _asked(server: Server, path: str, count: int) -> tuple[float, float, float]:
    plan = Plan(port=server.port, path=path, key=server.key, senders=1, count=count)
    with Meter(server.pid, lambda: 0.0).measuring() as usage:
        sent = send(plan)
    return usage.cpu_s / count * 1e3, sent.p50_ms, sent.p99_ms


def _row(key: tuple[str, int], rounds: list[tuple[float, float, float]]) -> dict[str, Any]:
    cpu_ms, p50_ms, p99_ms = (median(column) for column in zip(*rounds, strict=True))
    question, at = key
    return {"question": question, "at": at, "cpu_ms": cpu_ms, "p50_ms": p50_ms, "p99_ms": p99_ms}


def _say(rows: list[dict[str, Any]]) -> None:
    for unit, title in (
        ("p99_ms", "p99 of an answer, ms"),
        ("p50_ms", "p50 of an answer, ms"),
        ("cpu_ms", "CPU of the server for an answer, ms"),
    ):
        found = {("sqlite", row["question"], READS, row["at"]): row[unit] for row in rows}
        say_sizes(title, found, 2)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench reads", description=__doc__)
    parser.add_argument(
        "--at",
        type=lambda text: tuple(map(int, text.split(","))),
        default=(100_000, 10_000_000),
        metavar="N,...",
        help="assignments, and redemption lines, beneath (100000,10000000)",
    )
    parser.add_argument(
        "--keep", type=Path, required=True, metavar="DIR", help="where loaded stores are kept"
    )
    parser.add_argument("--promotion", type=int, default=1, metavar="N", help="broken down (1)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
