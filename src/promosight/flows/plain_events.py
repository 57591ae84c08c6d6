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

from promosight.flows.groups import layer_of
from promosight.flows.intake import Receipt
from promosight.flows.places import Words, places
from promosight.flows.plain import Plain
from promosight.rules.facts import Event
from promosight.rules.identity import bucket_of, counter_bucket, customer_number
from promosight.rules.matching import Given, Used, Verdict, match, match_alone
from promosight.rules.promotions import Terms
from promosight.rules.tallies import AssignmentStanding, Cells, Place, RedemptionStanding
from promosight.store.rows import Arrival, EventRow, GroupKey, derived_id, event_columns
from promosight.store.tx import LostRace, Row


class Told(NamedTuple):
    """One redemption or reversal of a transaction, with its place there."""

    position: int
    fact: Event
    arrival: Arrival

    @property
    def identity(self) -> tuple[int, str]:
        """(source_no, event_id): what makes a second delivery the same event."""
        return self.arrival.source_no, self.fact.event_id


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
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._receipts = plain.receipts
        self._cells = plain.cells
        self._rows: list[Row] = []
        self._places: dict[int, Words] = {}

    def take(self, told: list[Told]) -> list[Told]:
        alone, again, rest = self._sort_out(told)
        rest += self._reversed_ahead(alone)
        found: dict[tuple[int, int], list[_Held]] = {}
        for row in self._tx.all_for("plain_groups", sorted(alone)):
            found.setdefault(row[:2], []).append(_Held(*row))
        workspace_no = self._catalogue.workspace.workspace_no
        numbers = {a.place_no for held in found.values() for a in held}
        self._places = places(self._tx, workspace_no, numbers)
        for key, one in alone.items():
            held = found.get(key[1:])
            if held is None or not self._answer(key, one, held):
                rest.append(one)
        if self._tx.run_many("add_events", self._rows) != len(self._rows):
            raise LostRace
        rest += [one for one, first in again if not self._repeat(one, first)]
        rest.sort(key=lambda one: one.position)
        return rest

    def _sort_out(
        self, told: list[Told]
    ) -> tuple[dict[GroupKey, Told], list[tuple[Told, Told]], list[Told]]:
        """Those alone in their group here, those that come again (with the first), and the rest."""
        by_id = self._catalogue.by_id
        workspace_id = self._catalogue.workspace.workspace_id
        first: dict[tuple[int, str], Told] = {}
        alone: dict[GroupKey, Told] = {}
        again: list[tuple[Told, Told]] = []
        rest: list[Told] = []
        for one in told:
            fact = one.fact
            earlier = first.setdefault(one.identity, one)
            if earlier is not one:
                again.append((one, earlier))
                continue
            if fact.reverses is None and fact.promo_code is None and fact.customer_id is not None:
                listed = by_id.get(fact.promotion_id or "")
                if listed is not None and listed.terms.in_force:
                    number = customer_number(workspace_id, fact.customer_id)
                    key = GroupKey(bucket_of(number), listed.promotion_no, number)
                    if alone.setdefault(key, one) is one:
                        continue
            rest.append(one)
        return alone, again, rest

    def _reversed_ahead(self, alone: dict[GroupKey, Told]) -> list[Told]:
        """Takes out those whose reversal came before them and waits."""
        if not alone or self._tx.one("any_waiting") is None:
            return []
        identities = sorted(one.identity for one in alone.values())
        waiting = {
            (r.source_no, r.reverses)
            for r in (EventRow(*row) for row in self._tx.all_for("reversals_of", identities))
        }
        met = [key for key, one in alone.items() if one.identity in waiting]
        return [alone.pop(key) for key in met]

    def _answer(self, key: GroupKey, one: Told, held: list[_Held]) -> bool:
        """Takes an event or tells it for a repeated one; False where its group needs settling."""
        if held[0].event_id is not None:
            return self._is_repeated(one, held)
        terms = self._catalogue.terms(key.promotion_no)
        verdict = self._verdict(terms, one, held)
        if verdict is None:
            return False
        taken = next(a for a in held if a.slot == verdict.slot)
        self._keep(key, one, taken, verdict)
        layer = layer_of(self._catalogue, one.arrival.import_no, (a.import_no for a in held))
        self._count(self._cells[layer], key, one, taken, verdict)
        return True

    def _is_repeated(self, one: Told, held: list[_Held]) -> bool:
        for row in held:
            if (row.event_source_no, row.event_id) == one.identity:
                if row.event_digest != one.fact.digest or row.event_outcome == "rejected":
                    return False
                taken = [a.public_id for a in held if a.slot == row.event_slot]
                self._receipts[one.position] = Receipt(
                    one.fact.event_id,
                    "duplicate",
                    one.fact.promotion_id,
                    taken[0] if taken else None,
                    row.event_reason,
                    row.event_received_us or 0,
                )
                return True
        return False

    def _repeat(self, one: Told, first: Told) -> bool:
        before = self._receipts[first.position]
        if before is None or one.fact.digest != first.fact.digest:
            return False
        self._receipts[one.position] = msgspec.structs.replace(before, outcome="duplicate")
        return True

    def _keep(self, key: GroupKey, one: Told, taken: _Held, verdict: Verdict) -> None:
        self._rows.append(event_columns(one.fact, key, one.arrival, verdict))
        self._receipts[one.position] = Receipt(
            one.fact.event_id,
            verdict.outcome,
            one.fact.promotion_id,
            taken.public_id,
            verdict.reason,
            one.arrival.received_us,
        )

    def _count(
        self, cells: Cells, key: GroupKey, one: Told, taken: _Held, verdict: Verdict
    ) -> None:
        catalogue, fact = self._catalogue, one.fact
        bucket, day = counter_bucket(key.bucket), catalogue.days.day(fact.redeemed_us)
        words = self._places[taken.place_no]
        place = Place(
            words.tier_id or "",
            words.segment or "",
            words.channels or "",
            words.campaign_id or "",
            catalogue.sources[taken.source_no],
            catalogue.days.day(taken.assigned_us),
        )
        if taken.assigned_us >= catalogue.workspace.tracking_from_us:
            money = taken.committed_micros, taken.currency
            open_ = AssignmentStanding(place, False, "", *money)
            cells.assignment(bucket, key.promotion_no, open_, -1)
            redeemed = AssignmentStanding(place, True, day, *money)
            cells.assignment(bucket, key.promotion_no, redeemed, 1)
            cells.customer(bucket, key.promotion_no, "", 0, 1)
        used = RedemptionStanding(
            place,
            catalogue.sources[one.arrival.source_no],
            day,
            verdict.outcome,
            True,
            verdict.cost_micros,
            verdict.currency,
            fact.order_micros or 0,
            fact.currency or catalogue.workspace.currency,
        )
        cells.redemption(bucket, key.promotion_no, used, 1)
        cells.seen(bucket, key.promotion_no, fact.redeemed_us)

    def _verdict(self, terms: Terms, one: Told, held: list[_Held]) -> Verdict | None:
        """What the only redemption of a group counts as; None unless it takes one of the assignments."""
        fact = one.fact
        if len(held) == 1:
            given = self._given(held[0], "")
            return match_alone(terms, given, fact.redeemed_us, fact.reward_micros, fact.currency)
        used = Used(
            event_id=fact.event_id,
            source=self._catalogue.sources[one.arrival.source_no],
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
