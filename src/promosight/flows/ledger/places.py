"""Places: where an assignment counts, as one small number.

The words an assignment carries (tier, segment, channels, campaign) are the same for thousands of others. Each
combination that occurs is kept once and numbered, so that an assignment holds a number instead of four texts.
Places are never changed or removed, so what a process has read of them stays true.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from promosight.flows.ledger.naming import NUMBERS_LOCK
from promosight.rules.identity import stable_hash
from promosight.store.rows import AssignmentRow
from promosight.store.tx import Tx


class Words(NamedTuple):
    """What an assignment says of where it counts; None where it says nothing."""

    tier_id: str | None
    segment: str | None
    channels: str | None
    campaign_id: str | None


class NumberedPlace(NamedTuple):
    """A place, and its words as counters know them: empty where it says nothing."""

    place_no: int
    words: Words
    texts: tuple[str, str, str, str]


class _Known:
    """The places of a workspace read so far, both ways."""

    def __init__(self) -> None:
        self.by_words: dict[Words, NumberedPlace] = {}
        self.by_no: dict[int, NumberedPlace] = {}
        self.latest_no = 0


def places_for(tx: Tx, workspace_no: int, wanted: Iterable[Words]) -> dict[Words, NumberedPlace]:
    """The places of these words, among others; those that never occurred are numbered now."""
    known = _known(tx, workspace_no)
    missing = {one for one in wanted if one not in known.by_words}
    if missing:
        _read_on(tx, workspace_no, known)
        missing -= known.by_words.keys()
    if missing:
        tx.lock(workspace_no, [NUMBERS_LOCK])
        # Another process may have numbered some of them just before; those keep the number they have.
        row = tx.one("latest_place")
        assert row is not None
        new = sorted(missing, key=lambda words: [word or "" for word in words])
        numbered = enumerate(new, start=row[0] + 1)
        tx.run_many(
            "add_places", [(no, workspace_no, stable_hash(*one), *one) for no, one in numbered]
        )
        _read_on(tx, workspace_no, known)
    return known.by_words


def places(tx: Tx, workspace_no: int, numbers: Iterable[int]) -> dict[int, NumberedPlace]:
    """The places of these numbers, among others."""
    known = _known(tx, workspace_no)
    if not known.by_no.keys() >= set(numbers):
        _read_on(tx, workspace_no, known)
    return known.by_no


def words_of(row: AssignmentRow) -> Words:
    """The words of a stored assignment."""
    return Words(row.tier_id, row.segment, row.channels, row.campaign_id)


def _known(tx: Tx, workspace_no: int) -> _Known:
    known: _Known = tx.cache.setdefault(("places", workspace_no), _Known())
    return known


def _read_on(tx: Tx, workspace_no: int, known: _Known) -> None:
    """Reads the places numbered since. The lock they are numbered under is held to the commit, so that none
    becomes visible after a higher one."""
    rows = tx.all("places_since", workspace_no=workspace_no, latest_no=known.latest_no)
    for place_no, *said in rows:
        words = Words(*said)
        texts = (said[0] or "", said[1] or "", said[2] or "", said[3] or "")
        known.by_words[words] = known.by_no[place_no] = NumberedPlace(place_no, words, texts)
        known.latest_no = place_no
