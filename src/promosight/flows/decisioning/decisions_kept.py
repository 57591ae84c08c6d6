"""Decisions as they are kept, and what is told of them.

A row holds what is asked for often; its trace holds everything else the answer was made of, so that the answer to a
retry is read and not decided, and so that anybody can later do the sums again.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import a2b_base64
from collections.abc import Sequence
from struct import Struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx

Floats = NDArray[np.float64]


class Excluded(msgspec.Struct, array_like=True, frozen=True):
    """A candidate that was taken out before the choice: all its tiers, or one, and why."""

    promotion_id: str
    tier_id: str | None
    reason: str
    detail: str


class Trace(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a decision was made of. `arms` are places on the board; "none" stands behind the last of them.

    `at` is the place among the arms that was drawn from `pmf` by `seed`. Arrays are 64-bit floats in base64.
    """

    customer_id: str
    x: dict[str, float] = msgspec.field(default_factory=dict)
    arms: list[int] = msgspec.field(default_factory=list)
    p: str = ""
    pmf: str = ""
    prices: str = ""
    tolls: str = ""
    """What a promise used of scarce things, on a list solved together."""
    leans: str = ""
    own: float = 1.0
    """How many times the average the customer's orders are."""
    contact: float = 0.0
    kind: str = ""
    greed: float = 0.0
    floor: float = 0.0
    seed: int = 0
    at: int = 0
    nth: int = 0
    """How many decisions on the offer drawn the model had learned from."""
    propensity: float = 1.0
    explored: bool = False
    expected: float = 0.0
    reasons: list[str] = msgspec.field(default_factory=list)
    excluded: list[Excluded] = msgspec.field(default_factory=list)
    would: tuple[str, str | None] | None = None
    """What an apprentice would have chosen."""
    assign: bool = True
    benchmark: int = -1
    """The place among the arms of the offer that got a share of the draws for the sake of comparison, -1 for none."""
    share: float = 0.0


class Decision(msgspec.Struct):
    """A row of table decision, without its workspace."""

    decision_id: str
    customer_no: int
    decided_us: int
    received_us: int
    digest: int
    mode: str
    version: int
    revision: int
    board_no: int
    promotion_no: int | None
    tier_id: str | None
    assignment_id: str | None
    trace: str

    @property
    def told(self) -> Trace:
        """The trace, read."""
        return _decoder.decode(self.trace)


class Chosen(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The offer chosen."""

    promotion_id: str
    tier_id: str | None


class ExcludedLine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A candidate that could not be chosen: `reason` is stable, `detail` is for people."""

    promotion_id: str
    tier_id: str | None
    reason: str
    detail: str


class DecisionAnswer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What was decided for a customer. `choice` is null for no offer; `assignment_id` names the assignment made."""

    decision_id: str
    customer_id: str
    choice: Chosen | None
    propensity: float
    explored: bool
    expected_value: float
    control: bool
    mode: str
    policy_version: str
    assignment_id: str | None
    reasons: list[str]
    excluded: list[ExcludedLine]


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Trace)
_number = Struct("<d")


def trace_text(trace: Trace) -> str:
    """A trace as it is kept."""
    return _encode(trace).decode()


def packed(numbers: Sequence[float] | Floats) -> str:
    """Numbers as they are kept: to the last bit."""
    return b64encode(np.asarray(numbers, "<f8").tobytes()).decode()


def unpacked(text: str) -> Floats:
    """The numbers of `packed`."""
    return np.frombuffer(b64decode(text), "<f8")


def unpacked_at(text: str, place: int) -> float:
    """One of the numbers of `packed`: only the few characters that hold it are read."""
    before, start = divmod(8 * place, 3)
    some = a2b_base64(text[4 * before : 4 * before + 16])
    number: float = _number.unpack_from(some, start)[0]
    return number


def decisions_by_id(tx: Tx, workspace_no: int, ids: Sequence[str]) -> dict[str, Decision]:
    """The decisions there are of those asked for."""
    rows = tx.all_for(
        "decisions_by_id", [(one,) for one in sorted(set(ids))], workspace_no=workspace_no
    )
    return {row[0]: Decision(*row) for row in rows}


def answer_of(catalogue: Catalogue, decision: Decision, trace: Trace) -> DecisionAnswer:
    """What is told of a decision: the same whenever it is asked for."""
    no = decision.promotion_no
    return DecisionAnswer(
        decision_id=decision.decision_id,
        customer_id=trace.customer_id,
        choice=None
        if no is None
        else Chosen(promotion_id=catalogue.by_no[no].promotion_id, tier_id=decision.tier_id),
        propensity=trace.propensity,
        explored=trace.explored,
        expected_value=trace.expected,
        control=decision.mode == "control",
        mode=decision.mode,
        policy_version=f"{decision.version}.{decision.revision}",
        assignment_id=decision.assignment_id,
        reasons=trace.reasons,
        excluded=[
            ExcludedLine(
                promotion_id=one.promotion_id,
                tier_id=one.tier_id,
                reason=one.reason,
                detail=one.detail,
            )
            for one in trace.excluded
        ],
    )
