"""The senders' own books: of every fact, what was answered to each of its deliveries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from promosight.certify.facts import Assignment, Event, Fact
from promosight.certify.findings import Findings
from promosight.certify.forms import Wrong
from promosight.certify.wire import Answer

_FIRST = ("counted", "excess", "unassigned", "pending", "flagged")


class Books:
    """What was sent and what was answered. Threads share it."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._lock = Lock()
        self.answered: dict[str, Counter[str]] = defaultdict(Counter)
        self.cut: set[str] = set()
        """Facts of which a delivery had no answer: it may have been the first, or may not have come at all."""
        self.wrong: dict[str, Wrong] = {}
        """Rows that were refused, by their event id."""

    def hung_up(self, rows: Sequence[Fact | Wrong]) -> None:
        """Nobody waited for the answer to these."""
        with self._lock:
            self.cut.update(row.name for row in rows if not isinstance(row, Wrong))

    def note(self, rows: Sequence[Fact | Wrong], answer: Answer, *, single: bool) -> None:
        """Enters an answer, and checks that it says something of each row."""
        if single:
            self._enter(rows[0], answer.get("outcome"), answer)
            return
        expect = self.findings.expect
        results = answer.get("results")
        if not _are_objects(results) or len(results) != len(rows):
            said = f"status {answer.status}, {answer.body[:200]!r}"
            expect("receipt.several", "an outcome for each row", len(rows), said)
            return
        outcomes = Counter(one.get("outcome") for one in results)
        expect("receipt.several", "received", len(rows), answer.get("received"))
        expect("receipt.several", "outcomes", dict(outcomes), answer.get("outcomes"))
        for row, one in zip(rows, results, strict=True):
            self._enter(row, one.get("outcome"), answer)
        self._refused(rows, answer)

    def _enter(self, row: Fact | Wrong, outcome: Any, answer: Answer) -> None:
        if isinstance(row, Wrong):
            return
        with self._lock:
            self.answered[row.name][str(outcome)] += 1
        taken = outcome in (*_FIRST, "duplicate")
        said = answer.body[:200].decode(errors="replace") if not taken else outcome
        self.findings.hold("delivery.taken", row.name, taken, "taken", said)

    def _refused(self, rows: Sequence[Fact | Wrong], answer: Answer) -> None:
        """Holds the rows that were sent to be refused against the problems that are named."""
        refused = {
            one.get("index"): (one.get("reason"), one.get("pointer"))
            for one in _objects(answer.get("problems"))
            if one.get("outcome") == "rejected"
        }
        meant = {i: row for i, row in enumerate(rows) if isinstance(row, Wrong)}
        if not meant and not refused:
            return
        expected = {i: (row.reason, f"/{i}{row.field}") for i, row in meant.items()}
        self.findings.expect("batch.partial", "the rows refused", expected, refused)
        with self._lock:
            named = [row for row in meant.values() if isinstance(row.row, dict)]
            self.wrong |= {str(row.row["event_id"]): row for row in named if "event_id" in row.row}

    def close(self, facts: Sequence[Assignment | Event]) -> None:
        """Checks that each fact was acknowledged, and was new exactly once."""
        for fact in facts:
            outcomes = self.answered.get(fact.name, Counter())
            held = sum(outcomes.values()) > 0
            self.findings.hold("delivery.acknowledged", fact.name, held, "acknowledged", "never")
            new = sum(outcomes[one] for one in _FIRST)
            right = new == 1 or (new == 0 and fact.name in self.cut)
            self.findings.hold("delivery.once", fact.name, right, "new once", dict(outcomes))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _objects(value: Any) -> list[dict[str, Any]]:
    return value if _are_objects(value) else []
