"""The plain way in for assignments: a reward given to a customer of whose group no event is known.

Nearly every assignment comes before its redemption. It is added, and counted as assigned; there is nothing to
match. What carries a personal code, grows by a channel, contradicts an earlier one, or finds events waiting in
its group is left to be settled there, as in `plain_events`.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.naming import Customers
from promosight.flows.plain import Plain
from promosight.rules.facts import Assignment
from promosight.rules.identity import counter_bucket
from promosight.rules.matching import promised_micros
from promosight.rules.promotions import Terms
from promosight.rules.tallies import AssignmentStanding, Cells, Place
from promosight.store.rows import Arrival, GroupKey, assignment_columns, derived_id
from promosight.store.tx import LostRace, Row


class Granted(NamedTuple):
    """One assignment of a transaction, with its place there."""

    position: int
    fact: Assignment
    arrival: Arrival


class _There(NamedTuple):
    """A row of `assignments_in_groups`: an assignment that is stored already."""

    promotion_no: int
    customer_no: int
    slot: int
    digest: int
    assignment_id: str | None
    channels: str | None
    import_no: int
    received_us: int
    in_rate: int


def take_plain_assignments(
    plain: Plain, customers: Customers, granted: list[Granted]
) -> list[Granted]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    return _PlainAssignments(plain, customers).take(granted)


class _PlainAssignments:
    def __init__(self, plain: Plain, customers: Customers) -> None:
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers
        self._receipts = plain.receipts
        self._cells = plain.cells
        self._rows: list[Row] = []

    def take(self, granted: list[Granted]) -> list[Granted]:
        alone, rest = self._sort_out(granted)
        keys = sorted(alone)
        there: dict[tuple[int, int], list[_There]] = {}
        for row in self._tx.all_for("assignments_in_groups", keys):
            there.setdefault(row[:2], []).append(_There(*row))
        used = self._used(keys)
        for key, one in alone.items():
            held = there.get(key[1:], [])
            if key[1:] in used or not self._answer(key, one, held):
                rest.append(one)
        if self._tx.run_many("add_assignments", self._rows) != len(self._rows):
            raise LostRace
        rest.sort(key=lambda one: one.position)
        return rest

    def _sort_out(self, granted: list[Granted]) -> tuple[dict[GroupKey, Granted], list[Granted]]:
        """Those alone in their group here, and the rest."""
        by_id, customers = self._catalogue.by_id, self._customers
        newly_known = set(customers.newly_known)
        alone: dict[GroupKey, Granted] = {}
        rest: list[Granted] = []
        for one in granted:
            listed = by_id[one.fact.promotion_id]
            if one.fact.promo_code is None and listed.terms.known:
                key = customers.key(listed.promotion_no, one.fact.customer_id)
                if key.customer_no not in newly_known and alone.setdefault(key, one) is one:
                    continue
            rest.append(one)
        return alone, rest

    def _used(self, keys: list[GroupKey]) -> set[tuple[int, int]]:
        """Which of the groups have events."""
        promotions = {key.promotion_no for key in keys}
        having = {
            no
            for no in promotions
            if self._tx.one("any_event_of_promotion", promotion_no=no) is not None
        }
        asked = [key for key in keys if key.promotion_no in having]
        return set(self._tx.all_for("groups_with_events", asked)) if asked else set()

    def _answer(self, key: GroupKey, one: Granted, there: list[_There]) -> bool:
        """Adds an assignment or tells it for a repeated one; False where its group needs settling."""
        fact = one.fact
        for row in there:
            if row.slot == fact.slot:
                return self._is_repeated(one, row)
        self._keep(key, one)
        layer = layer_of(self._catalogue, one.arrival.import_no, (a.import_no for a in there))
        self._count(self._cells[layer], key, fact, one.arrival, any(a.in_rate for a in there))
        return True

    def _is_repeated(self, one: Granted, row: _There) -> bool:
        fact = one.fact
        if row.digest != fact.digest or not set(fact.channels) <= {
            *(row.channels or "").split("+")
        }:
            return False
        public_id = row.assignment_id or derived_id(row.customer_no, row.slot)
        self._answered(one, "duplicate", public_id, row.received_us)
        return True

    def _keep(self, key: GroupKey, one: Granted) -> None:
        fact, arrival = one.fact, one.arrival
        terms = self._catalogue.terms(key.promotion_no)
        self._rows.append(assignment_columns(fact, key, arrival, *_promise(terms, fact)))
        public_id = fact.assignment_id or derived_id(key.customer_no, fact.slot)
        self._answered(one, "counted", public_id, arrival.received_us)

    def _answered(self, one: Granted, outcome: str, public_id: str, received_us: int) -> None:
        self._receipts[one.position] = Receipt(
            public_id, outcome, one.fact.promotion_id, public_id, None, received_us
        )

    def _count(
        self, cells: Cells, key: GroupKey, fact: Assignment, arrival: Arrival, assigned: bool
    ) -> None:
        catalogue = self._catalogue
        if fact.control or fact.assigned_us < catalogue.workspace.tracking_from_us:
            return
        place = Place(
            fact.tier_id or "",
            fact.segment or "",
            "+".join(fact.channels),
            fact.campaign_id or "",
            catalogue.sources[arrival.source_no],
            catalogue.days.day(fact.assigned_us),
        )
        promise = _promise(catalogue.terms(key.promotion_no), fact)
        bucket = counter_bucket(key.bucket)
        cells.assignment(
            bucket, key.promotion_no, AssignmentStanding(place, False, "", *promise), 1
        )
        if not assigned:
            cells.customer(bucket, key.promotion_no, "", 1, 0)


def _promise(terms: Terms, fact: Assignment) -> tuple[int, str]:
    """What an assignment commits: micros and currency column."""
    micros = promised_micros(terms, fact.reward_micros, fact.tier_id) or 0
    unit = terms.currency.startswith("~")
    return micros, terms.currency if unit else fact.currency or terms.currency
