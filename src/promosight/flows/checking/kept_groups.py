"""What is kept of busy groups, held against what their events say (`flows/ledger/kept_uses.py`).

The second engine has the word on what became of every event. How assignments are used is added up from that anew, event
by event as they are read, for a busy group may have more of them than memory would hold.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.kept_uses import uses_among
from promosight.rules.identity import bucket_of
from promosight.rules.one_more import Turn, Uses
from promosight.store.rows import GroupKey
from promosight.store.tx import Row, Tx

_encode = msgspec.json.Encoder().encode


class TookUse(NamedTuple):
    """What a redemption took, and by what it referred to it, in the columns of `uses_of_group`."""

    slot: int
    live: int
    redeemed_us: int
    event_id: str
    assignment_id: str | None
    promo_code: str | None
    campaign_id: str | None
    reverses: None = None


def differing_uses(tx: Tx, workspace_no: int) -> list[Row]:
    """Assignments of which something else is kept than their events say.

    Each with its promotion and id, then pairs of what is kept and what was added up: live uses, reversed ones, the
    earliest time, the first and the last turn, the latest import.
    """
    found = []
    for promotion_no, customer_no in tx.all("kept_groups", workspace_no=workspace_no):
        found += _differing(tx, GroupKey(bucket_of(customer_no), promotion_no, customer_no))
    return found


def _differing(tx: Tx, key: GroupKey) -> list[Row]:
    groups, of = Groups(), key._asdict()
    groups.load_assignments(tx, [key])
    group = groups.of(key)
    uses = uses_among(group.assignments, (TookUse(*row) for row in tx.each("uses_of_group", **of)))
    latest = tx.all("latest_import_of_group", **of)[0][0]
    found = []
    for a in group.assignments:
        kept = group.kept.get(a.slot)
        if kept is None:
            continue
        stored, added = kept.uses, uses[a.slot]
        # The last may be one that was reversed since, which the rule allows for.
        last = max(filter(None, (stored.last, added.last)), default=None)
        pairs = zip(
            (*_told(stored, stored.last), kept.import_no),
            (*_told(added, last), latest),
            strict=True,
        )
        values = [value for pair in pairs for value in pair]
        if values[::2] != values[1::2]:
            found.append((key.promotion_no, a.public_id, *values))
    return found


def _told(uses: Uses, last: Turn | None) -> Row:
    return uses.count, uses.undone, uses.redeemed_us, _turn(uses.first), _turn(last)


def _turn(turn: Turn | None) -> str | None:
    return None if turn is None else _encode(turn).decode()
