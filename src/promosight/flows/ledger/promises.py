"""Promises: what decisions have promised of budgets and is neither redeemed nor withdrawn.

Sums that are only added to, in two parts. What is promised is kept beside the price, by the decision, under the lock of
its promotion; what became of promises is kept by the lesson that learns of it, a moment later, which nobody else
writes. So neither waits for the other, and both together are the liability. An expired promise is not set free before
it is withdrawn: that errs on the safe side.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.rules.pacing import Liability, Pace
from promosight.store.tx import Tx


class Sums(msgspec.Struct):
    """What promises come to; `spent` and `foreseen` of those that are redeemed or gone (rules/pacing.py)."""

    open: int = 0
    expected: float = 0.0
    variance: float = 0.0
    face: float = 0.0
    spent: float = 0.0
    foreseen: float = 0.0

    def add(self, cost: float, p: float, by: int = 1) -> None:
        """One more open promise, or one less."""
        self.open += by
        self.expected += by * p * cost
        self.variance += by * p * (1 - p) * cost * cost
        self.face += by * cost


class Steered(msgspec.Struct):
    """What decisions keep of a budget: its price, and all they have promised of it."""

    pace: Pace | None = None
    promised: Sums = msgspec.field(default_factory=Sums)


class Promise(NamedTuple):
    """What a redemption takes of the budget, how likely it is, and whether the decision made the assignment itself."""

    promotion_no: int
    cost: float
    p: float
    here: bool


class Settled(NamedTuple):
    """What became of a promise: as it was known before and as it is (`open`, `spent`, `gone`; None for unheard of)."""

    promise: Promise
    before: str | None
    after: str


def read_steered(tx: Tx, workspace_no: int) -> dict[int, Steered]:
    """What decisions keep of the budgets of a workspace, by promotion."""
    rows = tx.all("decision_prices", workspace_no=workspace_no)
    return {no: msgspec.json.decode(state, type=Steered) for no, state, _ in rows}


def write_steered(tx: Tx, workspace_no: int, found: dict[int, Steered], *, now_us: int) -> None:
    """Keeps it."""
    rows = [
        (workspace_no, no, msgspec.json.encode(one).decode(), now_us)
        for no, one in sorted(found.items())
    ]
    tx.run_many("put_prices", rows)


def liabilities(tx: Tx, workspace_no: int, steered: dict[int, Steered]) -> dict[int, Liability]:
    """What is open of each budget."""
    settled = _settled(tx, workspace_no)
    nos = steered.keys() | settled.keys()
    return {no: _liability(steered.get(no), settled.get(no, Sums())) for no in nos}


def settle_promises(
    tx: Tx, workspace_no: int, changes: list[Settled], *, anew: bool = False
) -> None:
    """Adds what became of promises. `anew`: these are all there are."""
    if not changes and not anew:
        return
    there = _settled(tx, workspace_no)
    if anew:
        there = {no: Sums() for no in there}
    moved: dict[int, Sums] = dict(there) if anew else {}
    for each in changes:
        no = each.promise.promotion_no
        found = moved.setdefault(no, there.get(no) or Sums())
        before = each.before or ("open" if each.promise.here else None)
        _count(found, each.promise, before, -1)
        _count(found, each.promise, each.after, 1)
    rows = [
        (workspace_no, no, msgspec.json.encode(one).decode()) for no, one in sorted(moved.items())
    ]
    tx.run_many("put_settled", rows)


def _count(found: Sums, promise: Promise, standing: str | None, by: int) -> None:
    if standing == "open":
        found.add(promise.cost, promise.p, by)
    elif standing == "spent":
        found.spent += by * promise.cost
        found.foreseen += by * promise.p * promise.cost


def _settled(tx: Tx, workspace_no: int) -> dict[int, Sums]:
    rows = tx.all("settled", workspace_no=workspace_no)
    return {no: msgspec.json.decode(state, type=Sums) for no, state in rows}


def _liability(steered: Steered | None, settled: Sums) -> Liability:
    promised = Sums() if steered is None else steered.promised
    spent, foreseen = max(settled.spent, 0.0), max(settled.foreseen, 0.0)
    count = promised.open + settled.open
    if count <= 0:
        return Liability(spent=spent, foreseen=foreseen)
    return Liability(
        spent,
        count,
        max(promised.expected + settled.expected, 0.0),
        max(promised.variance + settled.variance, 0.0),
        max(promised.face + settled.face, 0.0),
        foreseen,
    )
