"""Opening files to import: whatever their compression and form, a stream of lines in constant memory.

Both are seen from the first bytes, not from the name, so that a pipe works like a file.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast

import zstandard

from promosight.connectors.csv_blocks import LONGEST_LINE, Blocks, lines_of, too_long
from promosight.connectors.frames import Frames
from promosight.connectors.parquet_columns import ParquetRows, meant, selected, size_of
from promosight.errors import Unreadable

Peekable: TypeAlias = "io.BufferedReader[Any]"
FORMS = ("csv", "ndjson", "json", "parquet")
STDIN = "-"
_BLOCK = 1 << 16
_LONGEST = LONGEST_LINE
"""An element of a JSON array, or a line, longer than this is taken for a broken file."""

_MOST_TIMES, _UNPACKED_FREELY = 250, 1 << 30
"""An archive may unpack to a gibibyte, and beyond it to so many times its size; tables unpack to a tenth of that."""

_LONGEST_ROW = 256 << 10
"""The text of a row of Parquet, of which DuckDB holds 2,048 at once."""

_SPACE = b" \t\r\n"
# Only where elements end is asked here: digits stay digits, of which Python reads no more than some thousands.
_splitter = json.JSONDecoder(parse_int=str, parse_float=str)
_BEFORE = re.compile(r"\s*[\[,]\s*")
_AFTER = re.compile(r"\s*([,\]])")


class Opened:
    """A file opened: its stream decompressed, its form, and how much of it has been read."""

    def __init__(self, name: str, raw: IO[bytes], total: int | None) -> None:
        self.name = name
        self.total = total
        self._counted = _Counting(raw)
        direct: Peekable = io.BufferedReader(self._counted, _BLOCK)
        self.stream = _decompressed(direct, self._counted)
        self._packed = self.stream is not direct
        self.form = _form(self.stream)
        self._passed = 0

    @property
    def seekable(self) -> bool:
        """Whether the bytes of the form lie in a file as they are."""
        return self.total is not None and not self._packed

    @property
    def bytes_read(self) -> int:
        """Bytes read from the file as it lies there, compressed or not."""
        return max(self._counted.count, self._passed)

    def pass_share(self, done: int, of: int) -> None:
        """Says how far somebody else has read the file, who does so by its name."""
        self._passed = (self.total or 0) * done // of


class _Counting(io.RawIOBase):
    """A file whose bytes are counted as they are read."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = getattr(self._raw, "read1", self._raw.read)
        data = read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


class _Zstandard(io.RawIOBase):
    """A stream of Zstandard frames; one that breaks off is an error, never a short file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._parts = _unpacked(file)
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._ready = memoryview(part)
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    frames = Frames()
    while packed := file.read(_BLOCK):
        yield from frames.unpacked(packed)
    if not frames.whole:
        raise EOFError("it breaks off within a Zstandard frame")


@contextmanager
def opened(name: str, stdin: BinaryIO | None = None, *, shown: str = "") -> Iterator[Opened]:
    """The file of that name, or stdin for `-`. Raises OSError, or Unreadable when it breaks off.

    `shown` is what people are told it is called, where that is not its name.
    """
    shown = shown or name
    try:
        if name == STDIN and stdin is not None:
            yield Opened("standard input", stdin, None)
            return
        size = Path(name).stat().st_size
        with Path(name).open("rb") as raw:
            yield Opened(name, raw, size or None)
    except (EOFError, zstandard.ZstdError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"{shown} is damaged: {error}") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"{shown} is not UTF-8: {error.reason}") from None
    except Unreadable as error:
        raise Unreadable(f"{shown}: {error.detail}".replace(name, shown)) from None


def _bomb() -> Unreadable:
    return Unreadable(f"it unpacks to more than {_MOST_TIMES} times its size")


class _Bounded(io.RawIOBase):
    """What an archive unpacks to, as long as it is no more than anybody's table does. Raises Unreadable."""

    def __init__(self, unpacked: io.RawIOBase, packed: _Counting) -> None:
        self._unpacked = unpacked
        self._packed = packed
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size: int = self._unpacked.readinto(buffer) or 0
        self._size += size
        if self._size > max(_UNPACKED_FREELY, _MOST_TIMES * self._packed.count):
            raise _bomb()
        return size


def _decompressed(file: Peekable, packed: _Counting) -> Peekable:
    start = file.peek(4)
    if start.startswith(b"\x1f\x8b"):
        unpacked = cast(io.RawIOBase, gzip.GzipFile(fileobj=file))
    elif start.startswith(b"\x28\xb5\x2f\xfd"):
        unpacked = _Zstandard(file)
    else:
        return file
    return io.BufferedReader(_Bounded(unpacked, packed), _BLOCK)


def _form(stream: Peekable) -> str:
    start = stream.peek(_BLOCK).removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"["):
        return "json"
    # Nothing at all is a table of no lines: a CSV file would have a header row.
    return "ndjson" if start.startswith(b"{") or not start else "csv"


def text_lines(stream: Peekable) -> Iterator[str]:
    """The lines of a CSV file, their ends kept. Raises Unreadable for a line without end."""
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    parts: list[str] = []
    length = 0
    while block := stream.read1(_BLOCK):
        parts.append(decode(block))
        length += len(parts[-1])
        if "\n" not in parts[-1] and "\r" not in parts[-1]:
            if length > _LONGEST:
                raise too_long()
        else:
            lines = lines_of("".join(parts))
            # The last may go on, and so may an end of two characters.
            parts = [] if lines[-1].endswith("\n") else [lines.pop()]
            length = sum(map(len, parts))
            yield from lines
    yield from lines_of("".join(parts) + decode(b"", final=True))


def text_blocks(stream: Peekable) -> Blocks:
    """The same for who takes many lines at once."""
    return Blocks(stream.read1)


def byte_lines(stream: Peekable) -> Iterator[bytes]:
    """The lines of an NDJSON file, without their ends. Raises Unreadable for a line without end."""
    rest, first = b"", True
    while block := stream.read1(_BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST:
            raise too_long()
        if first and lines:
            lines[0], first = lines[0].removeprefix(b"\xef\xbb\xbf"), False
        yield from lines
    if rest:
        yield rest.removeprefix(b"\xef\xbb\xbf") if first else rest


def array_elements(stream: IO[bytes]) -> Iterator[bytes]:
    """The elements of a JSON array, one by one, or the one object that stands in its place.

    Raises Unreadable when it is wrong, breaks off, or more comes behind it.
    """
    reader = io.TextIOWrapper(stream, encoding="utf-8-sig")
    decode = _splitter.raw_decode
    buffer, place, number = reader.read(_BLOCK), 0, 0
    if buffer.lstrip().startswith("{"):
        yield _only_object(reader, buffer)
        return
    while True:
        opening = _BEFORE.match(buffer, place)
        start = opening.end() if opening else place
        if number == 0 and buffer.startswith("]", start):
            return _end(reader, buffer[start + 1 :])
        end, wrong = start, "breaks off"
        try:
            end = decode(buffer, start)[1]
        except json.JSONDecodeError as error:
            wrong = error.msg
        except RecursionError:
            raise Unreadable(f"element {number + 1} of the array is nested too deep") from None
        closing = _AFTER.match(buffer, end) if end > start else None
        if closing is None:  # the rest of it lies in the next block, if anywhere
            more = reader.read(
                max(_BLOCK, len(buffer) - place)
            )  # each is looked at a few times only
            if not more or len(buffer) - place > _LONGEST:
                raise Unreadable(f"element {number + 1} of the array: {wrong}")
            buffer, place = buffer[place:] + more, 0
            continue
        number += 1
        yield buffer[start:end].encode()
        place = closing.start(1)
        if closing[1] == "]":
            return _end(reader, buffer[place + 1 :])


def _only_object(reader: io.TextIOWrapper, begun: str) -> bytes:
    text = (begun + reader.read(_LONGEST)).lstrip()
    if len(text) > _LONGEST:
        raise Unreadable("the object is longer than 16 MB")
    try:
        end = _splitter.raw_decode(text)[1]
    except json.JSONDecodeError as error:
        raise Unreadable(f"the object: {error.msg}") from None
    except RecursionError:
        raise Unreadable("the object is nested too deep") from None
    _end(reader, text[end:])
    return text[:end].encode()


def _end(reader: io.TextIOWrapper, rest: str) -> None:
    """Nothing may come behind what was read: it would be dropped in silence."""
    while rest or (rest := reader.read(_BLOCK)):
        if rest.strip():
            raise Unreadable("more comes behind the end of the JSON")
        rest = ""


def _counted(connection: Any, sizes: str, file_size: int) -> int:
    """The number of rows, when none of them is too large to be held with some thousand others. Raises Unreadable.

    A dictionary may stand for the same megabyte a million times: it is asked before any of them is made.
    """
    asked = f"SELECT count(*), coalesce(max(size), 0), coalesce(sum(size), 0) FROM (SELECT {sizes})"
    ((rows, longest, whole),) = connection.execute(asked).fetchall()
    if longest > _LONGEST_ROW:
        raise Unreadable("a row is longer than 256 KB")
    if whole > max(_UNPACKED_FREELY, _MOST_TIMES * file_size):
        raise _bomb()
    return int(rows)


def parquet_parts(file: Opened, size: int) -> Iterator[ParquetRows]:
    """The rows of a Parquet file, by DuckDB, in parts of so many. Raises Unreadable."""
    import duckdb  # a heavy import that only this form needs

    quoted = file.name.replace("'", "''")
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET threads TO 1")  # each further one holds a row group in memory
            connection.execute("SET memory_limit = '1GiB'")
            table = f"read_parquet('{quoted}')"
            described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
            columns = [(name, kind) for name, kind, *_ in described]
            picked = ", ".join(selected(name, kind) for name, kind in columns)
            total = _counted(
                connection, f"{size_of(columns)} AS size FROM {table}", file.total or 0
            )
            rows = connection.execute(f"SELECT {picked} FROM {table}")
            columns = [(name, meant(name, kind)) for name, kind in columns]
            done = 0
            while part := rows.fetchmany(size):
                done += len(part)
                file.pass_share(done, total)
                yield ParquetRows(columns, part)
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]  # what follows is about our own files
        raise Unreadable(f"is not Parquet that can be read: {said}") from None
