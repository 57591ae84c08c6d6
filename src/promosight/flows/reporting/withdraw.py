"""Withdrawing an assignment: a cancelled campaign, a refused approval. It leaves the rate; nothing may take it."""

from __future__ import annotations

from promosight.errors import NotFound
from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.groups import Groups, settle
from promosight.flows.ledger.restating import Cause, Restating
from promosight.rules.identity import bucket_of
from promosight.store.catalogue import load
from promosight.store.rows import AssignmentRow, derived_from
from promosight.store.tx import Tx


def withdraw(tx: Tx, workspace_no: int, assignment_id: str, *, now_us: int) -> AssignmentRow:
    """Withdraws an assignment by its public id; again changes nothing. Raises NotFound."""
    tx.lock(workspace_no)
    catalogue = load(tx, workspace_no)
    found = find_assignment(tx, workspace_no, assignment_id)
    if found.withdrawn_us is not None:
        return found
    groups = Groups()
    groups.load_assignments(tx, [found.key])
    groups.load_events(tx, [found.key])
    group = groups.of(found.key)
    group.remember(catalogue)
    withdrawn = next(a for a in group.assignments if a.slot == found.slot)
    withdrawn.withdrawn_us = now_us
    tx.run(
        "withdraw_assignment",
        bucket=found.bucket,
        promotion_no=found.promotion_no,
        customer_no=found.customer_no,
        slot=found.slot,
        withdrawn_us=now_us,
    )
    cause = Cause("withdrawal", found.source_no, found.public_id)
    restating = Restating(catalogue, now_us, cause)
    settle(tx, context_of(tx, catalogue, groups), groups, import_no=0, restating=restating)
    restating.write(tx)
    return withdrawn


def find_assignment(tx: Tx, workspace_no: int, assignment_id: str) -> AssignmentRow:
    """An assignment by the caller's id, or by the id derived for one that came without. Raises NotFound."""
    rows = tx.all_for("assignments_by_identity", [(assignment_id,)], workspace_no=workspace_no)
    derived = derived_from(assignment_id)
    if not rows and derived is not None:
        customer_no, slot = derived
        rows = tx.all(
            "assignment_by_slot",
            workspace_no=workspace_no,
            bucket=bucket_of(customer_no),
            customer_no=customer_no,
            slot=slot,
        )
    if not rows:
        raise NotFound(f"there is no assignment {assignment_id}")
    return AssignmentRow(*rows[0])
