"""Near misses: why an event found no promotion, no customer or no assignment, most likely first.

Pure: whoever asks brings what the event says, what it may have meant, and what speaks for each. What is not likely is
not said. A guess is made of two things: how like the words are (`rules.likeness`), and whether the customers who wait
were given what is guessed. Where that could be and none of them was, little is left of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from promosight.rules.instants import SECOND_US
from promosight.rules.likeness import Likeness, likeness

LEAST = 0.6
"""Points below which nothing is said."""
_VERY_LIKELY, _LEAD = 0.9, 0.1
"""Points from which on a guess is very likely, and by how many it must lead the next one."""
_HELD, _NOT_HELD = 0.5, -0.25
"""What it adds when all who wait were given what is guessed and nobody else, and when none of several was."""
_SEVERAL = 3
_OTHER_FIELD = Likeness("field", 1.0)
_BESIDE = Likeness("beside", 1.0)
_NAME = 0.8


class Candidate(NamedTuple):
    """A promotion that may have been meant."""

    promotion_id: str
    name: str
    codes: tuple[str, ...]


class Near(NamedTuple):
    """A candidate, the word of it that is like what was told, and how."""

    candidate: Candidate
    word: str
    like: Likeness


class Support(NamedTuple):
    """What speaks for a candidate: of `customers` who wait, how many `holding` it; whether anybody does.

    `usual`: which share of all customers do.
    """

    customers: int = 0
    holding: int = 0
    is_assigned: bool = False
    usual: float = 0.0

    @property
    def excess(self) -> float:
        """By how much more those who wait hold it than all do: 0, or less, to 1."""
        # One customer more than there were, so that few tell less than many.
        share = self.holding / (self.customers + 1)
        return (share - self.usual) / (1 - self.usual) if self.usual < 1 else 0.0


class ReasonEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What speaks for a reason; only what was looked at is there.

    `events`: how many wait that say the same. Of `customers` looked at, `holding` were given the promotion, or
    `matching` are known when written in the other form. `assignments`: how many wait as well. `at`: the instant that
    decides, `seconds` the time between it and the redemption.
    """

    events: int | None = None
    customers: int | None = None
    holding: int | None = None
    matching: int | None = None
    assignments: int | None = None
    at: str | None = None
    seconds: int | None = None


class SuggestedMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be said to mean the promotion, as it is POSTed to /v1/mappings."""

    field: str
    word: str
    promotion_id: str


class LikelyReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A likely reason: what it is, in words, what speaks for it, and which promotion or customer it means.

    `mapping`: what to say so that all that wait for the same count.
    """

    kind: str
    likelihood: str
    detail: str
    evidence: ReasonEvidence
    promotion_id: str | None = None
    customer_id: str | None = None
    mapping: SuggestedMapping | None = None


def near_promotions(field: str, told: str, candidates: Iterable[Candidate]) -> list[Near]:
    """The candidates that a word in a field (`promotion_id`, `promo_code`) may mean, the likest first.

    In the order of their ids where they are alike.
    """
    found = [near for one in candidates if (near := _nearest(field, told, one)) is not None]
    return sorted(found, key=lambda one: (-one.like.weight, one.candidate.promotion_id))


def _nearest(field: str, told: str, one: Candidate) -> Near | None:
    others = one.codes if field == "promotion_id" else (one.promotion_id,)
    if told in others:
        return Near(one, told, _OTHER_FIELD)
    likes = [
        Near(one, word, like)
        for word in (one.promotion_id, *one.codes)
        if (like := likeness(told, word)) is not None
    ]
    like = likeness(told, one.name)
    if like is not None and like.weight >= _NAME:  # names are long: parts of them say nothing
        likes.append(Near(one, one.name, like._replace(weight=_NAME)))
    return max(likes, key=lambda near: near.like.weight, default=None)


def beside(candidate: Candidate, code: str) -> Near:
    """A candidate whose code is told beside an id that nobody knows."""
    return Near(candidate, code, _BESIDE)


def points(like: Likeness, support: Support) -> float:
    """How likely a candidate is: of its words alone, and of who was given it."""
    if not support.is_assigned or not support.customers:
        return like.weight
    if support.holding == 0:
        return like.weight + (_NOT_HELD if support.customers >= _SEVERAL else 0)
    return like.weight + _HELD * max(support.excess, 0.0)


def rank(
    told: str, events: int, supported: Sequence[tuple[Near, Support]], assignments: int = 0
) -> list[LikelyReason]:
    """Why the promotion is unknown: the likely candidates, the likeliest first.

    `events`: how many wait that say the same; `assignments`: how many of these do, so that it is no slip of one system.
    """
    scored = sorted(
        ((points(near.like, support), near, support) for near, support in supported),
        key=lambda one: (-one[0], one[1].candidate.promotion_id),
    )
    scored = [one for one in scored if one[0] >= LEAST]
    found = [_undefined(told, events, assignments)] if assignments else []
    for place, (score, near, support) in enumerate(scored):
        rivals = [other[0] for at, other in enumerate(scored) if at != place]
        likelihood = _likelihood(score, max(rivals, default=0.0), doubted=bool(assignments))
        found.append(_meant(told, events, near, support, likelihood))
    return found


def _likelihood(score: float, rival: float, *, doubted: bool) -> str:
    if doubted or score - rival < _LEAD:
        return "possible"
    return "very likely" if score >= _VERY_LIKELY else "likely"


def with_mappings(field: str, told: str, reasons: Iterable[LikelyReason]) -> list[LikelyReason]:
    """The same reasons, each that means a promotion with the mapping that says so; none where one is not defined."""
    found = list(reasons)
    if any(one.kind == "not_defined" for one in found):
        return found
    return [
        msgspec.structs.replace(one, mapping=SuggestedMapping(field, told, one.promotion_id))
        if one.promotion_id is not None
        else one
        for one in found
    ]


def _undefined(told: str, events: int, assignments: int) -> LikelyReason:
    some = "assignment waits" if assignments == 1 else "assignments wait"
    return LikelyReason(
        "not_defined",
        "very likely",
        f"Promotion {told} is not defined here: {assignments:,} {some} for it too, "
        "so it is more than a slip of whoever reports redemptions. Define it, and all of them count.",
        ReasonEvidence(events=events, assignments=assignments),
    )


def _meant(told: str, events: int, near: Near, support: Support, likelihood: str) -> LikelyReason:
    promotion = near.candidate.promotion_id
    word = near.word if near.word == promotion else f"{near.word} of promotion {promotion}"
    said = _SAID[near.like.how].format(told=told, word=word, promotion=promotion)
    evidence = ReasonEvidence(events=events)
    if support.customers and support.is_assigned:
        said += f" {_held(support)}"
        evidence = ReasonEvidence(
            events=events, customers=support.customers, holding=support.holding
        )
    return LikelyReason(
        _KINDS[near.like.how],
        likelihood,
        said,
        evidence,
        promotion_id=near.candidate.promotion_id,
    )


def _held(support: Support) -> str:
    if support.customers == 1:
        return f"The customer was {'' if support.holding else 'not '}given it."
    return f"{support.holding:,} of {support.customers:,} customers who wait were given it."


_SAID = {
    "field": "{told} is of promotion {promotion}, told in the wrong field.",
    "beside": "The code told beside {told} is {word}.",
    "form": "{told} is {word}, written otherwise.",
    "looks": "{told} looks like {word}: letters and digits are mistaken.",
    "slip": "{told} is one letter away from {word}.",
    "slips": "{told} is two letters away from {word}.",
    "part": "{told} and {word} have their words in common.",
}
_KINDS = {
    "field": "wrong_field",
    "beside": "code_beside",
    "form": "written_otherwise",
    "looks": "misspelled",
    "slip": "misspelled",
    "slips": "misspelled",
    "part": "written_otherwise",
}


class Form(NamedTuple):
    """A known customer whose id is this one in another form, and what speaks for it.

    Of `customers` of the source who wait, so many are known (`matching`) in the same form. `holds`: whether this one
    was given the promotion; None where the promotion has no assignments.
    """

    form: str
    customer_id: str
    customers: int
    matching: int
    holds: bool | None


_FORMS = {
    "zeros": "with other zeros before it",
    "case": "in other capitals",
    "signs": "without the signs between",
}


def rank_forms(told: str, source: str, forms: Iterable[Form]) -> list[LikelyReason]:
    """Why a customer is unknown, or has no assignment: the forms that are likely, the likeliest first."""
    scored = sorted(
        ((_points_of_form(one), one) for one in forms),
        key=lambda scored: (-scored[0], scored[1].customer_id),
    )
    return [_other_form(told, source, score, one) for score, one in scored if score >= LEAST]


def _points_of_form(one: Form) -> float:
    share = one.matching / max(one.customers, 1)
    held = 0.0 if one.holds is None else 0.3 if one.holds else -0.2
    # An address in other capitals is the same person; numbers that differ in zeros may be two.
    return (0.7 if one.form == "case" else 0.5) + 0.3 * share + held


def _other_form(told: str, source: str, score: float, one: Form) -> LikelyReason:
    said = f"Customer {one.customer_id} is known: {told} is the same id {_FORMS[one.form]}."
    if one.holds:
        said += " They were given the promotion."
    if one.customers > 1:
        said += (
            f" So are {one.matching:,} of {one.customers:,} customers who wait from {source}:"
            " have it send ids as they are known here."
        )
    return LikelyReason(
        "customer_form",
        "very likely" if score >= _VERY_LIKELY else "likely",
        said,
        ReasonEvidence(customers=one.customers, matching=one.matching, holding=_one(one.holds)),
        customer_id=one.customer_id,
    )


def _one(holds: bool | None) -> int | None:
    return None if holds is None else int(holds)


class Missed(NamedTuple):
    """An assignment of the same promotion and customer that could not be taken, with its instants as they are told."""

    assigned_us: int
    expires_us: int | None
    withdrawn_us: int | None
    assigned_at: str
    expires_at: str | None


def rank_missed(redeemed_us: int, missed: Iterable[Missed]) -> list[LikelyReason]:
    """Why none of the customer's assignments was taken: the one that missed by least first."""
    found = [reason for one in missed if (reason := _why_missed(redeemed_us, one)) is not None]
    return sorted(found, key=lambda one: (one.evidence.seconds or 0, one.kind, one.evidence.at))


def _why_missed(redeemed_us: int, one: Missed) -> LikelyReason | None:
    if one.withdrawn_us is not None:
        return LikelyReason(
            "withdrawn",
            "very likely",
            f"The assignment of {one.assigned_at} was withdrawn.",
            ReasonEvidence(at=one.assigned_at),
        )
    if one.expires_us is not None and one.expires_us <= redeemed_us:
        late = (redeemed_us - one.expires_us) // SECOND_US
        said = f"The assignment had expired {spoken(late)} before the redemption."
        return LikelyReason(
            "expired", "very likely", said, ReasonEvidence(at=one.expires_at, seconds=late)
        )
    if one.assigned_us > redeemed_us:
        early = (one.assigned_us - redeemed_us) // SECOND_US
        said = f"The promotion was assigned {spoken(early)} after the redemption."
        evidence = ReasonEvidence(at=one.assigned_at, seconds=early)
        return LikelyReason("assigned_later", "very likely", said, evidence)
    return None


def spoken(seconds: int) -> str:
    """A time as people say it."""
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            many = seconds // length
            return f"{many:,} {name}{'s' if many > 1 else ''}"
    return "less than a minute"


def rank_held_instead(told: str, held: Iterable[Candidate]) -> list[LikelyReason]:
    """Promotions that the customer was given, and that may have been meant by the one that they redeemed."""
    supported = [
        (near, Support(1, 1, is_assigned=True))
        for near in near_promotions("promotion_id", told, held)
    ]
    scored = [(points(near.like, support), near) for near, support in supported]
    scored.sort(key=lambda one: (-one[0], one[1].candidate.promotion_id))
    return [
        LikelyReason(
            "other_promotion",
            "likely",
            f"The customer was given promotion {near.candidate.promotion_id}, which is like {told}: "
            "one of the two systems may name the wrong one.",
            ReasonEvidence(customers=1, holding=1),
            promotion_id=near.candidate.promotion_id,
        )
        for score, near in scored
        if score >= LEAST
    ]
