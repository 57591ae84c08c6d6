"""The access report: everything that is kept of one person, for the person."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.flows.checking.export_facts import Record
from promosight.flows.ledger.groups import Groups
from promosight.flows.people.find_customer import find_customer, number_of
from promosight.flows.reporting.lookup import payload_of
from promosight.rules.erasing import Renaming
from promosight.rules.identity import bucket_of
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Tx


class AccessReport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything kept of one person. `customer` is what the brand said of them; the rest is what happened, each list
    in the order of time. `answers` are answers to requests with an Idempotency-Key that name them."""

    customer_id: str
    customer: dict[str, Any]
    assignments: list[dict[str, Any]]
    events: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    reservations: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    tests: list[dict[str, Any]]
    answers: list[str]


def access_report(tx: Tx, workspace_no: int, customer_id: str) -> AccessReport:
    """All of it, from one snapshot. Raises NotFound for a customer nobody ever named."""
    catalogue = load(tx, workspace_no)
    customer = find_customer(tx, workspace_no, customer_id)
    number = number_of(tx, workspace_no, customer_id)
    who = Renaming(customer_id, number, customer_id, number)
    groups = _groups(tx, workspace_no, number)
    given = [a for g in groups.by_key.values() for a in g.assignments]
    told = [e for g in groups.by_key.values() for e in g.events]
    numbers = {"workspace_no": workspace_no, "customer_no": number}
    told += [EventRow(*row) for row in tx.all("reversals_elsewhere_naming", **numbers)]
    named = {"workspace_no": workspace_no, "customer_id": customer_id}
    return AccessReport(
        customer_id=customer_id,
        customer=customer,
        assignments=[_assignment(catalogue, a) for a in sorted(given, key=lambda a: a.assigned_us)],
        events=[
            _event(catalogue, e, customer_id if e.told_of == number else None)
            for e in sorted(told, key=lambda e: e.redeemed_us)
        ],
        outcomes=[_outcome(row) for row in tx.all("outcomes_of_customer", **numbers)],
        decisions=[_decision(row) for row in tx.all("decisions_of_customer", **numbers)],
        reservations=[_reservation(row) for row in tx.all("reservations_naming", **named)],
        refused=_refused(tx, workspace_no, who),
        tests=[_test(row) for row in tx.all("source_tests_naming", **named)],
        answers=_answers(tx, workspace_no, who),
    )


def _groups(tx: Tx, workspace_no: int, number: int) -> Groups:
    bucket = bucket_of(number)
    rows = tx.all(
        "promotions_of_customer", workspace_no=workspace_no, bucket=bucket, customer_no=number
    )
    groups = Groups()
    keys = [GroupKey(bucket, row[0], number) for row in rows]
    groups.load_assignments(tx, keys)
    groups.load_events(tx, keys)
    return groups


def _assignment(catalogue: Catalogue, a: AssignmentRow) -> Record:
    return {
        "assignment_id": a.public_id,
        "source": catalogue.sources[a.source_no],
        "promotion_id": catalogue.by_no[a.promotion_no].promotion_id,
        "assigned_at": format_instant(a.assigned_us),
        "expires_at": _instant(a.expires_us),
        "withdrawn_at": _instant(a.withdrawn_us),
        "received_at": format_instant(a.received_us),
        "control": bool(a.control),
        "campaign_id": a.campaign_id,
        "tier_id": a.tier_id,
        "segment": a.segment,
        "channels": a.channels.split("+") if a.channels else [],
        "promo_code": a.promo_code,
        "details": msgspec.json.decode(a.details) if a.details else {},
    }


def _event(catalogue: Catalogue, e: EventRow, customer_id: str | None) -> Record:
    return {
        "event_id": e.event_id,
        "source": catalogue.sources[e.source_no],
        "received_at": format_instant(e.received_us),
        "outcome": e.outcome,
        "reason": e.reason,
        "live": bool(e.live),
        "reported": payload_of(e, customer_id),
    }


def _outcome(row: tuple[Any, ...]) -> Record:
    source, outcome_id, occurred_us, measure, value, currency, order_id, received_us = row
    return {
        "outcome_id": outcome_id,
        "source": source,
        "occurred_at": format_instant(occurred_us),
        "measure": measure,
        "value": format_amount(value, currency),
        "currency": currency,
        "order_id": order_id,
        "received_at": format_instant(received_us),
    }


def _decision(row: tuple[Any, ...]) -> Record:
    decision_id, decided_us, mode, promotion_id, tier_id, assignment_id, trace = row
    return {
        "decision_id": decision_id,
        "decided_at": format_instant(decided_us),
        "mode": mode,
        "promotion_id": promotion_id,
        "tier_id": tier_id,
        "assignment_id": assignment_id,
        "trace": msgspec.json.decode(trace),
    }


def _reservation(row: tuple[Any, ...]) -> Record:
    reservation_id, promotion_id, tier_id, state, created_us, expires_us, assignment_id = row
    return {
        "reservation_id": reservation_id,
        "promotion_id": promotion_id,
        "tier_id": tier_id,
        "state": state,
        "created_at": format_instant(created_us),
        "expires_at": format_instant(expires_us),
        "assignment_id": assignment_id,
    }


def _refused(tx: Tx, workspace_no: int, who: Renaming) -> list[Record]:
    found = {}
    for written in who.written:
        for source_no, digest, customer_id, payload, detail in tx.all(
            "rejections_naming",
            workspace_no=workspace_no,
            customer_id=who.customer_id,
            written=written,
            number=who.number_text,
        ):
            if customer_id == who.customer_id or who.names(payload) or who.names(detail):
                found[source_no, digest] = {"payload": payload, "detail": detail}
    return [found[key] for key in sorted(found)]


def _answers(tx: Tx, workspace_no: int, who: Renaming) -> list[str]:
    return sorted(
        {
            body
            for written in who.written
            for _, body in tx.all(
                "answers_naming",
                workspace_no=workspace_no,
                written=written,
                number=who.number_text,
            )
            if who.names(body)
        }
    )


def _test(row: tuple[Any, ...]) -> Record:
    source, received_us, event_id, outcome = row
    return {
        "source": source,
        "received_at": format_instant(received_us),
        "event_id": event_id,
        "outcome": outcome,
    }


def _instant(us: int | None) -> str | None:
    return None if us is None else format_instant(us)
