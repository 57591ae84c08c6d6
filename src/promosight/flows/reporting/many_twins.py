"""Several redemptions of one group among thousands, where all that is stored of it is one assignment.

Which of them takes it, `matching` says. That one goes the way of all others that take one; the rest are too many or
came too late, and take nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from promosight.flows.ledger.groups import layer_of
from promosight.flows.ledger.news import is_decided
from promosight.flows.ledger.settling import Context, derive
from promosight.flows.reporting.bare_events import Asked, Judged, judged
from promosight.flows.reporting.many import Many
from promosight.flows.reporting.plain import Plain
from promosight.store.rows import AssignmentRow, EventRow, GroupKey, event_row


class Twins(NamedTuple):
    """The rows that take an assignment, and the others with what they count as. What is in neither is not plain."""

    taking: set[int]
    others: list[tuple[Asked, Judged]]


def told_apart(plain: Plain, many: Many, groups: Mapping[GroupKey, list[int]]) -> Twins:
    """Judges groups that have one assignment and no event; each with its rows."""
    twins = Twins(set(), [])
    for row in plain.tx.all_for("assignments_of_groups", sorted(groups)):
        assignment = AssignmentRow(*row)
        if _is_plain(plain, many, assignment):
            _tell_apart(plain, many, assignment, groups[assignment.key], twins)
    return twins


def _is_plain(plain: Plain, many: Many, a: AssignmentRow) -> bool:
    """Whether no decision waits for news of it, and it is counted where its redemptions are."""
    import_no = many.arrivals[0].import_no
    layers = {layer_of(plain.catalogue, import_no, facts) for facts in ([a], [])}
    return len(layers) == 1 and not is_decided(a.details)


def _tell_apart(plain: Plain, many: Many, a: AssignmentRow, rows: list[int], twins: Twins) -> None:
    events = [event_row(many.sheet[row], a.key, many.arrivals[row]) for row in rows]
    context = Context(plain.catalogue, {a.customer_no}, set(), {})
    derive(context, plain.catalogue.terms(a.promotion_no), [a], events)
    if sum(e.slot is not None for e in events) > 1:
        return  # only one of them is its customer's first
    for row, e in zip(rows, events, strict=True):
        if e.slot is not None:
            twins.taking.add(row)
        else:
            twins.others.append(_other(plain, e, row))


def _other(plain: Plain, e: EventRow, row: int) -> tuple[Asked, Judged]:
    return (*e.key, row), judged(plain.catalogue, e)
