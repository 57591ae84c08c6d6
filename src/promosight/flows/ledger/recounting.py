"""Counting anew what a newer version counts and an older one did not: once for each workspace, before it is served.

A file of the schema says which workspaces are due; they are rebuilt from the facts, each in one transaction.
"""

from __future__ import annotations

from functools import partial

from promosight.flows.ledger.rematch import rebuild
from promosight.store.engine import Store
from promosight.store.tx import Tx


def recount_what_is_due(store: Store) -> list[int]:
    """Rebuilds the workspaces that are due; returns their numbers. Nothing is due as a rule."""
    due = [row[0] for row in store.read(lambda tx: tx.all("recounts_due"))]
    for workspace_no in due:
        store.change(partial(_recount, workspace_no=workspace_no))
    return due


def _recount(tx: Tx, *, workspace_no: int) -> None:
    if (workspace_no,) in tx.all("recounts_due"):
        rebuild(tx, workspace_no)
