"""Customers of whom thousands are named again and again: their numbers, and who is known, kept from batch to batch.

A number is a hash, and that a customer is known under it takes a look into the store. Both stay true until somebody is
erased, which moves the catalogue's version on. What is kept is bounded: when there is too much, it begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import filterfalse, repeat
from typing import TYPE_CHECKING

from promosight.rules.identity import customer_numbers
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx

if TYPE_CHECKING:
    from promosight.rules.numbers import Numbers

_KEPT = 200_000
"""So many customers take some 50 MB."""

NOBODY = -1
"""No customer's number."""


class Acquainted:
    """Customers lately named in one workspace, as long as its catalogue is of one version."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.numbers: dict[str, int] = {}
        self.known: dict[str, int] = {}
        """Those known under their number."""

    def number(self, workspace_id: str, customer_ids: Iterable[str | None]) -> dict[str, int]:
        """The number of each of many, among others; of who is not known the one that its hash says."""
        new = filterfalse(self.numbers.__contains__, customer_ids)
        missing = {one for one in new if one is not None}
        if len(self.numbers) + len(missing) > _KEPT:
            self.numbers, self.known = {}, {}
            missing = {one for one in customer_ids if one is not None}
        if missing:
            self.numbers |= customer_numbers(workspace_id, missing)
        return self.numbers

    def numbered(self, workspace_id: str, customer_ids: Sequence[str | None]) -> Numbers:
        """The number of each of many, by its place, as `number`; NOBODY where nobody is named."""
        numbers = _looked_up(self.numbers, customer_ids)
        if rows := (numbers == NOBODY).nonzero()[0].tolist():
            before, named = self.numbers, [customer_ids[row] for row in rows]
            self.number(workspace_id, named)
            if self.numbers is not before:  # those who are not new are to be kept, too
                self.number(workspace_id, customer_ids)
            numbers[rows] = _looked_up(self.numbers, named)
        return numbers

    def known_under(self, customer_ids: Sequence[str | None]) -> Numbers:
        """The numbers of those who are known, by their place; NOBODY for the others."""
        return _looked_up(self.known, customer_ids)

    def meet(self, numbers: dict[str, int]) -> None:
        """Keeps that these are known under these numbers."""
        self.numbers |= numbers
        self.known |= numbers

    def forget(self, customer_ids: Iterable[str]) -> None:
        """These are not known any more."""
        for one in customer_ids:
            self.known.pop(one, None)


def _looked_up(numbers: dict[str, int], customer_ids: Sequence[str | None]) -> Numbers:
    import numpy as np  # thousands are asked for here, and nowhere else

    found = map(numbers.get, customer_ids, repeat(NOBODY))  # type: ignore[arg-type]
    return np.fromiter(found, np.int64, len(customer_ids))


def acquainted(tx: Tx, workspace: Workspace) -> Acquainted:
    """Who is kept of a workspace, as it is in this transaction."""
    where = "acquainted", workspace.workspace_no
    kept: Acquainted | None = tx.cache.get(where)
    if kept is None or kept.version != workspace.catalogue_version:
        kept = tx.cache[where] = Acquainted(workspace.catalogue_version)
    return kept
