"""Bytes in blocks of whole lines, so that a reader of NDJSON can look at thousands of lines at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from promosight.connectors.csv_blocks import BLOCK, LONGEST_LINE, too_long

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_PART = 1 << 16
_ENOUGH = 1 << 18
"""So many bytes are taken as they are where no more is there at the moment: what comes slowly is not waited for."""
_BODY = 4 << 20
"""So many bytes of a body are looked at together: mostly all there are."""


def blocks_of_file(read: Callable[[int], bytes], *, size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of about so many bytes; the last may lack its end. Raises Unreadable for a line without end.

    `read` returns some bytes, at most as many as it is asked for, and none at the end. Where it returns fewer, a block
    may be smaller.
    """
    first = True
    for block in _blocks(read, size):
        yield block.removeprefix(_BOM) if first else block
        first = False


def _blocks(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    parts: list[bytes] = []
    length = 0
    try:
        while part := read(_PART):
            parts.append(part)
            length += len(part)
            if length < (size if len(part) == _PART else min(size, _ENOUGH)):
                continue
            text, rest = _whole_lines(parts)
            parts, length = [rest], len(rest)
            if length > LONGEST_LINE:
                raise too_long()
            if text:
                yield text
    except Exception:  # a file that is damaged is read up to there
        if text := _whole_lines(parts)[0]:
            yield text
        raise
    if text := b"".join(parts):
        yield text


def _whole_lines(parts: list[bytes]) -> tuple[bytes, bytes]:
    """The lines that have their end, and what there is of the next."""
    text = b"".join(parts)
    end = text.rfind(b"\n") + 1
    return text[:end], text[end:]


def blocks_of_body(body: bytes, *, size: int = _BODY) -> Iterator[bytes]:
    """Blocks of about so many bytes of what is there as a whole."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + size) + 1 or len(body)
        yield body[start:end]
        start = end


def lines_of_array(body: bytes) -> bytes:
    """The elements of an array of objects as lines, where all are parted by the same signs; else anything else.

    These signs may stand within a string, too. Then it is cut into lines that are no objects: who sees that all are
    objects knows that each is an element.
    """
    text = body.strip(_SPACE)
    between = _BETWEEN.search(text)
    if between is None or not text.startswith(b"[") or not text.endswith(b"]"):
        return b""
    return text[1:-1].strip(_SPACE).replace(between[0], b"}\n{")


def lines_of_file(block: bytes) -> list[bytes]:
    """The lines of a block, without their ends; a lone `\\r` ends none."""
    return block.removesuffix(b"\n").split(b"\n")
