"""An archive: a folder of Parquet files, and a manifest that is written last and names each of them.

    manifest.json
    workspace=shop/ledger_event/slice=07/part-0.parquet
    workspace=shop/promotion_terms/part-0.parquet

What belongs to customers lies in slices of them, by the top bits of their numbers, so that each slice can be counted by
itself; the first four bits are the bucket. A table without rows has no file. Without its manifest a folder is no
archive, and with a file that is not as the manifest says it is a damaged one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from promosight.errors import NotFound, Unreadable

FORMAT = 1
MANIFEST = "manifest.json"
SLICED = ("ledger_assignment", "ledger_event", "ledger_outcome", "known_customer", "decision")
"""The tables of which each slice has its own rows."""
_NAMED = 5
"""So many damaged files are named."""


class ArchivedFile(msgspec.Struct, kw_only=True):
    """A file, by its path within the archive. `slice` is None where it is of all customers."""

    path: str
    table: str
    slice: int | None
    rows: int
    bytes: int
    sha256: str


class ArchivedWorkspace(msgspec.Struct, kw_only=True):
    """A workspace: how many facts it has, in how many slices, and the files of its tables."""

    workspace_id: str
    facts: int
    slices: int
    files: list[ArchivedFile]

    def files_of(self, table: str) -> list[ArchivedFile]:
        """The files of a table."""
        return [one for one in self.files if one.table == table]


class Manifest(msgspec.Struct, kw_only=True):
    """What an archive holds, of one moment."""

    promosight_archive: int = FORMAT
    made_at: str
    made_by: str
    workspaces: list[ArchivedWorkspace]

    @property
    def files(self) -> list[ArchivedFile]:
        """All files."""
        return [one for workspace in self.workspaces for one in workspace.files]

    def chosen(self, workspace_id: str | None) -> list[ArchivedWorkspace]:
        """One workspace, or all. Raises NotFound."""
        found = [one for one in self.workspaces if workspace_id in (None, one.workspace_id)]
        if workspace_id is not None and not found:
            raise NotFound(f"there is no workspace {workspace_id} in this archive")
        return found


def path_of(workspace_id: str, table: str, number: int | None) -> str:
    """Where a table lies, or a slice of it."""
    within = "" if number is None else f"slice={number:02d}/"
    return f"workspace={quote(workspace_id, safe='')}/{table}/{within}part-0.parquet"


def manifest_of(text: bytes, where: object) -> Manifest:
    """Reads a manifest. Raises Unreadable where it is none, or of a newer program."""
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"{where}: its manifest cannot be read: {error}") from error
    if manifest.promosight_archive != FORMAT:
        raise Unreadable(f"{where} is an archive of another program; its format is not {FORMAT}")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an archive on this machine. Raises Unreadable where there is no whole one."""
    path = folder / MANIFEST
    if not path.is_file():
        raise no_archive(folder)
    return manifest_of(path.read_bytes(), folder)


def no_archive(where: object) -> Unreadable:
    """What is said of a folder without a manifest."""
    return Unreadable(
        f"{where} is no whole archive: it has no {MANIFEST}, which is written when all else is"
    )


def digest_of(path: Path) -> tuple[int, str]:
    """The size and the digest of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def check_files(
    folder: Path, files: list[ArchivedFile], progress: Callable[[int], None] | None = None
) -> None:
    """Compares every file with the manifest. Raises Unreadable naming those that are missing or another."""

    def wrong() -> Iterator[str]:
        for one in files:
            path = folder / one.path
            if not path.is_file():
                yield f"{one.path} is missing"
            elif digest_of(path) != (one.bytes, one.sha256):
                yield f"{one.path} is not what was written"
            if progress is not None:
                progress(1)

    refuse(folder, list(wrong()))


def refuse(where: object, wrong: list[str]) -> None:
    """Raises Unreadable where anything is wrong with the files of an archive."""
    if wrong:
        more = f", and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise Unreadable(f"{where} is damaged: {'; '.join(wrong[:_NAMED])}{more}")
