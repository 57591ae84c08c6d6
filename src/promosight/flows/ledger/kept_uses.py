"""Busy groups: what is kept of them, so that one more event need not load all that went before.

A shop that calls every guest `guest` has thousands of events of one promotion for one customer. Once a group was
settled whole and has that many, it is kept how each of its assignments is used (`rules/one_more.py`). From then on a
redemption is judged by that where it can be; where it cannot, and when anything else changes in the group (a reversal,
a late assignment, a withdrawal), the group is settled whole as ever, and what is kept is written anew. What changes
events beside that (other terms worked out ahead, an erased person) lets go of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from promosight.flows.ledger.settling import (
    Context,
    Group,
    KeptUses,
    given,
    used_as,
    write_verdict,
)
from promosight.rules.matching import Given
from promosight.rules.one_more import Turn, Uses, one_more, turn_at
from promosight.store.rows import EventRow, GroupKey
from promosight.store.tx import Row, Tx

BUSY = 100
"""Events from which on it is kept how a group's assignments are used: settling so many costs more than keeping it."""

_encode = msgspec.json.Encoder().encode
_turn = msgspec.json.Decoder(Turn).decode


def stored_uses(row: Row) -> KeptUses:
    """What is kept of an assignment, from its columns in `assignments_to_settle`."""
    redeemed_us, import_no, uses, undone, first, last = row
    return KeptUses(
        import_no,
        Uses(
            uses,
            undone,
            redeemed_us,
            None if first is None else _turn(first),
            None if last is None else _turn(last),
        ),
    )


def may_be_judged(group: Group) -> bool:
    """Whether new events of a group may be judged by what is kept: nothing but redemptions has come to it."""
    return (
        bool(group.kept)
        and len(group.kept) == len(group.assignments)
        and not group.events
        and not group.new_assignments
        and all(e.reverses is None for e in group.new_events)
    )


def judge_by_uses(context: Context, groups: Iterable[Group]) -> list[GroupKey]:
    """Judges the new redemptions of groups by what is kept; returns the groups for which that says too little."""
    return [group.key for group in groups if not _judge(context, group)]


def _judge(context: Context, group: Group) -> bool:
    terms = context.catalogue.terms(group.key.promotion_no)
    uses = {slot: msgspec.structs.replace(kept.uses) for slot, kept in group.kept.items()}
    offered = [given(a) for a in group.assignments] if group.new_events else []
    for e in sorted(group.new_events, key=lambda e: (e.redeemed_us, e.event_id, e.source_no)):
        verdict = one_more(terms, offered, uses, used_as(context, terms, e))
        if verdict is None:
            return False
        write_verdict(e, verdict)
    group.judged = uses
    return True


def keep_uses(tx: Tx, groups: Iterable[tuple[Group, bool]]) -> None:
    """Keeps how the assignments of busy groups are used now; each group with whether it is loaded whole."""
    rows: list[Row] = []
    for group, is_whole in groups:
        if group.judged is not None:
            rows += _changed(group, group.judged, group.new_events)
        elif is_whole and (group.kept or len(group.events) + len(group.new_events) >= BUSY):
            rows += _changed(group, uses_of(group), [*group.events, *group.new_events])
    tx.send_many("keep_uses", sorted(rows))


def _changed(group: Group, uses: Mapping[int, Uses], judged: list[EventRow]) -> Iterable[Row]:
    """The rows that are not stored as they are now."""
    latest = max((e.import_no for e in judged), default=0)
    latest = max([latest, *(kept.import_no for kept in group.kept.values())])
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
    slots = {a.slot: given(a) for a in (*group.assignments, *group.new_assignments)}
    uses = {slot: Uses() for slot in slots}
    for e in (*group.events, *group.new_events):
        if e.slot is None or e.reverses is not None:
            continue
        if e.live:
            uses[e.slot].add(_turn_of(slots[e.slot], e))
        else:
            uses[e.slot].undone += 1
    return uses


def _turn_of(taken: Given, e: EventRow) -> Turn:
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
