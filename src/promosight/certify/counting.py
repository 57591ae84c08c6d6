"""What the figures must be: the semantics, sections 2 to 4, counted in the plainest way from the facts that were sent.

Nothing of Promosight is used, so that agreement means something. It walks through each customer's facts of a
promotion, and adds up lists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from promosight.certify.facts import SECOND, Assignment, Event, Terms

SKEW = 60 * SECOND
ZERO = Decimal(0)


@dataclass
class Standing:
    """What became of one redemption: its outcome, the assignment it took, whether it lives, what it cost."""

    event: Event
    outcome: str
    taken: Assignment | None
    live: bool
    cost: Decimal


@dataclass
class Counted:
    """One promotion's facts with what became of them. `rated` are the assignments of the rate."""

    terms: Terms
    rated: list[Assignment] = field(default_factory=list)
    redeemed: dict[str, Event] = field(default_factory=dict)
    """By assignment in the rate: the earliest live redemption that took it."""
    standings: list[Standing] = field(default_factory=list)

    def with_outcome(self, *outcomes: str) -> list[Standing]:
        """Live redemptions of some outcome."""
        return [one for one in self.standings if one.live and one.outcome in outcomes]

    @property
    def costing(self) -> list[Standing]:
        """The redemptions that are in `redemptions`, in cost and in order value."""
        return self.with_outcome("counted", "excess", "unassigned", "flagged")


def count(
    terms: Iterable[Terms],
    assignments: Iterable[Assignment],
    events: Iterable[Event],
    withdrawn: set[str],
    tracking_from_us: int,
) -> dict[str, Counted]:
    """Every promotion's count, from the set of facts that were accepted."""
    given, used, undone = defaultdict(list), defaultdict(list), defaultdict(list)
    for a in assignments:
        given[a.promotion_id, a.customer_id].append(a)
    for e in events:
        if e.reverses is None:
            used[e.home, e.customer_id].append(e)
        else:
            undone[e.reverses].append(e)
    known = {customer for _, customer in given}
    owners: dict[tuple[str, str | None], str] = {
        (a.promotion_id, a.promo_code): a.customer_id
        for group in given.values()
        for a in group
        if a.promo_code
    }
    counted = {one.promotion_id: Counted(one) for one in terms}
    for promotion_id, customer in {**given, **used}:
        here = counted[promotion_id]
        eligible = [a for a in given[promotion_id, customer] if a.assignment_id not in withdrawn]
        group = _Group(here.terms, eligible, undone, owners, customer in known)
        here.standings += group.settled(used[promotion_id, customer])
        here.rated += [a for a in eligible if not a.control and a.assigned_us >= tracking_from_us]
    for here in counted.values():
        _note_redeemed(here)
    return counted


def _note_redeemed(here: Counted) -> None:
    rated = {a.assignment_id for a in here.rated}
    for one in sorted(here.with_outcome("counted"), key=lambda s: s.event.redeemed_us):
        if one.taken is not None and one.taken.assignment_id in rated:
            here.redeemed.setdefault(one.taken.assignment_id, one.event)


@dataclass
class _Group:
    """The facts of one promotion and one customer."""

    terms: Terms
    given: list[Assignment]
    undone: dict[str, list[Event]]
    owners: dict[tuple[str, str | None], str]
    known: bool

    def settled(self, events: list[Event]) -> list[Standing]:
        """What becomes of redemptions (semantics, section 3)."""
        uses: Counter[str] = Counter()
        found = []
        for e in sorted(events, key=self._turn):
            outcome, taken = self._outcome(e, uses)
            live = not self._is_undone(e)
            if live and taken is not None:
                uses[taken.assignment_id] += 1
            found.append(Standing(e, outcome, taken, live, self._cost(e, taken) if live else ZERO))
        return found

    def _turn(self, e: Event) -> tuple[bool, int, int, str]:
        """Live ones first, since reversed ones take nothing; then by reference, time and id."""
        reference = 3
        if e.assignment_id is not None:
            reference = 0
        elif any(a.promo_code == e.promo_code for a in self.given if e.promo_code):
            reference = 1
        elif e.campaign_id is not None:
            reference = 2
        return self._is_undone(e), reference, e.redeemed_us, e.event_id

    def _outcome(self, e: Event, uses: Counter[str]) -> tuple[str, Assignment | None]:
        if not self.known:
            return "pending", None
        if self._is_foreign(e):
            return "flagged", None
        in_time = [a for a in self.given if _is_in_time(a, e)]
        meant = [a for a in in_time if not a.control]
        if in_time and not meant:
            return "flagged", None
        meant = self._referred(e, meant)
        if not meant:
            return "unassigned", None
        unused = [a for a in meant if not uses[a.assignment_id]]
        left = [a for a in meant if uses[a.assignment_id] < self._allowed(a)]
        best = max(unused or left, key=lambda a: a.assigned_us, default=None)
        return ("counted", best) if best else ("excess", None)

    def _referred(self, e: Event, meant: list[Assignment]) -> list[Assignment]:
        for name in ("assignment_id", "promo_code", "campaign_id"):
            said = getattr(e, name)
            named = [a for a in meant if said is not None and getattr(a, name) == said]
            if named:
                return named
        return meant

    def _is_foreign(self, e: Event) -> bool:
        return self.owners.get((e.home, e.promo_code), e.customer_id) != e.customer_id

    def _allowed(self, a: Assignment) -> int:
        return a.max_redemptions or self.terms.max_redemptions

    def _is_undone(self, e: Event) -> bool:
        parts = [r.reward_value for r in self.undone.get(e.event_id, ())]
        return None in parts or (bool(parts) and sum(p for p in parts if p) >= self._worth(e))

    def _worth(self, e: Event) -> Decimal:
        """What parts have to reach: what it states, else the most that it may take, else what everybody gets."""
        if e.reward_value is not None:
            return e.reward_value
        given = [] if self._is_foreign(e) else self.given
        meant = self._referred(e, [a for a in given if _is_in_time(a, e) and not a.control])
        values = [value for a in meant if (value := promised(self.terms, a)) is not None]
        return max(values, default=self.terms.worth(None) or ZERO)

    def _cost(self, e: Event, taken: Assignment | None) -> Decimal:
        worth = e.reward_value
        if worth is None:
            worth = self.terms.worth(None) if taken is None else promised(self.terms, taken)
        parts = [r.reward_value or ZERO for r in self.undone.get(e.event_id, ())]
        return max((worth or ZERO) - sum(parts, ZERO), ZERO)


def promised(terms: Terms, a: Assignment) -> Decimal | None:
    """What an assignment is worth; None where only its use will tell."""
    return a.reward_value if a.reward_value is not None else terms.worth(a.tier_id)


def _is_in_time(a: Assignment, e: Event) -> bool:
    expired = a.expires_us is not None and e.redeemed_us >= a.expires_us
    return a.assigned_us <= e.redeemed_us + SKEW and not expired
