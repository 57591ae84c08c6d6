"""Signatures of shops: known whole, with any living secret, and refused with any bit otherwise (P22)."""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.shop_signatures import (
    SHOPIFY,
    STRIPE,
    TOLERANCE_S,
    fault_of,
    shopify_signature,
    stripe_signature,
)

BODY, NOW_S, OURS = b'{"id": 1}', 1_795_428_900, ["the new secret", "the old secret"]


def fault(kind: str, header: str, body: bytes = BODY, now_s: int = NOW_S) -> str | None:
    return fault_of(kind, OURS, body, header, now_s=now_s)


@pytest.mark.parametrize("secret", OURS)
def test_while_two_secrets_are_alive_either_of_them_signs(secret: str) -> None:
    """P22, P14."""
    assert fault(SHOPIFY, shopify_signature(secret, BODY)) is None
    assert fault(STRIPE, stripe_signature(secret, BODY, NOW_S)) is None
    rolled = stripe_signature("a third", BODY, NOW_S) + "," + stripe_signature(secret, BODY, NOW_S)
    assert fault(STRIPE, rolled + ",v0=aa") is None


def test_the_signatures_are_those_that_shops_document() -> None:
    """HMAC-SHA256 of the body in Base64; of time, point and body in hexadecimal digits."""
    mac = hmac.digest(b"s", BODY, "sha256")
    assert shopify_signature("s", BODY) == base64.b64encode(mac).decode()
    timed = hmac.digest(b"s", b"%d." % NOW_S + BODY, "sha256")
    assert stripe_signature("s", BODY, NOW_S) == f"t={NOW_S},v1={timed.hex()}"


def test_a_time_long_past_or_ahead_is_refused() -> None:
    """P22: by the clock that is given."""
    header = stripe_signature(OURS[0], BODY, NOW_S)
    for apart in (TOLERANCE_S, -TOLERANCE_S):
        assert fault(STRIPE, header, now_s=NOW_S + apart) is None
        assert "seconds" in (fault(STRIPE, header, now_s=NOW_S + apart + apart // 300) or "")


@pytest.mark.parametrize(
    "header",
    ["", "?", "t=1", "v1=00", "t=x,v1=00", "t=,v1=", "t=1795428900,v1=zz", "t=" + "9" * 99, ",,=,"],
)
def test_what_is_no_signature_is_refused_with_a_reason(header: str) -> None:
    assert fault(STRIPE, header)
    assert fault(SHOPIFY, header)


@given(st.binary(max_size=60), st.binary(max_size=60), st.text(max_size=60))
def test_no_other_body_and_no_other_header_passes(body: bytes, other: bytes, header: str) -> None:
    """P22."""
    for kind, ours in (
        (SHOPIFY, shopify_signature(OURS[0], body)),
        (STRIPE, stripe_signature(OURS[0], body, NOW_S)),
    ):
        assert fault(kind, ours, body) is None
        assert (fault(kind, ours, other) is None) is (body == other)
        assert fault(kind, header, body) is not None
