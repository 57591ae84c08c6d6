"""Groups as the published figures know them while an import runs.

A running import holds the figures of the groups it touches (docs/decisions/0003), and whoever counts facts
beside those figures, or lists them, must see the same: each group as it stood before the import touched it. That
is found by leaving out what came with the import or after it, and matching the rest anew.

What an import changes beyond the groups of its own facts cannot be taken back so: a code it issues that
somebody else had used before, a channel it adds. Such rows differ until the import ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.settling import Group, derive
from promosight.store.catalogue import Catalogue, Workspace
from promosight.store.rows import AssignmentRow, GroupKey
from promosight.store.tx import Tx

_LATER_US = 2**63
"""Later than anything."""


def import_runs(tx: Tx, workspace: Workspace) -> bool:
    """Whether some import's facts are there and not in the figures; one that died counts until the next one ends."""
    row = tx.one(
        "unpublished_import",
        workspace_no=workspace.workspace_no,
        published_import_no=workspace.published_import_no,
    )
    return row is not None


def stored_groups(tx: Tx, keys: Iterable[GroupKey]) -> Groups:
    """Groups whole, as they are stored."""
    wanted = list(keys)
    groups = Groups()
    groups.load_assignments(tx, wanted)
    groups.load_events(tx, wanted)
    return groups


def take_back(tx: Tx, catalogue: Catalogue, groups: Groups) -> None:
    """Makes groups what they were before an import that is not published touched them; the store stays as it is."""
    published_no = catalogue.workspace.published_import_no
    held = Groups()
    for key, group in groups.by_key.items():
        since_us = held_since_us(group, published_no)
        if since_us < _LATER_US:
            leave_out(group, published_no, since_us)
            held.by_key[key] = group
    context = context_of(tx, catalogue, held)
    for key, group in held.by_key.items():
        derive(context, catalogue.terms(key.promotion_no), group.assignments, group.events)


def held_since_us(group: Group, published_no: int) -> int:
    """When the first fact of an unpublished import came into the group; a reversal comes with its redemption."""
    come_us = {e.identity: e.received_us for e in group.events if e.reverses is None}
    times = [a.received_us for a in group.assignments if a.import_no > published_no]
    times += [
        max(e.received_us, come_us.get((e.source_no, e.reverses or ""), e.received_us))
        for e in group.events
        if e.import_no > published_no
    ]
    return min(times, default=_LATER_US)


def leave_out(group: Group, published_no: int, since_us: int) -> None:
    """Leaves out what came by the import or since, as real-time facts of a held group are held with it."""
    group.assignments[:] = [
        _not_withdrawn(a, since_us)
        for a in group.assignments
        if a.import_no <= published_no and a.received_us < since_us
    ]
    group.events[:] = [
        e for e in group.events if e.import_no <= published_no and e.received_us < since_us
    ]


def _not_withdrawn(a: AssignmentRow, since_us: int) -> AssignmentRow:
    if a.withdrawn_us is not None and a.withdrawn_us >= since_us:
        a.withdrawn_us = None
    return a
