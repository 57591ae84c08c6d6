"""Eligibility: who may not be offered anything, and what may not be offered to whom. Hard filters, before any choice.

Each answer is a `Barrier`: a stable reason that programs may branch on, and a sentence. Caps and budgets are decided
on the counters instead, in the transaction that would use them up (`rules.caps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from promosight.errors import Invalid
from promosight.rules.decisioning import FrequencyCap, OfferTerms

EVERYTHING = ("all", "offers", "promotions", "decisions", "marketing")
"""An opt-out by one of these words is from every offer; any other is the id of a promotion."""
_PRIVATE = frozenset(
    (
        *("opted_out", "self_excluded", "name", "first_name", "last_name", "full_name", "email"),
        *("e_mail", "mail", "phone", "address", "id", "customer_id", "user_id", "session_id"),
        *("birthday", "birthdate", "iban"),
    )
)
_LONGEST_WORD = 32
MOST_WORDS = 1_000
"""Segments, and opt-outs, of a customer: every decision looks at them all."""
MOST_ATTRIBUTES = 65_536
"""Characters of attributes, written as JSON."""


class Barrier(NamedTuple):
    """Why something may not be offered."""

    reason: str
    detail: str


class Person(NamedTuple):
    """What is known of a customer beside the history: what the brand said before, and what came with the request."""

    segments: tuple[str, ...]
    traits: dict[str, Any]
    """What a model may use: plain values, and whether somebody is in a segment."""
    opt_outs: frozenset[str]
    opted_out: bool
    self_excluded: bool


def check_profile(profile: Mapping[str, Any]) -> None:
    """Raises Invalid naming what of a customer's profile is too much."""
    for name in ("segments", "opt_outs"):
        if len(profile.get(name) or ()) > MOST_WORDS:
            raise Invalid(f"has more than {MOST_WORDS}", pointer=f"/{name}")
    written = msgspec.json.encode(profile.get("attributes") or {}).decode()
    if len(written) > MOST_ATTRIBUTES:
        why = f"have more than {MOST_ATTRIBUTES} characters as JSON"
        raise Invalid(why, pointer="/attributes")


def person_of(profile: Mapping[str, Any], context: Mapping[str, Any]) -> Person:
    """A customer as filters and models see one. What comes with the request goes before what was said earlier."""
    attributes = profile.get("attributes") or {}
    told = {**attributes, **context}
    segments = _words(profile.get("segments")) + _words(context.get("segments"))
    opt_outs = frozenset(_words(profile.get("opt_outs")) + _words(context.get("opt_outs")))
    traits = {key: value for key, value in told.items() if _may_be_used(key, value)}
    traits |= {f"segment:{one}": True for one in segments}
    return Person(
        tuple(dict.fromkeys(segments)),
        traits,
        opt_outs,
        told.get("opted_out") is True or any(one in opt_outs for one in EVERYTHING),
        told.get("self_excluded") is True,
    )


def barrier_of_person(person: Person, lately: int, cap: FrequencyCap | None) -> Barrier | None:
    """Why a customer gets no offer at all, or None."""
    if person.self_excluded:
        return Barrier("self_excluded", "the customer has excluded themselves")
    if person.opted_out:
        return Barrier("opted_out", "the customer has opted out of offers")
    if cap is not None and lately >= cap.assignments:
        return Barrier(
            "frequency_cap",
            f"{lately} assignments in {cap.days} days; the cap is {cap.assignments}",
        )
    return None


def barrier_of_offer(
    promotion_id: str, terms: OfferTerms, person: Person, times: int
) -> Barrier | None:
    """Why a customer may not be offered a promotion that runs, or None. `times`: how often they were assigned it."""
    if not terms.eligible:
        return Barrier("not_eligible", "the promotion is not offered by decisions")
    if promotion_id in person.opt_outs:
        return Barrier("opted_out", "the customer has opted out of this promotion")
    if terms.segments and not set(terms.segments) & set(person.segments):
        return Barrier("segment", "is for " + ", ".join(terms.segments))
    if shut := sorted(set(terms.without_segments) & set(person.segments)):
        return Barrier("segment", "is not for " + ", ".join(shut))
    if terms.max_per_customer is not None and times >= terms.max_per_customer:
        return Barrier("max_per_customer", f"the customer was assigned it {times} times already")
    return None


def _may_be_used(key: str, value: Any) -> bool:
    """What names a person is no feature; nor is what is no plain value."""
    if key.lower() in _PRIVATE or not isinstance(value, bool | int | float | str):
        return False
    return not isinstance(value, str) or (len(value) <= _LONGEST_WORD and "@" not in value)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(one for one in value if isinstance(one, str))
