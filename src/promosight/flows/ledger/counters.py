"""Counters: how a transaction moves them. What they say is read by `outstanding`.

Adding to every cell a fact touches would cost more than keeping the fact, and make processes wait for each
other's hottest cells. So a small transaction appends its difference to a log of movements, in one row; a
reader adds what is outstanding to the tallies. When much is outstanding, or when a transaction itself is
large, the log is worked off in two steps: totals go to the tallies at once, the rest on a pile of each
promotion, and the largest piles are folded into the tallies, a few in each of the next transactions. The
figures have moved when the transaction that moved them is committed, and a reader's snapshot holds each
movement exactly once.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from promosight.flows.ledger.naming import NUMBERS_LOCK
from promosight.rules.measures import in_halves
from promosight.rules.tallies import (
    TOTAL,
    Cells,
    Combinations,
    Pile,
    PileKey,
    Sums,
    add_totals,
    merge,
    spread,
)
from promosight.store.catalogue import Workspace
from promosight.store.tx import Row, Tx

PUBLISHED, HELD = 0, 1
"""Layers of counters: what readers see, and what running imports will add when they end."""

COUNTERS_LOCK = NUMBERS_LOCK + 1
"""The lock under which tallies are written; always taken after all others."""

MAX_OUTSTANDING = 4_096
"""Combinations that may be outstanding: a reader adds up those it has not seen, at about 3 us each, and the
transaction that works them off is the longest of all that take single events."""

_LOOKED_UP_EVERY = 512
"""After so many combinations a process looks again how much is outstanding, with what others appended."""

_PILED_TOGETHER = 512
"""So many combinations are piled up at once: one of five is there twice, and the others are cheaper one after the other
than a few in each transaction. More would be cheaper still, and be felt by those who wait for that transaction."""

LARGE = 4_096
"""A difference of so many combinations is piled up at once."""

_PILES_KEPT = 16
"""About how many piles of a promotion lie there until they are folded: more cost the reader, fewer the writer."""

_FOLDED_AT_ONCE = 8
"""Promotions whose piles one small transaction folds, at about 0.3 ms each."""

_encode = msgspec.json.Encoder().encode
_combinations = msgspec.json.Decoder(Combinations)
_pile = msgspec.json.Decoder(list[tuple[PileKey, list[int]]])


def move_counters(tx: Tx, workspace_no: int, difference: Cells, layer: int) -> None:
    """Adds a difference to the counters of a layer. `difference` is used up."""
    size = difference.size
    if size >= LARGE or difference.is_piled:
        tx.lock(workspace_no, [COUNTERS_LOCK])
        added = _pile_up(tx, workspace_no, difference, layer)
        _fold_piles(tx, (workspace_no, layer), _largest(tx, (workspace_no, layer), added))
    elif size or difference.last_event_us:
        _append(tx, workspace_no, difference, layer, size)


def fold(tx: Tx, workspace_no: int, layer: int = PUBLISHED) -> None:
    """Brings all that is outstanding in a layer into the tallies."""
    pile_up(tx, workspace_no, layer)
    rows = tx.all("largest_piles", workspace_no=workspace_no, layer=layer)
    _fold_piles(tx, (workspace_no, layer), [row[0] for row in rows])


def pile_up(tx: Tx, workspace_no: int, layer: int) -> int:
    """Works off what small transactions did in a layer; returns how many piles were added."""
    tx.lock(workspace_no, [COUNTERS_LOCK])
    rows = tx.all("take_movements", workspace_no=workspace_no, layer=layer)
    added = _pile_up(tx, workspace_no, _added_up(tx, (workspace_no, layer), rows), layer)
    _start_again(tx, (workspace_no, layer))
    return added


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
    tx.send("tally_anew", workspace_no=workspace_no)


def publish_counters(tx: Tx, workspace_no: int) -> None:
    """Adds what imports held back to the published counters."""
    pile_up(tx, workspace_no, HELD)
    for name in (
        "publish_tallies",
        "drop_held_tallies",
        "publish_last_events",
        "drop_held_last_events",
        "publish_piles",
        "tally_anew",
    ):
        tx.run(name, workspace_no=workspace_no)
    _fold_piles(tx, (workspace_no, PUBLISHED), _largest(tx, (workspace_no, PUBLISHED), 0))


def drop_counters(tx: Tx, workspace_no: int) -> None:
    """Empties every counter of a workspace, to be counted again from the facts."""
    tx.lock(workspace_no, [COUNTERS_LOCK])
    for name in ("drop_movements", "drop_tallies", "drop_last_events", "tally_anew"):
        tx.run(name, workspace_no=workspace_no)


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
    """What a connection has added up of the movements of a layer, and which those are, by their very text.

    They are piled up some at a time, so that working them off is left with little to do.
    """

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.cells = Cells()

    def include(self, text: str, written: Combinations) -> None:
        self.texts[text] += 1
        self.cells.include(written)
        if self.cells.unpiled >= _PILED_TOGETHER:
            self.cells.piles()


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


def _start_again(tx: Tx, where: tuple[int, int]) -> _AddedUp:
    known = tx.cache["movements", where] = _AddedUp()
    return known


def _append(tx: Tx, workspace_no: int, difference: Cells, layer: int, size: int) -> None:
    written = difference.combinations()
    cells = _encode(written).decode()
    tx.send("add_movement", workspace_no=workspace_no, layer=layer, size=size, cells=cells)
    known = tx.cache.get(("movements", (workspace_no, layer))) or _start_again(
        tx, (workspace_no, layer)
    )
    known.include(cells, written)
    where = workspace_no, layer
    if _is_too_much(tx, where, size):
        added = pile_up(tx, workspace_no, layer)
        tx.cache["to fold", where] = _largest(tx, where, added)
    elif left := tx.cache.get(("to fold", where)):
        tx.lock(workspace_no, [COUNTERS_LOCK])
        _fold_piles(tx, where, left[:_FOLDED_AT_ONCE])
        tx.cache["to fold", where] = left[_FOLDED_AT_ONCE:]


def _is_too_much(tx: Tx, where: tuple[int, int], size: int) -> bool:
    """Whether more is outstanding than may be. That is looked up only when enough came since the last look."""
    since = tx.cache.get(("appended", where), _LOOKED_UP_EVERY) + size
    tx.cache["appended", where] = since
    if since < _LOOKED_UP_EVERY:
        return False
    tx.cache["appended", where] = 0
    row = tx.one("outstanding", workspace_no=where[0], layer=where[1])
    return row is not None and row[0] > MAX_OUTSTANDING


def _pile_up(tx: Tx, workspace_no: int, difference: Cells, layer: int) -> int:
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
    tx.send_many("note_last_events", [(layer, *one) for one in seen])
    tx.send_many("add_piles", rows)
    if layer == PUBLISHED:
        tx.send("tally_anew", workspace_no=workspace_no)
    return len(rows)


def _largest(tx: Tx, where: tuple[int, int], added: int) -> list[int]:
    """The promotions whose piles are to be folded now that so many were added."""
    workspace_no, layer = where
    rows = tx.all("largest_piles", workspace_no=workspace_no, layer=layer)
    enough = -(-added // _PILES_KEPT)
    too_many = 2 * _PILES_KEPT
    return [no for place, (no, count) in enumerate(rows) if place < enough or count > too_many]


def _fold_piles(tx: Tx, where: tuple[int, int], promotion_nos: list[int]) -> None:
    """Brings the piles of promotions into the tallies; the lock is held. Their totals are there already."""
    workspace_no, layer = where
    folded: dict[int, Pile] = {}
    for promotion_no, cells in tx.all_for(
        "take_piles", [(no,) for no in promotion_nos], workspace_no=workspace_no, layer=layer
    ):
        merge(folded.setdefault(promotion_no, {}), _pile.decode(cells))
    sums: Sums = {}
    for promotion_no, pile in folded.items():
        spread(sums, promotion_no, pile)
    _add_to_tallies(tx, sums, layer)


def _add_to_tallies(tx: Tx, sums: Sums, layer: int) -> None:
    rows = [
        (layer, dimension, promotion_no, key, currency, *in_halves(values))
        for (promotion_no, dimension, key, currency), values in sums.items()
        if any(values)
    ]
    tx.send_many("add_to_tallies", sorted(rows))
