"""Learning: what became of decided assignments becomes what the policy knows, exactly once.

News name groups; what is there is compared with the label each decision was learned with, and the difference is made in
the sums. So news may be looked at twice, and come in any order: what is learned is a function of the facts. The next
revision is written only by whoever has read the one before, in one transaction with the labels and the news it used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from promosight.flows.boards import kept_board
from promosight.flows.decisioning import rules_of
from promosight.flows.decisions_kept import Decision, decisions_by_id, unpacked
from promosight.flows.minds import HALF_LIFE_US, Learned, read_learned, state_text
from promosight.flows.news import moved_groups
from promosight.flows.promises import Promise, Settled, settle_promises
from promosight.flows.version_state import added, state_of
from promosight.rules.evidence import Decided, Evidence
from promosight.store.catalogue import load
from promosight.store.rows import GroupKey
from promosight.store.tx import Tx

_PAGE = 2_000
_WITHOUT_PAUSE = 8
"""So many decisions are learned from in one go: a fraction of a millisecond."""
_T = TypeVar("_T")
_LabelKey = tuple[str, int, str]
"""Decision, promotion and tier ("" for none)."""


class Label(NamedTuple):
    """What became of a decision's assignment. `withdrawn`: it was taken back, and teaches nothing."""

    redeemed: int
    withdrawn: int
    redeemed_us: int | None
    order_micros: int
    cost_micros: int

    @property
    def standing(self) -> str:
        """What became of the promise."""
        return "gone" if self.withdrawn else "spent" if self.redeemed else "open"


class Change(NamedTuple):
    """A label that is to be learned, and what it was learned as before, if it was."""

    key: _LabelKey
    before: Label | None
    after: Label
    decided_us: int
    teaches: Decided | None
    promise: Promise | None = None


class Lesson(NamedTuple):
    """The next state of what was learned as it is kept, and the labels that led to it: all that is to be written."""

    revision: int
    text: str
    decisions: int
    redeemed: int
    labels: list[tuple[_LabelKey, Label]]
    settled: list[Settled]


Pause = Callable[[], None]
"""Called now and then by work that takes long, to let others have the interpreter."""


def _never() -> None:
    return


def lesson_of(learned: Learned, changes: list[Change]) -> Lesson:
    """What is to be written."""
    cells = learned.evidence.cells.values()
    return Lesson(
        learned.revision,
        state_text(learned.evidence, learned.latest_us),
        sum(cell.decisions for cell in cells),
        sum(cell.redeemed for cell in cells),
        [(change.key, change.after) for change in changes],
        _settled(changes),
    )


def workspaces_with_news(tx: Tx) -> list[int]:
    """Where something is to be learned."""
    return [row[0] for row in tx.all("workspaces_with_news")]


def take_news(tx: Tx, workspace_no: int, taken: str) -> None:
    """Takes the news of a workspace under a name of one's own."""
    tx.run("take_news", workspace_no=workspace_no, taken=taken)


def changes_of_news(tx: Tx, workspace_no: int, taken: str, pause: Pause = _never) -> list[Change]:
    """What the news taken come to, compared with what was learned before."""
    texts = [row[0] for row in tx.all("news_taken", workspace_no=workspace_no, taken=taken)]
    return _changes(tx, workspace_no, moved_groups(texts), pause)


def learn(learned: Learned, changes: Iterable[Change], pause: Pause = _never) -> Learned:
    """The next revision. `learned` is used up."""
    latest_us = learned.latest_us
    for change in _paused(changes, pause):
        if change.teaches is not None:
            _teach(learned.evidence, change.teaches, change.before, change.after)
            latest_us = max(latest_us, change.decided_us)
    return Learned(learned.revision + 1, latest_us, learned.evidence)


def write_lesson(
    tx: Tx, workspace_no: int, lesson: Lesson, taken: str, *, now_us: int, anew: bool = False
) -> bool:
    """Keeps a revision with its labels, and drops its news; False where somebody else was first.

    `anew`: the lesson is of all there is to learn.
    """
    tx.run("begin_learned", workspace_no=workspace_no, now_us=now_us)
    advanced = tx.run(
        "advance_learned",
        workspace_no=workspace_no,
        revision=lesson.revision,
        state=lesson.text,
        decisions=lesson.decisions,
        redeemed=lesson.redeemed,
        now_us=now_us,
    )
    if not advanced:
        return False
    _write_labels(tx, workspace_no, lesson, now_us)
    settle_promises(tx, workspace_no, lesson.settled, anew=anew)
    tx.run("drop_news", workspace_no=workspace_no, taken=taken)
    return True


def relearn(tx: Tx, workspace_no: int, *, now_us: int) -> int:
    """Learns everything anew from the decisions and the facts; returns how many labels there are."""
    tx.lock(workspace_no)
    tx.run("begin_learned", workspace_no=workspace_no, now_us=now_us)
    row = tx.one("learned_revision", workspace_no=workspace_no)
    assert row is not None
    tx.run("forget_learned", workspace_no=workspace_no)
    keys = [GroupKey(*one) for one in tx.all("decided_groups", workspace_no=workspace_no)]
    learned = Learned(row[0], 0, Evidence(HALF_LIFE_US))
    changes: list[Change] = []
    for start in range(0, len(keys), _PAGE):
        found = _changes(tx, workspace_no, keys[start : start + _PAGE])
        learned = learn(learned, found)._replace(revision=row[0])
        changes += found
    state = state_of(tx, workspace_no, rules_of(tx, workspace_no).version)
    learned = learned._replace(revision=row[0] + 1, evidence=added(learned.evidence, state))
    lesson = lesson_of(learned, changes)
    write_lesson(tx, workspace_no, lesson, "", now_us=now_us, anew=True)
    return len(changes)


def current(tx: Tx, workspace_no: int, known: Learned | None) -> Learned:
    """What was learned as it is in this snapshot; `known` where that is still it."""
    row = tx.one("learned_revision", workspace_no=workspace_no)
    if known is not None and row is not None and row[0] == known.revision:
        return known
    return read_learned(tx, workspace_no)


def _paused(changes: Iterable[_T], pause: Pause) -> Iterator[_T]:
    for number, change in enumerate(changes):
        if not number % _WITHOUT_PAUSE:
            pause()
        yield change


def _changes(
    tx: Tx, workspace_no: int, keys: list[GroupKey], pause: Pause = _never
) -> list[Change]:
    found: dict[_LabelKey, tuple[int, Label]] = {}
    for no, customer_no, tier_id, details, *rest in tx.all_for("decided_of_groups", keys):
        key = msgspec.json.decode(details)["decision_id"], no, tier_id or ""
        withdrawn, redeemed_us, order_micros, cost_micros = rest
        label = Label(
            int(redeemed_us is not None), withdrawn, redeemed_us, order_micros, cost_micros
        )
        there = found.get(key)
        found[key] = customer_no, label if there is None else _together(there[1], label)
    ids = sorted({key[0] for key in found})
    decisions = decisions_by_id(tx, workspace_no, ids)
    rows = tx.all_for("labels_of", [(one,) for one in ids], workspace_no=workspace_no)
    before = {(row[0], row[1], row[2]): Label(*row[3:8]) for row in rows}
    changes = []
    for key, (customer_no, label) in _paused(sorted(found.items()), pause):
        decision = decisions.get(key[0])
        # An id that no decision of this customer bears is the brand's own affair.
        if decision is None or decision.customer_no != customer_no or before.get(key) == label:
            continue
        teaches = _decided(tx, workspace_no, decision, key)
        promise = _promised(tx, workspace_no, decision, key, teaches)
        changes.append(Change(key, before.get(key), label, decision.decided_us, teaches, promise))
    return changes


def _together(one: Label, other: Label) -> Label:
    """Two assignments of one decision and offer count as one."""
    times = [at for at in (one.redeemed_us, other.redeemed_us) if at is not None]
    return Label(
        one.redeemed | other.redeemed,
        one.withdrawn & other.withdrawn,
        min(times, default=None),
        one.order_micros + other.order_micros,
        one.cost_micros + other.cost_micros,
    )


def _decided(tx: Tx, workspace_no: int, decision: Decision, key: _LabelKey) -> Decided | None:
    """The decision as learning sees it; None where the policy had no opinion of the offer."""
    trace = decision.told
    if not trace.p:
        return None
    board = kept_board(tx, workspace_no, decision.board_no)
    named = load(tx, workspace_no).by_no[key[1]].promotion_id, key[2] or None
    for i, place in enumerate(trace.arms):
        kept = board[place]
        if (kept.promotion_id, kept.tier_id) == named:
            p_hat = float(unpacked(trace.p)[i])
            lean = float(unpacked(trace.leans)[i]) if trace.leans else 0.0
            return Decided(trace.x, kept.offer, p_hat, decision.decided_us, lean=lean)
    return None


def _promised(
    tx: Tx, workspace_no: int, decision: Decision, key: _LabelKey, teaches: Decided | None
) -> Promise | None:
    """What the decision promised of a budget; None where the offer has none."""
    listed = load(tx, workspace_no).by_no[key[1]]
    if listed.definition is None or not any(one.is_budget for one in listed.definition.limits):
        return None
    here = decision.assignment_id is not None
    for one in kept_board(tx, workspace_no, decision.board_no):
        if (one.promotion_id, one.tier_id) == (listed.promotion_id, key[2] or None) and one.taken:
            p = 1.0 if teaches is None else teaches.p_hat
            return Promise(key[1], one.taken, p, here)
    return None


def _settled(changes: list[Change]) -> list[Settled]:
    return [
        Settled(
            one.promise, None if one.before is None else one.before.standing, one.after.standing
        )
        for one in changes
        if one.promise is not None
    ]


def _teach(evidence: Evidence, decided: Decided, before: Label | None, after: Label) -> None:
    was = before is not None and not before.withdrawn
    had = None if before is None else before.redeemed_us
    has = after.redeemed_us
    if was and after.withdrawn:
        evidence.remove(decided, redeemed=had is not None, redeemed_us=had)
    elif not was and not after.withdrawn:
        evidence.add(decided, redeemed=has is not None, redeemed_us=has)
    elif was and had != has:
        if had is not None:
            evidence.relabel(decided, redeemed=False, redeemed_us=had)
        if has is not None:
            evidence.relabel(decided, redeemed=True, redeemed_us=has)


def _write_labels(tx: Tx, workspace_no: int, lesson: Lesson, now_us: int) -> None:
    rows = [(workspace_no, *key, *label, lesson.revision, now_us) for key, label in lesson.labels]
    tx.run_many("put_labels", rows)
