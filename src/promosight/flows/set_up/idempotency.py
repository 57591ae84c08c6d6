"""Idempotency keys: the same POST twice gets the first answer, whatever it does.

Only answers are kept. That a request is under way is held by its process (`store.claims`), so that nothing of it is
left when that is killed, and its retry goes on at once.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.errors import Invalid
from promosight.store.tx import Tx


class Answer(NamedTuple):
    """An answer kept: status and body."""

    status: int
    body: str


class Request(NamedTuple):
    """What came under a key: whose it is, the digest of what it says, and when it came."""

    workspace_no: int
    key: str
    digest: int
    now_us: int

    @property
    def name(self) -> str:
        """What is claimed while it is under way."""
        return f"{self.workspace_no} {self.key}"


def kept_answer(tx: Tx, request: Request) -> Answer | None:
    """The answer it had before. Raises Invalid when the key came with another body."""
    row = tx.one("answer_of", workspace_no=request.workspace_no, idempotency_key=request.key)
    if row is None:
        return None
    if row[0] != request.digest:
        raise Invalid(
            "the Idempotency-Key came before with another body", code="idempotency_mismatch"
        )
    return Answer(row[1], row[2])


def keep(tx: Tx, request: Request, answer: Answer) -> None:
    """Keeps the answer for who asks again."""
    tx.run(
        "keep_answer",
        workspace_no=request.workspace_no,
        idempotency_key=request.key,
        request_digest=request.digest,
        now_us=request.now_us,
        **answer._asdict(),
    )
