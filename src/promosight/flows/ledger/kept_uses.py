"""Busy groups: what is kept of them, so that one more event need not load all that went before.

A shop that calls every guest `guest` has thousands of events of one promotion for one customer. Once a group was
settled whole and has that many, it is kept how each of its assignments is used (`rules/one_more.py`). From then on a
redemption or a reversal is judged by that where it can be; where it cannot, and when anything else changes in the group
(a late assignment, a withdrawal), the group is settled whole as ever, and what is kept is written anew. What changes
events beside that (other terms worked out ahead, an erased person, refused events that their sender corrects) lets go
of it, and so does a group that has lost all of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from promosight.flows.ledger.settling import (
    TAKES_EFFECT,
    Context,
    Group,
    Judged,
    KeptUses,
    given,
    reversals_among,
    used_as,
    write_verdict,
)
from promosight.rules.matching import Given, Verdict
from promosight.rules.one_more import Turn, Uses, one_less, one_more, turn_at
from promosight.store.rows import AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Row, Tx

BUSY = 100
"""Events from which on it is kept how a group's assignments are used: settling so many costs more than keeping it."""

_encode = msgspec.json.Encoder().encode
_turn = msgspec.json.Decoder(Turn).decode


def stored_uses(row: Row) -> KeptUses | None:
    """What is kept of an assignment, from its columns in `assignments_to_settle`; None where nobody can read it."""
    redeemed_us, import_no, uses, undone, *turns = row
    try:
        first, last = (None if turn is None else _turn(turn) for turn in turns)
    except msgspec.MsgspecError:  # changed by hand, or by a broken disk: verify names it
        return None
    return KeptUses(import_no, Uses(uses, undone, redeemed_us, first, last))


def may_be_judged(group: Group) -> bool:
    """Whether new events of a group may be judged by what is kept: redemptions, and reversals of stored ones, and
    nothing else has come to it."""
    if not group.kept or len(group.kept) < len(group.assignments) or group.new_assignments:
        return False
    stored = {e.identity for e in group.events if e.reverses is None}
    told = (*group.events, *group.new_events)
    return all(e.reverses is None or (e.source_no, e.reverses) in stored for e in told)


def judge_by_uses(context: Context, groups: list[Group]) -> list[GroupKey]:
    """Judges the new events of groups by what is kept; returns the groups for which that says too little."""
    for group in groups:
        group.judged = _judged(context, group)
    return [group.key for group in groups if group.judged is None]


def _judged(context: Context, group: Group) -> Judged | None:
    terms = context.catalogue.terms(group.key.promotion_no)
    uses = {slot: msgspec.structs.replace(kept.uses) for slot, kept in group.kept.items()}
    offered = [given(a) for a in group.assignments] if group.events or group.new_events else []
    told = [e for e in (*group.events, *group.new_events) if e.reverses is None]
    reversals = reversals_among(
        context.catalogue, terms, group.assignments, told, [*group.events, *group.new_events]
    )
    stored = len(told) - sum(e.reverses is None for e in group.new_events)
    verdicts: list[tuple[EventRow, Verdict]] = []
    for e in told[:stored]:
        one = used_as(context, terms, e, reversals.get(e.identity, ()))
        verdict = one_less(terms, offered, uses, one, e.slot, was_live=bool(e.live))
        if verdict is None:
            return None
        verdicts.append((e, verdict))
        verdicts += [(r, TAKES_EFFECT) for r in reversals.get(e.identity, ())]
    for e in sorted(told[stored:], key=lambda e: (e.redeemed_us, e.event_id, e.source_no)):
        verdict = one_more(terms, offered, uses, used_as(context, terms, e))
        if verdict is None:
            return None
        verdicts.append((e, verdict))
    return Judged(uses, verdicts)


def write_judged(group: Group, judged: Judged) -> None:
    """Writes what was said into the derived fields of the group's events and assignments."""
    for e, verdict in judged.verdicts:
        write_verdict(e, verdict)
    for a in group.assignments:
        a.redeemed_us = judged.uses[a.slot].redeemed_us


def keep_uses(tx: Tx, groups: Iterable[tuple[Group, bool]]) -> None:
    """Keeps how the assignments of busy groups are used now; each group with whether it is loaded whole.

    Nothing is kept of one that has lost its events: the first that comes to it next is not settled (`plain_events`).
    """
    rows: list[Row] = []
    empty: list[GroupKey] = []
    for group, is_whole in groups:
        if group.judged is not None:
            came_by = [kept.import_no for kept in group.kept.values()]
            came_by += [e.import_no for e in group.new_events]
            rows += _changed(group, group.judged.uses, came_by)
        elif not is_whole:
            continue
        elif events := [*group.events, *group.new_events]:
            if group.kept or len(events) >= BUSY:
                rows += _changed(group, uses_of(group), [e.import_no for e in events])
        elif group.kept:
            empty.append(group.key)
    tx.send_many("keep_uses", sorted(rows))
    forget_uses_of_groups(tx, empty)


def _changed(group: Group, uses: Mapping[int, Uses], imports: Iterable[int]) -> Iterable[Row]:
    """The rows that are not stored as they are now. `imports`: by which the events came that are in the group now."""
    latest = max(imports, default=0)
    for slot, its in uses.items():
        if group.kept.get(slot) != (latest, its):
            yield (
                *group.key[1:],
                *(slot, latest, its.count, its.undone, its.redeemed_us),
                *(
                    None if turn is None else _encode(turn).decode()
                    for turn in (its.first, its.last)
                ),
            )


def uses_of(group: Group) -> dict[int, Uses]:
    """How the assignments of a group that is settled whole are used."""
    assignments = (*group.assignments, *group.new_assignments)
    return uses_among(assignments, (*group.events, *group.new_events))


class _Took(Protocol):
    """What of an event tells which assignment it took, and when it had its turn."""

    @property
    def slot(self) -> int | None: ...
    @property
    def live(self) -> int: ...
    @property
    def reverses(self) -> str | None: ...
    @property
    def redeemed_us(self) -> int: ...
    @property
    def event_id(self) -> str: ...
    @property
    def assignment_id(self) -> str | None: ...
    @property
    def promo_code(self) -> str | None: ...
    @property
    def campaign_id(self) -> str | None: ...


def uses_among(assignments: Iterable[AssignmentRow], events: Iterable[_Took]) -> dict[int, Uses]:
    """How assignments are used by events that are settled, by slot."""
    slots = {a.slot: given(a) for a in assignments}
    uses = {slot: Uses() for slot in slots}
    for e in events:
        if e.slot is None or e.reverses is not None:
            continue
        if e.live:
            uses[e.slot].add(turn_of(slots[e.slot], e))
        else:
            uses[e.slot].undone += 1
    return uses


def turn_of(taken: Given, e: _Took) -> Turn:
    """The turn of an event if it took this assignment."""
    return turn_at(
        taken,
        e.redeemed_us,
        e.event_id,
        assignment_id=e.assignment_id,
        promo_code=e.promo_code,
        campaign_id=e.campaign_id,
    )


def forget_uses_of_promotions(tx: Tx, promotion_nos: Iterable[int]) -> None:
    """Nothing is kept of these promotions any more."""
    tx.send_many("forget_uses_of_promotions", [(no,) for no in sorted(promotion_nos)])


def forget_uses_of_no_promotion(tx: Tx) -> None:
    """Nothing is kept of promotions that are not in the store."""
    tx.run("forget_uses_of_no_promotion")


def forget_uses_of_groups(tx: Tx, keys: Iterable[GroupKey]) -> None:
    """The same of some groups."""
    tx.send_many("forget_uses_of_groups", sorted(keys))
