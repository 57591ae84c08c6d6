"""Values that break programs, and JSON changed by them at any depth: what garbled requests and files are made of.

A value is first changed as a tree (replaced, removed, doubled, nested), then written, perhaps as JSON nobody means
(numbers no machine holds, a key twice, NaN, halves of surrogate pairs), then its bytes are spoiled. Everything is
drawn from the random generator given, so that an input is a function of its seed and its number.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple


class Written(NamedTuple):
    """A piece of JSON that stands in the text exactly so, be it JSON or not."""

    text: str


NUMBERS = (
    *("1e400", "-1e400", "1e-400", "0.1e-999999999", "9" * 400, "1" + "0" * 5_000, "-0", "-0.0"),
    *("1E+2147483648", "0." + "3" * 3_000, "9007199254740993", "9223372036854775808", "1.0"),
    *("-9223372036854775809", "18446744073709551616", "5e-324", "NaN", "Infinity", "-Infinity"),
    *("01", "+1", ".5", "1.", "0x10", "1_000", "\uff11", "--1", "1e", "True", "nul", "undefined"),
)
ODD: tuple[Any, ...] = (
    *(None, True, False, "", " ", "0", "-1", "1", 0, 1, -1, 1.5, 1e308, 2**31, 2**53 + 1, 2**63),
    *(2**64, -(2**63) - 1, 10**30, 0.1, 1e-300, "NaN", "1e999", "99999999999999999999.99"),
    *("2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "2026-11-01T00:00:00+23:59"),
    *("2026-10-25T02:30:00+01:00", "2026-11-23 10:15:00.123456 UTC", "2026-W47-1T10:00:00Z"),
    *("20261123T101500Z", "2026-11-23T24:00:00Z", "2026-11-23T10:15:00,5Z", "2026-11-23"),
    *("x" * 255, "x" * 256, "x" * 300, "é" * 255, "y" * 4_097, "y" * 100_000, "\U0001f600" * 300),
    *("\u202e", "\u0000", "a\u0000b", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe"),
    *("\ud800", "\udc00\ud800", "a\u0301", "İ", "ß", "ﬀ", "\u3000x\u3000", "\u200b", "٣"),
    *("=1+1", "@x", "../../etc/passwd", "%2F", "%00", "';--", "$1", "?", ":x", "{}", "{0}", "%s"),
    *("\\", '"', "'", "`", "<script>", "a|b", "a,b", "a\nb", "\r\n", "null", "true", "-"),
    *([], {}, [[]], [None], {"": ""}, {"a": {"b": []}}, ["x"] * 300, [{}] * 50, [[[[[1]]]]]),
    *(Written(number) for number in NUMBERS),
    *(Written('"\\ud800"'), Written('"\\u0000"'), Written('"\\x"'), Written('"\t"'), Written("")),
    *(Written("[" * 70 + "]" * 70), Written('{"a":' * 66 + "1" + "}" * 66)),
    Written("[" * 600 + "]" * 600),
)
_TOO_DEEP = 1_200
"""Deeper than anybody may follow by recursion."""

Value = Any
_Change = Callable[[Value, random.Random], Value]


def changed(value: Value, drawn: random.Random, names: tuple[str, ...] = ()) -> Value:
    """The value with some of its places changed, at whatever depth; `names` are fields it might have."""
    for _ in range(drawn.choice((0, 1, 1, 1, 2, 3, 6))):
        value = _at_some_depth(value, drawn, names)
    return value


def _at_some_depth(value: Value, drawn: random.Random, names: tuple[str, ...]) -> Value:
    if isinstance(value, dict) and value and drawn.random() < 0.85:
        name = drawn.choice(list(value))
        if drawn.random() < 0.35 and isinstance(value[name], dict | list):
            return value | {name: _at_some_depth(value[name], drawn, names)}
        return _with_field(value, name, drawn, names)
    if isinstance(value, list) and value and drawn.random() < 0.85:
        place = drawn.randrange(len(value))
        return [*value[:place], _at_some_depth(value[place], drawn, names), *value[place + 1 :]]
    return _replaced(value, drawn)


def _with_field(
    value: dict[str, Any], name: str, drawn: random.Random, names: tuple[str, ...]
) -> dict[str, Any]:
    kind = drawn.random()
    if kind < 0.6:
        return value | {name: _replaced(value[name], drawn)}
    if kind < 0.75:
        return {key: one for key, one in value.items() if key != name}
    other = drawn.choice((*names, "zzz", "", "\u0000", "\ud800", "__class__", "metadata"))
    return value | {other: drawn.choice(ODD)}


def _replaced(value: Value, drawn: random.Random) -> Value:
    kind = drawn.random()
    if kind < 0.7:
        return drawn.choice(ODD)
    if kind < 0.78:
        return [value] * drawn.choice((1, 2, 40))
    if kind < 0.84:
        return {"value": value}
    if isinstance(value, str) and value:
        return _text_changed(value, drawn)
    return _nested(value, drawn.choice((2, 5, 63, 64, 65)))


def _text_changed(text: str, drawn: random.Random) -> str:
    place = drawn.randrange(len(text) + 1)
    odd = drawn.choice(("", " ", "\u0000", "0", "9" * 30, "-", "+", ".", "\ud83d", text, "\n", "é"))
    return text[:place] + odd + text[drawn.choice((place, place + 1)) :]


def _nested(value: Value, levels: int) -> Value:
    for _ in range(levels):
        value = [value]
    return value


def written(value: Value, drawn: random.Random) -> str:
    """The value as JSON, now and then with a key twice or all escaped."""
    doubled = drawn.random() < 0.04
    escaped = drawn.random() < 0.5
    return _text(value, escaped=escaped, doubled=doubled)


def _text(value: Value, *, escaped: bool, doubled: bool) -> str:
    if isinstance(value, Written):
        return value.text
    if isinstance(value, dict):
        pairs = [
            f"{json.dumps(key, ensure_ascii=escaped)}:{_text(one, escaped=escaped, doubled=doubled)}"
            for key, one in value.items()
        ]
        return "{" + ",".join(pairs * 2 if doubled else pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(v, escaped=escaped, doubled=doubled) for v in value) + "]"
    return json.dumps(value, ensure_ascii=escaped)


def encoded(text: str, drawn: random.Random) -> bytes:
    """The text as bytes: UTF-8 most of the time, else whatever somebody's machine writes."""
    data = text.encode("utf-8", "surrogatepass")
    kind = drawn.random()
    if kind < 0.93:
        return data
    if kind < 0.95:
        return b"\xef\xbb\xbf" + data
    coding = drawn.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7"))
    return text.encode(coding, "replace")


def spoiled(data: bytes, drawn: random.Random) -> bytes:
    """The bytes with some of them flipped, cut off, doubled, or put in."""
    if not data:
        return drawn.randbytes(drawn.randrange(40))
    kind, place = drawn.random(), drawn.randrange(len(data))
    if kind < 0.3:
        spoilt = bytearray(data)
        for _ in range(drawn.choice((1, 1, 2, 8))):
            spoilt[drawn.randrange(len(spoilt))] ^= 1 << drawn.randrange(8)
        return bytes(spoilt)
    if kind < 0.5:
        return data[:place]
    if kind < 0.65:
        return data[:place] + drawn.randbytes(drawn.choice((1, 3, 30))) + data[place:]
    if kind < 0.8:
        end = min(len(data), place + drawn.choice((1, 5, 50)))
        return data[:end] + data[place:]
    odd = drawn.choice((b"\x00", b"\xff", b'"', b"'", b"\\", b"\n", b"\r", b",", b"{", b"[", b"}"))
    return data[:place] + odd * drawn.choice((1, 1, 3)) + data[place + 1 :]


def hopeless(drawn: random.Random) -> bytes:
    """A body that never was anything."""
    kind = drawn.random()
    if kind < 0.3:
        return drawn.randbytes(drawn.choice((0, 1, 7, 300, 4_000)))
    if kind < 0.6:
        opening = drawn.choice((b"[", b'{"a":', b'[{"event_id":[', b'[[{"":'))
        levels = drawn.choice((10, 64, 65, _TOO_DEEP, 30_000))
        closing = drawn.choice((b"", b"1" + b"]" * levels))
        return opening * levels + closing
    if kind < 0.8:
        return drawn.choice(
            (b"\x00", b" ", b"\n", b",", b'"', b"\xff", b"{}", b"1")
        ) * drawn.choice((1, 100, 50_000))
    return drawn.choice((b"null", b"true", b'""', b"1", b"[]", b"{}", b"\xef\xbb\xbf", b"[1,2]"))
