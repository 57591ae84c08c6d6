"""`./dev bench decide`: the policy that chooses offers, against others, in the same simulated worlds.

    ./dev bench decide --seeds 6 --decisions 12000 --worlds logistic,trees,flat
    ./dev bench decide --budget

Score 0 is an even draw over the offers there are, 1 an oracle that knows every probability. With `--budget`: the same
learner in worlds where every promotion has a budget and outcomes come late, under its own pacing and greedily. With
`--costs`: CPU of a decision and of learning, and the size of the state with 1,000 promotions. With `--support`: what
the log of a world can later say of other policies. The other policies' libraries are installed into a folder of their
own (`--libraries`), not among the product's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402  # after the threads are set

from bench.deciding import budgets, costs, ours, playing, rivals, support, tables  # noqa: E402
from bench.deciding.worlds import World, world  # noqa: E402
from promosight.rules.pacing import Reserve  # noqa: E402
from promosight.rules.policy import Exploration  # noqa: E402

LIBRARIES = ("vowpalwabbit==9.11.9", "lightgbm==4.7.0", "mabwiser==2.7.4", "river==0.26.1")
Job = tuple[str, str, int, int, int]
"""World, policy, seed, decisions, and which dice of the policy's own."""
_APART = 10_000_000
"""Between the seeds of one throw of dice and the next."""

OURS: dict[str, Callable[..., ours.Ours]] = {
    "ours": ours.Ours,
    "ours with IGW": partial(ours.Ours, exploration=Exploration("igw")),
}
AT_ONCE: dict[str, Callable[[World], playing.Decider]] = {
    "VW squarecb": rivals.Wabbit,
    "LightGBM refit + IGW": rivals.LightGbm,
    "river logistic + IGW": rivals.River,
    "MABWiser LinTS": rivals.LinTs,
    "Beta Thompson": rivals.Beta,
}
DELAYED: dict[str, Callable[..., ours.Ours]] = {
    "late: ours": ours.Ours,
    "late: always right": ours.Lagged,
    "late: wait for expiry": ours.Waiting,
    "late: yes first, no at expiry": ours.PositiveFirst,
}


def main() -> int:
    """Plays all, prints the tables, writes what was measured."""
    chosen = _parser().parse_args()
    if chosen.costs:
        print(costs.told())
        return 0
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    if chosen.budget:
        return _with_budgets(seeds, chosen.decisions, chosen.processes)
    if chosen.support:
        return _with_support(seeds, chosen.decisions, chosen.processes)
    sys.path.append(str(_libraries(chosen.libraries)))
    names = [
        n for n in (*OURS, *AT_ONCE, "best fixed", *DELAYED) if n not in chosen.without.split(",")
    ]
    names = [n for n in names if not chosen.only or n in chosen.only.split(",")]
    jobs = [
        (kind, name, seed, chosen.decisions, dice)
        for kind in chosen.worlds.split(",")
        for seed in seeds
        for name in names
        for dice in range(chosen.dice if name in OURS or name in DELAYED else 1)
        if kind == "logistic" or not name.startswith("late")
    ]
    with ProcessPoolExecutor(chosen.processes, initializer=_with, initargs=(sys.path,)) as pool:
        found = []
        for each in pool.map(play, jobs):
            found.append(each)
            print(json.dumps(each), file=sys.stderr, flush=True)
    print(tables.told(tables.over_dice(found)))
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=1))
    return 0


def play(job: Job) -> tables.Played:
    """One policy in one world."""
    kind, name, seed, decisions, dice = job
    made = world(kind, seed, decisions)
    began = time.process_time()
    thrown = partial(_thrown, dice)
    if name == "best fixed":
        worth = playing.best_fixed(made)
    elif name in DELAYED:
        worth = playing.with_delay(made, DELAYED[name](made, seed=thrown))
    elif name in OURS:
        worth = playing.at_once(made, OURS[name](made, seed=thrown))
    else:
        worth = playing.at_once(made, AT_ONCE[name](made))
    spent = time.process_time() - began
    return {
        "world": kind,
        "policy": name,
        "seed": seed,
        "score": playing.score(made, worth),
        "new": playing.captured(made, worth),
        "value": float(worth.mean()),
        "us": spent / decisions * 1e6,
    }


def _thrown(dice: int, at: int) -> int:
    """The seed of a decision."""
    return at + dice * _APART


def _with_budgets(seeds: range, decisions: int, processes: int) -> int:
    """Plays each season paced and greedily under both reserves; fails if `full` was overspent."""
    print("| reserve | seed | greedy | paced | times | spent of budgets | overspent (greedy) |")
    print("|---|---|---|---|---|---|---|")
    ratios: dict[Reserve, list[float]] = {"full": [], "two_sd": []}
    jobs = [(seed, decisions, reserve) for reserve in ratios for seed in seeds]
    failed = False
    with ProcessPoolExecutor(processes) as pool:
        for (seed, _, reserve), (greedy, paced) in zip(jobs, pool.map(_season, jobs), strict=True):
            ratios[reserve].append(paced.value / greedy.value)
            failed |= reserve == "full" and paced.overspent > 0
            print(
                f"| {reserve} | {seed} | {greedy.value:.3f} | {paced.value:.3f} | "
                f"{ratios[reserve][-1]:.2f} | {paced.spent:.0%} | "
                f"{paced.overspent} ({greedy.overspent}) |",
                flush=True,
            )
    for reserve, each in ratios.items():
        print(f"{reserve}: {sum(each) / len(each):.2f} times on average")
    return int(failed)


def _season(job: tuple[int, int, Reserve]) -> tuple[budgets.Outcome, budgets.Outcome]:
    seed, decisions, reserve = job
    made = world("logistic", seed, decisions)
    greedy = budgets.played(made, pacing=False, reserve=reserve)
    return greedy, budgets.played(made, pacing=True, reserve=reserve)


def _with_support(seeds: range, decisions: int, processes: int) -> int:
    """Prints the effective share of the log of each way to explore, over all seeds."""
    print(f"| served | score | new promotions | {' | '.join(support.ASKED)} |")
    print("|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(processes) as pool:
        for way in support.WAYS:
            jobs = [(seed, decisions, way) for seed in seeds]
            found = np.array([(a, b, *c) for a, b, c in pool.map(_supported, jobs)])
            print(f"| {way} | {' | '.join(f'{m:.3f}' for m in found.mean(axis=0))} |", flush=True)
    return 0


def _supported(job: tuple[int, int, str]) -> tuple[float, float, list[float]]:
    seed, decisions, way = job
    return support.played(world("logistic", seed, decisions), way)


def _with(path: list[str]) -> None:
    sys.path[:] = path


def _libraries(folder: Path | None) -> Path:
    """Where the others are; installed on first use."""
    folder = folder or Path(tempfile.gettempdir()) / "promosight-bench-decide"
    if not (folder / "vowpalwabbit").is_dir():
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*uv, "--python", sys.executable, *LIBRARIES], check=True)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench decide", description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument(
        "--first",
        type=int,
        default=0,
        help="the first seed; settings were chosen on those from 100",
    )
    parser.add_argument(
        "--dice",
        type=int,
        default=1,
        help="how many times our own players live through each world, with other dice; their means count",
    )
    parser.add_argument("--decisions", type=int, default=12_000)
    parser.add_argument("--worlds", default="logistic,trees,flat")
    parser.add_argument("--without", default="", help="policies left out, by comma")
    parser.add_argument("--only", default="", help="only these policies, by comma")
    parser.add_argument(
        "--budget", action="store_true", help="budgets, delay and learned probabilities at once"
    )
    parser.add_argument(
        "--costs", action="store_true", help="CPU of deciding and learning, size of the state"
    )
    parser.add_argument(
        "--support", action="store_true", help="effective share of the log, by what is asked of it"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--libraries", type=Path, help="where the others' libraries are or shall be"
    )
    parser.add_argument("--out", type=Path, help="write every run as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
