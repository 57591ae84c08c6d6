"""Routes of webhooks: where the product tells others, and what became of what it told."""

from __future__ import annotations

from promosight.api import webhooks, wire
from promosight.api.door.door import Route
from promosight.flows.set_up.users import INTEGRATIONS

_SET_UP = f"admin {INTEGRATIONS}"
_W = "/v1/webhooks/{webhook_id:str}"

WEBHOOK_ROUTES = (
    Route(
        "GET",
        "/v1/webhooks",
        webhooks.listing,
        _SET_UP,
        "The webhooks, without their secrets",
        gives=wire.WebhookPage,
        query=("limit", "cursor"),
    ),
    Route(
        "POST",
        "/v1/webhooks",
        webhooks.create,
        _SET_UP,
        "Have an address told what happens, as signed messages",
        webhooks.NewWebhook,
        gives=wire.WebhookSecretAnswer,
        status=201,
    ),
    Route(
        "GET",
        _W,
        webhooks.show,
        _SET_UP,
        "One webhook",
        gives=wire.WebhookAnswer,
    ),
    Route(
        "PATCH",
        _W,
        webhooks.change,
        _SET_UP,
        "Change a webhook's address or types, or disable it",
        webhooks.WebhookChange,
        gives=wire.WebhookAnswer,
    ),
    Route(
        "DELETE",
        _W,
        webhooks.remove,
        _SET_UP,
        "Remove a webhook",
        status=204,
    ),
    Route(
        "POST",
        f"{_W}/rotate",
        webhooks.rotate,
        _SET_UP,
        "Give a webhook another secret; the one before signs for 24 more hours",
        gives=wire.WebhookSecretAnswer,
    ),
    Route(
        "POST",
        f"{_W}/test",
        webhooks.test,
        _SET_UP,
        "Send a webhook a ping",
        gives=wire.DeliveryAnswer,
        status=202,
    ),
    Route(
        "GET",
        f"{_W}/deliveries",
        webhooks.deliveries,
        _SET_UP,
        "What was sent to a webhook and what waits, the newest first",
        query=("state", "limit", "cursor"),
        gives=wire.DeliveryPage,
    ),
    Route(
        "POST",
        f"{_W}/deliveries/{{delivery_id:str}}/resend",
        webhooks.resend,
        _SET_UP,
        "Send a message once more, under the same id",
        gives=wire.DeliveryAnswer,
        status=202,
    ),
)
