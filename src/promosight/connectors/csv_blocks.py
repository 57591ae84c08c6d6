"""Text that comes as bytes, in blocks of whole lines: a reader takes a block as it is, or line by line.

What it makes of a block at a glance costs a fraction of what its lines cost. Where it cannot, it goes on with the same
block line by line, over its end if need be, and may take the next as it is again.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator

from promosight.errors import Unreadable

BLOCK = 1 << 20
"""So many bytes are some 10,000 rows: what is done once for a block is little beside them."""

WORTH = 600
"""Blocks of fewer lines are not worth it to be looked at column by column, as it costs something for each column."""

LONGEST_LINE = 16 << 20
"""A line longer than this is taken for a broken file."""

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n,"
"""Of these is a line of no cell that says anything."""


class Blocks(Iterator[str]):
    """Blocks of about so many bytes. As an iterator it gives lines, with their ends.

    `read` returns some bytes, at most as many as it is asked for, and none at the end. Raises Unreadable for a line
    without end, UnicodeDecodeError where a line is not UTF-8: what stands before it is read first.
    """

    def __init__(
        self, read: Callable[[int], bytes], *, size: int = BLOCK, worth: int = WORTH
    ) -> None:
        self._read = read
        self._size = size
        self._worth = worth
        self._begun = self._headed = False
        self._block = b""
        self._after = b""
        """What was read of a line whose end was not."""
        self._lines: deque[str] = deque()

    def __next__(self) -> str:
        if not self._headed:
            self._headed = True
            return self._header()
        if not self._lines:
            self.open()
        if not self._lines:
            raise StopIteration
        return self._lines.popleft()

    @property
    def lines_open(self) -> int:
        """How many lines of the block that was opened are left."""
        return len(self._lines)

    def skip_blank_lines(self) -> int:
        """Passes over the blank lines that come next; says how many there were."""
        skipped = 0
        while text := self.block():
            blank = text[: len(text) - len(text.lstrip(_BLANK))]
            end = _last_end(blank)
            if not end:
                break
            skipped += blank.count(b"\n", 0, end) + blank.count(b"\r", 0, end)
            skipped -= blank.count(b"\r\n", 0, end)
            self._block = text[end:]
        return skipped

    def block(self) -> bytes:
        """The block that comes next, which stays there; nothing at the end."""
        if not self._block:
            self._block = self._whole_lines()
            if not self._begun:
                self._begun, self._block = True, self._block.removeprefix(_BOM)
        return self._block

    def is_worth_it(self, block: bytes) -> bool:
        """Whether a block has enough lines to be looked at as a whole, if all are as long as the first."""
        first = block.find(b"\n") + 1 or len(block)
        return 0 < first * self._worth <= len(block)

    def take(self) -> None:
        """The block that comes next was taken as it is."""
        self._block = b""

    def open(self) -> None:
        """Has the block that comes next given line by line."""
        text = self.block()
        try:
            self._lines.extend(lines_of(text.decode()))
            self._block = b""
        except UnicodeDecodeError as error:
            before = text.rfind(b"\n", 0, error.start) + 1
            if not before:
                raise
            self._lines.extend(lines_of(text[:before].decode()))
            self._block = text[before:]

    def _header(self) -> str:
        """The first line, alone: the block goes on behind it."""
        text = self.block()
        lines = lines_of(text[: text.find(b"\n") + 1 or len(text)].decode())
        if not lines:
            raise StopIteration
        self._block = text[len(lines[0].encode()) :]
        return lines[0]

    def _whole_lines(self) -> bytes:
        read = self._after
        while more := self._more():
            read += more
            if end := _last_end(read):
                self._after = read[end:]
                return read[:end]
            if len(read) > LONGEST_LINE:
                raise too_long()
        self._after = b""
        return read

    def _more(self) -> bytes:
        parts: list[bytes] = []
        missing = self._size
        while missing > 0 and (part := self._read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def lines_of(text: str) -> list[str]:
    """Lines, as readers of CSV see them, with their ends."""
    return io.StringIO(text, newline="").readlines()


def too_long() -> Unreadable:
    """Why a file with such a line is not read."""
    return Unreadable("a line is longer than 16 MB")


def _last_end(text: bytes) -> int:
    """Where the last line ends that does for certain; 0 when none does. A `\\r` at the end may be half of one."""
    return text.rfind(b"\n") + 1 or text.rfind(b"\r", 0, -1) + 1
