"""A workspace with a promotion, webhooks, and a worker that is asked for one round at a time by a clock of ours."""

from __future__ import annotations

from typing import Any

from promosight.flows.webhooks.setting_up import (
    Wanted,
    Webhook,
    change_webhook,
    create_webhook,
    find_webhook,
)
from promosight.flows.webhooks.webhook_messages import Page, list_messages
from promosight.rules.facts import Assignment, Event, assignment_from, event_from
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.webhooks import TYPES, secret_of
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.worker.webhooks import WebhookWorker
from tests.flows.worlds import NOW_US, TRACKING_US, define, deliver, open_workspace

SECRET = secret_of(b"a secret of thirty-two bytes....")
AT = "2026-11-02T10:00:00Z"
"""When rewards are used, unless somebody says otherwise."""


class World:
    """A store with a workspace and a promotion, and a worker whose clock stands still until it is set."""

    def __init__(self, store: Store, workspace: Workspace | None = None) -> None:
        self.store = store
        self.workspace = workspace or open_workspace(store)
        if workspace is None:
            define(store, self.workspace, "global")
        self.now_us = NOW_US
        self.worker = self.another_worker("one")

    def another_worker(self, name: str, store: Store | None = None) -> WebhookWorker:
        return WebhookWorker(
            store or self.store,
            clock=lambda: self.now_us,
            chance=lambda: 0.5,
            name=name,
            private=True,
        )

    @property
    def no(self) -> int:
        return self.workspace.workspace_no

    def webhook(self, url: str, *types: str, named: str = "wh_1") -> Webhook:
        wanted = Wanted(url=url, events=list(types or TYPES), description="", private=True)
        return self.store.change(
            lambda tx: create_webhook(tx, self.no, named, SECRET, wanted, now_us=self.now_us)
        )

    def find(self, named: str = "wh_1") -> Webhook:
        return self.store.read(lambda tx: find_webhook(tx, self.no, named))

    def enable(self, enabled: bool, named: str = "wh_1") -> None:
        def changed(one: Webhook) -> tuple[Wanted, bool]:
            wanted = Wanted(url=one.url, events=one.types, description="", private=True)
            return wanted, enabled

        self.store.change(
            lambda tx: change_webhook(tx, self.no, named, changed, now_us=self.now_us)
        )

    def deliveries(self, named: str = "wh_1", state: str = "") -> list[dict[str, Any]]:
        found, _ = self.store.read(
            lambda tx: list_messages(tx, self.no, named, state=state, page=Page(), limit=10_000)
        )
        return found

    def assign(self, *customers: str, import_no: int = 0) -> None:
        deliver(self.store, self.workspace, [given(one) for one in customers], import_no=import_no)

    def redeem(self, *items: Event, import_no: int = 0) -> list[str]:
        receipts = deliver(self.store, self.workspace, list(items), import_no=import_no)
        return [one.outcome for one in receipts]


def given(customer: str, **more: Any) -> Assignment:
    said = {"promotion_id": "global", "customer_id": customer, "assignment_id": f"a-{customer}"}
    reported = ReportedAssignment(**(said | {"assigned_at": "2026-11-01T10:00:00Z"} | more))
    found = assignment_from(reported, received_us=NOW_US)
    assert isinstance(found, Assignment)
    return found


def used(customer: str, event_id: str | None = None, **more: Any) -> Event:
    said = {"promotion_id": "global", "customer_id": customer, "redeemed_at": AT}
    return told(**(said | {"event_id": event_id or f"e-{customer}"} | more))


def reversal(event_id: str, original: str, **more: Any) -> Event:
    return told(type="reversal", event_id=event_id, reverses=original, **more)


def told(**said: Any) -> Event:
    found = event_from(ReportedEvent(**said), received_us=NOW_US, tracking_from_us=TRACKING_US)
    assert isinstance(found, Event), found
    return found
