"""Restating: a transaction that moves figures told before says so, and why, in the restatement log.

Told before are the figures of a day that had ended when the transaction began, and the standing of a fact that is
stored already. What changes in groups is told by its cause: the reversal, the late assignment, the withdrawn one, the
new terms. What else moves on ended days came late, and is told in one entry for each promotion. So the entries of a
day add up to all that moved since it ended. Whoever moves nothing of the kind pays for a look at what was collected
for the counters.

Imports move no published figure before their end; then what they hold back is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from promosight.flows.ledger.counters import HELD, PUBLISHED, pile_up
from promosight.flows.ledger.settling import Group, Standing
from promosight.rules.facts import Assignment, Event
from promosight.rules.identity import customer_numbers
from promosight.rules.measures import in_whole
from promosight.rules.restatements import (
    LineKey,
    Lines,
    add_line,
    facts_of,
    kept,
    lines_of,
    told,
    without,
)
from promosight.rules.tallies import (
    REDEEMED_DAY,
    Cells,
    PileKey,
    Sums,
    spread,
)
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import Arrival, EventRow, derived_id
from promosight.store.tx import Row, Tx

_encode = msgspec.json.Encoder().encode
_lines = msgspec.json.Decoder(list[tuple[LineKey, list[int]]])
_pile = msgspec.json.Decoder(list[tuple[PileKey, list[int]]])

Placed = Iterable[tuple[int, object, Arrival]]
"""Items of a transaction as they came: position, fact, arrival."""


class Cause(NamedTuple):
    """Why figures moved: the kind, the fact it was (its source and id), and the redemption it is about."""

    kind: str
    source_no: int = 0
    event_id: str = ""
    about: str | None = None


class Restating:
    """What one transaction restates, as of `now_us`. `cause`: of all of it, where it is no new fact of a group."""

    def __init__(self, catalogue: Catalogue, now_us: int, cause: Cause | None = None) -> None:
        self._catalogue = catalogue
        self.now_us = now_us
        self._today = catalogue.days.day(now_us)
        self._cause = cause
        self._changed: dict[tuple[int, int, Cause], Cells] = {}
        self._ended: dict[int, Lines] = {}

    @property
    def today_us(self) -> int:
        """The instant at which today began."""
        return self._catalogue.days.start_us(date.fromisoformat(self._today))

    def group(self, layer: int, group: Group, before: Standing, after: Standing) -> None:
        """Notes what changed of the stored facts of a group that was settled."""
        if not before.redemptions and not before.assignments:
            return  # nothing of it was told
        no, causes = group.key.promotion_no, _Causes(group, self._cause)
        untold = self._untold(group)
        for identity, old in before.redemptions.items():
            new = after.redemptions.get(identity)
            if new is not None and new != old and identity not in untold:
                cells = self._cells(layer, no, causes.of(identity))
                cells.redemption(no, old, -1)
                cells.redemption(no, new, 1)
        taken = {e.slot for e in group.new_events if e.live and e.reverses is None}
        for slot, given in before.assignments.items():
            still = after.assignments.get(slot)
            if still is not None and slot in taken:
                # That a new redemption takes it is no change of what was told.
                still = still._replace(redeemed=False, redeemed_day="")
            if still != given and slot not in untold:
                cells = self._cells(layer, no, causes.lead)
                cells.assignment(no, given, -1)
                if still is not None:
                    cells.assignment(no, still, 1)
        for slot in after.assignments.keys() - before.assignments.keys() - taken:
            given = after.assignments[slot]
            if given.redeemed:
                # A new assignment, but what takes it was told before.
                cells = self._cells(layer, no, causes.lead)
                cells.assignment(no, given, 1)
                cells.assignment(no, given._replace(redeemed=False), -1)

    def _untold(self, group: Group) -> set[object]:
        """The stored facts that no published figure has counted: those of imports that still run."""
        published = self._catalogue.workspace.published_import_no
        untold: set[object] = {e.identity for e in group.events if e.import_no > published}
        return untold | {a.slot for a in group.assignments if a.import_no > published}

    def moved(self, cells: Cells) -> None:
        """Notes what moves in the published figures of ended days."""
        for no, lines in lines_of(cells, self._today).items():
            there = self._ended.setdefault(no, {})
            for key, values in lines.items():
                add_line(there, key, values)

    def another(self) -> Restating:
        """One of the same moment and cause that has noted nothing yet."""
        return Restating(self._catalogue, self.now_us, self._cause)

    def include(self, other: Restating) -> None:
        """Notes what another one has noted of groups."""
        for key, cells in other._changed.items():
            self._cells(*key).include(cells.combinations())

    def leave_out(self, other: Restating) -> None:
        """Takes back what another one has noted of groups, which is in this one."""
        for key, cells in other._changed.items():
            self._cells(*key).leave_out(cells.combinations())

    def write(self, tx: Tx, items: Placed = ()) -> None:
        """Writes the log; `items` are those among which the first that came late is looked for."""
        if not self._changed and not self._ended:
            return
        rows: list[Row] = []
        for (layer, no, cause), cells in sorted(self._changed.items()):
            lines = told(lines_of(cells).get(no, {}))
            if lines:
                rows.append(self._row(no, cause, lines, held=layer == HELD, facts=1))
                if layer == PUBLISHED:
                    self._ended[no] = without(self._ended.get(no, {}), lines, self._today)
        firsts = self._firsts(items)
        otherwise = self._cause or Cause("late_report")
        for no, lines in self._ended.items():
            if late := told(lines):
                cause = firsts.get(no, otherwise)
                rows.append(self._row(no, cause, late, facts=facts_of(late)))
        tx.send_many("add_restatements", rows)

    def _cells(self, layer: int, promotion_no: int, cause: Cause) -> Cells:
        return self._changed.setdefault((layer, promotion_no, cause), Cells())

    def _firsts(self, items: Placed) -> dict[int, Cause]:
        """The first item that came late for each promotion that moved: one that names it, or names none."""
        day, today, by_no = self._catalogue.days.day, self._today, self._catalogue.by_no
        wanted: dict[str | None, int] = {by_no[no].promotion_id: no for no in self._ended}
        firsts: dict[int, Cause] = {}
        for _, fact, arrival in items:
            if not wanted:
                break
            if not isinstance(fact, Event | Assignment):
                continue
            named = fact.promotion_id
            if named is not None and named not in wanted:
                continue
            if day(fact.redeemed_us if isinstance(fact, Event) else fact.assigned_us) < today:
                cause = self._late(fact, arrival)
                for one in [*wanted] if named is None else [named]:
                    firsts[wanted.pop(one)] = cause
        return firsts

    def _late(self, fact: Event | Assignment, arrival: Arrival) -> Cause:
        if isinstance(fact, Event):
            return Cause("late_report", arrival.source_no, fact.event_id)
        own = fact.assignment_id or self._derived_id(fact)
        return Cause("late_report", arrival.source_no, own)

    def _derived_id(self, fact: Assignment) -> str:
        customer = fact.customer_id
        numbers = customer_numbers(self._catalogue.workspace.workspace_id, {customer})
        return derived_id(numbers[customer], fact.slot)

    def _row(
        self, promotion_no: int, cause: Cause, lines: Lines, *, held: bool = False, facts: int
    ) -> Row:
        return _row(self._catalogue, self.now_us, promotion_no, cause, lines, held, facts)


class _Causes:
    """What changed a group: a new fact of it, or what the whole transaction is about."""

    def __init__(self, group: Group, whole: Cause | None) -> None:
        self._whole = whole
        self._reversals = {
            (r.source_no, r.reverses): r for r in group.new_events if r.reverses is not None
        }
        self._stored = {e.identity: e for e in group.events}
        self.lead = whole or self._lead(group)

    def of(self, identity: tuple[int, str]) -> Cause:
        """Why a stored redemption stands otherwise."""
        reversal = self._reversals.get(identity)
        if self._whole is not None or reversal is None:
            return self.lead
        return self._reversal(reversal)

    def _reversal(self, r: EventRow) -> Cause:
        original = self._stored.get((r.source_no, r.reverses or ""))
        whole = original is None or not original.live
        kind = "reversal" if whole else "partial_reversal"
        return Cause(kind, r.source_no, r.event_id, r.reverses)

    def _lead(self, group: Group) -> Cause:
        for identity in self._stored:
            if identity in self._reversals:
                return self._reversal(self._reversals[identity])
        for a in group.new_assignments:
            public_id = a.assignment_id or derived_id(a.customer_no, a.slot)
            return Cause("late_assignment", a.source_no, public_id)
        for e in sorted(group.new_events, key=lambda e: (e.reverses is not None, e.identity)):
            return Cause("late_redemption", e.source_no, e.event_id)
        waited = [e.identity for e in group.events if e.reverses is None]
        return Cause("identified", *min(waited)) if waited else Cause("terms")


def publish_restatements(tx: Tx, workspace_no: int, import_no: int, *, now_us: int) -> None:
    """Tells at once what imports that end now have restated."""
    catalogue = load(tx, workspace_no)
    today = catalogue.days.day(now_us)
    ended = _held(tx, workspace_no, today)
    for no, written in tx.all("held_restatements", workspace_no=workspace_no):
        ended[no] = without(ended.get(no, {}), dict(_lines.decode(written)), today)
    tx.run("publish_restatements", workspace_no=workspace_no, now_us=now_us)
    row = tx.one("import_of_run", import_no=import_no)
    cause = Cause("import", row[1], row[0]) if row else Cause("import", 0, f"import-{import_no}")
    rows = [
        _row(catalogue, now_us, no, cause, late, False, facts_of(late))
        for no, lines in sorted(ended.items())
        if (late := told(lines))
    ]
    tx.send_many("add_restatements", rows)


def _held(tx: Tx, workspace_no: int, today: str) -> dict[int, Lines]:
    """What running imports hold back for the figures of days before today."""
    pile_up(tx, workspace_no, HELD)
    ended: dict[int, Lines] = {}
    where = {"workspace_no": workspace_no, "today": today, "dimension": REDEEMED_DAY}
    for no, day, currency, *columns in tx.all("held_days", **where):
        add_line(ended.setdefault(no, {}), (day, None, currency), kept(in_whole(columns)))
    for no, cells in tx.all("held_piles", workspace_no=workspace_no):
        sums: Sums = {}
        spread(sums, no, dict(_pile.decode(cells)), only=REDEEMED_DAY)
        for (_, _, day, currency), values in sums.items():
            if day < today:
                add_line(ended.setdefault(no, {}), (day, None, currency), kept(values))
    return ended


def _row(
    catalogue: Catalogue,
    now_us: int,
    promotion_no: int,
    cause: Cause,
    lines: Lines,
    held: bool,
    facts: int,
) -> Row:
    return (
        promotion_no,
        now_us,
        *cause[:3],
        catalogue.workspace.workspace_no,
        int(held),
        facts,
        cause.about,
        _encode(sorted(lines.items(), key=lambda one: tuple(map(str, one[0])))).decode(),
    )
