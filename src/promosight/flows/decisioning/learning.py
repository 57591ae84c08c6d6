"""Learning: what became of decided assignments becomes what the policy knows, exactly once.

News name groups; what is there is compared with the label each decision was learned with, and the difference is made in
the sums. So news may be looked at twice, and come in any order: what is learned is a function of the facts. The next
revision is written only by whoever has read the one before, in one transaction with the labels and the news it used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from promosight.flows.decisioning.boards import kept_board
from promosight.flows.decisioning.decisions_kept import Decision, decisions_by_id, unpacked_at
from promosight.flows.decisioning.minds import HALF_LIFE_US, Learned, read_learned, state_text
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.decisioning.version_state import added, state_of
from promosight.flows.ledger.news import moved_groups
from promosight.flows.ledger.promises import Promise, Settled, settle_promises
from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import Offer
from promosight.rules.wide import halves, whole
from promosight.store.catalogue import load
from promosight.store.rows import GroupKey
from promosight.store.tx import Row, Tx

ALL_NEWS = 2**62
_PAGE = 2_000
_WITHOUT_PAUSE = 8
"""So many decisions are looked at in one go: a fraction of a millisecond."""
_AT_ONCE = 32
"""And so many are learned from, in half a millisecond."""
_T = TypeVar("_T")


class _Details(msgspec.Struct):
    """What an assignment says of its decision."""

    decision_id: str


class _Seen(msgspec.Struct):
    """What is learned of a trace (`Trace`); reading all of it takes three times as long."""

    x: dict[str, float] = {}
    arms: list[int] = []
    p: str = ""
    leans: str = ""
    at: int = 0
    nth: int = 0


_details = msgspec.json.Decoder(_Details)
_seen = msgspec.json.Decoder(_Seen)
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
"""Called now and then by work that takes long, to let others have the interpreter; None where nobody else wants it."""


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


def take_news(tx: Tx, workspace_no: int, taken: str, most: int = ALL_NEWS) -> bool:
    """Takes the oldest news of a workspace under a name of one's own; False where there are none.

    `most` is how many characters of them: a group has about 14.
    """
    return tx.run("take_news", workspace_no=workspace_no, taken=taken, most=most) > 0


def changes_of_news(
    tx: Tx, workspace_no: int, taken: str, pause: Pause | None = None
) -> list[Change]:
    """What the news taken come to, compared with what was learned before."""
    texts = [row[0] for row in tx.all("news_taken", workspace_no=workspace_no, taken=taken)]
    return _changes(tx, workspace_no, moved_groups(texts), pause)


def learn(learned: Learned, changes: list[Change], pause: Pause | None = None) -> Learned:
    """The next revision. `learned` is used up."""
    teaching = [change for change in changes if change.teaches is not None]
    at_once = max(len(teaching), 1) if pause is None else _AT_ONCE
    for start in range(0, len(teaching), at_once):
        _teach_all(learned.evidence, teaching[start : start + at_once])
        if pause is not None:
            pause()
    latest_us = max((change.decided_us for change in teaching), default=0)
    latest_us = max(learned.latest_us, latest_us)
    learned.evidence.seen(latest_us)
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


def _paused(changes: Iterable[_T], pause: Pause | None) -> Iterator[_T]:
    for number, change in enumerate(changes):
        if pause is not None and not number % _WITHOUT_PAUSE:
            pause()
        yield change


def _changes(
    tx: Tx, workspace_no: int, keys: list[GroupKey], pause: Pause | None = None
) -> list[Change]:
    found: dict[_LabelKey, tuple[int, Label]] = {}
    for no, customer_no, tier_id, details, *rest in tx.all_for("decided_of_groups", keys):
        key = _details.decode(details).decision_id, no, tier_id or ""
        withdrawn, redeemed_us, *sums = rest
        label = _label(int(redeemed_us is not None), withdrawn, redeemed_us, *sums)
        there = found.get(key)
        found[key] = customer_no, label if there is None else _together(there[1], label)
    ids = sorted({key[0] for key in found})
    decisions = decisions_by_id(tx, workspace_no, ids)
    rows = tx.all_for("labels_of", [(one,) for one in ids], workspace_no=workspace_no)
    before = {(row[0], row[1], row[2]): _label(*row[3:10]) for row in rows}
    offered = _Offered(tx, workspace_no)
    changes = []
    for key, (customer_no, label) in _paused(sorted(found.items()), pause):
        decision = decisions.get(key[0])
        # An id that no decision of this customer bears is the brand's own affair.
        if decision is None or decision.customer_no != customer_no or before.get(key) == label:
            continue
        teaches, promise = offered.meant(decision, key)
        changes.append(Change(key, before.get(key), label, decision.decided_us, teaches, promise))
    return changes


def _columns(label: Label) -> Row:
    """The columns a label is kept in: sums in halves."""
    *told, order_micros, cost_micros = label
    return (*told, *halves(order_micros), *halves(cost_micros))


def _label(
    redeemed: int,
    withdrawn: int,
    redeemed_us: int | None,
    order_high: int,
    order_low: int,
    cost_high: int,
    cost_low: int,
) -> Label:
    """A label, of the columns it is kept in."""
    sums = whole(order_high, order_low), whole(cost_high, cost_low)
    return Label(redeemed, withdrawn, redeemed_us, *sums)


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


class _Offer(NamedTuple):
    """An offer of a board: where it stands there, as the model sees it, and what a redemption takes from a budget."""

    place: int
    offer: Offer
    taken: float


class _Offered:
    """What decisions of a workspace offered: their boards, and the promotions of its catalogue."""

    def __init__(self, tx: Tx, workspace_no: int) -> None:
        self._tx = tx
        self._number = workspace_no
        self._by_no = load(tx, workspace_no).by_no
        self._places: dict[int, dict[tuple[str, str | None], _Offer]] = {}
        self._budgeted: dict[int, bool] = {}

    def meant(self, decision: Decision, key: _LabelKey) -> tuple[Decided | None, Promise | None]:
        """The decision as learning sees it, and what it promised of a budget.

        None where the policy had no opinion of the offer, and where the offer has no budget.
        """
        found = self._on(decision.board_no).get((self._by_no[key[1]].promotion_id, key[2] or None))
        if found is None:
            return None, None
        teaches = self._decided(decision, found)
        return teaches, self._promised(decision, key[1], found.taken, teaches)

    def _on(self, board_no: int) -> dict[tuple[str, str | None], _Offer]:
        """The places of a board by what is offered there."""
        places = self._places.get(board_no)
        if places is None:
            board = kept_board(self._tx, self._number, board_no)
            places = self._places[board_no] = {
                (one.promotion_id, one.tier_id): _Offer(place, one.offer, one.taken)
                for place, one in enumerate(board)
            }
        return places

    def _decided(self, decision: Decision, offered: _Offer) -> Decided | None:
        seen = _seen.decode(decision.trace)
        if not seen.p or offered.place not in seen.arms:
            return None
        at = seen.arms.index(offered.place)
        lean = unpacked_at(seen.leans, at) if seen.leans else 0.0
        p_hat = unpacked_at(seen.p, at)
        nth = seen.nth if at == seen.at else 0  # else it was not this offer that was drawn
        return Decided(seen.x, offered.offer, p_hat, decision.decided_us, lean=lean, nth=nth)

    def _promised(
        self, decision: Decision, promotion_no: int, taken: float, teaches: Decided | None
    ) -> Promise | None:
        if not taken or not self._has_budget(promotion_no):
            return None
        p = 1.0 if teaches is None else teaches.p_hat
        return Promise(promotion_no, taken, p, decision.assignment_id is not None)

    def _has_budget(self, promotion_no: int) -> bool:
        found = self._budgeted.get(promotion_no)
        if found is None:
            definition = self._by_no[promotion_no].definition
            found = definition is not None and any(one.is_budget for one in definition.limits)
            self._budgeted[promotion_no] = found
        return found


def _settled(changes: list[Change]) -> list[Settled]:
    return [
        Settled(
            one.promise, None if one.before is None else one.before.standing, one.after.standing
        )
        for one in changes
        if one.promise is not None
    ]


def _teach_all(evidence: Evidence, changes: list[Change]) -> None:
    """Makes the differences. Most decisions are new and wait: these are added together."""
    waiting: list[Decided] = []
    for change in changes:
        assert change.teaches is not None
        evidence.met(change.teaches)
        if (
            change.before is None
            and not change.after.withdrawn
            and change.after.redeemed_us is None
        ):
            waiting.append(change.teaches)
        else:
            _teach(evidence, change.teaches, change.before, change.after)
    if waiting:
        evidence.add_all(waiting)


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
    rows = [
        (workspace_no, *key, *_columns(label), lesson.revision, now_us)
        for key, label in lesson.labels
    ]
    tx.run_many("put_labels", rows)
