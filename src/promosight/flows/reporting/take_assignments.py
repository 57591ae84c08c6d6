"""Taking assignments in: which are new, which repeat one that is there, and whose codes they issue."""

from __future__ import annotations

from promosight.flows.ledger.history import note_channels
from promosight.flows.reporting.intake import Entry, Intake
from promosight.rules.facts import Assignment, key_of_channels
from promosight.store.rows import WAITING, AssignmentRow, EventRow, assignment_row

Taken = list[tuple[Entry, Assignment]]


def take_assignments(intake: Intake, given: Taken) -> None:
    """Puts new assignments into their groups and marks the repeated and the conflicting ones."""
    if not given:
        return
    rows = [_row(intake, entry, fact) for entry, fact in given]
    intake.groups.load_assignments(intake.tx, (row.key for row in rows))
    ids = sorted({row.assignment_id for row in rows if row.assignment_id is not None})
    elsewhere = {
        found.assignment_id: found
        for found in (
            AssignmentRow(*r)
            for r in intake.tx.all_for(
                "assignments_by_identity",
                [(one,) for one in ids],
                workspace_no=intake.workspace_no,
            )
        )
    }
    present = {(a.key, a.slot): a for g in intake.groups.by_key.values() for a in g.assignments}
    codes = _Codes(intake, rows)
    new: list[AssignmentRow] = []
    for (entry, fact), row in zip(given, rows, strict=True):
        there = present.get((row.key, row.slot)) or elsewhere.get(row.assignment_id)
        if there is not None:
            entry.repeat(there, fact.digest)
            if entry.repeated and fact.channels:
                intake.more_channels.append((there, fact.channels))
        elif codes.are_anothers(row):
            # It is no fact, so whatever comes under its identity is judged by itself.
            entry.refuse("identifier_conflict", "/promo_code", "is a code of another promotion")
        else:
            entry.row = present[row.key, row.slot] = row
            if row.assignment_id is not None:
                elsewhere[row.assignment_id] = row
            new.append(row)
    codes.issue(new)
    for row in new:
        intake.groups.of(row.key).new_assignments.append(row)


def _row(intake: Intake, entry: Entry, fact: Assignment) -> AssignmentRow:
    promotion_no = intake.catalogue.by_id[fact.promotion_id].promotion_no
    key = intake.customers.key(promotion_no, fact.customer_id)
    return assignment_row(fact, key, entry.arrival)


def merge_channels(intake: Intake) -> None:
    """An assignment carried by several channels counts once, under all of them; whichever was reported first."""
    for row, channels in intake.more_channels:
        merged = key_of_channels({*(row.channels or "").split("+"), *channels} - {""})
        if merged != row.channels:
            group = intake.groups.of(row.key)
            if row.slot not in group.carried and any(row is one for one in group.assignments):
                note_channels(intake.tx, [row], intake.latest)
            group.remember(intake.catalogue)
            group.carried.add(row.slot)
            row.channels = merged


class _Codes:
    """Personal codes are issued by assignments; a code of another promotion contradicts and is refused."""

    def __init__(self, intake: Intake, rows: list[AssignmentRow]) -> None:
        self._intake = intake
        codes = sorted({(row.promo_code,) for row in rows if self._is_personal(row)})
        samples = intake.tx.all_for("code_samples", codes, workspace_no=intake.workspace_no)
        self._owners = {code: promotion_no for code, _, promotion_no in samples}

    def are_anothers(self, row: AssignmentRow) -> bool:
        """Whether an assignment names a code of another promotion; the first to name a new one has it."""
        code = row.promo_code
        if code is None or not self._is_personal(row):
            return False
        shared = self._intake.catalogue.by_code.get(code)
        owner = shared.promotion_no if shared else self._owners.setdefault(code, row.promotion_no)
        leads = self._intake.catalogue.leads_elsewhere(code, owner)
        return owner != row.promotion_no or bool(leads)

    def issue(self, rows: list[AssignmentRow]) -> None:
        """Issues the codes of new assignments to their customers."""
        issued = {
            (self._intake.workspace_no, row.promo_code, row.customer_no, row.promotion_no)
            for row in rows
            if row.promo_code is not None and self._is_personal(row)
        }
        if issued:
            self._intake.tx.run_many("add_codes", sorted(issued))
            claim_codes(self._intake, {code: promotion_no for _, code, _, promotion_no in issued})

    def _is_personal(self, row: AssignmentRow) -> bool:
        code = row.promo_code
        return code is not None and code not in self._intake.catalogue.by_no[row.promotion_no].codes


def claim_codes(intake: Intake, codes: dict[str, int]) -> None:
    """Events that named these codes are judged anew; those that waited for one move to its promotion."""
    found = [
        EventRow(*r)
        for r in intake.tx.all_for(
            "events_with_codes",
            [(code,) for code in sorted(codes)],
            workspace_no=intake.workspace_no,
        )
    ]
    moved = []
    for e in found:
        key = e.key
        if e.promotion_no == WAITING:
            key = key._replace(promotion_no=codes[e.promo_code or ""])
            moved.append((e, key))
        intake.forced.add(key)
    if moved:
        identities = sorted(e.identity for e, _ in moved)
        reversals = [EventRow(*r) for r in intake.tx.all_for("reversals_of", identities)]
        targets = {e.identity: key for e, key in moved}
        rows = [(*e.identity, *key) for e, key in moved]
        rows += [(*r.identity, *targets[r.source_no, r.reverses or ""]) for r in reversals]
        intake.tx.run_many("move_events", sorted(rows))
