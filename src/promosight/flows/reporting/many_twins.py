"""Several redemptions of one group among thousands, where all that is stored of it is one assignment.

Which of them takes it, `matching` says. That one goes the way of all others that take one; the rest are too many or
came too late, and take nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from promosight.flows.reporting.many import Many
from promosight.flows.reporting.many_unmatched import Unmatched, used_of
from promosight.flows.reporting.plain import Plain
from promosight.rules.matching import Given, match
from promosight.store.rows import GroupKey, derived_id


class Twins(NamedTuple):
    """The rows that take an assignment, and the others with what they count as. What is in neither is not plain."""

    taking: set[int]
    others: list[Unmatched]


class _Assignment(NamedTuple):
    """A row of `assignments_to_match`."""

    bucket: int
    promotion_no: int
    customer_no: int
    import_no: int
    is_decided: int
    slot: int
    assigned_us: int
    expires_us: int | None
    max_redemptions: int | None
    control: int
    withdrawn: int
    assignment_id: str | None
    promo_code: str | None
    campaign_id: str | None
    tier_id: str | None
    reward_micros: int | None
    currency: str | None

    @property
    def given(self) -> Given:
        """The same as matching sees it."""
        return Given(
            self.slot,
            self.assigned_us,
            self.expires_us,
            self.max_redemptions,
            bool(self.control),
            bool(self.withdrawn),
            self.assignment_id or derived_id(self.customer_no, self.slot),
            *self[12:],
        )


def told_apart(plain: Plain, many: Many, groups: Mapping[GroupKey, list[int]]) -> Twins:
    """Judges groups that have one assignment and no event; each with its rows."""
    twins = Twins(set(), [])
    if not groups:
        return twins
    rows = list(chain.from_iterable(groups.values()))
    used = dict(zip(rows, used_of(plain, many, rows), strict=True))
    asked: list[Any] = [*zip(*sorted(groups), strict=True)]
    published = plain.catalogue.workspace.published_import_no
    own_is_held = many.arrivals[0].import_no > published
    for row in plain.tx.all_by_column("assignments_to_match", asked):
        a = _Assignment(*row)
        # A decision waits for news of it; and it must be counted where its redemptions are.
        if a.is_decided or (a.import_no > published and not own_is_held):
            continue
        key = GroupKey(*a[:3])
        its = groups[key]
        verdicts = match(
            plain.catalogue.terms(a.promotion_no), [a.given], [used[one] for one in its]
        )
        taking = {one for one, v in zip(its, verdicts, strict=True) if v.slot is not None}
        if len(taking) > 1:
            continue  # only one of them is its customer's first
        twins.taking.update(taking)
        twins.others.extend(
            ((*key, one), verdict)
            for one, verdict in zip(its, verdicts, strict=True)
            if one not in taking
        )
    return twins
