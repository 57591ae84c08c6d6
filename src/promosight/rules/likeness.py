"""Likeness: whether a word that somebody wrote is another one, written otherwise or mistaken.

Made for ids and codes: capitals, spaces and signs between letters say little, numbers much. `SUMMER-25` and `summer25`
are the same; `SUMMER26` is another promotion, however little it differs.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_SHORTEST, _LONG = 5, 9
"""With fewer letters and digits a slip makes another word; with so many two slips do not."""
_LOOKS = str.maketrans("oil", "011")
"""Letters that are taken for digits."""
_PIECES = re.compile(r"\d+|[^\W\d_]+")


class Likeness(NamedTuple):
    """How a word is like another: `how` names it, `weight` (0 to 1) says how much that alone tells."""

    how: str
    weight: float


SAME_FORM = Likeness("form", 0.9)
LOOKS_ALIKE = Likeness("looks", 0.8)
ONE_SLIP = Likeness("slip", 0.7)
TWO_SLIPS = Likeness("slips", 0.5)
PART = Likeness("part", 0.3)


def likeness(told: str, known: str) -> Likeness | None:
    """How what was told is like what is known; None where it is not."""
    one, other = folded(told), folded(known)
    if not one or not other:
        return None
    if one == other or _number(one) == _number(other) != "":
        return SAME_FORM
    if one.translate(_LOOKS) == other.translate(_LOOKS):
        return LOOKS_ALIKE
    if _digits(one) == _digits(other):
        apart = slips(one, other, 2)
        shortest = min(len(one), len(other))
        if apart == 1 and shortest >= _SHORTEST:
            return ONE_SLIP
        if apart == 2 and shortest >= _LONG:
            return TWO_SLIPS
    return PART if _is_part(told, known) else None


def folded(text: str) -> str:
    """The letters and digits of a word, whatever their case and width."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if one.isalnum())


def slips(one: str, other: str, most: int) -> int:
    """How many letters were left out, put in, mistaken or swapped with the next; `most` + 1 where more were.

    The optimal string alignment distance. Rows end early, and most pairs before the first.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(above) > most:
            return most + 1
        before, above = above, row
    return min(above[-1], most + 1)


def _number(text: str) -> str:
    """What is left of a mere number without the zeros before it."""
    return text.lstrip("0") if text.isdigit() else ""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_part(told: str, known: str) -> bool:
    """Whether all pieces of one are pieces of the other, and these are more than a short word."""
    one, other = (set(_PIECES.findall(text.casefold())) for text in (told, known))
    less, more = sorted((one, other), key=len)
    return less < more and sum(map(len, less)) >= _SHORTEST


FORMS = ("zeros", "case", "signs")
"""Ways in which an id of a customer is written otherwise."""


def forms_of(customer_id: str) -> dict[str, list[str]]:
    """An id as others may write it, by what they do otherwise: exact rules only, none that guesses."""
    bare = customer_id.lstrip("0")
    zeros = [bare] if bare and bare != customer_id and customer_id.isdigit() else []
    if customer_id.isdigit():
        zeros += [customer_id.zfill(width) for width in range(len(customer_id) + 1, _WIDEST + 1)]
    case = [one for one in (customer_id.lower(), customer_id.upper()) if one != customer_id]
    joined = re.sub(r"[\s\-_.]", "", customer_id)
    signs = [joined] if joined and joined != customer_id and "@" not in customer_id else []
    found = {"zeros": zeros, "case": list(dict.fromkeys(case)), "signs": signs}
    return {form: found[form] for form in FORMS if found[form]}


_WIDEST = 12
"""Digits to which numbers of customers are commonly filled up with zeros."""
