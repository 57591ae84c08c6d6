"""Hashes that are stored: they must mean the same on every machine and in every later version.

The golden values are part of the store's format. A change of any of them would turn safe retries into
conflicts and known customers into strangers, so this file fails long before a release could.
"""

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.identity import (
    BUCKETS,
    bucket_of,
    content_digest,
    content_digests,
    customer_number,
    paired_digests,
    stable_hash,
)

PART = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=20))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("a", None, 1), 6_597_798_304_908_190_117),
        ((), 8_997_990_875_754_247_340),
    ],
)
def test_a_hash_never_changes(parts: tuple[str | int | None, ...], expected: int) -> None:
    assert stable_hash(*parts) == expected


def test_a_hash_is_blake2b_of_messagepack() -> None:
    """Written out by hand: an array of three, the text `a`, nil, one (RFC 7693, MessagePack)."""
    packed = b"\x93" + b"\xa1a" + b"\xc0" + b"\x01"
    digest = int.from_bytes(blake2b(packed, digest_size=8).digest(), "big")
    assert stable_hash("a", None, 1) == digest >> 1


@pytest.mark.parametrize(
    ("parts", "expected"),
    [(("a", None, 1), 72_394_934_000_494), ((), 129_229_206_473_859)],
)
def test_a_digest_of_content_never_changes(
    parts: tuple[str | int | None, ...], expected: int
) -> None:
    assert content_digest(*parts) == expected


@given(st.lists(st.lists(PART, max_size=5).map(tuple)))
def test_digests_of_many_contents_are_those_of_each(
    contents: list[tuple[str | int | None, ...]],
) -> None:
    assert content_digests(contents) == [content_digest(*content) for content in contents]
    assert all(0 <= digest < 2**63 for digest in content_digests(contents))


@given(st.text(), st.lists(st.text(), max_size=5))
def test_digests_of_pairs_are_those_of_each(first: str, seconds: list[str]) -> None:
    assert paired_digests(first, seconds) == [content_digest(first, one) for one in seconds]


def test_a_customers_number_never_changes() -> None:
    assert customer_number("w", "c-1") == 5_166_914_625_317_124_643
    assert bucket_of(customer_number("w", "c-1")) == 8


@given(st.lists(PART, max_size=5))
def test_a_hash_fits_a_signed_64_bit_column(parts: list[str | int | None]) -> None:
    assert 0 <= stable_hash(*parts) < 2**63


@given(st.text(max_size=10), st.text(max_size=10))
def test_every_customer_has_a_bucket(workspace_id: str, customer_id: str) -> None:
    assert 0 <= bucket_of(customer_number(workspace_id, customer_id)) < BUCKETS


@pytest.mark.parametrize(
    ("number", "bucket"), [(0, 0), (2**59 - 1, 0), (2**59, 1), (15 * 2**59, 15), (2**63 - 1, 15)]
)
def test_the_bucket_is_the_top_four_bits(number: int, bucket: int) -> None:
    assert bucket_of(number) == bucket


def test_buckets_are_filled_evenly() -> None:
    filled = [0] * BUCKETS
    for n in range(16_000):
        filled[bucket_of(customer_number("brand", f"customer-{n}"))] += 1
    # A thousand each, give or take five standard deviations of the binomial.
    assert max(abs(count - 1_000) for count in filled) < 155


@given(PART, PART)
def test_where_one_part_ends_matters(first: str | int | None, second: str | int | None) -> None:
    assert stable_hash(first, second) != stable_hash((first, second))
    assert stable_hash(first) != stable_hash(first, second)
    assert (stable_hash(first, second) == stable_hash(second, first)) == (
        (type(first), first) == (type(second), second)
    )


def test_the_same_customer_id_in_two_workspaces_is_two_customers() -> None:
    assert customer_number("one", "c") != customer_number("two", "c")
