"""Identities: stable hashes that mean the same on every machine and in every year.

Customers are numbered by a hash of (workspace, customer id), so that any writer can form the keys of
facts without asking anyone; the top bits of the number are the bucket that leads every key. The
digest of a fact's content tells a safe retry from a conflict; it is taken of every fact and guards
nothing against its own sender, so a fast hash does (docs/decisions/0005-content-digests.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from xxhash import xxh3_64_intdigest

from promosight.rules.numbered import Numbered

BUCKETS = 16

BUCKET_SHIFT = 63 - 4
"""The bucket of a customer is its number shifted right by so many bits."""

_CUT_BITS = 17
_encode = msgspec.msgpack.Encoder().encode


def stable_hash(*parts: Any) -> int:
    """A non-negative 63-bit number from strings, numbers and None; BLAKE2b (RFC 7693) of their MessagePack."""
    return int.from_bytes(blake2b(_encode(parts), digest_size=8).digest(), "big") >> 1


def content_digest(*parts: Any) -> int:
    """A non-negative 47-bit number from strings, numbers and None; of the XXH3 (64 bits) of their MessagePack.

    So many bits are six bytes in SQLite, where a fact keeps its digest, its slot and an index of slots. That two
    contents of one id, or two assignments of one customer and promotion, share a digest has odds of 1 in 10^14.

    Cheap, and no defence: whoever chooses the parts can make two contents share a digest. Only for
    telling apart what one sender says about ids of its own.
    """
    return xxh3_64_intdigest(_encode(parts)) >> _CUT_BITS


def content_digests(contents: Iterable[tuple[Any, ...]]) -> list[int]:
    """The `content_digest` of each of many."""
    return [digest >> _CUT_BITS for digest in _whole_digests(contents)]


def digests_of_columns(columns: Sequence[Sequence[Any]]) -> Sequence[int]:
    """The same of contents that lie in columns."""
    contents = zip(*columns, strict=True)
    if not any(isinstance(column, Numbered) for column in columns):
        return content_digests(contents)
    import numpy as np  # as whoever made these has

    found = np.fromiter(_whole_digests(contents), np.uint64, len(columns[0]))
    return Numbered((found >> np.uint64(_CUT_BITS)).astype(np.int64))


def _whole_digests(contents: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    return map(xxh3_64_intdigest, map(_encode, contents))


def paired_digests(first: str, seconds: Iterable[str]) -> list[int]:
    """The `content_digest` of a text with each of many others."""
    head = _encode((first, None))[:-1]  # what MessagePack makes of a pair, up to its second
    return [xxh3_64_intdigest(head + _encode(one)) >> _CUT_BITS for one in seconds]


def customer_number(workspace_id: str, customer_id: str) -> int:
    """The number of a customer; unequal customers share one only by a 63-bit collision, which the store settles."""
    return stable_hash(workspace_id, customer_id)


def customer_numbers(workspace_id: str, customer_ids: Iterable[str]) -> dict[str, int]:
    """The `customer_number` of each of many, by id."""
    return {
        one: int.from_bytes(blake2b(_encode((workspace_id, one)), digest_size=8).digest(), "big")
        >> 1
        for one in customer_ids
    }


def customer_digests(workspace_id: str, customer_ids: Iterable[str]) -> bytes:
    """Eight bytes for each of many, one after the other: as a number, shifted right by one, its `customer_number`."""
    both = [_encode((workspace_id, one)) for one in customer_ids]
    return b"".join([blake2b(one, digest_size=8).digest() for one in both])


def bucket_of(customer_no: int) -> int:
    """The bucket of a customer, 0 to BUCKETS - 1: the top bits of the number."""
    return customer_no >> BUCKET_SHIFT
