"""`./dev bench pacing`: what pacing by shadow prices brings, with learned probabilities and delay together.

The same simulated seasons (`bench/proving/budgets.py`), luck included, played greedily until budgets are exhausted and
paced, both with the same reserve for promises in flight. Fails unless pacing brings at least 1.6 times as much on
average and no budget is overspent in any season. Beside it: seasons in which everybody's orders are alike, and a list
of 10,000 customers x 30 offers solved at once.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from bench.proving.budgets import Play, Season, fluid_bound, season
from promosight.rules.allotting import solve_batch
from promosight.rules.shadow import Pool

TIMES = 1.6


def main() -> int:
    """Plays the seasons and prints what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seasons", type=int, default=12)
    parser.add_argument("--decisions", type=int, default=12_000)
    arguments = parser.parse_args()
    print("season           greedy  paced  times  of bound  overspent (greedy)")
    ratio, over = _played("unlike", arguments.seasons, arguments.decisions, spread=0.7)
    _played("alike", max(arguments.seasons // 4, 1), arguments.decisions, spread=0.0)
    _listed()
    return int(ratio < TIMES or over > 0)


def _played(name: str, seasons: int, decisions: int, spread: float) -> tuple[float, int]:
    ratios, over = [], 0
    for seed in range(seasons):
        one = season(seed, decisions, spread=spread)
        greedy, ours = Play(one, pacing=False).out(), Play(one, pacing=True).out()
        ratios.append(ours.value / greedy.value)
        over += ours.overspent + greedy.overspent
        print(
            f"{name:8} {seed:4}  {greedy.value:9.3f} {ours.value:6.3f} {ratios[-1]:6.2f} "
            f"{ours.value / fluid_bound(one):9.0%} {ours.overspent:10} ({greedy.overspent})"
        )
    print(f"{name}: {np.mean(ratios):.2f} times on average, {min(ratios):.2f} at least\n")
    return float(np.mean(ratios)), over


def _listed() -> None:
    one: Season = season(0, 10_000, 30)
    pools = [Pool(float(budget)) for budget in one.budget]
    started, cpu = time.perf_counter(), time.process_time()
    found = solve_batch(one.believed, one.value, one.cost, np.arange(30), pools)
    print(
        f"10,000 x 30 at once: {time.process_time() - cpu:.2f} s of CPU, "
        f"{time.perf_counter() - started:.2f} s; {(found.arm >= 0).mean():.0%} get an offer"
    )


if __name__ == "__main__":
    sys.exit(main())
