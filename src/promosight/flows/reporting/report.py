"""Reporting: assignments, redemptions and reversals become facts, matched and counted, in one transaction.

This is the transaction of the walk in ARCHITECTURE.md. Deliveries that waited together are worked off
together: name what they name, tell new facts from repeated ones by their identity, load the groups they
touch, settle those, and answer each item in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.groups import settle, write_cells
from promosight.flows.ledger.history import note_known
from promosight.flows.ledger.kept_uses import judge_by_uses, may_be_judged
from promosight.flows.ledger.naming import (
    Customers,
    name_customers,
    name_known,
    number_promotions,
)
from promosight.flows.ledger.news import note_news
from promosight.flows.ledger.restating import Restating
from promosight.flows.reporting.activity import note_activity
from promosight.flows.reporting.contradicting import why_rejected
from promosight.flows.reporting.intake import (
    Delivery,
    Entry,
    Intake,
    Item,
    Receipt,
    Stored,
    refusal,
)
from promosight.flows.reporting.many import Many, Named, Placed, many_of, named_by, named_in
from promosight.flows.reporting.naming_nobody import Naming
from promosight.flows.reporting.plain import Plain
from promosight.flows.reporting.plain_assignments import take_plain_assignments
from promosight.flows.reporting.plain_events import take_plain_events
from promosight.flows.reporting.rejecting import Refused, write_rejections
from promosight.flows.reporting.take_assignments import merge_channels, take_assignments
from promosight.flows.reporting.take_events import MOVED, ask_stored, take_events
from promosight.rules.facts import Assignment, Event
from promosight.rules.identity import bucket_of, customer_numbers
from promosight.rules.sheets import picked
from promosight.rules.tallies import Cells
from promosight.store.catalogue import Catalogue, load, workspace_id_of
from promosight.store.rows import Arrival, AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Tx

_Left = tuple[Customers, list[Placed], Stored | None]


def report(tx: Tx, deliveries: list[Delivery]) -> list[Sequence[Receipt]]:
    """Takes deliveries in; a receipt for each item, in order. The figures have moved when this is committed."""
    arrivals = [delivery.arrival for delivery in deliveries]
    if len({(one.workspace_no, one.import_no) for one in arrivals}) == 1:  # as nearly always
        return _parted(_take(tx, arrivals[0].workspace_no, deliveries), deliveries)
    receipts: list[Sequence[Receipt]] = [[] for _ in deliveries]
    together: dict[tuple[int, int], list[int]] = {}
    for index, delivery in enumerate(deliveries):
        arrival = delivery.arrival
        together.setdefault((arrival.workspace_no, arrival.import_no), []).append(index)
    for (workspace_no, _), members in sorted(together.items()):
        theirs = [deliveries[index] for index in members]
        answers = _parted(_take(tx, workspace_no, theirs), theirs)
        for index, answered in zip(members, answers, strict=True):
            receipts[index] = answered
    return receipts


def _parted(receipts: Sequence[Receipt], deliveries: list[Delivery]) -> list[Sequence[Receipt]]:
    """The receipts of each of the deliveries."""
    if all(len(one.items) == 1 for one in deliveries):
        return [[one] for one in receipts]
    ends = [0, *accumulate(len(one.items) for one in deliveries)]
    return [receipts[start:end] for start, end in pairwise(ends)]


def _take(tx: Tx, workspace_no: int, deliveries: list[Delivery]) -> Sequence[Receipt]:
    many = many_of(deliveries) if tx.attempt == 1 else None
    placed = [] if many else _placed(deliveries)
    named = named_in(many.sheet) if many else named_by(one[1] for one in placed)
    workspace_id = workspace_id_of(tx, workspace_no)
    numbers = {} if many else customer_numbers(workspace_id, named.customer_ids)
    # Thousands touch every bucket, and codes and reversals reach into other customers'; else it is its customer's.
    tx.lock_first(
        workspace_no, None if many or named.reaching else map(bucket_of, numbers.values())
    )
    ahead = None if many else tx.ask("any_ahead")
    # What other writers changed before this one had its locks is seen by the second look.
    catalogue = number_promotions(tx, load(tx, workspace_no), named.promotion_ids)
    items = len(many or placed)
    brief = all(delivery.brief for delivery in deliveries)
    plain = Plain(tx, catalogue, numbers, items, brief=brief, ahead=ahead)
    left = _take_many(plain, many, named) if many else _take_plain(plain, placed)
    customers, rest, stored = left
    restating = Restating(catalogue, max(d.arrival.received_us for d in deliveries))
    intake = Intake(tx, catalogue, customers, [Entry(item, a) for _, item, a in rest], stored)
    naming = Naming(intake, many, placed, rest)
    _settle_left(plain, intake, rest, deliveries[0].arrival, restating, naming)
    restating.write(tx, many.firsts(restating.today_us) if many else placed)
    receipts = _receipts(plain, intake, rest)
    _note(intake, deliveries, receipts)
    naming.forget_unnamed()
    return receipts


def report_granted(
    tx: Tx, catalogue: Catalogue, customers: Customers, delivery: Delivery
) -> Sequence[Receipt]:
    """Takes assignments in as `report` does, from a flow of this transaction that has found out what that looks up.

    It holds the locks of their customers, has settled who they are, and its catalogue has their promotions.
    """
    placed = _placed([delivery])
    plain = Plain(tx, catalogue, customers.numbers, len(placed), brief=delivery.brief)
    rest = take_plain_assignments(plain, customers, placed) if tx.attempt == 1 else placed
    restating = Restating(catalogue, delivery.arrival.received_us)
    intake = Intake(tx, catalogue, customers, [Entry(item, a) for _, item, a in rest])
    _settle_left(plain, intake, rest, delivery.arrival, restating)
    restating.write(tx, placed)
    receipts = _receipts(plain, intake, rest)
    _note(intake, [delivery], receipts)
    return receipts


def _settle_left(
    plain: Plain,
    intake: Intake,
    rest: list[Placed],
    first: Arrival,
    restating: Restating,
    naming: Naming | None = None,
) -> None:
    """Settles what is not plain, and moves the counters by all of it."""
    tx, workspace_no = plain.tx, plain.workspace_no
    if plain.decided:
        note_news(tx, workspace_no, plain.decided, now_us=first.received_us)
    if rest:
        _settle_rest(intake, first.import_no, plain.cells, restating, naming)
    else:
        write_cells(tx, workspace_no, plain.cells, restating)


def _receipts(plain: Plain, intake: Intake, rest: list[Placed]) -> Sequence[Receipt]:
    for (position, _, _), entry in zip(rest, intake.entries, strict=True):
        plain.receipts[position] = _receipt(intake, entry)
    if isinstance(plain.receipts, list):
        return [receipt for receipt in plain.receipts if receipt is not None]
    return plain.receipts.all()


def _placed(deliveries: list[Delivery]) -> list[Placed]:
    items: list[Item] = []
    arrivals: list[Arrival] = []
    for delivery in deliveries:
        items += delivery.items
        arrivals += [delivery.arrival] * len(delivery.items)
    return list(zip(range(len(items)), items, arrivals, strict=True))


def _take_plain(plain: Plain, placed: list[Placed]) -> _Left:
    """Takes what is plain; returns the customers named, what is left in its order, and what is stored of its events."""
    granted: list[Any] = _of_kind(placed, Assignment)
    told: list[Any] = _of_kind(placed, Event)
    # Plain facts rely on unique keys; once these have told of a race, all are looked up before they are written.
    bold = plain.tx.attempt == 1
    if bold:
        beside = {(fact.promotion_id, fact.customer_id) for _, fact, _ in granted}
        told = take_plain_events(plain, told, beside)
    wanted = {fact.customer_id: False for _, fact, _ in told if fact.customer_id is not None}
    wanted |= {fact.customer_id: True for _, fact, _ in granted}
    # Beside assignments it is asked later: their codes move events that waited for these.
    stored = ask_stored(plain.tx, told) if told and not granted else None
    customers = _name(plain, wanted)
    if bold:
        granted = take_plain_assignments(plain, customers, granted)
    rest: list[Placed] = [*granted, *told, *_of_kind(placed, Refused)]
    rest.sort()
    return customers, rest, stored


def _take_many(plain: Plain, many: Many, named: Named) -> _Left:
    """The same of a sheet."""
    # These load numpy, which nobody needs who sends a few.
    workspace, names, own = plain.catalogue.workspace, named.customer_ids, len(many)
    if many.sheet.kind is Event:
        from promosight.flows.ledger.acquainted import acquainted
        from promosight.flows.reporting.many_events import take_many_events

        numbers, _ = acquainted(plain.tx, workspace).numbered(workspace.workspace_id, names)
        plain.customer_numbers |= zip(names[own:], numbers[own:].tolist(), strict=True)
        return *take_many_events(plain, numbers[:own], many), None
    from promosight.flows.reporting.many_assignments import take_many_assignments

    customers, numbers = name_known(plain.tx, workspace, names)
    rest = take_many_assignments(plain, customers, numbers[:own], many)
    left = [*(one[0] for one in rest), *range(own, len(names))]
    both = zip(picked(names, left), numbers[left].tolist(), strict=True)
    customers.numbers |= {one: no for one, no in both if one is not None}
    granted = [one[1] for one in rest if isinstance(one[1], Assignment)]
    customers.known.update(customers.numbers[one.customer_id] for one in granted)
    return customers, rest, None


def _name(plain: Plain, wanted: dict[str, bool]) -> Customers:
    return name_customers(plain.tx, plain.catalogue.workspace, plain.customer_numbers, wanted)


def _of_kind(placed: list[Placed], kind: type) -> list[Placed]:
    """The items of a kind: all, or none of them, as nearly always."""
    kinds = {type(one[1]) for one in placed}
    if kinds == {kind}:
        return placed
    return [one for one in placed if isinstance(one[1], kind)] if kind in kinds else []


def _settle_rest(
    intake: Intake,
    import_no: int,
    cells: dict[int, Cells],
    restating: Restating,
    naming: Naming | None,
) -> None:
    assignments = [(e, e.item) for e in intake.entries if isinstance(e.item, Assignment)]
    events = [(e, e.item) for e in intake.entries if isinstance(e.item, Event)]
    take_assignments(intake, assignments)
    if naming is not None:
        naming.leave_unknown()
    take_events(intake, events)
    _settle(intake, import_no, cells, restating)


def _settle(intake: Intake, import_no: int, cells: dict[int, Cells], restating: Restating) -> None:
    tx, groups = intake.tx, intake.groups
    if newly_known := intake.customers.newly_known:
        intake.forced.update(note_known(tx, newly_known, intake.latest))
    groups.load_assignments(tx, {*groups.by_key, *intake.forced})
    light = _leave_busy(intake)
    groups.load_events(tx, intake.forced, but=light)
    merge_channels(intake)
    context = context_of(tx, intake.catalogue, groups, intake.customers.known)
    if light and (whole := judge_by_uses(context, [groups.by_key[key] for key in light])):
        groups.load_events(tx, (), but={*light}.difference(whole))
        context = context_of(tx, intake.catalogue, groups, intake.customers.known)
    settle(tx, context, groups, import_no=import_no, cells=cells, restating=restating)


def _leave_busy(intake: Intake) -> list[GroupKey]:
    """The busy groups that need not be loaded whole, as it seems."""
    whole = intake.forced | {row.key for row, _ in intake.more_channels}
    return [
        key
        for key, group in intake.groups.by_key.items()
        if group.kept and key not in whole and may_be_judged(group)
    ]


def _note(intake: Intake, deliveries: list[Delivery], receipts: Sequence[Receipt]) -> None:
    """Keeps what was refused, and what came of each source when."""
    tx = intake.tx
    refused = [(e.arrival, e.refused) for e in intake.entries if e.refused is not None]
    write_rejections(tx, intake.kept + refused)
    heard = {d.arrival.source_no: d.arrival.received_us for d in deliveries if not d.replayed}
    tx.send_many("hear_sources", sorted(heard.items()))
    note_activity(tx, intake.catalogue.days, deliveries, receipts)


def _receipt(intake: Intake, entry: Entry) -> Receipt:
    if entry.refused is not None:
        there = entry.row if isinstance(entry.row, AssignmentRow) else None
        return refusal(entry.refused, entry.arrival, there)
    row = entry.first.row if entry.first is not None else entry.row
    assert row is not None
    if isinstance(row, AssignmentRow):
        return _assignment_receipt(intake.catalogue, row, repeated=entry.repeated)
    if row.reason == MOVED:  # when it was looked up: by now it is settled
        row = next(e for e in intake.groups.of(row.key).events if e.identity == row.identity)
    return _event_receipt(intake, row, repeated=entry.repeated)


def _assignment_receipt(catalogue: Catalogue, row: AssignmentRow, *, repeated: bool) -> Receipt:
    listed = catalogue.by_no[row.promotion_no]
    pending = not listed.terms.known
    return Receipt(
        reported_id=row.assignment_id,
        outcome="duplicate" if repeated else "pending" if pending else "counted",
        promotion_id=listed.promotion_id,
        assignment=row.assignment_id or (row.customer_no, row.slot),
        reason="unknown_promotion" if pending else None,
        received_us=row.received_us,
    )


def _event_receipt(intake: Intake, row: EventRow, *, repeated: bool) -> Receipt:
    listed = intake.catalogue.by_no.get(row.promotion_no)
    assignment_id = None
    if row.slot is not None:
        group = intake.groups.by_key[row.key]
        given = (*group.assignments, *group.new_assignments)
        assignment_id = next(a.public_id for a in given if a.slot == row.slot)
    # A repeated event that is still rejected is told so again: nothing of it counts.
    rejected = row.outcome == "rejected"
    why = why_rejected(intake.catalogue, row) if rejected else None
    duplicate = repeated and not rejected
    return Receipt(
        reported_id=row.event_id,
        outcome="duplicate" if duplicate else row.outcome,
        promotion_id=listed.promotion_id if listed else None,
        assignment=assignment_id,
        reason=row.reason,
        received_us=row.received_us,
        pointer=why.pointer if why else "",
        detail=why.detail if why else "",
    )
