"""What is answered about shops and to them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from promosight.api.receipt_wire import ReportAnswer
from promosight.api.wire import Wire


class ShopMessage(Wire):
    """The last message of a shop and what was done with it: the outcome of what it told, `ignored`, or `refused`."""

    received_at: str
    event: str
    outcome: str
    reason: str | None


class ShopAnswer(Wire):
    """A source that is a shop. It sends to `path` on this server, and is known by its signature once it `has_secret`.
    Until `former_secret_until` the secret before is good as well."""

    shop_id: str
    source: str
    kind: Literal["shopify", "stripe"]
    path: str
    customer_from: str
    code_from: str | None
    has_secret: bool
    former_secret_until: str | None
    last_message: ShopMessage | None
    created_at: str
    updated_at: str


class ShopPage(Wire):
    """All shops."""

    items: list[ShopAnswer]
    next: str | None


class PassedOver(Wire):
    """Why nothing is done with a message of a shop."""

    reason: str
    detail: str


class ShopReportAnswer(ReportAnswer):
    """What became of the facts that a message of a shop tells; or why it tells none."""

    passed_over: PassedOver | UnsetType = UNSET
