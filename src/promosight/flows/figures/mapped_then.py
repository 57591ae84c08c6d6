"""What words were said to mean at a moment, and which groups of a promotion that makes otherwise than they are now.

Events lie in the promotion that their word means now. As of a moment those that came to it by a mapping made later are
left out, and those that it has lost since by the end of one are guests: they are counted where they lay.
"""

from __future__ import annotations

import msgspec

from promosight.flows.promotions.map_words import Mapping
from promosight.flows.promotions.move_told import told_by_word
from promosight.store.catalogue import Catalogue
from promosight.store.rows import EventRow, GroupKey
from promosight.store.tx import Tx

Word = tuple[str, str]
"""A field, and what is told in it."""


def mean_as_then(then: Catalogue, mappings: list[Mapping], known_us: int) -> None:
    """Makes words in a catalogue mean what they meant at a moment."""
    then.mapped = {
        (one.field, one.word, one.source_no): one.promotion_no
        for one in mappings
        if one.created_us <= known_us and (one.ended_us is None or known_us < one.ended_us)
    }
    then.mapped_ids = {word for field, word, _ in then.mapped if field == "promotion_id"}


class MappedThen:
    """The events of a promotion whose words mean something else now, or meant something else then.

    `codes` are those that were ever said to mean the promotion.
    """

    def __init__(
        self,
        tx: Tx,
        now: Catalogue,
        then: Catalogue,
        mappings: list[Mapping],
        promotion_no: int,
        known_us: int,
    ) -> None:
        its = {word_of(one) for one in mappings if one.promotion_no == promotion_no}
        self.codes = {word for field, word in its if field == "promo_code"}
        self.keys: set[GroupKey] = set()
        self.guests: dict[GroupKey, list[EventRow]] = {}
        changed = words_changed_since(mappings, known_us)
        for field, word in sorted(its & changed):
            places = {one.promotion_no for one in mappings if word_of(one) == (field, word)}
            told = told_by_word(tx, now, field, word, places)
            self._look_at(tx, then, field, word, promotion_no, told)

    def _look_at(
        self,
        tx: Tx,
        then: Catalogue,
        field: str,
        word: str,
        promotion_no: int,
        told: list[EventRow],
    ) -> None:
        self.keys |= {e.key for e in told if e.promotion_no == promotion_no}
        gone = {
            e.identity: e
            for e in told
            if e.reverses is None
            and e.promotion_no != promotion_no
            and then.meant_by(field, word, e.source_no) == promotion_no
        }
        undone = [EventRow(*row) for row in tx.all_for("reversals_of", sorted(gone))]
        for e in (*gone.values(), *undone):
            key = e.key._replace(promotion_no=promotion_no)
            guest = msgspec.structs.replace(e, promotion_no=promotion_no)
            self.guests.setdefault(key, []).append(guest)
        self.keys |= self.guests.keys()


def words_changed_since(mappings: list[Mapping], known_us: int) -> set[Word]:
    """The words that meant something else at a moment, somewhere."""
    return {
        word_of(one)
        for one in mappings
        if one.created_us > known_us or (one.ended_us is not None and one.ended_us > known_us)
    }


def word_of(one: Mapping) -> Word:
    """What a mapping gives a meaning."""
    return one.field, one.word
