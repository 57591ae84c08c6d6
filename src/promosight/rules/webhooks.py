"""Webhooks: what may be told, how it is signed, when it is tried again, and where it may go.

Signed as the Standard Webhooks say: a message has an id that stays the same however often it is sent, and the
signature is an HMAC-SHA256 of id, time and body.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from promosight.errors import Invalid
from promosight.rules.instants import DAY_US, HOUR_US, SECOND_US

COUNTED, REVERSED = "redemption.counted", "redemption.reversed"
THRESHOLD, OVERDUE = "promotion.cap_threshold", "source.overdue"
ANOMALY = "anomaly.found"
PING = "ping"
TYPES = (COUNTED, REVERSED, THRESHOLD, OVERDUE, ANOMALY)
"""What a webhook may want to be told. A `ping` is told to whoever asks for one."""
_BITS = {COUNTED: 1, REVERSED: 2, THRESHOLD: 4, ANOMALY: 8}
"""What leaves word of itself in its transaction."""

TRIED_FOR_US = 3 * DAY_US
"""A message that nobody takes is given up so long after it was first due."""
FORMER_SIGNS_FOR_US = DAY_US
"""A secret that was replaced signs beside the new one for so long."""
KEPT_FOR_US = 30 * DAY_US
"""What was sent is listed for so long."""
_FIRST_US, _GROWS, _LONGEST_US = 10 * SECOND_US, 3, 6 * HOUR_US
_JITTER = 0.2
_LONGEST_URL = 2_048
_SECRET = "whsec_"
_EMBEDDED = ip_network("64:ff9b::/96")
"""IPv4 addresses as a NAT64 writes them."""


def announced_bits(types: Iterable[str]) -> int:
    """What facts have to leave word of, that these types may be told."""
    return sum(_BITS.get(one, 0) for one in set(types))


def is_announced(announced: int, kind: str) -> bool:
    """Whether facts of a type leave word of themselves."""
    return bool(announced & _BITS[kind])


def check_types(types: list[str]) -> None:
    """Raises Invalid naming the first that is none."""
    for index, one in enumerate(types):
        if one not in TYPES:
            raise Invalid("must be one of " + ", ".join(TYPES), pointer=f"/events/{index}")
    if not types:
        raise Invalid("name at least one type", pointer="/events")


def message_id(webhook_id: str, kind: str, fact: Any) -> str:
    """The id of a message: the same whenever the same fact is told to the same webhook."""
    text = msgspec.json.encode([webhook_id, kind, fact])
    return f"msg_{sha256(text).hexdigest()[:32]}"


def secret_of(random: bytes) -> str:
    """A secret, as it is shown."""
    return _SECRET + base64.b64encode(random).decode()


def signatures(secrets: Iterable[str], message: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret."""
    signed = b".".join((message.encode(), str(at_s).encode(), body))
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_raw(one), signed, "sha256")).decode()
        for one in secrets
    )


def _raw(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is base64 behind whsec_") from error


class Attempt(NamedTuple):
    """What came of sending a message once: a status, or what kept it from one.

    `wait_us`: the receiver asked not to hear of it again for so long. `is_moot`: there is nothing left to be sent.
    """

    status: int | None
    error: str | None
    wait_us: int | None = None
    is_moot: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether it need not be sent again."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing any more."""
        return self.status == 410


def tried_again_us(
    attempts: int, attempt: Attempt, *, begun_us: int, now_us: int, chance: float
) -> int | None:
    """When a message is sent next of which so many attempts have failed; None when it is given up.

    `chance` is from 0 to 1: what fails together is not tried again together. The last try is at the end of the time.
    """
    ends_us = begun_us + TRIED_FOR_US
    if now_us >= ends_us:
        return None
    grown = _FIRST_US * _GROWS ** min(attempts - 1, 20)
    pause_us = min(grown, _LONGEST_US) * (1 - _JITTER + 2 * _JITTER * chance)
    wait_us = max(int(pause_us), attempt.wait_us or 0)
    return min(now_us + wait_us, ends_us)


def check_url(url: str, *, private: bool) -> SplitResult:
    """The parts of a URL that messages may go to. `private`: also inside one's own network. Raises Invalid."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("must be a URL of printable ASCII characters", pointer="/url")
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise Invalid("is no URL", pointer="/url") from None
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise Invalid("must begin with https://", pointer="/url")
    if not named or parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("must name a host, and no user or fragment", pointer="/url")
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return parts  # where a name leads to is seen when something is sent
    if not may_be_told(address, private=private):
        raise Invalid("must not lie inside a private network", pointer="/url")
    return parts


def may_be_told(address: IPv4Address | IPv6Address, *, private: bool) -> bool:
    """Whether messages may go to an address: never to those of a network's own machinery, and inside one's own network
    only where that is wanted (`private`)."""
    inner = _inner(address)
    if inner.is_global and not inner.is_multicast and not inner.is_reserved:
        return True
    if inner.is_loopback:
        return private
    machinery = (
        inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner.is_reserved
    )
    return private and inner.is_private and not machinery


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _EMBEDDED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return (
        address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
    )
