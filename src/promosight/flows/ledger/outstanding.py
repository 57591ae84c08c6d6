"""Reading counters: the tallies, and beside them what the log of movements holds that is not in them yet.

A connection remembers what it has read. The totals are read again only when their version has moved, which it
does when movements are worked off into them; of the log only what is new is added. Every answer belongs to one
snapshot: the version and the log are read in it, and say whether what is remembered is still true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from operator import add
from typing import Any, Protocol

import msgspec

from promosight.rules.measures import in_whole
from promosight.rules.tallies import (
    PLACED,
    TOTAL,
    Cells,
    Combinations,
    Pile,
    PileKey,
    Sums,
    Totals,
    merge,
    spread,
    total_up,
)
from promosight.store.tx import Row, Tx

_combinations = msgspec.json.Decoder(Combinations)
_pile = msgspec.json.Decoder(list[tuple[PileKey, list[int]]])


CellsByKey = dict[tuple[str, str], list[int]]
"""Cells of one promotion in one dimension, by key and currency."""


class Counters(Protocol):
    """Where the cells of promotions are read: as they are published, or as they were."""

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of one promotion in one dimension, by key and currency."""

    def several(
        self, first_keys: dict[int, str], dimensions: tuple[int, ...]
    ) -> dict[tuple[int, int], CellsByKey]:
        """The cells of promotions in dimensions, each from a key on, by promotion and dimension."""

    def since(self, first_keys: dict[int, str], dimensions: tuple[int, ...]) -> Sums:
        """The same cells in one dictionary."""


class Outstanding:
    """The published counters as one reader sees them. Belongs to one transaction."""

    def __init__(self, tx: Tx, workspace_no: int) -> None:
        self._tx = tx
        self._workspace_no = workspace_no
        self.remembered = _standing(tx, workspace_no)

    def totals(self) -> Mapping[int, dict[str, list[int]]]:
        """The totals of every promotion, by currency; one that has not moved is the same object as before."""
        return self.remembered.totals

    def last_events(self) -> Mapping[int, int]:
        """The time of the latest accepted event of every promotion that has one, microseconds."""
        return self.remembered.last_event_us

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of one promotion in one dimension, by key and currency."""
        if dimension == TOTAL:
            totals = self.remembered.totals.get(promotion_no, {})
            return {("", currency): values for currency, values in totals.items()}
        rows = self._tx.all("cells_of", promotion_no=promotion_no, dimension=dimension)
        sums: Sums = {
            (promotion_no, dimension, key, currency): in_whole(columns)
            for key, currency, *columns in rows
        }
        for pile in self._piles_of([promotion_no]):
            spread(sums, *pile, only=dimension)
        return {(key, currency): values for (_, _, key, currency), values in sums.items()}

    def several(
        self, first_keys: dict[int, str], dimensions: tuple[int, ...]
    ) -> dict[tuple[int, int], CellsByKey]:
        """The cells of promotions in dimensions, without the total, each from a key on, by promotion and dimension.

        Whatever moves a cell of a promotion makes its totals another object, or moves the version: else the cells
        read before are still true.
        """
        known = self._tx.cache.setdefault(("several", self._workspace_no, dimensions), {})
        version, totals = self.remembered.version, self.remembered.totals
        missing: dict[int, str] = {}
        fresh: dict[int, tuple[int, str, Any, dict[int, CellsByKey]]] = {}
        for no, first in first_keys.items():
            there = known.get(no)
            if not there or there[:2] != (version, first) or there[2] is not totals.get(no):
                missing[no] = first
                fresh[no] = (version, first, totals.get(no), {one: {} for one in dimensions})
        for (no, dimension, key, currency), values in self.since(missing, dimensions).items():
            fresh[no][3][dimension][key, currency] = values
        known |= fresh
        return {(no, one): known[no][3][one] for no in first_keys for one in dimensions}

    def since(self, first_keys: dict[int, str], dimensions: tuple[int, ...]) -> Sums:
        """The same cells in one dictionary, read anew and not remembered."""
        rows = self._tx.all_for(
            "cells_since",
            [
                (no, dimension, first)
                for no, first in first_keys.items()
                for dimension in dimensions
            ],
        )
        sums: Sums = {(row[0], row[1], row[2], row[3]): in_whole(row[4:]) for row in rows}
        for promotion_no, pile in self._piles_of(list(first_keys)):
            first = first_keys[promotion_no]
            late = {key: v for key, v in pile.items() if key[2][0] >= first or key[0] == PLACED}
            for dimension in dimensions:
                spread(sums, promotion_no, late, only=dimension)
        return {key: values for key, values in sums.items() if key[2] >= first_keys[key[0]]}

    def _piles_of(self, promotion_nos: list[int]) -> list[tuple[int, Pile]]:
        if not promotion_nos:
            return []
        rows = self._tx.all_for(
            "piles_of", [(no,) for no in promotion_nos], workspace_no=self._workspace_no
        )
        texts: dict[int, list[str]] = {}
        for promotion_no, cells in rows:
            texts.setdefault(promotion_no, []).append(cells)
        piles = [(no, self._merged(no, written)) for no, written in texts.items()]
        seen = self.remembered.piles()
        return piles + [(no, seen[no]) for no in promotion_nos if no in seen]

    def _merged(self, promotion_no: int, texts: list[str]) -> Pile:
        """A promotion's piles in one; while they are the same texts they are not read again."""
        known = self._tx.cache.get(("piles", promotion_no))
        if known is None or known[0] != texts:
            pile: Pile = {}
            for text in texts:
                merge(pile, _pile.decode(text))
            known = self._tx.cache["piles", promotion_no] = (texts, pile)
        merged: Pile = known[1]
        return merged


class Remembered:
    """What a connection has read: totals and latest events, the log's share in them included.

    `rounds` counts how often something was included.
    """

    def __init__(self, version: int, totals: list[Row], last_events: list[Row]) -> None:
        self.version = version
        self.texts: Counter[str] = Counter()
        self.totals: Totals = {}
        for promotion_no, currency, *columns in totals:
            self.totals.setdefault(promotion_no, {})[currency] = in_whole(columns)
        self.last_event_us: dict[int, int] = dict(last_events)
        self.rounds = 0
        self._touched: dict[
            int, int
        ] = {}  # by promotion the last round that did, the latest at the end
        self._unpiled: list[Combinations] = []
        self._piles: dict[int, Pile] = {}

    def include(self, texts: Counter[str]) -> None:
        """Adds movements, known by their very text. What was handed out before stays as it was."""
        moved: Totals = {}
        last = self.last_event_us
        touched: set[int] = set()
        for text in texts.elements():
            written = _combinations.decode(text)
            total_up(moved, written)
            self._unpiled.append(written)
            for promotion_no, redeemed_us in written.last_event_us:
                if redeemed_us > last.get(promotion_no, redeemed_us - 1):
                    last[promotion_no] = redeemed_us
                    touched.add(promotion_no)
        for promotion_no, by_currency in moved.items():
            there = self.totals.get(promotion_no)
            self.totals[promotion_no] = _added(there, by_currency) if there else by_currency
        self.texts.update(texts)
        self.rounds += 1
        for promotion_no in touched | moved.keys():
            self._touched.pop(promotion_no, None)
            self._touched[promotion_no] = self.rounds

    def touched_since(self, rounds: int) -> set[int]:
        """The promotions that movements have touched since there were so many rounds."""
        late = takewhile(lambda one: one[1] > rounds, reversed(self._touched.items()))
        return {promotion_no for promotion_no, _ in late}

    def piles(self) -> dict[int, Pile]:
        """What movements add, by promotion; made when a breakdown is asked for."""
        cells = Cells()
        for written in self._unpiled:
            cells.include(written)
        self._unpiled.clear()
        for promotion_no, pile in cells.piles().items():
            merge(self._piles.setdefault(promotion_no, {}), pile.items())
        return self._piles


def _standing(tx: Tx, workspace_no: int) -> Remembered:
    """The totals as they are in this snapshot, from what the connection knows and what is new."""
    row = tx.one("tallied", workspace_no=workspace_no)
    version = row[0] if row else 0
    texts = Counter(row[0] for row in tx.all("movements", workspace_no=workspace_no))
    known: Remembered | None = tx.cache.get(("standing", workspace_no))
    more = None if known is None or known.version != version else _more(known.texts, texts)
    if known is None or more is None:
        known = tx.cache["standing", workspace_no] = Remembered(
            version,
            tx.all("totals", workspace_no=workspace_no),
            tx.all("last_events", workspace_no=workspace_no),
        )
        more = texts
    if more:
        known.include(more)
    return known


def _more(known: Counter[str], texts: Counter[str]) -> Counter[str] | None:
    """The texts that are not known yet; None where a known one is gone."""
    if known.items() <= texts.items():
        # As a rule no text is there twice: then this way, which no loop of Python goes, says all.
        return Counter({text: texts[text] for text in texts.keys() - known.keys()})
    return texts - known if known <= texts else None


def _added(there: dict[str, list[int]], moved: dict[str, list[int]]) -> dict[str, list[int]]:
    sums = there.copy()
    for currency, values in moved.items():
        before = sums.get(currency)
        sums[currency] = values if before is None else list(map(add, before, values))
    return sums
