"""`./dev bench ingest`: what taking events in costs, beside the bare store and the textbook, in one run.

Every round goes through all ways on every store, floors and ours in turn; the table shows medians and, for each
way, which share of its CPU the floor alone would have taken (1.0: as cheap as the floor). Exit status 1 when
anything did not add up.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import forms, machine, report
from bench.floors import (
    BODIES,
    DECODING,
    DRIVERS,
    ROW,
    measure_decoding,
    measure_handler,
    measure_row_handler,
    measure_table,
    table_way,
)
from bench.ours import BATCHES, SINGLE, import_way, measure_batches, measure_import, measure_singles
from bench.results import Results
from bench.run import Run
from bench.sizes import Size, add_size
from bench.stores import NAMES, Stores, add_settings, opened
from bench.textbook_ways import measure_textbook
from bench.work import Work

Step = tuple[str, Callable[[], None]]
"""What is measured, and the act."""


def main() -> int:
    """Runs the benchmark and prints its report."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped on the way out
    arguments = _parsed()
    size = arguments.size
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        work = size.work(random_keys=arguments.random_keys, assignment_ids=arguments.assignment_ids)
        prefixes = (size.redemptions // 2, size.textbook)
        asked = [way for way in names_of_ways(arguments.stores) if _asked(way, arguments.only)]
        needed = [one for one in forms.FORMS if any(import_way(one) in way for way in asked)]
        place = arguments.work or folder / "work"
        written = forms.write(work, place, prefixes=prefixes, forms=needed)
        is_live = any(one in way for way in asked for one in (SINGLE, ROW))
        live = _live(work, size, place / "live") if is_live else written
        all_stores = [
            stack.enter_context(opened(name, folder, arguments.postgres))
            for name in arguments.stores
        ]
        about = machine.described([one.version() for one in all_stores])
        run = Run(
            size=size,
            written=written,
            live=live,
            results=Results(len(asked) * arguments.rounds),
            seconds=arguments.seconds,
            workers=arguments.workers,
            verify=arguments.verify,
        )
        for run.round in range(1, arguments.rounds + 1):
            for way, measure in _ways(run, all_stores):
                if _asked(way, arguments.only):
                    with run.results.surviving(f"round {run.round}: {way}"):
                        measure()
        run.results.close()
    return report.finish(run, about, arguments)


def _live(work: Work, size: Size, folder: Path) -> forms.Written:
    """The work with single events that happen now, as they do where each is reported at once."""
    half = size.redemptions // 2
    last = half + size.singles
    # Repeats come up to 20,000 lines later: with an end nearby all that are left would come at once.
    told = replace(work, redemptions=min(size.redemptions, last + 40_000))
    return forms.write(told.live(int(time.time()), half), folder, prefixes=(half, last), forms=())


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__)
    add_size(parser)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument(
        "--stores", type=_names, default=NAMES, metavar="A,B", help=f"({','.join(NAMES)})"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=("",),
        metavar="WORDS",
        help='ways whose name contains one of these, such as `bare "HTTP 10,000" single`',
    )
    parser.add_argument("--random-keys", action="store_true", help="the worst case for an index")
    parser.add_argument(
        "--no-assignment-ids",
        dest="assignment_ids",
        action="store_false",
        help="assignments are identified by promotion, customer, campaign and time",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="on PostgreSQL (1)")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="S", help="longest sending (600)"
    )
    parser.add_argument(
        "--no-verify", dest="verify", action="store_false", help="do not run `promosight verify`"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep the generated work here, and use it again"
    )
    add_settings(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured, as JSON")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not set(names) <= set(NAMES):
        raise argparse.ArgumentTypeError(f"of {', '.join(NAMES)}")
    return names


def _asked(way: str, only: Sequence[str]) -> bool:
    return any(word in way for word in only)


def names_of_ways(names: Sequence[str]) -> set[str]:
    """Everything a round measures on stores of these names."""
    return {way for way, *_ in _floor_steps()} | {
        f"{name}: {way}" for name in names for way, *_ in _store_steps(name)
    }


def _ways(run: Run, all_stores: list[Stores]) -> Iterator[Step]:
    """Every way in the order of a round: a floor, then some of ours, and so on."""
    for way, measure, *given in _floor_steps():
        yield way, partial(measure, run, *given)
    for stores in all_stores:
        for way, act, *given in _store_steps(stores.name):
            yield f"{stores.name}: {way}", partial(act, run, stores, *given)


def _floor_steps() -> Iterator[tuple[Any, ...]]:
    """Way, act, and what the act is given beside the run."""
    for per_body, words in BODIES.items():
        yield f"bare handler, {words}", measure_handler, per_body
    yield DECODING, measure_decoding


def _store_steps(name: str) -> Iterator[tuple[Any, ...]]:
    """Way, act, and what the act is given beside the run and the stores."""
    for driver in DRIVERS[name]:
        yield table_way(driver), measure_table, driver
    for form in forms.FORMS:
        yield import_way(form), measure_import, form
    for bodies in BATCHES:
        yield bodies.way, measure_batches, bodies
    yield ROW, measure_row_handler
    yield SINGLE, measure_singles
    yield "textbook", measure_textbook


if __name__ == "__main__":
    sys.exit(main())
