"""What a version of the policy adds to what was learned: nothing, or a refit of decisions in place of their lessons.

Sums are additive, so a refit is kept as two sums, those it takes away and those it puts there. Going to another version
and back is exact, whatever was learned meanwhile, and what is learned anew from the log gets them again.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

import msgspec

from promosight.flows.decisioning.minds import Learned, read_learned, state_text
from promosight.rules.evidence import Evidence
from promosight.rules.refitting import copied, negated
from promosight.store.races import LostRace
from promosight.store.tx import Tx


class Refit(msgspec.Struct, array_like=True):
    """Sums in base64."""

    instead_of: str
    sums: str


def refit_text(instead_of: Evidence, sums: Evidence) -> str:
    """A refit as it is kept."""
    both = Refit(b64encode(instead_of.encode()).decode(), b64encode(sums.encode()).decode())
    return msgspec.json.encode(both).decode()


def added(evidence: Evidence, state: str | None) -> Evidence:
    """What was learned with a refit in it."""
    return _moved(evidence, state, back=False)


def taken_out(evidence: Evidence, state: str | None) -> Evidence:
    """What was learned without it: as the log alone teaches it."""
    return _moved(evidence, state, back=True)


def _moved(evidence: Evidence, state: str | None, *, back: bool) -> Evidence:
    if state is None:
        return evidence
    refit = msgspec.json.decode(state, type=Refit)
    less, more = (Evidence.decode(b64decode(text)) for text in (refit.instead_of, refit.sums))
    if back:
        less, more = more, less
    made = copied(evidence)
    made.merge(more)
    made.merge(negated(less))
    return made


def state_of(tx: Tx, workspace_no: int, version: int) -> str | None:
    """What a version adds to what was learned."""
    row = tx.one("version_state", workspace_no=workspace_no, version=version)
    return None if row is None else row[0]


def plainly_learned(tx: Tx, workspace_no: int, version: int) -> Learned:
    """What was learned without what the running version adds."""
    learned = read_learned(tx, workspace_no)
    state = state_of(tx, workspace_no, version)
    return learned._replace(evidence=taken_out(learned.evidence, state))


def go_over(tx: Tx, workspace_no: int, before: str | None, after: str | None, now_us: int) -> None:
    """Has what was learned go from one version's state to another's: the next revision."""
    if before == after:
        return
    tx.run("begin_learned", workspace_no=workspace_no, now_us=now_us)
    learned = read_learned(tx, workspace_no)
    evidence = added(taken_out(learned.evidence, before), after)
    cells = evidence.cells.values()
    if not tx.run(
        "advance_learned",
        workspace_no=workspace_no,
        revision=learned.revision + 1,
        state=state_text(evidence, learned.latest_us),
        decisions=sum(cell.decisions for cell in cells),
        redeemed=sum(cell.redeemed for cell in cells),
        now_us=now_us,
    ):
        raise LostRace
