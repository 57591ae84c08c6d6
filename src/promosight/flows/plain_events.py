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

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import msgspec

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.intake import Receipt
from promosight.flows.places import NumberedPlace, places
from promosight.flows.plain import MANY, Plain
from promosight.flows.settling import given
from promosight.rules.facts import Event
from promosight.rules.identity import BUCKET_SHIFT
from promosight.rules.matching import Used, first_use, is_in_time, match, promised_micros
from promosight.rules.tallies import FirstUse
from promosight.store.rows import Arrival, AssignmentRow, EventRow, use_columns
from promosight.store.tx import Row

Told = tuple[int, Event, Arrival]
"""One redemption or reversal of a transaction: its position there, what it says, and how it arrived."""

_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""
_Group = tuple[int, int]
"""The same without the bucket."""


class _Held(NamedTuple):
    """A row of `plain_groups`: an assignment, whether it may be used at all, an event of its group, if any, and
    whether a decision made it."""

    promotion_no: int
    customer_no: int
    slot: int
    assigned_us: int
    expires_us: int | None
    usable: int
    assignment_id: str | None
    place_no: int
    reward_micros: int | None
    source_no: int
    import_no: int
    currency: str
    event_id: str | None
    decided: int


class _Found(NamedTuple):
    """The groups looked up: of one assignment and no event, of several and no event, and those with events."""

    sole: dict[_Group, _Held]
    crowded: dict[_Group, list[_Held]]
    used: set[_Group]


_Use = tuple[_Key, Told, _Held, str | None, int, str]
"""An event that takes an assignment: its group, the event, the assignment, reason, cost (micros), currency."""


def take_plain_events(plain: Plain, told: list[Told], beside: set[tuple[str, str]]) -> list[Told]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace.

    `beside`: (promotion_id, customer_id) of the assignments that came in the same transaction.
    """
    return _PlainEvents(plain, beside).take(told) if told else []


class _PlainEvents:
    def __init__(self, plain: Plain, beside: set[tuple[str, str]]) -> None:
        self._plain = plain
        self._beside = beside
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._places: dict[int, NumberedPlace] = {}

    def take(self, told: list[Told]) -> list[Told]:
        alone, again, rest = self._sort_out(told)
        rest += self._reversed_ahead(alone)
        found = self._look_up(alone)
        self._answer_repeated({key: one for key, one in alone.items() if key[1:] in found.used})
        self._keep(chain(self._sole_uses(alone, found), self._crowded_uses(alone, found)))
        receipts = self._plain.receipts
        rest += [one for one in alone.values() if receipts[one[0]] is None]
        rest += [one for one, first in again if not self._repeat(one, first)]
        rest.sort()
        return rest

    def _sort_out(
        self, told: list[Told]
    ) -> tuple[dict[_Key, Told], list[tuple[Told, Told]], list[Told]]:
        """Those alone in their group here, those that come again (with the first), and the rest."""
        nos, numbers = self._catalogue.open_nos, self._plain.customer_numbers
        beside = self._beside
        first: dict[tuple[int, str], Told] = {}
        by_key: dict[_Key, list[Told]] = {}
        again: list[tuple[Told, Told]] = []
        rest: list[Told] = []
        for one in told:
            _, fact, arrival = one
            earlier = first.setdefault((arrival.source_no, fact.event_id), one)
            if earlier is not one:
                again.append((one, earlier))
                continue
            promotion_no = nos.get(fact.promotion_id or "")
            if promotion_no is None or fact.reverses is not None:
                rest.append(one)
                continue
            number = numbers[fact.customer_id or ""]
            key = (number >> BUCKET_SHIFT, promotion_no, number)
            by_key.setdefault(key, []).append(one)
        alone: dict[_Key, Told] = {}
        for key, ones in by_key.items():
            # Facts of one group are judged together, so that each hears what it counts as beside the others.
            fact = ones[0][1]
            crowded = len(ones) > 1 or (
                beside and (fact.promotion_id or "", fact.customer_id or "") in beside
            )
            if not crowded and fact.promo_code is None:
                alone[key] = ones[0]
            else:
                rest += ones
        return alone, again, rest

    def _reversed_ahead(self, alone: dict[_Key, Told]) -> list[Told]:
        """Takes out those whose reversal came before them and waits."""
        if not alone or self._tx.one("any_waiting") is None:
            return []
        by_identity = {(a.source_no, f.event_id): key for key, (_, f, a) in alone.items()}
        rows = self._tx.all_for("reversals_of", sorted(by_identity))
        waiting = {(r.source_no, r.reverses or "") for r in (EventRow(*row) for row in rows)}
        return [alone.pop(by_identity[identity]) for identity in sorted(waiting)]

    def _look_up(self, alone: dict[_Key, Told]) -> _Found:
        rows = list(map(_Held._make, self._tx.all_for("plain_groups", sorted(alone))))
        groups = [row[:2] for row in rows]
        found = _Found(dict(zip(groups, rows, strict=True)), {}, set())
        found.used.update(row[:2] for row in rows if row.event_id is not None)
        if len(found.sole) < len(rows):
            several = {group for group, n in Counter(groups).items() if n > 1} - found.used
            for group, row in zip(groups, rows, strict=True):
                if group in several:
                    found.crowded.setdefault(group, []).append(row)
        for group in (*found.crowded, *found.used):
            del found.sole[group]
        numbers = {row.place_no for row in rows}
        self._places = places(self._tx, self._plain.workspace_no, numbers)
        return found

    def _sole_uses(self, alone: dict[_Key, Told], found: _Found) -> Iterator[_Use]:
        """What events take in groups of one assignment, where they may."""
        by_no, at, sole = self._catalogue.by_no, self._places, found.sole
        worth: dict[
            tuple[int, int, int | None, int | None, str | None], tuple[str | None, int, str]
        ]
        worth = {}
        for key, one in alone.items():
            held = sole.get(key[1:])
            if held is None or not held.usable:
                continue
            fact = one[1]
            if not is_in_time(held.assigned_us, held.expires_us, fact.redeemed_us):
                continue
            # Thousands of uses are worth the same: what decides it is worked out once.
            said = held.reward_micros, fact.reward_micros, fact.currency
            case = (key[1], held.place_no, *said)
            use = worth.get(case)
            if use is None:
                terms, tier_id = by_no[key[1]].terms, at[held.place_no].words.tier_id
                promised = promised_micros(terms, held.reward_micros, tier_id)
                use = first_use(terms, promised, fact.reward_micros, fact.currency)
                worth[case] = use
            yield (key, one, held, *use)

    def _crowded_uses(self, alone: dict[_Key, Told], found: _Found) -> Iterator[_Use]:
        """What events take in groups of several assignments and no event yet."""
        keys = [key for key in alone if key[1:] in found.crowded] if found.crowded else []
        rows: dict[_Key, list[AssignmentRow]] = {}
        for row in (AssignmentRow(*r) for r in self._tx.all_for("assignments_of_groups", keys)):
            rows.setdefault(row.key, []).append(row)
        for key in keys:
            _, fact, arrival = alone[key]
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
            terms = self._catalogue.by_no[key[1]].terms
            verdict = match(terms, [given(a) for a in rows[key]], [used])[0]
            if verdict.outcome == "counted":
                taken = next(a for a in found.crowded[key[1:]] if a.slot == verdict.slot)
                worth = verdict.reason, verdict.cost_micros, verdict.currency
                yield (key, alone[key], taken, *worth)

    def _answer_repeated(self, again: dict[_Key, Told]) -> None:
        """Answers those that their groups hold already, in the same words."""
        by_identity = {(a.source_no, f.event_id): (i, f) for i, f, a in again.values()}
        wanted = [(*key, a.source_no, f.event_id) for key, (_, f, a) in again.items()]
        for row in self._tx.all_for("repeated_events", wanted):
            source_no, event_id, digest, outcome, reason, received_us, *taken = row
            position, fact = by_identity[source_no, event_id]
            if digest == fact.digest and outcome != "rejected":
                customer_no, slot, assignment_id = taken
                named = None if slot is None else assignment_id or (customer_no, slot)
                self._plain.receipts[position] = self._plain.briefly("duplicate", reason) or (
                    Receipt(event_id, "duplicate", fact.promotion_id, named, reason, received_us)
                )

    def _keep(self, uses: Iterable[_Use]) -> None:
        """Writes the events, answers them, and moves the counters."""
        catalogue, at = self._catalogue, self._places
        receipts, briefly = self._plain.receipts, self._plain.briefly
        workspace, sources, day = catalogue.workspace, catalogue.sources, catalogue.days.day
        published, tracked_us = workspace.published_import_no, workspace.tracking_from_us
        counted: dict[int, list[FirstUse]] = {PUBLISHED: [], HELD: []}
        rows: list[Row] = []
        for key, (position, fact, arrival), taken, reason, cost_micros, currency in uses:
            rows.append(use_columns(fact, key, arrival, taken.slot, reason, cost_micros, currency))
            receipts[position] = briefly("counted", reason) or Receipt(
                fact.event_id,
                "counted",
                fact.promotion_id,
                taken.assignment_id or (taken.customer_no, taken.slot),
                reason,
                arrival.received_us,
            )
            if taken.decided:
                self._plain.decided.append(key)
            held = arrival.import_no > published or taken.import_no > published
            use = (
                key[1],
                at[taken.place_no].texts,
                sources[taken.source_no],
                day(taken.assigned_us),
                taken.currency if taken.assigned_us >= tracked_us else None,
                sources[arrival.source_no],
                day(fact.redeemed_us),
                currency,
                fact.currency or workspace.currency,
                cost_micros,
                fact.order_micros or 0,
                fact.redeemed_us,
            )
            counted[HELD if held else PUBLISHED].append(use)
        self._tx.add_new("add_events", rows)
        for layer, some in counted.items():
            self._plain.cells[layer].use_first(some, together=len(some) >= MANY)

    def _repeat(self, one: Told, first: Told) -> bool:
        """Answers an event that came earlier in the same transaction, if that was plain."""
        before = self._plain.receipts[first[0]]
        if before is None or one[1].digest != first[1].digest:
            return False
        self._plain.receipts[one[0]] = msgspec.structs.replace(before, outcome="duplicate")
        return True
