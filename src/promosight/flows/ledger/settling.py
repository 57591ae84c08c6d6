"""Settling a group: match its facts anew, and say what that changes.

A group is the facts of one promotion and one customer. Settling is the same for one event and for a
hundred thousand, for a new fact and for a changed promotion: take away what each fact added to the
counters, match, write what is derived, add what each fact adds now.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.rules.matching import (
    Given,
    Used,
    Verdict,
    assigned_micros,
    is_other_money,
    match,
    promised_in,
)
from promosight.rules.one_more import Uses
from promosight.rules.promotions import Terms
from promosight.rules.tallies import AssignmentStanding, Cells, Place, RedemptionStanding
from promosight.store.catalogue import Catalogue
from promosight.store.rows import AssignmentRow, EventRow, GroupKey

NOWHERE = Place("", "", "", "", "", "")


class Judged(NamedTuple):
    """What is said of new events of a group by what is kept: how assignments are used now, what events count as."""

    uses: dict[int, Uses]
    verdicts: list[tuple[EventRow, Verdict]]


class KeptUses(NamedTuple):
    """How an assignment is used as it is stored (see kept_uses). `import_no`: the latest of the events judged by it."""

    import_no: int
    uses: Uses


class Group:
    """The facts of one group. `new_assignments` and `new_events` are not in the store yet.

    A group without any assignment may hold only some of its events: there each is judged alone. `before` is
    what the group added before somebody changed one of its rows (a withdrawal, more channels), else None;
    `carried` are the slots of those with more channels. `kept` is what is kept of how each assignment is used, where
    all of them have it. A group `judged` by that holds no stored events but redemptions that are reversed.
    """

    __slots__ = (
        "assignments",
        "before",
        "carried",
        "events",
        "judged",
        "kept",
        "key",
        "new_assignments",
        "new_events",
    )

    def __init__(self, key: GroupKey) -> None:
        self.key = key
        self.before: Standing | None = None
        self.carried: set[int] = set()
        self.kept: dict[int, KeptUses] = {}
        self.judged: Judged | None = None
        self.assignments: list[AssignmentRow] = []
        self.events: list[EventRow] = []
        self.new_assignments: list[AssignmentRow] = []
        self.new_events: list[EventRow] = []

    def remember(self, catalogue: Catalogue) -> None:
        """Keeps what the stored facts add now, before one of their rows is changed."""
        if self.before is None:
            self.before = standing(catalogue, self.assignments, self.events)


class Context(NamedTuple):
    """What judging a group's events needs beside the group."""

    catalogue: Catalogue
    known_customers: set[int]
    foreign_codes: set[tuple[int, str, int]]
    """(promotion_no, code, customer_no): the code was issued, but to others."""
    code_promotions: dict[str, int]
    """The promotion each personal code belongs to."""


class Standing(NamedTuple):
    """What the facts of a group add to the counters."""

    assignments: dict[int, AssignmentStanding]
    redemptions: dict[tuple[int, str], RedemptionStanding]

    @property
    def customers(self) -> tuple[int, int]:
        """Whether the customer counts as assigned, and as redeemed."""
        redeemed = any(a.redeemed for a in self.assignments.values())
        return int(bool(self.assignments)), int(redeemed)


def standing(
    catalogue: Catalogue, assignments: list[AssignmentRow], events: list[EventRow]
) -> Standing:
    """What facts add as their derived columns say now."""
    places = {a.slot: _place(catalogue, a) for a in assignments}
    tracking_from_us = catalogue.workspace.tracking_from_us
    return Standing(
        {
            a.slot: AssignmentStanding(
                places[a.slot],
                a.redeemed_us is not None,
                "" if a.redeemed_us is None else catalogue.days.day(a.redeemed_us),
                a.committed_micros,
                a.currency,
            )
            for a in assignments
            if not a.control and a.withdrawn_us is None and a.assigned_us >= tracking_from_us
        },
        {
            e.identity: RedemptionStanding(
                places[e.slot] if e.slot is not None else _own_place(e),
                catalogue.sources[e.source_no],
                catalogue.days.day(e.redeemed_us),
                e.outcome,
                bool(e.live),
                e.cost_micros,
                e.currency,
                e.order_micros or 0,
                e.reward_currency or catalogue.workspace.currency,
            )
            for e in events
            if e.reverses is None
        },
    )


def _place(catalogue: Catalogue, a: AssignmentRow) -> Place:
    return Place(
        a.tier_id or "",
        a.segment or "",
        a.channels or "",
        a.campaign_id or "",
        catalogue.sources[a.source_no],
        catalogue.days.day(a.assigned_us),
    )


def _own_place(e: EventRow) -> Place:
    return NOWHERE._replace(tier=e.tier_id or "", campaign=e.campaign_id or "")


def move(cells: Cells, key: GroupKey, before: Standing, after: Standing) -> None:
    """Collects the difference between two standings of a group."""
    promotion_no = key.promotion_no
    for slot in before.assignments.keys() | after.assignments.keys():
        old, new = before.assignments.get(slot), after.assignments.get(slot)
        if old != new:
            if old is not None:
                cells.assignment(promotion_no, old, -1)
            if new is not None:
                cells.assignment(promotion_no, new, 1)
    for identity in before.redemptions.keys() | after.redemptions.keys():
        gone, come = before.redemptions.get(identity), after.redemptions.get(identity)
        if gone != come:
            if gone is not None:
                cells.redemption(promotion_no, gone, -1)
            if come is not None:
                cells.redemption(promotion_no, come, 1)
    (was_assigned, was_redeemed), (assigned, redeemed) = before.customers, after.customers
    if (was_assigned, was_redeemed) != (assigned, redeemed):
        cells.customer(promotion_no, assigned - was_assigned, redeemed - was_redeemed)


def derive(
    context: Context, terms: Terms, assignments: list[AssignmentRow], events: list[EventRow]
) -> None:
    """Matches the facts of a group and writes the outcome into their derived fields."""
    used = [e for e in events if e.reverses is None]
    reversals = reversals_among(context.catalogue, terms, assignments, used, events)
    verdicts = match(
        terms,
        [given(a) for a in assignments],
        [used_as(context, terms, e, reversals.get(e.identity, ())) for e in used],
    )
    redeemed: dict[int, int] = {}
    for e, verdict in zip(used, verdicts, strict=True):
        write_verdict(e, verdict)
        if verdict.live and verdict.slot is not None:
            redeemed[verdict.slot] = min(e.redeemed_us, redeemed.get(verdict.slot, e.redeemed_us))
        for reversal in reversals.get(e.identity, ()):
            write_verdict(reversal, TAKES_EFFECT)
    for a in assignments:
        a.redeemed_us = redeemed.get(a.slot)
        promise(terms, a)


def promise(terms: Terms, a: AssignmentRow) -> None:
    """Writes what an assignment commits by its terms, and in what."""
    a.committed_micros = assigned_micros(terms, given(a)) or 0
    a.currency = promised_in(terms, a.reward_currency)


TAKES_EFFECT = Verdict("counted", None, None, False, 0, "")
"""What a reversal counts as that undoes something of its redemption."""
_CONTRADICTS = Verdict("rejected", "identifier_conflict", None, False, 0, "")
_OTHER_MONEY = Verdict("rejected", "invalid", None, False, 0, "")


def reversals_among(
    catalogue: Catalogue,
    terms: Terms,
    assignments: list[AssignmentRow],
    used: list[EventRow],
    events: list[EventRow],
) -> dict[tuple[int, str], list[EventRow]]:
    """The reversals of each redemption; one that names another promotion, customer or currency reverses nothing."""
    given_in = {a.reward_currency for a in assignments}
    originals = {e.identity: e for e in used}
    found: dict[tuple[int, str], list[EventRow]] = {}
    for r in events:
        original = originals.get((r.source_no, r.reverses or ""))
        if r.reverses is None or original is None:
            continue
        if is_elsewhere(catalogue, r, original.promotion_no) or r.named_customer_no not in (
            0,
            original.customer_no,
        ):
            write_verdict(r, _CONTRADICTS)
        elif r.reward_micros is not None and is_other_money(
            terms, original.reward_currency, r.reward_currency, given_in
        ):
            write_verdict(r, _OTHER_MONEY)
        else:
            found.setdefault(original.identity, []).append(r)
    return found


def is_elsewhere(catalogue: Catalogue, r: EventRow, promotion_no: int) -> bool:
    """Whether a reversal names another promotion than that of its redemption."""
    listed = catalogue.by_no.get(promotion_no)
    if r.promotion_id is None or listed is None or listed.promotion_id == r.promotion_id:
        return False
    return catalogue.meant_by("promotion_id", r.promotion_id, r.source_no) != promotion_no


def write_verdict(e: EventRow, verdict: Verdict) -> None:
    """Writes what an event counts as into its derived fields."""
    e.outcome = verdict.outcome
    e.reason = verdict.reason
    e.slot = verdict.slot
    e.live = int(verdict.live)
    e.cost_micros = verdict.cost_micros
    e.currency = verdict.currency


def given(a: AssignmentRow) -> Given:
    """An assignment as matching sees it."""
    return Given(
        slot=a.slot,
        assigned_us=a.assigned_us,
        expires_us=a.expires_us,
        max_redemptions=a.max_redemptions,
        control=bool(a.control),
        withdrawn=a.withdrawn_us is not None,
        public_id=a.public_id,
        promo_code=a.promo_code,
        campaign_id=a.campaign_id,
        tier_id=a.tier_id,
        reward_micros=a.reward_micros,
        currency=a.reward_currency,
    )


def used_as(
    context: Context, terms: Terms, e: EventRow, reversals: list[EventRow] | tuple[()] = ()
) -> Used:
    """A redemption as matching sees it, with its reversals."""
    return Used(
        event_id=e.event_id,
        source=context.catalogue.sources[e.source_no],
        redeemed_us=e.redeemed_us,
        assignment_id=e.assignment_id,
        promo_code=e.promo_code,
        campaign_id=e.campaign_id,
        tier_id=e.tier_id,
        reward_micros=e.reward_micros,
        currency=e.reward_currency,
        code_is_foreign=(e.promotion_no, e.promo_code or "", e.customer_no)
        in context.foreign_codes,
        fully_reversed=any(r.reward_micros is None for r in reversals),
        reversed_micros=sum(r.reward_micros or 0 for r in reversals),
        fixed=_fixed(context, terms, e),
    )


def _fixed(context: Context, terms: Terms, e: EventRow) -> tuple[str, str] | None:
    contradicts = False
    if e.promotion_id is not None and e.promo_code is not None:
        named = context.catalogue.by_code.get(e.promo_code)
        named_no = named.promotion_no if named else context.code_promotions.get(e.promo_code)
        contradicts = named_no is not None and named_no != e.promotion_no
    known = e.customer_no in context.known_customers
    return decided_before(terms, contradicts=contradicts, known=known)


def decided_before(terms: Terms, *, contradicts: bool, known: bool) -> tuple[str, str] | None:
    """The outcome that promotion, code and customer decide before the group is looked at.

    `contradicts`: the code is of another promotion than the one named beside it. `known`: the customer is.
    """
    if not terms.known:
        return "pending", "unknown_promotion"
    if terms.draft:
        return "rejected", "draft_promotion"
    if terms.historical:
        return "rejected", "historical_promotion"
    if contradicts:
        return "rejected", "identifier_conflict"
    return None if known else ("pending", "unknown_customer")
