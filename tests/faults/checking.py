"""The checker: holds the senders' books against the facts, the figures, and a count by the second engine."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.cli.program import figures, run
from tests.faults.facts import ASSIGNMENT, Name, expected, name_of
from tests.faults.ledger import Ledger


def present(url: str) -> Counter[Name]:
    """Every fact in the store, and how often."""
    found: Counter[Name] = Counter()
    for kind, field in (("assignments", "assignment_id"), ("redemptions", "event_id")):
        done = run("export", kind, "--format", "ndjson", "--database", url)
        assert done.returncode == 0, done.stderr
        found.update(name_of(json.loads(line)[field]) for line in done.stdout.splitlines())
    return found


def faults(url: str, seed: int, ledger: Ledger) -> list[str]:
    """What is wrong after a run; empty when no acknowledged fact is lost and none is counted twice."""
    there = present(url)
    kept, sent = ledger.kept, ledger.sent
    wrong = list(ledger.wrong[:20])
    wrong += _some("acknowledged and lost", kept - there.keys())
    wrong += _some("there twice", {name for name, times in there.items() if times > 1})
    wrong += _some("there and never sent", there.keys() - sent)
    wrong += _different(figures(url), expected(seed, there))
    if len(kept) != ledger.acknowledgements or not any(name[2] == ASSIGNMENT for name in kept):
        wrong.append("nothing was acknowledged: the run shows nothing")
    return wrong + _verified(url)


def _some(what: str, names: set[Name]) -> list[str]:
    return [f"{len(names)} facts {what}: {sorted(names)[:10]}"] if names else []


def _different(shown: dict[str, dict[str, Any]], counted: dict[str, dict[str, Any]]) -> list[str]:
    wrong = []
    for promotion_id, by_hand in sorted(counted.items()):
        figure = shown[promotion_id]
        seen = {
            "assigned": figure["assigned"],
            "redeemed": figure["redeemed"],
            "cost": Decimal(figure["reward_cost"].get("EUR", "0")),
        }
        if seen != by_hand:
            wrong.append(f"{promotion_id} shows {seen}, and the facts say {by_hand}")
    return wrong


def _verified(url: str) -> list[str]:
    done = run("verify", "--database", url)
    return [] if done.returncode == 0 else [f"verify: {done.stderr or done.stdout}"]
