"""Telling webhooks: from the word that facts left to messages, and from one attempt to the next.

All of it may be done by several servers at once: rows are taken, messages are claimed by a guarded change and for a
while, and a message is the same whoever makes it. Who is killed leaves a claim that runs out. Of each webhook only so
many messages lie ready, and what stands behind them stays in rows of a thousand facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.ledger.announcing import MOST
from promosight.flows.webhooks.setting_up import (
    FAILING,
    GONE,
    Webhook,
    find_webhook,
    list_webhooks,
    say_announced,
)
from promosight.flows.webhooks.webhook_messages import Message, body_of, new_message
from promosight.rules.cadences import due_us
from promosight.rules.instants import HOUR_US, SECOND_US
from promosight.rules.webhooks import KEPT_FOR_US, OVERDUE, Attempt, tried_again_us
from promosight.store.catalogue import Source
from promosight.store.tx import Row, Tx

CLAIMED_FOR_US = 60 * SECOND_US
"""Whoever claims a message has noted by then what came of it, or is dead."""
_AT_ONCE = 20
"""So many rows of facts are taken in one transaction."""
_END = 2**62
_decode = msgspec.json.Decoder().decode


class Enabled(NamedTuple):
    """A row of `enabled_webhooks`."""

    webhook_no: int
    workspace_no: int
    webhook_id: str
    events: str
    failing_since_us: int | None
    created_us: int
    published_import_no: int


class Due(NamedTuple):
    """A message that is to be sent by now."""

    to: Enabled
    message_id: str
    due_us: int


class Work(NamedTuple):
    """What there is to do."""

    webhooks: list[Enabled]
    spread: list[Row]
    """Words of facts that are for all of a workspace: (workspace_no, import_no, announced_us, mark)."""
    ready: list[tuple[Enabled, Row]]
    """Webhooks with room for more messages, each with the next row of facts."""
    overdue: list[Row]
    due: list[Due]

    @property
    def is_any(self) -> bool:
        """Whether the store is to be changed."""
        return bool(self.spread or self.ready or self.overdue or self.due)

    @property
    def is_preparing(self) -> bool:
        """Whether there may be more of it right away."""
        return bool(self.spread or self.ready or self.overdue)


def find_work(tx: Tx, room: Callable[[Enabled], int], *, now_us: int) -> Work:
    """What there is to do now; `room` says how many messages to a webhook may begin to be sent."""
    webhooks = [Enabled(*row) for row in tx.all("enabled_webhooks")]
    published = {one.workspace_no: one.published_import_no for one in webhooks}
    return Work(
        webhooks,
        [
            (workspace_no, *row)
            for workspace_no, import_no in published.items()
            for row in _next(tx, workspace_no, 0, import_no, _AT_ONCE)
        ],
        [(one, row) for one in webhooks for row in _next_ready(tx, one)],
        _newly_overdue(tx, webhooks, now_us),
        [due for one in webhooks for due in _due(tx, one, room(one), now_us)],
    )


def _next(tx: Tx, workspace_no: int, webhook_no: int, import_no: int, limit: int) -> list[Row]:
    return tx.all(
        "next_announcements",
        workspace_no=workspace_no,
        webhook_no=webhook_no,
        published_import_no=import_no,
        limit=limit,
    )


def _next_ready(tx: Tx, one: Enabled) -> list[Row]:
    found = _next(tx, one.workspace_no, one.webhook_no, one.published_import_no, 1)
    if not found:
        return []
    waiting = tx.one("messages_waiting", webhook_no=one.webhook_no, most=MOST)
    return found if waiting is not None and waiting[0] < MOST else []


def _due(tx: Tx, one: Enabled, room: int, now_us: int) -> list[Due]:
    if room <= 0:
        return []
    rows = tx.all("messages_due", webhook_no=one.webhook_no, now_us=now_us, limit=room)
    return [Due(one, *row) for row in rows]


def _newly_overdue(tx: Tx, webhooks: list[Enabled], now_us: int) -> list[Row]:
    """Messages of sources that are overdue and were not told of: each silence once."""
    found: list[Row] = []
    for one in webhooks:
        if OVERDUE not in one.events.split():
            continue
        # What is longer ago was told, or is not in the list any more that would say so.
        since_us = max(one.created_us, now_us - KEPT_FOR_US)
        for source in (Source(*r) for r in tx.all("sources", workspace_no=one.workspace_no)):
            due = due_us(source.cadence, source.live_us, source.last_heard_us)
            if due is not None and since_us <= due < now_us:
                fact = [source.source_no, due]
                found.append(new_message(one, OVERDUE, fact, at_us=due, now_us=now_us))
    there = set(tx.all_for("messages_there", [row[:2] for row in found]))
    return [row for row in found if row[:2] not in there]


def do_work(tx: Tx, work: Work, claim: str, *, now_us: int) -> list[Due]:
    """Does it; returns the messages that are now whoever's who bears this claim, each to be sent once."""
    for row in work.spread:
        _spread(tx, work.webhooks, row)
    for one, row in work.ready:
        _make_ready(tx, one, row, now_us)
    tx.run_many("add_messages", sorted(work.overdue, key=lambda row: row[:2]))
    return [due for due in work.due if _claimed(tx, due, claim, now_us)]


def _spread(tx: Tx, webhooks: list[Enabled], row: Row) -> None:
    """Word of facts becomes one for each webhook that wants to hear of it."""
    workspace_no, *key = row
    rows: list[Row] = []
    for kind, facts in _taken(tx, workspace_no, 0, key):
        rows += [
            (workspace_no, one.webhook_no, *key, kind, facts)
            for one in webhooks
            if one.workspace_no == workspace_no and kind in one.events.split()
        ]
    tx.run_many("announce", rows)


def _make_ready(tx: Tx, one: Enabled, key: Row, now_us: int) -> None:
    """Facts become messages."""
    for kind, facts in _taken(tx, one.workspace_no, one.webhook_no, key):
        rows = [
            new_message(one, kind, fact, at_us=key[1], now_us=now_us) for fact in _decode(facts)
        ]
        tx.run_many("add_messages", sorted(rows, key=lambda row: row[:2]))


def _taken(tx: Tx, workspace_no: int, webhook_no: int, key: Iterable[int]) -> list[Row]:
    import_no, announced_us, mark = key
    return tx.all(
        "take_announcement",
        workspace_no=workspace_no,
        webhook_no=webhook_no,
        import_no=import_no,
        announced_us=announced_us,
        mark=mark,
    )


def _claimed(tx: Tx, due: Due, claim: str, now_us: int) -> bool:
    return bool(
        tx.run(
            "claim_message",
            webhook_no=due.to.webhook_no,
            message_id=due.message_id,
            due_us=due.due_us,
            claim=claim,
            until_us=now_us + CLAIMED_FOR_US,
        )
    )


class Outgoing(NamedTuple):
    """A message as it is sent; without a body when its fact is there no more."""

    to: Enabled
    message: Message
    url: str
    secrets: list[str]
    body: bytes | None


class Sent(NamedTuple):
    """A message that was sent, and what came of it."""

    outgoing: Outgoing
    attempt: Attempt
    at_us: int
    took_us: int


def written(tx: Tx, due: list[Due], *, now_us: int) -> list[Outgoing]:
    """Messages as they are to be sent now; those of webhooks that are gone are left out."""
    found: list[Outgoing] = []
    webhooks = {to: _found(tx, to) for to in {one.to for one in due}}
    for one in due:
        row = tx.one("message", webhook_no=one.to.webhook_no, message_id=one.message_id)
        webhook = webhooks[one.to]
        if row is None or webhook is None:
            continue
        message = Message(*row)
        try:
            body: bytes | None = body_of(tx, one.to.workspace_no, message)
        except NotFound:
            body = None
        found.append(Outgoing(one.to, message, webhook.url, webhook.secrets(now_us), body))
    return found


def _found(tx: Tx, to: Enabled) -> Webhook | None:
    try:
        return find_webhook(tx, to.workspace_no, to.webhook_id)
    except NotFound:
        return None


def note_attempts(tx: Tx, sent: list[Sent], chance: Callable[[], float], *, now_us: int) -> None:
    """Notes what came of messages: which are done, when the others are sent again, and how their webhooks do."""
    for one in sorted(sent, key=lambda one: one.outgoing.to.webhook_no):  # in one order everywhere
        _note_attempt(tx, one, chance(), now_us)


def _note_attempt(tx: Tx, sent: Sent, chance: float, now_us: int) -> None:
    message, attempt, number = sent.outgoing.message, sent.attempt, sent.outgoing.to.webhook_no
    again_us = None
    if not (attempt.is_taken or attempt.is_gone or attempt.is_moot):
        again_us = tried_again_us(
            message.attempts, attempt, begun_us=message.begun_us, now_us=now_us, chance=chance
        )
    ended = "delivered" if attempt.is_taken else "failed"
    noted = tx.run(
        "note_attempt",
        webhook_no=number,
        message_id=message.message_id,
        claim=message.claim,
        state=ended if again_us is None else "waiting",
        due_us=now_us if again_us is None else again_us,
        attempted_us=sent.at_us,
        took_us=sent.took_us,
        status=attempt.status,
        error=attempt.error,
    )
    if not noted or attempt.is_moot:
        return  # somebody else has it, or the webhook was not even asked
    if attempt.is_taken:
        if tx.run("note_answering", webhook_no=number):
            tx.run("send_all_now", webhook_no=number, now_us=now_us)
        return
    tx.run("note_failing", webhook_no=number, now_us=now_us)
    if again_us is None:
        _disable(tx, sent, now_us)


def _disable(tx: Tx, sent: Sent, now_us: int) -> None:
    """A message was given up: so is its webhook, unless it took others since about when that began."""
    to, gone = sent.outgoing.to, sent.attempt.is_gone
    since_us = _END if gone else sent.outgoing.message.begun_us + HOUR_US
    why = GONE if gone else FAILING
    if tx.run(
        "disable_webhook", webhook_no=to.webhook_no, why=why, since_us=since_us, now_us=now_us
    ):
        say_announced(tx, to.workspace_no)


def forget_old(tx: Tx, *, now_us: int) -> int:
    """Forgets some of what was sent long ago; how much."""
    before_us, forgotten = now_us - KEPT_FOR_US, 0
    for workspace_no in [row[0] for row in tx.all("workspaces")]:
        for one in list_webhooks(tx, workspace_no):
            which = {"webhook_no": one.webhook_no, "before_us": before_us}
            forgotten += tx.run("forget_messages", **which, most=MOST)
            tx.run("forget_announcements", workspace_no=workspace_no, **which)
    return forgotten
