"""Leaving word of what has come true, for webhooks: which facts, in the transaction that made them so.

One row for a transaction, or for a thousand facts of it, and none at all where no webhook wants to hear of it. Rows are
taken, not read past: so nobody needs an order in which transactions of several processes became visible. What is told
of a fact is not kept here but made of it when it is sent (`webhook_messages`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from promosight.rules.identity import stable_hash
from promosight.rules.webhooks import ANOMALY, COUNTED, REVERSED, THRESHOLD, is_announced
from promosight.store.catalogue import Workspace
from promosight.store.rows import EventRow
from promosight.store.tx import Tx

MOST = 1_000
"""No more facts than these are in one row."""
_encode = msgspec.json.Encoder().encode


def announce(
    tx: Tx, workspace: Workspace, kind: str, facts: Sequence[Any], *, import_no: int, now_us: int
) -> None:
    """Leaves word of facts, if somebody wants to hear of their type once this import is published (0: at once)."""
    if not facts or not is_announced(workspace.announced, kind):
        return
    rows = []
    for start in range(0, len(facts), MOST):
        text = _encode(facts[start : start + MOST]).decode()
        rows.append((workspace.workspace_no, 0, import_no, now_us, stable_hash(text), kind, text))
    tx.send_many("announce", rows)


def announce_uses(
    tx: Tx, workspace: Workspace, uses: Iterable[tuple[int, int, str]], *, now_us: int
) -> None:
    """Leaves word of redemptions that count: the import that each waits for, its source and its id."""
    if not is_announced(workspace.announced, COUNTED):
        return
    by_import: dict[int, list[tuple[int, str]]] = {}
    for import_no, source_no, event_id in uses:
        waits_for = import_no if import_no > workspace.published_import_no else 0
        by_import.setdefault(waits_for, []).append((source_no, event_id))
    for import_no, facts in sorted(by_import.items()):
        announce(tx, workspace, COUNTED, facts, import_no=import_no, now_us=now_us)


def announce_settled(
    tx: Tx, workspace: Workspace, counted: Sequence[tuple[int, EventRow]], *, now_us: int
) -> None:
    """Leaves word of redemptions and reversals that count now and did not before, each with the import it waits for."""
    for kind, reversals in ((COUNTED, False), (REVERSED, True)):
        by_import: dict[int, list[tuple[int, str]]] = {}
        for import_no, e in counted:
            if (e.reverses is not None) is reversals:
                by_import.setdefault(import_no, []).append(e.identity)
        for import_no, facts in sorted(by_import.items()):
            announce(tx, workspace, kind, facts, import_no=import_no, now_us=now_us)


def announce_alerts(tx: Tx, workspace: Workspace, alerts: Sequence[int], *, now_us: int) -> None:
    """Leaves word of alerts that are new."""
    announce(tx, workspace, THRESHOLD, alerts, import_no=0, now_us=now_us)


def announce_anomalies(
    tx: Tx, workspace: Workspace, anomalies: Sequence[int], *, now_us: int
) -> None:
    """Leaves word of anomalies that are new."""
    announce(tx, workspace, ANOMALY, anomalies, import_no=0, now_us=now_us)
