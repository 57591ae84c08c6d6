"""The checks by name, what each stands for, and what came of it.

Names are stable: whoever reads two reports compares them by name. A check may be tried thousands of times; it has
passed when every try did, and was skipped when there was none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

CHECKS = {
    "promotions.defined": "http-api, Promotions: promotions of every kind are created by PUT",
    "receipt.single": "http-api, Reporting: a single event is answered by 200 and its receipt",
    "receipt.several": "http-api, Reporting: several are answered by 200, counted by outcome",
    "receipt.duplicate": "semantics 3: the same id and content again is a duplicate, without effect",
    "receipt.conflict": "semantics 3: the same id with other content is a 409 event_conflict; the first is the fact",
    "receipt.rejected": "http-api, Reporting: a single rejected event is a 422 that names the field",
    "batch.partial": "http-api, Reporting: one bad event never fails its neighbours, and is named by index and field",
    "idempotency.same-body": "http-api, Conventions: the same Idempotency-Key and body returns the stored answer",
    "idempotency.other-body": "http-api, Conventions: the same Idempotency-Key with another body is a 422",
    "errors.problem-documents": "http-api, Conventions: a caller's mistake is a problem document with its status",
    "answers.no-server-error": "http-api, Conventions: a caller's mistake is never a 5xx",
    "time.future": "semantics 3: over 5 minutes ahead is rejected as future, less is taken",
    "time.backdated": "semantics 3: redeemed before tracking start is rejected as backdated",
    "time.skew": "semantics 3: a redemption up to 60 s before its assignment matches, one earlier does not",
    "time.expiry": "semantics 3: a redemption matches before expires_at, not at it",
    "time.before-tracking": "semantics 2: what was assigned before tracking start is not in the rate",
    "promotion.unknown": "semantics 3: facts of an unknown promotion are pending, and count once it is defined",
    "promotion.draft": "semantics 3: redemptions of a draft are rejected",
    "promotion.historical": "semantics 2, 3: a promotion that ended before tracking start is not tracked",
    "promotion.deactivated": "semantics 3: a deactivated promotion honours redemptions of earlier assignments",
    "promotion.archived": "semantics 3: archiving a promotion moves none of its figures",
    "promotion.no-data": "semantics 2: a dash until anything was reported; after a reversal of all, a number",
    "visible.acknowledged": "semantics 5: the figure has moved before the event is acknowledged",
    "visible.batch": "semantics 5: readers see figures before a batch or after it, never between",
    "delivery.acknowledged": "every fact is acknowledged in the end, whatever was cut, doubled or delayed",
    "delivery.once": "semantics 2: of all deliveries of a fact one is new, the rest are duplicates",
    "delivery.taken": "semantics 3: a fact that is right is never rejected, in whatever order it comes",
    "delivery.again": "semantics 2: everything delivered once more moves no figure",
    "assignment.withdrawn": "http-api, Reporting: DELETE withdraws an assignment, and may be repeated",
    "figures.promotion": "semantics 2: every figure of a promotion is what its facts come to",
    "figures.list": "http-api, Figures: the list shows the same figures",
    "figures.display": "semantics 2: rate, its display and state follow from numerator and denominator",
    "figures.usage": "semantics 4: committed and redeemed of every limit",
    "breakdown.tier": "http-api, Figures: by tier",
    "breakdown.segment": "http-api, Figures: by segment",
    "breakdown.channel": "http-api, Figures: by channel",
    "breakdown.campaign": "http-api, Figures: by campaign",
    "breakdown.source": "http-api, Figures: by source",
    "breakdown.code": "http-api, Figures: by code",
    "breakdown.outcome": "http-api, Figures: by outcome",
    "breakdown.day": "http-api, Figures; semantics 4: by day, in the workspace's zone",
    "breakdown.week": "http-api, Figures; semantics 4: by week, in the workspace's zone",
    "breakdown.month": "http-api, Figures; semantics 4: by month, in the workspace's zone",
    "breakdown.sums": "http-api, Figures: rows sum to the total, and the total to the list",
    "breakdown.intervals": "semantics 2: rates carry a 95% Wilson interval; under 30 are too few to compare",
    "breakdown.as-of": "http-api, Figures: as_of a moment after the last fact is what is shown now",
    "customers.assigned": "http-api, Figures: the export of who was assigned",
    "customers.redeemed": "http-api, Figures: the export of who redeemed",
    "customers.open": "http-api, Figures: the export of who may still redeem",
    "customers.expired": "http-api, Figures: the export of whose reward expired",
    "customers.excess": "http-api, Figures: the export of redemptions too many",
    "events.kept": "http-api, Reporting: acknowledged means durable: every event is found again",
    "events.outcome": "semantics 3: each event's outcome is what the set of facts says",
    "problems.listed": "semantics 3: what is pending, flagged or rejected is listed, never dropped in silence",
}
"""Each check and what it stands for, in the order of the report."""

_SHOWN = 5


@dataclass
class Check:
    """A check: how often it was tried, and where it failed (the first few times in words)."""

    name: str
    stands_for: str
    tried: int = 0
    failed: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    skipped: str = ""

    @property
    def result(self) -> str:
        """`passed`, `failed` or `skipped`."""
        if self.failed:
            return "failed"
        return "passed" if self.tried else "skipped"

    def told(self) -> dict[str, Any]:
        """The check as the report shows it."""
        said = {"name": self.name, "stands_for": self.stands_for, "result": self.result}
        if self.result == "skipped":
            return said | {"why": self.skipped or "nothing in this run came to it"}
        return said | {"tried": self.tried, "failed": self.failed, "differences": self.differences}


class Findings:
    """What came of every check. Any thread may add to it; `told` hears of the first failure of each."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._lock = Lock()
        self.checks = {name: Check(name, stands_for) for name, stands_for in CHECKS.items()}

    def expect(self, name: str, what: str, expected: Any, found: Any) -> bool:
        """Tries a check once: are these equal?"""
        return self.hold(name, what, expected == found, expected, found)

    def hold(self, name: str, what: str, right: bool, expected: Any, found: Any) -> bool:
        """Tries a check once, of which the caller knows whether it is right."""
        check = self.checks[name]
        with self._lock:
            check.tried += 1
            if right:
                return True
            check.failed += 1
            first = check.failed == 1
            if check.failed <= _SHOWN:
                said = {"what": what, "expected": _shown(expected), "found": _shown(found)}
                check.differences.append(said)
        if first:
            self._told(f"{name}: {what}: expected {_shown(expected)}, found {_shown(found)}")
        return False

    def skip(self, name: str, why: str) -> None:
        """Says why a check is not tried."""
        self.checks[name].skipped = why

    @property
    def results(self) -> dict[str, int]:
        """How many passed, failed, and were skipped."""
        all_ = [check.result for check in self.checks.values()]
        return {result: all_.count(result) for result in ("passed", "failed", "skipped")}


def _shown(value: Any) -> Any:
    """A value for the report: numbers, text and null as they are, the rest in words."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:500]
