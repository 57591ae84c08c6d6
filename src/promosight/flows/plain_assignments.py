"""The plain way in for assignments: a reward given to a customer of whose group no event is known.

Nearly every assignment comes before its redemption. It is added, and counted as assigned; there is nothing to
match. What carries a personal code, grows by a channel, contradicts an earlier one, or finds events waiting in
its group is left to be settled there, as in `plain_events`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.naming import Customers
from promosight.flows.places import Words, place_numbers, places
from promosight.flows.plain import MANY, Plain
from promosight.rules.facts import Assignment
from promosight.rules.identity import bucket_of
from promosight.rules.matching import promised_micros
from promosight.rules.promotions import Terms
from promosight.rules.tallies import Assigned
from promosight.store.rows import Arrival, granted_columns
from promosight.store.tx import Row

Granted = tuple[int, Assignment, Arrival]
"""One assignment of a transaction: its position there, what it says, and how it arrived."""


class _There(NamedTuple):
    """A row of `assignments_in_groups`: an assignment that is stored already."""

    promotion_no: int
    customer_no: int
    slot: int
    digest: int
    assignment_id: str | None
    place_no: int
    import_no: int
    received_us: int
    in_rate: int


_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""


def take_plain_assignments(
    plain: Plain, customers: Customers, granted: list[Granted]
) -> list[Granted]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    return _PlainAssignments(plain, customers).take(granted) if granted else []


class _PlainAssignments:
    def __init__(self, plain: Plain, customers: Customers) -> None:
        self._plain = plain
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers
        self._places: dict[Words, int] = {}

    def take(self, granted: list[Granted]) -> list[Granted]:
        alone, rest = self._sort_out(granted)
        keys = sorted(alone)
        there: dict[tuple[int, int], list[_There]] = {}
        for row in self._tx.all_for("assignments_in_groups", keys):
            there.setdefault(row[:2], []).append(_There(*row))
        used = self._used(keys)
        new: dict[_Key, Granted] = {}
        for key, one in alone.items():
            held = there.get(key[1:])
            if used and key[1:] in used:
                rest.append(one)
            elif held and any(row.slot == one[1].slot for row in held):
                if not self._is_repeated(one, held):
                    rest.append(one)
            else:
                new[key] = one
        self._add(new, there)
        rest.sort()
        return rest

    def _sort_out(self, granted: list[Granted]) -> tuple[dict[_Key, Granted], list[Granted]]:
        """Those alone in their group here, and the rest."""
        by_id, numbers = self._catalogue.by_id, self._customers.numbers
        newly_known = set(self._customers.newly_known)
        alone: dict[_Key, Granted] = {}
        rest: list[Granted] = []
        for one in granted:
            fact = one[1]
            listed = by_id[fact.promotion_id]
            number = numbers[fact.customer_id]
            if fact.promo_code is None and listed.terms.known and number not in newly_known:
                key = (bucket_of(number), listed.promotion_no, number)
                if alone.setdefault(key, one) is one:
                    continue
            rest.append(one)
        return alone, rest

    def _used(self, keys: list[_Key]) -> set[tuple[int, int]]:
        """Which of the groups have events."""
        having = {
            no
            for no in {promotion_no for _, promotion_no, _ in keys}
            if self._tx.one("any_event_of_promotion", promotion_no=no) is not None
        }
        asked = [key for key in keys if key[1] in having]
        return set(self._tx.all_for("groups_with_events", asked)) if asked else set()

    def _is_repeated(self, one: Granted, held: Iterable[_There]) -> bool:
        """Answers an assignment that is there already; False where it says something new."""
        position, fact, _ = one
        row = next(row for row in held if row.slot == fact.slot)
        words = places(self._tx, self._plain.workspace_no, [row.place_no])[row.place_no]
        more = set(fact.channels) - {*(words.channels or "").split("+")}
        if row.digest != fact.digest or more:
            return False
        named = row.assignment_id or (row.customer_no, row.slot)
        self._plain.receipts[position] = Receipt(
            row.assignment_id, "duplicate", fact.promotion_id, named, None, row.received_us
        )
        return True

    def _add(self, new: dict[_Key, Granted], there: dict[tuple[int, int], list[_There]]) -> None:
        """Writes new assignments with their receipts, and collects what they move."""
        catalogue, receipts = self._catalogue, self._plain.receipts
        words = [_words(fact) for _, fact, _ in new.values()]
        numbers = place_numbers(self._tx, self._plain.workspace_no, set(words))
        tracked_us, sources = catalogue.workspace.tracking_from_us, catalogue.sources
        assigned: dict[int, list[Assigned]] = {PUBLISHED: [], HELD: []}
        rows: list[Row] = []
        for (key, (position, fact, arrival)), said in zip(new.items(), words, strict=True):
            _, promotion_no, customer_no = key
            micros, currency = _promise(catalogue.by_no[promotion_no].terms, fact)
            rows.append(granted_columns(fact, key, arrival, numbers[said], micros, currency))
            named = fact.assignment_id or (customer_no, fact.slot)
            receipts[position] = Receipt(
                fact.assignment_id, "counted", fact.promotion_id, named, None, arrival.received_us
            )
            if fact.control or fact.assigned_us < tracked_us:
                continue
            held = there.get((promotion_no, customer_no), _NONE)
            layer = layer_of(catalogue, arrival.import_no, held)
            day = catalogue.days.day(fact.assigned_us)
            place = (*said.texts, sources[arrival.source_no], day)
            assigned[layer].append((promotion_no, *place, micros, currency))
            if not held or not any(a.in_rate for a in held):
                self._plain.cells[layer].customer(promotion_no, 1, 0)
        self._tx.add_new("add_assignments", rows)
        for layer, some in assigned.items():
            cells = self._plain.cells[layer]
            cells.assign(some, together=len(some) >= MANY)


_NONE: list[_There] = []


def _words(fact: Assignment) -> Words:
    channels = fact.channels
    joined = None if not channels else channels[0] if len(channels) == 1 else "+".join(channels)
    return Words(fact.tier_id, fact.segment, joined, fact.campaign_id)


def _promise(terms: Terms, fact: Assignment) -> tuple[int, str]:
    """What an assignment commits: micros and currency column."""
    micros = promised_micros(terms, fact.reward_micros, fact.tier_id) or 0
    own = terms.currency
    return micros, own if fact.currency is None or own.startswith("~") else fact.currency
