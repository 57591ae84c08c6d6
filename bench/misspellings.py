"""`./dev bench misspellings`: how often a misspelled promotion is suggested aright, and how often at all.

Seeded words of shops whose promotions resemble each other (`bench/proving/misspellings.py`). Fails where of the
suggestions fewer than 95% are right.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from random import Random

from bench.proving.misspellings import WAYS, Holders, cases, shop, suggested

SITUATIONS = {
    "no assignments": None,
    "given to those who wait": Holders(0.8, 0.1),
    "everybody was given everything": Holders(0.8, 0.8),
}
LEAST = 0.95


def main() -> int:
    """Prints a table and fails where suggestions are not to be trusted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--each", type=int, default=50, help="words of each way in each shop")
    parser.add_argument("--waiting", type=int, default=10, help="customers who wait for a word")
    arguments = parser.parse_args()
    failed = False
    for name, holders in SITUATIONS.items():
        found = look(holders, arguments.shops, arguments.each, arguments.waiting)
        print(f"{name}: suggested, and of these right")
        for way in WAYS:
            said, right, of = found[way]
            print(f"  {way:12} {said / of:6.1%} {f'{right / said:6.1%}' if said else '     -'}")
        said, right, of = map(sum, zip(*found.values(), strict=True))
        failed = failed or right / said < LEAST
        print(f"  {'all':12} {said / of:6.1%} {right / said:6.1%}")
    return int(failed)


def look(holders: Holders | None, shops: int, each: int, waiting: int) -> dict[str, list[int]]:
    """Of each way how many were suggested, how many aright, and how many there were."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    started = time.process_time()
    for seed in range(shops):
        random = Random(seed)
        known = shop(random)
        for case in cases(random, known, each):
            told = suggested(random, known, case, holders, waiting)
            found[case.way][0] += told is not None
            found[case.way][1] += told is not None and told == case.meant
            found[case.way][2] += 1
    words = sum(of for _, _, of in found.values())
    print(f"{1e3 * (time.process_time() - started) / words:.2f} ms of CPU a word")
    return found


if __name__ == "__main__":
    sys.exit(main())
