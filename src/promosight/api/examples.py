"""One example of each form that reports come in: shown in the documents, and valid by the schemas that are served."""

from __future__ import annotations

from typing import Any

from promosight.api.webhooks import NewWebhook, WebhookChange
from promosight.connectors.cloudevents import CloudEvent
from promosight.connectors.segment import SegmentBatch, SegmentMessage
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
