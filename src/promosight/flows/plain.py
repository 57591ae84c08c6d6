"""What the plain ways in share: one transaction's receipts, and what plain facts move in the counters."""

from __future__ import annotations

from promosight.flows.groups import HELD, PUBLISHED, write_cells
from promosight.flows.intake import Receipt
from promosight.rules.tallies import Cells
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx


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
        self.cells = {PUBLISHED: Cells(), HELD: Cells()}

    @property
    def workspace_no(self) -> int:
        """The workspace all of it belongs to."""
        return self.catalogue.workspace.workspace_no

    def write_cells(self) -> None:
        """Moves the counters by what was collected."""
        for layer, cells in self.cells.items():
            write_cells(self.tx, cells, layer)
