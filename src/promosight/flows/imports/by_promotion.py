"""Redemptions of a file in the order of their promotions, for a store that gains by it.

A file names every promotion that runs, so that 20,000 of its rows want a little of each: every group that is looked up
and every entry that an index gets lies on a page of its own. Where pages are looked for in memory that processes share,
and in the system's beneath it, several pieces read together and cut anew promotion by promotion find what they need on
the page they have just had.

Figures do not depend on any order (`rules.matching`), only on which content of an id was the first, so that where an id
comes with two, all stay as they came. Facts of one promotion keep their order, and so do a reversal and its original:
they hear what they would have heard. What names neither promotion nor code comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from promosight.flows.reporting.intake import Piece
from promosight.flows.reporting.many import firsts_of
from promosight.rules.aligned import Aligned
from promosight.rules.facts import Event
from promosight.rules.many_numbers import numbers_of
from promosight.rules.numbered import Numbered
from promosight.rules.numbers import Numbers
from promosight.rules.repeated import Repeated, values_of
from promosight.rules.sheets import Sheet, picked


def cut_by_promotion(piece: Piece, piece_rows: int) -> Iterator[Piece]:
    """A large piece of redemptions in the order of promotions, cut into pieces of about so many rows."""
    piece = _in_order(piece)
    count = max(1, round(len(piece.lines) / piece_rows))
    size = -(-len(piece.lines) // count)
    for start in range(0, len(piece.lines), size):
        end = start + size
        items = piece.items
        some = items.part(start, end) if isinstance(items, Sheet) else items[start:end]
        yield Piece(piece.lines[start:end], some)


def _in_order(piece: Piece) -> Piece:
    sheet = piece.items
    if not isinstance(sheet, Sheet):
        return piece
    if not sheet.alone and _lie_together(sheet.columns["promotion_id"]):
        return piece
    facts = {row: one for row, one in sheet.alone.items() if isinstance(one, Event)}
    ids = _column(sheet, "event_id", facts)
    if _comes_with_two_contents(ids, _column(sheet, "digest", facts)):
        return piece
    order = np.argsort(_places(sheet, facts, ids), kind="stable")
    rows = order.tolist()
    now_at = dict(zip(rows, range(len(rows)), strict=True)) if sheet.alone else {}
    alone = {now_at[row]: item for row, item in sheet.alone.items()}
    columns = [_ordered(column, order, rows) for column in sheet.columns.values()]
    return Piece(_ordered(piece.lines, order, rows), Sheet(sheet.kind, columns, alone))


def _lie_together(named: Sequence[Any]) -> bool:
    """Whether rows of each promotion follow each other already, as those of CSV do (`connectors.csv_order`)."""
    if not isinstance(named, Repeated):
        return False
    which = named.which
    begins = which[np.append(True, which[1:] != which[:-1])]
    return len(begins) == len(np.unique(begins))


def _ordered(column: Sequence[Any], order: Numbers, rows: list[int]) -> Sequence[Any]:
    if isinstance(column, Aligned):
        return Aligned(column.signs[order])  # its texts go, and few are made again
    if isinstance(column, Repeated):
        return column.some(order)
    if isinstance(column, Numbered):
        return column.at(order)
    if {*map(type, column)} != {int}:
        return picked(column, rows)
    numbers: list[int] = np.fromiter(column, np.int64, len(column))[order].tolist()
    return numbers


def _column(sheet: Sheet, name: str, facts: dict[int, Event]) -> Sequence[Any]:
    """What all rows say in a field, facts that are alone, too."""
    if not facts:
        return sheet.columns[name]
    column = list(sheet.columns[name])
    for row, fact in facts.items():
        column[row] = getattr(fact, name)
    return column


def _comes_with_two_contents(ids: Sequence[str | None], digests: Sequence[int | None]) -> bool:
    """Whether any id does; perhaps also where two ids look alike."""
    if isinstance(ids, Aligned):
        looks = ids.looks()
    else:
        looks = np.fromiter(map(hash, ids), np.int64, len(ids)).view(np.uint64)
    order = np.argsort(looks, kind="stable")
    looks, content = looks[order], numbers_of(digests)[order]
    return bool(((looks[1:] == looks[:-1]) & (content[1:] != content[:-1])).any())


def _places(sheet: Sheet, facts: dict[int, Event], ids: Sequence[str | None]) -> Numbers:
    """By row, a number that is higher where its promotion is to come later."""
    named = _column(sheet, "promotion_id", facts)
    if None in named:
        codes = _column(sheet, "promo_code", facts)
        named = [one or code for one, code in zip(named, codes, strict=True)]
    said = values_of(named)
    number = {one: place for place, one in enumerate([None, *sorted({*said} - {None})])}
    place = np.fromiter(map(number.__getitem__, said), np.int64, len(said))
    if isinstance(named, Repeated):
        place = place[named.which]
    undoing = {row: one.reverses for row, one in facts.items() if one.reverses is not None}
    if undoing:
        first = firsts_of(ids)
        for row, original in undoing.items():
            place[row] = place[first.get(original, row)]
    return place
