"""The proof: what the running policy brings per decision, beside what the log, one fixed offer and chance would bring.

Estimates are made of settled decisions alone; beside them stands what was measured against the control group. Where the
policy is not shown to beat the best fixed order of offers, the verdict says that, and where the log cannot tell, that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from promosight.flows.decisioning.decided_uplift import MeasuredUplift, measured_uplift
from promosight.flows.decisioning.estimates import (
    AboutDecisions,
    PolicyDifference,
    PolicyEstimate,
    difference_told,
    policy_told,
    verdict_code,
)
from promosight.flows.decisioning.judged import (
    Asked,
    Frame,
    Judged,
    framed,
    judged,
    name_of,
    worth_by,
)
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.rescoring import Models, always, chances, models_of
from promosight.flows.decisioning.version_state import plainly_learned, state_of
from promosight.rules.decisioning import Settings
from promosight.rules.estimating import NOT_ENOUGH, Difference, Estimated, difference, estimate
from promosight.rules.evaluation import Verdict, evaluate, verdict
from promosight.rules.instants import DAY_US, format_instant
from promosight.rules.logged import Floats
from promosight.store.tx import Tx

T = TypeVar("T")
_KEPT_US_EACH = 100
"""An answer stands for a second with ten thousand decisions, ten with a hundred thousand."""


class DecisionEvaluation(AboutDecisions):
    """What policies bring per decision, in `unit`, and what was measured.

    `policies` are `logged`, `current`, `best_fixed` and `uniform`, and `benchmark` where one is named. `verdict`
    compares the current one with the best fixed order of offers, and where the log does not tell enough of that one,
    with the benchmark: `gain`, `no gain`, `worse` or `not enough support`.
    """

    verdict: str
    verdict_words: str
    policies: list[PolicyEstimate]
    against_best_fixed: PolicyDifference
    against_uniform: PolicyDifference
    against_benchmark: PolicyDifference | None
    fixed_order: list[str]
    measured: MeasuredUplift


def evaluation(
    tx: Tx, workspace_no: int, minds: Minds, asked: Asked, *, now_us: int
) -> DecisionEvaluation:
    """The proof as of now; of many decisions as it was some seconds ago."""
    frame = framed(tx, workspace_no, minds, asked, now_us=now_us)
    return kept_answer(
        tx, "evaluation", asked, frame, lambda: _evaluation(tx, frame, minds, now_us), now_us=now_us
    )


class _Kept(NamedTuple):
    """An answer, what it was asked with, and from when until when it stands."""

    mark: Any
    found_us: int
    until_us: int
    found: Any


def kept_answer(
    tx: Tx, name: str, mark: Hashable, frame: Frame, find: Callable[[], T], *, now_us: int
) -> T:
    """An answer about decisions, kept for a moment; of each kind only the latest, whatever periods are asked for."""
    key = "decided", name, frame.catalogue.workspace.workspace_no
    known: _Kept | None = tx.cache.get(key)
    mark = mark, frame.rules
    if known is None or known.mark != mark or not known.found_us <= now_us < known.until_us:
        until_us = now_us + frame.counted * _KEPT_US_EACH
        known = tx.cache[key] = _Kept(mark, now_us, until_us, find())
    answer: T = known.found
    return answer


def current_of(tx: Tx, of: Judged, minds: Minds) -> tuple[Models, Floats]:
    """The running policy on these decisions."""
    number, rules = of.frame.catalogue.workspace.workspace_no, of.frame.rules
    refit = state_of(tx, number, rules.version) is not None
    models = models_of(tx, of, plainly_learned(tx, number, rules.version), refit=refit)
    return models, policy_of(tx, of, models, rules.settings, minds)


def policy_of(tx: Tx, of: Judged, models: Models, settings: Settings, minds: Minds) -> Floats:
    """A policy with these settings on these decisions. It aims at its own objective, whatever it is judged by."""
    frame = of.frame._replace(rules=of.frame.rules._replace(settings=settings))
    return chances(of, models, settings, worth_by(tx, frame, settings.objective, minds))


def _evaluation(tx: Tx, frame: Frame, minds: Minds, now_us: int) -> DecisionEvaluation:
    of = judged(tx, frame, minds)
    _, current = current_of(tx, of, minds)
    found = evaluate(of.log, current)
    estimates = {
        "logged": found.logged,
        "current": found.current,
        "best_fixed": found.best_fixed,
        "uniform": found.uniform,
    }
    named = _benchmark(of, current)
    said = found.verdict
    if named is not None:
        estimates["benchmark"] = named.alone
        said = named.verdict if said.code == NOT_ENOUGH else said
    order = found.fixed_orders[0]
    uplift = measured_uplift(tx, frame, of.worth)
    return DecisionEvaluation(
        verdict=verdict_code(said),
        verdict_words=_words(said, uplift),
        **about(tx, of, now_us),
        policies=[policy_told(name, one) for name, one in estimates.items()],
        against_best_fixed=difference_told(found.against_fixed),
        against_uniform=difference_told(found.against_uniform),
        against_benchmark=None if named is None else difference_told(named.against),
        fixed_order=list(order),
        measured=uplift,
    )


class _Benchmark(NamedTuple):
    """The offer that was named beforehand to be compared with: its worth, and what the current policy adds."""

    alone: Estimated
    against: Difference
    verdict: Verdict


def _benchmark(of: Judged, current: Floats) -> _Benchmark | None:
    said = of.frame.rules.settings.benchmark
    if said is None:
        return None
    named = said.promotion_id, said.tier_id
    target = always(of, named)
    against = difference(of.log, current, target)
    words = f"the benchmark, {name_of(named)} for everybody"
    return _Benchmark(estimate(of.log, target), against, verdict(against, words))


def _words(found: Verdict, uplift: MeasuredUplift) -> str:
    """The verdict; where the log cannot tell, with what was measured, if anything was."""
    if found.code != NOT_ENOUGH or uplift.per_customer is None:
        return found.words
    return f"{found.words} Measured: {uplift.words}"


def about(tx: Tx, of: Judged, now_us: int) -> dict[str, Any]:
    """What stands above every answer: which decisions it is about, and in what."""
    frame = of.frame
    learned = tx.one("learned_revision", workspace_no=frame.catalogue.workspace.workspace_no)
    return {
        "objective": frame.objective,
        "unit": of.worth.unit,
        "policy_version": f"{frame.rules.version}.{0 if learned is None else learned[0]}",
        "since": format_instant(frame.asked.from_us),
        "until": format_instant(frame.asked.to_us),
        "horizon_days": round(frame.horizon_us / DAY_US, 3),
        "decisions": frame.counted + frame.young,
        "settled": frame.counted,
        "used": len(of.log),
        "young": frame.young,
        "as_of": format_instant(now_us),
    }
