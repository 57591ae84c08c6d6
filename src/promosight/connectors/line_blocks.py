"""Bytes in blocks of whole lines, so that a reader of NDJSON can look at thousands of lines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promosight.connectors.csv_blocks import BLOCK, LONGEST_LINE, too_long

_BOM = b"\xef\xbb\xbf"
_PART = 1 << 16
_BODY = 4 << 20
"""So many bytes of a body are looked at together: mostly all there are."""


def blocks_of_file(read: Callable[[int], bytes], *, size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of about so many bytes; the last may lack its end. Raises Unreadable for a line without end.

    `read` returns some bytes, at most as many as it is asked for, and none at the end.
    """
    begun = False
    text, parts, length = b"", [], 0
    while part := read(_PART):
        parts.append(part)
        length += len(part)
        if length < size:
            continue
        text = b"".join(parts)
        end = text.rfind(b"\n") + 1
        parts, length = [text[end:]], len(text) - end
        if length > LONGEST_LINE:
            raise too_long()
        if end:
            yield text[:end] if begun else text[:end].removeprefix(_BOM)
            begun = True
    if text := b"".join(parts):
        yield text if begun else text.removeprefix(_BOM)


def blocks_of_body(body: bytes, *, size: int = _BODY) -> Iterator[bytes]:
    """Blocks of about so many bytes of what is there as a whole."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + size) + 1 or len(body)
        yield body[start:end]
        start = end


def lines_of_file(block: bytes) -> list[bytes]:
    """The lines of a block, without their ends; a lone `\\r` ends none."""
    return block.removesuffix(b"\n").split(b"\n")
