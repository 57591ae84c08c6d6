"""Reconciling: whether two sides tell the same events of a time, and of one event which fields differ.

Each side writes an event as a line: its id and the fields that are compared, in the order of FIELDS, parted by tabs.
A set of lines has a hash that anybody can compute in any language and in any order: the sum, modulo 2^64, of the first
eight bytes of each line's SHA-256. Events are told apart into buckets by their id alone, so that one of which the rest
differs lies in the same bucket on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from decimal import Decimal
from hashlib import sha256

import msgspec

from promosight.rules.facts import Fault, Rejection, identifier_or_none
from promosight.rules.instants import SECOND_US, format_instant, parse_instant
from promosight.rules.money import MICROS, amount_of, is_currency

FIELDS = (
    *("reverses", "promotion_id", "promo_code", "redeemed_at"),
    *("reward_value", "order_value", "currency"),
)
"""What may be compared beside the id, in the order in which it stands in a line."""

MAX_BUCKETS = 4_096
_MODULUS = 1 << 64


class Told(msgspec.Struct, gc=False):
    """An event as one side tells it; what it does not tell is None. Money without a currency is in the workspace's."""

    event_id: str
    reverses: str | None
    promotion_id: str | None
    promo_code: str | None
    redeemed_us: int | None
    reward_micros: int | None
    order_micros: int | None
    currency: str

    def written(self, field: str) -> str:
        """A field as it stands in a line, "" where it was not told."""
        if field == "redeemed_at":
            return "" if self.redeemed_us is None else written_instant(self.redeemed_us)
        if field in ("reward_value", "order_value"):
            micros = self.reward_micros if field == "reward_value" else self.order_micros
            return "" if micros is None else written_amount(micros)
        said: str | None = getattr(self, field)
        return said or ""

    def line(self, fields: Sequence[str]) -> str:
        """The event as a line of these fields."""
        return "\t".join([self.event_id, *map(self.written, fields)])


class ToldRow(msgspec.Struct, kw_only=True, gc=False):
    """An event as its source has it, in the form of a report; what is not compared may be left out."""

    event_id: str | None = None
    type: str | None = None
    reverses: str | None = None
    promotion_id: str | None = None
    promo_code: str | None = None
    redeemed_at: str | None = None
    reward_value: Decimal | None = None
    order_value: Decimal | None = None
    currency: str | None = None


def told_from(row: ToldRow, currency: str) -> Told | Rejection:
    """A row as what it tells, or what is wrong with it; `currency`: the workspace's."""
    try:
        return _told(row, currency)
    except Fault as fault:
        return fault.rejection


def _told(r: ToldRow, currency: str) -> Told:
    event_id = identifier_or_none(r.event_id, "event_id")
    reverses = identifier_or_none(r.reverses, "reverses")
    if event_id is None:
        raise Fault("invalid", "event_id", "is missing")
    if r.type not in (None, "redemption", "reversal"):
        raise Fault("invalid", "type", "must be redemption or reversal")
    if r.type is not None and (r.type == "reversal") != (reverses is not None):
        raise Fault("invalid", "reverses", "is what a reversal names, and nothing else does")
    if r.currency is not None and not is_currency(r.currency):
        raise Fault("invalid", "currency", "must be an ISO 4217 code such as EUR")
    return Told(
        event_id,
        reverses,
        identifier_or_none(r.promotion_id, "promotion_id"),
        identifier_or_none(r.promo_code, "promo_code"),
        None if r.redeemed_at is None else instant_told(r.redeemed_at, "redeemed_at"),
        None if r.reward_value is None else amount_told(r.reward_value, "reward_value"),
        None if r.order_value is None else amount_told(r.order_value, "order_value"),
        r.currency or currency,
    )


def instant_told(text: str, field: str) -> int:
    """Microseconds of an instant. Raises Fault."""
    try:
        return parse_instant(text.strip())
    except ValueError as error:
        raise Fault("invalid", field, str(error)) from None


def amount_told(value: object, field: str) -> int:
    """Micros of an amount. Raises Fault."""
    try:
        micros = amount_of(str(value))
    except ValueError as error:
        raise Fault("invalid", field, str(error)) from None
    if micros < 0:
        raise Fault("invalid", field, "must not be negative")
    return micros


def written_instant(instant_us: int) -> str:
    """An instant of a line: UTC, always with six decimals, so that every language's formats do it."""
    seconds, micros = divmod(instant_us, SECOND_US)
    return f"{format_instant(seconds * SECOND_US)[:-1]}.{micros:06d}Z"


def written_amount(micros: int) -> str:
    """An amount of a line, always with six decimals."""
    return f"{micros // MICROS}.{micros % MICROS:06d}"


def hash_of(line: str) -> int:
    """The number of a line."""
    return int.from_bytes(sha256(line.encode()).digest()[:8], "big")


def bucket_of_id(event_id: str, buckets: int) -> int:
    """In which of so many buckets an event lies: the first four bytes of its id's SHA-256, modulo their number."""
    if buckets <= 1:
        return 0
    return int.from_bytes(sha256(event_id.encode()).digest()[:4], "big") % buckets


def added(first: int, second: int) -> int:
    """The hash of two sets together."""
    return (first + second) % _MODULUS


def hash_text(number: int) -> str:
    """A hash as it is written: 16 hexadecimal digits."""
    return f"{number:016x}"


def hash_from(text: str) -> int:
    """A hash as a number. Raises ValueError."""
    if len(text) != 16 or not all(digit in "0123456789abcdefABCDEF" for digit in text):
        raise ValueError("must be 16 hexadecimal digits")
    return int(text, 16)


class Totals:
    """What a set of events comes to. Money is that of redemptions, by currency; reversals take nothing off it."""

    def __init__(self, fields: Sequence[str], buckets: int) -> None:
        self._fields = fields
        self.redemptions = self.reversals = self.hash = 0
        self.order_micros: Counter[str] = Counter()
        self.reward_micros: Counter[str] = Counter()
        self.buckets = [0] * buckets

    def add(self, told: Told) -> None:
        """One more event."""
        number = hash_of(told.line(self._fields))
        self.hash = added(self.hash, number)
        if self.buckets:
            bucket = bucket_of_id(told.event_id, len(self.buckets))
            self.buckets[bucket] = added(self.buckets[bucket], number)
        if told.reverses is not None:
            self.reversals += 1
            return
        self.redemptions += 1
        self.order_micros[told.currency] += told.order_micros or 0
        self.reward_micros[told.currency] += told.reward_micros or 0


class Said(msgspec.Struct):
    """What a source says its events come to; what it does not say is None (no buckets: none) and not compared."""

    redemptions: int | None
    reversals: int | None
    order_micros: dict[str, int] | None
    reward_micros: dict[str, int] | None
    hash: int | None
    buckets: list[int]

    def differing(self, found: Totals) -> list[str]:
        """What is said and not so, by the names in which it is said."""
        pairs = {
            "redemptions": (self.redemptions, found.redemptions),
            "reversals": (self.reversals, found.reversals),
            "order_value": (_some(self.order_micros), _some(found.order_micros)),
            "reward_value": (_some(self.reward_micros), _some(found.reward_micros)),
            "hash": (self.hash, found.hash),
        }
        return [n for n, (said, here) in pairs.items() if said is not None and said != here]

    def differing_buckets(self, found: Totals) -> list[int]:
        """The buckets whose hashes differ."""
        both = enumerate(zip(self.buckets, found.buckets, strict=True))
        return [bucket for bucket, (said, here) in both if said != here]


def _some(amounts: dict[str, int] | None) -> dict[str, int] | None:
    """Amounts without those that are nothing: not to name a currency says the same."""
    return amounts and {currency: micros for currency, micros in amounts.items() if micros}


def differing_fields(said: Told, here: Told, fields: Collection[str]) -> list[str]:
    """The fields, of those compared, of which two sides tell otherwise."""
    return [one for one in FIELDS if one in fields and said.written(one) != here.written(one)]
