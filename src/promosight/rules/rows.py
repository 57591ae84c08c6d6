"""Columns of many rows, checked in a few passes each, and which rows did not pass.

Every method takes a column as reported and gives it back as facts hold it. Where a value is unusual, or wrong, its
row is *in doubt*: the value is given as None (or 0), and `certain` leaves the row's place open. Being in doubt says
nothing but that the rule for single events must look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any, TypeVar

from promosight.rules.aligned import Aligned
from promosight.rules.facts import (
    MAX_ID_LENGTH,
    MOST_METADATA,
    Fault,
    channels_of,
    details_of,
    identifier_or_none,
    metadata_of,
)
from promosight.rules.instants import HUNDREDS, parse_instant, parse_instants
from promosight.rules.money import amount_of, amount_of_text, is_currency
from promosight.rules.numbered import Numbered, least_and_most
from promosight.rules.repeated import Canonical, Repeated, values_of
from promosight.rules.sheets import says_nothing, says_one_thing

T = TypeVar("T")
Column = Sequence[Any]

_GLANCE = 16
"""Where so many values all differ, the others do, too, mostly."""

_HUNDREDS = 500
"""So many that differ are not kept: they would push those out that are said again and again."""

_PLAIN = bytes(range(0x21, 0x7F))
"""ASCII that is neither space nor control character."""


class _Texts(dict[str, str]):
    """Texts by themselves, so that equal ones become one; bounded in number."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = text
        return text


_REMEMBERED = 8_192
_once = _Texts().__getitem__
_NOTHING = type(None)
_NO_ID = ""
"""No id is empty, so this can stand for one that was not understood."""

_NOT_UNDERSTOOD = (ValueError, TypeError, AttributeError)


def _each_once(judge: Callable[[Rows, Column], Column]) -> Callable[[Rows, Column], Column]:
    """The rule for a column, which judges each value once where a column says few."""

    @wraps(judge)
    def judged(rows: Rows, column: Column) -> Column:
        if type(column) is not Repeated:
            return judge(rows, column)
        values = Rows(len(column.values))
        found = judge(values, column.values)
        rows.doubts.update(column.rows_of(values.doubts))
        return column.of(found)

    return judged


class Rows:
    """So many rows, and which of them are in doubt."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.doubts: set[int] = set()
        """The rows in doubt."""

    def certain(self, facts: Iterable[T]) -> list[T | None]:
        """The facts made of all rows, those in doubt taken out."""
        found: list[T | None] = list(facts)
        for row in self.doubts:
            found[row] = None
        return found

    def allow(self, column: Column, values: Collection[Any]) -> None:
        """Doubts whatever is none of a few values."""
        if not set(column) <= set(values):
            self._doubt(value not in values for value in column)

    def need_one_of(self, column: Column, other: Column) -> None:
        """Doubts where both are missing."""
        if None in column:
            pairs = zip(column, other, strict=True)
            self._doubt(one is None and another is None for one, another in pairs)

    def needed(self, column: Column) -> Column:
        """The column, doubting where it is missing."""
        if None in column:
            self._doubt(value is None for value in column)
        return column

    def ids(self, column: Column) -> Column:
        """Callers' ids, trimmed. Of what is said again and again one text is kept, and the others let go."""
        if type(column) is Aligned or says_nothing(column):
            return column
        trimmed: Column
        if type(column) is Repeated:
            known = _known_ids(set(column.values))
            trimmed = column.of(map(known.__getitem__, column.values))
        elif says_one_thing(column):
            known = _known_ids({column[0]})
            trimmed = [known[column[0]]] * self.count
        elif _differs(column) and _are_plain(column):
            return column
        else:
            said = set(column)
            if _mostly_differ(said, column) and _are_plain(column):
                return column
            known = _known_ids(said)
            trimmed = [known[value] for value in column]
        if _NO_ID in known.values():
            self._doubt(value == _NO_ID for value in trimmed)
        return trimmed

    @_each_once
    def instants(self, column: Column) -> Column:
        """Microseconds since 1970 of texts; what is microseconds already stays."""
        if says_nothing(column):
            return column
        if type(column) is Aligned and len(column) >= HUNDREDS:
            from promosight.rules.many_instants import parse_aligned  # loads numpy

            if (numbers := parse_aligned(column)) is not None:
                return Numbered(numbers)
        if says_one_thing(column) and type(column[0]) is str:
            found = parse_instants([column[0]])
            return self._each(column, _instant) if found is None else found * self.count
        said = [v for v in column if v is not None] if None in column else list(column)
        kinds = set(map(type, said))
        found = said if kinds == {int} else parse_instants(said) if kinds == {str} else None
        if found is None:
            return self._each(column, _instant)
        return found if len(found) == self.count else _spread(found, column)

    def within(self, column: Column, first: int | None, last: int) -> Column:
        """Instants that must be there and lie between two others, both allowed; 0 where in doubt."""
        if None in column:
            self.needed(column)
            column = [0 if value is None else value for value in column]
        least, most = least_and_most(values_of(column))
        if first is not None and least < first:
            self._doubt(value < first for value in column)
        if most > last:
            self._doubt(value > last for value in column)
        return column

    @_each_once
    def amounts(self, column: Column) -> Column:
        """Micros of amounts."""
        if says_nothing(column):
            return column
        kinds = set(map(type, column))
        if kinds not in ({str}, {Decimal}):
            return self._each(column, _amount)
        try:
            found = _numbers(
                map(amount_of_text, column if kinds == {str} else map(str, column)), column
            )
        except ValueError:
            return self._each(column, _amount)
        return found if least_and_most(found)[0] >= 0 else self._each(column, _amount)

    @_each_once
    def currencies(self, column: Column) -> Column:
        """Codes of currencies."""
        if says_nothing(column):
            return column
        said = set(column)
        known = {code: code for code in said if code is None or is_currency(code)}
        if len(known) < len(said):
            self._doubt(code not in known for code in column)
        return list(map(known.get, column))

    @_each_once
    def counts(self, column: Column) -> Column:
        """How often an assignment may be redeemed."""
        return column if says_nothing(column) else self._each(column, _count)

    @_each_once
    def flags(self, column: Column) -> Column:
        """Yes or no; missing means no."""
        if says_nothing(column):
            return [False] * self.count
        kinds = set(map(type, column))
        if not kinds <= {bool, _NOTHING}:
            self._doubt(not isinstance(value, bool | None) for value in column)
        return [value is True for value in column]

    def channels(self, many: Column, one: Column) -> Column:
        """The set of channels of each row."""
        if says_nothing(many):
            if says_nothing(one):
                return [()] * self.count
            if type(one) is Repeated:
                values = Rows(len(one.values))
                found = values.channels([None] * values.count, one.values)
                self.doubts.update(one.rows_of(values.doubts))
                return one.of(found)
            try:
                if says_one_thing(one):
                    return [_channel(one[0])] * self.count
                alone = {single: _channel(single) for single in set(one)}
            except _NOT_UNDERSTOOD:
                return self._each(zip(many, one, strict=True), _channels)
            return list(map(alone.__getitem__, one))
        try:
            told = [
                (None if each is None else tuple(each), single)
                for each, single in zip(many, one, strict=True)
            ]
            known = {both: channels_of(*both) for both in set(told)}
        except _NOT_UNDERSTOOD:
            return self._each(zip(many, one, strict=True), _channels)
        return [known[both] for both in told]

    def details(self, occurrence: Column, decision_id: Column, attributes: Column) -> Column:
        """What matching does not need, as canonical JSON."""
        beside = (occurrence, decision_id, attributes)
        if all(map(says_nothing, beside)):
            return occurrence
        return self._each(zip(*beside, strict=True), _details)

    @_each_once
    def json(self, column: Column) -> Column:
        """Objects as canonical JSON."""
        if says_nothing(column):
            return column
        if type(column) is Canonical:
            if max(len(text) for text in column if text is not None) > MOST_METADATA:
                self._doubt(text is not None and len(text) > MOST_METADATA for text in column)
            return column
        return self._each(column, _json)

    def _doubt(self, wrong: Iterable[bool]) -> None:
        self.doubts.update(row for row, is_wrong in enumerate(wrong) if is_wrong)

    def _each(self, column: Iterable[Any], parse: Callable[[Any], T | None]) -> list[T | None]:
        """Each value parsed alone; None where it is missing or in doubt."""
        found: list[T | None] = []
        for row, value in enumerate(column):
            try:
                found.append(None if value is None else parse(value))
            except _NOT_UNDERSTOOD:
                self.doubts.add(row)
                found.append(None)
        return found


def _differs(column: Column) -> bool:
    """Whether every row says something, and hardly one what another does, as far as can be told at a glance."""
    some = column[:_GLANCE]
    return len(set(some)) == len(some) and None not in column


def _mostly_differ(said: set[Any], column: Column) -> bool:
    """Whether hundreds of ids say something else each, but for a few, as repeated events have it."""
    return len(said) > max(_HUNDREDS, len(column) // 2) and None not in said


def _known_ids(said: set[str | None]) -> dict[str | None, str | None]:
    """What ids are, trimmed. They are said again by the next rows and batches: one text of each is kept in the process.

    So they are compared at a glance from here to the store, and do not lie in memory a thousand times.
    """
    ids = {value for value in said if value is not None}
    understood = _once if _are_plain(ids) else _id_or_doubt
    return {value: None if value is None else understood(value) for value in said}


def _are_plain(values: Collection[str]) -> bool:
    """Whether all are ASCII without spaces and control characters, not empty and not too long."""
    lengths = set(map(len, values))
    if min(lengths) == 0 or max(lengths) > MAX_ID_LENGTH:
        return False
    text = "".join(values)
    return text.isascii() and not text.encode().translate(None, _PLAIN)


def _id_or_doubt(value: str) -> str | None:
    try:
        return identifier_or_none(value, "")
    except Fault:
        return _NO_ID


def _numbers(found: Iterable[int], column: Column) -> Sequence[int]:
    """What was found of each row, as an array where the column is one."""
    if type(column) is not Aligned:
        return list(found)
    import numpy as np  # as whoever made the column has

    return Numbered(np.fromiter(found, np.int64, len(column)))


def _spread(found: list[int], column: Column) -> list[int | None]:
    """Values put where the column has any."""
    following: Iterator[int] = iter(found)
    return [None if value is None else next(following) for value in column]


def _instant(value: Any) -> int:
    if isinstance(value, str) and value == value.strip() and len(value) <= MAX_ID_LENGTH:
        return parse_instant(value)
    raise ValueError


def _amount(value: Any) -> int:
    if type(value) not in (str, int, Decimal):
        raise TypeError
    micros = amount_of_text(value) if type(value) is str else amount_of(value)
    if micros < 0:
        raise ValueError
    return micros


def _count(value: Any) -> int:
    if type(value) is int and 1 <= value < 2**31:
        return value
    raise ValueError


@lru_cache(256)
def _channel(one: str | None) -> tuple[str, ...]:
    return channels_of(None, one)


def _channels(both: tuple[Sequence[str] | None, str | None]) -> tuple[str, ...]:
    return channels_of(*both)


def _details(beside: tuple[str | None, str | None, Any]) -> str | None:
    return details_of(*beside) if isinstance(beside[2], dict | None) else _json(beside[2])


def _json(value: Any) -> str | None:
    if not isinstance(value, dict):
        raise TypeError
    return metadata_of(value)
