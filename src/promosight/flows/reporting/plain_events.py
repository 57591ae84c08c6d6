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

from collections.abc import Iterator, Sequence
from itertools import compress, count, pairwise
from operator import itemgetter
from typing import NamedTuple

import msgspec

from promosight.flows.ledger.announcing import announce_uses
from promosight.flows.ledger.counters import HELD, PUBLISHED
from promosight.flows.ledger.places import places
from promosight.flows.ledger.settling import given
from promosight.flows.reporting.intake import Receipt
from promosight.flows.reporting.plain import Plain
from promosight.rules.counted import UseColumns
from promosight.rules.counting import MANY, count_uses
from promosight.rules.facts import Event
from promosight.rules.identity import BUCKET_SHIFT
from promosight.rules.matching import Used, first_use, is_in_time, match, promised_micros
from promosight.rules.tallies import FirstUse
from promosight.store.rows import Arrival, AssignmentRow, EventRow, use_row

Told = tuple[int, Event, Arrival]
"""One redemption or reversal of a transaction: its position there, what it says, and how it arrived."""

_Key = tuple[int, int, int]
"""The group: (bucket, promotion_no, customer_no)."""
_Asked = tuple[int, int, int, int]
"""A group, and the number of the event alone in it here."""

_Held = tuple[
    int,
    int,
    int,
    int,
    int,
    int,
    int | None,
    int,
    str | None,
    int,
    int | None,
    int,
    int,
    str,
    int,
    int,
]
"""A row of `plain_groups`: (number, bucket, promotion_no, customer_no, slot, assigned_us, expires_us, usable,
assignment_id, place_no, reward_micros, source_no, import_no, currency, used, decided): an assignment, by the number of
the event alone in its group here; whether it may be used at all, whether its group has an event, and whether a decision
made it."""


class _Alone(NamedTuple):
    """Events alone in their group here, and their groups in order, each with the number of its event."""

    told: Sequence[Told]
    asked: list[_Asked]


class _Found(NamedTuple):
    """The groups looked up, by the number of the event: of one assignment and no event, of several and no event,
    and those with events."""

    sole: list[_Held]
    crowded: dict[int, list[_Held]]
    used: set[int]


_GIVEN = itemgetter(5, 4)
"""When an assignment was given, and its slot: as matching.given_later."""
Worth = tuple[str | None, int, str]
"""Reason, cost (micros) and currency of a redemption that counts."""
_Case = tuple[int, int, int | None, str, int | None, str | None]
"""What decides it: promotion and place, value and currency of the assignment, and of the redemption."""
_MOST_CASES = 20_000
_Numbers = tuple[int, int, int, int, str | None, int, int, str, str, int, int]
_Use = tuple[Told, _Held, Worth]
"""An event that takes an assignment."""


def take_plain_events(plain: Plain, told: list[Told], beside: set[tuple[str, str]]) -> list[Told]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace.

    `beside`: (promotion_id, customer_id) of the assignments that came in the same transaction.
    """
    return PlainEvents(plain, beside).take(told) if told else []


class PlainEvents:
    """The plain way for the events of one transaction; `beside` as in `take_plain_events`."""

    def __init__(self, plain: Plain, beside: set[tuple[str, str]]) -> None:
        self._plain = plain
        self._beside = beside
        self._tx = plain.tx
        self._catalogue = plain.catalogue

    def take(self, told: list[Told]) -> list[Told]:
        """Takes the plain ones and returns the others in their order."""
        told, again = _each_once(told)
        alone, rest = self._sort_out(told)
        asked, ahead = self._not_reversed_ahead(alone)
        found = self._look_up(asked)
        if found.used:
            self._answer_repeated(alone.told, [one for one in asked if one[3] in found.used])
        sole = found.sole + self._given_last(alone.told, found)
        self._keep(self._sole_uses(alone.told, sole) + self._crowded_uses(alone.told, found))
        receipts = self._plain.receipts
        rest += [alone.told[one[3]] for one in ahead]
        rest += [one for *_, i in asked if receipts[(one := alone.told[i])[0]] is None]
        rest += [one for one, first in again if not self._repeat(one, first)]
        rest.sort()
        return rest

    def _sort_out(self, told: list[Told]) -> tuple[_Alone, list[Told]]:
        """Those that may be plain, alone in their group here, and the rest."""
        open_nos, numbers, beside = (
            self._catalogue.open_nos,
            self._plain.customer_numbers,
            self._beside,
        )
        nos = [open_nos.get(one[1].promotion_id or "", -1) for one in told]
        asked: list[_Asked] = [
            ((number := numbers[one[1].customer_id or ""]) >> BUCKET_SHIFT, no, number, index)
            for index, no, one in zip(count(), nos, told)
            if no >= 0 and one[1].reverses is None
        ]
        asked.sort()
        # Facts of one group are judged together, so that each hears what it counts as beside the others.
        apart = {
            index
            for one, other in pairwise(asked)
            if one[2] == other[2] and one[1] == other[1]
            for index in (one[3], other[3])
        }
        apart |= {i for i, one in enumerate(told) if one[1].promo_code is not None}
        if beside:
            named = [(one[1].promotion_id or "", one[1].customer_id or "") for one in told]
            apart |= {i for i, names in enumerate(named) if names in beside}
        if apart:
            asked = [one for one in asked if one[3] not in apart]
        if len(asked) == len(told):
            return _Alone(told, asked), []
        is_alone = {one[3] for one in asked}
        return _Alone(told, asked), [one for i, one in enumerate(told) if i not in is_alone]

    def _not_reversed_ahead(self, alone: _Alone) -> tuple[list[_Asked], list[_Asked]]:
        """Those to go on with, and those whose reversal came before them and waits."""
        told, asked = alone
        if not asked or not self._plain.any_ahead:
            return asked, []
        identities = [_identity(told[one[3]]) for one in asked]
        waiting = self.reversed_ahead(identities)
        ahead = [identity in waiting for identity in identities]
        return (
            list(compress(asked, [not is_so for is_so in ahead])),
            list(compress(asked, ahead)),
        )

    def reversed_ahead(self, identities: list[tuple[int, str]]) -> set[tuple[int, str]]:
        """The events among these whose reversal waits for them."""
        rows = self._tx.all_for("reversals_of", sorted(identities))
        return {(r.source_no, r.reverses or "") for r in (EventRow(*row) for row in rows)}

    def _look_up(self, asked: list[_Asked]) -> _Found:
        rows: list[_Held] = self._tx.all_for("plain_groups", asked)
        used = {row[0] for row in rows if row[14]}
        crowded: dict[int, list[_Held]] = {}
        if len({row[0] for row in rows}) < len(rows):
            by_number: dict[int, list[_Held]] = {}
            for row in rows:
                by_number.setdefault(row[0], []).append(row)
            crowded = {n: some for n, some in by_number.items() if len(some) > 1 and n not in used}
        if used or crowded:
            rows = [row for row in rows if row[0] not in used and row[0] not in crowded]
        return _Found(rows, crowded, used)

    @staticmethod
    def _given_last(told: Sequence[Told], found: _Found) -> list[_Held]:
        """Of several assignments the one given last, for events that name none: these are crowded no more."""
        taken: list[_Held] = []
        for number, some in [*found.crowded.items()]:
            fact = told[number][1]
            if fact.assignment_id is None and fact.campaign_id is None:
                del found.crowded[number]
                may = [one for one in some if one[7] and is_in_time(*one[5:7], fact.redeemed_us)]
                taken += sorted(may, key=_GIVEN)[-1:]
        return taken

    def keep_crowded(self, told: Sequence[Told], asked: list[_Asked]) -> None:
        """Takes events, alone in their group here, in groups of several assignments and no event."""
        found = self._look_up(asked)
        self._keep(self._crowded_uses(told, found))

    def _sole_uses(self, told: Sequence[Told], sole: list[_Held]) -> list[_Use]:
        """What events take in groups of one assignment, where they may."""
        # Thousands of uses are worth the same: what decides it is worked out once.
        worth: dict[_Case, Worth] = self._catalogue.worth
        if len(worth) > _MOST_CASES:
            worth.clear()
        uses: list[_Use] = []
        for held in sole:
            one = told[held[0]]
            fact = one[1]
            if not held[7] or not is_in_time(held[5], held[6], fact.redeemed_us):
                continue
            case = held[2], held[9], held[10], held[13], fact.reward_micros, fact.currency
            use = worth.get(case)
            if use is None:
                use = worth[case] = self.worth(*case)
            uses.append((one, held, use))
        return uses

    def worth(
        self,
        promotion_no: int,
        place_no: int,
        own_micros: int | None,
        own: str,
        reward_micros: int | None,
        currency: str | None,
    ) -> Worth:
        """What a redemption is worth that takes an assignment of such a place and value."""
        terms = self._catalogue.by_no[promotion_no].terms
        words = places(self._tx, self._plain.workspace_no, [place_no])[place_no].words
        promised = promised_micros(terms, own_micros, words.tier_id)
        return first_use(terms, promised, own, reward_micros, currency)

    def _crowded_uses(self, told: Sequence[Told], found: _Found) -> list[_Use]:
        """What events take in groups of several assignments and no event yet."""
        keys = sorted(some[0][1:4] for some in found.crowded.values())
        rows: dict[_Key, list[AssignmentRow]] = {}
        for row in (AssignmentRow(*r) for r in self._tx.all_for("assignments_of_groups", keys)):
            rows.setdefault(row.key, []).append(row)
        uses: list[_Use] = []
        for number, some in found.crowded.items():
            one = told[number]
            terms = self._catalogue.by_no[some[0][2]].terms
            given_here = [given(a) for a in rows[some[0][1:4]]]
            verdict = match(terms, given_here, [self._used(one)])[0]
            if verdict.outcome == "counted":
                taken = next(held for held in some if held[4] == verdict.slot)
                uses.append((one, taken, (verdict.reason, verdict.cost_micros, verdict.currency)))
        return uses

    def _used(self, one: Told) -> Used:
        """A redemption as matching sees it, its code not being a foreign one."""
        _, fact, arrival = one
        return Used(
            event_id=fact.event_id,
            source=self._catalogue.sources[arrival.source_no],
            redeemed_us=fact.redeemed_us,
            assignment_id=fact.assignment_id,
            promo_code=fact.promo_code,
            campaign_id=fact.campaign_id,
            tier_id=fact.tier_id,
            reward_micros=fact.reward_micros,
            currency=fact.currency,
        )

    def _answer_repeated(self, told: Sequence[Told], again: list[_Asked]) -> None:
        """Answers those that their groups hold already, in the same words."""
        by_identity = {_identity(told[one[3]]): told[one[3]] for one in again}
        wanted = [(*one[:3], *_identity(told[one[3]])) for one in again]
        for row in self._tx.all_for("repeated_events", wanted):
            source_no, event_id, digest, outcome, reason, received_us, *taken = row
            position, fact, _ = by_identity[source_no, event_id]
            if digest == fact.digest and outcome != "rejected":
                customer_no, slot, assignment_id = taken
                named = None if slot is None else assignment_id or (customer_no, slot)
                self._plain.receipts[position] = self._plain.briefly("duplicate", reason) or (
                    Receipt(event_id, "duplicate", fact.promotion_id, named, reason, received_us)
                )

    def _keep(self, uses: list[_Use]) -> None:
        """Writes the events, answers them, and moves the counters."""
        if not uses:
            return
        self._tx.add_new(
            "add_uses",
            [
                use_row(fact, held[1], held[2], held[3], arrival, held[4], *worth)
                for (_, fact, arrival), held, worth in uses
            ],
            workspace_no=self._plain.workspace_no,
            import_no=uses[0][0][2].import_no,
        )
        self._plain.decided += [held[1:4] for _, held, _ in uses if held[15]]
        self._answer(uses)
        if (workspace := self._catalogue.workspace).announced:
            told = [(max(one[2].import_no, held[12]), *_identity(one)) for one, held, _ in uses]
            announce_uses(self._tx, workspace, told, now_us=uses[-1][0][2].received_us)
        published = self._catalogue.workspace.published_import_no
        waits = [taken[12] > published or a.import_no > published for (_, _, a), taken, _ in uses]
        if any(waits):
            self._count(HELD, list(compress(uses, waits)))
            uses = [use for use, its in zip(uses, waits, strict=True) if not its]
        self._count(PUBLISHED, uses)

    def _answer(self, uses: list[_Use]) -> None:
        receipts, briefly = self._plain.receipts, self._plain.briefly
        for (position, fact, arrival), held, (reason, _, _) in uses:
            receipts[position] = briefly("counted", reason) or Receipt(
                fact.event_id,
                "counted",
                fact.promotion_id,
                held[8] or (held[3], held[4]),
                reason,
                arrival.received_us,
            )

    def _count(self, layer: int, uses: list[_Use]) -> None:
        """Adds the uses to the counters of a layer."""
        if not uses:
            return
        cells = self._plain.cells[layer]
        if len(uses) < MANY:
            cells.use_first(self._first_uses(uses))
            return
        columns = UseColumns._make(zip(*self._numbers(uses), strict=True))
        at = places(self._tx, self._plain.workspace_no, columns.place_no)
        count_uses(cells, columns, self._plain.names(at, columns.place_no))

    def _first_uses(self, uses: list[_Use]) -> Iterator[FirstUse]:
        """The uses as counters take a few."""
        at = places(self._tx, self._plain.workspace_no, [held[9] for _, held, _ in uses])
        sources, day = self._catalogue.sources, self._catalogue.days.day
        for one in self._numbers(uses):
            no, place_no, own_no, own_us, own, source_no, at_us, currency, paid_in, *amounts = one
            cost_micros, order_micros = amounts
            yield (
                *(no, at[place_no].texts, sources[own_no], day(own_us), own),
                *(sources[source_no], day(at_us), currency, paid_in),
                *(cost_micros, order_micros, at_us),
            )

    def _numbers(self, uses: list[_Use]) -> Iterator[_Numbers]:
        """Each use as a row of UseColumns."""
        workspace = self._catalogue.workspace
        tracked_us, usual = workspace.tracking_from_us, workspace.currency
        for (_, fact, arrival), held, (_, cost_micros, currency) in uses:
            own_us = held[5]
            yield (
                held[2],
                held[9],
                held[11],
                own_us,
                # Given before anything was counted: not in the rate.
                held[13] if own_us >= tracked_us else None,
                arrival.source_no,
                fact.redeemed_us,
                currency,
                fact.currency or usual,
                cost_micros,
                fact.order_micros or 0,
            )

    def _repeat(self, one: Told, first: Told) -> bool:
        """Answers an event that came earlier in the same transaction, if that was plain."""
        before = self._plain.receipts[first[0]]
        if before is None or one[1].digest != first[1].digest:
            return False
        self._plain.receipts[one[0]] = msgspec.structs.replace(before, outcome="duplicate")
        return True


def _identity(one: Told) -> tuple[int, str]:
    return one[2].source_no, one[1].event_id


def _each_once(told: list[Told]) -> tuple[list[Told], list[tuple[Told, Told]]]:
    """Each event where it comes first, and those that come again, each with the first."""
    identities: list[object] = [one[1].event_id for one in told]
    if len({one[2].source_no for one in told}) > 1:
        identities = [_identity(one) for one in told]
    first = dict(zip(reversed(identities), reversed(told), strict=True))
    if len(first) == len(told):
        return told, []
    both = [(one, first[identity]) for one, identity in zip(told, identities, strict=True)]
    return [one for one, it in both if one is it], [(one, it) for one, it in both if one is not it]
