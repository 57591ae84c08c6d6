"""The plain way in for assignments: a reward given to a customer of whose group no event is known.

Nearly every assignment comes before its redemption. It is added, and counted as assigned; there is nothing to
match. What carries a personal code, grows by a channel, contradicts an earlier one, or finds events waiting in
its group is left to be settled there, as in `plain_events`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from promosight.flows.ledger.counters import HELD, PUBLISHED
from promosight.flows.ledger.groups import layer_of
from promosight.flows.ledger.naming import Customers
from promosight.flows.ledger.news import is_decided
from promosight.flows.ledger.places import Words, places, places_for
from promosight.flows.reporting.intake import Receipt
from promosight.flows.reporting.plain import Plain
from promosight.rules.counted import AssignedColumns
from promosight.rules.counting import count_assigned
from promosight.rules.facts import Assignment
from promosight.rules.identity import BUCKET_SHIFT
from promosight.rules.matching import promised_micros
from promosight.rules.promotions import Terms
from promosight.store.rows import Arrival, grant_row

Granted = tuple[int, Assignment, Arrival]
"""One assignment of a transaction: its position there, what it says, and how it arrived."""


class There(NamedTuple):
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


ASKED_APART = 20
"""With so many assignments of a promotion it pays to ask first whether it has any events."""

_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""
_Group = tuple[int, int]
"""The same without the bucket."""


class _New(NamedTuple):
    """Assignments that are added, each field a column."""

    keys: Sequence[_Key]
    facts: Sequence[Assignment]
    arrivals: Sequence[Arrival]
    place_nos: Sequence[int]
    promises: Sequence[tuple[int, str]]


def take_plain_assignments(
    plain: Plain, customers: Customers, granted: list[Granted]
) -> list[Granted]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    return PlainAssignments(plain, customers).take(granted) if granted else []


class PlainAssignments:
    """The plain way for the assignments of one transaction."""

    def __init__(self, plain: Plain, customers: Customers) -> None:
        self._plain = plain
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers

    def take(self, granted: list[Granted]) -> list[Granted]:
        """Takes the plain ones and returns the others in their order."""
        given, rest = self._sort_out(granted)
        keys = sorted({key for key, _ in given})
        there: dict[_Group, list[There]] = {}
        for row in map(There._make, self._tx.all_for("assignments_in_groups", keys)):
            there.setdefault((row.promotion_no, row.customer_no), []).append(row)
        if used := self.used(keys):
            rest += [one for (key, _), one in given.items() if key[1:] in used]
            given = {where: one for where, one in given.items() if where[0][1:] not in used}
        if there:
            stored = {(*group, row.slot): row for group, rows in there.items() for row in rows}
            again = {w: stored[*w[0][1:], w[1]] for w in given if (*w[0][1:], w[1]) in stored}
            rest += [one for w, row in again.items() if not self.repeat(one := given[w], row)]
            given = {where: one for where, one in given.items() if where not in again}
        self._add(given, there)
        rest.sort()
        return rest

    def _sort_out(
        self, granted: list[Granted]
    ) -> tuple[dict[tuple[_Key, int], Granted], list[Granted]]:
        """Those that may be plain by group and slot, each once, and the rest."""
        known_nos, numbers = self._catalogue.known_nos, self._customers.numbers
        newly_known = set(self._customers.newly_known)
        facts = [one[1] for one in granted]
        keys = [
            (
                (number := numbers[f.customer_id]) >> BUCKET_SHIFT,
                known_nos.get(f.promotion_id, -1),
                number,
            )
            for f in facts
        ]
        given: dict[tuple[_Key, int], Granted] = {}
        rest: list[Granted] = []
        apart = set[
            tuple[_Key, int]
        ]()  # what comes under an identity after one of these is judged after it
        for one, fact, key in zip(granted, facts, keys, strict=True):
            where = key, fact.slot
            unusual = key[1] < 0 or fact.promo_code is not None or key[2] in newly_known
            if unusual:
                apart.add(where)
            if where in apart or given.setdefault(where, one) is not one:
                rest.append(one)
        return given, rest

    def has_events(self, promotion_no: int) -> bool:
        """Whether any event lies in a promotion."""
        return self._tx.one("any_event_of_promotion", promotion_no=promotion_no) is not None

    def used(self, keys: list[_Key]) -> set[_Group]:
        """Which of the groups have events."""
        promotions = {promotion_no for _, promotion_no, _ in keys}
        if len(promotions) * ASKED_APART < len(keys):
            having = set(filter(self.has_events, promotions))
            keys = [key for key in keys if key[1] in having] if having else []
        return set(self._tx.all_for("groups_with_events", keys))

    def repeat(self, one: Granted, row: There) -> bool:
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
        self, given: dict[tuple[_Key, int], Granted], there: dict[_Group, list[There]]
    ) -> None:
        """Writes new assignments, answers them, and moves the counters."""
        if not given:
            return
        keys, _ = zip(*given, strict=True)
        _, facts, arrivals = zip(*given.values(), strict=True)
        nos = [no for _, no, _ in keys]
        new = _New(keys, facts, arrivals, self._place_nos(facts), self._promises(nos, facts))
        self._tx.add_new(
            "add_grants",
            list(map(grant_row, facts, keys, arrivals, new.place_nos, new.promises)),
            workspace_no=self._plain.workspace_no,
            import_no=arrivals[0].import_no,
        )
        self._answer(given)
        decided = zip(keys, facts, strict=True)
        self._plain.decided += [key for key, fact in decided if is_decided(fact.details)]
        self._count(new, there)

    def _place_nos(self, facts: Sequence[Assignment]) -> list[int]:
        said = [(f.tier_id, f.segment, f.channels, f.campaign_id) for f in facts]
        words = {one: words_said(*one) for one in set(said)}
        at = places_for(self._tx, self._plain.workspace_no, words.values())
        numbers = {one: at[its].place_no for one, its in words.items()}
        return [numbers[one] for one in said]

    def _promises(self, nos: Sequence[int], facts: Sequence[Assignment]) -> list[tuple[int, str]]:
        """What each commits: micros and currency column."""
        cases = [
            (no, (fact.reward_micros, fact.tier_id, fact.currency))
            for no, fact in zip(nos, facts, strict=True)
        ]
        by_no = self._catalogue.by_no
        known = {(no, worth): promise(by_no[no].terms, *worth) for no, worth in set(cases)}
        return [known[case] for case in cases]

    def _answer(self, given: dict[tuple[_Key, int], Granted]) -> None:
        receipts, brief = self._plain.receipts, self._plain.briefly("counted", None)
        for ((_, _, customer_no), slot), (position, fact, arrival) in given.items():
            receipts[position] = brief or Receipt(
                fact.assignment_id,
                "counted",
                fact.promotion_id,
                fact.assignment_id or (customer_no, slot),
                None,
                arrival.received_us,
            )

    def _count(self, new: _New, there: dict[_Group, list[There]]) -> None:
        """Adds those in the rate to the counters, by layer, and customers who are there for the first time."""
        tracked_us = self._catalogue.workspace.tracking_from_us
        counted = [not f.control and f.assigned_us >= tracked_us for f in new.facts]
        new = new if all(counted) else _some(new, counted)
        layer_without = layer_of(self._catalogue, new.arrivals[0].import_no, ()) if new.keys else 0
        people = {group for group, rows in there.items() if any(row.in_rate for row in rows)}
        held = {
            group for group, rows in there.items() if layer_of(self._catalogue, 0, rows) == HELD
        }
        if layer_without == HELD or not held:
            self._count_in(layer_without, new, people)
            return
        waits = [key[1:] in held for key in new.keys]
        self._count_in(HELD, _some(new, waits), people)
        self._count_in(PUBLISHED, _some(new, [not its for its in waits]), people)

    def _count_in(self, layer: int, new: _New, people: set[_Group]) -> None:
        if not new.keys:
            return
        cells, groups = self._plain.cells[layer], [key[1:] for key in new.keys]
        micros, currencies = zip(*new.promises, strict=True)
        columns = AssignedColumns(
            promotion_no=[no for no, _ in groups],
            place_no=new.place_nos,
            source_no=[arrival.source_no for arrival in new.arrivals],
            assigned_us=[fact.assigned_us for fact in new.facts],
            committed_micros=micros,
            currency=currencies,
        )
        at = places(self._tx, self._plain.workspace_no, new.place_nos)
        count_assigned(cells, columns, self._plain.names(at, new.place_nos))
        for promotion_no, number in Counter(no for no, _ in set(groups) - people).items():
            cells.customer(promotion_no, number, 0)


def _some(new: _New, whether: list[bool]) -> _New:
    return _New._make(list(compress(column, whether)) for column in new)


def words_said(
    tier_id: str | None, segment: str | None, channels: tuple[str, ...], campaign_id: str | None
) -> Words:
    """The words of an assignment."""
    return Words(tier_id, segment, "+".join(channels) or None, campaign_id)


def promise(
    terms: Terms, reward_micros: int | None, tier_id: str | None, currency: str | None
) -> tuple[int, str]:
    """What an assignment commits: micros and currency column."""
    micros = promised_micros(terms, reward_micros, tier_id) or 0
    own = terms.currency
    return micros, own if currency is None or own.startswith("~") else currency
