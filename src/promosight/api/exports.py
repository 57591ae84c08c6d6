"""GET /v1/exports: everything a workspace holds, as CSV, NDJSON or Parquet, sent behind a file that is being written.

All records of an export are of one moment: one transaction reads them, at its own speed, into a temporary file. CSV and
NDJSON are sent on while it grows, so that a slow reader holds no transaction open; Parquet is sent once it is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from promosight.api.door.bodies import instant
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.learned import all_learned
from promosight.connectors.export_files import FORMS, MEDIA_TYPES, write_file
from promosight.connectors.export_schema import KINDS, VERSION, described
from promosight.errors import Invalid, NoRoom, NotFound
from promosight.flows.checking.export_facts import records
from promosight.flows.checking.export_more import Selection
from promosight.flows.figures.bars import STATUSES
from promosight.flows.promotions.manage_promotions import defined
from promosight.flows.set_up.workspaces import find_source
from promosight.store.tx import Tx

_CHUNK = 256 * 1024
_LOOK_S = 0.05
"""How often it is looked whether the file has grown."""


def schema(_door: Door, _call: Call) -> Answer:
    """GET /v1/exports: every kind and its columns."""
    kinds = [
        {"kind": kind, "description": says, "columns": described(kind)}
        for kind, says in KINDS.items()
    ]
    return Answer({"schema": VERSION, "formats": list(FORMS), "kinds": kinds})


async def export(door: Door, call: Call) -> Answer:
    """GET /v1/exports/{kind}."""
    kind, form, selection = _kind(call), _form(call), _selection(call)
    await asyncio.to_thread(door.store.read, partial(_check, selection=selection))
    if kind == "decisions":
        await all_learned(door, call)
    folder = TemporaryDirectory(prefix="promosight-export-", ignore_cleanup_errors=True)
    writing = _Writing(door, folder, kind, form, selection)
    try:
        await writing.begun()
    except BaseException:
        await writing.end()
        raise
    name = f"{kind}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(writing.chunks(), media_type=MEDIA_TYPES[form], headers=headers)


def _kind(call: Call) -> str:
    kind = call.path("kind")
    if kind not in KINDS:
        raise NotFound(f"there is no export {kind}: " + ", ".join(KINDS))
    return kind


def _form(call: Call) -> str:
    accepted = call.header(b"accept")
    by_accept = next((form for form, media in MEDIA_TYPES.items() if media in accepted), "csv")
    form = call.query("format") or by_accept
    if form not in FORMS:
        raise Invalid("must be one of " + ", ".join(FORMS), pointer="/format")
    return form


def _selection(call: Call) -> Selection:
    status, as_of = call.query("status"), call.query("as_of")
    if status is not None and status not in STATUSES:
        raise Invalid("must be one of " + ", ".join(STATUSES), pointer="/status")
    return Selection(
        *(call.workspace_no, call.query("source"), call.flag("found"), call.now_us),
        promotion_id=call.identifier("promotion") or None,
        status=status,
        as_of_us=None if as_of is None else instant(as_of, "/as_of"),
    )


def _check(tx: Tx, selection: Selection) -> None:
    if selection.source is not None:
        find_source(tx, selection.workspace_no, selection.source)
    if selection.promotion_id is not None:
        defined(tx, selection.workspace_no, selection.promotion_id)


class _Writing:
    """An export that is written by a thread and read behind it."""

    def __init__(
        self,
        door: Door,
        folder: TemporaryDirectory[str],
        kind: str,
        form: str,
        selection: Selection,
    ) -> None:
        self._folder = folder
        self._path = Path(folder.name) / f"{kind}.{form}"
        self._form = form

        def write(tx: Tx) -> int:
            items = records(tx, kind, selection)
            try:
                return write_file(self._path, form, kind, items, found=selection.found)
            except OSError as error:
                raise NoRoom(f"the export cannot be written: {error.strerror}") from error

        self._task = asyncio.create_task(self._written(door, write))

    async def _written(self, door: Door, write: Callable[[Tx], int]) -> None:
        async with door.exporting:
            await asyncio.to_thread(door.store.read, write)

    async def begun(self) -> None:
        """Waits until there is something to send. Raises what went wrong before."""
        while not self._task.done() and (self._form == "parquet" or self._size() < _CHUNK):
            await asyncio.wait({self._task}, timeout=_LOOK_S)
        if self._task.done():
            self._task.result()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file, as it grows; it is gone at the end. Raises where writing failed, which cuts the answer short."""
        try:
            with self._path.open("rb") as file:
                while True:
                    is_whole = self._task.done()
                    while chunk := await asyncio.to_thread(file.read, _CHUNK):
                        yield chunk
                    if is_whole:
                        self._task.result()
                        return
                    await asyncio.wait({self._task}, timeout=_LOOK_S)
        finally:
            await self.end()

    async def end(self) -> None:
        """Lets go of the file once nobody writes to it."""
        await asyncio.wait({self._task})
        await asyncio.to_thread(self._folder.cleanup)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0
