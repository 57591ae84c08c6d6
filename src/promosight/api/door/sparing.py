"""What need not go over the wire. JSON that is asked for bears a digest of itself as its ETag; whoever names that in
`If-None-Match` gets 304 and no body. And browsers, which sit farther away than programs, get it compressed.

An answer is made all the same, so this is true of any store, of several server processes and after any pause: equal
is what has equal bytes, but for the moment it was asked at (`as_of`). Browsers do their part by themselves; what they
keep they may not show without asking.
"""

from __future__ import annotations

import zlib
from hashlib import sha256

from promosight.api.door.call import Headers, listed
from promosight.rules.instants import format_instant

NOT_KEPT = {"Cache-Control": "no-store"}
"""Headers of what no browser may keep, such as what is told of one person."""

GZIP = {"Content-Encoding": "gzip"}
_LEAST_BYTES = 1_024
_LEVEL = 1
"""A table of fifty promotions comes to a quarter, in 50 us; level 6 takes twice as long for a twentieth of it less."""


def tagged(content: bytes, *, now_us: int) -> dict[str, str]:
    """The headers by which an answer of this moment is known again. The tag is weak: the moment is left out."""
    lasting = content.replace(format_instant(now_us).encode(), b"")
    tag = f'W/"{sha256(lasting).hexdigest()[:32]}"'
    return {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Accept-Encoding"}


def is_known(headers: Headers, tag: str) -> bool:
    """Whether a caller has what bears this tag, or whatever there is (`*`). Proxies call a weak tag strong."""
    there = {one.removeprefix("W/") for one in listed(headers, b"if-none-match")}
    return "*" in there or tag.removeprefix("W/") in there


def takes_gzip(headers: Headers, content: bytes) -> bool:
    """Whether a caller understands what is compressed, and it is worth it."""
    return len(content) >= _LEAST_BYTES and "gzip" in listed(headers, b"accept-encoding")


def gzipped(content: bytes) -> bytes:
    """The same in fewer bytes."""
    packer = zlib.compressobj(_LEVEL, wbits=31)
    return packer.compress(content) + packer.flush()
