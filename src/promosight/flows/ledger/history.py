"""Noting what something was before it changes, where facts do not say so: for figures of an earlier moment.

Facts bear the time at which they came, and most of what they were judged by follows from facts. The rest is written
down when it changes, which is seldom: a promotion's definition, the channels of an assignment, and since when a
customer is known whose redemptions had waited.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from promosight.rules.promotions import Promotion
from promosight.store.rows import WAITING, Arrival, AssignmentRow, GroupKey
from promosight.store.tx import Tx


def note_definition(tx: Tx, promotion_no: int, before: Promotion | None, *, now_us: int) -> None:
    """Keeps how a promotion was defined until now."""
    text = None if before is None else msgspec.json.encode(before).decode()
    tx.run("add_promotion_past", promotion_no=promotion_no, until_us=now_us, definition=text)


def note_channels(tx: Tx, before: Iterable[AssignmentRow], arrival: Arrival) -> None:
    """Keeps the channels that stored assignments had until now."""
    rows = [
        (*a.key, a.slot, arrival.received_us, arrival.import_no, a.channels)
        for a in sorted(before, key=lambda a: (a.key, a.slot))
    ]
    tx.run_many("add_channels_past", rows)


def note_known(tx: Tx, newly_known: Iterable[int], arrival: Arrival) -> set[GroupKey]:
    """Keeps that customers are known from now on whose redemptions had waited for them; returns the groups that wait.

    Also of those whose redemptions are refused for another reason by now: before it came, they had waited.
    """
    found = tx.all_for("groups_of_strangers", [(no,) for no in sorted(newly_known)])
    same = arrival.workspace_no, arrival.received_us, arrival.import_no
    tx.run_many("add_waited", [(no, *same) for no in sorted({row[2] for row in found})])
    return {GroupKey(*row[:3]) for row in found if row[3] and row[1] != WAITING}
