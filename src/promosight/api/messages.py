"""What webhooks are sent, as types: the OpenAPI document lists them, and a test holds every message to them."""

from __future__ import annotations

from typing import Any, Literal

from promosight.api.wire import Wire
from promosight.flows.figures.show_alerts import Alert
from promosight.flows.noticing.show_anomalies import Anomaly
from promosight.rules.webhooks import ANOMALY, COUNTED, OVERDUE, PING, REVERSED, THRESHOLD


class ToldEvent(Wire):
    """A redemption or reversal as it stands when it is told, and `reported` as its source said it."""

    event_id: str
    source: str
    type: Literal["redemption", "reversal"]
    outcome: str
    reason: str | None
    promotion_id: str | None
    customer_id: str | None
    assignment_id: str | None
    live: bool
    reversed_by: list[str]
    cost: str
    currency: str
    redeemed_at: str | None
    received_at: str
    reported: dict[str, Any]


class ToldSilence(Wire):
    """A source of which nothing was heard until `due_at`."""

    source: str
    cadence: str
    due_at: str
    last_heard_at: str | None


class ToldNothing(Wire):
    """The webhook that was tested."""

    webhook_id: str


class EventMessage(Wire):
    """A redemption counts, or was reversed. `timestamp`: when that came about."""

    type: Literal["redemption.counted", "redemption.reversed"]
    timestamp: str
    data: ToldEvent


class ThresholdMessage(Wire):
    """A threshold of a limit was crossed."""

    type: Literal["promotion.cap_threshold"]
    timestamp: str
    data: Alert


class AnomalyMessage(Wire):
    """Something is otherwise than expected. `timestamp`: when that was found."""

    type: Literal["anomaly.found"]
    timestamp: str
    data: Anomaly


class OverdueMessage(Wire):
    """A source is overdue for its cadence."""

    type: Literal["source.overdue"]
    timestamp: str
    data: ToldSilence


class PingMessage(Wire):
    """Somebody asked for a test."""

    type: Literal["ping"]
    timestamp: str
    data: ToldNothing


MESSAGES: dict[str, type[Wire]] = {
    COUNTED: EventMessage,
    REVERSED: EventMessage,
    THRESHOLD: ThresholdMessage,
    OVERDUE: OverdueMessage,
    ANOMALY: AnomalyMessage,
    PING: PingMessage,
}
"""The form of each type of message."""
_EVENT: dict[str, Any] = {
    "event_id": "pos-7781",
    "source": "checkout",
    "type": "redemption",
    "outcome": "counted",
    "reason": None,
    "promotion_id": "SPRING20",
    "customer_id": "c-42",
    "assignment_id": "a-1",
    "live": True,
    "reversed_by": [],
    "cost": "5.00",
    "currency": "EUR",
    "redeemed_at": "2026-11-23T10:15:00Z",
    "received_at": "2026-11-23T10:15:02Z",
    "reported": {"event_id": "pos-7781", "promotion_id": "SPRING20", "customer_id": "c-42"},
}
ANOMALY_EXAMPLE: dict[str, Any] = {
    "anomaly_id": "4b1c9e0d2a7f6035",
    "kind": "redemptions",
    "direction": "drop",
    "promotion_id": "SPRING20",
    "promotion_name": "Spring 20%",
    "source": None,
    "said": "Redemptions of Spring 20% dropped to 61 where 148 were expected, since 14:05 on 23 November. It comes from"
    " source checkout, tier gold, which explains 92% of what is missing.",
    "began_at": "2026-11-23T13:05:00Z",
    "found_at": "2026-11-23T15:00:04Z",
    "ended_at": None,
    "expected": 148.2,
    "actual": 61,
    "cause": [
        {"dimension": "source", "words": ["checkout"]},
        {"dimension": "tier", "words": ["gold"]},
    ],
    "share": 0.92,
    "or_else": [],
    "breakdown": [
        {"dimension": "tier", "word": "gold", "expected": 82.5, "actual": 0, "share": 0.946},
        {"dimension": "tier", "word": "silver", "expected": 65.7, "actual": 61, "share": 0.054},
    ],
    "slot": "hour",
    "slots": [
        {"at": "2026-11-23T13:00:00Z", "actual": 33, "expected": 74.1, "low": 54, "high": 96},
        {"at": "2026-11-23T14:00:00Z", "actual": 28, "expected": 74.1, "low": 54, "high": 96},
    ],
    "acknowledged_at": None,
    "acknowledged_by": None,
    "note": "",
}
MESSAGE_EXAMPLES: dict[str, dict[str, Any]] = {
    COUNTED: {"type": COUNTED, "timestamp": "2026-11-23T10:15:02Z", "data": _EVENT},
    REVERSED: {
        "type": REVERSED,
        "timestamp": "2026-11-24T09:00:00Z",
        "data": _EVENT
        | {"event_id": "pos-7790", "type": "reversal", "assignment_id": None, "live": False}
        | {"cost": "0.00", "received_at": "2026-11-24T09:00:00Z"}
        | {"reported": {"event_id": "pos-7790", "type": "reversal", "reverses": "pos-7781"}},
    },
    THRESHOLD: {
        "type": THRESHOLD,
        "timestamp": "2026-11-23T10:15:03Z",
        "data": {
            "alert_id": "1f6a0b0c7d3e4f50",
            "promotion_id": "SPRING20",
            "promotion_name": "Spring 20%",
            "currency": "EUR",
            "measure": "reward",
            "window": "lifetime",
            "window_name": "",
            "tier_id": None,
            "limit": "50000",
            "used": "40000.00",
            "threshold": 80,
            "raised_at": "2026-11-23T10:15:03Z",
        },
    },
    OVERDUE: {
        "type": OVERDUE,
        "timestamp": "2026-11-23T16:15:02Z",
        "data": {
            "source": "checkout",
            "cadence": "realtime",
            "due_at": "2026-11-23T16:15:02Z",
            "last_heard_at": "2026-11-23T10:15:02Z",
        },
    },
    ANOMALY: {"type": ANOMALY, "timestamp": "2026-11-23T15:00:04Z", "data": ANOMALY_EXAMPLE},
    PING: {
        "type": PING,
        "timestamp": "2026-11-23T10:15:02Z",
        "data": {"webhook_id": "wh_3Jq0aWm1Zt9x"},
    },
}
