"""Webhooks as they are set up: made, changed, given a new secret, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.auditing.audit import Look
from promosight.rules.identity import stable_hash
from promosight.rules.instants import format_instant
from promosight.rules.webhooks import (
    FORMER_SIGNS_FOR_US,
    announced_bits,
    check_types,
    check_url,
)
from promosight.store.tx import Tx

MOST_WEBHOOKS = 20
"""In one workspace."""
BY_REQUEST, GONE, FAILING = "by_request", "gone", "failing"
"""Why one is disabled: somebody said so; it answered 410; it has been failing for as long as a message is tried."""
_LONGEST_DESCRIPTION = 255


class Webhook(msgspec.Struct, frozen=True):
    """A webhook; fields in the order of the statement `webhooks`."""

    webhook_no: int
    webhook_id: str
    url: str
    description: str
    events: str
    secret: str
    former_secret: str | None
    former_until_us: int | None
    disabled: str
    failing_since_us: int | None
    created_us: int
    updated_us: int

    @property
    def types(self) -> list[str]:
        """What it wants to be told."""
        return self.events.split()

    def secrets(self, now_us: int) -> list[str]:
        """What messages are signed with, the newest first."""
        signs = self.former_until_us is not None and now_us < self.former_until_us
        former = self.former_secret if signs else None
        return [self.secret] if former is None else [self.secret, former]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How a webhook is to be. `private`: it may lie inside one's own network."""

    url: str
    events: list[str]
    description: str
    private: bool

    def check(self) -> None:
        """Raises Invalid naming the field."""
        check_url(self.url, private=self.private)
        check_types(self.events)
        if len(self.description) > _LONGEST_DESCRIPTION or not self.description.isprintable():
            why = f"must be at most {_LONGEST_DESCRIPTION} printable characters"
            raise Invalid(why, pointer="/description")

    def columns(self) -> dict[str, str]:
        """As it is written."""
        types = " ".join(dict.fromkeys(self.events))
        return {"url": self.url, "events": types, "description": self.description}


def list_webhooks(tx: Tx, workspace_no: int) -> list[Webhook]:
    """The webhooks of a workspace, the oldest first."""
    return [Webhook(*row) for row in tx.all("webhooks", workspace_no=workspace_no)]


def find_webhook(tx: Tx, workspace_no: int, webhook_id: str) -> Webhook:
    """A webhook by its id. Raises NotFound."""
    for one in list_webhooks(tx, workspace_no):
        if one.webhook_id == webhook_id:
            return one
    raise NotFound(f"there is no webhook {webhook_id}")


def create_webhook(
    tx: Tx, workspace_no: int, webhook_id: str, secret: str, wanted: Wanted, *, now_us: int
) -> Webhook:
    """A new webhook: it is told what happens from here on. Raises Invalid, Conflict."""
    wanted.check()
    if len(list_webhooks(tx, workspace_no)) >= MOST_WEBHOOKS:
        raise Conflict(
            f"a workspace has at most {MOST_WEBHOOKS} webhooks", code="too_many_webhooks"
        )
    tx.run(
        "add_webhook",
        workspace_no=workspace_no,
        webhook_id=webhook_id,
        secret=secret,
        now_us=now_us,
        **wanted.columns(),
    )
    say_announced(tx, workspace_no)
    return find_webhook(tx, workspace_no, webhook_id)


def change_webhook(
    tx: Tx,
    workspace_no: int,
    webhook_id: str,
    changed: Callable[[Webhook], tuple[Wanted, bool]],
    *,
    now_us: int,
) -> Webhook:
    """Changes a webhook as `changed` says, and whether it is enabled. What waited is sent once it is enabled again.

    Raises NotFound, and what `changed` raises.
    """
    before = find_webhook(tx, workspace_no, webhook_id)
    wanted, enabled = changed(before)
    wanted.check()
    disabled = "" if enabled else before.disabled or BY_REQUEST
    anew = enabled and (before.disabled != "" or wanted.url != before.url)
    since_us = None if anew else before.failing_since_us
    kept = msgspec.structs.replace(before, disabled=disabled, failing_since_us=since_us)
    _write(tx, kept, now_us, **wanted.columns())
    say_announced(tx, workspace_no)
    return find_webhook(tx, workspace_no, webhook_id)


def rotate_secret(
    tx: Tx, workspace_no: int, webhook_id: str, secret: str, *, now_us: int
) -> Webhook:
    """Gives a webhook another secret; the one it had signs beside it for a day. Raises NotFound."""
    before = find_webhook(tx, workspace_no, webhook_id)
    until_us = now_us + FORMER_SIGNS_FOR_US
    rotated = msgspec.structs.replace(
        before, secret=secret, former_secret=before.secret, former_until_us=until_us
    )
    _write(tx, rotated, now_us)
    return find_webhook(tx, workspace_no, webhook_id)


def remove_webhook(tx: Tx, workspace_no: int, webhook_id: str) -> None:
    """Ends a webhook, with all that waits for it and its list of deliveries. Raises NotFound."""
    number = find_webhook(tx, workspace_no, webhook_id).webhook_no
    tx.run("drop_webhook", webhook_no=number)
    tx.run("drop_messages_of_webhook", webhook_no=number)
    tx.run("drop_announcements_of_webhook", workspace_no=workspace_no, webhook_no=number)
    say_announced(tx, workspace_no)


def say_announced(tx: Tx, workspace_no: int) -> None:
    """Has facts leave word of what enabled webhooks want, and of nothing else."""
    enabled = [one for one in list_webhooks(tx, workspace_no) if not one.disabled]
    bits = announced_bits(kind for one in enabled for kind in one.types)
    tx.run("say_announced", workspace_no=workspace_no, announced=bits)


def describe_webhook(one: Webhook, *, now_us: int) -> dict[str, Any]:
    """A webhook as the contract shows it: without its secret."""
    overlaps = one.former_until_us is not None and now_us < one.former_until_us
    return {
        "webhook_id": one.webhook_id,
        "url": one.url,
        "description": one.description,
        "events": one.types,
        "enabled": not one.disabled,
        "disabled_reason": one.disabled or None,
        "failing_since": _instant(one.failing_since_us),
        "former_secret_until": _instant(one.former_until_us) if overlaps else None,
        "created_at": format_instant(one.created_us),
        "updated_at": format_instant(one.updated_us),
    }


def the_webhook(workspace_no: int, webhook_id: str) -> Look:
    """A webhook, as the audit log says it: that its secret was changed is said by a mark of it."""

    def look(tx: Tx) -> Any:
        try:
            one = find_webhook(tx, workspace_no, webhook_id)
        except NotFound:
            return None
        said = {name: getattr(one, name) for name in ("url", "description", "disabled")}
        mark = f"{stable_hash(one.secret):016x}"
        return said | {"events": one.types, "secret_mark": mark}

    return look


def _write(tx: Tx, one: Webhook, now_us: int, **said: str) -> None:
    columns = msgspec.structs.asdict(one) | said
    for name in ("webhook_id", "created_us", "updated_us"):
        del columns[name]
    tx.run("change_webhook", **columns, now_us=now_us)


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
