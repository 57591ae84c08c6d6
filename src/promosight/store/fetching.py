"""Thousands of rows from PostgreSQL as columns: their numbers in one string of bytes, and each column of texts in one.

A row that is sent by itself costs a message of its own, and here an object for each of its fields, only to be put into
arrays. Put together by the server it costs neither, and numpy reads the numbers where they lie. They come as an array
of arrays, a row each: of all ways to have them in one string that is the cheapest for the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from promosight.rules.numbers import NOTHING

_NOTHING = f"CAST({NOTHING} AS BIGINT)"
_HEAD = 12 + 2 * 8
"""What PostgreSQL says of an array of two dimensions before its elements: bytes that need not be looked at."""
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">i8")])


@cache
def together(text: str, kinds: tuple[str, ...]) -> str:
    """The statement whose one row holds all that a statement finds; `kinds` are the types of its columns."""
    names = [f"c{place}" for place in range(len(kinds))]
    both = list(zip(names, kinds, strict=True))
    # None is NULL, so that all elements are of one length.
    numbers = [f"COALESCE({name}, {_NOTHING})" for name, kind in both if kind != "TEXT"]
    columns = [f"array_send(array_agg(ARRAY[{', '.join(numbers)}]))"]
    # No text holds the character zero.
    columns += [
        f"string_agg(textsend({name}), CAST('\\x00' AS BYTEA))"
        for name, kind in both
        if kind == "TEXT"
    ]
    return f"SELECT {', '.join(columns)} FROM ({text}) AS found ({', '.join(names)})"


def apart(row: Sequence[bytes | None], kinds: tuple[str, ...]) -> list[Any]:
    """The columns of what was found: arrays of numbers and lists of texts, in their order."""
    found = row[0] or bytes(_HEAD)
    table = np.frombuffer(found, _ELEMENT, offset=_HEAD)["value"].reshape(-1, kinds.count("BIGINT"))
    numbers = iter(table.T.astype(np.int64, order="C"))
    texts = iter([[] if one is None else one.decode().split("\0") for one in row[1:]])
    return [next(texts if kind == "TEXT" else numbers) for kind in kinds]
