"""Zstandard frames, unpacked a little at a time: some bytes of an archive may stand for gigabytes.

A block of four bytes can say "128 KiB of zeros", and the library unpacks all that it is given at once. So it is given
little, and what it makes of it is handed on before it is given more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import zstandard

_AT_ONCE = 2_048
"""Packed bytes unpacked at once: at the most 64 MiB come of them."""


class Frames:
    """Frames one after the other. `whole` says whether the last one has come to its end."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor()
        self._frame: Any = None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing of the frames so far."""
        return self._frame is None

    def unpacked(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes stand for, piece by piece. Raises zstandard.ZstdError."""
        for start in range(0, len(packed), _AT_ONCE):
            rest = packed[start : start + _AT_ONCE]
            while rest:
                if self._frame is None:
                    self._frame = self._zstd.decompressobj()
                yield self._frame.decompress(rest)
                rest = b""
                if self._frame.eof:
                    rest, self._frame = self._frame.unused_data, None
