"""The elements of a JSON array, each by itself, so that one that cannot be read never costs its neighbours.

msgspec splits an array in no time but refuses all of it for half a surrogate pair or a nesting too deep to
follow. Such a body is split here by its brackets alone; what is not JSON by its grammar stays unreadable.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import msgspec

from promosight.errors import TooLarge, Unreadable

MAX_DEPTH = 64
"""Nesting deeper than this is refused: nobody means it, and every reader of it would have to follow."""

# A string that never ends is one token to the end, so that no text takes more than one pass.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?(?:"|\Z)|[\[\]{},]', re.DOTALL)
_COLON = re.compile(rb"\s*:")
_CLOSES = {ord("]"): ord("["), ord("}"): ord("{")}
_decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode


def split_array(body: bytes, at_most: int) -> list[bytes]:
    """The text of each element. Raises Unreadable when the body is no JSON array, TooLarge when it has more."""
    try:
        found = [bytes(raw) for raw in _decode_raw(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _by_brackets(body)
    if len(found) > at_most:
        raise TooLarge(f"more than {at_most} events in one request")
    return found


def only_object(body: bytes) -> bytes:
    """The text of the one object that a body is. Raises Unreadable when it is anything else, or more."""
    text = body.strip()
    if not text.startswith(b"{"):
        raise Unreadable("the body is neither a JSON object nor an array")
    try:
        found = split_array(b"[" + text + b"]", 1_000)
    except Unreadable:
        if _is_left_open(text):
            raise _unreadable("it breaks off") from None
        raise
    if len(found) != 1:
        raise _unreadable("there is something beside the object")
    return text


def _is_left_open(text: bytes) -> bool:
    marks = [text[token.start()] for token in _TOKEN.finditer(text)]
    return sum(mark in b"[{" for mark in marks) > sum(mark in b"]}" for mark in marks)


def member(body: bytes, name: str) -> bytes:
    """The text of a member of the object that a body is, by its brackets; b"" where it has none. Raises Unreadable."""
    text, key = only_object(body), b'"%b"' % name.encode()
    found, start, level = b"", 0, 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        level += (mark in b"[{") - (mark in b"]}")
        if start and (level == 0 or (level == 1 and mark == ord(","))):
            found, start = text[start : token.start()].strip(), 0
        elif not start and level == 1 and token.group() == key:
            colon = _COLON.match(text, token.end())
            start = colon.end() if colon else 0
    return found


def depth(text: bytes) -> int:
    """How deep the text is nested, by its brackets; of text that is not JSON, something like it.

    What is deeper than MAX_DEPTH is not looked at to its end.
    """
    deepest = level = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in b"[{":
            level += 1
            deepest = max(deepest, level)
            if level > MAX_DEPTH:
                break
        elif mark in b"]}":
            level -= 1
    return deepest


def is_deep(value: Any) -> bool:
    """Whether JSON nests deeper than MAX_DEPTH; level by level, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _by_brackets(body: bytes) -> list[bytes]:
    open_marks: list[int] = []
    found: list[bytes] = []
    begin = body.find(b"[")
    start = begin + 1
    for token in _TOKEN.finditer(body):
        mark = body[token.start()]
        if mark in b"[{":
            open_marks.append(mark)
        elif mark in b"]}":
            if not open_marks or open_marks.pop() != _CLOSES[mark]:
                raise _unreadable("a bracket does not fit")
            if not open_marks:
                found.append(body[start : token.start()])
                return _checked(body[:begin], found, body[token.end() :])
        elif mark == ord(",") and len(open_marks) == 1:
            found.append(body[start : token.start()])
            start = token.end()
    raise _unreadable("it breaks off")


def _checked(before: bytes, found: list[bytes], after: bytes) -> list[bytes]:
    """The elements, when everything is JSON by its grammar, or at least too deep to tell."""
    if before.strip() or after.strip():
        raise _unreadable("there is something beside the array")
    if len(found) == 1 and not found[0].strip():
        return []
    for element in found:
        try:
            json.loads(element.decode(errors="replace"), parse_constant=_no_constant)
        except RecursionError:
            continue
        except ValueError as error:
            raise _unreadable(str(error)) from None
    return [element.strip() for element in found]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _unreadable(why: str) -> Unreadable:
    return Unreadable(f"the body is not JSON: {why}")
