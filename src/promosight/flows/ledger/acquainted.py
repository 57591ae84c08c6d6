"""Customers of whom thousands are named again and again: their numbers, and who is known, kept from batch to batch.

A number is a hash, and that a customer is known under it takes a look into the store. Both stay true until somebody is
erased, which moves the catalogue's version on; a transaction that is rolled back forgets all of it. What is kept is
bounded: when there is too much, half of it is let go. Whose half is left to chance, so that customers named in turn are
half remembered where the one kept longest would always be the next to be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from promosight.flows.ledger.fingerprints import NumbersByText, fingerprints
from promosight.rules.identity import customer_digests
from promosight.rules.numbers import NOTHING, Marks, Numbers
from promosight.rules.sheets import picked
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx

_ACQUAINTED = "acquainted"
"""Where a writer's cache has the customers kept from batch to batch, by workspace."""

KEPT = 2_100_000
"""So many customers of all workspaces take 42 MB, 60 for a moment; what one transaction names may come beside them."""

NOBODY = -1
"""No customer's number."""


class Acquainted:
    """Customers named in one workspace, as long as its catalogue is of one version."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._numbers = NumbersByText()
        """By id; of who is not known to be known the complement, which is below zero."""

    def __len__(self) -> int:
        return len(self._numbers)

    def numbered(
        self, workspace_id: str, customer_ids: Sequence[str | None]
    ) -> tuple[Numbers, Marks]:
        """The number of each of many, by its place, and who is known; NOBODY where nobody is named.

        Of who is not known it is the one that the hash says, or under which it was known.
        """
        kept = self._numbers.find(fingerprints(customer_ids))
        nobody: list[int] = []
        if rows := (kept == NOTHING).nonzero()[0].tolist():
            named = picked(customer_ids, rows)
            nobody = [row for row, one in zip(rows, named, strict=True) if one is None]
            hashed = self._add(workspace_id, {one for one in named if one is not None})
            kept[rows] = [0 if one is None else hashed[one] for one in named]
        known = kept >= 0
        numbers = np.where(known, kept, ~kept)
        numbers[nobody], known[nobody] = NOBODY, False
        return numbers, known

    def _add(self, workspace_id: str, customer_ids: Iterable[str]) -> dict[str, int]:
        """Keeps customers who are new; returns what is kept of each."""
        ids = list(customer_ids)
        digests = np.frombuffer(customer_digests(workspace_id, ids), ">u8") >> 1
        kept = ~digests.astype(np.int64)
        self._numbers.put(fingerprints(ids), kept)
        return dict(zip(ids, kept.tolist(), strict=True))

    def meet(self, numbers: dict[str, int]) -> None:
        """Keeps that these are known under these numbers."""
        its = np.fromiter(numbers.values(), np.int64, len(numbers))
        self._numbers.put(fingerprints(list(numbers)), its)

    def forget(self, customer_ids: Iterable[str]) -> None:
        """These are not known any more."""
        asked = fingerprints(list(customer_ids))
        kept = self._numbers.find(asked)
        self._numbers.put(asked.some(kept[asked.row] >= 0), ~kept)

    def let_go(self) -> None:
        """Lets half of them go."""
        self._numbers.let_go()


def acquainted(tx: Tx, workspace: Workspace) -> Acquainted:
    """Who is kept of a workspace, as it is in this transaction."""
    of_all: dict[int, Acquainted] = tx.cache.setdefault(_ACQUAINTED, {})
    kept = of_all.get(workspace.workspace_no)
    if kept is None or kept.version != workspace.catalogue_version:
        kept = of_all[workspace.workspace_no] = Acquainted(workspace.catalogue_version)
    if sum(map(len, of_all.values())) > KEPT:
        for one in of_all.values():
            one.let_go()
    return kept


def forget(tx: Tx, workspace: Workspace, customer_ids: Iterable[str]) -> None:
    """These customers of a workspace are not known any more, where anybody of it is kept."""
    of_all: dict[int, Acquainted] = tx.cache.get(_ACQUAINTED, {})
    if workspace.workspace_no in of_all:
        of_all[workspace.workspace_no].forget(customer_ids)
