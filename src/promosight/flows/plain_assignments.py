"""The plain way in for assignments: a reward given to a customer of whose group no event is known.

Nearly every assignment comes before its redemption. It is added, and counted as assigned; there is nothing to
match. What carries a personal code, grows by a channel, contradicts an earlier one, or finds events waiting in
its group is left to be settled there, as in `plain_events`.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.naming import Customers
from promosight.flows.news import is_decided
from promosight.flows.places import Words, places, places_for
from promosight.flows.plain import MANY, Plain
from promosight.rules.facts import Assignment
from promosight.rules.identity import BUCKET_SHIFT
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


_ASKED_APART = 20
"""With so many assignments of a promotion it pays to ask first whether it has any events."""

_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""
_Group = tuple[int, int]
"""The same without the bucket."""


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

    def take(self, granted: list[Granted]) -> list[Granted]:
        given, rest = self._sort_out(granted)
        keys = sorted({key for key, _ in given})
        there: dict[_Group, list[_There]] = {}
        for row in map(_There._make, self._tx.all_for("assignments_in_groups", keys)):
            there.setdefault((row.promotion_no, row.customer_no), []).append(row)
        if used := self._used(keys):
            rest += [one for (key, _), one in given.items() if key[1:] in used]
            given = {where: one for where, one in given.items() if where[0][1:] not in used}
        if there:
            stored = {(*group, row.slot): row for group, rows in there.items() for row in rows}
            again = {w: stored[*w[0][1:], w[1]] for w in given if (*w[0][1:], w[1]) in stored}
            rest += [one for w, row in again.items() if not self._repeat(one := given[w], row)]
            given = {where: one for where, one in given.items() if where not in again}
        self._add(given, there)
        rest.sort()
        return rest

    def _sort_out(
        self, granted: list[Granted]
    ) -> tuple[dict[tuple[_Key, int], Granted], list[Granted]]:
        """Those that may be plain by group and slot, each once, and the rest."""
        known_nos = self._catalogue.known_nos
        numbers, newly_known = self._customers.numbers, set(self._customers.newly_known)
        given: dict[tuple[_Key, int], Granted] = {}
        rest: list[Granted] = []
        for one in granted:
            fact = one[1]
            promotion_no = known_nos.get(fact.promotion_id)
            number = numbers[fact.customer_id]
            if promotion_no is None or fact.promo_code is not None or number in newly_known:
                rest.append(one)
                continue
            where = (number >> BUCKET_SHIFT, promotion_no, number), fact.slot
            if given.setdefault(where, one) is not one:
                rest.append(one)
        return given, rest

    def _used(self, keys: list[_Key]) -> set[_Group]:
        """Which of the groups have events."""
        promotions = {promotion_no for _, promotion_no, _ in keys}
        if len(promotions) * _ASKED_APART < len(keys):
            having = {
                no
                for no in promotions
                if self._tx.one("any_event_of_promotion", promotion_no=no) is not None
            }
            keys = [key for key in keys if key[1] in having] if having else []
        return set(self._tx.all_for("groups_with_events", keys))

    def _repeat(self, one: Granted, row: _There) -> bool:
        """Answers an assignment that is there already; False where it says something new."""
        position, fact, _ = one
        words = places(self._tx, self._plain.workspace_no, [row.place_no])[row.place_no].words
        more = set(fact.channels) - {*(words.channels or "").split("+")}
        if row.digest != fact.digest or more:
            return False
        named = row.assignment_id or (row.customer_no, row.slot)
        self._plain.receipts[position] = self._plain.briefly("duplicate", None) or Receipt(
            row.assignment_id, "duplicate", fact.promotion_id, named, None, row.received_us
        )
        return True

    def _add(
        self, given: dict[tuple[_Key, int], Granted], there: dict[_Group, list[_There]]
    ) -> None:
        """Writes new assignments, answers them, and moves the counters."""
        catalogue, receipts = self._catalogue, self._plain.receipts
        sources, day, by_no = catalogue.sources, catalogue.days.day, catalogue.by_no
        words = [_words(fact) for _, fact, _ in given.values()]
        at = places_for(self._tx, self._plain.workspace_no, set(words))
        tracked_us, brief = (
            catalogue.workspace.tracking_from_us,
            self._plain.briefly("counted", None),
        )
        assigned: dict[int, list[Assigned]] = {PUBLISHED: [], HELD: []}
        people = {group for group, rows in there.items() if any(row.in_rate for row in rows)}
        new_people: dict[int, list[int]] = {PUBLISHED: [], HELD: []}
        rows: list[Row] = []
        for ((key, slot), (position, fact, arrival)), said in zip(
            given.items(), words, strict=True
        ):
            _, promotion_no, customer_no = key
            micros, currency = _promise(by_no[promotion_no].terms, fact)
            place = at[said]
            if is_decided(fact.details):
                self._plain.decided.append(key)
            rows.append(granted_columns(fact, key, arrival, place.place_no, micros, currency))
            receipts[position] = brief or Receipt(
                fact.assignment_id,
                "counted",
                fact.promotion_id,
                fact.assignment_id or (customer_no, slot),
                None,
                arrival.received_us,
            )
            if fact.control or fact.assigned_us < tracked_us:
                continue
            group = promotion_no, customer_no
            layer = layer_of(catalogue, arrival.import_no, there.get(group, ()))
            where = (*place.texts, sources[arrival.source_no], day(fact.assigned_us))
            assigned[layer].append((promotion_no, *where, micros, currency))
            if group not in people:
                people.add(group)
                new_people[layer].append(promotion_no)
        self._tx.add_new("add_assignments", rows)
        for layer, some in assigned.items():
            cells = self._plain.cells[layer]
            cells.assign(some, together=len(some) >= MANY)
            for promotion_no, number in Counter(new_people[layer]).items():
                cells.customer(promotion_no, number, 0)


def _words(fact: Assignment) -> Words:
    channels = fact.channels
    joined = None if not channels else channels[0] if len(channels) == 1 else "+".join(channels)
    return Words(fact.tier_id, fact.segment, joined, fact.campaign_id)


def _promise(terms: Terms, fact: Assignment) -> tuple[int, str]:
    """What an assignment commits: micros and currency column."""
    micros = promised_micros(terms, fact.reward_micros, fact.tier_id) or 0
    own = terms.currency
    return micros, own if fact.currency is None or own.startswith("~") else fact.currency
