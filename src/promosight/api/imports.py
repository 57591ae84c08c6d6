"""Files over HTTP: received whole, run by the server's worker, shown while they run and afterwards."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from promosight.api.door.bodies import identified, other_media
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.api.door.keys import allow
from promosight.api.sources import spoken_for
from promosight.connectors.import_file import FORM_OF
from promosight.connectors.tables import unformulated
from promosight.errors import Invalid, Unreadable, UnsupportedMedia
from promosight.flows.imports.publish import Received, accept_import
from promosight.flows.imports.run_import import KINDS
from promosight.flows.imports.show_imports import (
    Place,
    ProblemRow,
    find_import,
    list_imports,
    problem_rows,
)
from promosight.store.tx import Tx

SCOPE_OF = {
    "promotions": "promotions:write",
    "customers": "assignments:write",  # as PUT /v1/customers/{customer_id} asks
    "assignments": "assignments:write",
    "redemptions": "redemptions:write",
    "outcomes": "redemptions:write",
}
"""What a key needs to send a file of a kind."""

READS = "reports:read"
_ENCODINGS = ("", "identity", "gzip", "x-gzip", "zstd")
_BLOCK = 65_536


def admit(call: Call) -> None:
    """Judges a file by its head, before any of it is read. Raises Invalid, UnsupportedMedia, Denied."""
    kind, _ = _kind(call), _name(call)
    allow(call.caller, SCOPE_OF[kind])
    if call.media_type not in FORM_OF:
        raise other_media(call.media_type, *FORM_OF)
    if call.encoding not in _ENCODINGS:
        raise UnsupportedMedia(f"Content-Encoding {call.encoding} is not taken; send gzip or zstd")
    if FORM_OF[call.media_type] == "parquet" and call.encoding not in ("", "identity"):
        raise UnsupportedMedia("Parquet is compressed in itself; send it without Content-Encoding")


def create(door: Door, call: Call) -> Answer:
    """POST /v1/imports?kind=: the file is durable when this is answered, and runs when its turn comes."""
    file, spool, kind, name = call.file, door.spool, _kind(call), _name(call)
    assert file is not None
    assert spool is not None
    if not file.size:
        raise Unreadable("the body is empty")
    received = Received(
        import_id=file.import_id,
        workspace_no=call.workspace_no,
        source_no=_source_no(door, call),
        kind=kind,
        name=name or f"{kind} {file.import_id}",
        import_no=0,
        spool=spool.name,
        form=FORM_OF[call.media_type],
        received_us=call.now_us,
        bytes_total=file.size,
    )

    def accept(tx: Tx) -> dict[str, object]:
        accept_import(tx, received)
        return find_import(tx, call.workspace_no, received.import_id)

    file.keep()
    try:
        described = door.store.change(accept)
    except BaseException:
        file.drop()
        raise
    return Answer(described, 202, headers={"Location": f"/v1/imports/{received.import_id}"})


def show(door: Door, call: Call) -> Answer:
    """GET /v1/imports/{import_id}."""
    return Answer(_readable(door, call))


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/imports: the newest first."""
    place, limit = place_in(call.query("cursor"), Place()), call.limit()
    items, following = door.store.read(
        lambda tx: list_imports(tx, call.workspace_no, place=place, limit=limit)
    )
    return Answer({"items": items, "next": cursor_of(following)})


async def problems(door: Door, call: Call) -> Answer:
    """GET /v1/imports/{import_id}/problems: rows that are rejected, pending or flagged, as CSV."""
    file = await asyncio.to_thread(_problems, door, call)
    return Answer(_blocks(file), media_type="text/csv")


def _kind(call: Call) -> str:
    kind = call.query("kind")
    if kind not in KINDS:
        raise Invalid("must be one of " + ", ".join(KINDS), pointer="/kind")
    return kind


def _name(call: Call) -> str | None:
    """The name a file goes by, where its sender says one: on a page people tell files by their names."""
    name = call.query("name")
    return None if name is None else identified(name, "/name")


def _source_no(door: Door, call: Call) -> int:
    """The source whose events these are: the key's own, or one it may speak for. Raises NotFound, Denied."""
    name = call.query("source")
    return call.caller.source_no if name is None else spoken_for(door, call, name).source_no


def _readable(door: Door, call: Call) -> dict[str, object]:
    """The import that is asked for. Raises NotFound, Denied."""
    import_id = call.path("import_id")
    found = door.store.read(lambda tx: find_import(tx, call.workspace_no, import_id))
    allow(call.caller, READS, SCOPE_OF[found["kind"]])
    return found


def _problems(door: Door, call: Call) -> IO[bytes]:
    """All of them as one snapshot of the store has them, on disk: neither memory nor a slow reader matters."""
    import_id = str(_readable(door, call)["import_id"])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever sends it
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    write = csv.writer(text).writerow

    def ask(tx: Tx) -> None:
        write(ProblemRow._fields)
        for line, *words in problem_rows(tx, call.workspace_no, import_id):
            write(["" if line is None else line, *map(unformulated, words)])

    try:
        door.store.read(ask)
        text.detach()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
