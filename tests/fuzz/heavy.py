"""The heavy ones: archives that unpack to gigabytes, lines without end, quotes that never close, ten million brackets.

Each is small as it is sent, or as large as a door takes, and made so that a careless reader holds a thousand times as
much, or reads the same text again and again. What is held and how long it takes is bounded and measured.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from functools import cache

import zstandard

from tests.fuzz.forms import element, large
from tests.fuzz.values import written

_MEGABYTE = 1 << 20
_MOST = 10 * _MEGABYTE - 100
_HEADER = b"event_id,promotion_id,customer_id,redeemed_at\n"


@cache
def _again_and_again(unit: bytes, unpacked: int) -> bytes:
    """An archive of the same thing so many megabytes long."""
    packer = zlib.compressobj(9, wbits=31)
    block = unit * (_MEGABYTE // len(unit))
    parts = [packer.compress(block) for _ in range(unpacked)]
    return b"".join([*parts, packer.flush()])


def gzip_bomb(drawn: random.Random, most: int = 400) -> bytes:
    """Some kilobytes that unpack to a thousand times as much."""
    unit = drawn.choice((b"0", b" ", b"a,", b"[", b'{"a":', b'"a","', b"\\"))
    return _again_and_again(unit, drawn.choice((20, 100, most)))


def zstd_bomb(drawn: random.Random, most: int = 4_000) -> bytes:
    """Some kilobytes that unpack to gigabytes: blocks that only say how often one byte comes again."""
    byte = drawn.choice((b"0", b" ", b"a", b",", b"["))
    frame = b"\x28\xb5\x2f\xfd" + bytes([0b0000_0000, 0x60])  # no size, a window of 4 MiB
    size = 128 * 1024
    block = ((size << 3) | (1 << 1)).to_bytes(3, "little") + byte
    last = ((size << 3) | (1 << 1) | 1).to_bytes(3, "little") + byte
    return frame + block * (drawn.choice((20, 200, most)) * 8 - 1) + last


def wide_window(drawn: random.Random) -> bytes:
    """A frame that asks for a window of gigabytes to be kept."""
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            window_log=drawn.choice((27, 30, 31))
        )
    )
    return packer.compress(b"{}\n" * 100)


def twice_packed(drawn: random.Random) -> bytes:
    """An archive within an archive."""
    return gzip.compress(gzip_bomb(drawn, 100))


def open_quotes(drawn: random.Random) -> bytes:
    """Rows each of which opens a quote and goes on into the next one: a reader that goes back reads all of it again."""
    line = drawn.choice((b'a","\n', b'","\n', b'"a\n', b'"\n', b'x,"\n', b'"""\n', b'a"",""",\n'))
    return _HEADER + line * (drawn.choice((2_000, 100_000, _MEGABYTE)) // len(line))


def endless_line(drawn: random.Random) -> bytes:
    """A row of CSV that never ends."""
    return _HEADER + drawn.choice((b"a", b",", b'"a",', b'"', b"\x00", b"\xc3\xa9")) * (_MOST // 4)


def brackets(drawn: random.Random) -> bytes:
    """Ten million brackets, or strings that never end."""
    unit = drawn.choice(
        (b"[", b'{"', b'{"a":', b"[[],", b'["', b'"\\', b"]", b"[{},", b"[ ", b"[\n")
    )
    if (
        unit == b"[\n"
    ):  # rows of a file, each of which is refused, kept and told: that takes its time
        return unit * 60_000
    return drawn.choice((b"", b"[", b'{"a":')) + unit * (_MOST // len(unit))


def many_elements(drawn: random.Random) -> bytes:
    """Millions of elements, of which a request may have ten thousand."""
    unit = drawn.choice((b"1,", b"{},", b'"",', b"[],", b"null,"))
    return b"[" + unit * drawn.choice((10_001, 60_000)) + b"1]"


def many_members(drawn: random.Random) -> bytes:
    """Archives of nothing, one behind the other."""
    pack = drawn.choice((gzip.compress, zstandard.compress))
    one = pack(b"")
    return one * (drawn.choice((1_000, _MEGABYTE)) // len(one)) + pack(b"[]")


def large_field(drawn: random.Random) -> bytes:
    """An event one field of which has megabytes."""
    value = element("redemptions", drawn)
    if not isinstance(value, dict):
        value = {}
    name = drawn.choice((*value, "metadata", "event_id", "reward_value", "zzz"))
    return written(value | {name: large(drawn)}, drawn).encode("utf-8", "surrogatepass")


HEAVY: dict[str, Callable[[random.Random], bytes]] = {
    "gzip_bomb": gzip_bomb,
    "zstd_bomb": zstd_bomb,
    "wide_window": wide_window,
    "twice_packed": twice_packed,
    "many_members": many_members,
    "open_quotes": open_quotes,
    "endless_line": endless_line,
    "brackets": brackets,
    "many_elements": many_elements,
    "large_field": large_field,
}
"""Every kind of heavy input."""
