"""Thousands of events that may have come before: those that their groups hold already move nothing, and are answered.

An event that another group holds is not found here; the unique key of its identity keeps it out when it is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from promosight.flows.reporting.many import Many
from promosight.flows.reporting.plain import Plain
from promosight.store.column_pieces import Column


def answer_repeated(
    plain: Plain, many: Many, groups: Sequence[Column], rows: Sequence[int]
) -> set[int]:
    """Answers those among these rows, of groups given as columns, that come in the same words; returns all found."""
    digests, identities = many.column("digest"), many.identities(rows)
    at = dict(zip(identities, rows, strict=True))
    wanted = *groups, *(list(column) for column in zip(*identities, strict=True))
    found: set[int] = set()
    again: dict[str | None, list[int]] = {}
    for source_no, event_id, digest, outcome, reason in plain.tx.all_by_column(
        "events_said_again", wanted
    ):
        row = at[source_no, event_id]
        found.add(row)
        if digest == digests[row] and outcome != "rejected":
            again.setdefault(reason, []).append(row)
    for reason, answered in again.items():
        plain.answer(answered, "duplicate", reason)
    return found
