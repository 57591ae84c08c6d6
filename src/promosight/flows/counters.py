"""Counters: how a transaction moves them, and what they say.

Adding to every cell a fact touches would cost more than keeping the fact, and make processes wait for each
other's hottest cells. So a small transaction appends its difference to a log of movements, in one row; a
reader adds what is outstanding to the tallies. When much is outstanding, or when a transaction itself is
large, the log is worked off in two steps: totals go to the tallies at once, the rest on a pile of each
promotion, and the largest piles are folded into the tallies. The figures have moved when the transaction
that moved them is committed, and a reader's snapshot holds each movement exactly once.
"""

from __future__ import annotations

from collections import Counter
from operator import add

import msgspec

from promosight.flows.naming import NUMBERS_LOCK
from promosight.rules.tallies import (
    PLACED,
    TOTAL,
    Cells,
    Combinations,
    Pile,
    PileKey,
    Sums,
    add_cell,
    add_totals,
    spread,
)
from promosight.store.catalogue import Workspace
from promosight.store.tx import Row, Tx

PUBLISHED, HELD = 0, 1
"""Layers of counters: what readers see, and what running imports will add when they end."""

COUNTERS_LOCK = NUMBERS_LOCK + 1
"""The lock under which tallies are written; always taken after all others."""

MAX_OUTSTANDING = 32_768
"""Combinations that may be outstanding. A reader adds up those it has not seen, at about 2 us each."""

LARGE = 4_096
"""A difference of so many combinations is piled up at once."""

_PILES_KEPT = 8
"""About how many piles of a promotion lie there until they are folded: more cost the reader, fewer the writer."""

_encode = msgspec.json.Encoder().encode
_combinations = msgspec.json.Decoder(Combinations)
_pile = msgspec.json.Decoder(list[tuple[PileKey, list[int]]])


def move_counters(tx: Tx, workspace_no: int, difference: Cells, layer: int) -> None:
    """Adds a difference to the counters of a layer. `difference` is used up."""
    size = difference.size
    if size >= LARGE or difference.is_piled:
        tx.lock(workspace_no, [COUNTERS_LOCK])
        _pile_up(tx, workspace_no, difference, layer)
    elif size or difference.last_event_us:
        _append(tx, workspace_no, difference, layer, size)


def fold(tx: Tx, workspace_no: int, layer: int = PUBLISHED) -> None:
    """Brings all that is outstanding in a layer into the tallies."""
    pile_up(tx, workspace_no, layer)
    _fold_piles(tx, workspace_no, layer, most=1 << 31)


def pile_up(tx: Tx, workspace_no: int, layer: int) -> None:
    """Works off what small transactions did in a layer."""
    tx.lock(workspace_no, [COUNTERS_LOCK])
    rows = tx.all("take_movements", workspace_no=workspace_no, layer=layer)
    _pile_up(tx, workspace_no, _added_up(tx, (workspace_no, layer), rows), layer)
    _start_again(tx, (workspace_no, layer))


def find_last_events(tx: Tx, workspace: Workspace, promotion_nos: list[int]) -> None:
    """Finds the latest events of promotions anew, from the facts."""
    forget_last_events(tx, workspace.workspace_no, promotion_nos)
    for promotion_no in promotion_nos:
        tx.run(
            "find_last_event",
            promotion_no=promotion_no,
            published_import_no=workspace.published_import_no,
        )


def forget_last_events(tx: Tx, workspace_no: int, promotion_nos: list[int]) -> None:
    """Empties the times of latest events of promotions, those outstanding too."""
    for layer in (PUBLISHED, HELD):
        pile_up(tx, workspace_no, layer)
    for promotion_no in promotion_nos:
        tx.run("drop_last_events_of", promotion_no=promotion_no)


def publish_counters(tx: Tx, workspace_no: int) -> None:
    """Adds what imports held back to the published counters."""
    pile_up(tx, workspace_no, HELD)
    for name in (
        "publish_tallies",
        "drop_held_tallies",
        "publish_last_events",
        "drop_held_last_events",
        "publish_piles",
    ):
        tx.run(name, workspace_no=workspace_no)


def drop_counters(tx: Tx, workspace_no: int) -> None:
    """Empties every counter of a workspace, to be counted again from the facts."""
    tx.lock(workspace_no, [COUNTERS_LOCK])
    for name in ("drop_movements", "drop_tallies", "drop_last_events"):
        tx.run(name, workspace_no=workspace_no)


class Outstanding:
    """The published counters as one reader sees them: the tallies, and beside them what is outstanding.

    Belongs to one transaction.
    """

    def __init__(self, tx: Tx, workspace_no: int) -> None:
        self._tx = tx
        self._workspace_no = workspace_no
        rows = tx.all("movements", workspace_no=workspace_no)
        self._seen = _seen(tx, workspace_no, rows)

    def totals(self) -> dict[int, dict[str, list[int]]]:
        """The totals of every promotion, by currency."""
        sums: Sums = {
            (promotion_no, TOTAL, "", currency): values
            for promotion_no, currency, *values in self._tx.all(
                "totals", workspace_no=self._workspace_no
            )
        }
        for key, values in self._seen.totals.items():
            add_cell(sums, key, values)
        totals: dict[int, dict[str, list[int]]] = {}
        for (promotion_no, _, _, currency), values in sums.items():
            totals.setdefault(promotion_no, {})[currency] = values
        return totals

    def last_events(self) -> dict[int, int]:
        """The time of the latest accepted event of every promotion that has one, microseconds."""
        last: dict[int, int] = dict(self._tx.all("last_events", workspace_no=self._workspace_no))
        for promotion_no, redeemed_us in self._seen.last_event_us.items():
            last[promotion_no] = max(redeemed_us, last.get(promotion_no, redeemed_us))
        return last

    def cells(self, promotion_no: int, dimension: int) -> dict[tuple[str, str], list[int]]:
        """The cells of one promotion in one dimension, by key and currency."""
        rows = self._tx.all("cells_of", promotion_no=promotion_no, dimension=dimension)
        sums: Sums = {
            (promotion_no, dimension, key, currency): values for key, currency, *values in rows
        }
        if dimension == TOTAL:
            add_totals(sums, promotion_no, self._seen.piles.get(promotion_no, {}))
        else:
            for pile in self._piles_of([promotion_no]):
                spread(sums, *pile, only=dimension)
        return {(key, currency): values for (_, _, key, currency), values in sums.items()}

    def several(self, first_keys: dict[int, str], dimensions: tuple[int, ...]) -> Sums:
        """The cells of promotions in dimensions, without the total, each from a key on."""
        rows = self._tx.all_for(
            "cells_since",
            [
                (no, dimension, first)
                for no, first in first_keys.items()
                for dimension in dimensions
            ],
        )
        sums: Sums = {(row[0], row[1], row[2], row[3]): list(row[4:]) for row in rows}
        for promotion_no, pile in self._piles_of(list(first_keys)):
            first = first_keys[promotion_no]
            late = {key: v for key, v in pile.items() if key[2][0] >= first or key[0] == PLACED}
            for dimension in dimensions:
                spread(sums, promotion_no, late, only=dimension)
        return {key: values for key, values in sums.items() if key[2] >= first_keys[key[0]]}

    def _piles_of(self, promotion_nos: list[int]) -> list[tuple[int, Pile]]:
        rows = self._tx.all_for(
            "piles_of", [(no,) for no in promotion_nos], workspace_no=self._workspace_no
        )
        texts: dict[int, list[str]] = {}
        for promotion_no, cells in rows:
            texts.setdefault(promotion_no, []).append(cells)
        piles = [(no, self._merged(no, written)) for no, written in texts.items()]
        seen = self._seen.piles
        return piles + [(no, seen[no]) for no in promotion_nos if no in seen]

    def _merged(self, promotion_no: int, texts: list[str]) -> Pile:
        """A promotion's piles in one; while they are the same texts they are not read again."""
        known = self._tx.cache.get(("piles", promotion_no))
        if known is None or known[0] != texts:
            pile: Pile = {}
            for text in texts:
                _merge(pile, _pile.decode(text))
            known = self._tx.cache["piles", promotion_no] = (texts, pile)
        merged: Pile = known[1]
        return merged


def every_outstanding(tx: Tx, workspace_no: int) -> tuple[Sums, dict[int, int]]:
    """What is outstanding of a workspace, published or held: cells, and times of latest events."""
    sums: Sums = {}
    small: list[str] = []
    for promotion_no, written in tx.all("every_movement", workspace_no=workspace_no):
        if promotion_no:
            spread(sums, promotion_no, dict(_pile.decode(written)))
        else:
            small.append(written)
    cells = Cells()
    for written in small:
        cells.include(_combinations.decode(written))
    for promotion_no, pile in cells.piles().items():
        add_totals(sums, promotion_no, pile)
        spread(sums, promotion_no, pile)
    return sums, cells.last_event_us


class _AddedUp:
    """What a connection has added up of the movements of a layer, and which those are, by their very text."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.cells = Cells()

    def include(self, text: str, written: Combinations) -> None:
        self.texts[text] += 1
        self.cells.include(written)


def _added_up(tx: Tx, where: tuple[int, int], rows: list[Row]) -> Cells:
    """The sum of movements; those that this connection added up before are not read again."""
    texts = Counter(row[0] for row in rows)
    known: _AddedUp = tx.cache.get(("movements", where)) or _AddedUp()
    if not known.texts <= texts:
        known = _start_again(tx, where)
    for text in (texts - known.texts).elements():
        known.include(text, _combinations.decode(text))
    tx.cache["movements", where] = known
    return known.cells


class _Seen:
    """What a reader has added up of published movements, and which those are, by their very text."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.piles: dict[int, Pile] = {}
        self.totals: Sums = {}
        self.last_event_us: dict[int, int] = {}

    def include(self, cells: Cells) -> None:
        """Adds more."""
        for promotion_no, pile in cells.piles().items():
            add_totals(self.totals, promotion_no, pile)
            _merge(self.piles.setdefault(promotion_no, {}), list(pile.items()))
        for promotion_no, redeemed_us in cells.last_event_us.items():
            latest = max(redeemed_us, self.last_event_us.get(promotion_no, redeemed_us))
            self.last_event_us[promotion_no] = latest


def _seen(tx: Tx, workspace_no: int, rows: list[Row]) -> _Seen:
    """The movements of these rows, added up; those that this connection saw before are not read again."""
    texts = Counter(row[0] for row in rows)
    known: _Seen | None = tx.cache.get(("seen", workspace_no))
    if known is None or not known.texts <= texts:
        known = tx.cache["seen", workspace_no] = _Seen()
    if more := texts - known.texts:
        cells = Cells()
        for text in more.elements():
            cells.include(_combinations.decode(text))
        known.include(cells)
        known.texts = texts
    return known


def _start_again(tx: Tx, where: tuple[int, int]) -> _AddedUp:
    known = tx.cache["movements", where] = _AddedUp()
    return known


def _append(tx: Tx, workspace_no: int, difference: Cells, layer: int, size: int) -> None:
    written = difference.combinations()
    cells = _encode(written).decode()
    row = tx.one("add_movement", workspace_no=workspace_no, layer=layer, size=size, cells=cells)
    assert row is not None
    known = tx.cache.get(("movements", (workspace_no, layer))) or _start_again(
        tx, (workspace_no, layer)
    )
    known.include(cells, written)
    if row[0] + size > MAX_OUTSTANDING:
        pile_up(tx, workspace_no, layer)


def _pile_up(tx: Tx, workspace_no: int, difference: Cells, layer: int) -> None:
    totals: Sums = {}
    rows = []
    for promotion_no, pile in sorted(difference.piles().items()):
        add_totals(totals, promotion_no, pile)
        written = [(key, v) for key, v in pile.items() if key[0] != TOTAL and any(v)]
        if written:
            cells = _encode(written).decode()
            rows.append((workspace_no, layer, promotion_no, len(written), cells))
    _add_to_tallies(tx, totals, layer)
    seen = sorted(difference.last_event_us.items())
    tx.run_many("note_last_events", [(layer, *one) for one in seen])
    tx.run_many("add_piles", rows)
    _fold_piles(tx, workspace_no, layer, most=-(-len(rows) // _PILES_KEPT))


def _fold_piles(tx: Tx, workspace_no: int, layer: int, *, most: int) -> None:
    largest = tx.all("largest_piles", workspace_no=workspace_no, layer=layer, limit=most)
    folded: dict[int, Pile] = {}
    for promotion_no, cells in tx.all_for(
        "take_piles", largest, workspace_no=workspace_no, layer=layer
    ):
        _merge(folded.setdefault(promotion_no, {}), _pile.decode(cells))
    sums: Sums = {}
    for promotion_no, pile in folded.items():
        spread(sums, promotion_no, pile)
    _add_to_tallies(tx, sums, layer)


def _merge(pile: Pile, more: list[tuple[PileKey, list[int]]]) -> None:
    for key, values in more:
        there = pile.get(key)
        pile[key] = values if there is None else list(map(add, there, values))


def _add_to_tallies(tx: Tx, sums: Sums, layer: int) -> None:
    rows = [
        (layer, dimension, promotion_no, key, currency, *values)
        for (promotion_no, dimension, key, currency), values in sums.items()
        if any(values)
    ]
    tx.run_many("add_to_tallies", sorted(rows))
