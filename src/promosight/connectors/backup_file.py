"""A backup as a file: a head, the rows of each table in pieces, an end with their number and digest; zstd.

Each record is MessagePack behind its length, so that a file is written and read in constant memory. One that was
cut off has no end, and one that was damaged has another digest: neither is taken for a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec
import xxhash
import zstandard

from promosight.errors import Unreadable

FORMAT = 1
_LENGTH_BYTES = 4
_LONGEST = 1 << 30
"""A longer record was never written: the length itself is damaged."""
_UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_pack, _unpack = msgspec.msgpack.encode, msgspec.msgpack.decode


class Head(msgspec.Struct, kw_only=True):
    """What a backup is of. `schema` names the schema files that were applied, in order."""

    promosight_backup: int = FORMAT
    made_at: str
    schema: list[str]


class Piece(msgspec.Struct, kw_only=True):
    """Some rows of a table."""

    table: str
    columns: list[str]
    rows: list[list[Any]]


class End(msgspec.Struct, kw_only=True):
    """How many rows there are, and the digest of everything before."""

    rows: int
    digest: str


class Writer:
    """Writes a backup to a file."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        self._stream = zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False)
        self._digest = xxhash.xxh3_128()
        self._rows = 0
        self._put(head)

    def add(self, piece: Piece) -> None:
        """Writes some rows."""
        self._rows += len(piece.rows)
        self._put(piece)

    def end(self) -> int:
        """Writes the end; returns the number of rows."""
        self._put(End(rows=self._rows, digest=self._digest.hexdigest()))
        self._stream.flush(zstandard.FLUSH_FRAME)
        return self._rows

    def _put(self, record: msgspec.Struct) -> None:
        data = _pack(record)
        self._digest.update(data)
        self._stream.write(len(data).to_bytes(_LENGTH_BYTES, "big"))
        self._stream.write(data)


class Reader:
    """Reads a backup. Raises Unreadable where it is none, not whole, or damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self._stream = zstandard.ZstdDecompressor().stream_reader(file, closefd=False)
        self._digest = xxhash.xxh3_128()
        self.head = self._record(Head)
        if self.head.promosight_backup != FORMAT:
            raise Unreadable("the backup is of a newer program; upgrade this one")

    def pieces(self) -> Iterator[Piece]:
        """The rows of every table, and the assurance at the end that these were all."""
        rows = 0
        while True:
            before = self._digest.hexdigest()
            record = self._raw()
            with suppress(*_UNREAD):
                piece = _unpack(record, type=Piece)
                rows += len(piece.rows)
                yield piece
                continue
            if self._typed(record, End) != End(rows=rows, digest=before):
                raise Unreadable("the backup is damaged: its rows are not those that were written")
            return

    def _record(self, kind: Any) -> Any:
        return self._typed(self._raw(), kind)

    def _typed(self, data: bytes, kind: Any) -> Any:
        try:
            return _unpack(data, type=kind)
        except _UNREAD as error:
            raise Unreadable(
                f"this is no backup of Promosight, or a damaged one: {error}"
            ) from error

    def _raw(self) -> bytes:
        length = int.from_bytes(self._read(_LENGTH_BYTES), "big")
        data = self._read(length) if length <= _LONGEST else b""
        if not length or len(data) != length:
            raise Unreadable("the backup is cut off: it has no end")
        self._digest.update(data)
        return data

    def _read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except zstandard.ZstdError as error:
            raise Unreadable(
                f"this is no backup of Promosight, or a damaged one: {error}"
            ) from error
