"""Several words in one cell of CSV: joined by `|`, or a JSON array of texts, as other programs write lists.

We write the array where joining would not give the same words back: one has a `|` or blanks around it, or the cell
would begin as an array or a formula does.
"""

from __future__ import annotations

import json

import msgspec

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet runs begins with one of these."""


def words_in(cell: str) -> list[str]:
    """The words of a cell; blanks around those that are joined are no part of them."""
    if cell.lstrip().startswith("["):
        try:
            return msgspec.json.decode(cell, type=list[str])
        except (msgspec.MsgspecError, ValueError):
            pass  # then it is a word that begins so
    return [word.strip() for word in cell.split("|")]


def cell_of(words: list[str]) -> str:
    """The cell that gives these words back."""
    joined = "|".join(words)
    if words_in(joined) == words and not joined.startswith(FORMULA):
        return joined
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))
