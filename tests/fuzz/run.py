"""A fuzz run: generated inputs over all doors, and after each stretch a look at the server and its figures.

`./dev fuzz --inputs 1000000 --seed 7` goes over both stores and prints the account; `tests/fuzz/test_fuzz.py` runs a
short one. An input is a function of the seed, its door and its number: a find is printed with them, its bytes are left
in `test-results/fuzz`, and `--replay DOOR:NUMBER` does it again.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.fuzz.apart import Readers, tasks_of
from tests.fuzz.book import Book
from tests.fuzz.decoders import DOORS, tried
from tests.fuzz.serving import Served
from tools.postgres import cluster_in

STORES = ("sqlite", "postgresql")
_ROUND = 100_000
_REQUESTS, _WIRE = 0.08, 0.04
"""Parts of all inputs that are whole requests, and broken connections; the readers have the rest."""


def storm(
    book: Book,
    inputs: int,
    stores: dict[str, str],
    folder: Path,
    minutes: float,
    *,
    slow: bool = False,
) -> None:
    """So many inputs in rounds, until the time is up; with `slow` also connections that dawdle."""
    until = time.monotonic() + minutes * 60
    rounds = max(1, round(inputs / _ROUND))
    each = inputs // rounds
    with ExitStack() as stack:
        served = [stack.enter_context(serving(n, url, folder, book)) for n, url in stores.items()]
        for number in range(rounds):
            _round(book, served, number, each)
            said = f"{sum(book.inputs.values()):,} inputs, {len(book.finds)} finds"
            print(f"round {number + 1} of {rounds}: {said}", file=sys.stderr, flush=True)
            if time.monotonic() > until:
                break
        for one in served if slow else []:
            one.hold_open()


def _round(book: Book, served: list[Served], number: int, each: int) -> None:
    """A stretch of every door, and a look at each server afterwards."""
    wire, requests = round(each * _WIRE), round(each * _REQUESTS)
    readers = Readers(book.seed, tasks_of(each - wire - requests, number), book)
    for one in served:
        one.settle_in()
        part = requests // len(served)
        one.ask_all(book.seed, range(number * part, (number + 1) * part))
        part = wire // len(served)
        one.tear_all(book.seed, range(number * part, (number + 1) * part))
        one.look_over()
    readers.finish()


@contextmanager
def serving(store: str, url: str, folder: Path, book: Book) -> Iterator[Served]:
    """A server over a store, until the block ends."""
    its_folder = folder / f"served-{store}"
    its_folder.mkdir()
    served = Served(store, url, its_folder, book)
    try:
        served.start()
        yield served
    finally:
        served.stop()


@contextmanager
def _stores(names: list[str]) -> Iterator[dict[str, str]]:
    """The address of a store of each kind."""
    with ExitStack() as stack:
        found = {}
        for name in names:
            folder = Path(tempfile.mkdtemp(prefix=f"promosight-fuzz-{name}-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            found[name] = f"sqlite:///{folder}/promosight.db"
            if name == "postgresql":
                found[name] = stack.enter_context(cluster_in(folder)).url
        yield found


def replay(seed: int, which: str, folder: Path) -> str:
    """What one input comes to, of a reader or (`requests`, `wire`) of a server over SQLite."""
    door, number = which.split(":")[0], int(which.split(":")[1])
    if door in DOORS:
        case, wrong = tried(door, seed, int(number), folder)
        return f"{case.said}, {len(case.data):,} bytes, {case.data[:200]!r}: {wrong or 'as it has to be'}"
    book = Book(seed)
    with serving("sqlite", f"sqlite:///{folder}/promosight.db", folder, book) as served:
        served.settle_in()
        (served.ask_all if door == "requests" else served.tear_all)(seed, range(number, number + 1))
        served.look_over()
    return book.told()


def main() -> int:
    """Runs what was asked for; 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="over all doors (100000)")
    parser.add_argument("--seed", type=int, default=None, help="(by the clock; printed)")
    parser.add_argument("--minutes", type=float, default=60.0, help="no new round after (60)")
    parser.add_argument("--stores", default=",".join(STORES), metavar="A,B", help="(both)")
    parser.add_argument("--fast", action="store_true", help="without the connections that dawdle")
    parser.add_argument("--replay", metavar="DOOR:NUMBER", help="one input of a seed again")
    chosen = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # so that stores and servers are ended, too
    book = Book(int(time.time()) if chosen.seed is None else chosen.seed)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if chosen.replay:
            print(replay(book.seed, chosen.replay, Path(folder)))
            return 0
        with _stores(chosen.stores.split(",")) as stores:
            storm(book, chosen.inputs, stores, Path(folder), chosen.minutes, slow=not chosen.fast)
    print(book.told())
    return 1 if book.finds else 0


if __name__ == "__main__":
    sys.exit(main())
