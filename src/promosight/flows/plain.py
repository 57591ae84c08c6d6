"""What the plain ways in share: one transaction's receipts, and what plain facts move in the counters."""

from __future__ import annotations

from promosight.flows.groups import new_cells
from promosight.flows.intake import Receipt
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx

MANY = 1_000
"""From so many on, counting facts together is cheaper than each by itself."""


class Plain:
    """One workspace's plain facts in one transaction. `receipts` has a place for every item, plain or not.

    `customer_numbers` has the number of every customer named, by its hash.
    """

    def __init__(
        self, tx: Tx, catalogue: Catalogue, customer_numbers: dict[str, int], items: int
    ) -> None:
        self.tx = tx
        self.catalogue = catalogue
        self.customer_numbers = customer_numbers
        self.receipts: list[Receipt | None] = [None] * items
        self.cells = new_cells()

    @property
    def workspace_no(self) -> int:
        """The workspace all of it belongs to."""
        return self.catalogue.workspace.workspace_no
