"""What is sent to webhooks, and the list of it. A message is made of its fact when it is sent.

So no copy of a fact lies about: who was erased meanwhile is not named by what is sent afterwards, and a message says
how its fact stands now.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from promosight.errors import Conflict, NotFound
from promosight.flows.auditing.audit import Look
from promosight.flows.figures.show_alerts import describe_alert
from promosight.flows.noticing.show_anomalies import describe_anomaly
from promosight.flows.reporting.lookup import describe_event
from promosight.flows.webhooks.setting_up import Webhook, find_webhook
from promosight.rules.instants import format_instant
from promosight.rules.webhooks import (
    ANOMALY,
    COUNTED,
    OVERDUE,
    PING,
    REVERSED,
    THRESHOLD,
    message_id,
)
from promosight.store.catalogue import Source, load
from promosight.store.tx import Row, Tx

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_END = 2**62


class Message(msgspec.Struct, frozen=True):
    """A message to a webhook; fields in the order of the statement `message`."""

    message_id: str
    type: str
    fact: str
    created_us: int
    begun_us: int
    state: str
    due_us: int
    claim: str
    attempts: int
    attempted_us: int | None
    took_us: int | None
    status: int | None
    error: str | None


class Page(NamedTuple):
    """Where a page of messages begins: before this time and id. The default is the newest."""

    before_us: int = _END
    before_id: str = ""


def new_message(one: Webhook | Any, kind: str, fact: Any, *, at_us: int, now_us: int) -> Row:
    """A message of a fact of that time, in the columns of `add_messages`."""
    named = message_id(one.webhook_id, kind, fact)
    return one.webhook_no, named, kind, _encode(fact).decode(), at_us, now_us


def body_of(tx: Tx, workspace_no: int, message: Message) -> bytes:
    """What is sent. Raises NotFound when the fact is there no more."""
    data = _data(tx, workspace_no, message.type, _decode(message.fact))
    return _encode(
        {"type": message.type, "timestamp": format_instant(message.created_us), "data": data}
    )


def _data(tx: Tx, workspace_no: int, kind: str, fact: Any) -> Any:
    if kind in (COUNTED, REVERSED):
        identity = (fact[0], fact[1])
        if not tx.all_for("events_by_identity", [identity]):
            raise NotFound("the event is there no more")
        return describe_event(tx, load(tx, workspace_no), identity)
    if kind == THRESHOLD:
        return describe_alert(tx, workspace_no, fact)
    if kind == ANOMALY:
        return describe_anomaly(tx, workspace_no, fact)
    if kind == OVERDUE:
        return _overdue(tx, workspace_no, *fact)
    return {"webhook_id": fact[0]}


def _overdue(tx: Tx, workspace_no: int, source_no: int, due_us: int) -> dict[str, Any]:
    for source in (Source(*row) for row in tx.all("sources", workspace_no=workspace_no)):
        if source.source_no == source_no:
            heard_us = source.last_heard_us
            return {
                "source": source.name,
                "cadence": source.cadence,
                "due_at": format_instant(due_us),
                "last_heard_at": None if heard_us is None else format_instant(heard_us),
            }
    raise NotFound("the source is there no more")


def ping(tx: Tx, workspace_no: int, webhook_id: str, token: str, *, now_us: int) -> dict[str, Any]:
    """Has a webhook sent a message that is about nothing. Raises NotFound, Conflict."""
    one = _enabled(tx, workspace_no, webhook_id)
    row = new_message(one, PING, [webhook_id, token], at_us=now_us, now_us=now_us)
    tx.run_many("add_messages", [row])
    return describe_message(tx, workspace_no, _message(tx, one, row[1]))


def send_again(
    tx: Tx, workspace_no: int, webhook_id: str, named: str, *, now_us: int
) -> dict[str, Any]:
    """Has a message sent once more, whatever came of it. Raises NotFound, Conflict while it is being sent."""
    one = _enabled(tx, workspace_no, webhook_id)
    message = _message(tx, one, named)
    if message.claim and message.due_us > now_us:
        raise Conflict("it is being sent at this moment", code="delivery_under_way")
    tx.run("send_again", webhook_no=one.webhook_no, message_id=named, now_us=now_us)
    return describe_message(tx, workspace_no, _message(tx, one, named))


def the_message(workspace_no: int, webhook_id: str, named: str) -> Look:
    """How far a message is, as the audit log says it."""

    def look(tx: Tx) -> Any:
        message = _message(tx, find_webhook(tx, workspace_no, webhook_id), named)
        return {"state": message.state, "attempts": message.attempts}

    return look


def list_messages(
    tx: Tx, workspace_no: int, webhook_id: str, *, state: str, page: Page, limit: int
) -> tuple[list[dict[str, Any]], Page | None]:
    """A page of the messages of a webhook, the newest first, and where the next one begins. Raises NotFound."""
    number = find_webhook(tx, workspace_no, webhook_id).webhook_no
    wanted = {"webhook_no": number, "state": state, **page._asdict()}
    found = [Message(*row) for row in tx.all("messages_before", **wanted, limit=limit + 1)]
    items = [describe_message(tx, workspace_no, one) for one in found[:limit]]
    if len(found) <= limit:
        return items, None
    return items, Page(found[limit - 1].created_us, found[limit - 1].message_id)


def describe_message(tx: Tx, workspace_no: int, one: Message) -> dict[str, Any]:
    """A delivery as the contract shows it."""
    fact = _decode(one.fact)
    event_id = fact[1] if one.type in (COUNTED, REVERSED) else None
    source = (
        load(tx, workspace_no).sources.get(fact[0]) if event_id or one.type == OVERDUE else None
    )
    return {
        "delivery_id": one.message_id,
        "type": one.type,
        "event_id": event_id,
        "source": source,
        "alert_id": f"{fact:016x}" if one.type == THRESHOLD else None,
        "anomaly_id": f"{fact:016x}" if one.type == ANOMALY else None,
        "state": one.state,
        "attempts": one.attempts,
        "last_status": one.status,
        "last_error": one.error,
        "last_attempt_at": _instant(one.attempted_us),
        "took_ms": None if one.took_us is None else one.took_us // 1_000,
        "next_attempt_at": _instant(one.due_us) if one.state == "waiting" else None,
        "created_at": format_instant(one.created_us),
    }


def _enabled(tx: Tx, workspace_no: int, webhook_id: str) -> Webhook:
    one = find_webhook(tx, workspace_no, webhook_id)
    if one.disabled:
        raise Conflict("the webhook is disabled; enable it first", code="webhook_disabled")
    return one


def _message(tx: Tx, one: Webhook, named: str) -> Message:
    row = tx.one("message", webhook_no=one.webhook_no, message_id=named)
    if row is None:
        raise NotFound(f"there is no delivery {named}")
    return Message(*row)


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
