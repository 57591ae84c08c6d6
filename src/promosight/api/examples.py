"""One example of each form that reports come in: shown in the documents, and valid by the schemas that are served."""

from __future__ import annotations

from typing import Any

from promosight.api.shops import NewShop, ShopChange
from promosight.api.webhooks import NewWebhook, WebhookChange
from promosight.connectors.cloudevents import CloudEvent
from promosight.connectors.segment import SegmentBatch, SegmentMessage
from promosight.connectors.shopify import ShopifyOrder
from promosight.connectors.stripe import StripeEvent
from promosight.rules.outcomes import ReportedOutcome
from promosight.rules.reconciling import ToldRow
from promosight.rules.reported import ReportedAssignment, ReportedEvent

_APPLIED = {
    "type": "track",
    "event": "Coupon Applied",
    "messageId": "m-1",
    "userId": "c-42",
    "timestamp": "2026-11-23T10:15:00Z",
    "properties": {
        "order_id": "o-9",
        "coupon_id": "SPRING20",
        "coupon_name": "Spring 20%",
        "discount": 5.00,
        "currency": "EUR",
    },
}
EXAMPLES: dict[Any, dict[str, Any]] = {
    ReportedEvent: {
        "event_id": "pos-7781",
        "promotion_id": "SPRING20",
        "customer_id": "c-42",
        "redeemed_at": "2026-11-23T10:15:00Z",
        "reward_value": "5.00",
        "currency": "EUR",
        "order_id": "o-9",
        "order_value": "64.90",
        "metadata": {"till": "7"},
    },
    ReportedAssignment: {
        "promotion_id": "SPRING20",
        "customer_id": "c-42",
        "assigned_at": "2026-11-20T08:00:00Z",
        "campaign_id": "spring",
        "tier_id": "gold",
        "segment": "loyal",
        "channel": "email",
    },
    ReportedOutcome: {
        "outcome_id": "shop-o-9",
        "customer_id": "c-42",
        "occurred_at": "2026-11-23T10:15:00Z",
        "measure": "order_value",
        "value": "64.90",
        "currency": "EUR",
        "order_id": "o-9",
    },
    CloudEvent: {
        "specversion": "1.0",
        "type": "promotion.redeemed",
        "source": "https://shop.example/checkout",
        "id": "7781",
        "subject": "c-42",
        "time": "2026-11-23T10:15:00Z",
        "data": {
            "promotion_id": "SPRING20",
            "reward_value": "5.00",
            "currency": "EUR",
            "order_id": "o-9",
            "order_value": "64.90",
        },
    },
    NewWebhook: {
        "url": "https://shop.example/hooks/promosight",
        "events": ["redemption.counted", "redemption.reversed"],
        "description": "Loyalty service",
    },
    ToldRow: {
        "event_id": "pos-7781",
        "redeemed_at": "2026-11-23T10:15:00Z",
        "order_value": "64.90",
    },
    WebhookChange: {"enabled": False},
    NewShop: {"source": "web shop", "kind": "shopify"},
    ShopChange: {"secret": "whsec_0123456789abcdef"},
    ShopifyOrder: {
        "id": 820982911946154508,
        "created_at": "2026-11-23T10:15:00+01:00",
        "financial_status": "paid",
        "currency": "EUR",
        "total_price": "64.90",
        "source_name": "web",
        "customer": {"id": 115310627314723954},
        "discount_codes": [{"code": "SPRING20", "amount": "5.00", "type": "fixed_amount"}],
    },
    StripeEvent: {
        "id": "evt_1",
        "type": "checkout.session.completed",
        "created": 1795428900,
        "livemode": True,
        "data": {
            "object": {
                "id": "cs_live_1",
                "mode": "payment",
                "payment_status": "paid",
                "payment_intent": "pi_1",
                "customer": "cus_42",
                "currency": "eur",
                "amount_total": 6490,
                "total_details": {"amount_discount": 500},
                "discounts": [{"coupon": "SPRING20", "promotion_code": "promo_1"}],
            }
        },
    },
    SegmentMessage: _APPLIED,
    SegmentBatch: {
        "batch": [
            _APPLIED,
            {"type": "identify", "userId": "c-42", "traits": {"plan": "gold"}},
            {
                "type": "track",
                "event": "Coupon Removed",
                "messageId": "m-2",
                "userId": "c-42",
                "timestamp": "2026-11-23T10:17:00Z",
                "properties": {"order_id": "o-9", "coupon_id": "SPRING20"},
            },
        ]
    },
}
