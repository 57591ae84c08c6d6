"""What judging the events of loaded groups needs to know of customers and codes."""

from __future__ import annotations

from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.settling import Context
from promosight.store.catalogue import Catalogue
from promosight.store.rows import EventRow
from promosight.store.tx import Tx


def context_of(
    tx: Tx, catalogue: Catalogue, groups: Groups, known: set[int] | None = None
) -> Context:
    """The context of the groups loaded. `known` may name customers already found to be known."""
    events = [
        e for g in groups.by_key.values() for e in (*g.events, *g.new_events) if e.reverses is None
    ]
    customers = set(known or ())
    unsure = {e.customer_no for e in events} - customers
    rows = tx.all_for("customers_of", [(no,) for no in sorted(unsure)])
    customers.update(row[0] for row in rows if row[3])
    coded = coded_in(catalogue, groups)
    return Context(catalogue, customers, *codes_of(tx, catalogue.workspace.workspace_no, coded))


def coded_in(catalogue: Catalogue, groups: Groups) -> set[tuple[str, int]]:
    """The personal codes that redemptions of the groups loaded name, each with who used it."""
    return {
        (e.promo_code or "", e.customer_no)
        for g in groups.by_key.values()
        for e in (*g.events, *g.new_events)
        if e.reverses is None and _is_personal(catalogue, e)
    }


def _is_personal(catalogue: Catalogue, e: EventRow) -> bool:
    if e.promo_code is None:
        return False
    listed = catalogue.by_no.get(e.promotion_no)
    return listed is None or e.promo_code not in listed.codes


def codes_of(
    tx: Tx, workspace_no: int, coded: set[tuple[str, int]]
) -> tuple[set[tuple[int, str, int]], dict[str, int]]:
    """Of codes and the customers who used them: which (promotion, code, customer) are foreign, and the promotion of
    each personal code."""
    if not coded:
        return set(), {}
    codes = sorted({code for code, _ in coded})
    issued: set[str] = set()
    promotions: dict[str, int] = {}
    for code, customer_no, promotion_no in tx.all_for(
        "code_samples", [(code,) for code in codes], workspace_no=workspace_no
    ):
        promotions[code] = promotion_no
        if customer_no:
            issued.add(code)
    pairs = sorted(pair for pair in coded if pair[0] in issued)
    own = {
        (row[0], row[1]) for row in tx.all_for("codes_issued_to", pairs, workspace_no=workspace_no)
    }
    foreign = {
        (promotions[code], code, customer_no)
        for code, customer_no in pairs
        if (code, customer_no) not in own
    }
    return foreign, promotions
