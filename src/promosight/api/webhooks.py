"""Webhooks over HTTP: where they go, what they want to hear of, their secrets, and what became of each message."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, page_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.errors import Invalid
from promosight.flows.webhooks import setting_up as webhooks
from promosight.flows.webhooks.setting_up import Wanted, Webhook, describe_webhook, the_webhook
from promosight.flows.webhooks.webhook_messages import (
    Page,
    list_messages,
    ping,
    send_again,
    the_message,
)
from promosight.rules.webhooks import secret_of

_SECRET_BYTES = 32
_STATES = ("waiting", "delivered", "failed")


class NewWebhook(msgspec.Struct):
    """An address that is to be told of `events`; `https` only."""

    url: str
    events: list[str]
    description: str = ""


class WebhookChange(msgspec.Struct):
    """What is to be otherwise. Enabled again, it is sent what waited."""

    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    enabled: bool | None = None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/webhooks."""
    found = door.store.read(lambda tx: webhooks.list_webhooks(tx, call.workspace_no))
    items = [describe_webhook(one, now_us=call.now_us) for one in found]
    return Answer(page_of(call, items, "webhook_id"))


def show(door: Door, call: Call) -> Answer:
    """GET /v1/webhooks/{webhook_id}."""
    named = call.path("webhook_id")
    found = door.store.read(lambda tx: webhooks.find_webhook(tx, call.workspace_no, named))
    return Answer(describe_webhook(found, now_us=call.now_us))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/webhooks: the secret is in this answer and nowhere else."""
    body = decoded(call.body, NewWebhook)
    named, secret = f"wh_{door.fresh(9)}", secret_of(door.fresh(_SECRET_BYTES).encode())
    wanted = Wanted(
        url=body.url,
        events=body.events,
        description=body.description.strip(),
        private=door.webhooks_private,
    )
    made = change_noted(
        *(door, call, "webhook.create", named, the_webhook(call.workspace_no, named)),
        lambda tx: webhooks.create_webhook(
            tx, call.workspace_no, named, secret, wanted, now_us=call.now_us
        ),
    )
    return _with_secret(call, made, 201)


def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/webhooks/{webhook_id}."""
    body, named = decoded(call.body, WebhookChange), call.path("webhook_id")

    def changed(before: Webhook) -> tuple[Wanted, bool]:
        wanted = Wanted(
            url=before.url if body.url is None else body.url,
            events=before.types if body.events is None else body.events,
            description=before.description
            if body.description is None
            else body.description.strip(),
            private=door.webhooks_private,
        )
        return wanted, not before.disabled if body.enabled is None else body.enabled

    found = change_noted(
        *(door, call, "webhook.change", named, the_webhook(call.workspace_no, named)),
        lambda tx: webhooks.change_webhook(
            tx, call.workspace_no, named, changed, now_us=call.now_us
        ),
    )
    return Answer(describe_webhook(found, now_us=call.now_us))


def rotate(door: Door, call: Call) -> Answer:
    """POST /v1/webhooks/{webhook_id}/rotate: both secrets sign for a day."""
    named, secret = call.path("webhook_id"), secret_of(door.fresh(_SECRET_BYTES).encode())
    found = change_noted(
        *(door, call, "webhook.rotate", named, the_webhook(call.workspace_no, named)),
        lambda tx: webhooks.rotate_secret(tx, call.workspace_no, named, secret, now_us=call.now_us),
    )
    return _with_secret(call, found, 200)


def remove(door: Door, call: Call) -> Answer:
    """DELETE /v1/webhooks/{webhook_id}: with all that waits for it."""
    named = call.path("webhook_id")
    change_noted(
        *(door, call, "webhook.delete", named, the_webhook(call.workspace_no, named)),
        lambda tx: webhooks.remove_webhook(tx, call.workspace_no, named),
    )
    return Answer(status=204)


def test(door: Door, call: Call) -> Answer:
    """POST /v1/webhooks/{webhook_id}/test: a `ping` is sent, as everything is."""
    named, token = call.path("webhook_id"), door.fresh(9)
    made = door.store.change(
        lambda tx: ping(tx, call.workspace_no, named, token, now_us=call.now_us)
    )
    return Answer(made, 202)


def deliveries(door: Door, call: Call) -> Answer:
    """GET /v1/webhooks/{webhook_id}/deliveries."""
    named, state = call.path("webhook_id"), call.query("state") or ""
    page = place_in(call.query("cursor"), Page())
    if state and state not in _STATES:
        raise Invalid("must be one of " + ", ".join(_STATES), pointer="/state")
    items, following = door.store.read(
        lambda tx: list_messages(
            tx, call.workspace_no, named, state=state, page=page, limit=call.limit()
        )
    )
    return Answer({"items": items, "next": cursor_of(following)})


def resend(door: Door, call: Call) -> Answer:
    """POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend: under the same id."""
    named, which = call.path("webhook_id"), call.path("delivery_id")
    found = change_noted(
        *(
            door,
            call,
            "webhook.resend",
            f"{named}/{which}",
            the_message(call.workspace_no, named, which),
        ),
        lambda tx: send_again(tx, call.workspace_no, named, which, now_us=call.now_us),
    )
    return Answer(found, 202)


def _with_secret(call: Call, one: Webhook, status: int) -> Answer:
    shown = describe_webhook(one, now_us=call.now_us)
    # The secret is shown once, so an answer that is kept is kept without it.
    return Answer(shown | {"secret": one.secret}, status, kept=shown | {"secret": None})
