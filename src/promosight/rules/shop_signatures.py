"""Signatures of shops: how Shopify and Stripe sign what they send, and whether a signature is one of theirs.

Both sign the body as it came with HMAC-SHA256 and a secret that only the shop and we have. Stripe signs the time too,
so that what somebody overheard cannot be sent again much later. Secrets are compared in constant time, and several may
be alive at once: while one takes the place of another, either of them signs.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable

SHOPIFY, STRIPE = "shopify", "stripe"
KINDS = (SHOPIFY, STRIPE)

HEADERS = {SHOPIFY: b"x-shopify-hmac-sha256", STRIPE: b"stripe-signature"}
"""Where each has its signature."""

TOLERANCE_S = 300
"""So far may the time that Stripe signed lie from ours, before or after."""
FORMER_SIGNS_FOR_US = 86_400_000_000
"""A secret that was replaced is good for so long beside the new one: as long as Stripe signs with both."""

_MOST = 16
"""Signatures looked at in one header; Stripe sends two at most."""


def fault_of(
    kind: str, secrets: Iterable[str], body: bytes, header: str, *, now_s: int
) -> str | None:
    """Why a body was not signed by a shop with one of these secrets; None where it was."""
    if not header:
        return f"the header {HEADERS[kind].decode()} is missing"
    if kind == SHOPIFY:
        return _shopify_fault(secrets, body, header)
    return _stripe_fault(secrets, body, header, now_s)


def shopify_signature(secret: str, body: bytes) -> str:
    """What Shopify's header says of a body."""
    return base64.b64encode(_mac(secret, body)).decode()


def stripe_signature(secret: str, body: bytes, at_s: int) -> str:
    """What Stripe's header says of a body that it sends at a time."""
    return f"t={at_s},v1={_mac(secret, _timed(at_s, body)).hex()}"


def _shopify_fault(secrets: Iterable[str], body: bytes, header: str) -> str | None:
    try:
        given = base64.b64decode(header.strip(), validate=True)
    except (binascii.Error, ValueError):
        return "the signature is not Base64"
    return None if _is_ours(secrets, body, [given]) else _OTHER_SECRET


def _stripe_fault(secrets: Iterable[str], body: bytes, header: str, now_s: int) -> str | None:
    at_s, given = _stripe_parts(header)
    if at_s is None or not given:
        return "the signature has no time (t=) or no digest (v1=)"
    if not _is_ours(secrets, _timed(at_s, body), given):
        return _OTHER_SECRET
    if abs(now_s - at_s) > TOLERANCE_S:
        return f"it was signed more than {TOLERANCE_S} seconds from now; is a clock wrong?"
    return None


def _stripe_parts(header: str) -> tuple[int | None, list[bytes]]:
    at_s, given = None, []
    for part in header.split(",")[:_MOST]:
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) <= 12:
            at_s = int(value)
        elif name == "v1":
            try:
                given.append(bytes.fromhex(value))
            except ValueError:
                continue
    return at_s, given


def _is_ours(secrets: Iterable[str], signed: bytes, given: list[bytes]) -> bool:
    """Whether one of the digests is made with one of the secrets. All are compared, whichever is found."""
    ours = [_mac(secret, signed) for secret in secrets]
    found = [hmac.compare_digest(one, other) for one in ours for other in given]
    return any(found)


def _timed(at_s: int, body: bytes) -> bytes:
    return b"%d." % at_s + body


def _mac(secret: str, signed: bytes) -> bytes:
    return hmac.digest(secret.encode(), signed, "sha256")


_OTHER_SECRET = "the signature was made with another secret than the one that is set here"
