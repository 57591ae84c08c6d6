"""How much work a benchmark does: four sizes, from a test of seconds to a night."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from bench.work import Work


@dataclass(frozen=True)
class Size:
    """The work, and the smaller samples for what is slow by its nature."""

    name: str
    assignments: int
    redemptions: int
    promotions: int
    singles: int
    """Events sent one by one, after half of all redemptions."""
    textbook: int
    """Events given to the textbook, one by one and again in bodies."""

    def work(self, *, random_keys: bool, assignment_ids: bool) -> Work:
        """The work of this size."""
        return Work(
            assignments=self.assignments,
            redemptions=self.redemptions,
            promotions=self.promotions,
            random_keys=random_keys,
            assignment_ids=assignment_ids,
        )


SMOKE = Size("smoke", 2_000, 1_000, 20, 200, 40)
SMALL = Size("small", 200_000, 100_000, 200, 10_000, 1_000)
STANDARD = Size("standard", 2_000_000, 1_000_000, 200, 30_000, 2_000)
LARGE = Size("large", 10_000_000, 5_000_000, 200, 30_000, 2_000)


def add_size(parser: argparse.ArgumentParser) -> None:
    """`--smoke`, `--small`, `--large`; without one of them the standard size."""
    group = parser.add_mutually_exclusive_group()
    for size in (SMOKE, SMALL, LARGE):
        words = f"{size.assignments:,} assignments, {size.redemptions:,} redemptions"
        group.add_argument(
            f"--{size.name}", dest="size", action="store_const", const=size, help=words
        )
    parser.set_defaults(size=STANDARD)
