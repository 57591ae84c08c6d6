"""Amounts as their sender wrote them: digits are those of ASCII, and nothing stands between them.

Python's own Decimal, which the decoder makes of a text, also reads `5_0` and the digits of every script. What was
written is no longer seen behind it, so it is looked at here; hardly any text needs more than a glance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from promosight.rules.facts import Rejection

REPORTED = ("reward_value", "order_value")
_is_suspect = re.compile(rb'(?:value|discount)"\s*:\s*"[^"]*[_\\\x80-\xff]').search
_ESCAPED = b"\\u"


def is_suspect(text: bytes) -> bool:
    """Whether an amount in this JSON may be written otherwise than amounts are."""
    return _ESCAPED in text or _is_suspect(text) is not None


def misread(text: bytes, fields: tuple[str, ...] = REPORTED, within: str = "") -> Rejection | None:
    """What is wrong with the amounts of a JSON object that was decoded, or of the object `within` it."""
    if not is_suspect(text):
        return None
    said = msgspec.json.decode(text)
    said = said.get(within) if within and isinstance(said, dict) else said
    return misread_of(said, fields, within) if isinstance(said, dict) else None


def misread_of(
    said: Mapping[str, Any], fields: tuple[str, ...] = REPORTED, within: str = ""
) -> Rejection | None:
    """The same of what was decoded already, or of the cells of a row."""
    for field in fields:
        value = said.get(field)
        if isinstance(value, str) and ("_" in value or not value.strip().isascii()):
            pointer = f"/{within}/{field}" if within else f"/{field}"
            return Rejection("invalid", pointer, "must be a decimal number such as 5.00")
    return None
