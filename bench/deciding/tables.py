"""What was measured, as tables: means, seed by seed, wins and paired differences."""

from __future__ import annotations

from math import sqrt
from typing import TypedDict

import numpy as np


class Played(TypedDict):
    """One policy in one world."""

    world: str
    policy: str
    seed: int
    score: float
    new: float
    value: float
    us: float


def over_dice(found: list[Played]) -> list[Played]:
    """Each policy once in each world: the means over its dice."""
    same: dict[tuple[str, str, int], list[Played]] = {}
    for each in found:
        same.setdefault((each["world"], each["policy"], each["seed"]), []).append(each)
    return [
        Played(
            world=some[0]["world"],
            policy=some[0]["policy"],
            seed=some[0]["seed"],
            score=float(np.mean([one["score"] for one in some])),
            new=float(np.mean([one["new"] for one in some])),
            value=float(np.mean([one["value"] for one in some])),
            us=float(np.mean([one["us"] for one in some])),
        )
        for some in same.values()
    ]


def told(found: list[Played]) -> str:
    """All tables."""
    worlds = list(dict.fromkeys(each["world"] for each in found))
    return "\n\n".join(_world(name, [p for p in found if p["world"] == name]) for name in worlds)


def _world(name: str, found: list[Played]) -> str:
    policies = list(dict.fromkeys(each["policy"] for each in found))
    ours = {each["seed"]: each["score"] for each in found if each["policy"] == "ours"}
    lines = [
        f"## {name}",
        "",
        "| policy | score | ours / it | ours - it (paired) | ours wins | new captured | CPU us a decision | by seed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        _row(policy, [p for p in found if p["policy"] == policy], ours) for policy in policies
    ]
    return "\n".join(lines)


def _row(policy: str, found: list[Played], ours: dict[int, float]) -> str:
    scores = {each["seed"]: each["score"] for each in found}
    pairs = [(ours[seed], score) for seed, score in scores.items() if seed in ours]
    less = np.array([mine - theirs for mine, theirs in pairs])
    told = sum(theirs for _, theirs in pairs)
    ratio = sum(mine for mine, _ in pairs) / told if told else float("nan")
    new = np.array([each["new"] for each in found])
    cells = [
        policy,
        f"{np.mean(list(scores.values())):.3f}",
        f"{ratio:.2f}",
        f"{less.mean():+.3f} +- {_error(less):.3f}" if pairs else "-",
        f"{int((less > 0).sum())}/{len(less)}",
        f"{np.nanmean(new):.2f}" if not np.isnan(new).all() else "-",
        f"{np.mean([each['us'] for each in found]):.0f}",
        " ".join(f"{score:.3f}" for score in scores.values()),
    ]
    return f"| {' | '.join(cells)} |"


def _error(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(values.std(ddof=1) / sqrt(len(values))) if len(values) > 1 else 0.0
