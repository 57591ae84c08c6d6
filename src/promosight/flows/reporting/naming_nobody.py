"""Whom a transaction names by nothing new: by assignments that came before or are refused, by events that came before.

Customers are named before it is known which items are facts, and an assignment makes its customer known. Those whom
only items name that are no new facts are left as they were: what is known is a function of the facts, and a delivery
that comes again after a person was erased brings nobody back.
"""

from __future__ import annotations

from promosight.flows.ledger.naming import forget_customers, leave_unknown
from promosight.flows.reporting.intake import Entry, Intake
from promosight.flows.reporting.many import Many, Placed
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Assignment


class Naming:
    """The items of one transaction: a sheet, or each in its place, and those of them that are not plain."""

    def __init__(
        self, intake: Intake, many: Many | None, placed: list[Placed], rest: list[Placed]
    ) -> None:
        self._intake = intake
        self._many = many
        self._placed = placed
        self._rest = rest

    def leave_unknown(self) -> None:
        """Whom only refused and repeated assignments name here is not known by them."""
        customers = self._intake.customers
        new = {*customers.newly_known, *customers.newly_named}
        if not new:
            return
        by_nothing: set[str] = set()
        by_facts: set[str] = set()
        for entry in self._intake.entries:
            if isinstance(entry.item, Assignment):
                (by_nothing if _is_nothing_new(entry) else by_facts).add(entry.item.customer_id)
        unknown = {one for one in by_nothing - by_facts if customers.numbers[one] in new}
        unknown -= self._given_beside(unknown)
        leave_unknown(self._intake.tx, self._intake.catalogue.workspace, customers, unknown)

    def _given_beside(self, wanted: set[str]) -> set[str]:
        """Of the customers wanted, those to whom something is given plainly."""
        rows = [position for position, _, _ in self._rest]
        if not wanted or self._many:
            given = self._many is not None and self._many.sheet.kind is Assignment
            return self._many.customers_but(rows, wanted) if self._many and given else set()
        left = set(rows)
        return {
            item.customer_id
            for position, item, _ in self._placed
            if isinstance(item, Assignment) and item.customer_id in wanted and position not in left
        }

    def forget_unnamed(self) -> None:
        """Facts that came before name nobody anew: whom only these name here was erased meanwhile, and stays so."""
        intake, many = self._intake, self._many
        newly, numbers = intake.customers.newly_named, intake.customers.numbers
        again = {id(e.item) for e in intake.entries if e.repeated or e.names_nobody}
        if not newly or not again:
            return
        placed = self._placed or self._rest
        wanted = {one for one, number in numbers.items() if number in newly}
        named = many.customers_but((one[0] for one in placed), wanted) if many else set()
        named |= {
            item.customer_id
            for _, item, _ in placed
            if not isinstance(item, Refused)
            and item.customer_id in wanted
            and id(item) not in again
        }
        unnamed = {one: numbers[one] for one in sorted(wanted - named)}
        forget_customers(intake.tx, intake.catalogue.workspace, unnamed)


def _is_nothing_new(entry: Entry) -> bool:
    return entry.repeated or entry.refused is not None
