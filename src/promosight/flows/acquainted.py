"""Customers of whom thousands are named again and again: their numbers, and who is known, kept from batch to batch.

A number is a hash, and that a customer is known under it takes a look into the store. Both stay true until somebody is
erased, which moves the catalogue's version on. What is kept is bounded: when there is too much, it begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from promosight.rules.identity import customer_numbers
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx

_KEPT = 200_000
"""So many customers take some 40 MB."""


class Acquainted:
    """Customers lately named in one workspace, as long as its catalogue is of one version."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.numbers: dict[str, int] = {}
        self.known: set[str] = set()
        """Those known under their number."""

    def number(self, workspace_id: str, customer_ids: set[str]) -> dict[str, int]:
        """The number of each of many."""
        ids = list(customer_ids)
        numbers = list(map(self.numbers.get, ids))
        if None in numbers:
            missing = [one for one, its in zip(ids, numbers, strict=True) if its is None]
            if len(self.numbers) + len(missing) > _KEPT:
                self.numbers, self.known = {}, set()
            self.numbers |= customer_numbers(workspace_id, missing)
            numbers = [
                self.numbers[one] if its is None else its
                for one, its in zip(ids, numbers, strict=True)
            ]
        return dict(zip(ids, numbers, strict=True))  # type: ignore[arg-type]

    def meet(self, numbers: dict[str, int]) -> None:
        """Keeps that these are known under these numbers."""
        self.numbers |= numbers
        self.known.update(numbers)

    def forget(self, customer_ids: Iterable[str]) -> None:
        """These are not known any more."""
        self.known.difference_update(customer_ids)


def acquainted(tx: Tx, workspace: Workspace) -> Acquainted:
    """Who is kept of a workspace, as it is in this transaction."""
    where = "acquainted", workspace.workspace_no
    kept: Acquainted | None = tx.cache.get(where)
    if kept is None or kept.version != workspace.catalogue_version:
        kept = tx.cache[where] = Acquainted(workspace.catalogue_version)
    return kept
