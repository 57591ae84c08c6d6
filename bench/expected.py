"""What must come out: outcomes and figures after so many redemption lines, counted while the work is told.

Only what does not depend on the order of arrival is expected of acknowledgements (64 senders overtake one
another: which of two uses is the one too many is for the facts to say, not for us); of the figures at the end
everything is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from bench.work import Line, Record, Work

Expected = dict[str, int]


class Expectation:
    """Counts lines as they pass; `after` holds the totals at the line numbers asked for."""

    def __init__(self, work: Work, after: Iterable[int]) -> None:
        self._work = work
        self._wanted = {*after, work.redemptions}
        self._seen: Counter[str] = Counter()
        self._uses = [bytearray(work.listed(number)) for number in range(work.promotions)]
        self._redeemed = 0
        self.after: dict[int, Expected] = {}

    def watch(self, lines: Iterable[Line]) -> Iterator[Record]:
        """The records of the lines, counted."""
        for number, line in enumerate(lines, start=1):
            self._seen[line.what] += 1
            if line.what == "real":
                self._use(line)
            if number in self._wanted:
                self.after[number] = self._totals(number)
            yield line.record

    def _use(self, line: Line) -> None:
        uses = self._uses[line.promotion]
        twice = line.place % 20 == 0 and line.place // 20 < self._work.second(line.promotion)
        if uses[line.place] < 1 + twice:
            self._redeemed += 1
        uses[line.place] = min(255, uses[line.place] + 1)

    def _totals(self, lines: int) -> Expected:
        seen = self._seen
        return {
            "received": lines,
            "duplicate": seen["duplicate"],
            "pending": seen["unknown_promotion"] + seen["unknown_customer"],
            "taken": seen["real"] + seen["unassigned"],
            "redeemed": self._redeemed,
            "excess": seen["real"] - self._redeemed,
            "unassigned": seen["unassigned"],
            "unknown_customer": seen["unknown_customer"],
            "stored": lines - seen["duplicate"],
        }


def faults_of_outcomes(outcomes: dict[str, int], expected: Expected) -> list[str]:
    """What acknowledgements say otherwise than expected."""
    taken = sum(outcomes.get(name, 0) for name in ("counted", "excess", "unassigned"))
    found = {
        "received": sum(outcomes.values()),
        "duplicate": outcomes.get("duplicate", 0),
        "pending": outcomes.get("pending", 0),
        "taken": taken,
    }
    return _differences("acknowledged", found, expected)


def faults_of_figures(items: list[dict[str, Any]], work: Work, expected: Expected) -> list[str]:
    """What the list of promotions says otherwise than expected."""
    figures = [item["figures"] for item in items]
    names = ("assigned", "redeemed", "excess", "unassigned")
    found = {name: sum(one[name] for one in figures) for name in names}
    return _differences("figures", found, {**expected, "assigned": work.assignments})


def faults_of_rows(rows: int, expected: Expected) -> list[str]:
    """What a bare table holds otherwise than expected, which is each event once."""
    return _differences("rows", {"stored": rows}, expected)


def _differences(where: str, found: dict[str, int], expected: Expected) -> list[str]:
    return [
        f"{where}: {name} {value:,}, expected {expected[name]:,}"
        for name, value in found.items()
        if value != expected[name]
    ]
