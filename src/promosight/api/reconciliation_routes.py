"""Routes of reconciling, and what they answer: what a source says it reported, against what was taken."""

from __future__ import annotations

from typing import Literal

from promosight.api import reconciliations
from promosight.api.door.door import Route
from promosight.api.wire import Wire
from promosight.flows.checking.differences import Difference
from promosight.flows.checking.reconciliations import Statement
from promosight.rules.reconciling import ToldRow


class ReconciledSide(Wire):
    """What one side says its events come to; null for what it did not say. Money is that of redemptions."""

    redemptions: int | None
    reversals: int | None
    order_value: dict[str, str] | None
    reward_value: dict[str, str] | None
    hash: str | None


class FoundSide(ReconciledSide):
    """What was found, and by outcome: `pending` ones wait and are not counted yet."""

    outcomes: dict[str, int]


class BucketsAnswer(Wire):
    """Of how many buckets the hashes were said, and in which of them the two sides differ."""

    of: int
    different: list[int]


class ReconciliationAnswer(Wire, rename={"from_": "from"}):
    """A receipt. `differing` names what was said and is not so; `differences` counts events by state, once compared."""

    reconciliation_id: str
    source: str
    made_at: str
    made_by: str
    day: str | None
    from_: str
    until: str
    fields: list[str]
    outcome: Literal["equal", "different"]
    differing: list[str]
    said: ReconciledSide
    found: FoundSide
    buckets: BucketsAnswer | None
    narrowed_at: str | None
    differences: dict[str, int]


class ReconciliationPage(Wire, rename={"from_": "from"}):
    """Receipts, the latest first; of a day also when it begins and ends in the workspace's time zone."""

    items: list[ReconciliationAnswer]
    next: str | None
    from_: str | None
    until: str | None
    time_zone: str
    currency: str


class ComparedAnswer(Wire):
    """What events told one by one came to; `agreeing` are here alike. All are counted, `left_out` were not listed."""

    reconciliation_id: str
    buckets: list[int] | None
    told: int
    agreeing: int
    counts: dict[str, int]
    differences: list[Difference]
    left_out: int


class DifferencePage(Wire):
    """A page of the events in which the two sides differ."""

    items: list[Difference]
    next: str | None


_SAYS, _READS = "redemptions:write", "reports:read redemptions:write"
_R = "/v1/sources/{name:str}/reconciliations"
_ONE = f"{_R}/{{reconciliation_id:str}}"

RECONCILIATION_ROUTES = (
    Route(
        "POST",
        _R,
        reconciliations.state,
        _SAYS,
        "Say what a source reported of a day or a time, and be told whether it was taken so",
        Statement,
        gives=ReconciliationAnswer,
        status=201,
    ),
    Route(
        "GET",
        _R,
        reconciliations.listing,
        _READS,
        "What a source said it reported and what was found, the latest first",
        query=("day", "limit", "cursor"),
        gives=ReconciliationPage,
    ),
    Route(
        "GET",
        _ONE,
        reconciliations.show,
        _READS,
        "One of these receipts",
        gives=ReconciliationAnswer,
    ),
    Route(
        "POST",
        f"{_ONE}/events",
        reconciliations.compare_events,
        _SAYS,
        "Compare event by event: all that the source has of the buckets named, or of the whole time; up to 10,000",
        ToldRow,
        query=("buckets",),
        gives=ComparedAnswer,
    ),
    Route(
        "GET",
        f"{_ONE}/differences",
        reconciliations.differences,
        _READS,
        "The events in which the two sides differ, as far as they were compared",
        query=("limit", "cursor", "format"),
        gives=DifferencePage,
        media=("text/csv",),
    ),
)
