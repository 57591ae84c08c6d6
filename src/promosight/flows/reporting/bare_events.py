"""Redemptions of groups without assignments: of customers who were not given the promotion, or of an unknown one.

In such a group each event is judged alone, so that there is nothing to load. Those of thousands that are left over
for no other reason need no settling: they are judged once for all that are alike, and go to the store as columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promosight.flows.ledger.naming import Customers
from promosight.flows.ledger.settling import decided_before
from promosight.flows.reporting.many import Many, alike
from promosight.flows.reporting.many_unmatched import Asked, keep_unmatched
from promosight.flows.reporting.plain import Plain
from promosight.flows.reporting.plain_events import PlainEvents
from promosight.flows.reporting.repeated import answer_repeated
from promosight.rules.matching import Used, Verdict, match

if TYPE_CHECKING:
    from promosight.rules.numbers import Numbers
from promosight.rules.sheets import picked


def take_bare_events(
    plain: Plain,
    many: Many,
    customers: Customers,
    rows: list[int],
    numbers: Numbers,
    unassigned: set[int],
) -> None:
    """Takes those among these rows, leaving their receipts; no two of them are the same event. Raises LostRace.

    `numbers` has the promotion of every row that is in force, as `promotions_of`. In the groups of those `unassigned`
    there is no assignment, as was seen already.
    """
    _BareEvents(plain, many, customers, numbers).take(rows, unassigned)


class _BareEvents:
    def __init__(self, plain: Plain, many: Many, customers: Customers, numbers: Numbers) -> None:
        self._plain = plain
        self._many = many
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers
        self._numbers = numbers

    def take(self, rows: list[int], unassigned: set[int]) -> None:
        asked = self._unassigned(self._candidates(rows), unassigned)
        asked = self._not_reversed_ahead(self._new(asked))
        keep_unmatched(self._plain, self._many, list(zip(asked, self._judged(asked), strict=True)))

    def _candidates(self, rows: list[int]) -> list[Asked]:
        """The groups of events whose promotion is in force, or unknown and named without a code."""
        numbers, key, by_id = self._customers.numbers, self._customers.key, self._catalogue.by_id
        names = ("promotion_id", "promo_code", "customer_id", "reverses")
        named, codes, *whom = (picked(self._many.column(name), rows) for name in names)
        mapped = self._catalogue.mapped_ids
        unknown = {
            one: by_id[one].promotion_no
            for one in {one for one, code in zip(named, codes, strict=True) if code is None}
            if one is not None and not by_id[one].terms.known and one not in mapped
        }
        found = []
        in_force = self._numbers[rows].tolist()
        for row, no, one, code, customer_id, reverses in zip(
            rows, in_force, named, codes, *whom, strict=True
        ):
            its = unknown.get(one, no) if no < 0 and code is None else no
            if its >= 0 and customer_id in numbers and reverses is None:
                found.append((*key(its, customer_id), row))
        found.sort()
        return found

    def _unassigned(self, asked: list[Asked], seen: set[int]) -> list[Asked]:
        """Those whose groups have no assignment."""
        unsure = sorted({one[:3] for one in asked if one[3] not in seen})
        assigned = {row[:2] for row in self._tx.all_for("assignments_in_groups", unsure)}
        return [one for one in asked if one[1:3] not in assigned]

    def _new(self, asked: list[Asked]) -> list[Asked]:
        """Those that their groups do not hold already; the others are answered, where they come in the same words."""
        groups = sorted({one[:3] for one in asked})
        held = set(self._tx.all_for("groups_with_events", groups))
        unsure = [one for one in asked if one[1:3] in held]
        if not unsure:
            return asked
        *keys, rows = map(list, zip(*unsure, strict=True))
        there = answer_repeated(self._plain, self._many, keys, rows)
        return [one for one in asked if one[3] not in there]

    def _not_reversed_ahead(self, asked: list[Asked]) -> list[Asked]:
        """Those whose reversal did not come before them and waits."""
        if not asked or not self._plain.any_ahead:
            return asked
        identities = self._many.identities([one[3] for one in asked])
        ahead = PlainEvents(self._plain, set()).reversed_ahead(identities)
        return [one for one, its in zip(asked, identities, strict=True) if its not in ahead]

    def _judged(self, asked: list[Asked]) -> list[Verdict]:
        """What each counts as: worked out once for all that are alike."""
        rows, column = [one[3] for one in asked], self._many.column
        said = [picked(column(name), rows) for name in ("tier_id", "reward_micros", "currency")]
        known = [one[2] in self._customers.known for one in asked]
        cases = zip((one[1] for one in asked), known, *said, strict=True)
        first, by_case = alike(cases, len(asked))
        found = {at: self._judge(*case) for case, at in by_case.items()}
        return [found[at] for at in first]

    def _judge(self, promotion_no: int, known: bool, tier_id: Any, *reward: Any) -> Verdict:
        """What `settling` makes of an event that is alone in its group."""
        terms = self._catalogue.terms(promotion_no)
        one = Used(
            event_id="",
            source="",
            redeemed_us=0,
            tier_id=tier_id,
            reward_micros=reward[0],
            currency=reward[1],
            fixed=decided_before(terms, contradicts=False, known=known),
        )
        return match(terms, [], [one])[0]
