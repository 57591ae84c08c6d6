"""Value over time: what decisions brought each day or week, beside the control group and the best fixed offer.

Values are of settled decisions, by one yardstick, so that weeks can be compared; a day or week is one of the
workspace's zone. Beside them stand what was offered to whom, and how well the model knew what would be redeemed: the
learning curve.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from promosight.flows.decisioning.estimates import (
    AboutDecisions,
    Shown,
    ValueEstimate,
    told,
    worded,
)
from promosight.flows.decisioning.evaluating import about, kept_answer
from promosight.flows.decisioning.judged import Asked, Frame, Judged, framed, judged
from promosight.flows.decisioning.minds import Minds
from promosight.rules.estimating import estimate, interval
from promosight.rules.instants import LocalDays, week_of
from promosight.rules.logged import Floats, Mask
from promosight.rules.targets import best_fixed
from promosight.store.tx import Tx

STEPS = ("week", "day")
FEW = 30
"""Of fewer decisions there is no value."""
_SEGMENTS = 12
_NAMED = "segment:"
_MARK = "=true"


class Learning(Shown):
    """How well it was known what would be redeemed: `log_loss` per offer made, beside that of a guess which knows the
    period's rate; `gain` is by how much it is less. `predicted` and `observed` are the mean rates."""

    offers: int
    log_loss: float
    usual_log_loss: float
    gain: float
    predicted: float
    observed: float


class ValuePeriod(Shown):
    """A day or week, which begins on the day `from`. `settled`: all its decisions are among these."""

    from_: str = msgspec.field(name="from")
    settled: bool
    decisions: int
    offers: int
    redeemed: int
    ours: ValueEstimate | None
    control_decisions: int
    control: ValueEstimate | None
    best_fixed: ValueEstimate | None
    best_fixed_gate: str
    learning: Learning | None


class MixOffer(Shown):
    """How often an offer was chosen in a segment, and what came of it per decision; null ids are no offer."""

    promotion_id: str | None
    tier_id: str | None
    decisions: int
    share: float
    redeemed: int
    value: float


class MixSegment(Shown):
    """What was offered to a segment, or, where it is null, to everybody."""

    segment: str | None
    decisions: int
    value: float
    offers: list[MixOffer]


class ValueOverTime(AboutDecisions):
    """What decisions brought over time, and what was offered to whom."""

    by: str
    periods: list[ValuePeriod]
    whole: ValuePeriod
    mix: list[MixSegment]


class _Usual(NamedTuple):
    """Decisions of the control group: when, and what came of each."""

    decided_us: NDArray[np.int64]
    value: Floats


def value_over_time(
    tx: Tx, workspace_no: int, minds: Minds, asked: Asked, by: str, *, now_us: int
) -> ValueOverTime:
    """The value of each day or week."""
    frame = framed(tx, workspace_no, minds, asked, now_us=now_us)
    return kept_answer(
        tx, "value", (by, asked), frame, lambda: _found(tx, frame, minds, by, now_us), now_us=now_us
    )


def _found(tx: Tx, frame: Frame, minds: Minds, by: str, now_us: int) -> ValueOverTime:
    of = judged(tx, frame, minds)
    usual = _usual(tx, of)
    fixed = best_fixed(of.log)[0]
    days = _Days(frame, by)
    begins, control_begins = days.of(of.log.decided_us), days.of(usual.decided_us)
    last = days.of(np.array([frame.settled_us - 1], np.int64))[0]
    periods = [
        _period(of, usual, fixed, begins == day, control_begins == day, day, day < last)
        for day in sorted({*begins.tolist(), *control_begins.tolist()})
    ]
    every = np.ones(len(of.log), np.bool_), np.ones(len(usual.value), np.bool_)
    begin = frame.catalogue.days.day(frame.asked.from_us)
    return ValueOverTime(
        by=by,
        periods=periods,
        whole=_period(of, usual, fixed, *every, begin, not frame.young),
        mix=_mix(of),
        **about(tx, of, now_us),
    )


class _Days:
    """The day on which the day or week of each instant begins."""

    def __init__(self, frame: Frame, by: str) -> None:
        self._days: LocalDays = frame.catalogue.days
        self._week = frame.catalogue.workspace.week_start if by == "week" else None

    def of(self, instants: NDArray[np.int64]) -> NDArray[np.str_]:
        """For each instant."""
        days = [self._days.day(at) for at in instants.tolist()]
        if self._week is not None:
            days = [week_of(day, self._week) for day in days]
        return np.array(days, dtype="U10")


def _usual(tx: Tx, of: Judged) -> _Usual:
    frame, worth = of.frame, of.worth
    rows = tx.all(
        "control_decisions",
        workspace_no=frame.catalogue.workspace.workspace_no,
        from_us=frame.asked.from_us,
        to_us=frame.settled_us,
        every=of.every,
        horizon_us=frame.horizon_us,
    )
    values = []
    for _, promotion_no, tier_id, redeemed in rows:
        if promotion_no is None:
            values.append(0.0)
            continue
        named = frame.catalogue.by_no[promotion_no].promotion_id, tier_id
        values.append(redeemed * worth.net(named) - worth.contact)
    return _Usual(np.array([row[0] for row in rows], np.int64), np.array(values, float))


def _period(
    of: Judged, usual: _Usual, fixed: Floats, rows: Mask, control: Mask, day: str, settled: bool
) -> ValuePeriod:
    log = of.log.rows(rows)
    offered = log.chosen < len(of.named)
    best = estimate(log, fixed[rows])
    return ValuePeriod(
        from_=day,
        settled=settled,
        decisions=len(log),
        offers=int(offered.sum()),
        redeemed=int(of.redeemed[rows].sum()),
        ours=told(interval(log, log.reward)) if len(log) >= FEW else None,
        control_decisions=int(control.sum()),
        control=_mean(usual.value[control]),
        best_fixed=told(best.dr),
        best_fixed_gate=worded(best.support.state),
        learning=_learning(of, rows),
    )


def _mean(values: Floats) -> ValueEstimate | None:
    """A mean with its 95% interval."""
    if len(values) < FEW:
        return None
    value, half = float(values.mean()), 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5
    return ValueEstimate(value=value, interval=(value - half, value + half))


def _learning(of: Judged, rows: Mask) -> Learning | None:
    at = np.flatnonzero(rows & (of.log.chosen < len(of.named)))
    if len(at) < FEW:
        return None
    p = np.clip(of.p_hat[at, of.log.chosen[at]], 1e-4, 1 - 1e-4)
    y = of.redeemed[at].astype(float)
    usual = _loss(np.full(len(at), np.clip(y.mean(), 1e-4, 1 - 1e-4)), y)
    loss = _loss(p, y)
    return Learning(
        offers=len(at),
        log_loss=loss,
        usual_log_loss=usual,
        gain=1 - loss / usual,
        predicted=float(p.mean()),
        observed=float(y.mean()),
    )


def _loss(p: Floats, y: Floats) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def _mix(of: Judged) -> list[MixSegment]:
    """Everybody, then the commonest segments."""
    keys = [
        [name for name in one if name.startswith(_NAMED) and name.endswith(_MARK)] for one in of.x
    ]
    common = Counter(name for names in keys for name in names).most_common(_SEGMENTS)
    found = [_segment(of, None, np.ones(len(of.log), np.bool_))]
    for name, _ in sorted(common, key=lambda one: (-one[1], one[0])):
        rows = np.array([name in names for names in keys], np.bool_)
        found.append(_segment(of, name[len(_NAMED) : -len(_MARK)], rows))
    return found


def _segment(of: Judged, name: str | None, rows: Mask) -> MixSegment:
    log, redeemed = of.log.rows(rows), of.redeemed[rows]
    offers = []
    for column in np.unique(log.chosen).tolist():
        own = log.chosen == column
        named: Any = of.named[column] if column < len(of.named) else (None, None)
        offers.append(
            MixOffer(
                promotion_id=named[0],
                tier_id=named[1],
                decisions=int(own.sum()),
                share=float(own.mean()),
                redeemed=int(redeemed[own].sum()),
                value=float(log.reward[own].mean()),
            )
        )
    value = float(log.reward.mean()) if len(log) else 0.0
    offers.sort(key=lambda one: -one.decisions)
    return MixSegment(segment=name, decisions=len(log), value=value, offers=offers)
