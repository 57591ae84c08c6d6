"""Idempotency keys: a POST sent again under the same key gets the first answer and does nothing.

A request claims its key, is worked off, and leaves its answer. Events are safe to send twice anyway, by their
ids; this is for everything else a caller posts.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.errors import Conflict, Invalid
from promosight.rules.instants import DAY_US, SECOND_US
from promosight.store.tx import Tx

DEAD_AFTER_US = 60 * SECOND_US
"""A request that has not answered for so long is taken for dead; its claim may be taken over."""

FORGET_AFTER_US = 30 * DAY_US


class Answer(NamedTuple):
    """An answer that was given."""

    status: int
    body: str


class Claim(NamedTuple):
    """Whose request it is, and by which key and content it is known."""

    workspace_no: int
    idempotency_key: str
    request_digest: int


def claim_answer(tx: Tx, claim: Claim, *, now_us: int) -> Answer | None:
    """The answer kept, or None when the request is now ours to work off.

    Raises Conflict while another bearer works on it, Invalid when the key came with another request.
    """
    named = {"workspace_no": claim.workspace_no, "idempotency_key": claim.idempotency_key}
    if tx.run("claim_answer", **claim._asdict(), claimed_us=now_us):
        return None
    row = tx.one("answer", **named)
    if row is None or row[0] != claim.request_digest:
        raise Invalid("this Idempotency-Key came with another request", code="idempotency_mismatch")
    _, _, status, body = row
    if status is not None:
        return Answer(status, body or "")
    if tx.run("take_over_answer", **named, claimed_us=now_us, dead_us=now_us - DEAD_AFTER_US):
        return None
    raise Conflict(
        "the first request under this Idempotency-Key is still running",
        code="idempotency_in_flight",
    )


def keep_answer(tx: Tx, claim: Claim, answer: Answer | None) -> None:
    """Keeps the answer given, or (None) gives the claim up, so that the request may be sent again."""
    named = {"workspace_no": claim.workspace_no, "idempotency_key": claim.idempotency_key}
    if answer is None:
        tx.run("release_answer", **named)
    else:
        tx.run("keep_answer", **named, **answer._asdict())


def forget_answers(tx: Tx, *, now_us: int) -> int:
    """Forgets answers older than 30 days; returns how many."""
    return tx.run("forget_answers", before_us=now_us - FORGET_AFTER_US)
