"""Minds: what this process chooses with in each workspace, solved from what was learned and swapped whole.

A snapshot is immutable, so a decision reads one and needs no lock; the learner puts the next in its place. The prior is
what the counters tell of assignments that no decision made: a workspace with months of promotions does not start blind,
and nothing counts twice.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from itertools import count
from typing import NamedTuple

import msgspec

from promosight.flows.decisioning.boards import Marked
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.evidence import Evidence
from promosight.rules.instants import DAY_US
from promosight.rules.measures import MEASURES
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx

HALF_LIFE_US = 90 * DAY_US
"""After so long what a decision taught counts half."""
_ASSIGNED, _REDEEMED = MEASURES.index("assigned"), MEASURES.index("redeemed")
_USUAL_RATE, _USUAL_WEIGHT = 0.05, 100


class State(msgspec.Struct, array_like=True):
    """What was learned: the time of the latest decision among it, and the sums, in base64."""

    latest_us: int
    sums: str


class Learned(NamedTuple):
    """A revision of what was learned in a workspace."""

    revision: int
    latest_us: int
    evidence: Evidence


class Mind(NamedTuple):
    """What is chosen with."""

    revision: int
    snapshot: Snapshot
    epoch: int
    """Another one with each that is made in a process: what offers are worth is looked up with it."""
    board: Marked | None = None
    """What offers are worth, where that was worked out with it."""


class Minds:
    """The minds of one process, by workspace."""

    def __init__(self) -> None:
        self._by_workspace: dict[int, Mind] = {}
        self._epochs = count(1)

    def of(self, tx: Tx, catalogue: Catalogue) -> Mind:
        """The mind of a workspace; made of what the store holds where this process has none yet."""
        number = catalogue.workspace.workspace_no
        mind = self._by_workspace.get(number)
        if mind is None:
            learned = read_learned(tx, number)
            snapshot = snapshot_of(catalogue, learned, Outstanding(tx, number))
            mind = Mind(learned.revision, snapshot, self.epoch())
            self.put(number, mind)
        return mind

    def board_of(self, workspace_no: int) -> Marked | None:
        """What offers are worth in a workspace, as it was last worked out with its mind."""
        mind = self._by_workspace.get(workspace_no)
        return None if mind is None else mind.board

    def epoch(self) -> int:
        """The epoch of a mind that is being made."""
        return next(self._epochs)

    def put(self, workspace_no: int, mind: Mind) -> None:
        """Chooses with this from now on."""
        self._by_workspace[workspace_no] = mind

    @property
    def workspaces(self) -> list[int]:
        """Where this process decides."""
        return sorted(self._by_workspace)

    def revision_of(self, workspace_no: int) -> int | None:
        """The revision that is chosen with, None where nobody decided here yet."""
        mind = self._by_workspace.get(workspace_no)
        return None if mind is None else mind.revision


def snapshot_of(catalogue: Catalogue, learned: Learned, counters: Outstanding) -> Snapshot:
    """Solves what was learned, as of the latest decision among it."""
    prior = prior_of(catalogue, learned.evidence, counters)
    return solve(learned.evidence, prior, learned.latest_us, learned.revision)


def read_learned(tx: Tx, workspace_no: int) -> Learned:
    """What was learned in a workspace."""
    row = tx.one("learned", workspace_no=workspace_no)
    if row is None or not row[1]:
        return Learned(0 if row is None else row[0], 0, Evidence(HALF_LIFE_US))
    state = msgspec.json.decode(row[1], type=State)
    evidence = Evidence.decode(b64decode(state.sums), state.latest_us)
    return Learned(row[0], state.latest_us, evidence)


def state_text(evidence: Evidence, latest_us: int) -> str:
    """What was learned, as it is kept: the same text for the same set of facts."""
    return msgspec.json.encode(State(latest_us, b64encode(evidence.encode()).decode())).decode()


def prior_of(catalogue: Catalogue, evidence: Evidence, counters: Outstanding) -> Prior:
    """What the counters tell of assignments that are not in the evidence."""
    assigned: Counter[str] = Counter()
    redeemed: Counter[str] = Counter()
    for no, cells in counters.totals().items():
        listed = catalogue.by_no.get(no)
        if listed is not None:
            assigned[listed.promotion_id] += sum(one[_ASSIGNED] for one in cells.values())
            redeemed[listed.promotion_id] += sum(one[_REDEEMED] for one in cells.values())
    rate = (redeemed.total() + _USUAL_RATE * _USUAL_WEIGHT) / (assigned.total() + _USUAL_WEIGHT)
    for (_, offer), cell in evidence.cells.items():
        assigned[offer.promotion] -= cell.decisions
        redeemed[offer.promotion] -= cell.redeemed
    return Prior(
        rate=min(max(rate, 0.001), 0.9),
        promotions={
            one: (times, max(0, min(redeemed[one], times)))
            for one, times in assigned.items()
            if times > 0
        },
    )
