"""Managing promotions: define, change, activate, deactivate, archive, duplicate, load personal codes.

A change of terms is a change of what facts mean, so the facts of the promotion are matched anew in the
same transaction. Facts that arrived before the promotion was defined are matched by this very step.
"""

from __future__ import annotations

import msgspec

from promosight.errors import Conflict, NotFound
from promosight.flows.ledger.ahead import Ahead
from promosight.flows.ledger.history import note_definition
from promosight.flows.ledger.naming import EVERYTHING, Customers, next_version
from promosight.flows.ledger.rematch import rematch_promotion, settle_keys, terms_ahead
from promosight.flows.ledger.restating import Cause, Restating
from promosight.flows.reporting.intake import Intake
from promosight.flows.reporting.take_assignments import claim_codes
from promosight.rules.promotions import (
    UNKNOWN,
    Promotion,
    changed_status,
    check,
    check_changes,
    check_replacement,
)
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import WAITING
from promosight.store.tx import Tx


def put_promotion(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    definition: Promotion,
    *,
    now_us: int,
    says_status: bool = True,
    ahead: Ahead | None = None,
) -> tuple[Listed, bool]:
    """Creates or replaces a promotion; says whether it was created. Raises Invalid or Conflict.

    Where the definition `says_status` not, one that is there keeps its own. `ahead` is what was worked out before, if
    anything, for whatever definition.
    """
    check(definition)
    tx.lock(workspace_no, EVERYTHING)
    catalogue = load(tx, workspace_no)
    before = catalogue.by_id.get(promotion_id)
    if not says_status:
        definition = keeping_status(before, definition)
    if before is not None and before.definition == definition:
        return before, False
    check_changes(None if before is None else before.definition, definition)
    if before is not None and before.definition is not None:
        check_replacement(before.definition, definition)
    if promotion_id in catalogue.mapped_ids:
        raise Conflict(
            f"{promotion_id} was said to mean another promotion; end that mapping first",
            code="mapped",
            pointer="/promotion_id",
        )
    _check_codes(tx, catalogue, promotion_id, definition)
    after = _write(tx, catalogue, before, promotion_id, definition, now_us, ahead)
    return after, before is None or before.definition is None


def put_ahead(
    snapshot: Tx,
    workspace_no: int,
    promotion_id: str,
    definition: Promotion,
    *,
    now_us: int,
    says_status: bool = True,
) -> Ahead | None:
    """What `put_promotion` will come to, worked out before its transaction. Raises as that."""
    check(definition)
    if not says_status:
        before = load(snapshot, workspace_no).by_id.get(promotion_id)
        definition = keeping_status(before, definition)
    return terms_ahead(snapshot, workspace_no, promotion_id, definition, now_us=now_us)


def keeping_status(before: Listed | None, definition: Promotion) -> Promotion:
    """A definition that says no status, with that of the promotion it is for."""
    if before is None or before.definition is None:
        return definition
    return msgspec.structs.replace(definition, status=before.definition.status)


def change_promotion(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    change: str,
    *,
    now_us: int,
    ahead: Ahead | None = None,
) -> Listed:
    """Activates, deactivates or archives. Raises NotFound or Conflict."""
    definition = changed_status(defined(tx, workspace_no, promotion_id), change)
    return put_promotion(tx, workspace_no, promotion_id, definition, now_us=now_us, ahead=ahead)[0]


def change_ahead(
    snapshot: Tx, workspace_no: int, promotion_id: str, change: str, *, now_us: int
) -> Ahead | None:
    """What `change_promotion` will come to. Raises as that."""
    definition = changed_status(defined(snapshot, workspace_no, promotion_id), change)
    return put_ahead(snapshot, workspace_no, promotion_id, definition, now_us=now_us)


def duplicate_promotion(
    tx: Tx, workspace_no: int, promotion_id: str, copy_id: str, *, now_us: int
) -> Listed:
    """A draft with the same terms and no code, under a new id. Raises NotFound or Conflict."""
    original = defined(tx, workspace_no, promotion_id)
    existing = load(tx, workspace_no).by_id.get(copy_id)
    if existing is not None and existing.definition is not None:
        raise Conflict(f"there is already a promotion {copy_id}", code="promotion_exists")
    copy = msgspec.structs.replace(original, status="draft", code=None, fallback_code=None)
    return put_promotion(tx, workspace_no, copy_id, copy, now_us=now_us)[0]


def load_codes(
    tx: Tx, workspace_no: int, promotion_id: str, codes: list[str], *, now_us: int
) -> int:
    """Loads personal codes into the promotion's pool; returns how many are new. Raises NotFound or Conflict."""
    tx.lock(workspace_no, EVERYTHING)
    defined(tx, workspace_no, promotion_id)
    catalogue = load(tx, workspace_no)
    promotion_no = catalogue.by_id[promotion_id].promotion_no
    wanted = [(code,) for code in sorted(set(codes))]
    owners = tx.all_for("code_samples", wanted, workspace_no=workspace_no)
    taken = [code for code, _, owner in owners if owner != promotion_no]
    taken += [code for (code,) in wanted if code in catalogue.by_code]
    taken += [code for (code,) in wanted if catalogue.leads_elsewhere(code, promotion_no)]
    if taken:
        raise Conflict(f"{taken[0]} is already a code of a promotion", code="code_taken")
    rows = [(workspace_no, code, promotion_no, now_us) for (code,) in wanted]
    added = tx.run_many("load_codes", rows)
    restating = Restating(catalogue, now_us)
    _claim(tx, catalogue, {code: promotion_no for (code,) in wanted}, restating)
    restating.write(tx)
    return added


def defined(tx: Tx, workspace_no: int, promotion_id: str) -> Promotion:
    """The definition of a promotion. Raises NotFound, also when facts have named it but nobody defined it."""
    listed = load(tx, workspace_no).by_id.get(promotion_id)
    if listed is None or listed.definition is None:
        raise NotFound(f"there is no promotion {promotion_id}")
    return listed.definition


def number_sought(tx: Tx, catalogue: Catalogue, promotion_id: str | None) -> int:
    """The number of the promotion that a list is to be of, 0 for all. Raises NotFound, as `defined`."""
    if promotion_id is None:
        return 0
    defined(tx, catalogue.workspace.workspace_no, promotion_id)
    return catalogue.by_id[promotion_id].promotion_no


def _check_codes(tx: Tx, catalogue: Catalogue, promotion_id: str, definition: Promotion) -> None:
    codes = [c for c in (definition.code, definition.fallback_code) if c is not None]
    owners = {
        code: promotion_no
        for code, _, promotion_no in tx.all_for(
            "code_samples",
            [(code,) for code in codes],
            workspace_no=catalogue.workspace.workspace_no,
        )
    }
    for code in codes:
        holder = catalogue.by_code.get(code) or catalogue.by_no.get(owners.get(code, 0))
        before = catalogue.by_id.get(promotion_id)
        own_no = before.promotion_no if before else WAITING
        holder = holder or catalogue.leads_elsewhere(code, own_no)
        if holder is not None and holder.promotion_id != promotion_id:
            raise Conflict(
                f"{code} is already a code of promotion {holder.promotion_id}",
                code="code_taken",
                pointer="/code",
            )


def _write(
    tx: Tx,
    catalogue: Catalogue,
    before: Listed | None,
    promotion_id: str,
    definition: Promotion,
    now_us: int,
    ahead: Ahead | None,
) -> Listed:
    was_row = catalogue.row
    workspace_no = catalogue.workspace.workspace_no
    old_terms = before.terms if before is not None else UNKNOWN
    old_codes = set(before.codes) if before is not None else set()
    row = {
        "code": definition.code,
        "definition": msgspec.json.encode(definition).decode(),
        "version": next_version(tx, workspace_no),
        "now_us": now_us,
    }
    if before is None:
        tx.run("add_promotion", workspace_no=workspace_no, promotion_id=promotion_id, **row)
    else:
        tx.run("define_promotion", promotion_no=before.promotion_no, **row)
    catalogue = load(tx, workspace_no)
    after = catalogue.by_id[promotion_id]
    was = None if before is None else before.definition
    note_definition(tx, after.promotion_no, was, now_us=now_us)
    restating = Restating(catalogue, now_us, Cause("terms"))
    if changed := old_codes ^ set(after.codes):
        _claim(tx, catalogue, dict.fromkeys(changed, after.promotion_no), restating)
    if before is not None and after.terms != old_terms:
        fits = ahead is not None and not changed and ahead.fits(was_row, catalogue)
        rematch_promotion(
            *(tx, catalogue, after.promotion_no, restating), ahead=ahead if fits else None
        )
    restating.write(tx)
    return after


def _claim(tx: Tx, catalogue: Catalogue, codes: dict[str, int], restating: Restating) -> None:
    intake = Intake(tx, catalogue, Customers(), [])
    claim_codes(intake, codes)
    settle_keys(tx, catalogue, sorted(intake.forced), restating)
