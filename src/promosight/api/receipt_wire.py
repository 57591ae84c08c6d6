"""What is answered to a report: a receipt for one element, or what several came to."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from promosight.api.wire import UnknownField, Wire


class ReceiptLine(Wire):
    """What became of an element. `event_id` is the assignment's or the outcome's id where these came."""

    event_id: str | None
    outcome: str
    promotion_id: str | None
    assignment_id: str | None
    reason: str | None
    received_at: str


class ReceiptAnswer(ReceiptLine):
    """What became of the one element that was sent; with `?dry_run=true`, what would have become of it.

    `unknown_fields`, of a dry run in JSON: names in it that are no field, the first 20.
    """

    dry_run: bool | UnsetType = UNSET
    unknown_fields: list[UnknownField] | UnsetType = UNSET


class ResultLine(ReceiptLine):
    """What became of the element at `index`."""

    index: int


class ProblemLine(Wire):
    """An element that was rejected, waits or is flagged; `pointer` names its field within the body."""

    index: int
    event_id: str | None
    outcome: str
    reason: str | None
    pointer: str
    detail: str


class ReportAnswer(Wire):
    """What became of several elements; `results`, with `?outcomes=all`, lists every one.

    With `?dry_run=true` it says what would have become of them. `unknown_fields`: as of one element.
    """

    received: int
    outcomes: dict[str, int]
    problems: list[ProblemLine]
    results: list[ResultLine] | UnsetType = UNSET
    dry_run: bool | UnsetType = UNSET
    unknown_fields: list[UnknownField] | UnsetType = UNSET
