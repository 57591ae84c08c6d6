"""What the plain ways in share: one transaction's receipts, and what plain facts move in the counters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from promosight.flows.ledger.groups import new_cells
from promosight.flows.ledger.places import NumberedPlace
from promosight.flows.reporting.intake import Receipt
from promosight.rules.counted import Names
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Asked, Tx

if TYPE_CHECKING:  # loads numpy
    from promosight.flows.reporting.answers import Answers
    from promosight.rules.numbers import Numbers


class Plain:
    """One workspace's plain facts in one transaction. `receipts` has a place for every item, plain or not.

    `customer_numbers` has the number of every customer named, by its hash, and perhaps of others. `brief`: as in
    Delivery, of all. `ahead`: whether a reversal waits for its redemption, where that is asked already.
    """

    def __init__(
        self,
        tx: Tx,
        catalogue: Catalogue,
        customer_numbers: dict[str, int],
        items: int,
        *,
        brief: bool,
        ahead: Asked | None = None,
    ) -> None:
        self.tx = tx
        self.catalogue = catalogue
        self.customer_numbers = customer_numbers
        self.receipts: list[Receipt | None] | Answers = [None] * items
        self.cells = new_cells()
        self.decided: list[
            tuple[int, int, int]
        ] = []  # groups in which a decision's assignment moved
        self._brief = brief
        self._ahead = ahead

    @property
    def workspace_no(self) -> int:
        """The workspace all of it belongs to."""
        return self.catalogue.workspace.workspace_no

    @property
    def any_ahead(self) -> bool:
        """Whether a reversal waits for its redemption anywhere."""
        if self._ahead is None:
            return self.tx.one("any_ahead") is not None
        return bool(self._ahead())

    def names(self, at: Mapping[int, NumberedPlace], numbers: Iterable[int]) -> Names:
        """What counters call the numbers of facts: of these places, of sources, of instants."""
        texts = {number: at[number].texts for number in set(numbers)}
        return Names(texts, self.catalogue.sources, self.catalogue.days.day)

    def unanswered(self) -> list[int]:
        """The items that have no receipt yet."""
        if isinstance(self.receipts, list):
            return [row for row, one in enumerate(self.receipts) if one is None]
        return self.receipts.unanswered()

    def answer_many(self) -> Answers:
        """From here on receipts are kept as those of thousands; all senders want to hear of each is its outcome."""
        from promosight.flows.reporting.answers import Answers  # loads numpy

        self.receipts = Answers(len(self.receipts))
        return self.receipts

    def answer(self, rows: Numbers | Sequence[int], outcome: str, reason: str | None) -> None:
        """Gives these rows of thousands the receipt of whoever wants to hear no more."""
        assert not isinstance(self.receipts, list), "there are not thousands"
        self.receipts.put_alike(rows, brief_receipt(outcome, reason))

    def briefly(self, outcome: str, reason: str | None) -> Receipt | None:
        """The receipt of whoever wants to hear no more than that; None where they do."""
        return brief_receipt(outcome, reason) if self._brief else None


@cache
def brief_receipt(outcome: str, reason: str | None) -> Receipt:
    """The receipt that says no more than that; the same object each time."""
    return Receipt(None, outcome, reason=reason)
