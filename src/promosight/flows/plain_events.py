"""The plain way in for redemptions: a customer who was given the promotion uses it for the first time.

Nearly every redemption is of this kind. It needs one look-up of its group and no settling: what it takes,
costs and moves follows from the assignments alone, and a repeated one moves nothing. Whatever is not plain (a
second use, a reversal, a code, a customer without an assignment) is left to be settled with its group, which
sees what was taken here as stored facts. The state is a function of the set of facts, so where the line
between the two runs changes no figure.

The identity of a plain event is not looked up before it is written. Where another group holds it already,
the unique key keeps the row out, the count tells, and the transaction is run again with every event settled.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.places import Words, places
from promosight.flows.plain import MANY, Plain
from promosight.rules.facts import Event
from promosight.rules.identity import bucket_of
from promosight.rules.matching import Given, Used, Verdict, match, match_alone
from promosight.rules.promotions import Terms
from promosight.rules.tallies import FirstUse
from promosight.store.rows import Arrival, EventRow, derived_id, event_columns
from promosight.store.tx import Row

Told = tuple[int, Event, Arrival]
"""One redemption or reversal of a transaction: its position there, what it says, and how it arrived."""

_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""


class _Held(NamedTuple):
    """A row of `plain_groups`: an assignment of the group beside one of the group's events, if it has any."""

    promotion_no: int
    customer_no: int
    slot: int
    assigned_us: int
    expires_us: int | None
    max_redemptions: int | None
    control: int
    withdrawn: int
    assignment_id: str | None
    promo_code: str | None
    place_no: int
    reward_micros: int | None
    reward_currency: str | None
    source_no: int
    import_no: int
    committed_micros: int
    currency: str
    event_source_no: int | None
    event_id: str | None
    event_digest: int | None
    event_outcome: str | None
    event_reason: str | None
    event_slot: int | None
    event_received_us: int | None

    @property
    def public_id(self) -> str:
        """The caller's id of the assignment, or the derived one."""
        return self.assignment_id or derived_id(self.customer_no, self.slot)


def take_plain_events(plain: Plain, told: list[Told]) -> list[Told]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    return _PlainEvents(plain).take(told) if told else []


class _PlainEvents:
    def __init__(self, plain: Plain) -> None:
        self._plain = plain
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._places: dict[int, Words] = {}
        self._rows: list[Row] = []
        self._used: dict[int, list[FirstUse]] = {PUBLISHED: [], HELD: []}

    def take(self, told: list[Told]) -> list[Told]:
        alone, again, rest = self._sort_out(told)
        rest += self._reversed_ahead(alone)
        found = self._look_up(alone)
        for key, one in alone.items():
            held = found.get(key[1:])
            if held is None or not self._answer(key, one, held):
                rest.append(one)
        self._tx.add_new("add_events", self._rows)
        for layer, used in self._used.items():
            cells = self._plain.cells[layer]
            if len(used) >= MANY:
                cells.add_first_uses(used)
            else:
                cells.use_first(used)
        rest += [one for one, first in again if not self._repeat(one, first)]
        rest.sort()
        return rest

    def _sort_out(
        self, told: list[Told]
    ) -> tuple[dict[_Key, Told], list[tuple[Told, Told]], list[Told]]:
        """Those alone in their group here, those that come again (with the first), and the rest."""
        by_id, numbers = self._catalogue.by_id, self._plain.customer_numbers
        first: dict[tuple[int, str], Told] = {}
        alone: dict[_Key, Told] = {}
        again: list[tuple[Told, Told]] = []
        rest: list[Told] = []
        for one in told:
            _, fact, arrival = one
            earlier = first.setdefault((arrival.source_no, fact.event_id), one)
            if earlier is not one:
                again.append((one, earlier))
                continue
            if fact.reverses is None and fact.promo_code is None and fact.customer_id is not None:
                listed = by_id.get(fact.promotion_id or "")
                if listed is not None and listed.terms.in_force:
                    number = numbers[fact.customer_id]
                    key = (bucket_of(number), listed.promotion_no, number)
                    if alone.setdefault(key, one) is one:
                        continue
            rest.append(one)
        return alone, again, rest

    def _reversed_ahead(self, alone: dict[_Key, Told]) -> list[Told]:
        """Takes out those whose reversal came before them and waits."""
        if not alone or self._tx.one("any_waiting") is None:
            return []
        by_identity = {(a.source_no, f.event_id): key for key, (_, f, a) in alone.items()}
        rows = self._tx.all_for("reversals_of", sorted(by_identity))
        waiting = {(r.source_no, r.reverses or "") for r in (EventRow(*row) for row in rows)}
        return [alone.pop(by_identity[identity]) for identity in sorted(waiting)]

    def _look_up(self, alone: dict[_Key, Told]) -> dict[tuple[int, int], list[_Held]]:
        """The assignments of the groups, each beside each of the group's events."""
        found: dict[tuple[int, int], list[_Held]] = {}
        for row in self._tx.all_for("plain_groups", sorted(alone)):
            held = _Held._make(row)
            found.setdefault((held.promotion_no, held.customer_no), []).append(held)
        numbers = {a.place_no for held in found.values() for a in held}
        self._places = places(self._tx, self._plain.workspace_no, numbers)
        return found

    def _answer(self, key: _Key, one: Told, held: list[_Held]) -> bool:
        """Takes an event or tells it for a repeated one; False where its group needs settling."""
        taken = held[0]
        if taken.event_id is not None:
            return self._is_repeated(one, held)
        position, fact, arrival = one
        catalogue = self._catalogue
        verdict = self._verdict(catalogue.by_no[key[1]].terms, one, held)
        if verdict is None:
            return False
        if len(held) > 1:
            taken = next(a for a in held if a.slot == verdict.slot)
        self._rows.append(event_columns(fact, key, arrival, verdict))
        self._plain.receipts[position] = Receipt(
            fact.event_id,
            verdict.outcome,
            fact.promotion_id,
            taken.public_id,
            verdict.reason,
            arrival.received_us,
        )
        days, sources = catalogue.days, catalogue.sources
        place = self._places[taken.place_no].texts
        use = (
            (key[1], *place, sources[taken.source_no], days.day(taken.assigned_us)),
            taken.currency if taken.assigned_us >= catalogue.workspace.tracking_from_us else None,
            (sources[arrival.source_no], days.day(fact.redeemed_us), verdict.outcome),
            (verdict.currency, fact.currency or catalogue.workspace.currency),
            (verdict.cost_micros, fact.order_micros or 0, fact.redeemed_us),
        )
        self._used[layer_of(catalogue, arrival.import_no, held)].append(use)
        return True

    def _is_repeated(self, one: Told, held: list[_Held]) -> bool:
        position, fact, arrival = one
        for row in held:
            if row.event_source_no == arrival.source_no and row.event_id == fact.event_id:
                if row.event_digest != fact.digest or row.event_outcome == "rejected":
                    return False
                taken = [a.public_id for a in held if a.slot == row.event_slot]
                self._plain.receipts[position] = Receipt(
                    fact.event_id,
                    "duplicate",
                    fact.promotion_id,
                    taken[0] if taken else None,
                    row.event_reason,
                    row.event_received_us or 0,
                )
                return True
        return False

    def _repeat(self, one: Told, first: Told) -> bool:
        before = self._plain.receipts[first[0]]
        if before is None or one[1].digest != first[1].digest:
            return False
        self._plain.receipts[one[0]] = msgspec.structs.replace(before, outcome="duplicate")
        return True

    def _verdict(self, terms: Terms, one: Told, held: list[_Held]) -> Verdict | None:
        """What the only redemption of a group counts as; None unless it takes one of the assignments."""
        _, fact, arrival = one
        if len(held) == 1:
            given = self._given(held[0], "")
            return match_alone(terms, given, fact.redeemed_us, fact.reward_micros, fact.currency)
        used = Used(
            event_id=fact.event_id,
            source=self._catalogue.sources[arrival.source_no],
            redeemed_us=fact.redeemed_us,
            assignment_id=fact.assignment_id,
            campaign_id=fact.campaign_id,
            tier_id=fact.tier_id,
            reward_micros=fact.reward_micros,
            currency=fact.currency,
        )
        verdict = match(terms, [self._given(a, a.public_id) for a in held], [used])[0]
        return verdict if verdict.outcome == "counted" else None

    def _given(self, a: _Held, public_id: str) -> Given:
        words = self._places[a.place_no]
        return Given(
            a.slot,
            a.assigned_us,
            a.expires_us,
            a.max_redemptions,
            bool(a.control),
            bool(a.withdrawn),
            public_id,
            a.promo_code,
            words.campaign_id,
            words.tier_id,
            a.reward_micros,
            a.reward_currency,
        )
