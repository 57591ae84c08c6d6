"""The groups a change touches: loaded from the store, settled, written back with their counters.

Every change of figures ends here, whether facts came in, an assignment was withdrawn or a promotion was
redefined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from promosight.flows.ledger.announcing import announce_settled
from promosight.flows.ledger.counters import HELD, PUBLISHED, find_last_events, move_counters
from promosight.flows.ledger.kept_uses import keep_uses, stored_uses, write_judged
from promosight.flows.ledger.news import is_decided, note_news
from promosight.flows.ledger.places import places_for, words_of
from promosight.flows.ledger.restating import Restating
from promosight.flows.ledger.settling import Context, Group, Standing, derive, move, standing
from promosight.rules.tallies import Cells
from promosight.store.catalogue import Catalogue
from promosight.store.rows import WAITING, AssignmentRow, EventRow, GroupKey, assignment_columns
from promosight.store.tx import Row, Tx

_ASSIGNMENT = len(AssignmentRow.__struct_fields__)


class Groups:
    """The groups touched by one transaction."""

    def __init__(self) -> None:
        self.by_key: dict[GroupKey, Group] = {}
        self._with_assignments: set[GroupKey] = set()
        self._whole: set[GroupKey] = set()

    def of(self, key: GroupKey) -> Group:
        """The group of that key."""
        group = self.by_key.get(key)
        if group is None:
            group = self.by_key[key] = Group(key)
        return group

    def load_assignments(self, tx: Tx, keys: Iterable[GroupKey]) -> None:
        """Loads the assignments of groups, each once."""
        wanted = sorted(set(keys) - self._with_assignments)
        self._with_assignments.update(wanted)
        for row in tx.all_for("assignments_to_settle", wanted):
            a = AssignmentRow(*row[:_ASSIGNMENT])
            group = self.of(a.key)
            group.assignments.append(a)
            if row[_ASSIGNMENT] is not None:
                its = stored_uses((a.redeemed_us, *row[_ASSIGNMENT:]))
                if its is not None:
                    group.kept[a.slot] = its

    def load_events(
        self, tx: Tx, forced: Iterable[GroupKey], but: Collection[GroupKey] = ()
    ) -> None:
        """Loads the events of the groups in which they depend on each other, and of those forced.

        `but`: groups left as they are.
        """
        having = {k for k, g in self.by_key.items() if g.assignments or g.new_assignments}
        wanted = sorted((having | set(forced)) - self._whole - set(but))
        self._whole.update(wanted)
        for key in wanted:
            self.of(key).events.clear()  # what was added partly comes again
        for row in tx.all_for("events_of_groups", wanted):
            event = EventRow(*row)
            self.of(event.key).events.append(event)
        for key in wanted:
            _note_redeemed(self.of(key))

    def is_whole(self, key: GroupKey) -> bool:
        """Whether all events of a group are loaded."""
        return key in self._whole

    def add_partly(self, events: Iterable[EventRow]) -> None:
        """Adds stored events to groups that are not loaded whole; each once."""
        for event in events:
            group = self.of(event.key)
            if event.key not in self._whole and all(
                e.identity != event.identity for e in group.events
            ):
                group.events.append(event)


def _note_redeemed(group: Group) -> None:
    """Writes when each assignment was first redeemed, by the events that took it."""
    first: dict[int, int] = {}
    for e in group.events:
        if e.live and e.slot is not None:
            first[e.slot] = min(e.redeemed_us, first.get(e.slot, e.redeemed_us))
    for a in group.assignments:
        a.redeemed_us = first.get(a.slot)


class Changes:
    """What settling groups changes: of stored facts, and beside the counters."""

    __slots__ = ("assignments", "counted", "decided", "events", "lapsed")

    def __init__(self) -> None:
        self.assignments: list[AssignmentRow] = []
        self.events: list[tuple[Any, ...]] = []
        self.counted: list[tuple[int, EventRow]] = []
        self.lapsed: set[int] = set()
        self.decided: dict[GroupKey, int] = {}
        """When the latest fact came of the groups that hold assignments of decisions."""


def settle(
    tx: Tx,
    context: Context,
    groups: Groups,
    *,
    import_no: int,
    cells: dict[int, Cells] | None = None,
    restating: Restating | None = None,
) -> None:
    """Settles groups and writes what changed: new facts, derived columns, counters.

    `cells` may hold, by layer, what the transaction has moved already; counters are written once, last.
    `restating` is told what moves; whoever gives it writes it.
    """
    cells = new_cells() if cells is None else cells
    changes = Changes()
    weigh(context, groups, changes, cells, import_no=import_no, restating=restating)
    _add_facts(tx, context.catalogue, groups)
    keep_uses(tx, ((g, groups.is_whole(key)) for key, g in groups.by_key.items()))
    rows = settled_rows(tx, context.catalogue, changes.assignments)
    write_changes(tx, context.catalogue, changes, rows, cells, restating)


def weigh(
    context: Context,
    groups: Groups,
    changes: Changes,
    cells: dict[int, Cells],
    *,
    import_no: int,
    restating: Restating | None,
) -> None:
    """Settles groups and collects what changes, writing nothing."""
    for key, group in sorted(groups.by_key.items()):
        facts: list[Imported] = [*group.assignments, *group.events]
        if group.judged is not None:
            facts += group.kept.values()
        layer = layer_of(context.catalogue, import_no, facts)
        derived_before = [_derived(a) for a in group.assignments]
        events_before = [_outcome(e) for e in group.events]
        before, after = _settle_group(context, cells[layer], key, group)
        if restating is not None:
            restating.group(layer, group, before, after)
        changes.assignments += [
            a
            for a, before in zip(group.assignments, derived_before, strict=True)
            if _derived(a) != before or a.slot in group.carried
        ]
        changes.events += [
            (*e.identity, *_outcome(e))
            for e, before in zip(group.events, events_before, strict=True)
            if _outcome(e) != before
        ]
        if context.catalogue.workspace.announced:
            waits_for = _waits_for(import_no, facts) if layer == HELD else 0
            changes.counted += [(waits_for, e) for e in _newly_counted(group, events_before)]
        # An event that was accepted and is not any more may have been its promotion's latest.
        changes.lapsed.update(
            key.promotion_no
            for e, before in zip(group.events, events_before, strict=True)
            if _is_accepted(before[0]) and not _is_accepted(e.outcome) and e.reverses is None
        )
    changes.decided |= _decided(groups)


def write_changes(
    tx: Tx,
    catalogue: Catalogue,
    changes: Changes,
    settled: list[Row],
    cells: dict[int, Cells],
    restating: Restating | None,
) -> None:
    """Writes what settling changed; `settled` are its assignments as `settled_rows` has them."""
    workspace = catalogue.workspace
    tx.send_many("settle_assignments", settled)
    tx.send_many("settle_events", sorted(changes.events))
    write_cells(tx, workspace.workspace_no, cells, restating)
    if changes.decided:
        latest_us = max(changes.decided.values())
        note_news(tx, workspace.workspace_no, changes.decided, now_us=latest_us)
    if counted := changes.counted:
        now_us = restating.now_us if restating else max(e.received_us for _, e in counted)
        announce_settled(tx, workspace, counted, now_us=now_us)
    if changes.lapsed:
        find_last_events(tx, workspace, sorted(changes.lapsed))


def _newly_counted(group: Group, before: list[tuple[Any, ...]]) -> list[EventRow]:
    """The redemptions and reversals that count now and did not."""
    stored = zip(group.events, before, strict=True)
    changed = [e for e, was in stored if e.outcome == "counted" != was[0]]
    return changed + [e for e in group.new_events if e.outcome == "counted"]


def _waits_for(import_no: int, facts: Sequence[Imported]) -> int:
    """The import with which the figures of a group of these facts are published."""
    return max([import_no, *(fact.import_no for fact in facts)])


def _decided(groups: Groups) -> dict[GroupKey, int]:
    """The groups that hold assignments of decisions, and when the latest fact of each came."""
    return {
        key: max(fact.received_us for fact in _facts(group))
        for key, group in groups.by_key.items()
        if any(is_decided(a.details) for a in (*group.assignments, *group.new_assignments))
    }


def _facts(group: Group) -> list[AssignmentRow | EventRow]:
    return [*group.assignments, *group.new_assignments, *group.events, *group.new_events]


def new_cells() -> dict[int, Cells]:
    """Nothing moved yet, in either layer."""
    return {PUBLISHED: Cells(), HELD: Cells()}


def write_cells(
    tx: Tx, workspace_no: int, cells: dict[int, Cells], restating: Restating | None = None
) -> None:
    """Moves the counters by what was collected."""
    if restating is not None:
        restating.moved(cells[PUBLISHED])
    for layer, difference in cells.items():
        move_counters(tx, workspace_no, difference, layer)


def _settle_group(
    context: Context, cells: Cells, key: GroupKey, group: Group
) -> tuple[Standing, Standing]:
    """Returns what the group added before, and what it adds now."""
    catalogue = context.catalogue
    before = group.before or standing(catalogue, group.assignments, group.events)
    assignments = group.assignments + group.new_assignments
    events = group.events + group.new_events
    if group.judged is None:
        derive(context, catalogue.terms(key.promotion_no), assignments, events)
    else:
        write_judged(group, group.judged)
    if key.promotion_no == WAITING:
        return Standing({}, {}), Standing({}, {})
    after = standing(catalogue, assignments, events)
    move(cells, key, before, after)
    for e in events:
        if e.reverses is None and _is_accepted(e.outcome):
            cells.seen(key.promotion_no, e.redeemed_us)
    return before, after


def _is_accepted(outcome: str) -> bool:
    return outcome not in ("pending", "rejected")


class Imported(Protocol):
    """A fact as far as its import goes; 0 for none."""

    @property
    def import_no(self) -> int:
        """The import it came by."""


def layer_of(catalogue: Catalogue, import_no: int, facts: Sequence[Imported]) -> int:
    """The layer of a group of these facts, when one that came by `import_no` is added.

    Once a running import has touched a group, all of its figures wait for the import's end.
    """
    published = catalogue.workspace.published_import_no
    if import_no > published:
        return HELD
    return HELD if facts and any(fact.import_no > published for fact in facts) else PUBLISHED


def settled_rows(tx: Tx, catalogue: Catalogue, changed: list[AssignmentRow]) -> list[Row]:
    """What is derived for assignments, and their place, as it is written."""
    places = places_for(tx, catalogue.workspace.workspace_no, map(words_of, changed))
    return [
        (*a.key, a.slot, places[words_of(a)].place_no, a.committed_micros, a.currency)
        for a in changed
    ]


def _add_facts(tx: Tx, catalogue: Catalogue, groups: Groups) -> None:
    new = [a for g in groups.by_key.values() for a in g.new_assignments]
    places = places_for(tx, catalogue.workspace.workspace_no, map(words_of, new))
    assignments = [assignment_columns(a, places[words_of(a)].place_no) for a in new]
    events = [msgspec.structs.astuple(e) for g in groups.by_key.values() for e in g.new_events]
    tx.add_new("add_assignments", sorted(assignments))
    tx.add_new("add_events", sorted(events, key=lambda e: e[:6]))


def _derived(a: AssignmentRow) -> tuple[str | None, int, str]:
    return a.channels, a.committed_micros, a.currency


def _outcome(e: EventRow) -> tuple[str, str | None, int | None, int, int, str]:
    return e.outcome, e.reason, e.slot, e.live, e.cost_micros, e.currency
