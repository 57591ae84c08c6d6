"""`./dev bench anomalies`: false alarms, time to detect and right causes, in seeded worlds with and without faults.

Every world is watched by the product's rules and by the three-sigma rule (`bench/noticing/`). Fails where the
product has more false alarms than it promises, which is one a month for a workspace of a hundred series.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from bench.noticing.watchers import SERIES, WATCHERS, Watcher, cause_of
from bench.noticing.worlds import SHAPES, WEEK, WEEKS, Fault, Shape, World, faults
from promosight.rules.causes import Cause

_MONTH = 720
_WITHIN = 2 * WEEK
_LARGE = 0.3


def main() -> int:
    """Prints two tables and fails where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--worlds", type=int, default=40, help="of each shape, with and without a fault"
    )
    arguments = parser.parse_args()
    print("false alarms a series and month, in worlds without a fault")
    ours, months = 0, 0.0
    for shape in SHAPES:
        said = quiet(shape, arguments.worlds)
        months += arguments.worlds * (WEEKS * WEEK - 72) / _MONTH
        ours += said["promosight"]
        per_month = {
            name: n * _MONTH / (arguments.worlds * WEEKS * WEEK) for name, n in said.items()
        }
        print(f"  {shape.name:26}" + "".join(f"  {n}: {r:.3f}" for n, r in per_month.items()))
    promised = 1 / SERIES
    print(
        f"  promosight, all: {ours} in {months:.0f} series-months; promised at most {promised:.3f} each"
    )
    print(
        "faults that take three tenths or more: found within two weeks, hours until then (median),"
    )
    print(
        "false alarms until then, right cause of those found; and how many smaller faults were found"
    )
    for shape in SHAPES:
        for name in WATCHERS:
            print(f"  {shape.name:26} {name:28} {faulty(shape, arguments.worlds, name)}")
    return int(ours > 2 * promised * months + 3)


def quiet(shape: Shape, worlds: int) -> dict[str, int]:
    """How many alarms each watcher raises in worlds without a fault."""
    said = dict.fromkeys(WATCHERS, 0)
    for seed in range(worlds):
        totals = World(shape, seed, None).counts.sum(axis=1)
        for name, make in WATCHERS.items():
            watcher: Watcher = make()
            for hour, count in enumerate(totals):
                if watcher.tell(hour, int(count)) is not None:
                    said[name] += 1
                    watcher.go_on()
    return said


def faulty(shape: Shape, worlds: int, name: str) -> str:
    """What a watcher makes of worlds with a fault."""
    delays: list[int] = []
    large = small = false = right = 0
    for seed in range(worlds):
        fault = faults(seed)
        world = World(shape, 500 + seed, fault)
        is_large = world.lost >= _LARGE
        large += is_large
        watcher: Watcher = WATCHERS[name]()
        for hour, count in enumerate(world.counts.sum(axis=1)[: fault.hour + _WITHIN]):
            alarm = watcher.tell(hour, int(count))
            if alarm is None:
                continue
            if hour >= fault.hour and alarm.direction == "drop":
                small += not is_large
                if is_large:
                    delays.append(hour - fault.hour + 1)
                    right += _is_right(cause_of(world, alarm), fault)
                break
            false += 1
            watcher.go_on()
    median = statistics.median(delays) if delays else float("nan")
    share = right / len(delays) if delays else float("nan")
    found = f"{len(delays):3} of {large}  {median:5.0f} h  {false:4} false  cause {share:4.0%}"
    return f"{found}  smaller {small} of {worlds - large}"


def _is_right(cause: Cause | None, fault: Fault) -> bool:
    return cause is not None and cause.words == fault.words


if __name__ == "__main__":
    sys.exit(main())
