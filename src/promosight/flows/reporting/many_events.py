"""The plain way in for thousands of redemptions at once: `plain_events`, column by column.

What is decided is the same, and said there: a customer who was given the promotion uses it for the first time. Here
one look-up brings the groups of all rows in the order of their keys, and each step is a pass over a column. Rows of
which more than that has to be known are left over, and become objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple, TypeVar

import numpy as np

from promosight.flows.ledger.announcing import announce_uses
from promosight.flows.ledger.counters import HELD, PUBLISHED
from promosight.flows.ledger.naming import Customers, name_customers
from promosight.flows.ledger.places import places
from promosight.flows.reporting.bare_events import take_bare_events
from promosight.flows.reporting.many import Many, Placed, alike
from promosight.flows.reporting.many_codes import promotions_of
from promosight.flows.reporting.many_twins import told_apart
from promosight.flows.reporting.many_unmatched import keep_unmatched
from promosight.flows.reporting.plain import Plain, brief_receipt
from promosight.flows.reporting.plain_events import PlainEvents
from promosight.flows.reporting.repeated import answer_repeated
from promosight.flows.reporting.used_already import used_already
from promosight.rules.aligned import Aligned
from promosight.rules.counted import UseColumns
from promosight.rules.counting import count_uses
from promosight.rules.facts import Event
from promosight.rules.identity import BUCKET_SHIFT
from promosight.rules.many_numbers import are_in_time, numbers_of
from promosight.rules.matching import first_use, promised_micros
from promosight.rules.numbers import NOTHING, Marks, Numbers
from promosight.rules.repeated import Repeated, few_numbers_of, few_of, firsts_alike
from promosight.rules.sheets import chosen, picked
from promosight.store.rows import GroupKey

_USABLE, _USED, _DECIDED, _CODED = 1, 2, 4, 8
"""Bits of what `groups_to_use` says of an assignment: it may be used, its group has an event, a decision made it, it
carries a code."""

C = TypeVar("C", "_Asked", "_Held")


class _Asked(NamedTuple):
    """Rows alone in their group here, group by group, each field a column."""

    bucket: Numbers
    promotion_no: Numbers
    customer_no: Numbers
    row: Numbers


class _Held(NamedTuple):
    """Rows of `groups_to_use`: assignments, by the row of the event alone in their group here, each field a column."""

    row: Numbers
    slot: Numbers
    assigned_us: Numbers
    expires_us: Numbers
    place_no: Numbers
    reward_micros: Numbers
    source_no: Numbers
    import_no: Numbers
    currency: Numbers
    """By its place among `_ManyEvents.currencies`."""
    state: Numbers


_HELD_KINDS = tuple("TEXT" if name == "currency" else "BIGINT" for name in _Held._fields)


class _Worth(NamedTuple):
    """What uses are worth, each field a column."""

    reason: Repeated
    cost_micros: Numbers
    currency: Repeated


def take_many_events(plain: Plain, numbers: Numbers, many: Many) -> tuple[Customers, list[Placed]]:
    """Takes the plain ones, leaving their receipts; returns the others in their order, and whom they name.

    `numbers` has the number of each row's customer, below zero where the row is alone. Raises LostRace.
    """
    them = _ManyEvents(plain, numbers, many)
    them.take()
    customers = them.take_bare()
    return customers, list(many.placed(plain.unanswered()))


class _ManyEvents:
    def __init__(self, plain: Plain, numbers: Numbers, many: Many) -> None:
        self._plain = plain
        self._many = many
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._by_one = PlainEvents(plain, set())
        self._no = promotions_of(plain, many, numbers)
        self._number = numbers
        self._at_us = numbers_of(many.column("redeemed_us"))
        self._currencies: list[str] = []
        self._answers = plain.answer_many()
        self._again = self._come_again()
        self._any_ahead = plain.any_ahead
        self._apart = many.apart_from_alone("event_id")
        self._unassigned: set[int] = set()
        self._twins: set[int] = set()

    def take(self) -> None:
        asked = self._ahead_left(self._asked())
        held = self._held(asked)
        self._unassigned = {*asked.row[~self._marked(held.row)[asked.row]].tolist()}
        used = self._marked(held.row[held.state & _USED > 0])
        if used.any():
            *groups, rows = _some(asked, used[asked.row])
            answer_repeated(self._plain, self._many, groups, rows.tolist())
            held = _some(held, ~used[held.row])
        times = np.bincount(held.row, minlength=len(self._many))
        if self._twins:
            held = self._told_apart(asked, held, times)
            times[[*self._twins]] = 0
        crowded = np.flatnonzero(times > 1)
        if len(naming := self._naming(held, crowded)):
            is_naming = self._marked(naming)
            self._keep_naming(_some(asked, is_naming[asked.row]))
            held = _some(held, ~is_naming[held.row])
        held = self._choice(held, several=len(crowded) > len(naming))
        order = self._tx.orders.of_ids(self._many.column("event_id"), held.row)
        held = held if order is None else _some(held, order)
        self._keep(held, self._worth(held))

    def take_bare(self) -> Customers:
        """Takes those of groups that hold nothing, and answers what came again; returns whom others name, too."""
        many, plain = self._many, self._plain
        self._answer_again()
        left = plain.unanswered()
        ids: Sequence[Any] = picked(many.column("customer_id"), left)
        numbers = plain.customer_numbers  # of those whom rows that are alone name
        numbers |= zip(ids, self._number[left].tolist(), strict=True)
        ids = [*ids, *(o.customer_id for o in many.sheet.alone.values() if isinstance(o, Event))]
        wanted = {one: False for one in ids if one is not None}
        workspace = self._catalogue.workspace
        customers = name_customers(plain.tx, workspace, numbers, wanted)
        but = {*self._again[0].tolist()}.union(many.sheet.alone)
        rows = [row for row in left if row not in but and (not self._apart or self._apart[row])]
        take_bare_events(plain, many, customers, rows, self._no, self._unassigned)
        self._answer_again()
        return customers

    def _marked(self, rows: Any) -> Marks:
        """A mark for each row of the sheet: whether it is among these."""
        marks = np.zeros(len(self._many), np.bool_)
        marks[rows] = True
        return marks

    def _told_apart(self, asked: _Asked, held: _Held, times: Numbers) -> _Held:
        """Without those several in a group here that take nothing, which are kept, and those that are not plain.

        `times`: how many assignments each row found.
        """
        several = np.array([*self._twins], np.int64)
        twins = {*several[times[several] == 1].tolist()}
        ids, alone = self._many.column("event_id"), self._many.sheet.alone.values()
        # Of some that are reversed in the same transaction, others may take what is theirs.
        undone = {one.reverses for one in alone if isinstance(one, Event)}
        twins -= {row for row in twins if ids[row] in undone}
        groups: dict[GroupKey, list[int]] = {}
        asked = _some(asked, self._marked(several)[asked.row])
        for *key, row in zip(*(column.tolist() for column in asked), strict=True):
            groups.setdefault(GroupKey(*key), []).append(row)
        found = {key: rows for key, rows in groups.items() if twins.issuperset(rows)}
        taking, others = told_apart(self._plain, self._many, found)
        keep_unmatched(self._plain, self._many, others)
        return _some(held, ~self._marked([*(self._twins - taking)])[held.row])

    def _held(self, asked: _Asked) -> _Held:
        found: list[Any] = [np.zeros(0, np.int64)] * len(_Held._fields)
        used = used_already(self._tx, asked, len(self._many))
        if len(asked.row):
            found = self._tx.found_by_column(
                "groups_to_use", asked, _HELD_KINDS, asking_events=int(used is None)
            )
            at = _Held._fields.index("currency")
            self._currencies = sorted({*found[at]})
            code = {one: number for number, one in enumerate(self._currencies)}
            found[at] = np.fromiter(map(code.__getitem__, found[at]), np.int64, len(found[at]))
        held = _Held._make(found)
        if used is not None:
            held.state[used[held.row]] |= _USED
        return held

    def _naming(self, held: _Held, rows: Numbers) -> Numbers:
        """Those of some rows that name an assignment, a campaign, or a code where one of the assignments has any."""
        named, campaigns = self._many.column("assignment_id"), self._many.column("campaign_id")
        codes, coded = self._many.column("promo_code"), held.row[held.state & _CODED > 0]
        with_coded = {*coded.tolist()}
        found = [
            row
            for row in rows.tolist()
            if named[row] is not None
            or campaigns[row] is not None
            or (codes[row] is not None and row in with_coded)
        ]
        return np.array(found, np.int64)

    def _choice(self, held: _Held, *, several: bool) -> _Held:
        """Of the assignments that may be used and are in time: where several are, the one that was given last."""
        at_us = self._at_us[held.row]
        usable = held.state & _USABLE > 0
        held = _some(held, usable & are_in_time(held.assigned_us, held.expires_us, at_us))
        if not several:
            return held
        times = np.bincount(held.row, minlength=len(self._many))
        stays = times[held.row] == 1
        crowded = np.flatnonzero(~stays)
        row, assigned_us, slot = held.row[crowded], held.assigned_us[crowded], held.slot[crowded]
        order = np.lexsort((slot, assigned_us, row))  # as matching.given_later
        row = row[order]
        stays[crowded[order][np.append(row[1:] != row[:-1], True)[: len(row)]]] = True
        return _some(held, stays)

    def _keep_naming(self, asked: _Asked) -> None:
        """Takes those that name one of several assignments, perhaps, as objects."""
        told = list(self._many.placed(asked.row.tolist()))
        columns = [column.tolist() for column in asked[:3]]
        numbered = list(zip(*columns, range(len(told)), strict=True))
        self._by_one.keep_crowded(told, numbered)

    def _come_again(self) -> tuple[Numbers, Numbers]:
        """Rows whose event came earlier in the same transaction, and the first of each."""
        ids: Sequence[Any] = self._many.column("event_id")
        if len({*self._many.source_no}) > 1:
            ids = list(zip(self._many.source_no, ids, strict=True))
        if isinstance(ids, Aligned):
            rows, firsts = ids.said_before()
        else:
            first = np.array(alike(ids, len(ids))[0], np.int64)
            rows = np.flatnonzero(first != np.arange(len(first)))
            firsts = first[rows]
        apart = ~np.isin(rows, [*self._many.sheet.alone])
        return rows[apart], firsts[apart]

    def _asked(self) -> _Asked:
        """Rows that may be plain, group by group; those not alone in theirs here are twins."""
        no, number = self._no, self._number
        may = (no >= 0) & (number >= 0)
        may[self._again[0]] = False
        if self._apart is not None:
            may &= self._apart
        rows = np.flatnonzero(may)
        no, number = no[rows], number[rows]
        order = self._tx.orders.of_groups(no, number)
        no, number, rows = no[order], number[order], rows[order]
        # Facts of one group are judged together, so that each hears what it counts as beside the others. Where a
        # reversal waits they are not plain.
        as_before = np.zeros(len(rows) + 1, np.bool_)
        as_before[1:-1] = (no[1:] == no[:-1]) & (number[1:] == number[:-1])
        single = ~(as_before[1:] | as_before[:-1])
        if not self._any_ahead:
            self._twins = {*rows[~single].tolist()}
            single[:] = True
        return _some(_Asked(number >> BUCKET_SHIFT, no, number, rows), single)

    def _ahead_left(self, asked: _Asked) -> _Asked:
        """Those whose reversal did not come before them and waits."""
        if not len(asked.row) or not self._any_ahead:
            return asked
        identities = self._many.identities(asked.row.tolist())
        waiting = self._by_one.reversed_ahead(identities)
        return _some(asked, np.array([one not in waiting for one in identities], np.bool_))

    def _worth(self, held: _Held) -> _Worth:
        """What uses are worth. Thousands are worth the same: what decides it is worked out once."""
        if not len(held.row):
            nothing = Repeated([], np.zeros(0, np.int64))
            return _Worth(nothing, nothing.which, nothing)
        rows, column = held.row.tolist(), self._many.column
        said = [chosen(column(name), rows, held.row) for name in ("reward_micros", "currency")]
        numbers = self._no[held.row], held.place_no, held.reward_micros, held.currency
        columns = [*map(few_numbers_of, numbers), *map(few_of, said)]
        cases = few_numbers_of(firsts_alike(columns, len(rows)))
        at = places(self._tx, self._plain.workspace_no, {*columns[1].values})
        found = []
        for row in cases.values:
            no, place_no, own, own_in, *beside = (one[row] for one in columns)
            terms, tier_id = self._catalogue.by_no[no].terms, at[place_no].words.tier_id
            promised = promised_micros(terms, None if own == NOTHING else own, tier_id)
            found.append(first_use(terms, promised, self._currencies[own_in], *beside))
        reason, cost_micros, currency = zip(*found, strict=True)
        return _Worth(
            cases.of(reason), np.array(cost_micros, np.int64)[cases.which], cases.of(currency)
        )

    def _keep(self, held: _Held, worth: _Worth) -> None:
        """Writes the events, answers them, and moves the counters."""
        if not len(held.row):
            return
        rows = held.row.tolist()
        no, number = self._no[held.row], self._number[held.row]
        keys = number >> BUCKET_SHIFT, no, number
        self._tx.add_columns(
            "add_uses",
            (
                *keys,
                self._at_us[held.row],
                *self._many.kept(rows),
                held.slot,
                worth.reason,
                worth.cost_micros,
                worth.currency,
                *self._many.beside_code(rows),
            ),
            workspace_no=self._plain.workspace_no,
            import_no=self._many.arrivals[0].import_no,
        )
        if (decided := held.state & _DECIDED > 0).any():
            groups = zip(*(key.tolist() for key in keys), strict=True)
            self._plain.decided += compress(groups, decided.tolist())
        told = worth.reason.of(brief_receipt("counted", one) for one in worth.reason.values)
        self._answers.put(held.row, told)
        if self._catalogue.workspace.announced:
            self._announce(held, rows)
        self._count_by_layer(held, worth)

    def _announce(self, held: _Held, rows: list[int]) -> None:
        """Leaves word for webhooks."""
        many = self._many
        waits_for = np.maximum(held.import_no, many.arrivals[0].import_no).tolist()
        told = zip(waits_for, many.identities(rows), strict=True)
        announce_uses(
            self._tx,
            self._catalogue.workspace,
            [(import_no, *identity) for import_no, identity in told],
            now_us=many.received_us[rows[-1]],
        )

    def _count_by_layer(self, held: _Held, worth: _Worth) -> None:
        published = self._catalogue.workspace.published_import_no
        if self._many.arrivals[0].import_no > published:
            self._count(HELD, held, worth)
            return
        waits = held.import_no > published
        if waits.any():
            self._count(HELD, _some(held, waits), _some_worth(worth, waits))
            held, worth = _some(held, ~waits), _some_worth(worth, ~waits)
        self._count(PUBLISHED, held, worth)

    def _count(self, layer: int, held: _Held, worth: _Worth) -> None:
        """Adds the uses to the counters of a layer."""
        if not len(held.row):
            return
        workspace, rows, column = self._catalogue.workspace, held.row.tolist(), self._many.column
        own_currency: list[str | None]
        if len(self._currencies) == 1:  # as nearly always
            own_currency = [*self._currencies] * len(rows)
        else:
            own_currency = [self._currencies[one] for one in held.currency.tolist()]
        # What was given before anything was counted is not in the rate.
        for at in np.flatnonzero(held.assigned_us < workspace.tracking_from_us).tolist():
            own_currency[at] = None
        columns = UseColumns(
            promotion_no=self._no[held.row],
            place_no=held.place_no,
            own_source_no=held.source_no,
            own_us=held.assigned_us,
            own_currency=own_currency,
            source_no=numbers_of(self._many.source_no)[held.row],
            redeemed_us=self._at_us[held.row],
            currency=worth.currency,
            order_currency=self._order_currency(held, rows),
            cost_micros=worth.cost_micros,
            order_micros=numbers_of(column("order_micros"))[held.row],
        )
        nos = np.unique(held.place_no).tolist()
        at_places = places(self._tx, self._plain.workspace_no, nos)
        count_uses(self._plain.cells[layer], columns, self._plain.names(at_places, nos))

    def _order_currency(self, held: _Held, rows: list[int]) -> Sequence[str]:
        """What orders are said to be paid in, the usual where nothing is said."""
        usual = self._catalogue.workspace.currency
        said = chosen(self._many.column("currency"), rows, held.row)
        if isinstance(said, Repeated):
            return said.of(one or usual for one in said.values)
        return [one or usual for one in said]

    def _answer_again(self) -> None:
        """Answers events that came earlier in the same transaction, if those were answered."""
        answers, digests = self._answers, numbers_of(self._many.column("digest"))
        rows, firsts = self._again
        some = ~answers.are_given(rows) & answers.are_given(firsts)
        some &= digests[rows] == digests[firsts]
        again = answers.like(firsts[some], lambda one: brief_receipt("duplicate", one.reason))
        answers.put(rows[some], again)


def _some(columns: C, which: Marks | Numbers) -> C:
    """Some rows: those that are marked, or those at these places, in their order."""
    return type(columns)(*[column[which] for column in columns])


def _some_worth(worth: _Worth, which: Marks) -> _Worth:
    reason, cost_micros, currency = worth
    return _Worth(
        Repeated(reason.values, reason.which[which]),
        cost_micros[which],
        Repeated(currency.values, currency.which[which]),
    )
