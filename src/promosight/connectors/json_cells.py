"""Lines of JSON as columns: what one program writes is alike but for what its strings say.

The first line of a block is decoded, and what stands between its strings and amounts is its *form*. A line that has
the very same bytes between these says the same fields by the same means, so that none of it need be decoded: where its
quotes stand is all there is to know. The first line of another form is the next to be decoded. A block of more forms
than a few, with something nested but plain metadata, an escape or a sign that hardly belongs there, is no matter of
this module: its lines are decoded, to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from promosight.connectors.cells import Cells, plain_lines
from promosight.connectors.json_forms import LONGEST_NUMBER, Form
from promosight.rules.numbers import Marks, Numbers
from promosight.rules.repeated import Canonical, Repeated

_END, _QUOTE, _FIRST_SIGN = ord("\n"), ord('"'), 0x20
_ZERO, _POINT = np.uint8(ord("0")), ord(".")
_UNUSUAL = b"\\"
_MOST_FORMS = 16
"""Each costs a look at all lines that have as many strings."""
_MOST_LOOKS = 4
"""So often all lines may be looked at in vain."""
_GLANCE = 1 << 13
"""Where so many bytes have lines of too many forms, the others need no look."""


class _Alike(NamedTuple):
    """Lines of one form, and where their strings begin and end, a row for each field."""

    form: Form
    lines: Numbers
    starts: Numbers
    ends: Numbers


class Block(NamedTuple):
    """The fields of lines, and the text of each line."""

    columns: dict[str, Sequence[Any]]
    lines: Sequence[bytes]


def block_of_lines(
    text: bytes, fields: Sequence[str], told: Callable[[bytes], Form | None]
) -> Block | None:
    """Some fields of lines that are objects of strings and, the same in many lines, other plain values; else None.

    `told` says the form of a line.
    """
    head = _Lines.found(text[: text.find(b"\n", _GLANCE) + 1 or len(text)])
    if head is None or head.by_form(told) is None:
        return None
    lines = _Lines.found(text)
    alike = None if lines is None else lines.by_form(told)
    if lines is None or alike is None:
        return None
    names = set(chain.from_iterable((*one.form.names, *one.form.others) for one in alike))
    columns = {
        name: _column(lines.cells, name, alike, len(lines)) for name in fields if name in names
    }
    for holder in {one.form.held.name for one in alike if one.form.held is not None}:
        columns[holder] = _held(lines.cells, alike, len(lines))
    return Block(columns, lines)


class _Lines(Sequence[bytes]):
    """The lines of a text and their quotes."""

    def __init__(self, text: bytes, ends: Numbers, quotes: Numbers) -> None:
        self._text = text
        self.cells = Cells(text)
        self._ends = ends
        self._starts = np.concatenate(([0], ends[:-1] + 1))
        self._quotes = quotes
        after = np.searchsorted(quotes, ends)
        self._first = np.concatenate(([0], after[:-1]))
        self._said = after - self._first

    @staticmethod
    def found(text: bytes) -> _Lines | None:
        """The lines, if no sign is in them that strings may not have."""
        plain = plain_lines(text, _UNUSUAL) if text else None
        if plain is None:
            return None
        signs = np.frombuffer(plain, np.uint8)
        ends = np.flatnonzero(signs == _END)
        if np.count_nonzero(signs < _FIRST_SIGN) > len(ends):
            return None
        return _Lines(plain, ends, np.flatnonzero(signs == _QUOTE))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        return self._text[self._starts[row] : self._ends[row]]

    def by_form(self, told: Callable[[bytes], Form | None]) -> list[_Alike] | None:
        """All lines by their forms, of which there are few; else None."""
        found: list[_Alike] = []
        left, looks = np.arange(len(self)), _MOST_LOOKS * len(self)
        while len(left):
            if len(found) == _MOST_FORMS or looks <= 0:
                return None
            form = told(self[left[0]])
            if form is None:
                return None
            some = left[self._said[left] == form.quotes]
            looks -= len(some)
            found.append(self._of_form(form, some))
            left = np.setdiff1d(left, found[-1].lines, assume_unique=True)
        return found

    def _of_form(self, form: Form, lines: Numbers) -> _Alike:
        """Those of some lines that have a form; they have as many quotes."""
        opening, behind, before = np.array(
            [(cell.opening, cell.behind, cell.before) for cell in form.cells]
        ).T[:, :, None]
        after = self._first[lines] + opening + 1
        starts = self._quotes[after - 1] + behind
        ends = self._quotes[np.minimum(after, len(self._quotes) - 1)]
        if form.cells[-1].opening + 1 == form.quotes:
            ends[-1] = self._ends[lines]
        ends -= before
        is_alike = self._are_between(form, lines, starts, ends)
        for cell, *its in zip(form.cells, starts, ends, strict=True):
            if cell.is_number:
                is_alike &= self._are_numbers(*its, whole=cell.is_held)
        if is_alike.all():
            return _Alike(form, lines, starts, ends)
        return _Alike(form, lines[is_alike], starts[:, is_alike], ends[:, is_alike])

    def _are_between(self, form: Form, lines: Numbers, starts: Numbers, ends: Numbers) -> Marks:
        """Whether the very same stands between cells."""
        begins = chain([self._starts[lines]], ends)
        is_alike = np.ones(len(lines), np.bool_)
        for said, begin, end in zip(
            form.between, begins, chain(starts, [self._ends[lines]]), strict=True
        ):
            is_alike &= (end - begin == len(said)) & self._say(said, begin)
        return is_alike

    def _are_numbers(self, starts: Numbers, ends: Numbers, *, whole: bool) -> Marks:
        """Whether cells are numbers as JSON has them, without sign and exponent; `whole`: without a point."""
        lengths = ends - starts
        signs = self.cells.gathered(starts, LONGEST_NUMBER).view(np.uint8)
        signs = signs.reshape(-1, LONGEST_NUMBER)
        is_in = np.arange(LONGEST_NUMBER) < lengths[:, None]
        is_digit, is_point = signs - _ZERO <= 9, (signs == _POINT) & is_in
        last = np.clip(lengths, 1, LONGEST_NUMBER) - 1
        found: Marks = (lengths > 0) & (lengths <= LONGEST_NUMBER)
        found &= is_digit[:, 0] & is_digit[np.arange(len(lengths)), last]
        found &= (is_digit | is_point | ~is_in).all(axis=1)
        found &= is_point.sum(axis=1) <= (0 if whole else 1)
        found &= (signs[:, 0] != _ZERO) | (lengths == 1) | is_point[:, 1]
        return found

    def _say(self, text: bytes, places: Numbers) -> Marks:
        """Whether a text stands at places."""
        found = self.cells.gathered(places, len(text))
        if found.tobytes() == text * len(places):
            return np.ones(len(places), np.bool_)
        signs = found.view(np.uint8).reshape(-1, len(text))
        is_said: Marks = (signs == np.frombuffer(text, np.uint8)).all(axis=1)
        return is_said


def _column(cells: Cells, name: str, alike: list[_Alike], count: int) -> Sequence[Any]:
    """What lines say of a field."""
    told = [(one, one.form.names.index(name)) for one in alike if name in one.form.names]
    if len(told) == len(alike) == 1:
        ((one, place),) = told
        return cells.column(one.starts[place], one.ends[place])
    others = [(one.lines, one.form.others.get(name)) for one in alike if name not in one.form.names]
    if not told:
        return _filled([], np.arange(0), others, count)
    lines = np.concatenate([one.lines for one, _ in told])
    starts = np.concatenate([one.starts[place] for one, place in told])
    ends = np.concatenate([one.ends[place] for one, place in told])
    order = np.argsort(lines, kind="stable")  # values that follow each other are alike
    column = cells.column(starts[order], ends[order])
    return _filled(column, lines[order], others, count) if others else column


def _held(cells: Cells, alike: list[_Alike], count: int) -> Canonical:
    """The objects that lines hold in one field, as canonical JSON."""
    filled = np.empty(count, object)
    for one in alike:
        if (held := one.form.held) is not None:
            said = [[held.pieces[0]] * len(one.lines)]
            for place, piece in zip(held.cells, held.pieces[1:], strict=True):
                said.append([*cells.column(one.starts[place], one.ends[place])])
                said.append([piece] * len(one.lines))
            filled[one.lines] = list(map("".join, zip(*said, strict=True)))
    return Canonical(filled.tolist())


def _filled(
    column: Sequence[Any], lines: Numbers, others: list[tuple[Numbers, Any]], count: int
) -> Sequence[Any]:
    """A column that some lines say, with what others say, each the same in many lines."""
    if isinstance(column, Repeated) or not len(column):
        values = [*column.values] if isinstance(column, Repeated) else []
        which = np.empty(count, np.int64)
        which[lines] = column.which if isinstance(column, Repeated) else 0
        for some, value in others:
            which[some] = len(values)
            values.append(value)
        return Repeated(values, which)
    filled = np.empty(count, object)
    filled[lines] = [*column]
    for some, value in others:
        filled[some] = value
    said: list[Any] = filled.tolist()
    return said
