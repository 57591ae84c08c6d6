"""`./dev bench decide_scenes`: small worlds in which one thing happens that a policy can be slow at, or be misled by.

    ./dev bench decide_scenes --seeds 12 --out now.json
    ./dev bench decide_scenes --seeds 12 --against before.json

Told is the share of what an oracle gains over offering nothing, over a whole scene and in the thousand decisions after
something happens in it. Seeds choose worlds, luck included; `--against` pairs with what an earlier state of the code
made of the same seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypedDict

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402  # after the threads are set

from bench.deciding import playing  # noqa: E402
from bench.deciding.remembering import Remembering  # noqa: E402
from bench.deciding.scenes import BY_LIST, LATE, SCENES, changed_on, scene  # noqa: E402

AFTER = 1_000


class Lived(TypedDict):
    """One scene lived through once. `after` is null where nothing happens."""

    scene: str
    seed: int
    share: float
    after: float | None


def main() -> int:
    """Plays all, prints a table."""
    parser = argparse.ArgumentParser(prog="./dev bench decide_scenes", description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--scenes", default=",".join(SCENES).replace(", ", "; "))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write every run as JSON")
    parser.add_argument("--against", type=Path, help="such a file of the same seeds")
    chosen = parser.parse_args()
    names = [name.replace("; ", ", ") for name in chosen.scenes.split(",")]
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    jobs = [(name, seed) for name in names for seed in seeds]
    with ProcessPoolExecutor(chosen.processes) as pool:
        found = list(pool.map(lived, jobs))
    before = json.loads(chosen.against.read_text()) if chosen.against else []
    print(told(found, before))
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=1))
    return 0


def lived(job: tuple[str, int]) -> Lived:
    """One scene."""
    name, seed = job
    made = scene(name, seed)
    decider = Remembering(made, daily=name in BY_LIST, seed=lambda at: at + 7_919 * seed)
    play = playing.with_delay if name in LATE else playing.at_once
    worth, most = play(made, decider), playing.oracle(made)
    found = Lived(scene=name, seed=seed, share=float(worth.sum() / most.sum()), after=None)
    if (change := changed_on(name, seed)) is not None:
        start = int(made.day.searchsorted(change))
        some = slice(start, start + AFTER)
        found["after"] = float(worth[some].sum() / most[some].sum())
    return found


def told(found: list[Lived], before: list[Lived]) -> str:
    """Means, and what changed, paired by seed."""
    earlier = {(one["scene"], one["seed"]): one for one in before}
    lines = ["| scene | share | - before | after it | - before |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(one["scene"] for one in found):
        mine = [one for one in found if one["scene"] == name]
        pairs = [
            (one, earlier[name, one["seed"]]) for one in mine if (name, one["seed"]) in earlier
        ]
        cells = [name, f"{np.mean([one['share'] for one in mine]):.3f}"]
        cells.append(_apart([one["share"] - other["share"] for one, other in pairs]))
        after = [one["after"] for one in mine if one["after"] is not None]
        cells.append(f"{np.mean(after):.3f}" if after else "")
        cells.append(
            _apart([(a["after"] or 0) - (b["after"] or 0) for a, b in pairs if a["after"]])
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _apart(differences: list[float]) -> str:
    """A mean difference with its 95% interval, and how many are above 0."""
    if len(differences) < 2:
        return ""
    each = np.array(differences)
    half = 1.96 * each.std(ddof=1) / len(each) ** 0.5
    return f"{each.mean():+.3f} +- {half:.3f} ({int((each > 0).sum())}/{len(each)})"


if __name__ == "__main__":
    sys.exit(main())
