"""What a sender may write: the wire form of one redemption, reversal or assignment, nothing checked but types.

Every field is optional here, so that `facts` can name the one that is missing or wrong instead of
refusing the whole request. These structs are also where the served JSON Schema comes from.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(max_length=4096)]


class ReportedEvent(msgspec.Struct, kw_only=True, gc=False):
    """A redemption, or with `"type": "reversal"` its undoing, as a source reports it."""

    event_id: Annotated[
        str | None, Meta(description="Unique per source; a retry carries the same id.")
    ] = None
    type: Annotated[str | None, Meta(description="`redemption` (default) or `reversal`.")] = None
    reverses: Annotated[
        str | None, Meta(description="For a reversal: the event id of the redemption it undoes.")
    ] = None
    promotion_id: str | None = None
    promo_code: Annotated[
        str | None, Meta(description="The promotion's code or the customer's personal one.")
    ] = None
    customer_id: str | None = None
    redeemed_at: Annotated[
        str | None, Meta(description="RFC 3339 with offset, by the source's clock.")
    ] = None
    assignment_id: str | None = None
    campaign_id: str | None = None
    tier_id: str | None = None
    channel: str | None = None
    reward_value: Annotated[
        Decimal | None,
        Meta(description="What the reward cost; for a reversal, how much of it is undone."),
    ] = None
    currency: Annotated[str | None, Meta(description="ISO 4217; default: the reward's.")] = None
    order_id: str | None = None
    order_value: Decimal | None = None
    metadata: Annotated[
        dict[str, Any] | None,
        Meta(
            description="What is yours: of JSON only what stands in here is kept beside the fields; "
            "a CSV column of another name goes here by itself."
        ),
    ] = None


class ReportedAssignment(msgspec.Struct, kw_only=True, gc=False):
    """One reward given to one customer, as the system that gave it reports it."""

    promotion_id: str | None = None
    customer_id: str | None = None
    assigned_at: Annotated[str | None, Meta(description="RFC 3339 with offset.")] = None
    assignment_id: str | None = None
    campaign_id: str | None = None
    occurrence: Annotated[
        str | None, Meta(description="Which run of a recurring campaign; default: assigned_at.")
    ] = None
    tier_id: str | None = None
    segment: Annotated[
        str | None, Meta(description="The customer's segment at this moment; kept as a snapshot.")
    ] = None
    channel: str | None = None
    channels: list[str] | None = None
    promo_code: Annotated[
        str | None, Meta(description="The personal code issued with this assignment.")
    ] = None
    reward_value: Decimal | None = None
    currency: str | None = None
    expires_at: str | None = None
    max_redemptions: int | None = None
    control: Annotated[
        bool | None, Meta(description="True: deliberately left without the offer.")
    ] = None
    decision_id: str | None = None
    attributes: Annotated[
        dict[str, Any] | None,
        Meta(
            description="What is yours: of JSON only what stands in here is kept beside the fields; "
            "a CSV column of another name goes here by itself."
        ),
    ] = None
