"""What settling groups comes to, collected and not written: sums of it can be added up and taken apart again."""

from __future__ import annotations

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.groups import Changes, Groups, new_cells, settled_rows, weigh
from promosight.flows.ledger.restating import Restating
from promosight.flows.ledger.settling import Context, Standing
from promosight.rules.facts import MOST_CHANNELS, key_of_channels
from promosight.store.catalogue import Catalogue
from promosight.store.rows import AssignmentRow, GroupKey
from promosight.store.tx import Row, Tx

_NEVER_US = -(2**63)


class Weighed:
    """What settling groups comes to. Each is taken as one that counts for nothing yet, unless this is `restating`."""

    def __init__(self, catalogue: Catalogue, restating: Restating | None) -> None:
        self.catalogue = catalogue
        self.restating = restating
        self.cells = new_cells()
        self.changes = Changes()

    def add_most(self, tx: Tx, groups: Groups) -> set[GroupKey]:
        """Settles groups; returns those left alone, which change with more than facts: their customers nobody knows
        yet, or their channels are to be written otherwise."""
        context = context_of(tx, self.catalogue, groups)
        known = context.known_customers
        left = {k for k, g in groups.by_key.items() if g.events and k.customer_no not in known}
        left |= {k for k, g in groups.by_key.items() if any(map(has_too_many, g.assignments))}
        for key in left:
            del groups.by_key[key]
        self._weigh(context, groups)
        return left

    def add(self, tx: Tx, groups: Groups) -> None:
        """Settles groups."""
        shorten_channels(self.catalogue, groups)
        self._weigh(context_of(tx, self.catalogue, groups), groups)

    def _weigh(self, context: Context, groups: Groups) -> None:
        if self.restating is None:
            for group in groups.by_key.values():
                group.before = Standing({}, {})
        weigh(*(context, groups, self.changes, self.cells), import_no=0, restating=self.restating)

    def rows(self, tx: Tx) -> list[Row]:
        """The assignments that change, as they are written."""
        return settled_rows(tx, self.catalogue, self.changes.assignments)

    def saw_later_than(self, other: Weighed) -> bool:
        """Whether an accepted event is later than all the other one has seen of its promotion."""
        return any(
            latest_us > other.cells[layer].last_event_us.get(promotion_no, _NEVER_US)
            for layer, cells in self.cells.items()
            for promotion_no, latest_us in cells.last_event_us.items()
        )

    def include(self, other: Weighed) -> None:
        """Adds what other groups come to, but for the rows of their facts."""
        for layer, cells in other.cells.items():
            self.cells[layer].include(cells.combinations())
        if self.restating is not None and other.restating is not None:
            self.restating.include(other.restating)
        self.changes.counted += other.changes.counted
        self.changes.lapsed |= other.changes.lapsed
        self.changes.decided |= other.changes.decided

    def leave_out(self, other: Weighed) -> None:
        """Takes away what some of the groups come to, but for the rows of their facts."""
        for layer, cells in other.cells.items():
            self.cells[layer].leave_out(cells.combinations())
        if self.restating is not None and other.restating is not None:
            self.restating.leave_out(other.restating)
        gone = {e.identity for _, e in other.changes.counted}
        changes = self.changes
        changes.counted = [one for one in changes.counted if one[1].identity not in gone]
        for key in other.changes.decided:
            changes.decided.pop(key, None)


def loaded(tx: Tx, keys: list[GroupKey]) -> Groups:
    """Groups whole."""
    groups = Groups()
    groups.load_assignments(tx, keys)
    groups.load_events(tx, keys)
    return groups


def has_too_many(a: AssignmentRow) -> bool:
    """Whether an assignment, of before there was a bound, has a key of channels that no index may take."""
    return a.channels is not None and len(a.channels) > MOST_CHANNELS


def shorten_channels(catalogue: Catalogue, groups: Groups) -> None:
    """Gives such assignments of loaded groups the key that their channels would have if they were told today."""
    for group in groups.by_key.values():
        for a in filter(has_too_many, group.assignments):
            group.remember(catalogue)
            group.carried.add(a.slot)
            a.channels = key_of_channels((a.channels or "").split("+"))
