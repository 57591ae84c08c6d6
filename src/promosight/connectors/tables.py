"""Records as tables: the columns of each kind, for CSV and Parquet, and what a cell may hold.

A spreadsheet runs a cell that begins with `=` as a formula; text from outside is therefore made harmless by an
apostrophe. NDJSON and Parquet carry text as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from promosight.connectors.csv_words import FORMULA, cell_of

Record = dict[str, Any]
Columns = dict[str, str]
"""Names and kinds of columns: text (theirs), word (ours), day, instant, amount, count, share, flag, list or json."""

_FIGURES = ("assigned", "redeemed")
_COUNTS = ("redemptions", "excess", "unassigned", "flagged", "pending", "reversed")

_LINE: Columns = {
    **dict.fromkeys(_FIGURES, "count"),
    **dict.fromkeys(("rate", "rate_low", "rate_high"), "share"),
    **dict.fromkeys(_COUNTS, "count"),
    **dict.fromkeys(("reward_cost", "reward_units", "order_value"), "json"),
}

COLUMNS: dict[str, Columns] = {
    "promotions": {
        **dict.fromkeys(("promotion_id", "name", "kind", "status", "code"), "text"),
        "fallback_code": "text",
        "reward_type": "text",
        "reward_value": "word",
        **dict.fromkeys(("reward_currency", "reward_unit"), "text"),
        "max_redemptions": "count",
        **dict.fromkeys(("starts_at", "ends_at"), "instant"),
        **dict.fromkeys(("tiers", "limits", "properties"), "json"),
    },
    "customers": {
        "customer_id": "text",
        **dict.fromkeys(("segments", "opt_outs"), "list"),
        "attributes": "json",
    },
    "assignments": {
        **dict.fromkeys(("promotion_id", "customer_id"), "text"),
        "assigned_at": "instant",
        **dict.fromkeys(("assignment_id", "campaign_id", "occurrence"), "text"),
        **dict.fromkeys(("tier_id", "segment"), "text"),
        "channels": "list",
        "promo_code": "text",
        "reward_value": "amount",
        "currency": "text",
        "expires_at": "instant",
        "max_redemptions": "count",
        "control": "flag",
        "decision_id": "text",
        "attributes": "json",
    },
    "redemptions": {
        **dict.fromkeys(("event_id", "type", "reverses", "promotion_id", "promo_code"), "text"),
        "customer_id": "text",
        "redeemed_at": "instant",
        **dict.fromkeys(("assignment_id", "campaign_id", "tier_id", "channel"), "text"),
        "reward_value": "amount",
        **dict.fromkeys(("currency", "order_id"), "text"),
        "order_value": "amount",
        "metadata": "object",  # an empty one was said, and is other content than none
    },
    "figures": {
        **dict.fromkeys(("promotion_id", "name", "kind", "status", "state"), "text"),
        "code": "text",
        **dict.fromkeys(("starts_at", "ends_at"), "instant"),
        **dict.fromkeys(_FIGURES, "count"),
        **dict.fromkeys(("rate", "rate_low", "rate_high"), "share"),
        "display": "word",
        **dict.fromkeys([f"customers_{name}" for name in _FIGURES], "count"),
        "customers_rate": "share",
        **dict.fromkeys(_COUNTS, "count"),
        **dict.fromkeys(("reward_cost", "reward_units", "order_value", "usage"), "json"),
        **dict.fromkeys(("last_event_at", "tracked_since"), "instant"),
    },
    "outcomes": {
        **dict.fromkeys(("outcome_id", "customer_id"), "text"),
        "occurred_at": "instant",
        "measure": "word",
        "value": "amount",
        **dict.fromkeys(("currency", "order_id"), "text"),
    },
    "decisions": {
        **dict.fromkeys(("decision_id", "customer_id"), "text"),
        "decided_at": "instant",
        **dict.fromkeys(("mode", "policy_version"), "word"),
        **dict.fromkeys(("promotion_id", "tier_id"), "text"),
        **dict.fromkeys(("propensity", "probability"), "share"),
        "explored": "flag",
        "expected_value": "share",
        "redeemed": "flag",
        "reward": "share",
        "redeemed_at": "instant",
        **dict.fromkeys(("order_value", "reward_cost"), "amount"),
        "assignment_id": "text",
        **dict.fromkeys(("learned_revision", "action"), "count"),
        **dict.fromkeys(("context", "actions"), "json"),
    },
    "breakdowns": {
        "promotion_id": "text",
        "by": "word",
        **dict.fromkeys(("key", "name"), "text"),
        **_LINE,
        "enough": "flag",
    },
    "days": {"promotion_id": "text", "date": "word", "day": "day", **_LINE},
    "audience": {
        **dict.fromkeys(("customer_id", "promotion_id"), "text"),
        "status": "word",
        **dict.fromkeys(("assignment_id", "event_id", "tier_id", "segment"), "text"),
        **dict.fromkeys(("channel", "campaign_id", "promo_code"), "text"),
        "reward_value": "amount",
        "currency": "text",
        **dict.fromkeys(("assigned_at", "expires_at", "redeemed_at"), "instant"),
    },
    "problems": {
        "problem_id": "text",
        "received_at": "instant",
        **dict.fromkeys(("source", "kind", "outcome", "reason", "pointer", "detail"), "text"),
        "advice": "text",
        **dict.fromkeys(("event_id", "promotion_id", "customer_id"), "text"),
        **dict.fromkeys(("line", "times"), "count"),
        "stale": "flag",
        "payload": "json",
    },
}

FOUND: dict[str, Columns] = {
    "assignments": {
        "source": "text",
        "received_at": "instant",
        "matched_assignment_id": "text",
        **dict.fromkeys(("withdrawn_at", "redeemed_at"), "instant"),
        "committed": "amount",
        "committed_in": "text",
    },
    "outcomes": {"source": "text", "received_at": "instant"},
    "redemptions": {
        "source": "text",
        "received_at": "instant",
        **dict.fromkeys(("outcome", "reason"), "text"),
        **dict.fromkeys(("matched_promotion_id", "matched_assignment_id"), "text"),
        "live": "flag",
        "cost": "amount",
        "cost_in": "text",
    },
}
"""Columns that say what Promosight found, added on request."""

_PARQUET = {
    "text": "VARCHAR",
    "word": "VARCHAR",
    "day": "DATE",
    "instant": "TIMESTAMPTZ",
    "amount": "DECIMAL(18, 6)",
    "count": "BIGINT",
    "share": "DOUBLE",
    "flag": "BOOLEAN",
    "list": "VARCHAR[]",
    "json": "JSON",
    "object": "JSON",
}


def columns_of(kind: str, *, found: bool) -> Columns:
    """The columns of a kind of record."""
    return COLUMNS[kind] | (FOUND.get(kind, {}) if found else {})


def parquet_types(columns: Columns) -> dict[str, str]:
    """The type of each column in Parquet, as DuckDB names it."""
    return {name: _PARQUET[kind] for name, kind in columns.items()}


def flat(kind: str, record: Record) -> Record:
    """A record with what is nested brought to columns of its own."""
    if kind == "promotions":
        reward = {f"reward_{name}": value for name, value in record["reward"].items()}
        return record | reward
    if kind == "figures":
        figures: Record = record["figures"]
        customers = {f"customers_{name}": v for name, v in figures["customers"].items()}
        low, high = figures["interval"] or (None, None)
        return record | figures | customers | {"rate_low": low, "rate_high": high}
    return record


def csv_row(record: Record, columns: Columns) -> list[str]:
    """The cells of a flat record."""
    return [_cell(record.get(name), kind) for name, kind in columns.items()]


def _cell(value: Any, kind: str) -> str:
    if value is None or value == [] or (value == {} and kind != "object"):
        return ""
    if kind in ("json", "object"):
        value = value if isinstance(value, str) else _json(value)
    elif kind == "list":
        value = cell_of(value)
    elif kind == "flag":
        return "true" if value else "false"
    elif kind != "text":
        return str(value)
    return unformulated(str(value))


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as lines of CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def unformulated(text: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
