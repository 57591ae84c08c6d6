"""Near misses: what an event that found no promotion, customer or assignment most likely meant, and what speaks for it.

Nothing here is kept, and nothing of it runs while facts come in: whoever opens a problem has it looked up. The guesses
are `rules.near_misses`; here is gathered what they are made of, of a few hundred waiting customers at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.flows.reporting.problem_keys import Key, key_of
from promosight.rules.identity import bucket_of, customer_numbers
from promosight.rules.instants import format_instant
from promosight.rules.likeness import forms_of
from promosight.rules.near_misses import (
    Candidate,
    Form,
    LikelyReason,
    Missed,
    Near,
    Support,
    beside,
    near_promotions,
    rank,
    rank_forms,
    rank_held_instead,
    rank_missed,
    with_mappings,
)
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import WAITING, AssignmentRow, EventRow
from promosight.store.tx import Tx

MOST_CUSTOMERS = 200
"""So many who wait are looked at: a share of them tells as much as one of all."""
_MOST_CANDIDATES = 10


class ToldWord(msgspec.Struct, frozen=True):
    """A word that nobody knows: in which field (`promotion_id`, `promo_code`) it was told."""

    field: str
    value: str


class LikelyReasons(msgspec.Struct, frozen=True):
    """The likely reasons of one problem, and the word that was not known where that is the matter."""

    problem_id: str
    told: ToldWord | None
    reasons: list[LikelyReason]


def explain_near_miss(tx: Tx, workspace_no: int, problem_id: str) -> LikelyReasons:
    """The likely reasons of a problem, or of any event by its key. Raises NotFound."""
    catalogue = load(tx, workspace_no)
    key = _key(catalogue, problem_id)
    if key.form == "rejection":
        return LikelyReasons(problem_id, None, [])  # what was refused says itself why
    if key.form == "assignment":
        listed = _undefined(catalogue, key)
        told = ToldWord("promotion_id", listed.promotion_id)
        return LikelyReasons(problem_id, told, _promotion_reasons(tx, catalogue, told))
    found = tx.all_for("events_by_identity", [(key.source_no, *key.reference)])
    if not found:
        raise NotFound(f"there is no problem {problem_id}")
    event = EventRow(*found[0])
    told_here = told_by(event)
    if event.reason == "unknown_promotion" and told_here is not None:
        return LikelyReasons(problem_id, told_here, _promotion_reasons(tx, catalogue, told_here))
    if event.reason == "unknown_customer":
        return LikelyReasons(problem_id, None, _customer_reasons(tx, catalogue, event))
    if event.outcome == "unassigned":
        return LikelyReasons(problem_id, None, _assignment_reasons(tx, catalogue, event))
    return LikelyReasons(problem_id, None, [])


def told_by(event: EventRow) -> ToldWord | None:
    """By which word a redemption names its promotion: its id, or a code alone; None for a reversal."""
    if event.reverses is not None:
        return None
    if event.promotion_id is not None:
        return ToldWord("promotion_id", event.promotion_id)
    return None if event.promo_code is None else ToldWord("promo_code", event.promo_code)


def _key(catalogue: Catalogue, problem_id: str) -> Key:
    try:
        key = key_of(problem_id)
    except ValueError:
        key = Key("", -1, ())
    if key.source_no not in catalogue.sources:
        raise NotFound(f"there is no problem {problem_id}")
    return key


def _undefined(catalogue: Catalogue, key: Key) -> Listed:
    listed = catalogue.by_no.get(key.reference[1])
    if listed is None or listed.definition is not None:
        raise NotFound("the promotion is defined by now")
    return listed


def _promotion_reasons(tx: Tx, catalogue: Catalogue, told: ToldWord) -> list[LikelyReason]:
    waiting = _Waiting(tx, catalogue, told)
    near = near_promotions(told.field, told.value, _candidates(catalogue.defined))
    near = _with_beside(waiting.beside(), near)[:_MOST_CANDIDATES]
    supported = [(one, waiting.support(one.candidate)) for one in near]
    reasons = rank(told.value, waiting.events(), supported, waiting.assignments())
    return with_mappings(told.field, told.value, reasons)


def _candidates(listed: Iterable[Listed]) -> list[Candidate]:
    return [
        Candidate(one.promotion_id, one.definition.name, one.codes)
        for one in listed
        if one.definition is not None and one.terms.in_force
    ]


def _with_beside(beside_it: list[Near], near: list[Near]) -> list[Near]:
    named = {one.candidate.promotion_id for one in beside_it}
    return beside_it + [one for one in near if one.candidate.promotion_id not in named]


class _Waiting:
    """What waits for a word that nobody knows."""

    def __init__(self, tx: Tx, catalogue: Catalogue, told: ToldWord) -> None:
        self._tx = tx
        self._catalogue = catalogue
        self._told = told
        listed = catalogue.by_id.get(told.value) if told.field == "promotion_id" else None
        self._no = listed.promotion_no if listed else WAITING
        self._of_code = {
            "workspace_no": catalogue.workspace.workspace_no,
            "code": told.value,
        }
        self._customers = self._some()
        self._everybody = [
            (bucket_of(no), no)
            for (no,) in tx.all(
                "some_customers", workspace_no=self._of_code["workspace_no"], most=MOST_CUSTOMERS
            )
        ]

    def _some(self) -> list[tuple[int, int, str | None]]:
        if self._no != WAITING:
            return self._tx.all(
                "customers_of_promotion", promotion_no=self._no, most=MOST_CUSTOMERS
            )
        rows = self._tx.all("customers_of_code", **self._of_code, most=MOST_CUSTOMERS)
        return [(bucket, customer_no, None) for bucket, customer_no in rows]

    def events(self) -> int:
        """How many redemptions."""
        if self._no != WAITING:
            row = self._tx.one("waiting_of_promotion", promotion_no=self._no)
        else:
            row = self._tx.one("waiting_of_code", **self._of_code)
        assert row is not None
        return int(row[0])

    def assignments(self) -> int:
        """How many assignments."""
        if self._no == WAITING:
            return 0
        row = self._tx.one("assignments_of_promotion", promotion_no=self._no)
        assert row is not None
        return int(row[0])

    def beside(self) -> list[Near]:
        """The promotions whose codes are told beside the id, those first that are told most."""
        catalogue, times = self._catalogue, dict[tuple[int, str], int]()
        codes = [code for _, _, code in self._customers if code is not None]
        owners = self._owners(sorted({*codes}))
        for code in codes:
            if code in owners:
                at = owners[code], code
                times[at] = times.get(at, 0) + 1
        found: dict[int, Near] = {}
        for no, code in sorted(times, key=lambda at: (-times[at], at)):
            for candidate in _candidates([catalogue.by_no[no]]):
                found.setdefault(no, beside(candidate, code))
        return list(found.values())

    def _owners(self, codes: list[str]) -> dict[str, int]:
        asked, no = [(code,) for code in codes], self._of_code["workspace_no"]
        issued = self._tx.all_for("code_samples", asked, workspace_no=no)
        shared = self._catalogue.by_code
        return {row[0]: row[2] for row in issued} | {
            code: shared[code].promotion_no for code in codes if code in shared
        }

    def support(self, candidate: Candidate) -> Support:
        """What speaks for a candidate: how many of those who wait were given it."""
        no = self._catalogue.by_id[candidate.promotion_id].promotion_no
        if self._tx.one("is_assigned", promotion_no=no) is None:
            return Support()
        holding = self._holding(no, [one[:2] for one in self._customers])
        usual = self._holding(no, self._everybody) / max(len(self._everybody), 1)
        return Support(len(self._customers), holding, is_assigned=True, usual=usual)

    def _holding(self, promotion_no: int, customers: list[tuple[int, int]]) -> int:
        asked = [(bucket, promotion_no, customer_no) for bucket, customer_no in customers]
        return len({row[1] for row in self._tx.all_for("assignments_in_groups", asked)})


def _customer_reasons(tx: Tx, catalogue: Catalogue, event: EventRow) -> list[LikelyReason]:
    """Whether a customer is known under another form of the id, as others are who wait from this source."""
    named = tx.one("customer", customer_no=event.customer_no)
    assert named is not None
    known = _known_forms(tx, catalogue, [named[1]])[named[1]]
    if not known:
        return []
    wanted = {
        "workspace_no": catalogue.workspace.workspace_no,
        "source_no": event.source_no,
        "most": MOST_CUSTOMERS,
    }
    ids = [row[1] for row in tx.all("customers_waiting", **wanted)]
    forms = _known_forms(tx, catalogue, ids)
    found = []
    for form, customers in known.items():
        matching = sum(form in those for those in forms.values())
        found += [
            Form(form, one, len(ids), matching, _holds(tx, event.promotion_no, no))
            for one, no in customers
        ]
    return rank_forms(named[1], catalogue.sources[event.source_no], found)


def _known_forms(
    tx: Tx, catalogue: Catalogue, customer_ids: Sequence[str]
) -> dict[str, dict[str, list[tuple[str, int]]]]:
    """Of each id the forms under which somebody is known, with their ids and numbers."""
    forms = {one: forms_of(one) for one in customer_ids}
    every = sorted({it for those in forms.values() for some in those.values() for it in some})
    numbers = customer_numbers(catalogue.workspace.workspace_id, every)
    rows = tx.all_for("customers_of", sorted((no,) for no in numbers.values()))
    own = catalogue.workspace.workspace_no
    known = {row[1]: row[0] for row in rows if row[2] == own and row[3]}
    return {
        one: {
            form: found
            for form, some in those.items()
            if (found := [(it, known[it]) for it in some if it in known])
        }
        for one, those in forms.items()
    }


def _holds(tx: Tx, promotion_no: int, customer_no: int) -> bool | None:
    """Whether a customer was given a promotion; None where nobody was."""
    if tx.one("is_assigned", promotion_no=promotion_no) is None:
        return None
    return bool(tx.all_for("assignments_in_groups", [_group(promotion_no, customer_no)]))


def _group(promotion_no: int, customer_no: int) -> tuple[int, int, int]:
    return bucket_of(customer_no), promotion_no, customer_no


def _assignment_reasons(tx: Tx, catalogue: Catalogue, event: EventRow) -> list[LikelyReason]:
    """Why a customer has no assignment: it could not be taken, is another customer's, or of another promotion."""
    rows = tx.all_for("assignments_of_groups", [event.key])
    given = [one for one in (AssignmentRow(*row) for row in rows) if not one.control]
    reasons = rank_missed(event.redeemed_us, map(_missed, given))
    return reasons or [
        *_held_by_another(tx, catalogue, event),
        *_held_instead(tx, catalogue, event),
    ]


def _missed(one: AssignmentRow) -> Missed:
    return Missed(
        one.assigned_us,
        one.expires_us,
        one.withdrawn_us,
        format_instant(one.assigned_us),
        None if one.expires_us is None else format_instant(one.expires_us),
    )


def _held_by_another(tx: Tx, catalogue: Catalogue, event: EventRow) -> list[LikelyReason]:
    named = tx.one("customer", customer_no=event.customer_no)
    if named is None:
        return []
    known = _known_forms(tx, catalogue, [named[1]])[named[1]]
    holding = [
        Form(form, one, 1, 1, holds=True)
        for form, those in known.items()
        for one, no in those
        if _holds(tx, event.promotion_no, no)
    ]
    return rank_forms(named[1], catalogue.sources[event.source_no], holding)


def _held_instead(tx: Tx, catalogue: Catalogue, event: EventRow) -> list[LikelyReason]:
    held: dict[str, Any] = {
        "workspace_no": catalogue.workspace.workspace_no,
        "bucket": event.bucket,
        "customer_no": event.customer_no,
    }
    listed = [catalogue.by_no[row[0]] for row in tx.all("promotions_held", **held)]
    others = [
        Candidate(one.promotion_id, one.definition.name if one.definition else "", one.codes)
        for one in listed
        if one.promotion_no != event.promotion_no
    ]
    told = catalogue.by_no[event.promotion_no].promotion_id
    return rank_held_instead(told, others)
