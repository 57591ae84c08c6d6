"""Looking one event up: what became of it, and why."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.flows.reporting.problem_keys import Key
from promosight.flows.reporting.rejecting import refused_fact
from promosight.rules.facts import Assignment, Event, Rejection
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import AssignmentRow, EventRow, event_fact
from promosight.store.tx import Tx

_AS_SENT = Rejection("", "", "")


def find_event(
    tx: Tx, workspace_no: int, event_id: str, source: str | None = None
) -> dict[str, Any]:
    """The event of that id, as reported and as it stands; a rejected one when no fact bears the id. Raises NotFound.

    Without a source, the first in alphabetical order; `also_in` names the others. By `problem_id` it can be asked why a
    fact found nothing, also where that is no problem.
    """
    catalogue = load(tx, workspace_no)
    wanted = {"workspace_no": workspace_no, "event_id": event_id, "source": source}
    found = tx.all("event_by_id", **wanted)
    rejections = [
        {
            "source": name,
            "kind": kind,
            "reason": reason,
            "pointer": pointer,
            "detail": detail,
            "payload": payload,
            "received_at": format_instant(received_us),
            "times": times,
        }
        for name, kind, reason, pointer, detail, payload, received_us, times in tx.all(
            "rejections_by_id", **wanted
        )
    ]
    if found:
        source_no, named = found[0][1:3]
        described = describe_event(tx, catalogue, (source_no, named))
        described["problem_id"] = Key("event", source_no, (named,)).problem_id
        return described | {"also_in": [row[0] for row in found[1:]], "rejections": rejections}
    if not rejections:
        raise NotFound(f"no event {event_id} was reported")
    first = rejections[0]
    shown = {name: first[name] for name in ("source", "reason", "detail", "received_at")}
    return {"event_id": event_id, "outcome": "rejected", **shown, "rejections": rejections}


def describe_event(tx: Tx, catalogue: Catalogue, identity: tuple[int, str]) -> dict[str, Any]:
    """A stored event: identity, standing, and `reported` as its source said it."""
    row = EventRow(*tx.all_for("events_by_identity", [identity])[0])
    listed = catalogue.by_no.get(row.promotion_no)
    reversals = [EventRow(*r) for r in tx.all_for("reversals_of", [identity])]
    return {
        "event_id": row.event_id,
        "source": catalogue.sources[row.source_no],
        "type": "reversal" if row.reverses else "redemption",
        "outcome": row.outcome,
        "reason": row.reason,
        "promotion_id": listed.promotion_id if listed else row.promotion_id,
        "customer_id": _customer_id(tx, row.customer_no),
        "assignment_id": _assignment_id(tx, row),
        "live": bool(row.live) and row.reverses is None,
        "reversed_by": sorted(r.event_id for r in reversals),
        "cost": format_amount(row.cost_micros, row.currency),
        "currency": _currency(tx, catalogue, row).removeprefix(UNIT_MARK),
        "redeemed_at": format_instant(row.redeemed_us) if row.redeemed_us else None,
        "received_at": format_instant(row.received_us),
        "reported": payload_of(row, _customer_id(tx, row.told_of)),
    }


def _customer_id(tx: Tx, customer_no: int) -> str | None:
    found = tx.one("customer", customer_no=customer_no)
    return found[1] if found else None


def _currency(tx: Tx, catalogue: Catalogue, row: EventRow) -> str:
    """What an event's cost is in, of a reversal what its redemption's is in: also while it is none."""
    shown = row
    if row.reverses is not None:
        found = tx.all_for("events_by_identity", [(row.source_no, row.reverses)])
        shown = EventRow(*found[0]) if found else row
    if shown.currency:
        return shown.currency
    listed = catalogue.by_no.get(shown.promotion_no)
    own = listed.terms.currency if listed else ""
    if own.startswith(UNIT_MARK):
        return own
    return shown.reward_currency or own or catalogue.workspace.currency


def payload_of(row: EventRow, customer_id: str | None) -> dict[str, Any]:
    """What the source said, in the contract's names."""
    return payload_of_fact(event_fact(row, customer_id=customer_id))


def payload_of_fact(fact: Assignment | Event) -> dict[str, Any]:
    """The same of a fact."""
    payload: dict[str, Any] = msgspec.json.decode(refused_fact(fact, _AS_SENT).payload)
    return payload


def _assignment_id(tx: Tx, row: EventRow) -> str | None:
    if row.slot is None:
        return None
    found = tx.all_for("assignments_of_slots", [(*row.key, row.slot)])
    return AssignmentRow(*found[0]).public_id if found else None
