"""Imports: files of any size, taken in piece by piece, their figures published once at the end.

The facts of a running import are kept and matched at once; what they change in the counters is held apart
(layer 1) and added in one short transaction when the import ends. Readers see the figures before, then
those after. One import runs at a time in a workspace. A run that died is taken over by the next: its facts
are there, its figures are published with the next one's; and each run has a new number, so that its facts
are held back whatever was published before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from promosight.errors import Conflict
from promosight.flows.ledger.counters import publish_counters
from promosight.flows.ledger.naming import EVERYTHING
from promosight.flows.ledger.restating import publish_restatements
from promosight.rules.instants import SECOND_US
from promosight.store.tx import Tx

DEAD_AFTER_US = 60 * SECOND_US
"""An import that was not heard of for so long is taken for dead."""


class Received(NamedTuple):
    """A file that came over HTTP and has not ended; `import_no` is its latest run, 0 for none."""

    import_id: str
    workspace_no: int
    source_no: int
    kind: str
    name: str
    import_no: int
    spool: str
    form: str
    received_us: int
    bytes_total: int


def accept_import(tx: Tx, received: Received) -> None:
    """Has a file that lies in a spool folder wait to be run."""
    tx.run(
        "add_import",
        import_id=received.import_id,
        workspace_no=received.workspace_no,
        source_no=received.source_no,
        kind=received.kind,
        name=received.name,
        spool=received.spool,
        form=received.form,
        bytes_total=received.bytes_total,
        now_us=received.received_us,
    )


def unfinished_imports(tx: Tx) -> list[Received]:
    """The files of all workspaces that came over HTTP and have not ended, the first to come first."""
    return [Received(*row) for row in tx.all("unfinished_imports")]


def start_import(
    tx: Tx,
    workspace_no: int,
    source_no: int,
    *,
    kind: str,
    name: str,
    now_us: int,
    bytes_total: int | None = None,
) -> int:
    """Begins an import and returns its number. Raises Conflict while another one is alive."""
    import_no = _next_run(tx, workspace_no, now_us, file=name)
    import_id = f"import-{import_no}"
    tx.run(
        "add_import",
        import_id=import_id,
        workspace_no=workspace_no,
        source_no=source_no,
        kind=kind,
        name=name,
        spool=None,
        form=None,
        bytes_total=bytes_total,
        now_us=now_us,
    )
    return _run(tx, import_id, import_no, now_us, former_no=0)


def run_received(tx: Tx, received: Received, *, now_us: int) -> int:
    """Begins a run of a file that came over HTTP and returns its number.

    Raises Conflict while another import is alive, or when somebody else has begun this one.
    """
    import_no = _next_run(tx, received.workspace_no, now_us, import_id=received.import_id)
    return _run(tx, received.import_id, import_no, now_us, former_no=received.import_no)


def _next_run(
    tx: Tx, workspace_no: int, now_us: int, *, import_id: str = "", file: str | None = None
) -> int:
    """The number of a new run, once no other import is alive. An earlier run of the same one is over.

    One that came over HTTP is the same by its id, for many files may go by one name; one of the command line by the
    files it names, since their ids are made anew each time.
    """
    tx.lock(workspace_no, EVERYTHING)
    running = tx.all("running_imports", workspace_no=workspace_no)
    for other_id, import_no, other, heartbeat_us, received in running:
        same = other_id == import_id or (not received and other == file)
        if heartbeat_us + DEAD_AFTER_US > now_us and not same:
            heard = max(0, now_us - heartbeat_us) // SECOND_US
            raise Conflict(
                f"the import of {other} is still running: it was heard of {heard} s ago, and is taken for dead "
                f"after {DEAD_AFTER_US // SECOND_US}",
                code="import_running",
            )
        tx.run("leave_import", import_no=import_no, now_us=now_us)
    row = tx.one("next_import_no")
    assert row is not None
    return int(row[0])


def _run(tx: Tx, import_id: str, import_no: int, now_us: int, *, former_no: int) -> int:
    began = tx.run(
        "run_import", import_id=import_id, import_no=import_no, former_no=former_no, now_us=now_us
    )
    if not began:
        raise Conflict("somebody else runs this import, or it has ended", code="import_running")
    tx.run("add_import_run", import_no=import_no, import_id=import_id, now_us=now_us)
    return import_no


def taken_earlier(tx: Tx, kind: str, import_no: int) -> int:
    """How many facts earlier runs of the same import have brought: of rows that are duplicates now, so many were taken
    before it was stopped."""
    if kind not in ("assignments", "redemptions", "outcomes"):
        return 0
    runs = [row[0] for row in tx.all("earlier_runs", import_no=import_no)]
    return sum(tx.all(f"{kind}_of_run", import_no=run)[0][0] for run in runs)


def note_import(tx: Tx, import_no: int, *, now_us: int, **progress: Any) -> None:
    """Notes how far an import is (rows_read, bytes_read, outcomes, reasons, taken_earlier), and that it is alive."""
    said = {
        name: value if isinstance(value, int) else msgspec.json.encode(value).decode()
        for name, value in progress.items()
    }
    tx.run("note_import", import_no=import_no, now_us=now_us, **said)


def finish_import(
    tx: Tx,
    workspace_no: int,
    import_no: int,
    *,
    now_us: int,
    state: str = "done",
    detail: str | None = None,
) -> None:
    """Publishes the figures held back, all at once. `state` is `done`, or `failed`, and `detail` says why."""
    tx.lock(workspace_no)
    publish_restatements(tx, workspace_no, import_no, now_us=now_us)
    publish_counters(tx, workspace_no)
    tx.run("publish_import", workspace_no=workspace_no, import_no=import_no)
    tx.run("note_published", workspace_no=workspace_no, import_no=import_no, now_us=now_us)
    tx.run("end_import", import_no=import_no, state=state, detail=detail, now_us=now_us)


def leave_import(tx: Tx, import_no: int, *, now_us: int) -> None:
    """Ends a run before its file has ended; its figures stay held back until the next run's end."""
    tx.run("leave_import", import_no=import_no, now_us=now_us)


def give_up_import(tx: Tx, received: Received, detail: str, *, now_us: int) -> None:
    """Ends an import whose file is lost."""
    tx.run(
        "give_up_import",
        import_id=received.import_id,
        import_no=received.import_no,
        detail=detail,
        now_us=now_us,
    )


def has_ended(tx: Tx, import_id: str) -> bool:
    """Whether an import is there and has ended."""
    row = tx.one("import_state", import_id=import_id)
    return row is not None and row[0] not in ("waiting", "running")
