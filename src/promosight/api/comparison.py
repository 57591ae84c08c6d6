"""GET /v1/compare: promotions side by side by rate, cost, uplift and return; those named, or all that match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from promosight.api.door.bodies import identified
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.known_then import as_asked
from promosight.api.promotion_list import asked_for
from promosight.connectors.tables import Columns, csv_lines, csv_row
from promosight.errors import Invalid, NotFound
from promosight.flows.figures.comparing import MOST, SORTABLE, Compared, Comparison, compare
from promosight.flows.figures.of_promotions import View
from promosight.flows.figures.promotion_return import HORIZON_DAYS
from promosight.rules.outcomes import MEASURES
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx


async def show(door: Door, call: Call) -> Answer:
    """The comparison, as JSON or as a table."""
    measure, sort = call.query("measure") or MEASURES[0], call.query("sort") or "promotion_id"
    if measure not in MEASURES:
        raise Invalid(f"must be one of {', '.join(MEASURES)}", pointer="/measure")
    if sort.removeprefix("-") not in SORTABLE:
        raise Invalid("must be one of " + ", ".join(SORTABLE), pointer="/sort")
    days = call.whole("horizon_days", 1, 366) or HORIZON_DAYS
    choose, form = _choice(call), call.form()

    def find(tx: Tx, as_of_us: int | None = None) -> Comparison:
        return compare(
            *(tx, call.workspace_no, choose),
            measure=measure,
            horizon_days=days,
            sort=sort,
            now_us=call.now_us,
            as_of_us=as_of_us,
        )

    found = await as_asked(door, call, find, find)
    if form == "json":
        return Answer(found)
    named = {"Content-Disposition": 'attachment; filename="comparison.csv"'}
    return Answer(_table(found), media_type="text/csv", headers=named)


def _choice(call: Call) -> Callable[[View], list[Listed]]:
    """The promotions named by `promotions`, joined by commas, or those that `status`, `kind` and `q` let through."""
    said = call.query("promotions")
    is_wanted = asked_for(call)
    if said is None:
        return lambda view: [one for one in view.catalogue.defined if is_wanted(one)]
    ids = list(dict.fromkeys(identified(one, "/promotions") for one in said.split(",")))
    if len(ids) > MOST:
        raise Invalid(f"at most {MOST} at once", pointer="/promotions")

    def named(view: View) -> list[Listed]:
        found = [view.catalogue.by_id.get(one) for one in ids]
        for promotion_id, one in zip(ids, found, strict=True):
            if one is None or one.definition is None:
                raise NotFound(f"there is no promotion {promotion_id}")
        return [one for one in found if one is not None and is_wanted(one)]

    return named


_RANGE = ("", "_low", "_high")
_COLUMNS: Columns = {
    **dict.fromkeys(("promotion_id", "name", "kind", "status", "state"), "text"),
    **dict.fromkeys(("tier_id", "tier_name"), "text"),
    **dict.fromkeys(("assigned", "redeemed"), "count"),
    **dict.fromkeys([f"rate{end}" for end in _RANGE], "share"),
    "redemptions": "count",
    "reward": "word",
    "reward_in": "text",
    **dict.fromkeys(("reward_cost", "reward_units"), "json"),
    **dict.fromkeys(("cost_per_redemption", "cost_per_redemption_units"), "json"),
    "redeemer_revenue": "json",
    **dict.fromkeys(("return_state", "return_reason"), "text"),
    **dict.fromkeys(("treated", "control"), "count"),
    **dict.fromkeys([f"uplift{end}" for end in _RANGE], "word"),
    **dict.fromkeys(("uplift_total", "uplift_in"), "word"),
    **dict.fromkeys([f"incremental_rate{end}" for end in _RANGE], "share"),
    **dict.fromkeys([f"roi{end}" for end in _RANGE], "share"),
    "roi_reason": "text",
}


def _table(found: Comparison) -> bytes:
    """A row for each promotion, and one for each of its tiers below it."""
    rows = [list(_COLUMNS)]
    for one in found.items:
        rows.append(csv_row(_whole(one), _COLUMNS))
        rows += [csv_row(tier, _COLUMNS) for tier in _tiers(one)]
    return csv_lines(rows)


def _whole(one: Compared) -> dict[str, Any]:
    brought = one.brought
    record = msgspec.structs.asdict(one) | {
        "cost_per_redemption": one.cost_per_redemption.value,
        "cost_per_redemption_units": one.cost_per_redemption.units,
        "redeemer_revenue": one.redeemer_revenue.value,
        "return_state": brought.state,
        "return_reason": brought.reason,
        "treated": brought.treated,
        "control": brought.control,
        "roi_reason": brought.roi_reason,
    }
    record |= _ends("rate", one.interval)
    if brought.uplift is not None:
        record |= {"uplift": brought.uplift.per_customer, "uplift_total": brought.uplift.total}
        record |= {"uplift_in": brought.uplift.currency, **_ends("uplift", brought.uplift.interval)}
    for name, value in (("incremental_rate", brought.incremental_rate), ("roi", brought.roi)):
        if value is not None:
            record |= {name: value.value, **_ends(name, value.interval)}
    return record


def _tiers(one: Compared) -> list[dict[str, Any]]:
    same = {"promotion_id": one.promotion_id, "name": one.name, "reward_in": one.reward_in}
    return [
        msgspec.structs.asdict(tier)
        | same
        | {"tier_name": tier.name, **_ends("rate", tier.interval)}
        for tier in one.tiers
    ]


def _ends(name: str, interval: tuple[Any, Any] | None) -> dict[str, Any]:
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}
