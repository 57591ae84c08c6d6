"""Keeping what names people no longer than a workspace wants: its settings, and the small steps that follow from them.

Each step is a transaction of its own and is noted in the audit log in it. No step touches what a figure is made of: a
refused payload keeps its reason and time, a decision the numbers its evaluation needs, a customer's facts lie under a
random name as after an erasure. Steps are safe to repeat, and two servers may take them at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.auditing.audit import Actor, Change, note
from promosight.flows.decisioning.decisions_kept import Trace, trace_text
from promosight.flows.people.erase import erase
from promosight.flows.people.find_customer import number_of
from promosight.rules.identity import bucket_of
from promosight.rules.instants import format_instant, kept_instant
from promosight.rules.keeping import Retention
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.tx import Row, Tx

ROWS = 1_000
"""Rows that one step changes."""
CUSTOMERS = 20
"""Customers that one step forgets: all of the workspace waits for it."""
LOOKED_AT = 500
"""Customers that one look goes over."""
_ACTOR = Actor("retention")
_trace = msgspec.json.Decoder(Trace)


class Step(NamedTuple):
    """What a step is about: a workspace, the moment before which nothing is kept, fresh words, and now."""

    workspace_no: int
    before_us: int
    fresh: Callable[[], str]
    now_us: int


def retention_of(tx: Tx, workspace_no: int) -> Retention:
    """The settings of a workspace."""
    row = tx.one("retention", workspace_no=workspace_no)
    return Retention() if row is None else msgspec.json.decode(row[0], type=Retention)


def retentions(tx: Tx) -> list[tuple[int, Retention]]:
    """The settings of every workspace that has some."""
    found = tx.all("retentions")
    return [(no, msgspec.json.decode(text, type=Retention)) for no, text in found]


def set_retention(tx: Tx, workspace_no: int, wanted: Retention) -> Retention:
    """Keeps settings. Raises Invalid naming the field."""
    wanted.check()
    text = msgspec.json.encode(wanted).decode()
    tx.run("set_retention", workspace_no=workspace_no, settings=text)
    return wanted


def empty_refused(tx: Tx, step: Step) -> int:
    """Empties refused payloads, and forgets tests; how many there were."""
    where = {"workspace_no": step.workspace_no, "before_us": step.before_us}
    found = tx.all("old_payloads", **where, limit=ROWS)
    tx.run_many("empty_payloads", sorted((step.workspace_no, *row) for row in found))
    tests = tx.run("forget_source_tests", **where)
    return _noted(tx, step, "refused", len(found) + tests)


def forget_answers(tx: Tx, step: Step) -> int:
    """Forgets answers to retries; how many there were."""
    where = {"workspace_no": step.workspace_no, "before_us": step.before_us}
    found = sorted(tx.all("old_answers", **where, limit=ROWS))
    return _noted(tx, step, "answers", tx.run_many("forget_answers", found))


def payments_noted(tx: Tx, step: Step, after: tuple[int, str]) -> list[Row]:
    """A page of payments of which shops have said something: shop, payment, and when last."""
    where = {"workspace_no": step.workspace_no, "after_no": after[0], "after": after[1]}
    return tx.all("payments_after", **where, limit=ROWS)


def forget_payments(tx: Tx, step: Step, payments: list[Row]) -> int:
    """Forgets what was noted of those of which nothing has been since; how many there were.

    All of a payment or nothing: its redemption must be there as long as money may go back.
    """
    old = sorted((shop, payment) for shop, payment, last_us in payments if last_us < step.before_us)
    if old:
        tx.run_many("forget_payments", old)
    return _noted(tx, step, "payments", len(old))


def old_traces(tx: Tx, step: Step, after: tuple[int, str]) -> list[Row]:
    """A page of old decisions, with their traces."""
    return tx.all(
        "old_traces",
        workspace_no=step.workspace_no,
        before_us=step.before_us,
        after_us=after[0],
        after_id=after[1],
        limit=ROWS,
    )


def shorten_traces(tx: Tx, step: Step, traces: list[Row]) -> int:
    """Takes the words out of traces: why an offer was chosen, what was left out and why. The numbers stay."""
    shorter = [
        (step.workspace_no, decision_id, short)
        for _, decision_id, text in traces
        if (short := _without_words(text)) != text
    ]
    tx.run_many("shorten_traces", sorted(shorter))
    return _noted(tx, step, "traces", len(shorter))


def _without_words(text: str) -> str:
    told = _trace.decode(text)
    if not told.reasons and not told.excluded:
        return text
    return trace_text(msgspec.structs.replace(told, reasons=[], excluded=[]))


def quiet_customers(tx: Tx, step: Step, after_no: int) -> tuple[list[str], int | None]:
    """Those of a page of customers whom nothing concerns any more, and where the next page begins."""
    page = tx.all(
        "named_customers_after",
        workspace_no=step.workspace_no,
        after_no=after_no,
        limit=LOOKED_AT,
    )
    ended = _long_ended(load(tx, step.workspace_no), step.before_us)
    quiet = [name for no, name in page if _is_quiet(tx, step, no, name, ended)]
    return quiet, page[-1][0] if len(page) == LOOKED_AT else None


def forget_customers(tx: Tx, step: Step, customers: list[str]) -> int:
    """Gives customers random names, those whom still nothing concerns."""
    tx.lock(step.workspace_no)
    ended = _long_ended(load(tx, step.workspace_no), step.before_us)
    forgotten = 0
    for name in customers:
        try:
            customer_no = number_of(tx, step.workspace_no, name)
        except NotFound:  # somebody was faster
            continue
        if _is_quiet(tx, step, customer_no, name, ended):
            erase(tx, step.workspace_no, name, step.fresh(), now_us=step.now_us, texts=False)
            forgotten += 1
    return _noted(tx, step, "customers", forgotten)


def _long_ended(catalogue: Catalogue, before_us: int) -> set[int]:
    return {no for no, one in catalogue.by_no.items() if _ended_before(one, before_us)}


def _ended_before(listed: Listed, before_us: int) -> bool:
    """Whether a promotion had ended by a moment: by its own end, or because somebody put it away."""
    defined = listed.definition
    if defined is None:
        return False
    if defined.ends_at is not None and kept_instant(defined.ends_at) < before_us:
        return True
    return defined.status == "archived" and listed.updated_us < before_us


def _is_quiet(tx: Tx, step: Step, customer_no: int, name: str, ended: set[int]) -> bool:
    """Whether a customer has a part in promotions that have ended long ago, and in nothing else."""
    where: dict[str, Any] = {"workspace_no": step.workspace_no, "customer_no": customer_no}
    rows = tx.all("promotions_of_customer", **where, bucket=bucket_of(customer_no))
    if not rows or not {row[0] for row in rows} <= ended:
        return False
    heard = tx.one("customer_heard_since", **where, customer_id=name, since_us=step.before_us)
    return heard is None


def _noted(tx: Tx, step: Step, what: str, count: int) -> int:
    if count:
        change = Change(
            *(step.workspace_no, "retention.apply", what, lambda _: None, step.fresh()),
            step.now_us,
        )
        older_than = format_instant(step.before_us)
        note(tx, _ACTOR, change, None, {"older_than": older_than, "forgotten": count})
    return count
