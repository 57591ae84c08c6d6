"""Erasing a person: the totals stay, and who it was is gone. One transaction under the locks of all groups.

The person is renamed to a random token. Their groups move whole to the token's number, with every fact's derived
columns as they are, so that no figure moves; free words about them (profile, attributes, metadata) go; what was kept
as text (refused payloads, answers to retries, traces of decisions) has the token instead of the identifier.

Nothing is kept that leads from the identifier to the token. Old events are still known by their own ids, so a retry
of one is a duplicate; new facts under the identifier begin a new person.
"""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.kept_uses import forget_uses_of_groups
from promosight.flows.ledger.naming import EVERYTHING, next_version
from promosight.flows.ledger.news import is_decided, note_news
from promosight.flows.people.find_customer import number_of
from promosight.rules.erasing import Renaming, emptied, renaming
from promosight.rules.identity import customer_number
from promosight.store.catalogue import load
from promosight.store.rows import AssignmentRow, GroupKey
from promosight.store.tx import Tx

_KEPT_DETAILS = ("occurrence", "decision_id")
"""Of an assignment's details: what makes it the same assignment, and what it is learned by."""


def erase(
    tx: Tx, workspace_no: int, customer_id: str, random: str, *, now_us: int, texts: bool = True
) -> None:
    """Erases a customer; again, or one nobody ever named, changes nothing. `random` becomes the token.

    Without `texts`, refused payloads and answers to retries stay: they have ends of their own.
    """
    tx.lock(workspace_no, EVERYTHING)
    workspace_id = load(tx, workspace_no).workspace.workspace_id
    try:
        customer_no, named = number_of(tx, workspace_no, customer_id), True
    except NotFound:  # a refused payload may name somebody of whom there is no fact
        customer_no, named = customer_number(workspace_id, customer_id), False
    who = renaming(workspace_id, customer_id, customer_no, random)
    if named:
        _move_groups(tx, workspace_no, who, now_us)
        _move_rows(tx, workspace_no, who)
    _rename_rows(tx, workspace_no, who)
    # Whoever remembers customers has to look them up again.
    next_version(tx, workspace_no)
    for written in who.written if texts else ():
        _rewrite_rejections(tx, workspace_no, who, written)
        _rewrite_answers(tx, workspace_no, who, written)


def kept_under(tx: Tx, workspace_no: int, customer_id: str) -> dict[str, int] | None:
    """How much is kept under a name, as the audit log says it; None for nothing."""
    number = customer_number(load(tx, workspace_no).workspace.workspace_id, customer_id)
    found = tx.one(
        "kept_under", workspace_no=workspace_no, customer_no=number, customer_id=customer_id
    )
    assert found is not None
    names = ("customers", "reservations", "refused")
    return dict(zip(names, found, strict=True)) if any(found) else None


def _move_groups(tx: Tx, workspace_no: int, who: Renaming, now_us: int) -> None:
    rows = tx.all(
        "promotions_of_customer",
        workspace_no=workspace_no,
        bucket=who.bucket,
        customer_no=who.customer_no,
    )
    keys = [GroupKey(who.bucket, row[0], who.customer_no) for row in rows]
    groups = Groups()
    groups.load_assignments(tx, keys)
    groups.load_events(tx, keys)
    given = [a for key in keys for a in groups.of(key).assignments]
    _move_codes(tx, workspace_no, who, given)
    place = (who.token_bucket, who.token_no)
    tx.run_many(
        "erase_assignments",
        sorted((*a.key, a.slot, *place, _details(a.details)) for a in given),
    )
    forget_uses_of_groups(tx, keys)
    told = [e for key in keys for e in groups.of(key).events]
    tx.run_many(
        "erase_events",
        sorted(
            (
                *e.identity,
                *place,
                who.token_no if e.named_customer_no == who.customer_no else e.named_customer_no,
                who.of_id(e.assignment_id),
            )
            for e in told
        ),
    )
    tx.run_many("erase_channels_past", sorted((*key, *place) for key in keys))
    _move_news(tx, workspace_no, who, keys)
    decided = {a.promotion_no for a in given if is_decided(a.details)}
    moved = [(who.token_bucket, no, who.token_no) for no in sorted(decided)]
    note_news(tx, workspace_no, moved, now_us=now_us)


def _move_codes(tx: Tx, workspace_no: int, who: Renaming, given: list[AssignmentRow]) -> None:
    codes = {a.promo_code for a in given if a.promo_code is not None}
    tx.run_many(
        "erase_codes",
        [(workspace_no, code, who.customer_no, who.token_no) for code in sorted(codes)],
    )


def _move_news(tx: Tx, workspace_no: int, who: Renaming, keys: list[GroupKey]) -> None:
    for key in keys:
        tx.run(
            "erase_news",
            workspace_no=workspace_no,
            before=f"[{key.bucket},{key.promotion_no},{key.customer_no}]",
            after=f"[{who.token_bucket},{key.promotion_no},{who.token_no}]",
        )


def _details(details: str | None) -> str | None:
    if details is None:
        return None
    said: dict[str, Any] = msgspec.json.decode(details)
    kept = {name: said[name] for name in _KEPT_DETAILS if name in said}
    return msgspec.json.encode(kept).decode() if kept else None


def _move_rows(tx: Tx, workspace_no: int, who: Renaming) -> None:
    """Everything that bears the number beside the groups, and the person."""
    numbers = {"workspace_no": workspace_no, "customer_no": who.customer_no}
    tx.run("erase_waiting_reversals", **numbers)
    tx.run("erase_refused_reversals", **numbers, token_no=who.token_no)
    tx.run("erase_outcomes", **numbers, token_no=who.token_no)
    traces = [
        (workspace_no, decision_id, who.token_no, who.of_id(assignment_id), who.of_text(trace))
        for decision_id, assignment_id, trace in tx.all("traces_of_customer", **numbers)
    ]
    tx.run_many("erase_decisions", sorted(traces))
    tx.run("erase_waited", customer_no=who.customer_no, token_no=who.token_no)
    tx.run("erase_customer", customer_no=who.customer_no, token_no=who.token_no, token=who.token)


def _rename_rows(tx: Tx, workspace_no: int, who: Renaming) -> None:
    """Everything that bears the identifier itself, or ids made of the number."""
    named = {"workspace_no": workspace_no, "customer_id": who.customer_id, "token": who.token}
    derived = {"number": who.number_text, "token_number": who.of_id(who.number_text)}
    tx.run("erase_reservations", **named, **derived)
    tx.run("erase_restatements", workspace_no=workspace_no, **derived)
    tx.run("erase_source_tests", **named)


def _rewrite_rejections(tx: Tx, workspace_no: int, who: Renaming, written: str) -> None:
    """A payload that names the person in its own field goes whole; others have the token in the text."""
    changed = []
    for source_no, digest, customer_id, payload, detail in tx.all(
        "rejections_naming",
        workspace_no=workspace_no,
        customer_id=who.customer_id,
        written=written,
        number=who.number_text,
    ):
        theirs = customer_id == who.customer_id or who.of_text(payload) != payload
        text = emptied(who.token) if theirs else payload
        own = who.token if theirs else customer_id
        said = who.of_text(detail)
        if (own, text, said) != (customer_id, payload, detail):
            changed.append((workspace_no, source_no, digest, own, text, said))
    tx.run_many("erase_rejections", sorted(changed))


def _rewrite_answers(tx: Tx, workspace_no: int, who: Renaming, written: str) -> None:
    found = tx.all(
        "answers_naming", workspace_no=workspace_no, written=written, number=who.number_text
    )
    changed = [(workspace_no, key, who.of_text(body)) for key, body in found]
    tx.run_many("erase_answers", sorted(changed))
