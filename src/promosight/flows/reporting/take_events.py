"""Taking redemptions and reversals in: which are new, and in which group each belongs."""

from __future__ import annotations

from collections.abc import Iterable

from promosight.flows.ledger.kept_uses import forget_uses_of_groups
from promosight.flows.reporting.contradicting import why_rejected
from promosight.flows.reporting.intake import Entry, Intake, Stored
from promosight.flows.reporting.rejecting import refused_fact
from promosight.rules.erasing import ERASED
from promosight.rules.facts import Event, Rejection
from promosight.store.rows import (
    WAITING,
    Arrival,
    EventRow,
    GroupKey,
    arrival_of,
    event_fact,
    event_row,
)
from promosight.store.tx import Tx

Taken = list[tuple[Entry, Event]]
AHEAD = GroupKey(0, WAITING, 0)
"""Where reversals lie that came ahead of their redemption."""
MOVED = "moved"
"""The reason that `move_events` gives events until they are settled where they came to."""


def ask_stored(tx: Tx, told: Iterable[tuple[int, Event, Arrival]]) -> Stored:
    """Asks what is stored of events; what is written afterwards is not in it."""
    identities = sorted({(arrival.source_no, fact.event_id) for _, fact, arrival in told})
    return Stored(tx.ask_for("events_by_identity", identities), tx.ask("any_ahead"))


def take_events(intake: Intake, given: Taken) -> None:
    """Puts new redemptions and reversals into their groups and marks the repeated and conflicting ones."""
    if not given:
        return
    told = [(0, fact, entry.arrival) for entry, fact in given]
    stored = intake.stored or ask_stored(intake.tx, told)
    new, corrected = _new(intake, given, stored)
    redemptions = _place_redemptions(intake, [(e, f) for e, f in new if f.reverses is None])
    _place_reversals(intake, [(e, f) for e, f in new if f.reverses is not None], redemptions)
    if redemptions and (corrected or stored.ahead()):
        _bring_reversals(intake, redemptions)


def _new(intake: Intake, given: Taken, found: Stored) -> tuple[Taken, list[EventRow]]:
    """Those whose identity is not there yet, and the rejected facts that give way to their corrected form."""
    present: dict[tuple[int, str], tuple[EventRow | None, Entry | None, int]] = {}
    for r in found.events():
        stored = EventRow(*r)
        present[stored.identity] = (stored, None, stored.digest)
    new: Taken = []
    corrected: list[EventRow] = []
    for entry, fact in given:
        identity = (entry.arrival.source_no, fact.event_id)
        row, first, digest = present.get(identity, (None, None, 0))
        if row is not None and _is_rejected(row) and digest != fact.digest:
            corrected.append(row)
            row = None
        if row is None and first is None:
            present[identity] = (None, entry, fact.digest)
            new.append((entry, fact))
        elif row is not None:
            entry.repeat(row, fact.digest)
            intake.groups.of(row.key)
        elif digest == fact.digest:
            entry.repeated, entry.first = True, first
        else:
            entry.refuse("event_conflict", "/event_id", "this id came before with other content")
    _withdraw_corrected(intake, corrected)
    return new, corrected


def _is_rejected(row: EventRow) -> bool:
    """Whether a stored event was refused. One that this transaction has moved is only not settled yet."""
    return row.outcome == "rejected" and row.reason != MOVED


def _withdraw_corrected(intake: Intake, rows: list[EventRow]) -> None:
    intake.tx.run_many("remove_events", sorted(row.identity for row in rows))
    keys = {row.key for row in rows}
    forget_uses_of_groups(intake.tx, keys)
    for key in keys & intake.groups.by_key.keys():
        intake.groups.of(key).kept.clear()
    for row in rows:
        customer = intake.tx.one("customer", customer_no=row.told_of)
        fact = event_fact(row, customer_id=customer[1] if customer else None)
        named = why_rejected(intake.catalogue, row)
        why = Rejection(named.reason, named.pointer, "corrected by its sender since")
        intake.kept.append((arrival_of(row), refused_fact(fact, why)))


def _place_redemptions(intake: Intake, new: Taken) -> dict[tuple[int, str], EventRow]:
    codes = sorted(
        {
            (fact.promo_code,)
            for _, fact in new
            if fact.promotion_id is None and fact.promo_code not in intake.catalogue.by_code
        }
    )
    personal = {
        code: promotion_no
        for code, _, promotion_no in intake.tx.all_for(
            "code_samples", codes, workspace_no=intake.workspace_no
        )
    }
    placed = {}
    for entry, fact in new:
        assert fact.customer_id is not None
        source_no = entry.arrival.source_no
        promotion_no = _promotion_no(intake, fact, source_no, personal)
        key = intake.customers.key(promotion_no, fact.customer_id)
        row = entry.row = event_row(fact, key, entry.arrival)
        intake.groups.of(key).new_events.append(row)
        placed[row.identity] = row
    return placed


def _promotion_no(intake: Intake, fact: Event, source_no: int, personal: dict[str, int]) -> int:
    catalogue, code = intake.catalogue, fact.promo_code
    if fact.promotion_id is not None:
        return catalogue.no_of(fact.promotion_id, source_no)
    assert code is not None
    if code in catalogue.by_code:
        return catalogue.by_code[code].promotion_no
    if code in personal:
        return personal[code]
    return catalogue.meant_by("promo_code", code, source_no) or WAITING


def _place_reversals(
    intake: Intake, new: Taken, redemptions: dict[tuple[int, str], EventRow]
) -> None:
    """A reversal lies with its redemption; ahead of it, it waits apart."""
    if not new:
        return
    originals = sorted({(entry.arrival.source_no, fact.reverses or "") for entry, fact in new})
    stored = [EventRow(*r) for r in intake.tx.all_for("events_by_identity", originals)]
    stored = [e for e in stored if e.reverses is None]
    intake.groups.add_partly(stored)
    earlier = intake.tx.all_for("reversals_of", sorted(e.identity for e in stored))
    intake.groups.add_partly(EventRow(*r) for r in earlier)
    keys = {e.identity: e.key for e in (*stored, *redemptions.values())}
    erased = _erased(intake, stored) if any(fact.customer_id for _, fact in new) else set()
    for entry, fact in new:
        key = keys.get((entry.arrival.source_no, fact.reverses or ""), AHEAD)
        entry.names_nobody = key.customer_no in erased
        named = intake.customers.numbers.get(fact.customer_id or "", 0)
        named = 0 if entry.names_nobody else named
        row = entry.row = event_row(fact, key, entry.arrival, named_customer_no=named)
        if key == AHEAD:
            row.outcome, row.reason, row.live = "pending", "unknown_original", 0
        intake.groups.of(key).new_events.append(row)


def _erased(intake: Intake, stored: list[EventRow]) -> set[int]:
    """Who of those whose redemptions are reversed was erased: whom a reversal names cannot contradict them."""
    numbers = sorted({(e.customer_no,) for e in stored})
    rows = intake.tx.all_for("customers_of", numbers)
    return {no for no, customer_id, *_ in rows if customer_id.startswith(ERASED)}


def _bring_reversals(intake: Intake, redemptions: dict[tuple[int, str], EventRow]) -> None:
    """Reversals of these redemptions come to them: from where they waited, or where a rejected form of them lay."""
    waiting = [EventRow(*r) for r in intake.tx.all_for("reversals_of", sorted(redemptions))]
    moved = []
    for reversal in waiting:
        key = redemptions[reversal.source_no, reversal.reverses or ""].key
        moved.append((*reversal.identity, *key))
        reversal.bucket, reversal.promotion_no, reversal.customer_no = key
        reversal.outcome, reversal.reason = "rejected", MOVED  # as `move_events` writes it
        intake.groups.add_partly([reversal])
    intake.tx.send_many("move_events", sorted(moved))
