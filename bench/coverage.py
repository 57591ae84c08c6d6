"""`./dev bench coverage`: how often 95% intervals of policies that did not run hold the truth, by their support.

Simulated logs (`bench/proving/logs.py`) of markets that explore little and much. Where an interval is shown it must
hold the truth 93 to 97% of the time, or this fails; for the others it tells what would have been shown.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import numpy as np

from bench.proving.logs import Market, drawn, market, targets, truths
from promosight.rules.estimating import (
    AMBER,
    GREEN,
    LOW_OVERLAP,
    SUPPORTED,
    dr_terms,
    interval,
    ips_terms,
    snips_terms,
    support,
)

LEAST, MOST = 0.93, 0.97
GAMMAS = (2.0, 10.0, 40.0)
TERMS = {"DR": dr_terms, "SNIPS": snips_terms, "IPS": ips_terms}


def main() -> int:
    """Prints a table and fails where a shown interval does not hold its word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=1_000, help="logs of each market")
    parser.add_argument("--decisions", type=int, default=6_000)
    arguments = parser.parse_args()
    print("gamma target      ESS/n  shown  amber  " + "  ".join(f"{name:>6}" for name in TERMS))
    kept: dict[str, list[bool]] = defaultdict(list)
    for gamma in GAMMAS:
        look(market(1, gamma=gamma), arguments.logs, arguments.decisions, kept)
    failed = False
    for name in TERMS:
        share = float(np.mean(kept[name]))
        failed = failed or not LEAST <= share <= MOST
        print(f"{name}: where shown, {share:.1%} of {len(kept[name]):,} intervals hold the truth")
    return int(failed)


def look(found: Market, logs: int, decisions: int, kept: dict[str, list[bool]]) -> None:
    """Adds to `kept` whether each shown interval of each estimator holds the truth; prints a line per target."""
    truth, rng = truths(found, decisions), np.random.default_rng(11)
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for _ in range(logs):
        one = drawn(found, rng, decisions)
        for name, target in targets(one, found.gamma).items():
            seen = support(one.log, target)
            holds = {}
            for estimator, terms in TERMS.items():
                interval_ = interval(one.log, terms(one.log, target))
                holds[estimator] = interval_.low <= truth[name] <= interval_.high
                if seen.state == SUPPORTED:
                    kept[estimator].append(holds[estimator])
            state = [seen.share, seen.state == SUPPORTED, seen.state == LOW_OVERLAP]
            rows[name].append([*state, *holds.values()])
    for name, values in rows.items():
        share, *rest = np.mean(values, axis=0)
        print(f"{found.gamma:5g} {name:10} {share:6.2f} " + " ".join(f"{one:7.1%}" for one in rest))


if __name__ == "__main__":
    print(f"gates: {GREEN} for an interval, {AMBER} with a warning")
    sys.exit(main())
