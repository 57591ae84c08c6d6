"""Imports: files of any size, taken in piece by piece, their figures published once at the end.

The facts of a running import are kept and matched at once; what they change in the counters is held apart
(layer 1) and added in one short transaction when the import ends. Readers see the figures before, then
those after. One import runs at a time in a workspace. One that died is taken over by the next: its facts
are there, its figures are published with the next one's.
"""

from __future__ import annotations

import msgspec

from promosight.errors import Conflict
from promosight.flows.counters import publish_counters
from promosight.flows.naming import NUMBERS_LOCK
from promosight.rules.identity import BUCKETS
from promosight.rules.instants import SECOND_US
from promosight.store.tx import Tx

DEAD_AFTER_US = 60 * SECOND_US
"""An import that was not heard of for so long is taken for dead."""


def start_import(
    tx: Tx, workspace_no: int, source_no: int, *, kind: str, name: str, now_us: int
) -> int:
    """Begins an import and returns its number. Raises Conflict while another one is alive."""
    tx.lock(workspace_no, [*range(BUCKETS), NUMBERS_LOCK])
    for import_no, _, other, heartbeat_us in tx.all("running_imports", workspace_no=workspace_no):
        if heartbeat_us + DEAD_AFTER_US > now_us and other != name:
            raise Conflict(f"the import of {other} is still running", code="import_running")
        tx.run("end_import", import_no=import_no, state="abandoned", now_us=now_us)
    tx.run(
        "add_import",
        workspace_no=workspace_no,
        source_no=source_no,
        kind=kind,
        name=name,
        now_us=now_us,
    )
    row = tx.one("latest_import", workspace_no=workspace_no)
    assert row is not None
    return int(row[0])


def note_import(
    tx: Tx, import_no: int, *, rows_read: int, outcomes: dict[str, int], now_us: int
) -> None:
    """Notes how far an import is, and that it is alive."""
    said = msgspec.json.encode(outcomes).decode()
    tx.run("note_import", import_no=import_no, rows_read=rows_read, outcomes=said, now_us=now_us)


def finish_import(
    tx: Tx, workspace_no: int, import_no: int, *, now_us: int, state: str = "done"
) -> None:
    """Publishes the figures held back, all at once. `state` is `done`, or `failed` when a file broke off."""
    tx.lock(workspace_no)
    publish_counters(tx, workspace_no)
    tx.run("publish_import", workspace_no=workspace_no, import_no=import_no)
    tx.run("end_import", import_no=import_no, state=state, now_us=now_us)
