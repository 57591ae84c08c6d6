"""Matching groups as they were at a moment: what was counted of them is taken away, and what `rules.matching` makes of
the facts of then is added.

It does no harm to look at a group that has not changed, so whoever finds them need not be exact. A piece of the groups
is held at once, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from promosight.flows.figures.moments import Moment
from promosight.flows.figures.of_promotions import EVER_US
from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.published import held_since_us, leave_out, stored_groups
from promosight.flows.ledger.settling import Context, Group, Standing, derive, move, standing
from promosight.rules.tallies import Cells
from promosight.store.rows import AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Tx

_GROUPS_AT_ONCE = 2_000
_NOTHING = Standing({}, {})


class Told(NamedTuple):
    """What facts of one group come to, and the facts."""

    standing: Standing
    assignments: Sequence[AssignmentRow]
    events: Sequence[EventRow]


class Teller(Protocol):
    """What is counted of groups beside the cells."""

    def add(self, told: Told, sign: int) -> None:
        """Adds (sign 1) or takes away (sign -1) what facts of one group come to."""


class Recount:
    """Takes away what was counted of groups, as `counted` tells it of each as it is stored; counts them as of then."""

    def __init__(
        self,
        moment: Moment,
        cells: Cells,
        tellers: Sequence[Teller],
        counted: Callable[[Group], Told],
    ) -> None:
        self._moment = moment
        self._cells = cells
        self._tellers = tellers
        self._counted = counted

    def count(self, tx: Tx, keys: Iterable[GroupKey]) -> None:
        """Goes over the groups, a piece of them after the other; each must come once."""
        rest = iter(keys)
        while some := list(islice(rest, _GROUPS_AT_ONCE)):
            groups = stored_groups(tx, some)
            for key in self._moment.words.keys.intersection(some):
                groups.of(key)
            self._count_as_then(tx, groups)

    def _count_as_then(self, tx: Tx, groups: Groups) -> None:
        moment = self._moment
        for key, group in groups.by_key.items():
            counted = self._counted(group)
            move(self._cells, key, counted.standing, _NOTHING)
            self._tell(counted, -1)
        for key, group in groups.by_key.items():
            group.events += moment.words.guests.get(key, ())
        _leave_later_out(tx, moment, groups)
        context, placed = _context(tx, moment, groups)
        for key, group in groups.by_key.items():
            events = [e for e in group.events if _is_placed(moment, e, placed)]
            derive(context, moment.listed.terms, group.assignments, events)
            stood = standing(moment.catalogue, group.assignments, events)
            move(self._cells, key, _NOTHING, stood)
            self._tell(Told(stood, group.assignments, events), 1)

    def _tell(self, told: Told, sign: int) -> None:
        for one in self._tellers:
            one.add(told, sign)


def had_come(moment: Moment, fact: AssignmentRow | EventRow) -> bool:
    """Whether a fact had come by a moment, and was in the published figures then."""
    return fact.received_us <= moment.known_us and fact.import_no <= moment.published_import_no


def _leave_later_out(tx: Tx, moment: Moment, groups: Groups) -> None:
    """Makes groups what they were: without what came later, or was held back with an import that was running."""
    rows = tx.all_for("channels_until", sorted(groups.by_key))
    for key, group in groups.by_key.items():
        group.assignments[:] = [a for a in group.assignments if a.received_us <= moment.known_us]
        group.events[:] = [e for e in group.events if e.received_us <= moment.known_us]
        held_us = held_since_us(group, moment.published_import_no)
        leave_out(group, moment.published_import_no, held_us)
        before = {
            slot: channels
            for customer_no, slot, until_us, import_no, channels in rows
            if customer_no == key.customer_no
            and (
                until_us > moment.known_us
                or until_us >= held_us
                or import_no > moment.published_import_no
            )
        }
        for a in group.assignments:
            a.channels = before.get(a.slot, a.channels)
            leave_withdrawal_out(moment, a)


def leave_withdrawal_out(moment: Moment, a: AssignmentRow) -> None:
    """Makes an assignment that was withdrawn later what it was."""
    if a.withdrawn_us is not None and a.withdrawn_us > moment.known_us:
        a.withdrawn_us = None


def _context(tx: Tx, moment: Moment, groups: Groups) -> tuple[Context, dict[str, int]]:
    """What events are judged by beside their group; and until when each code brought them into this promotion."""
    no, known = moment.listed.promotion_no, moment.known
    events = [e for g in groups.by_key.values() for e in g.events if e.reverses is None]
    customers = sorted({(e.customer_no,) for e in events})
    codes = sorted({(e.promo_code,) for e in events if e.promo_code is not None})
    rows = tx.all_for("codes_then", codes, workspace_no=moment.workspace.workspace_no, **known)
    promotions = {code: own for code, own, loaded, had in rows if loaded or had}
    issued = {code for code, own, _, had in rows if had and own == no}
    own_codes = {
        (a.promo_code, a.customer_no) for g in groups.by_key.values() for a in g.assignments
    }
    foreign = {
        (no, e.promo_code, e.customer_no)
        for e in events
        if e.promo_code is not None
        and e.promo_code in issued
        and e.promo_code not in moment.listed.codes
        and (e.promo_code, e.customer_no) not in own_codes
    }
    known_nos = {row[0] for row in tx.all_for("known_then", customers, **known)}
    placed = moment.codes.copy()
    for code, own, loaded, had in rows:
        if own == no:
            placed[code] = EVER_US if loaded or had else placed.get(code, 0)
    return Context(moment.catalogue, known_nos, foreign, promotions), placed


def _is_placed(moment: Moment, e: EventRow, codes: dict[str, int]) -> bool:
    """Whether an event was known to be of this promotion: it names it, or a code that was its since the event came.

    Or a word that was said to mean it. Of a code that says nothing of when it was, the event lies here since it came.
    """
    catalogue, no = moment.catalogue, moment.listed.promotion_no
    if e.reverses is not None or e.promotion_id == moment.listed.promotion_id:
        return True
    if e.promotion_id is not None:
        return catalogue.no_of(e.promotion_id, e.source_no) == no
    code = e.promo_code or ""
    if catalogue.meant_by("promo_code", code, e.source_no) == no:
        return True
    return e.received_us < codes.get(code, 0 if code in moment.words.codes else EVER_US)
