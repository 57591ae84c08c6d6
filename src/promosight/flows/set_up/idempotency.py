"""Idempotency keys: the same POST twice gets the first answer, whatever it does."""

from __future__ import annotations

from typing import NamedTuple

from promosight.errors import Conflict, Invalid
from promosight.rules.instants import SECOND_US
from promosight.store.tx import Tx

STALE_AFTER_US = 60 * SECOND_US
"""A claim without an answer for so long belonged to a request that died; its retry may go on."""


class Answer(NamedTuple):
    """An answer kept: status and body."""

    status: int
    body: str


def claim(tx: Tx, workspace_no: int, key: str, digest: int, *, now_us: int) -> Answer | None:
    """None when the request may go on, or the answer it had before.

    Raises Invalid when the key came with another body, Conflict while the first request is in flight.
    """
    where = {"workspace_no": workspace_no, "idempotency_key": key}
    claimed = tx.run(
        "claim_answer",
        **where,
        request_digest=digest,
        now_us=now_us,
        stale_us=now_us - STALE_AFTER_US,
    )
    if claimed:
        return None
    row = tx.one("answer_of", **where)
    assert row is not None
    if row[0] != digest:
        raise Invalid(
            "the Idempotency-Key came before with another body", code="idempotency_mismatch"
        )
    if row[1] is None:
        raise Conflict("the first request is still in flight", code="idempotency_in_flight")
    return Answer(row[1], row[2])


def keep(tx: Tx, workspace_no: int, key: str, answer: Answer | None) -> None:
    """Keeps the answer, or gives the key back when there is none worth keeping."""
    where = {"workspace_no": workspace_no, "idempotency_key": key}
    if answer is None:
        tx.run("release_answer", **where)
    else:
        tx.run("keep_answer", **where, **answer._asdict())
