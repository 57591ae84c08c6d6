"""Moving what a word told: events lie in the promotion that their word means, so they move when that changes.

The facts stay as they are: where an event lies is derived, like its outcome. It is a function of what it tells, of what
is defined and of what words are said to mean, whichever of these came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

import msgspec

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.counters import find_last_events
from promosight.flows.ledger.groups import Groups, settle
from promosight.flows.ledger.restating import Restating
from promosight.flows.ledger.settling import Standing, standing
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Catalogue
from promosight.store.rows import WAITING, AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Row, Tx

_CUSTOMERS_AT_ONCE = 2_000


def move_told(
    tx: Tx, catalogue: Catalogue, field: str, word: str, meant_no: int, restating: Restating
) -> int:
    """Moves the redemptions that tell a word to where they belong now; returns how many.

    `meant_no`: the promotion that the word was said to mean, or is.
    """
    places = {meant_no} | {
        no for (its, one, _), no in catalogue.mapped.items() if (its, one) == (field, word)
    }
    told = told_by_word(tx, catalogue, field, word, places)
    redemptions = sorted((e for e in told if e.reverses is None), key=lambda e: (e.key, e.identity))
    targets = _targets(tx, catalogue, field, word, places, redemptions)
    moved = [e for e in redemptions if targets[e.identity] != e.promotion_no]
    # A reversal that tells the word lies with its redemption, and may contradict it now, or not any more.
    anew = {e.key for e in told if e.reverses is not None and e.promotion_no != WAITING}
    for some in _by_customers(moved):
        keys = {e.key for e in some}
        _Move(tx, catalogue, some, targets).make(anew & keys, restating)
        anew -= keys
    if anew:
        _Move(tx, catalogue, [], {}).make(anew, restating)
    left = {e.promotion_no for e in moved} - {WAITING}
    if left:
        find_last_events(tx, catalogue.workspace, sorted(left))
    return len(moved)


def _by_customers(events: list[EventRow]) -> Iterable[list[EventRow]]:
    """Events piece by piece, those of a customer together."""
    events = sorted(events, key=lambda e: (e.bucket, e.customer_no))
    piece: list[EventRow] = []
    for customers, (_, some) in enumerate(groupby(events, key=lambda e: e.customer_no), 1):
        piece += some
        if customers % _CUSTOMERS_AT_ONCE == 0:
            yield piece
            piece = []
    if piece:
        yield piece


def told_by_word(
    tx: Tx, catalogue: Catalogue, field: str, word: str, places: set[int]
) -> list[EventRow]:
    """The events that tell a word, which lie in these promotions or wait: alone, where it is a code."""
    if field == "promo_code":
        wanted = {"workspace_no": catalogue.workspace.workspace_no}
        rows = tx.all_for("events_with_codes", [(word,)], **wanted)
        return [e for e in map(_event, rows) if e.promotion_id is None]
    listed = catalogue.by_id.get(word)
    identities = set[Row]()
    for no in sorted(places):
        identities |= set(tx.all("told_elsewhere", promotion_no=no, word=word))
    if listed is not None:
        identities |= set(tx.all("told_and_waiting", promotion_no=listed.promotion_no))
    events = map(_event, tx.all_for("events_by_identity", sorted(identities)))
    return [e for e in events if e.promotion_id == word]


def _event(row: Row) -> EventRow:
    return EventRow(*row)


def _targets(
    tx: Tx, catalogue: Catalogue, field: str, word: str, places: set[int], told: list[EventRow]
) -> dict[tuple[int, str], int]:
    """The promotion to which each of these redemptions belongs."""
    if field == "promotion_id":
        return {e.identity: catalogue.no_of(word, e.source_no) for e in told}
    if _is_known(tx, catalogue, word):
        return {e.identity: e.promotion_no for e in told}
    # What came by a code that a promotion had stays there when it gives the code up.
    until_us = {no: _was_code_until(tx, no, word) for no in places} | {WAITING: 0}
    return {
        e.identity: e.promotion_no
        if e.promotion_no not in until_us or e.received_us < until_us[e.promotion_no]
        else catalogue.meant_by(field, word, e.source_no) or WAITING
        for e in told
    }


def _is_known(tx: Tx, catalogue: Catalogue, code: str) -> bool:
    wanted = {"workspace_no": catalogue.workspace.workspace_no}
    return code in catalogue.by_code or bool(tx.all_for("code_samples", [(code,)], **wanted))


def _was_code_until(tx: Tx, promotion_no: int, code: str) -> int:
    """Until when a code was one of a promotion's; 0 where it never was."""
    until = 0
    for until_us, text in tx.all("past_definitions", promotion_no=promotion_no):
        past = msgspec.json.decode(text, type=Promotion)
        if code in (past.code, past.fallback_code):
            until = until_us
    return until


class _Move:
    """Moves some events, all that are to be moved of their customers, and settles the groups they leave and come to."""

    def __init__(
        self,
        tx: Tx,
        catalogue: Catalogue,
        events: list[EventRow],
        targets: dict[tuple[int, str], int],
    ) -> None:
        self._tx = tx
        self._catalogue = catalogue
        self._events = events
        self._targets = targets

    def make(self, anew: set[GroupKey], restating: Restating) -> None:
        """Moves them; groups that are to be settled `anew` as well are."""
        left = {e.key for e in self._events}
        keys = (
            left
            | anew
            | {e.key._replace(promotion_no=self._targets[e.identity]) for e in self._events}
        )
        held = self._held(keys)
        before = self._before(left)
        self._write()
        by_import: dict[int, set[GroupKey]] = defaultdict(set)
        for key in keys:
            by_import[held.get(key, 0)].add(key)
        for import_no, some in sorted(by_import.items()):
            self._settle(some, before, import_no, restating)

    def _held(self, keys: set[GroupKey]) -> dict[GroupKey, int]:
        """The groups whose figures wait for the end of an import, each with its number.

        They do still when the fact has gone for which they wait.
        """
        published = self._catalogue.workspace.published_import_no
        latest: dict[GroupKey, int] = {}
        for key, group in self._loaded(keys).by_key.items():
            facts: list[AssignmentRow | EventRow] = [*group.assignments, *group.events]
            latest[key] = max((fact.import_no for fact in facts), default=0)
        return {key: import_no for key, import_no in latest.items() if import_no > published}

    def _before(self, keys: set[GroupKey]) -> dict[GroupKey, Standing]:
        """What groups add while the events that will leave are there."""
        return {
            key: standing(self._catalogue, group.assignments, group.events)
            for key, group in self._loaded(keys).by_key.items()
            if key.promotion_no != WAITING
        }

    def _loaded(self, keys: Iterable[GroupKey]) -> Groups:
        groups, keys = Groups(), sorted(keys)
        groups.load_assignments(self._tx, keys)
        groups.load_events(self._tx, keys)
        return groups

    def _write(self) -> None:
        identities = sorted(e.identity for e in self._events)
        reversals = [EventRow(*r) for r in self._tx.all_for("reversals_of", identities)]
        rows = [(*e.identity, self._targets[e.identity], e.promotion_id) for e in self._events]
        rows += [
            (*r.identity, self._targets[r.source_no, r.reverses or ""], r.promotion_id)
            for r in reversals
        ]
        self._tx.run_many("move_told", sorted(rows, key=lambda row: row[:2]))

    def _settle(
        self,
        keys: set[GroupKey],
        before: dict[GroupKey, Standing],
        import_no: int,
        restating: Restating,
    ) -> None:
        groups = self._loaded(keys)
        for key in keys & before.keys():
            groups.of(key).before = before[key]
        context = context_of(self._tx, self._catalogue, groups)
        settle(self._tx, context, groups, import_no=import_no, restating=restating)
