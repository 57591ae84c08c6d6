"""`./dev bench growth`: what an event costs as the store grows, the bare table's own growth beside it.

For each size a store is loaded with so many assignments and as many redemption lines over 1,000 promotions; then
probes are measured on top: batches of 10,000 over HTTP, a file through `import`, single events, and what readers
ask for. The bare table gets the same rows and the same probes in turn.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import forms, growth_report, machine
from bench.growth_ways import Growth, measure_floor, measure_product
from bench.results import Results
from bench.stores import NAMES, add_settings, opened
from bench.work import Work

_STEPS = {
    "smoke": ((500, 2_000), 200, 20, 100),
    "small": ((20_000, 200_000), 20_000, 1_000, 1_000),
    "standard": ((100_000, 1_000_000), 50_000, 5_000, 1_000),
    "large": ((100_000, 1_000_000, 10_000_000), 50_000, 5_000, 1_000),
}
"""Rows stored; events of a probe; single events of a probe; promotions."""


def main() -> int:
    """Runs the benchmark and prints its report."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped on the way out
    arguments = _parsed()
    sizes, probe, singles, promotions = _STEPS[arguments.size]
    sizes = arguments.at or sizes
    stores_names = arguments.stores.split(",")
    results = Results(len(sizes) * len(stores_names) * 2 * arguments.rounds)
    versions: list[str] = []
    for round_ in range(1, arguments.rounds + 1):
        for at in sizes:
            count = at + 2 * probe + singles
            work = Work(
                assignments=count,
                redemptions=count,
                promotions=promotions,
                random_keys=arguments.random_keys,
            )
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
                results.begin(f"writing the work of {count:,}")
                written = forms.write(work, folder / "work", forms=())
                for name in stores_names:
                    stores = stack.enter_context(opened(name, folder, arguments.postgres))
                    versions.append(stores.version())
                    growth = Growth(written, results, stores, round_, at, probe, singles)
                    for measure in (measure_floor, measure_product):
                        what = measure.__name__.removeprefix("measure_")
                        with results.surviving(f"{name} at {at:,}: {what}"):
                            measure(growth)
    results.close()
    about = machine.described(sorted(set(versions)))
    return growth_report.finish(results, about, arguments)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench growth", description=__doc__)
    group = parser.add_mutually_exclusive_group()
    for name, (sizes, *_) in _STEPS.items():
        if name != "standard":
            words = ", ".join(f"{size:,}" for size in sizes)
            group.add_argument(
                f"--{name}", dest="size", action="store_const", const=name, help=words
            )
    parser.set_defaults(size="standard")
    parser.add_argument(
        "--at",
        type=lambda text: tuple(map(int, text.split(","))),
        metavar="N,...",
        help="other numbers of rows stored, such as 10000000",
    )
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="(1)")
    parser.add_argument("--stores", default=",".join(NAMES), metavar="A,B", help="(both)")
    parser.add_argument("--random-keys", action="store_true", help="the worst case for an index")
    add_settings(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
