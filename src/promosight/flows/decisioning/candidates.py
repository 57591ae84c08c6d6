"""Candidates beside the running version: what they would bring more, and refits made of all that was learned."""

from __future__ import annotations

from typing import NamedTuple

from promosight.flows.decisioning.estimates import PolicyDifference, difference_told
from promosight.flows.decisioning.evaluating import current_of, policy_of
from promosight.flows.decisioning.judged import OPEN, Asked, framed, judged
from promosight.flows.decisioning.minds import Minds, prior_of
from promosight.flows.decisioning.rescoring import lessons_of, models_of
from promosight.flows.decisioning.version_state import plainly_learned, refit_text
from promosight.flows.decisioning.versions import candidate_of
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.estimating import difference
from promosight.rules.evaluation import may_promote
from promosight.rules.refitting import less, refitted
from promosight.store.catalogue import load
from promosight.store.tx import Tx


class Compared(NamedTuple):
    """A candidate beside the version that ran then."""

    running: int
    shown: PolicyDifference
    better: bool
    """Even the lower bound of what it brings more is above nothing."""


def compared(tx: Tx, workspace_no: int, minds: Minds, version: int, *, now_us: int) -> Compared:
    """What a candidate would bring more than the running version, by the whole log. Raises NotFound."""
    candidate = candidate_of(tx, workspace_no, version)
    from_us = load(tx, workspace_no).workspace.tracking_from_us
    frame = framed(tx, workspace_no, minds, Asked(from_us, OPEN), now_us=now_us)
    of = judged(tx, frame, minds)
    models, running = current_of(tx, of, minds)
    if candidate.refit != models.refit:
        plain = plainly_learned(tx, workspace_no, frame.rules.version)
        models = models_of(tx, of, plain, refit=candidate.refit)
    other = policy_of(tx, of, models, candidate.settings, minds)
    found = difference(of.log, other, running)
    return Compared(frame.rules.version, difference_told(found), may_promote(found))


def refit_of(tx: Tx, workspace_no: int, minds: Minds, *, now_us: int) -> str:
    """All that decisions taught, gone over anew: the state of a version."""
    from_us = load(tx, workspace_no).workspace.tracking_from_us
    asked = Asked(from_us, OPEN, horizon_days=0)
    frame = framed(tx, workspace_no, minds, asked, now_us=now_us)
    of = judged(tx, frame, minds)
    plain = plainly_learned(tx, workspace_no, frame.rules.version)
    _, lessons = lessons_of(of)
    rest = less(plain.evidence, lessons)
    counters = Outstanding(tx, frame.catalogue.workspace.workspace_no)
    prior = prior_of(frame.catalogue, plain.evidence, counters)
    before = lessons.summed(rest.half_life_us)
    return refit_text(before, refitted(lessons, rest, prior, plain.latest_us))
